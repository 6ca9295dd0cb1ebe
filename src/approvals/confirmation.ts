import { sha256 } from "@noble/hashes/sha2.js";
import { concat, toHex, utf8 } from "../base/bytes.ts";
import { canonicalBytes, type Json } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import { type PersonCredential, proving } from "./credential.ts";
import { type Proof, proofMembers, proofOf } from "./proof.ts";
import { countOf, hexOf, nameOf, objectOf, timeOf } from "./shape.ts";
import { DOMAIN, DOMAIN_TYPE, type TypedData, timeText } from "./typed-data.ts";

/** What a requester signs to show their own presence: for these very bytes, never for others with the same effects. */
export interface ConfirmationStatement {
  /** Id of the vault. */
  readonly vault: string;
  readonly person: string;
  /** Id of the policy in force, and the meaning by which the bytes were read: under another one they are confirmed anew. */
  readonly policy: string;
  readonly semantics: number;
  /** Id of the pending request. */
  readonly pending: string;
  /** The exact bytes and what they would do, see `exactSubject`: 32 bytes, lowercase hex. */
  readonly subject: string;
  /** Half-open: at this moment it no longer counts. */
  readonly expiresMs: Time;
  /** 16 fresh bytes, lowercase hex: a confirmation counts once. */
  readonly nonce: string;
}

/** A confirmation as it arrives, still to be proven. */
export type SignedConfirmation = { readonly statement: ConfirmationStatement } & Proof;

// Another tag than those of approvals and sessions, so that none passes as another; see `approvalBytes` for chains.
const TAG = utf8("keyward/confirm/v1\n");

/** What is hashed and signed: the tag, then the canonical JSON of the statement. */
export function confirmationBytes(statement: ConfirmationStatement): Uint8Array {
  return concat(TAG, canonicalBytes(statement as unknown as Json));
}

/** SHA-256 of {@link confirmationBytes}: the 32 bytes that a key signs. A wallet signs {@link confirmationTypedData}. */
export function confirmationDigest(statement: ConfirmationStatement): Uint8Array {
  return sha256(confirmationBytes(statement));
}

const CONFIRMATION = {
  EIP712Domain: DOMAIN_TYPE,
  Confirmation: [
    { name: "person", type: "string" },
    { name: "expires", type: "string" },
    { name: "vault", type: "string" },
    { name: "pending", type: "string" },
    { name: "subject", type: "bytes32" },
    { name: "policy", type: "bytes32" },
    { name: "semantics", type: "uint256" },
    { name: "nonce", type: "bytes16" },
  ],
} as const;

/** A confirmation as a wallet shows and signs it: every member of the statement, the time as text in UTC. */
export function confirmationTypedData(statement: ConfirmationStatement): TypedData {
  const { person, expiresMs, vault, pending, subject, policy, semantics, nonce } = statement;
  const digests = { subject: `0x${subject}`, policy: `0x${policy}`, nonce: `0x${nonce}` };
  const message = { person, expires: timeText(expiresMs), vault, pending, semantics, ...digests };
  return { domain: DOMAIN, types: CONFIRMATION, primaryType: "Confirmation", message };
}

/** Under which name a confirmation is kept as used, so that the same one cannot be handed in again. */
export function confirmationId(statement: ConfirmationStatement): string {
  return toHex(confirmationDigest(statement));
}

/**
 * Turns a confirmation that arrived into one that is proven.
 *
 * @param credentials - those that the policy in force gives to `signed.statement.person`.
 * @throws `approval/bad-signature` if the key or wallet is none of them or did not sign, or is a service's: a machine is never
 *   present.
 */
export function proveConfirmation(signed: SignedConfirmation, credentials: readonly PersonCredential[]): ConfirmationStatement {
  const { statement } = signed;
  const forms = { digest: () => confirmationDigest(statement), typedData: () => confirmationTypedData(statement) };
  const by = proving(signed, credentials, forms);
  if (by !== undefined && by.kind !== "service") return statement;
  throw new CustodyError("approval/bad-signature", "confirmation: expected a signature by a key or wallet of the person who asked");
}

/**
 * Reads `{statement, publicKey, signature}`, or with `address` in place of the key, from a parsed JSON value. Nothing is proven
 * by that.
 *
 * @throws `approval/malformed` for anything missing, additional or not in its one form.
 */
export function readConfirmation(json: Json): SignedConfirmation {
  const { statement, ...proof } = objectOf(json, ["statement", ...proofMembers(json)]);
  return { statement: readConfirmationStatement(statement), ...proofOf(proof) };
}

/** @throws `approval/malformed` */
export function readConfirmationStatement(json: Json | undefined): ConfirmationStatement {
  const members = objectOf(json, ["vault", "person", "policy", "semantics", "pending", "subject", "expiresMs", "nonce"]);
  return {
    vault: nameOf(members.vault, "vault"),
    person: nameOf(members.person, "person"),
    policy: hexOf(members.policy, 32, "policy"),
    semantics: countOf(members.semantics, "semantics"),
    pending: nameOf(members.pending, "pending"),
    subject: hexOf(members.subject, 32, "subject"),
    expiresMs: timeOf(members.expiresMs, "expiresMs"),
    nonce: hexOf(members.nonce, 16, "nonce"),
  };
}
