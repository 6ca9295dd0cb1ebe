import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../base/bytes.ts";
import { canonicalBytes, type Json } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { type Effect, type EffectKind, UNLIMITED } from "../intent/effect.ts";
import { effectToJson, type Intent, type RequestKind } from "../intent/intent.ts";

/** What is approved. `effects`: any bytes with these effects and a fee within the ceiling; `bytes`: these bytes alone, as they were read. */
export interface Subject {
  readonly kind: "effects" | "bytes";
  /** 32 bytes, lowercase hex: what the statement carries. */
  readonly digest: string;
  /** Smallest units of the asset that the fee is paid in. */
  readonly feeCeiling: bigint;
}

/**
 * What an approval of this intent is over.
 *
 * Effects stand for the bytes only where they say everything: the request is a transaction of some form, and each effect is
 * a transfer, an allowance or a fee with all its essential members known and nothing left to words (`why`), at least one of
 * them no fee. Then a new nonce or a fee bump up to the ceiling is the same subject. Everything else (calls, unknown parts, orders, signatures, messages, deployments, control over the
 * account, acts on the custody, and kinds that do not exist yet) is approved as exact bytes, by the intent's id.
 *
 * What enters for `bytes`: the intent's id, and its effects as they were read: what the same bytes would do depends on the account as
 * well (which outputs are its own), and a yes is to what was shown.
 * What enters for `effects`: chain, account and kind of the request; every effect that is no fee, in order, with all its
 * members but `feeRate` (the fee's); of the fees their chain, account and asset, and the
 * ceiling in place of the amount. What does not: nonce, lane, gas, fee rate, and the fee below the ceiling.
 *
 * @param feeCeiling - the most that the fee may come to, all fees of the request together.
 * @throws `request/malformed` if the fee of this very intent is above the ceiling.
 */
export function approvalSubject(intent: Intent, { feeCeiling }: { readonly feeCeiling: bigint }): Subject {
  const subject = subjectWithin(intent, feeCeiling);
  if (subject === undefined) throw new CustodyError("request/malformed", "fee ceiling: expected at least the fee of the request, got less");
  return subject;
}

/** Whether what was approved is what these bytes would do. The policy still judges the bytes. */
export function covers(subject: Subject, intent: Intent): boolean {
  const again = subjectWithin(intent, subject.feeCeiling);
  return again?.kind === subject.kind && again.digest === subject.digest;
}

/** Digest of these very bytes and of what they were read to do: 32 bytes, lowercase hex. */
export function exactSubject(intent: Intent): string {
  return digestOf({ subject: "bytes", intent: intent.id, effects: intent.effects.map(effectToJson) });
}

// Nothing if effects stand for the bytes and their fee is above the ceiling.
function subjectWithin(intent: Intent, feeCeiling: bigint): Subject | undefined {
  const fee = feeOf(intent);
  const effects = intent.effects.filter((effect) => effect.kind !== "fee");
  if (fee === undefined || effects.length === 0 || !intent.effects.every(saysEverything) || !BY_EFFECTS.has(intent.kind)) {
    return { kind: "bytes", digest: exactSubject(intent), feeCeiling };
  }
  if (fee.amount > feeCeiling) return undefined;
  const { chain, account, kind } = intent;
  const fees = fee.of === undefined ? null : { ...fee.of, ceiling: feeCeiling.toString() };
  return {
    kind: "effects",
    digest: digestOf({ subject: "effects", chain, account, kind, effects: effects.map(withoutFeeDetails), fees }),
    feeCeiling,
  };
}

// Requests whose bytes may be made anew with another nonce or fee. A signature has neither: it is its bytes.
const BY_EFFECTS: ReadonlySet<RequestKind> = new Set(["transaction", "userOperation", "calls", "psbt"]);

// Members without which two different things could look the same.
const ESSENTIAL: { readonly [K in EffectKind]?: readonly (keyof Effect)[] } = {
  transfer: ["chain", "account", "asset", "to", "amount"],
  allowance: ["chain", "account", "asset", "to", "amount"],
  operatorAllowance: ["chain", "account", "asset", "to"],
  fee: ["chain", "account", "asset", "amount"],
};

// All that a fee may say for a ceiling to stand in its place.
const FEE_MEMBERS: ReadonlySet<string> = new Set([
  "kind",
  "at",
  "chain",
  "account",
  "asset",
  "amount",
  "gas",
  "feeRate",
  "why",
] satisfies (keyof Effect)[]);

function saysEverything(effect: Effect): boolean {
  const essential = ESSENTIAL[effect.kind];
  // Words would not be in the digest: an operator that is named and one that is revoked differ in nothing else.
  if (effect.kind !== "fee" && effect.why !== undefined) return false;
  return essential?.every((member) => effect[member] !== undefined) ?? false;
}

// The fees of a request together, if they are known and paid by one account in one asset; `of` is absent without a fee.
function feeOf(intent: Intent): { amount: bigint; of?: { chain: string; account: string; asset: string } } | undefined {
  let amount = 0n;
  let of: { chain: string; account: string; asset: string } | undefined;
  for (const effect of intent.effects) {
    if (effect.kind !== "fee") continue;
    const { chain, account, asset } = effect;
    if (chain === undefined || account === undefined || asset === undefined || effect.amount === undefined) return undefined;
    if (Object.keys(effect).some((member) => !FEE_MEMBERS.has(member))) return undefined;
    if (of !== undefined && (of.chain !== chain || of.account !== account || of.asset !== asset)) return undefined;
    of = { chain, account, asset };
    amount += effect.amount;
  }
  if (amount >= UNLIMITED) return undefined;
  return of === undefined ? { amount } : { amount, of };
}

function withoutFeeDetails(effect: Effect): Json {
  const { feeRate: _feeRate, ...rest } = effect;
  return effectToJson(rest);
}

function digestOf(subject: Json): string {
  return toHex(sha256(canonicalBytes({ version: 1, ...(subject as { readonly [name: string]: Json }) })));
}
