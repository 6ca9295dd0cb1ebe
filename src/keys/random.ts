import { equal, secretBuffer, secretCopy, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";

/** The most that one call of `getRandomValues` gives (W3C Web Cryptography, 10.1.1). */
const LIMIT_BYTES = 65_536;
/** Two draws of this size that are equal, or one that is all zero, are a broken source and not chance. */
const BLOCK_BYTES = 32;

/**
 * Random bytes from the platform's generator, `globalThis.crypto.getRandomValues`, and from nowhere else. Each call draws
 * twice and compares, so a source that stands still, answers with zeros or does not answer at all gives no key. Nothing is
 * kept between calls.
 *
 * @param length - 0–65,536 bytes. The result is the caller's, who wipes it.
 * @throws `keys/no-randomness` if the platform has no generator, or it fails or is stuck.
 */
export function randomBytes(length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 0 || length > LIMIT_BYTES) throw new Error(`unreachable: ${length} random bytes`);
  const first = draw(Math.max(length, BLOCK_BYTES));
  const second = draw(Math.max(length, BLOCK_BYTES));
  try {
    if (isZero(first) || isZero(second) || equal(first, second)) {
      throw new CustodyError("keys/no-randomness", "randomness: expected two different draws, the platform's source is stuck");
    }
    return secretCopy(first.subarray(0, length));
  } finally {
    wipe(first, second);
  }
}

function draw(length: number): Uint8Array {
  const out = secretBuffer(length);
  try {
    globalThis.crypto.getRandomValues(out);
  } catch (cause) {
    throw new CustodyError("keys/no-randomness", "randomness: expected crypto.getRandomValues to work on this platform", { cause });
  }
  return out;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
