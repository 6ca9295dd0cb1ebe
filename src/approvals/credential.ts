import { secp256k1 } from "@noble/curves/secp256k1.js";
import { fromHex } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { type SessionStatement, type SignedSession, sessionDigest } from "./session.ts";
import { type Approval, approvalDigest, type SignedApproval } from "./statement.ts";

/**
 * How a person proves to be that person, as the policy names it. `unlock` has no key: whoever opened the vault is that
 * person, and only the caller knows that.
 */
export type PersonCredential =
  | { readonly kind: "unlock" }
  | { readonly kind: "secp256k1"; readonly publicKey: string }
  | { readonly kind: "eip712"; readonly address: string }
  | { readonly kind: "service"; readonly publicKey: string };

/**
 * Whether `publicKey` signed `digest`. Never throws. A key is 33 bytes, compressed, of a point on the curve; a signature is
 * r || s with low s; both in lowercase hex. Any other form is a no, so one answer has one form.
 */
export function verifyCredential(signed: { readonly publicKey: string; readonly digest: Uint8Array; readonly signature: string }): boolean {
  if (!isCredentialKey(signed.publicKey) || !/^[0-9a-f]{128}$/.test(signed.signature) || signed.digest.length !== 32) return false;
  return secp256k1.verify(fromHex(signed.signature), signed.digest, fromHex(signed.publicKey), {
    prehash: false,
    lowS: true,
    format: "compact",
  });
}

/** Whether the text is a key that could sign: 33 bytes, compressed, a point on the curve. */
export function isCredentialKey(text: string): boolean {
  return /^0[23][0-9a-f]{64}$/.test(text) && secp256k1.utils.isValidPublicKey(fromHex(text), true);
}

/**
 * Turns an approval that arrived into one that is proven.
 *
 * @param credentials - those that the policy in force gives to `signed.person`.
 * @throws `approval/bad-signature` if the key is none of them or did not sign: one code, so that a stranger learns nothing.
 */
export function proveApproval(signed: SignedApproval, credentials: readonly PersonCredential[]): Approval {
  if (!proves({ ...signed, digest: approvalDigest(signed.statement) }, credentials)) {
    throw new CustodyError("approval/bad-signature", "approval: expected a signature by a credential of the person");
  }
  return { person: signed.person, statement: signed.statement };
}

/**
 * Turns a session statement that arrived into one that is proven.
 *
 * @param credentials - those that the policy in force gives to `signed.statement.person`.
 * @throws `session/bad-proof` if the key is none of them or did not sign.
 */
export function proveSession(signed: SignedSession, credentials: readonly PersonCredential[]): SessionStatement {
  if (!proves({ ...signed, digest: sessionDigest(signed.statement) }, credentials)) {
    throw new CustodyError("session/bad-proof", "session: expected a signature by a credential of the person");
  }
  return signed.statement;
}

function proves(signed: { publicKey: string; digest: Uint8Array; signature: string }, credentials: readonly PersonCredential[]): boolean {
  const known = credentials.some((credential) => credential.kind === "secp256k1" && credential.publicKey === signed.publicKey);
  return known && verifyCredential(signed);
}
