import { concat, fromHex, utf8, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { readJson } from "../base/json.ts";
import { expectObject } from "../base/shape.ts";
import { type KeySigner, keyCredential } from "../custody/credentials.ts";
import { randomBytes } from "../keys/random.ts";
import { readSecret, writeSecret } from "./files.ts";

// {"kind":"secp256k1","publicKey":"02…","privateKey":"…"}: a person's key, for sessions and approvals, never for money.

/** Makes a key and writes it to a new file with mode 0600. @returns the public key as a policy names it */
export async function writeKeyFile(path: string): Promise<string> {
  const privateKey = drawKey();
  try {
    const { publicKey } = keyCredential(privateKey);
    const digits = hexDigits(privateKey);
    const bytes = concat(utf8(`{"kind":"secp256k1","publicKey":"${publicKey}","privateKey":"`), digits, utf8('"}\n'));
    try {
      await writeSecret(path, bytes);
    } finally {
      wipe(digits, bytes);
    }
    return publicKey;
  } finally {
    wipe(privateKey);
  }
}

/**
 * Lends the credential of a key file to `use`, and wipes it afterwards.
 *
 * @throws `cli/usage` if others may open the file; `keys/bad-key` if it is no key file, or its two keys do not belong together.
 */
export async function withKeyFile<T>(path: string, use: (credential: KeySigner) => Promise<T>): Promise<T> {
  const privateKey = takeKey(await readSecret(path));
  try {
    const credential = keyCredential(privateKey.bytes);
    if (credential.publicKey !== privateKey.publicKey) throw badFile();
    return await use(credential);
  } finally {
    wipe(privateKey.bytes);
  }
}

/** Takes the private key out of the bytes before anything becomes a string, which could not be wiped. */
function takeKey(file: Uint8Array): { bytes: Uint8Array; publicKey: string } {
  const name = utf8('"privateKey":"');
  try {
    const at = file.findIndex((_, start) => name.every((byte, index) => file[start + index] === byte));
    const digits = file.subarray(at + name.length, at + name.length + 64);
    const bytes = at < 0 ? undefined : readDigits(digits);
    if (bytes === undefined) throw badFile();
    digits.fill(0x30);
    const { kind, publicKey } = expectObject(readJson(file).value, { required: ["kind", "publicKey", "privateKey"] }, "key file");
    if (kind === "secp256k1" && typeof publicKey === "string" && fromHex(publicKey).length === 33) return { bytes, publicKey };
    wipe(bytes);
    throw badFile();
  } catch (cause) {
    throw cause instanceof CustodyError && cause.code === "keys/bad-key" ? cause : badFile();
  } finally {
    wipe(file);
  }
}

function drawKey(): Uint8Array {
  for (;;) {
    const key = randomBytes(32);
    try {
      keyCredential(key);
      return key;
    } catch (cause) {
      // Below the group's order with probability 1 − 2⁻¹²⁸.
      if (!(cause instanceof CustodyError) || cause.code !== "keys/bad-key") throw cause;
    }
  }
}

const DIGITS = utf8("0123456789abcdef");

/** Lowercase digits as bytes that can be wiped. */
function hexDigits(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 * bytes.length);
  for (const [at, byte] of bytes.entries()) out.set([DIGITS[byte >> 4] ?? 0, DIGITS[byte & 15] ?? 0], 2 * at);
  return out;
}

/** The reverse, or nothing where a byte is no digit. @returns bytes that the caller wipes */
export function readDigits(digits: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(digits.length / 2);
  for (const at of out.keys()) {
    const high = digitOf(digits[2 * at]);
    const low = digitOf(digits[2 * at + 1]);
    if (high < 0 || low < 0) {
      wipe(out);
      return undefined;
    }
    out[at] = 16 * high + low;
  }
  return out;
}

/** Capital letters count as small ones. */
function digitOf(byte = 0): number {
  return DIGITS.indexOf(byte >= 0x41 && byte <= 0x46 ? byte + 0x20 : byte);
}

function badFile(): CustodyError {
  return new CustodyError("keys/bad-key", 'key file: expected {"kind":"secp256k1","publicKey":"…","privateKey":"…"} as keygen writes it');
}
