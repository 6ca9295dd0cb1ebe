import type { Time } from "../base/time.ts";
import type { Book, BookContract } from "../intent/book.ts";
import type { Address, ChainId, Effect } from "../intent/effect.ts";
import type { Intent, Request } from "../intent/intent.ts";

/** Steps below the account's key, as BIP-32 indexes. */
export type RelativePath = readonly number[];

/** What a chain may know of an account: its address, or public keys below it. Never a private key. */
export interface AccountKeys {
  /** What effects, policies and the log call the account: its address, or its first receive address where it has many. */
  readonly address: Address;
  /** 65 bytes, uncompressed (SEC 1), of the key at `path` below the account. Absent for an address that is only watched. */
  publicKey?(path: RelativePath): Uint8Array;
  /** How its addresses are made, in the chain's canonical text (BIP-380 with its checksum). Absent where it has one address. */
  readonly descriptor?: string;
  /** Of its receive and its change addresses those below these indexes are known as its own; none at or above them. */
  readonly ceilings?: Ceilings;
  /** The vault's other accounts of the same chain: what one request does to all of them is judged together. */
  readonly others?: readonly AccountKeys[];
}

export type Ceilings = readonly [receive: number, change: number];

/** Public keys from which addresses are made, before the account has a name. */
export type KeySource = Pick<AccountKeys, "publicKey" | "descriptor">;

/** An account as a request names it without a vault: by its address, or by the text that its addresses are made from. */
export type NamedAccount =
  | { readonly address: Address }
  /** `extended`: BIP-32 text (`xpub…`) of the account's key; the caller derives public keys below it. */
  | { readonly descriptor: string; readonly extended: string };

/** Which account of a wallet is wanted. */
export interface AccountWish {
  /** Lowest free one first. */
  readonly index: number;
  /** Kind of addresses where a chain has several: `wpkh`, `tr` … */
  readonly type?: string | undefined;
  /** Another place than the usual one, as BIP-32 text. */
  readonly path?: string | undefined;
}

/** Where a wallet has an account, and what makes its addresses. */
export interface AccountPlace {
  /** BIP-32 text of the account's own key. */
  readonly path: string;
  /**
   * For accounts with many addresses: their descriptor.
   *
   * @param key - `fingerprint`: first four bytes of HASH160 of the wallet's master key, 8 hex digits; `extended`: `xpub…` at `path`.
   */
  descriptor?(key: { readonly fingerprint: string; readonly extended: string }): string;
}

/** One signature over one {@link import("../intent/intent.ts").Signable}, in the same order. */
export interface Signature {
  /** r || s, 64 bytes; low s for ECDSA, BIP-340 for Schnorr. */
  readonly bytes: Uint8Array;
  /** ECDSA only: which of the two points. */
  readonly recovery?: 0 | 1;
}

export interface Signed {
  /** The transaction to broadcast, the signature of a message, or what others still have to sign. */
  readonly bytes: Uint8Array;
  /** Its id on the chain, in the chain's own form (`0x…` on EVM); the digest of a message. */
  readonly hash: string;
  /** False where signatures of others are missing: `bytes` is then what goes on to them. */
  readonly complete: boolean;
}

/**
 * One family of chains. Pure: no keys, no network, no clock, no randomness. Both sides promise:
 *
 * - `decode` reads every byte or throws `chain/malformed` (or `chain/too-large` before any work). It drops no effect: what
 *   it cannot read becomes an `unknown` effect. A refusal after a complete parse goes into `refusals`, it is not thrown.
 *   Effects and digests come from the same parsed object, never from a second reading of the bytes.
 * - `assemble` is handed the intent that `decode` returned, the same account, and one signature per signable, in order,
 *   already verified against the account's keys by the caller, and wiped once it returns. It throws `chain/malformed` where
 *   they do not fit.
 */
export interface Chain {
  /** CAIP-2 namespace: `eip155`. */
  readonly namespace: string;
  /** The checked form of an address as text. @throws `chain/malformed` */
  parseAddress(chain: ChainId, text: string): Address;
  /** Reads how a request names an account without a vault. @throws `request/malformed` */
  readAccount(chain: ChainId, text: string): NamedAccount;
  /** Where a wallet has the account that is wished for. @throws `request/malformed` for a wish that this chain has not. */
  place(chain: ChainId, wish: AccountWish): AccountPlace;
  /** The address of the key at `path` below an account. @throws `chain/malformed` */
  address(chain: ChainId, keys: KeySource, path: RelativePath): Address;
  decode(request: Request, account: AccountKeys, book: Book): Intent;
  assemble(intent: Intent, signatures: readonly Signature[], account: AccountKeys): Signed;
}

/** What the bytes of an example are made with. */
export interface Composing {
  readonly chain: ChainId;
  readonly book: Book;
  /** All that the policy names, so that one can be found that does what is wanted. */
  readonly contracts: readonly BookContract[];
  /** Whose request it is to be. */
  readonly account: AccountKeys;
  /** Of the account; 0 where it is absent. */
  readonly nonce?: bigint;
  /** For what has to say when it was made. */
  readonly now: Time;
}

/**
 * The reverse of `Chain.decode`: bytes that are meant to have these effects, for an audit to show. Not a promise: whoever shows
 * them decodes them, and compares, first. A transaction has a fee besides, of 0 where none is asked for.
 *
 * @returns nothing where no single request has such effects, or none that is known here.
 */
export type Compose = (effects: readonly Effect[], composing: Composing) => Request | undefined;
