import { secp256k1 } from "@noble/curves/secp256k1.js";
import { fromHex } from "../base/bytes.ts";
import type { Json } from "../base/canonical.ts";
import { addressOfPoint, isAddress } from "./address.ts";
import { hexOf, malformed } from "./shape.ts";

/** What shows whose a statement is: a key with its signature over the digest, or a wallet with its signature over the typed data. */
export type Proof =
  /** 33 bytes, compressed; r || s, 64 bytes; both in lowercase hex. */
  | { readonly publicKey: string; readonly signature: string }
  /** With its EIP-55 checksum; r || s || v, 65 bytes, lowercase hex, v 27 or 28. */
  | { readonly address: string; readonly signature: string };

/** The key or the address, as a policy names it. */
export function signerOf(proof: Proof): string {
  return "address" in proof ? proof.address : proof.publicKey;
}

/** Names of the members of a proof in this document. */
export function proofMembers(json: Json): readonly ["address" | "publicKey", "signature"] {
  const ofWallet = typeof json === "object" && json !== null && Object.hasOwn(json, "address");
  return [ofWallet ? "address" : "publicKey", "signature"];
}

/** @throws `approval/malformed` */
export function proofOf(members: { readonly [name: string]: Json | undefined }): Proof {
  if (members.publicKey !== undefined)
    return { publicKey: hexOf(members.publicKey, 33, "publicKey"), signature: hexOf(members.signature, 64, "signature") };
  const { address } = members;
  if (typeof address !== "string" || !isAddress(address)) return malformed("address: expected 0x and 40 digits with their EIP-55 checksum");
  const signature = hexOf(members.signature, 65, "signature");
  return /1[bc]$/.test(signature) ? { address, signature } : malformed("signature: expected it to end with v, 1b or 1c");
}

/**
 * The one form of a wallet's signature, from what wallets give: `0x` or not, v as 0, 1, 27 or 28.
 *
 * @throws `approval/malformed` for anything else. Wallets that are contracts (EIP-1271, ERC-6492) give longer ones, which only
 *   their chain could check.
 */
export function walletSignature(text: string): string {
  const digits = typeof text === "string" ? text.replace(/^0x/, "").toLowerCase() : "";
  if (!/^(?:[0-9a-f]{2})+$/.test(digits)) return malformed("signature: expected 65 bytes in hexadecimal");
  if (digits.length !== 130) {
    return malformed(
      `signature: expected 65 bytes (r, s, v), got ${digits.length / 2}; that of a smart-contract wallet (EIP-1271) cannot be checked offline`,
    );
  }
  const v = Number.parseInt(digits.slice(128), 16);
  if (![0, 1, 27, 28].includes(v)) return malformed(`signature: expected v to be 27 or 28, got ${v}`);
  return digits.slice(0, 128) + (v % 27 === 0 ? "1b" : "1c");
}

/**
 * The address whose key made this signature. Never throws.
 *
 * @param signature - r || s || v, 65 bytes, lowercase hex.
 * @returns nothing for high s, for another form, and where no key could have made it.
 */
export function recoverAddress({ digest, signature }: { readonly digest: Uint8Array; readonly signature: string }): string | undefined {
  if (!/^[0-9a-f]{128}1[bc]$/.test(signature) || digest.length !== 32) return undefined;
  try {
    const signed = secp256k1.Signature.fromBytes(fromHex(signature.slice(0, 128)), "compact");
    if (signed.hasHighS()) return undefined;
    return addressOfPoint(
      signed
        .addRecoveryBit(signature.endsWith("c") ? 1 : 0)
        .recoverPublicKey(digest)
        .toBytes(false),
    );
  } catch {
    // Bytes that are no scalars, or no point, make the library throw: nobody signed that.
    return undefined;
  }
}
