import { secretBuffer, secretCopy, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";

/** The most that one call of `getRandomValues` gives (W3C Web Cryptography, 10.1.1). */
const LIMIT_BYTES = 65_536;
const BLOCK_BYTES = 32;
/** So many bytes in a row that are the same in two draws, or zero in one, are a broken source and not chance: 2⁻⁶⁴ at each place. */
const RUN_BYTES = 8;

/**
 * Random bytes from the platform's generator, `globalThis.crypto.getRandomValues`, and from nowhere else. Each call draws
 * twice and compares, so a source that stands still, answers with zeros, fills only a part or does not answer at all gives no
 * key. Nothing is kept between calls.
 *
 * @param length - 0–65,536 bytes. The result is the caller's, who wipes it.
 * @throws `keys/no-randomness` if the platform has no generator, or it fails or is stuck.
 */
export function randomBytes(length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 0 || length > LIMIT_BYTES) throw new Error(`unreachable: ${length} random bytes`);
  const first = draw(Math.max(length, BLOCK_BYTES));
  const second = draw(Math.max(length, BLOCK_BYTES));
  const blank = new Uint8Array(first.length);
  try {
    if (agree(first, second) || agree(first, blank) || agree(second, blank)) {
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

/** Whether they have a run of the same bytes at the same place. */
function agree(a: Uint8Array, b: Uint8Array): boolean {
  let run = 0;
  return a.some((byte, at) => {
    run = byte === b[at] ? run + 1 : 0;
    return run === RUN_BYTES;
  });
}
