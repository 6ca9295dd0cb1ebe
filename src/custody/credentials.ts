import { toHex } from "../base/bytes.ts";
import { checkPrivateKey } from "../keys/derive.ts";
import { secp256k1 } from "../keys/secp256k1.ts";
import type { Policy } from "../policy/core.ts";

/** A person's key, wherever it is kept: it signs sessions and approvals, never transactions of the vault. */
export interface CredentialSigner {
  /** 33 bytes, compressed, lowercase hex, as the policy names it. */
  readonly publicKey: string;
  /** @returns r || s, 64 bytes, low s, over the 32 bytes of `digest`. */
  sign(digest: Uint8Array): Promise<Uint8Array>;
}

/**
 * A credential whose private key is at hand.
 *
 * @param privateKey - 32 bytes; kept by reference, and yours to wipe when you are done with the credential.
 * @throws `keys/bad-key`
 */
export function keyCredential(privateKey: Uint8Array): CredentialSigner {
  checkPrivateKey(privateKey);
  const publicKey = secp256k1.publicKey(privateKey);
  return {
    publicKey: compressed(publicKey),
    sign: async (digest) => (await secp256k1.sign({ privateKey, publicKey, digest })).bytes,
  };
}

/** SEC 1: 0x02 or 0x03 by the parity of y, then x; lowercase hex. @param publicKey - 65 bytes, uncompressed */
export function compressed(publicKey: Uint8Array): string {
  const out = publicKey.slice(0, 33);
  out[0] = ((publicKey[64] ?? 0) & 1) === 0 ? 2 : 3;
  return toHex(out);
}

/** Whether the policy gives this person this very key; `null` asks whether they are one who unlocks. */
export function hasCredential(policy: Policy, person: string, key: string | null): boolean {
  const credentials = policy.people.get(person) ?? [];
  return credentials.some((credential) => (credential.kind === "unlock" ? key === null : credential.publicKey === key));
}
