import type { Json, JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { copyPlain } from "../base/plain.ts";
import { expectString } from "../base/shape.ts";
import type { Address, AssetId, ChainId } from "../intent/effect.ts";
import { quote } from "./problems.ts";

// Each function gives a document to look at, change and hand to `parsePolicy`; nothing is in force by being made here.

/** Assets by name, as a document has them. */
export interface AssetTable {
  readonly [name: string]: { readonly chain: ChainId; readonly asset: AssetId; readonly decimals: number };
}
/** Addresses by name, in their chain's checked form. */
export interface AddressTable {
  readonly [name: string]: { readonly chain: ChainId; readonly address: Address };
}
/** Decimal numbers by asset name, without the name: `{ "ETH": "0.5" }`. */
export interface Amounts {
  readonly [asset: string]: string;
}
/** By the name of the person their compressed secp256k1 public key (66 hexadecimal digits), or the address of their wallet (`0x…`). */
export interface Keys {
  readonly [person: string]: string;
}

interface Spending {
  readonly name?: string;
  /** Every asset that the policy speaks of, those that pay fees included. */
  readonly assets: AssetTable;
  /** Who may be paid. Empty: nobody yet. */
  readonly payees?: AddressTable;
  /** The most that leaves within any 24 hours, by asset, fees included. An asset that is not here cannot leave. */
  readonly daily: Amounts;
  /** The most that one transaction's fee may cost, by the asset that pays it. Each needs a daily limit too. */
  readonly fee: Amounts;
}

/** Denies everything, for ever: a vault that keeps keys and signs nothing. */
export function denyAll(options: { readonly name?: string } = {}): JsonObject {
  const { name = "deny all" } = read(options, []);
  return { keyward: "policy/1", name, immutable: true, rules: [] };
}

/**
 * One owner, who is whoever unlocks. Pays only people in the address book, within a limit per day and asset. Whatever the owner
 * does to the custody itself (the policy, the address book, exports, ways to unlock that come or go) waits for `delay`, so that a
 * thief who has unlocked once is seen before it counts; freezing, and changing the keys for all who may unlock, do not wait.
 */
export function personalWallet(given: Spending & { readonly delay?: string }): JsonObject {
  const options = read(given, SPENDING);
  const { delay = "24h" } = options;
  return {
    ...base(options, "personal wallet"),
    people: { owner: [{ kind: "unlock" }] },
    rules: [...payments(options), ...fees(options), ...dailyLimits(options), ...custody("owner"), ...slow({ delay })],
  };
}

/**
 * A program that pays by itself, and its owner, who set the bounds. The agent signs in with its own key and may pay the payees:
 * each payment, each day and the number of payments per hour are bounded. It can do nothing else: it cannot change the policy,
 * grant an allowance, or sign messages. The owner is whoever unlocks, does not pay through this policy, and changes it after `delay`.
 */
export function spendingAgent(
  given: Spending & {
    readonly agentKey: string;
    /** The most that one payment may be, by asset; every asset in `daily` that is not here is bounded by its day alone. */
    readonly each?: Amounts;
    /** The most payments within any hour; 60 where it is not said. */
    readonly paymentsPerHour?: number;
    readonly delay?: string;
  },
): JsonObject {
  const options = read(given, [...SPENDING, "agentKey"]);
  const { agentKey, each = {}, paymentsPerHour = 60, delay = "24h" } = options;
  return {
    ...base(options, "spending agent"),
    people: { owner: [{ kind: "unlock" }], agent: [{ kind: "service", publicKey: agentKey }] },
    rules: [
      ...payments(options, { requester: "agent" }, each),
      ...fees(options, { requester: "agent" }),
      ...dailyLimits(options),
      { id: "pace", limit: ["transfer"], max: paymentsPerHour, per: "1h" },
      ...custody("owner"),
      ...slow({ delay }),
    ],
  };
}

/**
 * A team: `operators` may ask for payments to payees, `approvers` sign for large ones and for what goes beyond the day's limit.
 * The custody itself is changed only by approvers, with `quorum` others signing, after `delay`; any operator or approver can freeze.
 * Whoever asks does not count as an approver, so a quorum of 2 needs 3 approvers.
 */
export function teamTreasury(
  given: Spending & {
    readonly operators: Keys;
    readonly approvers: Keys;
    /** From which total per request and asset on approvers must sign. */
    readonly large: Amounts;
    readonly quorum?: number;
    readonly delay?: string;
  },
): JsonObject {
  const options = read(given, [...SPENDING, "operators", "approvers", "large"]);
  const { operators, approvers, large, quorum = 2, delay = "24h" } = options;
  const approvals = [{ of: "approvers", atLeast: quorum }];
  const fourEyes = Object.entries(large).map(([asset, amount]) => ({
    id: `large-${slug(asset)}`,
    require: ["transfer"],
    when: { asset, total: { min: `${amount} ${asset}` } },
    approvals,
  }));
  return {
    ...base(options, "team treasury"),
    people: people({ ...operators, ...approvers }),
    roles: { operators: Object.keys(operators), approvers: Object.keys(approvers) },
    rules: [
      ...payments(options, { requester: ["role:operators", "role:approvers"] }),
      ...fees(options, { requester: ["role:operators", "role:approvers"] }),
      ...fourEyes,
      ...dailyLimits(options, { beyond: { approvals } }),
      ...custody("role:approvers"),
      { id: "stop", allow: ["modeChange"], when: { toMode: "frozen", requester: "role:operators" } },
      ...slow({ delay, approvals }),
    ],
  };
}

/**
 * Savings that rarely move: every payment goes to the address book, is asked for by one keyholder, signed for by `quorum` others
 * and waits for `delay`, during which any of them can object. So do changes of the custody itself; freezing does not wait.
 * Whoever asks does not count, so there must be at least one keyholder more than the quorum.
 */
export function coldStorage(given: Spending & { readonly keyholders: Keys; readonly quorum: number; readonly delay?: string }): JsonObject {
  const options = read(given, [...SPENDING, "keyholders"]);
  const { keyholders, quorum, delay = "48h" } = options;
  const approvals = [{ of: "keyholders", atLeast: quorum }];
  return {
    ...base(options, "cold storage"),
    people: people(keyholders),
    roles: { keyholders: Object.keys(keyholders) },
    rules: [
      ...payments(options, { requester: "role:keyholders" }),
      ...fees(options, { requester: "role:keyholders" }),
      { id: "together", require: ["transfer"], approvals, delay, expires: "14d" },
      ...dailyLimits(options),
      ...custody("role:keyholders"),
      ...slow({ delay, approvals }),
    ],
  };
}

const SPENDING = ["assets", "daily", "fee"] as const;
/** Members that are tables, of objects and of texts. */
const ROWS: ReadonlySet<string> = new Set(["assets", "payees"]);
const TEXTS: ReadonlySet<string> = new Set(["daily", "fee", "each", "large", "operators", "approvers", "keyholders"]);

/**
 * What the caller gave, copied once. Whether it makes sense is for `parsePolicy` to say, of the document; here it only has to have a
 * shape that one can be made of.
 *
 * @throws `request/malformed`
 */
function read<T extends object>(given: T, required: readonly (keyof T & string)[]): T {
  const copy = tableOf(copyPlain(given, WHERE), "");
  for (const name of required) {
    if (copy[name] === undefined) throw new CustodyError("request/malformed", `${WHERE}: expected the member ${name}, got none`);
  }
  for (const [name, value = null] of Object.entries(copy)) {
    if (!ROWS.has(name) && !TEXTS.has(name)) continue;
    for (const [row, part = null] of Object.entries(tableOf(value, name))) {
      if (ROWS.has(name)) tableOf(part, `${name}: ${quote(row)}`);
      else expectString(part, `${WHERE}: ${name}: ${quote(row)}`);
    }
  }
  return copy as unknown as T;
}

function tableOf(value: Json, what: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new CustodyError("request/malformed", `${WHERE}: expected an object${what && ` as ${what}`}`);
}

const WHERE = "template";

function base({ name, assets, payees = {} }: Spending, otherwise: string): JsonObject {
  return { keyward: "policy/1", name: name ?? otherwise, assets: copy(assets), book: copy(payees), lists: { payees: Object.keys(payees) } };
}

// Keeps only what a document says, whatever else the caller's objects carry.
function copy(table: AssetTable | AddressTable): JsonObject {
  return Object.fromEntries(Object.entries(table).map(([name, row]) => [name, { ...row } as JsonObject]));
}

function payments({ daily }: Spending, also: JsonObject = {}, each: Amounts = {}): Json[] {
  return Object.keys(daily).map((asset) => {
    const most = each[asset];
    const amount = most === undefined ? {} : { amount: { max: `${most} ${asset}` } };
    return { id: `pay-${slug(asset)}`, allow: ["transfer"], when: { asset, to: "@payees", ...amount, ...also } };
  });
}

function fees({ fee }: Spending, also: JsonObject = {}): Json[] {
  return Object.entries(fee).map(([asset, most]) => ({
    id: `fee-${slug(asset)}`,
    allow: ["fee"],
    when: { asset, amount: { max: `${most} ${asset}` }, ...also },
  }));
}

function dailyLimits({ daily }: Spending, beyond: JsonObject = {}): Json[] {
  return Object.entries(daily).map(([asset, most]) => ({
    id: `daily-${slug(asset)}`,
    limit: ["outflow"],
    when: { asset },
    max: `${most} ${asset}`,
    per: "24h",
    ...beyond,
  }));
}

const GOVERNED = ["policyEdit", "modeChange", "grant", "slotChange", "export", "import", "restore", "rotate", "keyState", "erase"];

function custody(requester: string): Json[] {
  return [{ id: "custody", allow: GOVERNED, when: { requester } }];
}

/** New keys wait for nobody: they shut out old copies of the vault, and no one who may get in. */
function slow(needs: { readonly delay: string; readonly approvals?: Json }): Json[] {
  const rest = GOVERNED.filter((kind) => kind !== "modeChange" && kind !== "rotate");
  return [
    { id: "custody-slow", require: rest, ...needs, expires: "14d" },
    { id: "unfreeze-slow", require: ["modeChange"], when: { not: { toMode: "frozen" } }, ...needs, expires: "14d" },
  ];
}

function people(keys: Keys): JsonObject {
  return Object.fromEntries(Object.entries(keys).map(([person, key]) => [person, [credential(key)]]));
}

function credential(key: string): JsonObject {
  return key.startsWith("0x") ? { kind: "eip712", address: key } : { kind: "secp256k1", publicKey: key };
}

/** A rule's id out of an asset's name. */
function slug(asset: string): string {
  return asset.toLowerCase().replace(/[^a-z0-9._-]/g, "-");
}
