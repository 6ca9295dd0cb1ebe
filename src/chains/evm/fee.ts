import type { Effect } from "../../intent/effect.ts";
import type { UnsignedTransaction } from "./transaction.ts";

/** EIP-4844, GAS_PER_BLOB. */
const GAS_PER_BLOB = 131072n;

/** EIP-7825: no transaction on Ethereum may use more. */
export const MAX_GAS = 1n << 24n;

/**
 * Chains that charge for data on another chain beside `gas × price`: how much is known only when it is included, and no
 * field of the transaction bounds it. Not here: chains that take such costs in gas (Arbitrum, zkSync, Linea).
 */
// Sources: docs.optimism.io, "Transaction fees" (L2 fee + L1 fee + operator fee), for every chain with the GasPriceOracle
// predeploy 0x4200…000F in viem's chain definitions, and Celo, Manta and Boba, which run the same stack; Mantle: receipts
// carry l1Fee and operatorFee; Scroll: rollup/fees/CalculateL1Fee in scroll-tech/go-ethereum.
const DATA_FEE_CHAINS: readonly number[] = [
  10, 130, 169, 204, 252, 288, 360, 420, 478, 480, 690, 919, 999, 1135, 1301, 1338, 1750, 1868, 1874, 1923, 1924, 1946, 2192, 2331, 2522,
  4202, 4326, 4801, 5000, 5003, 5330, 5611, 7741, 8453, 11011, 12553, 13001, 17069, 33979, 34443, 42220, 44787, 48898, 48900, 53302, 57073,
  60808, 77410, 81224, 81457, 84531, 84532, 91342, 132902, 534351, 534352, 695569, 763373, 808813, 812242, 3397901, 7777777, 11142220,
  11155420, 28122024, 888888888, 999999999, 2713017997578000, 2716446429837000,
];

export function chargesDataFee(chainId: bigint): boolean {
  return DATA_FEE_CHAINS.some((id) => BigInt(id) === chainId);
}

/**
 * The most that the transaction can cost beside what it sends: `gas limit × fee per gas + 131072 × blobs × fee per blob
 * gas`. The amount is absent (unknown) on chains that charge for data as well. A chain that does so and is not in the table
 * above is not recognised: an operator who adds such a chain should forbid `fee` there or cap `gas` and `feeRate`.
 */
export function feeEffect(transaction: UnsignedTransaction, base: Pick<Effect, "at" | "chain" | "account">): Effect {
  const { chainId, gasLimit, feePerGas, blobs, feePerBlobGas } = transaction;
  const bounded = chainId !== undefined && !chargesDataFee(chainId);
  const amount = gasLimit * feePerGas + GAS_PER_BLOB * BigInt(blobs) * feePerBlobGas;
  return {
    kind: "fee",
    ...base,
    asset: "native",
    ...(bounded ? { amount } : { why: "this chain charges for data as well, or the chain is not known" }),
    gas: gasLimit,
    feeRate: feePerGas,
  };
}
