import { formatTime, SECOND_MS } from "../../base/time.ts";
import type { Address, ChainId, Effect } from "../../intent/effect.ts";
import { addressOfScript } from "./address.ts";
import type { OwnedOutput, Ownership } from "./ownership.ts";
import { hashTypeOf } from "./sighash.ts";
import { virtualSize } from "./size.ts";
import { aboutScript, dataOf, OP_RETURN } from "./unaddressed.ts";

/**
 * What the transaction does to our accounts, all of them together.
 *
 * - An output to the account itself is change, and no effect. Every other one is a `transfer`: also to another own account
 *   (`ownRecipient`), and without `to` where the script has no address. Data in an output (`OP_RETURN`) is an `unknown` as
 *   well: other protocols read it as their orders. What such protocols see in the coins themselves is not known here.
 * - Where others pay as well, nobody can say whose coin went where. What our accounts lose is `net` = own inputs − own
 *   outputs, and each recipient may be the one who gets it: a transfer to somebody else is the lesser of `net` and its
 *   amount, and so is the fee. Together they are never less than the loss.
 * - Where what an input spends is not certain ({@link Ownership}), it might be ours: then no amount is lowered, and the fee
 *   is unknown.
 * - Of an account that is known by its address only nothing is recognised: any coin may be its own, so that no amount is
 *   lowered either.
 */
export function psbtEffects(ownership: Ownership, at: { readonly chain: ChainId; readonly account: Address }): readonly Effect[] {
  const money = moneyOf(ownership);
  const base = { at: [], chain: at.chain, account: at.account };
  const whole = wholeOf(ownership, money);
  const effects: Effect[] = [];
  for (const { output, own } of ownership.outputs) {
    const { script, amount } = output;
    if (own?.isSelf === true) continue;
    const data = script[0] === OP_RETURN;
    if (data)
      effects.push({ kind: "unknown", ...base, class: "U1", why: `data that another protocol may read as an order: ${dataOf(script)}` });
    if (data && amount === 0n) continue;
    const to = addressOfScript(at.chain, script);
    const share = own === undefined ? atMost(amount, money.loss) : amount;
    const why = [...(to === undefined ? [aboutScript(script)] : []), ...(share < amount ? [SHARED] : [])];
    effects.push({
      kind: "transfer",
      ...base,
      asset: "native",
      ...(to !== undefined && { to }),
      amount: share,
      ownRecipient: own !== undefined,
      ...whole,
      ...(why.length > 0 && { why: why.join("; ") }),
    });
  }
  return [...effects, feeEffect(ownership, money, { ...base, ...(whole.feeRate !== undefined && { feeRate: whole.feeRate }) })];
}

const SHARED = "others pay as well: this is the most of it that can be ours";

interface Money {
  /** Inputs − outputs; absent where an amount is not certain, or where more goes out than comes in. */
  readonly fee?: bigint;
  /** The most that our accounts can lose, where that is certain and others pay as well. */
  readonly loss?: bigint;
}

function moneyOf({ scripts, inputs, outputs }: Ownership): Money {
  if (!inputs.every(({ certain }) => certain)) return {};
  const sum = (parts: readonly { readonly amount: bigint }[]) => parts.reduce((total, { amount }) => total + amount, 0n);
  const spent = inputs.flatMap(({ spent, own }) => (spent === undefined ? [] : [{ ...spent, own }]));
  const fee = sum(spent) - sum(outputs.map(({ output }) => output));
  const net = sum(spent.filter(({ own }) => own)) - sum(outputs.filter(({ own }) => own).map(({ output }) => output));
  const shared = scripts.knowsSelf && spent.some(({ own }) => own === undefined);
  return { ...(fee >= 0n && { fee }), ...(shared && { loss: net > 0n ? net : 0n }) };
}

/** What every transfer of the transaction says about the whole of it. */
function wholeOf(ownership: Ownership, { fee }: Money): Pick<Effect, "sighash" | "change" | "inputs" | "outputs" | "feeRate"> {
  const { inputs, outputs } = ownership;
  const size = virtualSize(ownership);
  const sighash = sighashName(ownership);
  return {
    ...(sighash !== undefined && { sighash }),
    change: changeOf(outputs),
    inputs: BigInt(inputs.length),
    outputs: BigInt(outputs.length),
    ...(fee !== undefined && size !== undefined && { feeRate: (fee + BigInt(size) - 1n) / BigInt(size) }),
  };
}

function changeOf(outputs: readonly OwnedOutput[]): "verified" | "none" | "foreign" {
  if (outputs.some(({ posing }) => posing)) return "foreign";
  return outputs.some(({ own }) => own?.isSelf) ? "verified" : "none";
}

/** What our signatures commit to: `ALL`, of which taproot's default is another spelling; else the first that is something else. */
function sighashName({ inputs }: Ownership): string | undefined {
  const ours = inputs.flatMap(({ input, own }) => (own?.isSelf ? [{ own, sighash: input.sighash }] : []));
  if (ours.length === 0) return undefined;
  const other = ours.find(({ own, sighash }) => hashTypeOf(own.template, sighash) === undefined);
  return other?.sighash === undefined ? "ALL" : hashTypeName(other.sighash);
}

function hashTypeName(type: number): string {
  const name = ["DEFAULT", "ALL", "NONE", "SINGLE"][type & 0x7f];
  if (name === undefined || type > 0xff) return `0x${type.toString(16)}`;
  return type & 0x80 ? `${name}|ANYONECANPAY` : name;
}

function feeEffect(ownership: Ownership, { fee, loss }: Money, base: Pick<Effect, "at" | "chain" | "account" | "feeRate">): Effect {
  const lock = timeLock(ownership);
  const why = [
    ...(fee === undefined ? ["what the inputs bring is not certain, or less than what goes out"] : []),
    ...(fee !== undefined && loss !== undefined && loss < fee ? [SHARED] : []),
    ...(lock === undefined ? [] : [lock]),
  ];
  return {
    kind: "fee",
    ...base,
    asset: "native",
    ...(fee !== undefined && { amount: atMost(fee, loss) }),
    ...(why.length > 0 && { why: why.join("; ") }),
  };
}

/** A lock does not bind while every input is final (BIP-68, and consensus before it). It is told, not refused: time passes. */
function timeLock({ psbt: { lockTime, version, inputs } }: Ownership): string | undefined {
  const absolute = lockTime > 0 && inputs.some(({ sequence }) => sequence !== 0xffffffff);
  // Bit 31 turns the relative lock off; the low 16 bits count blocks or 512 seconds.
  const relative = version >= 2 && inputs.some(({ sequence }) => sequence < 0x8000_0000 && (sequence & 0xffff) > 0);
  const until = lockTime < 500_000_000 ? `block ${lockTime}` : formatTime(lockTime * SECOND_MS);
  const parts = [...(absolute ? [`before ${until}`] : []), ...(relative ? ["before the coins have a certain age"] : [])];
  return parts.length > 0 ? `cannot be mined ${parts.join(", nor ")}` : undefined;
}

function atMost(amount: bigint, most: bigint | undefined): bigint {
  return most !== undefined && most < amount ? most : amount;
}
