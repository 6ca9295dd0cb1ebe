import type { Time } from "../base/time.ts";
import type { Reason } from "./intent.ts";

/** Somebody who may fill a clause; `from` and `until` bound dated absence cover (half-open, by the store's clock). */
export interface Member {
  readonly person: string;
  readonly from?: Time;
  readonly until?: Time;
}

/** At least `atLeast` different people out of `members`. Within one need a person fills one clause. */
export interface Clause {
  /** As the policy says it: a role or a person. */
  readonly of: string;
  readonly members: readonly Member[];
  readonly atLeast: number;
}

/** What must be met before an allowed request may be signed. An open union; each names the rule that asks for it. */
export type Need =
  | { readonly kind: "approvals"; readonly rule: string; readonly alternatives: readonly (readonly Clause[])[] }
  /** Runs from the last approval that was needed; the people who may veto meanwhile are those of the rule's clauses. */
  | { readonly kind: "delay"; readonly rule: string; readonly delayMs: number }
  /** The requester's own presence. */
  | { readonly kind: "confirm"; readonly rule: string };

/** What a request would draw from one counter. */
export interface Charge {
  /** Id of the limit rule. */
  readonly limit: string;
  /** Value of the fields that `by` names, canonical JSON; `""` without `by`. */
  readonly bucket: string;
  /** Part that an exact replacement in the same lane would replace. */
  readonly replaceable: bigint;
  /** Part that stays even if the request is replaced (permits, EIP-7702 tuples). */
  readonly lasting: bigint;
}

/** What a policy says of one intent at one moment, before any approval is looked at. */
export interface Judgement {
  /** Empty: nothing speaks against it. */
  readonly reasons: readonly Reason[];
  /** Empty unless `reasons` is empty. */
  readonly needs: readonly Need[];
  readonly charges: readonly Charge[];
  /** Ids of every rule that matched some effect, in the document's order. */
  readonly hits: readonly string[];
}

export type Verdict =
  | { readonly verdict: "allow" }
  | { readonly verdict: "pending"; readonly needs: readonly Need[] }
  | { readonly verdict: "deny"; readonly reasons: readonly Reason[] };
