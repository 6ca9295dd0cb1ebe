import { sha256 } from "@noble/hashes/sha2.js";
import { concat, utf8 } from "../base/bytes.ts";
import { canonicalBytes, type Json } from "../base/canonical.ts";
import type { Time } from "../base/time.ts";
import { countOf, hexOf, nameOf, objectOf } from "./shape.ts";

/** What a person's credential signs to begin a session. */
export interface SessionStatement {
  readonly vault: string;
  readonly person: string;
  /** Hash of what the session may ask for, 32 bytes in lowercase hex. */
  readonly scope: string;
  /** Half-open: at this moment the session has ended. */
  readonly expiresMs: Time;
  /** 16 bytes, lowercase hex. */
  readonly nonce: string;
}

/** A session statement as it arrives, still to be proven. */
export interface SignedSession {
  readonly statement: SessionStatement;
  /** 33 bytes, compressed, lowercase hex. */
  readonly publicKey: string;
  /** r || s, 64 bytes, lowercase hex. */
  readonly signature: string;
}

// Another tag than that of approvals, so that neither passes as the other; see `approvalBytes` for chains.
const TAG = utf8("keyward/session/v1\n");

/** What is hashed and signed: the tag, then the canonical JSON of the statement. */
export function sessionBytes(statement: SessionStatement): Uint8Array {
  return concat(TAG, canonicalBytes(statement as unknown as Json));
}

/** SHA-256 of {@link sessionBytes}: the 32 bytes that a credential signs. */
export function sessionDigest(statement: SessionStatement): Uint8Array {
  return sha256(sessionBytes(statement));
}

/**
 * Reads `{statement, publicKey, signature}` from a parsed JSON value. Nothing is proven by that.
 *
 * @throws `approval/malformed` for anything missing, additional or not in its one form.
 */
export function readSession(json: Json): SignedSession {
  const { statement, publicKey, signature } = objectOf(json, ["statement", "publicKey", "signature"]);
  const members = objectOf(statement, ["vault", "person", "scope", "expiresMs", "nonce"]);
  return {
    statement: {
      vault: nameOf(members.vault, "vault"),
      person: nameOf(members.person, "person"),
      scope: hexOf(members.scope, 32, "scope"),
      expiresMs: countOf(members.expiresMs, "expiresMs"),
      nonce: hexOf(members.nonce, 16, "nonce"),
    },
    publicKey: hexOf(publicKey, 33, "publicKey"),
    signature: hexOf(signature, 64, "signature"),
  };
}
