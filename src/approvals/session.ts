import { sha256 } from "@noble/hashes/sha2.js";
import { concat, utf8 } from "../base/bytes.ts";
import { canonicalBytes, type Json } from "../base/canonical.ts";
import type { Time } from "../base/time.ts";
import { type Proof, proofMembers, proofOf } from "./proof.ts";
import { hexOf, nameOf, objectOf, timeOf } from "./shape.ts";

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
export type SignedSession = { readonly statement: SessionStatement } & Proof;

// Another tag than that of approvals, so that neither passes as the other; see `approvalBytes` for chains.
const TAG = utf8("keyward/session/v1\n");

/** What is hashed and signed: the tag, then the canonical JSON of the statement. */
export function sessionBytes(statement: SessionStatement): Uint8Array {
  return concat(TAG, canonicalBytes(statement as unknown as Json));
}

/** SHA-256 of {@link sessionBytes}: the 32 bytes that a key signs. A wallet signs {@link import("./typed-data.ts").sessionTypedData}. */
export function sessionDigest(statement: SessionStatement): Uint8Array {
  return sha256(sessionBytes(statement));
}

/**
 * Reads `{statement, publicKey, signature}`, or with `address` in place of the key, from a parsed JSON value. Nothing is proven by that.
 *
 * @throws `approval/malformed` for anything missing, additional or not in its one form.
 */
export function readSession(json: Json): SignedSession {
  const { statement, ...proof } = objectOf(json, ["statement", ...proofMembers(json)]);
  const members = objectOf(statement, ["vault", "person", "scope", "expiresMs", "nonce"]);
  return {
    statement: {
      vault: nameOf(members.vault, "vault"),
      person: nameOf(members.person, "person"),
      scope: hexOf(members.scope, 32, "scope"),
      expiresMs: timeOf(members.expiresMs, "expiresMs"),
      nonce: hexOf(members.nonce, 16, "nonce"),
    },
    ...proofOf(proof),
  };
}
