import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { secretCopy, toHex, utf8, wipe } from "../base/bytes.ts";

/** What a key below the view root is for. */
export type ViewPurpose = "root" | "record" | "node" | "blob";

/** What a key below the sign root is for. The last two are Ed25519 seeds. */
export type SignPurpose = "secret" | "state signature" | "checkpoint signature";

/**
 * One key for one purpose: HKDF-SHA-256 with the vault's id as salt.
 *
 * @param root - the view or the sign root, 32 bytes, matching the purpose. Neither copied nor kept.
 * @returns 32 bytes that the caller wipes.
 * @see RFC 5869
 */
export function subkey(root: Uint8Array, vaultId: Uint8Array, purpose: ViewPurpose | SignPurpose): Uint8Array {
  return derive(root, vaultId, `keyward/v1/${purpose}`);
}

/** HKDF-SHA-256, 32 bytes that the caller wipes. Of what is on the way, the library wipes what it can. */
export function derive(secret: Uint8Array, salt: Uint8Array, info: string | Uint8Array): Uint8Array {
  const derived = hkdf(sha256, secret, salt, typeof info === "string" ? utf8(info) : info, 32);
  try {
    return secretCopy(derived);
  } finally {
    wipe(derived);
  }
}

/** Kinds of things that lie in the store under names of their own. */
export type NameKind = "record" | "secret" | "node" | "blob";

/**
 * Where something lies in the store: HMAC-SHA-256 under a key that survives rotation, so that a store shows neither names
 * nor which records are alike.
 *
 * @returns 64 hexadecimal digits. `kind` holds no slash, so two kinds never meet.
 */
export function opaqueName(namingKey: Uint8Array, kind: NameKind, name: string): string {
  return toHex(hmac(sha256, namingKey, utf8(`${kind}/${name}`)));
}
