import { sha256 } from "@noble/hashes/sha2.js";
import { expect } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import type { Custody, LoggedEntry, Session } from "../../src/index.ts";
import * as f from "../custody/fixture.ts";
import { BITCOIN, COIN, coins, DAY, type Disk, enter, payment, storeOf } from "./vault.ts";

/** What the limits count, in wei and satoshi. */
export interface Used {
  readonly eth: bigint;
  readonly btc: bigint;
}

/** Everything that a custody tells of itself, without what chance has named. */
export interface State {
  readonly shown: object;
  /** What each entry of the log tells of, in order. */
  readonly log: readonly string[];
  readonly used: Used;
}

/** Before there is a vault. */
const NOTHING: State = { shown: {}, log: [], used: { eth: 0n, btc: 0n } };

/**
 * What a disk holds, seen by somebody who opens a copy of it at `now`. Its log verifies, the limits count what a naive sum over the log
 * says, and `left`, in hexadecimal, is all in it.
 */
export async function stateOf(disk: Disk, now: number, left: readonly string[] = []): Promise<State> {
  if (!disk.has("vault")) {
    expect([...disk.keys(), ...left]).toEqual([]);
    return NOTHING;
  }
  const { custody, me } = await enter(await storeOf(disk, { now }));
  // Without the opening and the session of whoever looks.
  const log = (await f.checkedLog(custody)).slice(0, -2);
  const logged = log.map(({ kind, result }) => kind === "signed" && (result as { digest: string }).digest);
  for (const bytes of left) expect(logged, "a signature that the log does not know").toContain(toHex(sha256(fromHex(bytes))));
  const shown = await shownBy(custody);
  const failures = disk.get("failures");
  const used = counted(log, now);
  await expectCounted(custody, me, used);
  custody.lock();
  return { shown: { ...shown, ...(failures && { failures: new TextDecoder().decode(failures) }) }, log: log.map(told), used };
}

export async function shownBy(custody: Custody): Promise<object> {
  const { version, document } = await custody.policy();
  const accounts = (await custody.accounts()).map(({ name, chain, path, fresh }) => ({ name, chain, path, fresh }));
  // What is ready is so from now on, whenever that is.
  const pending = (await custody.pending()).map(({ id: _id, ready, ...rest }) => (rest.missing.length === 0 ? rest : { ...rest, ready }));
  return {
    policy: { version, document },
    mode: await custody.mode(),
    backups: (await custody.backups()).map(({ name }) => name),
    wallets: (await custody.wallets()).map(({ name, kind }) => `${name} ${kind}`).sort(),
    accounts: accounts.sort((a, b) => (a.name < b.name ? -1 : 1)),
    pending: pending.sort((a, b) => (a.intent < b.intent ? -1 : 1)),
  };
}

/** An entry without numbers and ids. */
function told(entry: LoggedEntry): string {
  const { kind, person, event, mode, failures, reasons } = entry as LoggedEntry & {
    readonly mode?: { readonly name: string };
    readonly reasons?: readonly { readonly code: string }[];
  };
  const words = [kind, event, person, mode?.name, ...(reasons ?? []).map(({ code }) => code)].filter((word) => word !== undefined);
  return words.join(" ") + (kind === "opened" && failures !== 0 ? `, ${failures} failures before` : "");
}

/** What limits of a day have to count by the log alone: what was signed in that day, and what is reserved still. */
function counted(log: readonly LoggedEntry[], now: number): Used {
  const open = new Map<number, { readonly chain: string; readonly amount: bigint }>();
  const used = { eth: 0n, btc: 0n };
  const add = ({ chain, amount }: { readonly chain: string; readonly amount: bigint }) => {
    used[chain === BITCOIN ? "btc" : "eth"] += amount;
  };
  const signed = new Set<unknown>();
  for (const { seq, kind, time, reservation, intent, request, effects } of log) {
    if (kind === "reserved") {
      const transfers = (effects as readonly { kind: string; amount: string }[]).filter((effect) => effect.kind === "transfer");
      const amount = transfers.reduce((sum, effect) => sum + BigInt(effect.amount), 0n);
      open.set(seq, { chain: (request as { chain: string }).chain, amount });
    }
    const reserved = open.get(reservation as number);
    if (kind !== "signed" && kind !== "lapsed") continue;
    open.delete(reservation as number);
    if (kind === "lapsed") continue;
    expect(signed, "an intent that was signed twice").not.toContain(intent);
    expect(reserved, "a signature without its reservation").toBeDefined();
    signed.add(intent);
    if (reserved !== undefined && time > now - DAY) add(reserved);
  }
  for (const reserved of open.values()) add(reserved);
  return used;
}

/** Asks for more than the limits could ever allow: what they say that they count is what the log says. Nothing is written by that. */
async function expectCounted(custody: Custody, me: Session, used: Used): Promise<void> {
  const names = (await custody.accounts()).map(({ name }) => name);
  if (!names.includes("Main") || (await custody.mode()).name === "frozen") return;
  expect(await countedBy(me, payment(100n, { nonce: 999 }))).toBe(used.eth);
  // It derives many addresses: only where there is something to count.
  if (used.btc > 0n) expect(await countedBy(me, await coins((6n * COIN) / 10n, 999))).toBe(used.btc);
}

async function countedBy(me: Session, tooMuch: unknown): Promise<bigint> {
  const { judgement } = await me.explain(tooMuch);
  const reason = judgement.reasons.find(({ code }) => code === "limit/exceeded");
  return BigInt(reason?.params.used as string);
}
