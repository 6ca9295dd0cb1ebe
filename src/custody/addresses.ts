import { CustodyError } from "../base/errors.ts";
import type { Address, ChainId } from "../intent/effect.ts";
import type { Use } from "../intent/intent.ts";
import type { Tx, View } from "../vault/tx.ts";
import { liveSession } from "./decide.ts";
import { type Chains, type Desk, findAccount, keysOf, namedAccount } from "./desk.ts";
import { journal } from "./journal.ts";
import { type AccountRecord, asJson } from "./records.ts";

/** An address that was neither given out nor part of a transaction that this vault signed. */
export interface FreshAddress {
  readonly address: Address;
  /** Last step of its path. */
  readonly index: number;
}

/** Which branch of an account: where others pay to, or where its own payments send what is left. */
export type Branch = "receive" | "change";

/**
 * Gives out a fresh address of an account that has many: each only once. No money moves by it, so no rule is asked; it is logged.
 *
 * @param account - id, name or first address.
 * @throws `vault/no-such-account`; `request/unsupported` for an account with one address; `session/ended`, `vault/view-only`
 */
export function issueAddress(
  desk: Desk,
  person: { readonly person: string; readonly session: string },
  asked: { readonly account: string; readonly branch: Branch },
): Promise<FreshAddress> {
  return desk.vault.transact((tx) => {
    liveSession(tx, desk.judge, person.session);
    const record = namedAccount(tx, asked.account);
    if (record.many === undefined)
      throw new CustodyError("request/unsupported", `account ${record.name}: expected one with many addresses, it has its own only`);
    const branch = asked.branch === "receive" ? 0 : 1;
    const issued = freshAddresses(desk, tx, record)[asked.branch];
    advance(tx, record, [[branch, issued.index]]);
    journal(tx, "account", {
      ...person,
      account: { id: record.id, address: issued.address, branch: asked.branch, index: issued.index, event: "issued" },
    });
    return issued;
  });
}

/** Remembers the addresses that a signed transaction uses, of whichever of our accounts: they are not fresh any more. */
export function spendFresh(tx: Tx, chains: Chains, chain: ChainId, uses: readonly Use[]): void {
  for (const address of new Set(uses.map(({ account }) => account))) {
    const paths = uses.flatMap(({ account, path }) => (account === address ? [path] : []));
    advance(tx, findAccount(tx, chains, chain, address), paths);
  }
}

function advance(tx: Tx, account: AccountRecord, paths: readonly (readonly number[])[]): void {
  if (account.many === undefined) return;
  const { many } = account;
  const behind = (branch: 0 | 1) =>
    paths.reduce((most, [of, index = -1]) => (of === branch ? Math.max(most, index + 1) : most), many.next[branch]);
  const next = [behind(0), behind(1)] as const;
  if (next[0] === many.next[0] && next[1] === many.next[1]) return;
  tx.put(`account/${account.id}`, asJson({ ...account, many: { ...many, next } }));
}

/** The next address of each branch, which none was given out or used at or behind. */
export function freshAddresses(
  desk: Desk,
  view: Pick<View, "list">,
  record: AccountRecord,
): { readonly receive: FreshAddress; readonly change: FreshAddress } {
  const keys = keysOf(desk, view, record);
  const at = (branch: 0 | 1): FreshAddress => {
    const index = record.many?.next[branch] ?? 0;
    return { address: desk.chains.of(record.chain).address(record.chain, keys, [branch, index]), index };
  };
  return { receive: at(0), change: at(1) };
}
