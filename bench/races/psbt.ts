import * as ecc from "@bitcoinerlab/secp256k1";
import { HDKey } from "@scure/bip32";
import { Transaction as ScureTransaction } from "@scure/btc-signer";
import { Psbt, payments, Transaction } from "bitcoinjs-lib";
import { bitcoin } from "../../dist/chains/bitcoin/index.js";
import { keyward } from "../../dist/index.js";
import { memoryStore } from "../../dist/stores/memory/index.js";
import { race } from "../race.ts";
import { slot } from "../vault.ts";

const MAINNET = "bip122:000000000019d6689c085ae165831e93";
/** A seed that everybody knows. */
const SEED = new Uint8Array(64).fill(9);
const account = HDKey.fromMasterSeed(SEED).derive("m/84'/0'/0'");
const key = (branch: number, index: number) => {
  const { privateKey, publicKey } = account.deriveChild(branch).deriveChild(index);
  if (privateKey === null || publicKey === null) throw new Error("unreachable: a private account");
  return { privateKey, publicKey, script: payments.p2wpkh({ pubkey: publicKey }).output ?? new Uint8Array() };
};
const SHOP = "bc1qhwudxquswckz8td2emg5gh8czdnrkxmkezvw3k";

/** A payment out of ten coins with change, as base64; another one for each number. */
function payment(number: number, coins: number): string {
  const psbt = new Psbt();
  for (let coin = 0; coin < coins; coin++) {
    const previous = new Transaction();
    previous.addInput(new Uint8Array(32).fill(1 + coin), number);
    previous.addOutput(key(0, coin).script, 100_000n);
    psbt.addInput({ hash: previous.getId(), index: 0, nonWitnessUtxo: previous.toBuffer() });
  }
  psbt.addOutput({ address: SHOP, value: 1_000n });
  psbt.addOutput({ script: key(1, 0).script, value: 100_000n * BigInt(coins) - 3_000n });
  return psbt.toBase64();
}

/** From the bytes of a PSBT to the transaction that is broadcast. Keyward decodes, judges and records as well; its store is in memory. */
export async function run(options: { readonly rounds: number }): Promise<void> {
  const COINS = 10;
  const policy = {
    keyward: "policy/1",
    name: "bench",
    immutable: true,
    assets: { BTC: { chain: MAINNET, asset: "native", decimals: 8 } },
    book: { shop: { chain: MAINNET, address: SHOP } },
    people: { owner: [{ kind: "unlock" }] },
    rules: [
      { id: "pay", allow: ["transfer"], when: { asset: "BTC", to: "shop" } },
      { id: "fees", allow: ["fee"], when: { asset: "BTC", amount: { max: "0.001 BTC" } } },
      { id: "day", limit: ["outflow"], when: { asset: "BTC" }, max: "1000 BTC", per: "24h" },
    ],
  };
  const custody = keyward({ store: memoryStore(), chains: [bitcoin] });
  await custody.create({ slot, policy, wallet: { from: "seed", seed: SEED.slice() } });
  const me = await custody.session({ person: "owner" });
  const coins = await me.accounts.derive({ chain: MAINNET, name: "Bench" });
  const keys = Array.from({ length: COINS }, (_, coin) => key(0, coin));
  const made: string[] = [];
  const stream = <T>(sign: (psbt: string) => T) => {
    let number = 0;
    return () => {
      const at = number++;
      made[at] ??= payment(at, COINS);
      return sign(made[at]);
    };
  };
  await race(
    `a PSBT of ${COINS} P2WPKH coins to the transaction`,
    {
      "bitcoinjs-lib": stream((text) => {
        const psbt = Psbt.fromBase64(text);
        for (const [at, { privateKey, publicKey }] of keys.entries())
          psbt.signInput(at, { publicKey, sign: (hash) => ecc.sign(hash, privateKey) });
        return psbt.finalizeAllInputs().extractTransaction().toHex();
      }),
      "@scure/btc-signer": stream((text) => {
        const transaction = ScureTransaction.fromPSBT(Uint8Array.from(Buffer.from(text, "base64")));
        for (const [at, { privateKey }] of keys.entries()) transaction.signIdx(privateKey, at);
        transaction.finalize();
        return transaction.hex;
      }),
      "Keyward, memory": stream(async (text) => {
        const outcome = await me.sign({ chain: MAINNET, account: coins.id, kind: "psbt", payload: text });
        if (outcome.kind !== "signed") throw new Error(`bench: expected a signature, got ${JSON.stringify(outcome)}`);
        return Buffer.from(outcome.bytes).toString("hex");
      }),
    },
    options,
  );
  custody.lock();
}
