import type { BookAsset } from "../intent/book.ts";
import type { Field } from "../intent/fields.ts";
import { literalAddress, qualify } from "./addresses.ts";
import type { Condition, Interval } from "./core.ts";
import { CREDENTIAL_KINDS } from "./credentials.ts";
import { quote } from "./problems.ts";
import { personName } from "./requesters.ts";
import { namesOf, oneOf, oneOrMore, prefixed, type Spot, textAt, textLike } from "./surface.ts";
import type { Vocabulary } from "./vocabulary.ts";
import type { Pinned, Reading } from "./when.ts";

/** Parts of a policy that an edit can touch. */
export const PARTS = ["book", "list", "people", "roles", "rules", "assets", "contracts", "hours", "values", "modes", "semantics"] as const;
export const DIRECTIONS = ["tightens", "governs", "loosens"] as const;
export const CHANGES = ["verified", "none", "foreign"] as const;
export const CLASSES = ["U1", "U2", "U3"] as const;

/** Bounds what names stand for over a whole document: a hundred rules may each name a list of a hundred thousand. */
export class Budget {
  #left: number;

  constructor(most: number) {
    this.#left = most;
  }

  spend(spot: Spot, count: number): boolean {
    this.#left -= count;
    if (this.#left < 0) spot.wrong("policy/too-many", "expected names that stand for fewer values over the whole document, got more");
    return this.#left >= 0;
  }
}

/** Reads one name as the values it stands for; nothing if it was wrong. */
type NameReader = (
  spot: Spot,
  text: string,
  context: { readonly field: Field; readonly reading: Reading; readonly pinned: Pinned },
) => ReadonlySet<string> | undefined;

type PlainNameField = Exclude<
  Field,
  | "requester"
  | "hour"
  | "args"
  | "ownRecipient"
  | "replayable"
  | "amount"
  | "total"
  | "tokenId"
  | "expiry"
  | "feeRate"
  | "gas"
  | "inputs"
  | "outputs"
  | "date"
  | "recipientAge"
>;

/** How each field of names is read. */
export const NAME_FIELDS: { readonly [F in PlainNameField]: NameReader } = {
  chain: like(/^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$/, 'a CAIP-2 chain such as "eip155:1"'),
  account: addressName,
  party: addressName,
  to: (spot, text, context) =>
    context.reading.kinds.includes("grant") ? personName(spot, text, context.reading.names) : addressName(spot, text, context),
  contract: addressName,
  asset: assetName,
  selector: like(/^0x[0-9a-f]{8}$/, 'four bytes such as "0xa9059cbb"'),
  function: functionName,
  sighash: like(/^[A-Za-z0-9_| ]{1,40}$/, "a signature hash type"),
  change: among(CHANGES, "what became of change"),
  domain: like(/^[^\p{Cc}\p{Cs}]{1,200}$/u, "a domain of at most 200 characters"),
  primaryType: like(/^[A-Za-z_$][A-Za-z0-9_$]{0,99}$/, "an EIP-712 type name"),
  class: among(CLASSES, "a class of unknowns"),
  part: among(PARTS, "a part of the policy"),
  direction: among(DIRECTIONS, "a direction"),
  what: like(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/, "what is meant, in letters, digits, dots and hyphens"),
  toMode: modeName,
  origin: like(/^[a-z][a-z0-9+.-]{0,30}:\/\/[a-z0-9.:[\]_-]{1,253}$/, 'an origin such as "https://app.example"'),
  session: among(CREDENTIAL_KINDS, "a kind of credential"),
  mode: modeName,
};

/** One name, or a list of names any of which may hold. */
export function namesAt(spot: Spot, read: NameReader, field: Field, reading: Reading, pinned: Pinned): ReadonlySet<string> | undefined {
  return union(spot, reading.budget, (item, text) => read(item, text, { field, reading, pinned }));
}

/** Names for an argument of an elementary type that is no number. */
export function argumentNamesAt(spot: Spot, type: string, chain: string, reading: Reading): ReadonlySet<string> | undefined {
  const bytes = like(
    type === "bytes" ? /^0x(?:[0-9a-f]{2})*$/ : new RegExp(`^0x[0-9a-f]{${2 * Number(type.slice(5))}}$`),
    `lowercase hexadecimal of type ${type}`,
  );
  return union(spot, reading.budget, (item, text) => {
    const context = { field: "args", reading, pinned: {} } as const;
    if (type !== "address") return type === "string" ? new Set([text]) : bytes(item, text, context);
    const here = [...(addressName(item, text, context) ?? [])].filter((address) => address.startsWith(`${chain}:`));
    if (here.length === 0 && !text.startsWith("@"))
      return item.wrong("policy/bad-address", `expected an address on ${chain}, where the contract is, got ${quote(text)}`);
    return new Set(here.map((address) => address.slice(chain.length + 1)));
  });
}

/** `hour`: the intervals of one or several named hours, as a condition on the moment. */
export function hoursAt(spot: Spot, names: Vocabulary, budget: Budget): Condition | undefined {
  const all: Interval[][] = [];
  for (const item of oneOrMore(spot) ?? [undefined]) {
    const text = item && textAt(item, "a name of hours");
    if (item === undefined || text === undefined) return undefined;
    if (!names.hours.has(text)) return item.unknown("policy/unknown-name", "a name of hours", text, names.hours.keys());
    const intervals = names.hours.get(text);
    if (intervals === undefined) return undefined;
    all.push(intervals as Interval[]);
  }
  const [only] = all;
  if (only !== undefined && all.length === 1) return { op: "within", field: "date", intervals: only };
  if (
    !budget.spend(
      spot,
      all.reduce((sum, { length }) => sum + length, 0),
    )
  )
    return undefined;
  return { op: "any", of: all.map((intervals) => ({ op: "within", field: "date", intervals })) };
}

function union(
  spot: Spot,
  budget: Budget,
  read: (item: Spot, text: string) => ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
  const list = oneOrMore(spot);
  if (list === undefined) return undefined;
  const [first] = list;
  if (first !== undefined && list.length === 1) {
    const text = textAt(first, "a text, or a list of texts");
    // A list that stands alone is shared, not copied: most rules are like this.
    return text === undefined ? undefined : read(first, text);
  }
  const out = new Set<string>();
  let fine = true;
  for (const item of list) {
    const text = textAt(item, "a text");
    const values = text === undefined ? undefined : read(item, text);
    if (values === undefined) fine = false;
    else if (!budget.spend(item, values.size)) return undefined;
    else for (const value of values) out.add(value);
  }
  return fine ? out : undefined;
}

function like(pattern: RegExp, what: string): NameReader {
  return (spot, text) => (textLike(spot, pattern, what) === undefined ? undefined : new Set([text]));
}

function among(options: readonly string[], what: string): NameReader {
  return (spot) => (oneOf(spot, options, what) === undefined ? undefined : new Set([String(spot.value)]));
}

function addressName(spot: Spot, text: string, { field, reading }: Parameters<NameReader>[2]): ReadonlySet<string> | undefined {
  const { names, parseAddress } = reading;
  if (text.startsWith("@")) {
    const list = text.slice(1);
    return names.lists.has(list)
      ? names.lists.get(list)
      : spot.unknown("policy/unknown-name", "a list", text, prefixed("@", names.lists.keys()));
  }
  const contracts = field === "to" || field === "contract" ? names.contracts : new Map<string, undefined>();
  if (names.book.has(text) || contracts.has(text)) {
    const located = names.book.get(text) ?? contracts.get(text);
    return located && new Set([qualify(located)]);
  }
  if (text.includes(":")) {
    const located = literalAddress(spot, text, parseAddress);
    return located && new Set([qualify(located)]);
  }
  const what =
    contracts === names.contracts
      ? 'a name of the book or of contracts, a list such as "@payees", or a CAIP-10 address'
      : 'a name of the book, a list such as "@payees", or a CAIP-10 address';
  return spot.unknown("policy/unknown-name", what, text, namesOf(names.book.keys(), contracts.keys(), prefixed("@", names.lists.keys())));
}

function assetName(spot: Spot, text: string, { reading: { names } }: Parameters<NameReader>[2]): ReadonlySet<string> | undefined {
  if (!names.assets.has(text)) return spot.unknown("policy/unknown-name", "a name of assets", text, names.assets.keys());
  const asset = names.assets.get(text);
  return asset && new Set([qualifiedAsset(asset)]);
}

export function qualifiedAsset({ chain, asset }: Pick<BookAsset, "chain" | "asset">): string {
  return `${chain}/${asset}`;
}

function functionName(
  spot: Spot,
  text: string,
  { reading: { names }, pinned }: Parameters<NameReader>[2],
): ReadonlySet<string> | undefined {
  const called = pinned.contract?.called ?? names.called;
  return called.get(text) ?? spot.unknown("policy/unknown-name", "a function that contracts names", text, called.keys());
}

function modeName(spot: Spot, text: string, { reading: { names } }: Parameters<NameReader>[2]): ReadonlySet<string> | undefined {
  return names.modes.has(text) ? new Set([text]) : spot.unknown("policy/unknown-name", "a mode", text, names.modes);
}
