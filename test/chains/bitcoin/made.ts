import * as ecc from "@bitcoinerlab/secp256k1";
import { base64 } from "@scure/base";
import { HDKey } from "@scure/bip32";
import { Transaction as OtherTransaction } from "@scure/btc-signer";
import { crypto as bitcoinCrypto, initEccLib, Psbt, payments, type Signer, Transaction } from "bitcoinjs-lib";
import { bitcoin } from "../../../src/chains/bitcoin/bitcoin.ts";
import { decodePsbt } from "../../../src/chains/bitcoin/decode.ts";
import type { AccountKeys, Signature } from "../../../src/chains/chain.ts";
import type { Book } from "../../../src/intent/book.ts";
import type { Intent } from "../../../src/intent/intent.ts";
import { publicKeysBelow } from "../../../src/keys/derive.ts";
import { secp256k1 } from "../../../src/keys/secp256k1.ts";
import { hex } from "./raw.ts";

initEccLib(ecc);

export const MAINNET = "bip122:000000000019d6689c085ae165831e93";
export const TYPES = ["pkh", "sh-wpkh", "wpkh", "tr"] as const;
export type Type = (typeof TYPES)[number];

/** Where a wallet of each type has its first account: BIP-44, BIP-49, BIP-84, BIP-86. */
export const PURPOSES: { readonly [type in Type]: number } = { pkh: 44, "sh-wpkh": 49, wpkh: 84, tr: 86 };

/** A wallet with one account, as other software has it: HDKey of @scure/bip32, scripts of bitcoinjs-lib. */
export interface Owner {
  readonly type: Type;
  readonly fingerprint: Uint8Array;
  readonly origin: string;
  readonly account: HDKey;
  key(path: readonly [number, number]): { readonly privateKey: Uint8Array; readonly publicKey: Uint8Array };
}

export function owner(type: Type, seed: Uint8Array): Owner {
  const master = HDKey.fromMasterSeed(seed);
  const origin = `m/${PURPOSES[type]}'/0'/0'`;
  const account = master.derive(origin);
  const known = new Map<string, { privateKey: Uint8Array; publicKey: Uint8Array }>();
  return {
    type,
    fingerprint: Uint8Array.of(...[24, 16, 8, 0].map((shift) => (master.fingerprint >>> shift) & 0xff)),
    origin,
    account,
    key([branch, index]) {
      const name = `${branch}/${index}`;
      let key = known.get(name);
      if (key === undefined) {
        const { privateKey, publicKey } = account.deriveChild(branch).deriveChild(index);
        if (privateKey === null || publicKey === null) throw new Error("a key below a private account");
        key = { privateKey, publicKey };
        known.set(name, key);
      }
      return key;
    },
  };
}

type Account = AccountKeys & Required<Pick<AccountKeys, "publicKey" | "descriptor">>;

const accounts = new WeakMap<Owner, Account>();

/** What a chain may know of the owner's account, as the vault gives it: the same object each time, whose keys are derived once. */
export function accountOf(who: Owner): Account {
  const account = accounts.get(who) ?? makeAccount(who);
  accounts.set(who, account);
  return account;
}

function makeAccount(who: Owner): Account {
  const fingerprint = hex(who.fingerprint);
  const extended = who.account.publicExtendedKey;
  const descriptor = bitcoin.place(MAINNET, { index: 0, type: who.type }).descriptor?.({ fingerprint, extended });
  if (descriptor === undefined) throw new Error("a place without a descriptor");
  const publicKey = publicKeysBelow(extended);
  return { address: bitcoin.address(MAINNET, { descriptor, publicKey }, [0, 0]), descriptor, publicKey, ceilings: [10, 10] };
}

// Nothing in a PSBT is named by a policy's book.
const BOOK = {} as Book;

export function decode(psbt: Uint8Array | string, account: AccountKeys): Intent {
  const payload = typeof psbt === "string" ? psbt : base64.encode(Uint8Array.from(psbt));
  return decodePsbt({ chain: MAINNET, account: account.address, kind: "psbt", payload }, account, BOOK);
}

/** One signature for each signable of the intent, by our own keys, with no auxiliary randomness. */
export async function sign(intent: Intent, who: Owner): Promise<Signature[]> {
  const signatures: Signature[] = [];
  for (const { scheme, digest, path, tap } of intent.signables) {
    const { privateKey } = who.key(path as [number, number]);
    const request = { privateKey, publicKey: ecc.pointCompress(who.key(path as [number, number]).publicKey, false), digest };
    if (scheme === "ecdsa") signatures.push(await secp256k1.sign(request));
    else signatures.push({ bytes: await secp256k1.signSchnorr({ ...request, ...(tap && { tap }) }) });
  }
  return signatures;
}

/** What locks and unlocks coins at a path, by bitcoinjs-lib. */
export function payment(who: Owner, path: readonly [number, number]): { output: Uint8Array; redeem?: Uint8Array; internal?: Uint8Array } {
  const pubkey = who.key(path).publicKey;
  switch (who.type) {
    case "pkh":
      return { output: output(payments.p2pkh({ pubkey })) };
    case "wpkh":
      return { output: output(payments.p2wpkh({ pubkey })) };
    case "sh-wpkh": {
      const redeem = payments.p2wpkh({ pubkey });
      return { output: output(payments.p2sh({ redeem })), redeem: output(redeem) };
    }
    case "tr": {
      const internal = pubkey.slice(1);
      return { output: output(payments.p2tr({ internalPubkey: internal })), internal };
    }
  }
}

function output(made: { output?: Uint8Array | undefined }): Uint8Array {
  if (made.output === undefined) throw new Error("a payment without a script");
  return made.output;
}

export interface Coin {
  readonly who: Owner;
  readonly path: readonly [number, number];
  readonly value: bigint;
  readonly sequence?: number;
  readonly sighashType?: number;
  /** Beside the previous transaction, or instead of it. */
  readonly witnessUtxo?: "also" | "only";
}

export interface Paid {
  /** To a script, or to an own address that says so. */
  readonly script?: Uint8Array;
  readonly change?: { readonly who: Owner; readonly path: readonly [number, number] };
  readonly value: bigint;
}

export interface Plan {
  readonly coins: readonly Coin[];
  readonly paid: readonly Paid[];
  readonly version?: number;
  readonly lockTime?: number;
  /** Makes the outpoints of two plans differ. */
  readonly salt?: number;
}

/** The PSBT of a plan as bitcoinjs-lib makes it, with all that BIP-174 and BIP-371 let a wallet say about its own keys. */
export function makePsbt({ coins, paid, version = 2, lockTime = 0, salt = 0 }: Plan): Psbt {
  const psbt = new Psbt();
  psbt.setVersion(version);
  psbt.setLocktime(lockTime);
  for (const [at, coin] of coins.entries()) {
    const previous = previousTransaction(coin, salt + at);
    const locked = payment(coin.who, coin.path);
    const witnessUtxo = { script: locked.output, value: coin.value };
    psbt.addInput({
      hash: previous.getId(),
      index: at % 2,
      ...(coin.sequence !== undefined && { sequence: coin.sequence }),
      ...(coin.witnessUtxo !== "only" && { nonWitnessUtxo: previous.toBuffer() }),
      ...(coin.witnessUtxo !== undefined && { witnessUtxo }),
      ...(coin.sighashType !== undefined && { sighashType: coin.sighashType }),
      ...(locked.redeem && { redeemScript: locked.redeem }),
      ...hints(coin.who, coin.path),
    });
  }
  for (const { script, change, value } of paid) {
    if (change === undefined) psbt.addOutput({ script: script ?? new Uint8Array(), value });
    else {
      const locked = payment(change.who, change.path);
      psbt.addOutput({
        script: locked.output,
        value,
        ...(locked.redeem && { redeemScript: locked.redeem }),
        ...hints(change.who, change.path),
      });
    }
  }
  return psbt;
}

function hints(who: Owner, path: readonly [number, number]): object {
  const { publicKey } = who.key(path);
  const text = `${who.origin}/${path.join("/")}`;
  if (who.type !== "tr") return { bip32Derivation: [{ masterFingerprint: who.fingerprint, path: text, pubkey: publicKey }] };
  const pubkey = publicKey.slice(1);
  return { tapInternalKey: pubkey, tapBip32Derivation: [{ masterFingerprint: who.fingerprint, path: text, pubkey, leafHashes: [] }] };
}

// The coin lies at output `at % 2`, as `makePsbt` spends it.
function previousTransaction(coin: Coin, at: number): Transaction {
  const previous = new Transaction();
  previous.version = 2;
  previous.addInput(new Uint8Array(32).fill(1 + (at % 255)), at);
  const { output } = payment(coin.who, coin.path);
  previous.addOutput(output, coin.value);
  previous.addOutput(output, coin.value);
  return previous;
}

/** Signs every input of `who` as bitcoinjs-lib does, with no auxiliary randomness. */
export function signByPeer(psbt: Psbt, coins: readonly Coin[], who?: Owner): void {
  for (const [at, coin] of coins.entries())
    if (who === undefined || coin.who === who) psbt.signInput(at, signerOf(coin.who, coin.path), [0, 1]);
}

/** A key of ours for bitcoinjs-lib, which wants that of taproot tweaked. */
export function signerOf(who: Owner, path: readonly [number, number]): Signer {
  const { privateKey, publicKey } = who.key(path);
  if (who.type !== "tr") return { publicKey, sign: (hash) => ecc.sign(hash, privateKey) };
  const even = publicKey[0] === 2 ? privateKey : ecc.privateNegate(privateKey);
  const tweaked = ecc.privateAdd(even, bitcoinCrypto.taggedHash("TapTweak", publicKey.slice(1)));
  const point = tweaked && ecc.pointFromScalar(tweaked, true);
  if (tweaked === null || point === null) throw new Error("a tweak that leaves no key");
  return {
    publicKey: point,
    sign: (hash) => ecc.sign(hash, tweaked),
    signSchnorr: (hash) => ecc.signSchnorr(hash, tweaked, new Uint8Array(32)),
  };
}

/** The transaction that bitcoinjs-lib makes of a PSBT whose every input is signed. */
export function extractByPeer(psbt: Psbt): { bytes: Uint8Array; id: string } {
  psbt.finalizeAllInputs();
  const transaction = psbt.extractTransaction(true);
  return { bytes: Uint8Array.from(transaction.toBuffer()), id: transaction.getId() };
}

/** The same by @scure/btc-signer's own signing, which is not ours: we only use its digests. */
export function extractByLibrary(psbt: Uint8Array, coins: readonly Coin[]): Uint8Array {
  const transaction = OtherTransaction.fromPSBT(psbt);
  for (const [at, { who, path }] of coins.entries()) transaction.signIdx(who.key(path).privateKey, at, [0, 1], new Uint8Array(32));
  transaction.finalize();
  return transaction.extract();
}

/** Numbers that look random and are the same in every run (mulberry32). */
export function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** A valid payment of one account: 1–3 inputs, 1–3 outputs, change or not, any sequence and lock time. */
export function randomPlan(who: Owner, random: (below: number) => number, salt: number): Plan {
  const path = (branch: number): readonly [number, number] => [branch, random(10)];
  const coins = Array.from({ length: 1 + random(3) }, (): Coin => {
    // bitcoinjs-lib wants a taproot input's coin in any case; BIP-341 signs for its amount, so it is enough alone.
    const spent: readonly Coin["witnessUtxo"][] = (
      { pkh: [undefined], "sh-wpkh": [undefined, "also"], wpkh: [undefined, "also"], tr: ["only", "also"] } as const
    )[who.type];
    const witnessUtxo = spent[random(spent.length)];
    const sighashType = [undefined, 1][random(2)];
    return {
      who,
      path: path(random(2)),
      value: BigInt(200_000 + random(10_000_000)),
      ...(random(3) > 0 && { sequence: [0, 0xfffffffd, 0xfffffffe, 0xffffffff, random(0x80000000)][random(5)] ?? 0 }),
      ...(witnessUtxo !== undefined && { witnessUtxo }),
      ...(sighashType !== undefined && { sighashType }),
    };
  });
  const total = coins.reduce((sum, { value }) => sum + value, 0n);
  const count = 1 + random(3);
  const fee = BigInt(3_000 + random(3_000));
  const change = random(2) === 1;
  const paid = Array.from({ length: count }, (_, at): Paid => {
    const value = (total - fee) / BigInt(count);
    return change && at === count - 1 ? { change: { who, path: path(1) }, value } : { script: randomScript(random), value };
  });
  return { coins, paid, version: 1 + random(2), lockTime: random(2) === 1 ? random(900_000) : 0, salt };
}

export function randomScript(random: (below: number) => number): Uint8Array {
  const bytes = (length: number) => Uint8Array.from({ length }, () => random(256));
  const kinds = [
    () => output(payments.p2pkh({ hash: bytes(20) })),
    () => output(payments.p2sh({ hash: bytes(20) })),
    () => output(payments.p2wpkh({ hash: bytes(20) })),
    () => output(payments.p2wsh({ hash: bytes(32) })),
    () => output(payments.p2tr({ pubkey: HDKey.fromMasterSeed(bytes(32)).publicKey?.slice(1) ?? bytes(32) })),
  ];
  return (kinds[random(kinds.length)] ?? (() => bytes(0)))();
}
