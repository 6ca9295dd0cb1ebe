import type { Time } from "../base/time.ts";

/** A CAIP-2 chain id: `eip155:1`. */
export type ChainId = string;
/** An address in its chain's own checked form: EIP-55 on EVM. */
export type Address = string;
/** What an asset is on its chain: `native`, `erc20:0x…`, `erc721:0x…`, `erc1155:0x…` (EIP-55 inside). */
export type AssetId = string;

/**
 * The top of the order of amounts: more than any uint256, so that it is inside every `min` and outside every `max`.
 * Amounts that a contract treats as "no limit" (threats.md: 2^(n-1) and above) become this. Written `"unlimited"`.
 */
export const UNLIMITED: bigint = 2n ** 256n;

/** What a signature would cause, money first, then acts on the custody itself. `design/policy.md` says what each means. */
export const EFFECT_KINDS = [
  "transfer",
  "allowance",
  "signedAllowance",
  "operatorAllowance",
  "order",
  "swap",
  "call",
  "delegatecall",
  "delegation",
  "accountControl",
  "deploy",
  "fee",
  "statement",
  "typedData",
  "unknown",
] as const;

/** Acts on the custody itself, judged by the same rules. */
export const ACT_KINDS = [
  "policyEdit",
  "modeChange",
  "grant",
  "slotChange",
  "export",
  "import",
  "restore",
  "rotate",
  "keyState",
  "erase",
] as const;

export type ActKind = (typeof ACT_KINDS)[number];
export type EffectKind = (typeof EFFECT_KINDS)[number] | ActKind;

/** How bad an unread part can be. U1: a call; U2: a signature; U3: control over the account. */
export type UnknownClass = "U1" | "U2" | "U3";

/**
 * One thing that signing would cause. Flat: which members an effect of a kind has is in one table, `intent/fields.ts`.
 * A member that its kind has but that is absent here is *unknown*, which never widens a decision.
 */
export interface Effect {
  readonly kind: EffectKind;
  /** Path of nested calls that leads to this effect; `[]` is the request itself, `[2, 0]` the first call of the third. */
  readonly at: readonly number[];
  /** Absent where the signature is valid on more than one chain. */
  readonly chain?: ChainId;
  /** The own account whose asset or authority it is. */
  readonly account?: Address;
  readonly asset?: AssetId;
  /** Recipient, spender, delegate or counterparty. */
  readonly to?: Address;
  /** Whose asset moves, where that is not `account` (ERC-20 transferFrom). */
  readonly party?: Address;
  /** Smallest units of `asset`; {@link UNLIMITED} is the top. */
  readonly amount?: bigint;
  readonly tokenId?: bigint;
  /** The contract that is called or created. */
  readonly contract?: Address;
  /** Four bytes, `0x` and lowercase. */
  readonly selector?: string;
  /** Canonical signature of a function that the policy names, such as `deposit(uint256,address)`. */
  readonly function?: string;
  /** Its decoded arguments by name, or by position where they have none. */
  readonly args?: { readonly [name: string]: ArgumentValue };
  /** When an allowance or signature stops being usable; absent where unknown, {@link UNLIMITED} for never. Unix seconds. */
  readonly expiry?: bigint;
  readonly gas?: bigint;
  readonly feeRate?: bigint;
  readonly ownRecipient?: boolean;
  /** True where the same signature could be used again, on another chain or later. */
  readonly replayable?: boolean;
  readonly sighash?: string;
  readonly change?: "verified" | "none" | "foreign";
  readonly inputs?: bigint;
  readonly outputs?: bigint;
  readonly domain?: string;
  readonly primaryType?: string;
  readonly class?: UnknownClass;
  /** Why it is unknown, or what to know about it: for people, never judged. */
  readonly why?: string;
  /** Custody acts: which part of the policy is touched. */
  readonly part?: string;
  readonly direction?: "tightens" | "governs" | "loosens";
  readonly what?: string;
  /** `modeChange`: the mode that would hold. */
  readonly toMode?: string;
  /** It stays in force even if the transaction around it is replaced (an EIP-7702 tuple, a permit). Not judged. */
  readonly outlives?: true;
}

/** A decoded argument: integers and booleans as integers and booleans, addresses in checked form, bytes as `0x` hex. */
export type ArgumentValue = bigint | boolean | string;

/** Facts that belong to the request as a whole and to the moment; the policy's fields beside those of the effect. */
export interface Circumstances {
  /** The person whose session asks, by name; absent is unknown. */
  readonly requester?: string;
  /** Credential kind of that person, so that a rule can speak of `service`. */
  readonly session?: string;
  readonly origin?: string;
  readonly now: Time;
  readonly mode: string;
  /** When the vault logged the book entry of this address; absent (or no answer) is unknown. */
  readonly addedAt?: (chain: ChainId, address: Address) => Time | undefined;
  /** Whether this address is an account of the vault; absent is unknown. */
  readonly isOwn?: (chain: ChainId, address: Address) => boolean;
}
