import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../base/bytes.ts";
import { canonicalBytes, type Json } from "../base/canonical.ts";
import { type Address, type ChainId, type Effect, UNLIMITED } from "./effect.ts";

/** Lowercase hex of 32 bytes: the same chain, account, kind and exact bytes give the same id. */
export type IntentId = string & { readonly __brand: "IntentId" };
/** 32 bytes to be signed. Only a chain's `decode` makes them, together with the effects they belong to. */
export type Digest = Uint8Array & { readonly __brand: "Digest" };

export const REQUEST_KINDS = ["transaction", "message", "typedData", "authorization", "userOperation", "calls", "psbt", "act"] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** What an app asks for, copied at the door. `payload` by kind: see `docs/requests.md`. */
export interface Request {
  readonly chain: ChainId;
  readonly account: string;
  readonly kind: RequestKind;
  readonly payload: Json;
}

/** What must be signed, by which key below the account. `tap`: absent = script path, empty = no tree, 32 bytes = its root. */
export interface Signable {
  readonly scheme: "ecdsa" | "bip340";
  readonly digest: Digest;
  /** Steps below the account's key; empty is the account's own key. */
  readonly path: readonly number[];
  readonly tap?: Uint8Array;
}

/**
 * Everything that a request would cause, and the digests that would cause it, out of one decode of one sequence of bytes.
 * `refusals` are reasons found after a complete parse (a replayable signature, a fee above the chain's own cap): the
 * request is denied with them whatever the policy says.
 */
export interface Intent {
  readonly id: IntentId;
  readonly chain: ChainId;
  readonly account: Address;
  readonly kind: RequestKind;
  /** The exact bytes that were read: the unsigned transaction, the message, the PSBT. */
  readonly bytes: Uint8Array;
  /** Requests of one lane can only settle once: one nonce of one account of one chain; the same own outpoints. */
  readonly lane?: string;
  readonly effects: readonly Effect[];
  readonly signables: readonly Signable[];
  /** Addresses of our accounts that the bytes use, of `others` as well: the vault gives none of them out as fresh again. */
  readonly uses?: readonly Use[];
  readonly refusals: readonly Reason[];
}

/** One address of an account with many. */
export interface Use {
  /** What the account is called. */
  readonly account: Address;
  /** Steps below it. */
  readonly path: readonly number[];
}

/** Why something is denied, or could not be allowed: data; the text follows from the code. */
export interface Reason {
  /** `policy/not-allowed`, `limit/exceeded`, `evm/no-chain-id` … */
  readonly code: string;
  /** The rule to blame. */
  readonly rule?: string;
  /** Index of the effect. */
  readonly effect?: number;
  readonly params: { readonly [name: string]: Json };
  readonly text: string;
}

export function intentId(chain: ChainId, account: Address, kind: RequestKind, bytes: Uint8Array): IntentId {
  const id = sha256(canonicalBytes({ intent: 1, chain, account, kind, bytes: toHex(bytes) }));
  return toHex(id) as IntentId;
}

/** An effect as JSON: integers are decimal strings, the top is `"unlimited"`. The reverse is {@link effectFromJson}. */
export function effectToJson(effect: Effect): { readonly [name: string]: Json } {
  const out: Record<string, Json> = {};
  for (const [name, value] of Object.entries(effect)) out[name] = name === "args" ? argsToJson(value) : toJson(value);
  return out;
}

const INTEGERS: ReadonlySet<string> = new Set(["amount", "tokenId", "expiry", "gas", "feeRate", "inputs", "outputs"]);

export function effectFromJson(json: { readonly [name: string]: Json | undefined }): Effect {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(json)) {
    if (value === undefined) continue;
    out[name] = INTEGERS.has(name) ? integer(value as string) : name === "args" ? argsFromJson(value as { [name: string]: Json }) : value;
  }
  return out as unknown as Effect;
}

/** The intent as the command line, the log and approval requests show it. */
export function intentToJson(intent: Intent): { readonly [name: string]: Json } {
  return {
    id: intent.id,
    chain: intent.chain,
    account: intent.account,
    kind: intent.kind,
    ...(intent.lane !== undefined && { lane: intent.lane }),
    effects: intent.effects.map(effectToJson),
  };
}

function integer(text: string): bigint {
  return text === "unlimited" ? UNLIMITED : BigInt(text);
}

function toJson(value: unknown): Json {
  if (typeof value === "bigint") return value >= UNLIMITED ? "unlimited" : value.toString();
  return value as Json;
}

// Arguments keep their type in JSON: integers as {"int": "5"}, everything else as it is.
function argsToJson(args: Effect["args"] & object): Json {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, typeof value === "bigint" ? { int: value.toString() } : value]),
  );
}

function argsFromJson(args: { readonly [name: string]: Json }): Effect["args"] & object {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [
      name,
      value !== null && typeof value === "object" ? BigInt((value as { int: string }).int) : (value as string | boolean),
    ]),
  );
}
