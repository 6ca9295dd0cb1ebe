import { keccak_256 } from "@noble/hashes/sha3.js";
import { concat, fromHex, fromUtf8, utf8 } from "../../base/bytes.ts";
import type { Json } from "../../base/canonical.ts";
import { CustodyError } from "../../base/errors.ts";
import { expectObject, expectString } from "../../base/shape.ts";
import type { Effect } from "../../intent/effect.ts";
import type { Digest, Reason } from "../../intent/intent.ts";
import type { Decoded } from "./decoded.ts";
import type { Setting } from "./effects.ts";
import { readableFault } from "./readable.ts";
import { claimsSignIn, signInEffects } from "./siwe.ts";
import { MAX_BYTES } from "./work.ts";

/**
 * Reads a message to be signed as EIP-191 version 0x45 (`personal_sign`): `{"text": "…"}` or `{"hex": "0x…"}`. Which of the
 * two says nothing: the same bytes are the same intent. Text is never taken for hexadecimal.
 *
 * A text that a person can read is a `statement`, of no chain: its signature is valid on every one. What is not readable
 * (`readable.ts`), and what could be the digest of something else, is `unknown` U2: contracts accept such signatures for a
 * Safe transaction, a user operation or a withdrawal.
 *
 * @throws `chain/too-large` above 128 KiB; `chain/malformed` for text that is not well-formed and hex that is not whole bytes.
 */
export function decodeMessage(payload: Json, setting: Setting): Decoded {
  const bytes = messageBytes(payload);
  return { bytes, digest: messageDigest(bytes), ...meaning(bytes, setting) };
}

/** Keccak-256 of `0x19 || "Ethereum Signed Message:\n" || length in decimal || bytes`. */
export function messageDigest(bytes: Uint8Array): Digest {
  return keccak_256(concat(utf8(`\x19Ethereum Signed Message:\n${bytes.length}`), bytes)) as Digest;
}

function messageBytes(payload: Json): Uint8Array {
  const members = expectObject(payload, { optional: ["text", "hex"] }, "message");
  if ((members.text === undefined) === (members.hex === undefined))
    throw new CustodyError("request/malformed", "message: expected one member, text or hex");
  const isText = members.text !== undefined;
  const source = expectString(isText ? members.text : members.hex, "message", "request/malformed", Number.POSITIVE_INFINITY);
  if (source.length > (isText ? MAX_BYTES : 2 + 2 * MAX_BYTES)) throw tooLarge(`${source.length} characters`);
  if (!isText) return hexBytes(source);
  if (!source.isWellFormed()) throw new CustodyError("chain/malformed", "message: expected well-formed text, got half a surrogate pair");
  const bytes = utf8(source);
  if (bytes.length > MAX_BYTES) throw tooLarge(`${bytes.length}`);
  return bytes;
}

function hexBytes(source: string): Uint8Array {
  // Capitals are fine: what counts is the bytes.
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(source))
    throw new CustodyError("chain/malformed", "message: expected 0x and whole bytes in hexadecimal");
  return fromHex(source, "chain/malformed");
}

function tooLarge(got: string): CustodyError {
  return new CustodyError("chain/too-large", `message: expected at most ${MAX_BYTES} bytes, got ${got}`);
}

function meaning(bytes: Uint8Array, setting: Setting): Pick<Decoded, "effects" | "refusals"> {
  const text = textOf(bytes);
  if (text === undefined) return unknown(setting, `${bytes.length} bytes that are no text`);
  if (OWN_TAG.test(text)) return unknown(setting, "a text that only this custody's own approvals and sessions have", APPROVAL_TEXT);
  if (claimsSignIn(text)) return signInEffects(text, setting);
  const fault = digestFault(bytes, text) ?? readableFault(text);
  if (fault !== undefined) return unknown(setting, fault);
  return { effects: [{ kind: "statement", at: [], account: setting.account, why: `says ${excerpt(text)}` }], refusals: [] };
}

// All that this package signs for itself begins so: `keyward/approval/v1`, `keyward/session/v1`, and those to come.
const OWN_TAG = /^\s*keyward\//iu;

const APPROVAL_TEXT: Reason = {
  code: "evm/approval-text",
  params: {},
  text: "texts of approvals and sessions are never signed as ordinary messages",
};

/** Why a message could stand for something that nobody sees. */
function digestFault(bytes: Uint8Array, text: string): string | undefined {
  // Also where they can be read: 32 printable bytes are found among 2^46 digests, and whoever asks may choose the nonce.
  if (bytes.length === 32) return "32 bytes: they can be the digest of a transaction, a permit or a user operation";
  if (/^\s*(?:0x)?[0-9a-f]{64}\s*$/i.test(text)) return "a digest in hexadecimal: what it stands for is not in the request";
  return undefined;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return fromUtf8(bytes);
  } catch {
    // Not UTF-8: decided by the caller.
    return undefined;
  }
}

function unknown({ account }: Setting, why: string, ...refusals: readonly Reason[]): Pick<Decoded, "effects" | "refusals"> {
  const effect: Effect = { kind: "unknown", at: [], account, class: "U2", why };
  return { effects: [effect], refusals };
}

/** The beginning, quoted and without line breaks: nothing that a message says can pass for a line of ours. */
function excerpt(text: string): string {
  const characters = Array.from(text.slice(0, 400));
  return characters.length > 160 ? `${JSON.stringify(characters.slice(0, 160).join(""))} …` : JSON.stringify(text);
}
