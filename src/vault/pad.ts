import { CustodyError } from "../base/errors.ts";

/** Below this many bytes every plaintext looks alike. */
const SMALLEST = 256;

/**
 * Hides the length of a plaintext before it is sealed: one byte 0x80, then zeros up to the next Padmé length, at least
 * 256 bytes. What leaks is a size class; the overhead is at most 12 %, and less the larger the plaintext.
 *
 * @returns a new buffer. It holds a copy of the plaintext, so the caller wipes both.
 * @see PURBs (Nikitin et al., PETS 2019), "Padmé"; ISO/IEC 7816-4 for the marker
 */
export function pad(plaintext: Uint8Array): Uint8Array {
  const out = new Uint8Array(paddedLength(plaintext.length));
  out.set(plaintext);
  out[plaintext.length] = 0x80;
  return out;
}

/**
 * Takes the padding off again.
 *
 * @returns a view of `padded`, not a copy: wiping `padded` wipes it.
 * @throws `vault/damaged` unless it is exactly what {@link pad} writes.
 */
export function unpad(padded: Uint8Array): Uint8Array {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  if (end < 0 || padded[end] !== 0x80 || paddedLength(end) !== padded.length) {
    throw new CustodyError("vault/damaged", "padding: expected 0x80 and zeros up to a Padmé length");
  }
  return padded.subarray(0, end);
}

/** Padmé: of a length with exponent e only the upper log2(e) + 1 bits of the mantissa may differ from zero. */
export function paddedLength(length: number): number {
  const needed = Math.max(length + 1, SMALLEST);
  const exponent = 31 - Math.clz32(needed);
  const kept = 32 - Math.clz32(exponent);
  const step = 2 ** (exponent - kept);
  return Math.ceil(needed / step) * step;
}
