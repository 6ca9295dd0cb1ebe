/** Bitcoin as the demo needs it: coins that nobody has ever mined, and PSBTs that spend them. */
import { bip32Path, p2wpkh, Transaction } from "@scure/btc-signer";
import type { Account } from "keyward";
import { CHAIN_IDS } from "keyward/chains/bitcoin";

export const BITCOIN = CHAIN_IDS.mainnet;

export interface Coin {
  readonly txid: string;
  /** The transaction that made it. With it the amount is known, without it there would only be somebody's word. */
  readonly nonWitnessUtxo: Uint8Array;
  readonly amount: bigint;
}

/** A coin that somebody sent to this address. @param from - a digit that makes it another one. */
export function coinAt(address: string, { amount, from }: { readonly amount: bigint; readonly from: string }): Coin {
  const theirs = new Transaction();
  theirs.addOutputAddress(address, amount);
  theirs.addInput({ txid: from.repeat(64), index: 0, finalScriptSig: Uint8Array.of(0x51) });
  return { txid: theirs.id, nonWitnessUtxo: theirs.toBytes(true), amount };
}

export interface Paid {
  readonly to: string;
  /** Satoshi, as all amounts here. */
  readonly pay: bigint;
  readonly fee: bigint;
  readonly change: string;
}

/** A PSBT that spends the coin: `pay` to somebody, and what is left after the fee to `change`. */
export function psbt(coin: Coin, { to, pay, fee, change }: Paid): Uint8Array {
  const tx = spending(coin);
  tx.addOutputAddress(to, pay);
  tx.addOutputAddress(change, coin.amount - pay - fee);
  return tx.toPSBT();
}

/** The same from a tampered app: the change is a thief's, and the PSBT says that its key is the account's. Anybody can write that. */
export function tamperedPsbt(coin: Coin, { to, pay, fee }: Paid, { descriptor = "", path }: Account): Uint8Array {
  const tx = spending(coin);
  tx.addOutputAddress(to, pay);
  const ours = { fingerprint: Number.parseInt(descriptor.slice(descriptor.indexOf("[") + 1), 16), path: bip32Path(`${path}/1/0`) };
  tx.addOutput({ ...p2wpkh(THIEF), amount: coin.amount - pay - fee, bip32Derivation: [[THIEF, ours]] });
  return tx.toPSBT();
}

const THIEF = Uint8Array.from(Buffer.from("02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5", "hex"));

function spending({ txid, nonWitnessUtxo }: Coin): Transaction {
  const tx = new Transaction();
  tx.addInput({ txid, index: 0, nonWitnessUtxo, sequence: 0xfffffffd }); // may be replaced (BIP-125)
  return tx;
}
