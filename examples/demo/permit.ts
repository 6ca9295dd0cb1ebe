/** What a dapp would hand to `eth_signTypedData_v4` for an EIP-2612 permit of USDC. */
import { USDC } from "./policy.ts";

export function usdcPermit(message: { readonly owner: string; readonly spender: string; readonly value: bigint }) {
  return {
    domain: { name: "USD Coin", version: "2", chainId: 1, verifyingContract: USDC },
    types: {
      Permit: [
        { name: "owner", type: "address" },
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
    },
    primaryType: "Permit",
    message: { ...message, nonce: 0n, deadline: 1_900_000_000n },
  };
}
