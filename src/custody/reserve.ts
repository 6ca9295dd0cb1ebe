import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8 } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { Signed } from "../chains/chain.ts";
import type { Intent, IntentId } from "../intent/intent.ts";
import type { Charge } from "../intent/verdict.ts";
import { reserve as reserveHold, retake, spend } from "../limits/hold.ts";
import { factsOf, factsToJson } from "../policy/facts.ts";
import type { Tx } from "../vault/tx.ts";
import { spendFresh } from "./addresses.ts";
import { type Allowed, asObject, effectsOf, tell } from "./decide.ts";
import type { Desk } from "./desk.ts";
import { type HoldRecord, signedBlob, writeHold } from "./holds.ts";
import { journal } from "./journal.ts";
import type { Judge } from "./judge.ts";
import type { DeniedOutcome, SignedOutcome } from "./outcome.ts";
import { consume } from "./pending.ts";
import { flush, reasonToJson, refuse, rootState } from "./refusals.ts";

/** How long a commit may take from reading the clock to being durable, before it is tried again. */
export const COMMIT_MS = 1000;

/** What a signer holds between the two commits. */
export interface Reserved {
  readonly kind: "reserved";
  readonly intent: Intent;
  /** Sequence number of the `reserved` entry, which no other reservation has: the fence. */
  readonly reservation: number;
  readonly leaseUntil: Time;
}

/** These very bytes were signed before, for the same person: nothing new is spent, and the same signature is given again. */
export interface SignedBefore {
  readonly kind: "signed-before";
  readonly intent: Intent;
  readonly result: NonNullable<HoldRecord["result"]>;
}

/**
 * Takes headroom and approvals for an allowed request and writes both down; the key may be used after this commit. The same
 * intent asked again takes over its own reservation, and one that was signed already gives what was signed, to the same
 * requester only.
 *
 * @param patient - leave a reservation alone that somebody else is working under.
 * @throws `vault/reservation-taken` to the patient
 */
export function reserve(
  tx: Tx,
  { judge, leaseMs }: Pick<Desk, "judge" | "leaseMs">,
  allowed: Allowed,
  patient: boolean,
): Reserved | SignedBefore | DeniedOutcome {
  const { intent, session, judgement, met } = allowed;
  const before = judge.hold(intent.id);
  if (before?.state === "spent") return again(tx, judge, allowed, before);
  if (patient && before?.state === "reserved") throw takenOver("reserved by another");
  flush(tx);
  // Asked again: whoever holds the earlier reservation can no longer spend it, and the log says so.
  if (before?.state === "reserved")
    journal(tx, "lapsed", { intent: intent.id, hold: before.id, reservation: before.reservation, why: "asked again" });

  const counters = judge.counters(intent, tx.now);
  const leaseUntil = tx.now + leaseMs;
  const facts = factsNow(tx, judge, allowed);
  const reservation = journal(tx, "reserved", {
    ...tell(judge, allowed),
    request: asObject(allowed.request),
    effects: effectsOf(intent),
    counters: judgement.charges.filter(weighs).map(({ limit, bucket, ...charge }) => {
      const { used, after } = counters.after({ limit, bucket, ...charge });
      return { limit, bucket, before: used.toString(), after: after.toString() };
    }),
    approvals: met.approvals.map(({ person, statement, key, signature, session }) =>
      asObject({ person, statement, key, signature, session }),
    ),
    ...(met.pending !== undefined && { pending: met.pending.id }),
    hold: intent.id,
    facts,
    ...(intent.lane !== undefined && { lane: intent.lane }),
    until: leaseUntil,
  });

  const claim = { fence: String(reservation), leaseUntil };
  const asked = {
    id: intent.id,
    intent: intent.id,
    ...(intent.lane !== undefined && { lane: intent.lane }),
    requester: session.person,
    facts,
  };
  const taken = before === undefined ? undefined : retake(before, { requester: session.person, facts }, claim, tx.now);
  const hold = taken?.kind === "reserved" ? taken.hold : reserveHold(asked, claim, tx.now);
  writeHold(tx, { ...hold, session: session.id, reservation, ...(met.pending !== undefined && { pending: met.pending.id }) });
  consume(tx, met, intent);
  return { kind: "reserved", intent, reservation, leaseUntil };
}

/**
 * Lets a verified signature leave: only if the reservation is still the one it was made under, and only with its entry. The
 * commit is fenced at the moment that the hold is counted from, so a window never ends early.
 *
 * @throws `vault/reservation-lost` if its lease is over, `vault/reservation-taken` if the same intent was asked again meanwhile: the
 *   signature must be wiped, the headroom is no longer ours.
 */
export function release(tx: Tx, { judge, chains }: Pick<Desk, "judge" | "chains">, reserved: Reserved, signed: Signed): SignedOutcome {
  const { intent, reservation } = reserved;
  const hold = judge.hold(intent.id);
  const spent = hold === undefined ? undefined : spend(hold, String(reservation), tx.now);
  if (spent?.kind !== "spent") {
    const why = spent?.why ?? "gone";
    if (why === "taken" || why === "spent") throw takenOver(why);
    throw new CustodyError("vault/reservation-lost", `reservation: expected to hold it still, it is ${why}; nothing leaves, ask again`);
  }
  const result = { hash: signed.hash, digest: toHex(sha256(signed.bytes)), complete: signed.complete };
  tx.blob(signedBlob(intent.id), signed.bytes);
  const entry = journal(tx, "signed", { intent: intent.id, hold: intent.id, reservation, result, person: spent.hold.requester });
  // INVARIANT: counted from a moment that the commit is fenced with, so never from before the commit.
  const at = Math.min(tx.now + COMMIT_MS, reserved.leaseUntil - 1);
  tx.fence(at);
  writeHold(tx, { ...spent.hold, at, result: { ...result, entry } });
  if (intent.uses !== undefined) spendFresh(tx, chains, intent.chain, intent.uses);
  return { kind: "signed", intent: intent.id, bytes: signed.bytes, hash: signed.hash, complete: signed.complete, entry };
}

/**
 * An act draws on the limits as well: it is done in this very commit, so it is spent at once. The same act may be done again,
 * so its hold is named by its entry. Counted from when the commit is over at the latest, or a window would end early.
 *
 * @param entry - sequence number of the act's entry.
 */
export function countAct(tx: Tx, { judge, leaseMs }: Pick<Desk, "judge" | "leaseMs">, { intent, session }: Allowed, entry: number): void {
  const facts = factsNow(tx, judge, { intent, session });
  const id = actHold(intent.id, entry);
  const at = tx.now + leaseMs;
  tx.fence(at);
  const hold = { id, intent: id, state: "spent", fence: String(entry), leaseUntil: at, at, requester: session.person, facts } as const;
  writeHold(tx, { ...hold, session: session.id, reservation: entry });
}

/** Name of the hold of an act: the same act may be done again, and counts again. */
export function actHold(intent: string, entry: number): IntentId {
  return toHex(sha256(utf8(`act ${intent} ${entry}`))) as IntentId;
}

/** What limits weigh, now and under every later policy. */
export function factsNow(tx: Tx, judge: Judge, { intent, session }: Pick<Allowed, "intent" | "session">): readonly JsonObject[] {
  return factsOf(intent, judge.circumstances(session, tx.now, rootState(tx).mode.name)).map(factsToJson);
}

// Judged again and allowed again: nothing new is spent, so nothing new is signed.
function again(tx: Tx, judge: Judge, allowed: Allowed, hold: HoldRecord): SignedBefore | DeniedOutcome {
  const { result } = hold;
  if (hold.requester === allowed.session.person && result !== undefined) {
    return { kind: "signed-before", intent: allowed.intent, result };
  }
  const reason = { code: "request/signed-for-another", params: {}, text: "these very bytes were signed for another person already" };
  const entry = refuse(tx, {
    ...tell(judge, allowed),
    request: asObject(allowed.request),
    effects: effectsOf(allowed.intent),
    reasons: [reasonToJson(reason)],
  });
  return { kind: "denied", reasons: [reason], ...(entry !== undefined && { entry }) };
}

function takenOver(why: string): CustodyError {
  return new CustodyError("vault/reservation-taken", `reservation: the same intent was asked again meanwhile (${why}); ask again`);
}

function weighs(charge: Charge): boolean {
  return charge.replaceable > 0n || charge.lasting > 0n;
}
