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
const DATA_FEE_CHAINS: ReadonlySet<bigint> = /* @__PURE__ */ new Set([
  10n,
  130n,
  169n,
  204n,
  252n,
  288n,
  360n,
  420n,
  478n,
  480n,
  690n,
  919n,
  999n,
  1135n,
  1301n,
  1338n,
  1750n,
  1868n,
  1874n,
  1923n,
  1924n,
  1946n,
  2192n,
  2331n,
  2522n,
  4202n,
  4326n,
  4801n,
  5000n,
  5003n,
  5330n,
  5611n,
  7741n,
  8453n,
  11011n,
  12553n,
  13001n,
  17069n,
  33979n,
  34443n,
  42220n,
  44787n,
  48898n,
  48900n,
  53302n,
  57073n,
  60808n,
  77410n,
  81224n,
  81457n,
  84531n,
  84532n,
  91342n,
  132902n,
  534351n,
  534352n,
  695569n,
  763373n,
  808813n,
  812242n,
  3397901n,
  7777777n,
  11142220n,
  11155420n,
  28122024n,
  888888888n,
  999999999n,
  2713017997578000n,
  2716446429837000n,
]);

export function chargesDataFee(chainId: bigint): boolean {
  return DATA_FEE_CHAINS.has(chainId);
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
