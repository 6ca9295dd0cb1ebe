import type { JsonObject } from "../base/canonical.ts";
import type { Time } from "../base/time.ts";
import type { Book } from "../intent/book.ts";
import type { Address, ChainId, EffectKind } from "../intent/effect.ts";
import type { Field } from "../intent/fields.ts";
import type { Clause, Member } from "../intent/verdict.ts";

/**
 * The core that a policy document is parsed into, and all that evaluator and audit ever see: names are resolved, amounts
 * are bigints in smallest units, hours and dates are intervals of time.
 *
 * Names in a core are qualified, so that equality is identity: a chain is CAIP-2 (`eip155:1`), an address CAIP-10
 * (`eip155:1:0xd8dA…`), an asset `chain/asset` (`eip155:1/erc20:0xA0b8…`); people are plain names. An effect's flat
 * fields are qualified the same way before they are compared (`facts.ts`).
 */
export interface Policy {
  /** SHA-256 of the canonical document, lowercase hex: the policy's id. */
  readonly id: string;
  readonly name: string;
  /** The document itself, canonicalisable. */
  readonly document: JsonObject;
  readonly immutable: boolean;
  readonly book: Book;
  /** Names of the address book, for `to`, `contract` and texts. */
  readonly addresses: ReadonlyMap<string, { readonly chain: ChainId; readonly address: Address }>;
  readonly people: ReadonlyMap<string, readonly Credential[]>;
  readonly roles: ReadonlyMap<string, readonly Member[]>;
  /** Rules that hold in mode `normal`, and for acts on the custody in every mode. */
  readonly rules: readonly Rule[];
  readonly modes: ReadonlyMap<string, Mode>;
}

/**
 * What a person signs in and approves with. `unlock`: whoever has opened the vault; `publicKey`: 33 bytes, compressed, lowercase
 * hex; `address`: of any wallet that signs EIP-712, with its checksum. A person with a `service` key is a machine: it asks, and
 * never counts as an approver.
 */
export type Credential =
  | { readonly kind: "unlock" }
  | { readonly kind: "secp256k1"; readonly publicKey: string }
  | { readonly kind: "eip712"; readonly address: Address }
  | { readonly kind: "service"; readonly publicKey: string };

export interface Mode {
  readonly name: string;
  readonly rules: readonly Rule[];
  /** How long it holds before `normal` returns; absent: until it is changed. */
  readonly lastsMs?: number;
}

interface RuleBase {
  readonly id: string;
  readonly kinds: readonly EffectKind[];
  readonly when: Condition;
}

export interface AllowRule extends RuleBase {
  readonly type: "allow";
}
export interface ForbidRule extends RuleBase {
  readonly type: "forbid";
}
export interface RequireRule extends RuleBase {
  readonly type: "require";
  /** Alternatives of clauses; empty: no approvals asked. */
  readonly approvals: readonly (readonly Clause[])[];
  readonly delayMs: number;
  readonly confirm: boolean;
  /** How long a request may wait for this rule. */
  readonly expiresMs: number;
}
export interface LimitRule extends RuleBase {
  readonly type: "limit";
  readonly measure: Measure;
  readonly max: bigint;
  /** How people write its amounts, for texts only; absent for a count. */
  readonly unit?: { readonly name: string; readonly decimals: number };
  /** Sliding window; `"ever"` is a lifetime total. */
  readonly windowMs: number | "ever";
  readonly by: readonly ("requester" | "to" | "account")[];
  /** Alternatives of clauses that the excess needs; empty: the excess is denied. */
  readonly beyond: readonly (readonly Clause[])[];
}
export type Rule = AllowRule | ForbidRule | RequireRule | LimitRule;

/** How much one matching effect weighs. */
export type Measure =
  | { readonly type: "count" }
  /** Smallest units of one asset (qualified). Effects of other assets do not match the rule's `when`. */
  | { readonly type: "amount"; readonly asset: string }
  /**
   * Smallest units of a unit of account: `ceil(amount × numerator ÷ denominator)` by asset (qualified). An asset without a
   * row, or any moment at or after `until`, weighs UNLIMITED.
   */
  | {
      readonly type: "value";
      readonly unit: string;
      readonly until: Time;
      readonly worth: ReadonlyMap<string, { readonly numerator: bigint; readonly denominator: bigint }>;
    };

/** True, false or unknown; `not` keeps unknown unknown. A field that is unknown makes its condition unknown. */
export type Condition =
  | { readonly op: "always" }
  | { readonly op: "all"; readonly of: readonly Condition[] }
  | { readonly op: "any"; readonly of: readonly Condition[] }
  | { readonly op: "not"; readonly of: Condition }
  | { readonly op: "in"; readonly field: Field; readonly values: ReadonlySet<string> }
  /** Sorted, disjoint, both ends included. `date` counts milliseconds, `expiry` seconds, `recipientAge` milliseconds. */
  | { readonly op: "within"; readonly field: Field; readonly intervals: readonly Interval[] }
  | { readonly op: "is"; readonly field: Field; readonly value: boolean }
  | { readonly op: "argument"; readonly name: string; readonly test: ArgumentTest };

export type Interval = readonly [low: bigint, high: bigint];

export type ArgumentTest =
  | { readonly op: "in"; readonly values: ReadonlySet<string> }
  | { readonly op: "within"; readonly intervals: readonly Interval[] }
  | { readonly op: "is"; readonly value: boolean };

/** What the pure language needs from outside to read addresses: each chain's checked form. @throws `chain/malformed` */
export type ParseAddress = (chain: ChainId, text: string) => Address;
