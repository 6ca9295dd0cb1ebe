import { sha256 } from "@noble/hashes/sha2.js";
import { concat, toHex, utf8 } from "../base/bytes.ts";
import { canonicalBytes, type Json } from "../base/canonical.ts";
import type { Time } from "../base/time.ts";
import { type Proof, proofMembers, proofOf } from "./proof.ts";
import { countOf, hexOf, malformed, nameOf, objectOf, sortedNamesOf, timeOf } from "./shape.ts";

/** What an approver signs. */
export interface ApprovalStatement {
  /** Id of the vault. */
  readonly vault: string;
  /** Id of the policy in force when it was signed: 32 bytes, lowercase hex, as all digests here. */
  readonly policy: string;
  readonly semantics: number;
  /** Hash of the book by which the bytes were read. */
  readonly book: string;
  /** Digest of what is approved, see `subject.ts`. */
  readonly subject: string;
  /** Every person who submitted the request, sorted, each once. */
  readonly submitters: readonly string[];
  readonly answer: "yes" | "no";
  /** Half-open: at this moment it no longer counts. */
  readonly expiresMs: Time;
  /** 16 bytes, lowercase hex. */
  readonly nonce: string;
  /** Head of the log that the approver saw, which makes approvers witnesses of the log. */
  readonly head: { readonly size: number; readonly root: string };
}

/** A statement and whose it is. Proven: from {@link import("./credential.ts").proveApproval}, or a session of that person. */
export interface Approval {
  readonly person: string;
  readonly statement: ApprovalStatement;
}

/** An approval as it arrives, still to be proven. */
export type SignedApproval = Approval & Proof;

const TAG = utf8("keyward/approval/v1\n");

/**
 * What is hashed and signed: the tag, then the canonical JSON of the statement.
 *
 * It can never pass as a message or transaction of a chain, nor the other way round: EIP-191 and EIP-712 begin with 0x19
 * and are hashed by Keccak-256 as Ethereum's transactions are; Bitcoin's are hashed twice by SHA-256, and the inner hash is
 * 32 bytes that would have to begin with this tag and be a whole statement; BIP-340 and BIP-322 begin with a hashed tag.
 */
export function approvalBytes(statement: ApprovalStatement): Uint8Array {
  return concat(TAG, canonicalBytes(statement as unknown as Json));
}

/** SHA-256 of {@link approvalBytes}: the 32 bytes that a key signs. A wallet signs {@link import("./typed-data.ts").approvalTypedData}. */
export function approvalDigest(statement: ApprovalStatement): Uint8Array {
  return sha256(approvalBytes(statement));
}

/** Under which name an approval is kept as used: by one hold and its replacements, never by a second hold. */
export function approvalId({ person, statement }: Approval): string {
  return toHex(sha256(canonicalBytes({ approval: toHex(approvalDigest(statement)), person })));
}

/**
 * Reads `{person, statement, publicKey, signature}`, or with `address` in place of the key, from a parsed JSON value. Nothing is proven by that.
 *
 * @throws `approval/malformed` for anything missing, additional, unsorted or not in its one form.
 */
export function readApproval(json: Json): SignedApproval {
  const { person, statement, ...proof } = objectOf(json, ["person", "statement", ...proofMembers(json)]);
  return {
    person: nameOf(person, "person"),
    statement: readStatement(statement),
    ...proofOf(proof),
  };
}

/** @throws `approval/malformed` */
export function readStatement(json: Json | undefined): ApprovalStatement {
  const members = objectOf(json, ["vault", "policy", "semantics", "book", "subject", "submitters", "answer", "expiresMs", "nonce", "head"]);
  const head = objectOf(members.head, ["size", "root"]);
  const { answer } = members;
  if (answer !== "yes" && answer !== "no") return malformed("answer: expected yes or no");
  return {
    vault: nameOf(members.vault, "vault"),
    policy: hexOf(members.policy, 32, "policy"),
    semantics: countOf(members.semantics, "semantics"),
    book: hexOf(members.book, 32, "book"),
    subject: hexOf(members.subject, 32, "subject"),
    submitters: sortedNamesOf(members.submitters, "submitters"),
    answer,
    expiresMs: timeOf(members.expiresMs, "expiresMs"),
    nonce: hexOf(members.nonce, 16, "nonce"),
    head: { size: countOf(head.size, "head size"), root: hexOf(head.root, 32, "head root") },
  };
}
