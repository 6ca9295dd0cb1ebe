import type { Book } from "../intent/book.ts";
import type { Address, ChainId } from "../intent/effect.ts";
import type { Intent, Request } from "../intent/intent.ts";

/** Steps below the account's key, as BIP-32 indexes. */
export type RelativePath = readonly number[];

/** What a chain may know of an account: its address, or public keys below it. Never a private key. */
export interface AccountKeys {
  /** The signing account in its chain's checked form. */
  readonly address: Address;
  /** 65 bytes, uncompressed (SEC 1), of the key at `path` below the account. Absent for an address that is only watched. */
  publicKey?(path: RelativePath): Uint8Array;
}

/** One signature over one {@link import("../intent/intent.ts").Signable}, in the same order. */
export interface Signature {
  /** r || s, 64 bytes; low s for ECDSA, BIP-340 for Schnorr. */
  readonly bytes: Uint8Array;
  /** ECDSA only: which of the two points. */
  readonly recovery?: 0 | 1;
}

export interface Signed {
  /** The transaction to broadcast, or what the chain calls complete. */
  readonly bytes: Uint8Array;
  /** Its id on the chain, in the chain's own form (`0x…` on EVM). */
  readonly hash: string;
  readonly complete: boolean;
}

/**
 * One family of chains. Pure: no keys, no network, no clock, no randomness. Both sides promise:
 *
 * - `decode` reads every byte or throws `chain/malformed` (or `chain/too-large` before any work). It drops no effect: what
 *   it cannot read becomes an `unknown` effect. A refusal after a complete parse goes into `refusals`, it is not thrown.
 *   Effects and digests come from the same parsed object, never from a second reading of the bytes.
 * - `assemble` is handed the intent that `decode` returned and one signature per signable, in order, already verified
 *   against the account's key by the caller, and wiped once it returns. It throws `chain/malformed` where they do not fit.
 */
export interface Chain {
  /** CAIP-2 namespace: `eip155`. */
  readonly namespace: string;
  /** The checked form of an address as text. @throws `chain/malformed` */
  parseAddress(chain: ChainId, text: string): Address;
  /** The address of a public key. @param publicKey - 65 bytes, uncompressed. */
  address(chain: ChainId, publicKey: Uint8Array): Address;
  decode(request: Request, account: AccountKeys, book: Book): Intent;
  assemble(intent: Intent, signatures: readonly Signature[]): Signed;
}
