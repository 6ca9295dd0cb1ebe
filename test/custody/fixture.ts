import { Transaction } from "micro-eth-signer";
import { type LogReport, verifyLog } from "../../src/audit/index.ts";
import type { Chain, Signature, Signed } from "../../src/chains/chain.ts";
import { evm } from "../../src/chains/evm/index.ts";
import {
  type Account,
  type Change,
  type Custody,
  CustodyError,
  type KeySigner,
  type KeywardOptions,
  keyCredential,
  keyward,
  type LoggedEntry,
  type Session,
  type Slot,
  type Store,
  type WalletSource,
} from "../../src/index.ts";
import type { Intent } from "../../src/intent/intent.ts";
import { freshStore } from "../here/fresh-store.ts";
import { keyOf, rawSlot } from "../vault/setting.ts";

export const CHAIN = "eip155:1";
/** The key of the hostile cases and of the EIP-155 example. For tests only. */
export const KEY: Uint8Array = new Uint8Array(32).fill(0x46);
export const ACCOUNT = "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F";
export const FRIEND = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
export const OTHER = "0x66a9893cC07D91D95644AEDD05D03f95e1dBA8Af";
export const MALLORY = "0xBAd0000000000000000000000000000000000Bad";
export const USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
export const ETHER = 10n ** 18n;
/** What {@link transaction} costs at most where it does not say otherwise: 21,000 gas at 1 gwei. */
export const FEE = 21_000n * 10n ** 9n;

/** Opens every vault of these tests, at no cost. */
export const slot: Slot = rawSlot(keyOf(1));
export const wrongSlot: Slot = rawSlot(keyOf(2));

export interface Person {
  readonly name: string;
  /** 33 bytes, compressed, hex: as a policy names it. */
  readonly publicKey: string;
  readonly credential: KeySigner;
}

/** A person with a key of their own; the same name has the same key. */
export function person(name: string): Person {
  const key = new Uint8Array(32).fill(7);
  key.set(new TextEncoder().encode(name).subarray(0, 24), 4);
  const credential = keyCredential(key);
  return { name, publicKey: credential.publicKey, credential };
}

export const ana: Person = person("ana");
export const ben: Person = person("ben");
export const cyd: Person = person("cyd");
export const dee: Person = person("dee");

export interface Document {
  readonly [part: string]: unknown;
  readonly rules: readonly object[];
}

/** Sends ETH and USDC to two friends, and pays fees, without any limit. */
export const payRules: readonly object[] = [
  { id: "pay-eth", allow: ["transfer"], when: { asset: "ETH", to: "@book" } },
  { id: "pay-usdc", allow: ["transfer"], when: { asset: "USDC", to: "@book" } },
  { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.005 ETH" } } },
];

/** A document with the names of these tests: `owner` unlocks, `people` have keys; immutable unless `more` says otherwise. */
export function document(rules: readonly object[], options: { people?: readonly Person[]; more?: object } = {}): Document {
  const keyed = (options.people ?? []).map(({ name, publicKey }) => [name, [{ kind: "secp256k1", publicKey }]]);
  return {
    keyward: "policy/1",
    name: "for tests",
    immutable: true,
    assets: {
      ETH: { chain: CHAIN, asset: "native", decimals: 18 },
      USDC: { chain: CHAIN, asset: `erc20:${USDC}`, decimals: 6 },
    },
    book: { friend: { chain: CHAIN, address: FRIEND }, other: { chain: CHAIN, address: OTHER } },
    lists: { book: ["friend", "other"] },
    people: { owner: [{ kind: "unlock" }], ...Object.fromEntries(keyed) },
    ...options.more,
    rules,
  };
}

/** Pays friends, with `rules` on top. */
export function payments(rules: readonly object[] = [], options: { people?: readonly Person[]; more?: object } = {}): Document {
  return document([...payRules, ...rules], options);
}

/** The most that leaves in ETH, fees not counted: `max` per `per`. */
export function ethLimit(max: string, per = "24h", more: object = {}): object {
  return { id: "eth-limit", limit: ["transfer"], when: { asset: "ETH" }, max, per, ...more };
}

export interface Opened {
  readonly custody: Custody;
  readonly store: Store;
  /** Of `owner`. */
  readonly me: Session;
  readonly account: Account;
}

/** A new custody with one private key, its account at {@link ACCOUNT} and a session of `owner`; open, without a KDF. */
export async function openCustody(
  options: { policy?: unknown; wallet?: WalletSource } & Partial<KeywardOptions> & { as?: (custody: Custody) => Promise<Session> } = {},
): Promise<Opened> {
  const { policy = payments(), wallet = { from: "privateKey", privateKey: KEY }, as, ...rest } = options;
  const store = options.store ?? freshStore();
  const custody = keyward({ chains: [evm], autoLockMs: Number.POSITIVE_INFINITY, ...rest, store });
  await custody.create({ slot, policy, wallet });
  const me = as === undefined ? await custody.session({ person: "owner" }) : await as(custody);
  const account = await me.accounts.derive({ chain: CHAIN, name: "Main" });
  return { custody, store, me, account };
}

/** Another opening of the vault in `store`: another tab, or the process after a crash. */
export async function reopen(store: Store, options: Partial<KeywardOptions> = {}): Promise<{ custody: Custody; me: Session }> {
  const custody = keyward({ chains: [evm], autoLockMs: Number.POSITIVE_INFINITY, ...options, store });
  await custody.unlock(slot);
  return { custody, me: await custody.session({ person: "owner" }) };
}

/** An unsigned EIP-1559 transaction: sends `value` wei to a friend. */
export function transaction(
  fields: { nonce?: number; to?: string; value?: bigint; data?: string; gasLimit?: bigint; feePerGas?: bigint; chainId?: bigint } = {},
): string {
  const { nonce = 0, to = FRIEND, value = 0n, data = "", gasLimit = 21_000n, feePerGas = 10n ** 9n, chainId = 1n } = fields;
  const fees = { maxFeePerGas: feePerGas, maxPriorityFeePerGas: feePerGas };
  const prepared = { type: "eip1559", to, value, data, nonce: BigInt(nonce), chainId, gasLimit, ...fees } as const;
  return `0x${Transaction.prepare(prepared as never, false)
    .toHex({ includeSignature: false })
    .replace(/^0x/, "")}`;
}

/** USDC to a friend; `amount` in millionths. */
export function usdc(fields: { nonce?: number; amount: bigint; to?: string }): string {
  const word = (value: bigint) => value.toString(16).padStart(64, "0");
  const data = `0xa9059cbb${word(BigInt(fields.to ?? FRIEND))}${word(fields.amount)}`;
  return transaction({ nonce: fields.nonce ?? 0, to: USDC, data, gasLimit: 60_000n });
}

/** A request for {@link ACCOUNT}. */
export function request(payload: unknown): { chain: string; account: string; kind: string; payload: unknown } {
  return { chain: CHAIN, account: ACCOUNT, kind: "transaction", payload };
}

/** The entries of the log, after the whole export has been verified against the vault's own key. */
export async function checkedLog(custody: Custody): Promise<readonly LoggedEntry[]> {
  const lines: string[] = [];
  for await (const line of custody.exportLog()) lines.push(line);
  const report: LogReport = await verifyLog(lines, { vkey: custody.logKey });
  if (!report.ok) throw new Error(`the log does not verify: ${JSON.stringify(report.problems)}`);
  const entries: LoggedEntry[] = [];
  for await (const entry of custody.history()) entries.push(entry);
  if (entries.length !== report.size) throw new Error(`history has ${entries.length} entries, the export ${report.size}`);
  return entries;
}

/** The kinds of entries in their order, such as `created policy account`. */
export function kindsOf(entries: readonly LoggedEntry[]): string {
  return entries.map(({ kind }) => kind).join(" ");
}

/** The code that a promise is rejected with; anything but a CustodyError is thrown on, so that no crash passes for a refusal. */
export async function codeOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (cause) {
    if (cause instanceof CustodyError) return cause.code;
    throw cause;
  }
  return "nothing was thrown";
}

/** One call on a store. */
export type Call =
  | { readonly on: "get"; readonly key: string }
  | { readonly on: "commit"; readonly changes: readonly Change[] }
  | { readonly on: "now" };

/** The store, with a look at every call before it is made and after it was; what a look throws is what the call throws. */
export function hooked(store: Store, look: { before?: (call: Call) => unknown; after?: (call: Call) => unknown }): Store {
  const around = async <T>(call: Call, make: () => Promise<T>): Promise<T> => {
    await look.before?.(call);
    const made = await make();
    await look.after?.(call);
    return made;
  };
  return {
    get: (key) => around({ on: "get", key }, () => store.get(key)),
    commit: (changes, options) => around({ on: "commit", changes }, () => store.commit(changes, options)),
    now: () => around({ on: "now" }, () => store.now()),
    keys: () => store.keys(),
    close: () => store.close(),
  };
}

/** What a store that fails throws. */
export function broken(): CustodyError {
  return new CustodyError("store/failed", "store: it is broken on purpose");
}

/** The EVM chain, with a look at every reading and at every signature that was put together. */
export function hookedChain(look: {
  decoded?: (intent: Intent) => unknown;
  assembled?: (signed: Signed, intent: Intent, signatures: readonly Signature[]) => unknown;
}): Chain {
  return {
    ...evm,
    decode(request, account, book) {
      const intent = evm.decode(request, account, book);
      look.decoded?.(intent);
      return intent;
    },
    assemble(intent, signatures, account) {
      const signed = evm.assemble(intent, signatures, account);
      look.assembled?.(signed, intent, signatures);
      return signed;
    },
  };
}
