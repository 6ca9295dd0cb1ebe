import { CustodyError, type ErrorCode } from "./errors.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** Asked of what may be anything: `instanceof` alone runs a proxy's traps. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && value instanceof Uint8Array;
}

/** Compares public bytes. Not for secrets: the time depends on where they differ. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * A buffer for a secret. V8 keeps arrays of up to 64 bytes inside its heap, and leaves what was in them behind when it moves them
 * or when somebody asks for their `buffer`; one over memory of its own is never moved, so wiping it wipes all there is.
 */
export function secretBuffer(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}

/** The parts after one another, in a {@link secretBuffer}. They stay the caller's, who wipes both. */
export function secretCopy(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = secretBuffer(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** Overwrites buffers that we own with zeros. */
export function wipe(...buffers: readonly (Uint8Array | undefined)[]): void {
  for (const buffer of buffers) buffer?.fill(0);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lowercase, without `0x`. Read place by place: a subclass can iterate otherwise, and without end. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at++) text += HEX[bytes[at] ?? 0];
  return text;
}

/**
 * Reads hexadecimal: whole bytes, with or without `0x`.
 *
 * @throws `code` if a character is not hexadecimal or the length is odd.
 */
export function fromHex(text: string, code: ErrorCode = "request/malformed"): Uint8Array {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) {
    throw new CustodyError(code, `hex: expected whole bytes as hexadecimal digits, got ${digits.length} characters`);
  }
  const out = new Uint8Array(digits.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return out;
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** @throws `code` if the bytes are not well-formed UTF-8. */
export function fromUtf8(bytes: Uint8Array, code: ErrorCode = "json/malformed"): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new CustodyError(code, "text: expected well-formed UTF-8", { cause });
  }
}

/** Unsigned 32 bits, big-endian. */
export function u32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
}

/** Unsigned 64 bits, big-endian. */
export function u64(value: number | bigint): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
}
