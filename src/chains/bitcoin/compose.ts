import { sha256 } from "@noble/hashes/sha2.js";
import { base64 } from "@scure/base";
import { Transaction } from "@scure/btc-signer";
import { toHex, utf8 } from "../../base/bytes.ts";
import type { Effect } from "../../intent/effect.ts";
import type { AccountKeys, Compose } from "../chain.ts";
import { scriptOf } from "./address.ts";
import { parseDescriptor } from "./descriptor.ts";
import { ownershipOf } from "./ownership.ts";
import { compress } from "./point.ts";
import { MAX_PARTS, readPsbt, type TxOutput } from "./psbt.ts";
import { MAX_MONEY } from "./refusals.ts";
import { virtualSize } from "./size.ts";
import type { Template } from "./template.ts";

/**
 * {@link Compose} for Bitcoin: payments and their fee as one PSBT, which spends coins that were made up, of the account's first
 * address. Change goes out where it is asked for, or where nothing else does.
 *
 * @throws `chain/unknown`, `chain/malformed` for an address that is none
 */
export const composeBitcoin: Compose = (effects, { chain, account }) => {
  const payments = effects.filter(({ kind, asset }) => kind === "transfer" && asset === "native");
  const fees = effects.filter(({ kind }) => kind === "fee");
  const isAnother = (effect: Effect) => effect.chain !== chain || (effect.account ?? account.address) !== account.address;
  if (payments.length + fees.length < effects.length || fees.length > 1 || effects.some(isAnother)) return undefined;
  const own = ownOf(account);
  const paid = payments.flatMap(({ to, amount = PLAIN }) => (to === undefined ? [] : [{ script: scriptOf(chain, to), amount }]));
  const whole = Object.assign({}, ...effects.map(wholeOf)) as Whole;
  const outputs = own && withChange(own, paid, whole);
  if (own === undefined || outputs === undefined || paid.length < payments.length) return undefined;

  const fee = fees[0]?.amount;
  const draft: Draft = { own, outputs, inputs: Number(whole.inputs ?? 1n), fee: fee ?? 0n };
  if (!isPossible(draft)) return undefined;
  const sizeOf = (other: Draft) => virtualSize(ownershipOf(readPsbt(psbtOf(other)), account));
  const asked = whole.feeRate === undefined ? draft : atRate(draft, { feeRate: whole.feeRate, fee, inputs: whole.inputs }, sizeOf);
  if (asked === undefined || !isPossible(asked)) return undefined;
  return { chain, account: account.descriptor ?? account.address, kind: "psbt", payload: base64.encode(psbtOf(asked)) };
};

/** Satoshi of an output whose amount nobody asked for: no dust, at any script. */
const PLAIN = 10_000n;

/** What effects say of the transaction as a whole. */
type Whole = Pick<Effect, "inputs" | "outputs" | "change" | "feeRate">;

function wholeOf({ inputs, outputs, change, feeRate }: Effect): Whole {
  return {
    ...(inputs !== undefined && { inputs }),
    ...(outputs !== undefined && { outputs }),
    ...(change !== undefined && { change }),
    ...(feeRate !== undefined && { feeRate }),
  };
}

interface Own {
  readonly template: Template;
  /** Of the first receive address, which has the coins, and of the first change address. */
  readonly coin: Uint8Array;
  readonly change: Uint8Array;
}

function ownOf({ descriptor, publicKey }: AccountKeys): Own | undefined {
  if (descriptor === undefined || publicKey === undefined) return undefined;
  const { template } = parseDescriptor(descriptor);
  const script = (branch: number) => template.script(compress(publicKey([branch, 0])));
  return { template, coin: script(0), change: script(1) };
}

interface Draft {
  readonly own: Own;
  readonly outputs: readonly TxOutput[];
  /** Number of coins that bring what goes out. */
  readonly inputs: number;
  readonly fee: bigint;
}

function withChange(own: Own, paid: readonly TxOutput[], { outputs, change }: Whole): readonly TxOutput[] | undefined {
  const least = change === "verified" || (change !== "none" && paid.length === 0) ? 1 : 0;
  const wanted = outputs === undefined ? least : Number(outputs) - paid.length;
  if (wanted < least || wanted > MAX_PARTS) return undefined;
  return [...paid, ...Array.from({ length: wanted }, () => ({ script: own.change, amount: PLAIN }))];
}

function isPossible({ outputs, inputs, fee }: Draft): boolean {
  const amounts = [fee, ...outputs.map(({ amount }) => amount)];
  const total = amounts.reduce((sum, amount) => sum + amount, 0n);
  const isMoney = total <= MAX_MONEY && amounts.every((amount) => amount >= 0n);
  return isMoney && inputs >= 1 && inputs <= MAX_PARTS && outputs.length <= MAX_PARTS;
}

interface Rate {
  readonly feeRate: bigint;
  /** Where they are asked for as well. */
  readonly fee: bigint | undefined;
  readonly inputs: bigint | undefined;
}

/** The fee that gives this rate for the size that this decoder counts with; where the fee is given, so many inputs that it does. */
function atRate(draft: Draft, { feeRate, fee, inputs }: Rate, sizeOf: (draft: Draft) => number | undefined): Draft | undefined {
  const size = sizeOf(draft);
  if (size === undefined) return undefined;
  if (fee === undefined) return { ...draft, fee: feeRate * BigInt(size) };
  if (inputs !== undefined || feeRate <= 0n) return draft;
  // Ten of them, because one is no whole number of vB.
  const ten = (sizeOf({ ...draft, inputs: draft.inputs + 10 }) ?? size) - size;
  const wanted = Number((fee + feeRate - 1n) / feeRate);
  return { ...draft, inputs: draft.inputs + Math.max(0, Math.ceil((10 * (wanted - size)) / ten)) };
}

function psbtOf({ own, outputs, inputs, fee }: Draft): Uint8Array {
  const total = outputs.reduce((sum, { amount }) => sum + amount, fee);
  const share = total / BigInt(inputs);
  const coins = Array.from({ length: inputs }, (_, at) => ({
    script: own.coin,
    amount: at === 0 ? total - share * BigInt(inputs - 1) : share,
  }));
  const previous = unsigned([{ txid: sha256(utf8("keyward: coins of an example")), index: 0 }], coins);
  const transaction = previous.id;
  const psbt = new Transaction({ disableScriptCheck: true });
  for (const [index, coin] of coins.entries()) {
    // A taproot signature covers what it spends; all others need the proof.
    const proof = own.template.scheme === "bip340" ? { witnessUtxo: coin } : { nonWitnessUtxo: previous.bytes };
    psbt.addInput({ txid: transaction, index, sequence: FINAL, ...proof });
  }
  for (const output of outputs) psbt.addOutput(output);
  return psbt.toPSBT(0);
}

/** Neither replaced nor locked. */
const FINAL = 0xffff_ffff;

function unsigned(inputs: readonly { readonly txid: Uint8Array; readonly index: number }[], outputs: readonly TxOutput[]) {
  const transaction = new Transaction({ disableScriptCheck: true });
  for (const input of inputs) transaction.addInput({ ...input, sequence: FINAL });
  for (const output of outputs) transaction.addOutput(output);
  const bytes = transaction.unsignedTx;
  // As people write it: the reverse of what is hashed.
  return { bytes, id: toHex(sha256(sha256(bytes)).reverse()) };
}
