import type { BookAsset, BookContract } from "../intent/book.ts";
import type { Member } from "../intent/verdict.ts";
import { addressAt, chainAt, checkedAddress, type Located, qualify } from "./addresses.ts";
import type { Credential, Interval, ParseAddress } from "./core.ts";
import { type NamedFunction, readFunction } from "./functions.ts";
import { NameTable } from "./names.ts";
import { quote } from "./problems.ts";
import { countAt, items, type Members, members, type Spot, table, textAt, textLike } from "./surface.ts";
import type { Unit } from "./values.ts";

/**
 * The names of a document by table. A name whose definition is wrong maps to `undefined`: it was reported where it stands and
 * is not reported again where it is used.
 */
export interface Vocabulary {
  readonly assets: ReadonlyMap<string, BookAsset | undefined>;
  readonly contracts: ReadonlyMap<string, NamedContract | undefined>;
  /** Signatures of the functions of all contracts, by what they are called. */
  readonly called: Called;
  readonly book: ReadonlyMap<string, Located | undefined>;
  /** Qualified addresses. */
  readonly lists: ReadonlyMap<string, ReadonlySet<string> | undefined>;
  readonly people: ReadonlyMap<string, readonly Credential[] | undefined>;
  readonly roles: ReadonlyMap<string, readonly Member[] | undefined>;
  /** Roles as clauses of approvals mean them: without services. */
  readonly approvers: ReadonlyMap<string, readonly Member[] | undefined>;
  readonly hours: ReadonlyMap<string, readonly Interval[] | undefined>;
  readonly values: ReadonlyMap<string, Unit | undefined>;
  /** `normal` and `frozen` included. */
  readonly modes: ReadonlySet<string>;
}

export interface NamedContract extends BookContract {
  readonly named: readonly NamedFunction[];
  readonly called: Called;
}

/** Signatures by each name that a rule can call them by: the function's own, of which there may be several forms, and the signature. */
export type Called = ReadonlyMap<string, ReadonlySet<string>>;

export function calledBy(functions: readonly NamedFunction[]): Called {
  const called = new Map<string, Set<string>>();
  const add = (text: string, signature: string) => called.set(text, (called.get(text) ?? new Set()).add(signature));
  for (const { name, signature } of functions) add(name, signature).set(signature, new Set([signature]));
  return called;
}

/** Reads a table with names of its own; whatever `read` cannot make sense of is kept as `undefined`. */
export function readTable<T>(
  spot: Spot | undefined,
  most: number,
  read: (spot: Spot, name: string) => T | undefined,
): Map<string, T | undefined> {
  const out = new Map<string, T | undefined>();
  const rows = table(spot);
  if (rows.length > most) {
    spot?.wrong("policy/too-many", `expected at most ${most} entries, got ${rows.length}`);
    return out;
  }
  const names = new NameTable();
  for (const [name, row] of rows) {
    names.check(row, name);
    out.set(name, read(row, name));
  }
  return out;
}

export function readAssets(spot: Spot | undefined, parse: ParseAddress): Map<string, BookAsset | undefined> {
  const seen = new Map<string, string>();
  return readTable(spot, 1000, (row, name) => {
    const parts = members(row, ["chain", "asset", "decimals"]);
    if (name === "unlimited") return row.wrongKey("policy/bad-name", 'expected another name: "unlimited" is the top amount');
    const chain = parts?.chain && chainAt(parts.chain);
    const asset = parts?.asset && chain && assetIdAt(parts.asset, chain, parse);
    const decimals = parts?.decimals && countAt(parts.decimals, 0, 36);
    if (!chain || !asset || decimals === undefined) return undefined;
    return once(row, seen, `${chain}/${asset}`, name) ? { name, chain, asset, decimals } : undefined;
  });
}

function assetIdAt(spot: Spot, chain: string, parse: ParseAddress): string | undefined {
  const what = chain.startsWith("eip155:") ? '"native", "erc20:0x…", "erc721:0x…" or "erc1155:0x…"' : '"native"';
  const text = textAt(spot, what);
  if (text === undefined || text === "native") return text;
  const [, kind, address] = /^(erc20|erc721|erc1155):(.*)$/s.exec(text) ?? [];
  if (kind === undefined || address === undefined || !chain.startsWith("eip155:"))
    return spot.wrong("policy/bad-asset", `expected ${what}, got ${quote(text)}`);
  return checkedAddress(spot, chain, address, parse) && text;
}

export function readContracts(spot: Spot | undefined, parse: ParseAddress): Map<string, NamedContract | undefined> {
  const seen = new Map<string, string>();
  return readTable(spot, 10_000, (row, name) => {
    const parts = members(row, ["chain", "address", "kind"], ["functions"]);
    const located = locatedAt(parts, parse);
    const kind = parts?.kind && textLike(parts.kind, /^[a-z][a-z0-9-]{0,39}$/, 'a kind of contract such as "erc20" or "permit2"');
    const named = parts?.functions ? functionsAt(parts.functions) : [];
    if (!located || !kind || !named || !once(row, seen, qualify(located), name)) return undefined;
    const functions = named.map(({ named }) => named);
    return { name, ...located, kind, functions: named.map(({ text }) => text), named: functions, called: calledBy(functions) };
  });
}

function functionsAt(spot: Spot): { text: string; named: NamedFunction }[] | undefined {
  const seen = new Set<string>();
  const list = items(spot, 1000)?.map((item) => {
    const text = textAt(item, 'a function such as "deposit(uint256 amount, address to)"');
    const named = text === undefined ? undefined : readFunction(text);
    if (text === undefined) return undefined;
    if (named === undefined)
      return item.wrong("policy/bad-function", `expected a function such as "deposit(uint256 amount, address to)", got ${quote(text)}`);
    if (seen.has(named.signature)) return item.wrong("policy/duplicate-entry", `expected each function once, got ${named.signature} again`);
    seen.add(named.signature);
    return { text, named };
  });
  return list?.every((entry) => entry !== undefined) ? list : undefined;
}

export function readBook(spot: Spot | undefined, parse: ParseAddress): Map<string, Located | undefined> {
  return readTable(spot, 100_000, (row) => locatedAt(members(row, ["chain", "address"]), parse));
}

function locatedAt(parts: Members | undefined, parse: ParseAddress): Located | undefined {
  const chain = parts?.chain && chainAt(parts.chain);
  const address = parts?.address && chain && addressAt(parts.address, chain, parse);
  return chain && address ? { chain, address } : undefined;
}

/** Lists of book names, 100,000 entries over all. An empty list matches nothing yet. */
export function readLists(spot: Spot | undefined, book: Vocabulary["book"]): Map<string, ReadonlySet<string> | undefined> {
  let room = 100_000;
  return readTable(spot, 10_000, (row) => {
    const list = items(row, Math.max(room, 1), 0);
    room -= list?.length ?? 0;
    const names = new Set<string>();
    const addresses = new Set<string>();
    for (const item of list ?? []) {
      const name = textAt(item, "a name of the book");
      if (name === undefined) continue;
      if (!book.has(name)) item.unknown("policy/unknown-name", "a name of the book", name, book.keys());
      else if (names.has(name)) item.wrong("policy/duplicate-entry", `expected each name once, got ${quote(name)} again`);
      names.add(name);
      const located = book.get(name);
      if (located) addresses.add(qualify(located));
    }
    return addresses;
  });
}

/** Names of two tables that stand in the same places must differ. */
export function checkDisjoint(
  spot: Spot | undefined,
  names: ReadonlyMap<string, unknown>,
  other: { readonly table: string; readonly names: ReadonlyMap<string, unknown> },
): void {
  for (const [name, row] of table(spot && typeof spot.value === "object" ? spot : undefined)) {
    if (names.has(name) && other.names.has(name))
      row.wrongKey("policy/ambiguous-name", `expected a name that is not in ${other.table} too, got ${quote(name)}`);
  }
}

function once(row: Spot, seen: Map<string, string>, key: string, name: string): boolean {
  const before = seen.get(key);
  seen.set(key, name);
  if (before !== undefined) row.wrong("policy/duplicate-entry", `expected one name for it, got ${quote(name)} beside ${quote(before)}`);
  return before === undefined;
}
