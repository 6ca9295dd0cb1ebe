import { Transaction as EthersTransaction, Wallet } from "ethers";
import { Transaction as MicroTransaction } from "micro-eth-signer";
import { parseTransaction, serializeTransaction } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { race } from "../race.ts";

/** EIP-1559, 0.01 ether, chain 1, nonce 7. */
const UNSIGNED = serializeTransaction({
  type: "eip1559",
  chainId: 1,
  nonce: 7,
  maxFeePerGas: 30_000_000_000n,
  maxPriorityFeePerGas: 1_000_000_000n,
  gas: 21_000n,
  to: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  value: 10_000_000_000_000_000n,
});
/** A key that everybody knows: the first account of Hardhat and Anvil. */
const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/** From the bytes of an unsigned transaction to the bytes of the signed one, with the key at hand. */
export async function run(options: { readonly rounds: number }): Promise<void> {
  const account = privateKeyToAccount(KEY);
  const wallet = new Wallet(KEY);
  await race(
    "unsigned EIP-1559 bytes to signed bytes",
    {
      "micro-eth-signer": () => MicroTransaction.fromHex(UNSIGNED).signBy(KEY, false).toHex(),
      viem: () => account.signTransaction(parseTransaction(UNSIGNED)),
      ethers: () => wallet.signTransaction(EthersTransaction.from(UNSIGNED)),
    },
    options,
  );
}
