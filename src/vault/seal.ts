import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305, hchacha } from "@noble/ciphers/chacha.js";
import { concat, equal, secretBuffer, secretCopy, u32, utf8, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { pad, unpad } from "./pad.ts";

/** Version of the byte format in FORMAT.md. */
export const FORMAT = 1;

export type SuiteName = "xchacha20poly1305" | "aes-256-gcm";

interface Suite {
  readonly id: number;
  readonly nonceBytes: number;
  cipher(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array): Cipher;
}

interface Cipher {
  encrypt(data: Uint8Array): Uint8Array;
  decrypt(data: Uint8Array): Uint8Array;
}

/**
 * The ciphers a vault can be written with; another one is another row. Nonces are random: 24 bytes never meet again,
 * 12 bytes are good for 2³² records of one vault (NIST SP 800-38D §8.3), which is why the first row is the default.
 */
const SUITES: Readonly<Record<SuiteName, Suite>> = {
  xchacha20poly1305: { id: 1, nonceBytes: 24, cipher: xchacha20poly1305 },
  "aes-256-gcm": { id: 2, nonceBytes: 12, cipher: (key, nonce, ad) => gcm(key, nonce, ad) },
};

export const suiteNames = Object.keys(SUITES) as readonly SuiteName[];

/** Gives `length` random bytes. Everywhere but in the test vector of the format it is `randomBytes` of `keys/random.ts`. */
export type Random = (length: number) => Uint8Array;

/** What a vault's records have in common. */
export interface Envelope {
  readonly suite: SuiteName;
  /** 16 bytes. */
  readonly vaultId: Uint8Array;
  /** Counts the rotations of the roots, from 1. */
  readonly keyEpoch: number;
}

/**
 * Encrypts one record. Suite, key epoch, vault and `name` are authenticated with it, so that a record read under another
 * name, from another vault or from before a rotation does not open.
 *
 * @param key - 32 bytes, for this purpose only. Neither copied nor kept.
 * @param name - what the record is, from a set in which no two mean the same.
 * @param plaintext - padded here; the padded copy is wiped, `plaintext` itself stays the caller's.
 */
export function seal(envelope: Envelope, key: Uint8Array, name: string, plaintext: Uint8Array, random: Random): Uint8Array {
  const suite = SUITES[envelope.suite];
  const nonce = random(suite.nonceBytes);
  const padded = pad(plaintext);
  try {
    // format(1) || suite(1) || keyEpoch(4) || nonce(24 or 12) || ciphertext(n) || tag(16)
    return concat(prefix(envelope), nonce, suite.cipher(key, nonce, associated(envelope, name)).encrypt(padded));
  } finally {
    wipe(padded);
  }
}

/**
 * Opens what {@link seal} wrote.
 *
 * @returns the plaintext in a buffer of its own, padding included behind the view's end; the caller wipes `.buffer`
 * through {@link wipeOpened} when it is secret.
 * @throws `vault/damaged` if anything differs: bytes, key, name, vault, epoch or suite.
 */
export function open(envelope: Envelope, key: Uint8Array, name: string, sealed: Uint8Array): Uint8Array {
  const suite = SUITES[envelope.suite];
  const head = prefix(envelope);
  const body = head.length + suite.nonceBytes;
  if (sealed.length <= body || !equal(sealed.subarray(0, head.length), head)) {
    throw new CustodyError(
      "vault/damaged",
      `record: expected format ${FORMAT}, suite ${envelope.suite} and key epoch ${envelope.keyEpoch}`,
    );
  }
  return unpad(
    decrypt(suite, { key, nonce: sealed.subarray(head.length, body), ad: associated(envelope, name), data: sealed.subarray(body) }),
  );
}

/** The key epoch that sealed bytes name; 0 for bytes that are too short. Nothing is believed by that. */
export function keyEpochOf(sealed: Uint8Array): number {
  return sealed.length < 6 ? 0 : new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength).getUint32(2);
}

/** Overwrites a plaintext that {@link open} returned, its padding included. */
export function wipeOpened(plaintext: Uint8Array | undefined): void {
  if (!plaintext) return;
  // First as it lies there: of a small array, asking for its buffer would make a copy and leave the first one behind.
  plaintext.fill(0);
  new Uint8Array(plaintext.buffer).fill(0);
}

/**
 * XChaCha20-Poly1305 from the library's own parts. Its ready-made one leaves copies of the key in V8's heap, which outlive a lock;
 * here the key goes into HChaCha20 where it lies, and what may stay behind is the key of the one record.
 *
 * @see draft-irtf-cfrg-xchacha-03 §2.3
 */
function xchacha20poly1305(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array): Cipher {
  const withRecordKey = (work: (cipher: Cipher) => Uint8Array): Uint8Array => {
    const own = secretCopy(key);
    const recordKey = secretBuffer(32);
    try {
      hchacha(words(secretCopy(SIGMA)), words(own), words(secretCopy(nonce.subarray(0, 16))), words(recordKey));
      // 0(4) || last of the nonce(8)
      return work(chacha20poly1305(recordKey, concat(new Uint8Array(4), nonce.subarray(16)), ad));
    } finally {
      wipe(own, recordKey);
    }
  };
  return {
    encrypt: (data) => withRecordKey((cipher) => cipher.encrypt(data)),
    decrypt: (data) => withRecordKey((cipher) => cipher.decrypt(data)),
  };
}

const SIGMA = utf8("expand 32-byte k");

/** The same memory as words. */
function words(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

function decrypt(suite: Suite, sealed: { key: Uint8Array; nonce: Uint8Array; ad: Uint8Array; data: Uint8Array }): Uint8Array {
  try {
    return suite.cipher(sealed.key, sealed.nonce, sealed.ad).decrypt(sealed.data);
  } catch (cause) {
    throw new CustodyError("vault/damaged", "record: does not open under its key and name", { cause });
  }
}

function prefix(envelope: Envelope): Uint8Array {
  return concat(Uint8Array.of(FORMAT, SUITES[envelope.suite].id), u32(envelope.keyEpoch));
}

/** "keyward/seal" || format(1) || suite(1) || keyEpoch(4) || vaultId(16) || name(n): every part but the last has its one length. */
function associated(envelope: Envelope, name: string): Uint8Array {
  return concat(utf8("keyward/seal"), prefix(envelope), envelope.vaultId, utf8(name));
}
