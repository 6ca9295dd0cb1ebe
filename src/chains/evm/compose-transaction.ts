import { Transaction } from "micro-eth-signer";
import { toHex } from "../../base/bytes.ts";
import { type Address, type Effect, UNLIMITED } from "../../intent/effect.ts";
import type { Plan } from "./compose.ts";
import { type ComposedCall, composeCall } from "./compose-call.ts";

/** One transaction with at most one value, one call or one creation, and its fee. */
export function composeTransaction(plan: Plan): string | undefined {
  const { effects, chainId, nonce = 0n } = plan;
  const of = (test: (effect: Effect) => boolean) => effects.filter(test);
  const fees = of(({ kind }) => kind === "fee");
  const creates = of(({ kind }) => kind === "deploy");
  const sends = of(({ kind, asset }) => kind === "transfer" && asset === "native");
  const calls = of(({ kind, asset }) => kind !== "fee" && kind !== "deploy" && !(kind === "transfer" && asset === "native"));
  if (fees.length > 1 || creates.length > 1 || sends.length > 1 || effects.some(({ chain }) => chain === undefined)) return undefined;

  const [send] = sends;
  const body = creates.length > 0 ? creation(calls) : calls.length > 0 ? composeCall(calls, plan) : sending(send);
  if (body === undefined || (send !== undefined && body.to !== undefined && send.to !== undefined && send.to !== body.to)) return undefined;
  const value = send?.amount ?? 0n;
  const price = priceOf(fees[0], leastGas(body));
  if (value >= UNLIMITED || price === undefined) return undefined;
  return write({ chainId, nonce, to: body.to, value, data: body.data, ...price });
}

/** To be sent, and what it says: `to` is absent for what creates a contract. */
type Body = Omit<ComposedCall, "to"> & { readonly to: Address | undefined };

/** What a transaction without data does, be it with nothing: a transfer. */
function sending(send: Effect | undefined): Body | undefined {
  return send?.to === undefined ? undefined : { to: send.to, data: new Uint8Array(0) };
}

/** Code that does nothing (STOP). Beside the creation stands an unknown: that of the code. */
function creation(others: readonly Effect[]): Body | undefined {
  const isCode = ({ kind, selector, domain, primaryType }: Effect) =>
    kind === "unknown" && selector === undefined && domain === undefined && primaryType === undefined;
  return others.length > 1 || !others.every(isCode) ? undefined : { to: undefined, data: Uint8Array.of(0) };
}

interface Price {
  readonly gasLimit: bigint;
  readonly gasPrice: bigint;
}

/** A limit and a price whose product is the fee that is asked for, exactly. */
function priceOf(fee: Effect | undefined, least: bigint): Price | undefined {
  const { amount, gas, feeRate }: Partial<Effect> = fee ?? { amount: 0n };
  if (amount === undefined) return { gasLimit: gas ?? least, gasPrice: feeRate ?? 0n };
  for (const gasLimit of limitsFor(amount, { gas, feeRate }, least)) {
    const gasPrice: bigint = feeRate ?? (gasLimit === 0n ? 0n : amount / gasLimit);
    if (gasLimit * gasPrice === amount) return { gasLimit, gasPrice };
  }
  return undefined;
}

/** So many limits are tried: amounts that people write have small factors. */
const TRIES = 50_000n;

function* limitsFor(
  amount: bigint,
  { gas, feeRate }: { readonly gas: bigint | undefined; readonly feeRate: bigint | undefined },
  least: bigint,
): Generator<bigint> {
  if (gas !== undefined) yield gas;
  else if (feeRate !== undefined && feeRate > 0n) yield amount / feeRate;
  else for (let limit = least; limit < least + TRIES; limit++) yield limit;
}

/** Enough for what any transaction of these bytes costs before it does anything; rounded, for easy factors. */
function leastGas({ to, data }: Body): bigint {
  return (to === undefined ? 60_000n : data.length === 0 ? 21_000n : 50_000n) + 50n * BigInt(data.length);
}

interface Fields extends Price {
  readonly chainId: bigint;
  readonly nonce: bigint;
  readonly to: Address | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
}

/** Type 1 (EIP-2930): the price of those with a priority fee cannot be 0. */
function write({ to = "0x", data, ...fields }: Fields): string | undefined {
  try {
    const raw = new Transaction("eip2930", { accessList: [], to, data: `0x${toHex(data)}`, ...fields }, { strict: false });
    return `0x${toHex(raw.toBytes({ includeSignature: false }))}`;
  } catch {
    // More than a field of a transaction holds, or no address: there is no such transaction.
    return undefined;
  }
}
