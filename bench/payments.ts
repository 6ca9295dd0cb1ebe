import { serializeTransaction } from "viem";
import { FRIEND } from "./vault.ts";

const made: `0x02${string}`[] = [];

/** The unsigned EIP-1559 payment of 1 gwei with this nonce. Made once, so that no contender pays for it more than another. */
export function payment(nonce: number): `0x02${string}` {
  const known = made[nonce];
  if (known !== undefined) return known;
  const unsigned = serializeTransaction({
    type: "eip1559",
    chainId: 1,
    nonce,
    maxFeePerGas: 30_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
    gas: 21_000n,
    to: FRIEND,
    value: 1_000_000_000n,
  }) as `0x02${string}`;
  made[nonce] = unsigned;
  return unsigned;
}

/** A contender of its own stream of payments: 0, 1, 2 … The first answers of all contenders are the same. */
export function stream<T>(run: (unsigned: `0x02${string}`) => T): () => T {
  let nonce = 0;
  return () => run(payment(nonce++));
}

/** The same, so many at once; answers with the first. */
export function streamAtOnce(count: number, run: (unsigned: `0x02${string}`) => string | Promise<string>): () => Promise<string> {
  let nonce = 0;
  return async () => {
    const answers = Array.from({ length: count }, () => run(payment(nonce++)));
    const [first = ""] = await Promise.all(answers);
    return first;
  };
}
