import { Transaction as EthersTransaction, Wallet } from "ethers";
import { Transaction as MicroTransaction } from "micro-eth-signer";
import { parseTransaction } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { stream, streamAtOnce } from "../payments.ts";
import { race } from "../race.ts";
import { KEY, openBench } from "../vault.ts";

const AT_ONCE = 64;

/**
 * One governed signature with everything on (decode, policy, limits, two durable commits, encrypted log, verification by a
 * second implementation) beside bare signing with a key at hand, which does none of it.
 */
export async function run(options: { readonly rounds: number }): Promise<void> {
  const account = privateKeyToAccount(KEY);
  const wallet = new Wallet(KEY);
  const bare = {
    "micro-eth-signer (bare)": (unsigned: `0x02${string}`) => MicroTransaction.fromHex(unsigned).signBy(KEY, false).toHex(),
    "viem (bare)": (unsigned: `0x02${string}`) => account.signTransaction(parseTransaction(unsigned)),
    "ethers (bare)": (unsigned: `0x02${string}`) => wallet.signTransaction(EthersTransaction.from(unsigned)),
  };
  const benches = { memory: await openBench("memory"), lmdb: await openBench("lmdb") };
  const alone = Object.fromEntries(Object.entries(bare).map(([name, sign]) => [name, stream<string | Promise<string>>(sign)]));
  await race(
    "a governed signature, one at a time",
    { ...alone, "keyward, memory": stream(benches.memory.sign), "keyward, lmdb": stream(benches.lmdb.sign) },
    options,
  );
  for (const bench of Object.values(benches)) await bench.close();

  const crowd = { memory: await openBench("memory"), lmdb: await openBench("lmdb") };
  const together = Object.fromEntries(Object.entries(bare).map(([name, sign]) => [name, streamAtOnce(AT_ONCE, sign)]));
  await race(
    `${AT_ONCE} governed signatures in flight`,
    { ...together, "keyward, memory": streamAtOnce(AT_ONCE, crowd.memory.sign), "keyward, lmdb": streamAtOnce(AT_ONCE, crowd.lmdb.sign) },
    options,
  );
  for (const bench of Object.values(crowd)) await bench.close();
}
