import { secp256k1 } from "@noble/curves/secp256k1.js";
import { fromHex } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { type Proof, recoverAddress, signerOf } from "./proof.ts";
import { type SignedSession, sessionDigest } from "./session.ts";
import { type Approval, approvalDigest, type SignedApproval } from "./statement.ts";
import { approvalTypedData, sessionTypedData, type TypedData, typedDataDigest } from "./typed-data.ts";

/**
 * How a person proves to be that person, as the policy names it. `unlock` has no key: whoever opened the vault is that
 * person, and only the caller knows that. A `service` begins sessions and approves nothing.
 */
export type PersonCredential =
  | { readonly kind: "unlock" }
  | { readonly kind: "secp256k1"; readonly publicKey: string }
  | { readonly kind: "eip712"; readonly address: string }
  | { readonly kind: "service"; readonly publicKey: string };

/** A credential that signs. */
export type SigningCredential = Exclude<PersonCredential, { readonly kind: "unlock" }>;

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
 * @throws `approval/bad-signature` if the key or wallet is none of them or did not sign: one code, so that a stranger learns
 *   nothing; `approval/not-an-approver` if it is a service that signed.
 */
export function proveApproval(signed: SignedApproval, credentials: readonly PersonCredential[]): Approval {
  const { person, statement } = signed;
  const by = proving(signed, credentials, { digest: () => approvalDigest(statement), typedData: () => approvalTypedData(statement) });
  if (by === undefined) throw new CustodyError("approval/bad-signature", "approval: expected a signature by a credential of the person");
  if (by.kind === "service") throw new CustodyError("approval/not-an-approver", "approval: a service approves nothing");
  return { person, statement };
}

/**
 * Proves a session statement that arrived.
 *
 * @param credentials - those that the policy in force gives to `signed.statement.person`.
 * @returns the credential that signed.
 * @throws `session/bad-proof` if the key or wallet is none of them or did not sign.
 */
export function proveSession(signed: SignedSession, credentials: readonly PersonCredential[]): SigningCredential {
  const { statement } = signed;
  const by = proving(signed, credentials, { digest: () => sessionDigest(statement), typedData: () => sessionTypedData(statement) });
  if (by === undefined) throw new CustodyError("session/bad-proof", "session: expected a signature by a credential of the person");
  return by;
}

/** Which of the credentials made this proof. Keys sign the digest, wallets the typed data: neither passes for the other. */
export function proving(
  proof: Proof,
  credentials: readonly PersonCredential[],
  signed: { readonly digest: () => Uint8Array; readonly typedData: () => TypedData },
): SigningCredential | undefined {
  const by = credentials.find((credential) => credential.kind !== "unlock" && names(credential, proof));
  if (by === undefined || by.kind === "unlock") return undefined;
  if (!("address" in proof)) return verifyCredential({ ...proof, digest: signed.digest() }) ? by : undefined;
  const digest = typedDataDigest(signed.typedData());
  return recoverAddress({ digest, signature: proof.signature }) === proof.address ? by : undefined;
}

function names(credential: SigningCredential, proof: Proof): boolean {
  const signer = signerOf(proof);
  return credential.kind === "eip712" ? "address" in proof && credential.address === signer : credential.publicKey === signer;
}
