import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import { Script } from "@scure/btc-signer/script.js";
import { hash160 } from "@scure/btc-signer/utils.js";
import { concat, equal } from "../../base/bytes.ts";
import { ALL, DEFAULT, type Digests } from "./digest.ts";
import type { Lock } from "./lock.ts";
import type { PsbtInput } from "./psbt.ts";
import { writeScript } from "./script.ts";

/** A key and its signature, as a PSBT and scripts carry them. */
export interface Proof {
  /** SEC 1: 33 bytes, in P2PKH also 65; for `tr` the output key, 32 bytes, which the script has already. */
  readonly publicKey: Uint8Array;
  /** DER || hash type; for `tr` 64 bytes of BIP-340, and the hash type behind them unless it is `DEFAULT`. */
  readonly signature: Uint8Array;
}

/** What satisfies a script: both parts as they stand in a transaction, empty where there is none. */
export type Final = NonNullable<PsbtInput["final"]>;

/** @param bytes - r || s, 64 bytes. @returns nothing for what is no signature of the scheme. */
export function encodeSignature({ type }: Lock, bytes: Uint8Array, hashType: number): Uint8Array | undefined {
  if (bytes.length !== 64) return undefined;
  if (type === "tr") return hashType === DEFAULT ? bytes.slice() : concat(bytes, Uint8Array.of(hashType));
  const der = answer(() => secp256k1.Signature.fromBytes(bytes, "compact").toBytes("der"));
  return der && concat(der, Uint8Array.of(hashType));
}

/**
 * Whether the network would take `proof` for input `index`: the key fits the lock, the hash type is one that exists, the
 * signature is strict DER with a low s (BIP-66, BIP-146) or BIP-340, and of this very transaction.
 *
 * @returns nothing where it is not known: P2PKH with another hash type than `ALL`.
 */
export function isValid(digests: Digests, index: number, lock: Lock, { publicKey, signature }: Proof): boolean | undefined {
  if (!fits(lock, publicKey)) return false;
  const bare = lock.type === "tr" && signature.length === 64;
  const hashType = bare ? DEFAULT : (signature.at(-1) ?? DEFAULT);
  // Each signature has one form: the default is never written out.
  if (!bare && hashType === DEFAULT) return false;
  if (lock.type === "pkh" && hashType !== ALL) return undefined;
  const digest = digests(index, lock, hashType);
  const bytes = bare ? signature : signature.subarray(0, -1);
  if (digest === undefined) return false;
  return answer(() => (lock.type === "tr" ? schnorr.verify(bytes, digest, publicKey) : verifyDer(bytes, digest, publicKey))) === true;
}

/** What an input with this lock has in the transaction once it is signed. */
export function unlock({ type, program }: Lock, { publicKey, signature }: Proof): Final {
  const nothing = new Uint8Array(0);
  switch (type) {
    case "pkh":
      return { scriptSig: Script.encode([signature, publicKey]), witness: [] };
    case "wpkh":
      return { scriptSig: nothing, witness: [signature, publicKey] };
    case "sh-wpkh":
      return { scriptSig: Script.encode([writeScript({ form: "wpkh", program })]), witness: [signature, publicKey] };
    case "tr":
      return { scriptSig: nothing, witness: [signature] };
  }
}

/** The reverse of {@link unlock}. @returns nothing for whatever it would not have made. */
export function proofIn(lock: Lock, final: Final): Proof | undefined {
  const parts = lock.type === "pkh" ? answer(() => Script.decode(final.scriptSig)) : final.witness;
  const [signature, publicKey = lock.program] = parts ?? [];
  if (!(signature instanceof Uint8Array) || !(publicKey instanceof Uint8Array)) return undefined;
  const proof = { publicKey, signature };
  return sameFinal(unlock(lock, proof), final) ? proof : undefined;
}

function fits({ type, program }: Lock, publicKey: Uint8Array): boolean {
  if (type === "tr") return equal(publicKey, program);
  // Witnesses carry compressed keys only (a rule of relay that nodes apply to segwit).
  return (publicKey.length === 33 || (type === "pkh" && publicKey.length === 65)) && equal(hash160(publicKey), program);
}

function verifyDer(der: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean {
  return secp256k1.verify(der, digest, publicKey, { prehash: false, lowS: true, format: "der" });
}

function sameFinal(a: Final, b: Final): boolean {
  return (
    equal(a.scriptSig, b.scriptSig) &&
    a.witness.length === b.witness.length &&
    a.witness.every((item, at) => equal(item, b.witness[at] ?? new Uint8Array(0)))
  );
}

// Bytes that are no point, number, signature or script make the libraries throw: that is a no.
function answer<T>(question: () => T): T | undefined {
  try {
    return question();
  } catch {
    return undefined;
  }
}
