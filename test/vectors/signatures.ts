import { secp256k1 as curves } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { curvesVerifier } from "../../src/keys/curves-verifier.ts";
import * as ed25519 from "../../src/keys/ed25519.ts";
import { secp256k1 } from "../../src/keys/secp256k1.ts";
import * as x25519 from "../../src/keys/x25519.ts";
import { sharedFile, sharedText } from "../shared.ts";
import type { Rows, VectorSet } from "./set.ts";

/** Signatures and key agreement, as our keys make and check them. */
export const SIGNATURES: readonly VectorSet[] = [
  { file: "sig/noble-ecdsa-secp256k1.json", what: "deterministic ECDSA, byte for byte", minimum: 2019, run: deterministic },
  { file: "sig/rfc6979-secp256k1-k.json", what: "RFC 6979: the first nonce", minimum: 10, run: nonces },
  { file: "sig/bip340.csv", what: "BIP-340: signed and verified", minimum: 13, run: bip340 },
  { file: "bitcoin/bitcoinjs/bitcoinjs-ecdsa.json", what: "bitcoinjs: ECDSA and its nonces", minimum: 17, run: bitcoinjs },
  { file: "wycheproof/ecdsa_secp256k1_sha256.json", what: "ECDSA, DER", minimum: 96, run: (rows) => wycheproof(rows, "sha256", fromDer) },
  {
    file: "wycheproof/ecdsa_secp256k1_sha256_bitcoin.json",
    what: "ECDSA, strict DER and low s",
    minimum: 162,
    run: (rows) => wycheproof(rows, "sha256_bitcoin", fromDer),
  },
  {
    file: "wycheproof/ecdsa_secp256k1_sha256_p1363.json",
    what: "ECDSA, r || s",
    minimum: 95,
    run: (rows) => wycheproof(rows, "sha256_p1363", (signature) => signature),
  },
  { file: "wycheproof/ed25519.json", what: "Ed25519", minimum: 88, run: edwards },
  { file: "wycheproof/x25519.json", what: "X25519; a result of zeros is refused", minimum: 487, run: montgomery },
];

const N = curves.Point.CURVE().n;

async function signedBy(privateKey: Uint8Array, digest: Uint8Array): Promise<string> {
  return toHex((await secp256k1.sign({ privateKey, publicKey: secp256k1.publicKey(privateKey), digest })).bytes);
}

async function deterministic(rows: Rows): Promise<void> {
  interface Row {
    description: string;
    d: string;
    m: string;
    signature: string;
  }
  interface File {
    valid: Row[];
    invalid: { sign: Row[]; verify: { description: string; Q: string; m: string; signature: string }[] };
    extraEntropy: unknown[];
  }
  const { valid, invalid, extraEntropy } = sharedFile<File>("vectors/sig/noble-ecdsa-secp256k1.json");
  for (const { description, d, m, signature } of valid)
    await rows.valid(description, async () => (await signedBy(fromHex(d), fromHex(m))) === signature);
  // The bad key is what is refused: the public key that goes with it is a good one.
  const publicKey = secp256k1.publicKey(sha256(utf8("a key for tests")));
  for (const { description, d, m } of invalid.sign)
    await rows.invalid(description, () => secp256k1.sign({ privateKey: fromHex(d), publicKey, digest: fromHex(m) }));
  for (const { description, Q, m, signature } of invalid.verify) {
    const signed = { publicKey: fromHex(Q), digest: fromHex(m), signature: fromHex(signature) };
    await rows.invalid(description, () => curvesVerifier.verify(signed));
  }
  rows.lack("hedged-nonces", extraEntropy.length);
}

async function nonces(rows: Rows): Promise<void> {
  for (const { message, d, k0 } of sharedFile<{ message: string; d: string; k0: string }[]>("vectors/sig/rfc6979-secp256k1-k.json"))
    await rows.valid(message, () => hasNonce(message, d, k0));
}

/** Whether r is the x of k·G. */
async function hasNonce(message: string, d: string, k: string): Promise<boolean> {
  const bytes = await signedBy(fromHex(d), sha256(utf8(message)));
  return BigInt(`0x${bytes.slice(0, 64)}`) === curves.Point.BASE.multiply(BigInt(`0x${k}`)).toAffine().x % N;
}

async function bip340(rows: Rows): Promise<void> {
  const [, ...lines] = sharedText("vectors/sig/bip340.csv").trim().split(/\r?\n/);
  for (const line of lines) {
    const [index = "", secret = "", x = "", auxiliary = "", message = "", signature = "", result = ""] = line.split(",");
    const signed = { publicKey: fromHex(`02${x}`), digest: fromHex(message), signature: fromHex(signature) };
    if (result === "TRUE") await rows.valid(`verify ${index}`, () => curvesVerifier.verifySchnorr(signed));
    else await rows.invalid(`verify ${index}`, () => curvesVerifier.verifySchnorr(signed));
    if (secret === "") continue;
    if (message.length !== 64) {
      rows.lack("messages-of-32-bytes");
      continue;
    }
    await rows.valid(`sign ${index}`, async () => {
      const privateKey = fromHex(secret);
      const request = { privateKey, publicKey: secp256k1.publicKey(privateKey), digest: fromHex(message), auxiliary: fromHex(auxiliary) };
      return toHex(await secp256k1.signSchnorr(request)) === signature.toLowerCase();
    });
  }
}

async function bitcoinjs(rows: Rows): Promise<void> {
  interface File {
    valid: {
      ecdsa: { d: string; k: string; message: string; signature: { r: string; s: string } }[];
      rfc6979: { message: string; d: string; k0: string }[];
    };
    invalid: { verify: { description: string; d: string; message: string; signature: { r: string; s: string } }[] };
  }
  const whole = (hex: string) => hex.padStart(64, "0");
  const { valid, invalid } = sharedFile<File>("vectors/bitcoin/bitcoinjs/bitcoinjs-ecdsa.json");
  for (const { d, k, message, signature } of valid.ecdsa)
    await rows.valid(message, async () => {
      const made = await signedBy(fromHex(whole(d)), sha256(utf8(message)));
      return made === whole(signature.r) + whole(signature.s) && (await hasNonce(message, whole(d), k));
    });
  for (const { message, d, k0 } of valid.rfc6979) await rows.valid(message, () => hasNonce(message, whole(d), k0));
  for (const { description, d, message, signature } of invalid.verify) {
    const { r, s } = signature;
    if (r.startsWith("-") || s.startsWith("-")) {
      rows.lack("negative-numbers");
      continue;
    }
    const publicKey = secp256k1.publicKey(fromHex(whole(d)));
    const signed = { publicKey, digest: sha256(utf8(message)), signature: concat(fromHex(whole(r)), fromHex(whole(s))) };
    await rows.invalid(description, () => curvesVerifier.verify(signed));
  }
}

// We take r || s; DER rows are first read by the strict DER reader of @noble/curves, which refuses what is not DER.
function fromDer(signature: Uint8Array): Uint8Array | undefined {
  try {
    return curves.Signature.fromBytes(signature, "der").toBytes("compact");
  } catch {
    return undefined;
  }
}

async function wycheproof(rows: Rows, name: string, read: (signature: Uint8Array) => Uint8Array | undefined): Promise<void> {
  interface File {
    testGroups: {
      publicKey: { uncompressed: string };
      tests: { tcId: number; msg: string; sig: string; result: string; comment: string }[];
    }[];
  }
  for (const group of sharedFile<File>(`vectors/wycheproof/ecdsa_secp256k1_${name}.json`).testGroups) {
    const publicKey = fromHex(group.publicKey.uncompressed);
    for (const { tcId, msg, sig, result, comment } of group.tests) {
      const signature = read(fromHex(sig));
      const verify = () => signature !== undefined && curvesVerifier.verify({ publicKey, digest: sha256(fromHex(msg)), signature });
      if (result !== "valid") await rows.invalid(`${tcId} ${comment}`, verify);
      else if (signature !== undefined && curves.Signature.fromBytes(signature, "compact").hasHighS())
        await rows.declines("high-s", `${tcId} ${comment}`, verify);
      else await rows.valid(`${tcId} ${comment}`, verify);
    }
  }
}

async function edwards(rows: Rows): Promise<void> {
  interface File {
    testGroups: { publicKey: { pk: string }; tests: { tcId: number; msg: string; sig: string; result: string }[] }[];
  }
  for (const group of sharedFile<File>("vectors/wycheproof/ed25519.json").testGroups) {
    for (const { tcId, msg, sig, result } of group.tests) {
      const signed = { publicKey: fromHex(group.publicKey.pk), message: fromHex(msg), signature: fromHex(sig) };
      await rows[result === "valid" ? "valid" : "invalid"](String(tcId), () => ed25519.verify(signed));
    }
  }
}

async function montgomery(rows: Rows): Promise<void> {
  interface File {
    testGroups: { tests: { tcId: number; public: string; private: string; shared: string }[] }[];
  }
  for (const row of sharedFile<File>("vectors/wycheproof/x25519.json").testGroups.flatMap(({ tests }) => tests)) {
    const agree = () => toHex(x25519.sharedSecret({ privateKey: fromHex(row.private), publicKey: fromHex(row.public) }));
    // Pinned: of the rows that are "acceptable" only those whose result is all zero are refused.
    if (/^0+$/.test(row.shared)) await rows.invalid(String(row.tcId), agree);
    else await rows.valid(String(row.tcId), () => agree() === row.shared);
  }
}
