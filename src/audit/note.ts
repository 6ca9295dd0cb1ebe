import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { base64 } from "@scure/base";
import { concat, fromHex, isBytes, toHex, utf8 } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";

/** Whoever may have signed a note: a name and an Ed25519 key. Written `name+hash+key`, see {@link parseVerifier}. */
export interface Verifier {
  readonly name: string;
  /** First four bytes of SHA-256(name || "\n" || 0x01 || public key), 8 hex digits: tells one name's keys apart. */
  readonly keyHash: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Signs notes. The secret stays with whoever made this. */
export interface Signer {
  readonly name: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** @returns the 64 bytes of an Ed25519 signature (RFC 8032) over exactly these bytes. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** One signature line of a note. */
export interface NoteSignature {
  readonly name: string;
  readonly keyHash: string;
}

export interface Note {
  /** What was signed: lines, each ended by a newline. */
  readonly text: string;
  readonly verified: readonly NoteSignature[];
  /** By keys that nobody gave us: they say nothing. */
  readonly unverified: readonly NoteSignature[];
}

/** A note and its signatures are one small file; longer ones are refused before anything is computed. */
export const NOTE_MAX_CHARACTERS = 1_000_000;
const MAX_SIGNATURES = 100;
const ED25519 = 0x01;
const DASH = "\u2014 ";

/**
 * Opens a signed note: text, an empty line, then lines of `— name base64(keyHash(4) || signature)`.
 *
 * A signature by a key out of `verifiers` must be right, or the whole note is refused; at least one must be there. Base64 is
 * read strictly, so that no other text of the same signatures exists. Of repeated signatures by one key the first counts.
 *
 * @throws `log/malformed` if it is no note, `log/bad-signature` if a known key's signature is wrong, if two verifiers share
 * a name and hash that the note uses, or if no signature is by a known key.
 * @see C2SP signed-note; golang.org/x/mod/sumdb/note, Open
 */
export function openNote(note: string, verifiers: readonly Verifier[]): Note {
  if (typeof note !== "string") throw malformed("expected a text");
  if (note.length > NOTE_MAX_CHARACTERS) throw malformed(`expected at most ${NOTE_MAX_CHARACTERS} characters`);
  if (!note.isWellFormed() || CONTROL.test(note)) throw malformed("expected well-formed text without control characters");
  const split = note.lastIndexOf("\n\n");
  if (split < 0 || split + 2 === note.length || !note.endsWith("\n"))
    throw malformed("expected an empty line and signatures after the text");
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw malformed(`expected at most ${MAX_SIGNATURES} signatures, got ${lines.length}`);

  const verified = new Map<string, NoteSignature>();
  const unverified = new Map<string, NoteSignature>();
  for (const line of lines) {
    const { name, keyHash, signature } = readSignature(line);
    const id = `${name}+${keyHash}`;
    const known = verifiers.filter((verifier) => verifier.name === name && verifier.keyHash === keyHash);
    if (known.length > 1) throw new CustodyError("log/bad-signature", `note: ambiguous key ${id}`);
    const [verifier] = known;
    if (!verifier) unverified.set(line, { name, keyHash });
    else if (!verified.has(id)) {
      if (!verify(verifier, utf8(text), signature)) throw new CustodyError("log/bad-signature", `note: invalid signature for key ${id}`);
      verified.set(id, { name, keyHash });
    }
  }
  if (verified.size === 0) throw new CustodyError("log/bad-signature", "note: expected a signature by a known key");
  return { text, verified: [...verified.values()], unverified: [...unverified.values()] };
}

/**
 * Signs a text, and checks the signature before it leaves.
 *
 * @param text - ends with a newline; well-formed, no control characters.
 * @throws `log/malformed` for another text or a bad name, `log/bad-signature` if the signer's signature does not verify.
 */
export async function signNote(text: string, signer: Signer): Promise<string> {
  if (!text.endsWith("\n") || !text.isWellFormed() || CONTROL.test(text))
    throw malformed("expected well-formed lines without control characters");
  const verifier = parseVerifier(vkeyOf(signer.name, signer.publicKey));
  const signature = await signer.sign(utf8(text));
  if (!verify(verifier, utf8(text), signature))
    throw new CustodyError("log/bad-signature", "note: the signer's own signature does not verify");
  const note = noteOf(text, verifier, signature);
  if (note.length > NOTE_MAX_CHARACTERS) throw malformed(`expected at most ${NOTE_MAX_CHARACTERS} characters`);
  return note;
}

/** A signed note out of its text, which ends with a newline, and a signature over it. */
export function noteOf(text: string, { name, keyHash }: Verifier, signature: Uint8Array): string {
  return `${text}\n${DASH}${name} ${base64.encode(concat(fromHex(keyHash), signature))}\n`;
}

/** `name+hash+base64(0x01 || public key)`: what somebody keeps to check a log later. @throws `log/malformed` */
export function vkeyOf(name: string, publicKey: Uint8Array): string {
  if (typeof name !== "string" || !isName(name)) throw malformed("expected a key name without spaces and pluses");
  if (!isBytes(publicKey)) throw malformed("expected a public key as bytes");
  if (publicKey.length !== 32) throw malformed(`expected a public key of 32 bytes, got ${publicKey.length}`);
  const key = concat(Uint8Array.of(ED25519), publicKey);
  return `${name}+${keyHashOf(name, key)}+${base64.encode(key)}`;
}

/** Reads what {@link vkeyOf} writes, and nothing else. @throws `log/malformed` */
export function parseVerifier(vkey: string): Verifier {
  if (typeof vkey !== "string") throw malformed("expected a key as text");
  const [name = "", keyHash = "", encoded = ""] = splitAt2(vkey);
  const key = decode(encoded);
  if (!isName(name) || !key || !/^[0-9a-f]{8}$/.test(keyHash)) throw malformed("expected a key as name+hash+base64");
  if (key[0] !== ED25519 || key.length !== 33) throw malformed("expected an Ed25519 key of 32 bytes");
  if (keyHashOf(name, key) !== keyHash) throw malformed("the key's hash does not belong to its name and bytes");
  return { name, keyHash, publicKey: key.slice(1) };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a note must not hold.
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

function isName(name: string): boolean {
  return name !== "" && name.isWellFormed() && !/[\p{White_Space}+]/u.test(name);
}

function readSignature(line: string): NoteSignature & { readonly signature: Uint8Array } {
  const [name = "", encoded = ""] = line.startsWith(DASH) ? splitAt1(line.slice(DASH.length)) : [];
  const bytes = decode(encoded);
  if (!isName(name) || !bytes || bytes.length < 5) throw malformed("expected signature lines as — name base64");
  return { name, keyHash: toHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
}

/** Text before and after the first space. */
function splitAt1(text: string): string[] {
  const at = text.indexOf(" ");
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** Text around the first two pluses; base64 may hold more. */
function splitAt2(text: string): string[] {
  const first = text.indexOf("+");
  const second = text.indexOf("+", first + 1);
  return first < 0 || second < 0 ? [] : [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
}

/** Standard base64 in its one form (the decoder refuses missing padding, spaces and spare bits), or nothing. */
function decode(text: string): Uint8Array | undefined {
  try {
    return base64.decode(text);
  } catch {
    // Whatever the decoder disliked, it is not base64.
    return undefined;
  }
}

function keyHashOf(name: string, key: Uint8Array): string {
  return toHex(sha256(concat(utf8(`${name}\n`), key)).subarray(0, 4));
}

/** RFC 8032, not ZIP 215: one text has one meaning in every implementation. */
function verify(verifier: Verifier, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  try {
    return ed25519.verify(signature, message, verifier.publicKey, { zip215: false });
  } catch {
    // A point or number that is not on the curve or out of range is no signature.
    return false;
  }
}

function malformed(problem: string): CustodyError {
  return new CustodyError("log/malformed", `note: ${problem}`);
}
