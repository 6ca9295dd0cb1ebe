import type { Effect } from "../../intent/effect.ts";
import type { UnsignedTransaction } from "./transaction.ts";

/** EIP-4844, GAS_PER_BLOB. */
const GAS_PER_BLOB = 131072n;

/** EIP-7825: no transaction on Ethereum may use more. */
export const MAX_GAS = 1n << 24n;

/**
 * Chains on which `gas × price` is all that a transaction can cost. On others (every rollup of the OP Stack, Scroll, Mantle …)
 * posting the data is charged as well, by an amount that no field of the transaction bounds; and what a chain that is not
 * listed does is not known here. There the fee is unknown, and an unknown amount passes no limit.
 */
// Ethereum 1, 11155111, 17000, 560048 · BNB 56, 97 · Gnosis 100, 10200 · Polygon PoS 137, 80002 · Avalanche 43114, 43113 ·
// Arbitrum 42161, 42170, 421614 (docs.arbitrum.io, "Gas and fees": data is paid in gas) · Linea 59144, 59141 (docs.linea.build,
// "Gas fees": data is priced into the fee per gas) · local development nodes 1337, 31337.
const BOUNDED_FEE_CHAINS: readonly number[] = [
  1, 56, 97, 100, 137, 1337, 10200, 17000, 31337, 42161, 42170, 43113, 43114, 59141, 59144, 80002, 421614, 560048, 11155111,
];

export function hasBoundedFee(chainId: bigint): boolean {
  return BOUNDED_FEE_CHAINS.some((id) => BigInt(id) === chainId);
}

/**
 * The most that the transaction can cost beside what it sends: `gas limit × fee per gas + 131072 × blobs × fee per blob
 * gas`. The amount is absent (unknown) on chains that are not in the table above.
 */
export function feeEffect(transaction: UnsignedTransaction, base: Pick<Effect, "at" | "chain" | "account">): Effect {
  const { chainId, gasLimit, feePerGas, blobs, feePerBlobGas } = transaction;
  const bounded = chainId !== undefined && hasBoundedFee(chainId);
  const amount = gasLimit * feePerGas + GAS_PER_BLOB * BigInt(blobs) * feePerBlobGas;
  return {
    kind: "fee",
    ...base,
    asset: "native",
    ...(bounded ? { amount } : { why: "what a transaction can cost on this chain is not bounded by its fields, or not known here" }),
    gas: gasLimit,
    feeRate: feePerGas,
  };
}
