import type { Json } from "../base/canonical.ts";
import { unreachable } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { IntentId } from "../intent/intent.ts";

export const HOLD_STATES = ["reserved", "spent", "lapsed"] as const;
export type HoldState = (typeof HOLD_STATES)[number];

/**
 * What one intent draws on the limits. There is one hold per intent, for ever: reserved before a key is touched, spent before
 * the signature leaves, lapsed if neither happened in time.
 *
 * ```
 *            spend (its fence, lease running)
 * reserved ─────────────────────────────────▶ spent, which nothing changes any more
 *   │  ▲ └─ retake: new fence, new lease
 *   │  └──────────── retake ────┐
 *   └─ lapse (lease is over) ─▶ lapsed
 *   └─ takeBack (no consent) ─▶ lapsed
 * ```
 *
 * These functions decide; the caller commits what they return, comparing the state that it decided upon. `at` is the moment
 * that the commit may not outlive (its `notAfter`): the store's clock, read after that state was, plus what a commit may
 * take. So a hold is never recorded earlier than it was committed, and no window lets go of it too soon. Counters and
 * {@link lapse} are asked with the clock as it was read.
 */
export interface Hold {
  readonly id: string;
  readonly intent: IntentId;
  /** Holds of one lane can only settle once ({@link import("../intent/intent.ts").Intent.lane}). */
  readonly lane?: string;
  readonly state: HoldState;
  /** Random token of whoever reserved last: only they may spend. */
  readonly fence: string;
  /** The first moment at which the reservation may lapse, and may no longer be spent. */
  readonly leaseUntil: Time;
  /** Time of the commit that wrote this state: the latest at which it can have happened. */
  readonly at: Time;
  readonly requester: string;
  /** What limits weigh, in the words of the policy: opaque here. */
  readonly facts: Json;
}

/** What a hold is for. */
export type Asked = Pick<Hold, "id" | "intent" | "lane" | "requester" | "facts">;

/** How long, and by whom, a hold is reserved. `fence` is random and never used twice. */
export type Claim = Pick<Hold, "fence" | "leaseUntil">;

/** The hold of an intent that has none yet. The caller has judged it against the counters of the same state. */
export function reserve<A extends Asked>(asked: A, claim: Claim, at: Time): A & Hold {
  return { ...asked, ...checkClaim(claim, at), state: "reserved", at };
}

/**
 * The same intent is asked again: the reservation passes to whoever asks, and the one before can no longer spend. A spent hold
 * stays as it is: its signature may be out there. The caller has judged the intent anew, and says whose it is now.
 */
export function retake<H extends Hold>(
  hold: H,
  asked: Pick<H, "requester" | "facts">,
  claim: Claim,
  at: Time,
): { readonly kind: "reserved"; readonly hold: H } | { readonly kind: "refused"; readonly why: "spent" } {
  if (hold.state === "spent") return { kind: "refused", why: "spent" };
  if (claim.fence === hold.fence) return unreachable("a fence used twice");
  return { kind: "reserved", hold: { ...hold, ...asked, ...checkClaim(claim, at), state: "reserved", at } };
}

/** `spent`, `lapsed`: it is no longer reserved. `taken`: somebody else has reserved it since. `late`: its lease is over. */
export type NotSpent = "spent" | "lapsed" | "taken" | "late";

/**
 * Before the signature leaves: from here on it counts for good. Whoever is refused wipes the signature.
 *
 * @param fence - the one that was reserved with.
 */
export function spend<H extends Hold>(
  hold: H,
  fence: string,
  at: Time,
): { readonly kind: "spent"; readonly hold: H } | { readonly kind: "refused"; readonly why: NotSpent } {
  if (hold.state !== "reserved") return { kind: "refused", why: hold.state };
  if (hold.fence !== fence) return { kind: "refused", why: "taken" };
  if (!(hold.leaseUntil > at)) return { kind: "refused", why: "late" };
  return { kind: "spent", hold: { ...hold, state: "spent", at } };
}

/** Gives up a reservation whose lease is over. Its headroom is free once this is committed, not before. */
export function lapse<H extends Hold>(
  hold: H,
  now: Time,
): { readonly kind: "lapsed"; readonly hold: H } | { readonly kind: "refused"; readonly why: "not-reserved" | "leased" } {
  if (hold.state !== "reserved") return { kind: "refused", why: "not-reserved" };
  if (hold.leaseUntil > now) return { kind: "refused", why: "leased" };
  return { kind: "lapsed", hold: { ...hold, state: "lapsed", at: now } };
}

/**
 * Gives up a reservation whose lease still runs, because consent to it was taken back: once this is committed its owner can no
 * longer spend it, and its headroom is free.
 */
export function takeBack<H extends Hold>(hold: H, now: Time): H | undefined {
  return hold.state === "reserved" ? { ...hold, state: "lapsed", at: now } : undefined;
}

function checkClaim({ fence, leaseUntil }: Claim, at: Time): Claim {
  if (fence === "" || !(leaseUntil > at)) return unreachable("a reservation without a fence, or over before it began");
  return { fence, leaseUntil };
}
