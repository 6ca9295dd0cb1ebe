import type { Json, JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { EffectKind } from "../intent/effect.ts";
import { effectToJson, type Intent, type Reason } from "../intent/intent.ts";
import { SEMANTICS } from "../intent/semantics.ts";
import type { Judgement, Need } from "../intent/verdict.ts";
import type { Tx } from "../vault/tx.ts";
import { credentialOf } from "./credentials.ts";
import { type Desk, type Moment, momentOf } from "./desk.ts";
import { housekeep } from "./housekeeping.ts";
import { journal } from "./journal.ts";
import type { Judge } from "./judge.ts";
import type { DeniedOutcome, PendingOutcome } from "./outcome.ts";
import { announce, type Met, settle } from "./pending.ts";
import type { AskedRequest, SessionRecord } from "./records.ts";
import { flush, modeAt, reasonToJson, refuse, rootState } from "./refusals.ts";
import { restoredReason } from "./restored.ts";

/** A request on its way: who asks for what, and how its bytes are read with the book of the policy in force. */
export interface Ask {
  /** Id of the session. */
  readonly session: string;
  readonly request: AskedRequest;
  /** The pending request that is taken up again, where one is named. */
  readonly resumed?: string | undefined;
  readonly read: (tx: Moment, judge: Judge) => Intent;
}

/** Nothing speaks against it and every need is met. Nothing is written yet: the same commit goes on to reserve, or to act. */
export interface Allowed {
  readonly kind: "allowed";
  readonly request: AskedRequest;
  readonly session: SessionRecord;
  readonly intent: Intent;
  readonly judgement: Judgement;
  readonly met: Met;
}

/**
 * Judges a request by the state of this very commit: policy, counters, approvals, mode and time. Denials and waits are
 * written down here.
 *
 * @throws `session/ended`, and whatever reading the request throws.
 */
export function decide(tx: Tx, desk: Pick<Desk, "vault" | "judge">, ask: Ask): Allowed | PendingOutcome | DeniedOutcome {
  const { judge } = desk;
  housekeep(tx, judge);
  const session = liveSession(tx, judge, ask.session);
  const intent = ask.read(tx, judge);
  const judgement = judgeNow(tx, judge, intent, session);
  const allowed = { request: ask.request, session, intent, judgement };
  if (judgement.reasons.length > 0) return deny(tx, judge, allowed);

  const settled = settle(tx, desk, { request: ask.request, resumed: ask.resumed, session, intent, needs: judgement.needs });
  switch (settled.state) {
    case "met":
      return { kind: "allowed", ...allowed, met: settled };
    case "refused":
      return deny(tx, judge, { ...allowed, judgement: { ...judgement, reasons: [settled.reason] } });
    case "waiting": {
      const { id, expires } = settled.pending;
      const entry = announce(tx, { askedBy: session.id, ...settled.pending }, () => {
        flush(tx);
        return journal(tx, "pending", {
          ...tell(judge, allowed),
          request: asObject(ask.request),
          effects: effectsOf(intent),
          pending: id,
          needs: needsToJson(settled.missing),
        });
      });
      return { kind: "pending", id, needs: settled.missing, expires, entry };
    }
  }
}

/** Whether nothing speaks against a request now. Nothing is written: the commit decides. */
export async function couldPass({ vault, judge, now }: Pick<Desk, "vault" | "judge" | "now">, ask: Ask): Promise<boolean> {
  const at = await now();
  return vault.read((view) => {
    const tx = momentOf(view, at);
    const session = tx.get(`session/${ask.session}`) as Json | undefined as SessionRecord | undefined;
    return session !== undefined && judgeNow(tx, judge, ask.read(tx, judge), session).reasons.length === 0;
  });
}

/** The policy's answer at this moment. */
export function judgeNow(tx: Pick<Tx, "state" | "now">, judge: Judge, intent: Intent, session: SessionRecord): Judgement {
  const circumstances = judge.circumstances(session, tx.now, modeAt(tx, tx.now).name);
  return evaluatorNow(tx, judge, session).judge(intent, circumstances, judge.counters(intent, tx.now));
}

/**
 * Policy and session together. A policy that was accepted under other semantics signs nothing until an edit accepts it again, and a
 * vault that was restored does nothing at all until that was allowed.
 */
export function evaluatorNow(tx: Pick<Tx, "state">, judge: Judge, session: SessionRecord): ReturnType<Judge["evaluatorOf"]> {
  const evaluator = judge.evaluatorOf(session);
  const { semantics } = rootState(tx);
  const restored = restoredReason(judge.restored);
  if (semantics === SEMANTICS && restored === undefined) return evaluator;
  const other: Reason = {
    code: "policy/semantics",
    params: { accepted: semantics, current: SEMANTICS },
    text: "the policy was accepted under another meaning of decoder and rules; a policyEdit has to accept it again first",
  };
  return {
    ...evaluator,
    judge(intent, circumstances, counters) {
      const judgement = evaluator.judge(intent, circumstances, counters);
      const is = (kind: EffectKind) => intent.effects.every((effect) => effect.kind === kind);
      // A restore comes before anything else, so also before the edit that accepts another meaning.
      const stops = restored === undefined ? !is("policyEdit") && other : !is("restore") && restored;
      if (stops === false) return judgement;
      return { ...judgement, reasons: [...judgement.reasons, stops], needs: [] };
    },
  };
}

/** What every entry about a request tells: who, what, under which policy, which rules, which counters. */
export function tell(judge: Judge, { session, intent, judgement }: Pick<Allowed, "session" | "intent" | "judgement">): JsonObject {
  const { id, version } = judge.record;
  return {
    person: session.person,
    session: session.id,
    intent: intent.id,
    policy: { id, version },
    book: judge.policy.book.hash,
    semantics: SEMANTICS,
    hits: judgement.hits,
  };
}

export function effectsOf(intent: Intent): readonly JsonObject[] {
  return intent.effects.map(effectToJson);
}

export function asObject(value: object): JsonObject {
  return value as unknown as JsonObject;
}

export function needsToJson(needs: readonly Need[]): readonly JsonObject[] {
  return needs.map(asObject);
}

/**
 * The session, while it lasts and the policy in force still gives its person the credential that it was begun with: whoever
 * is taken out of the policy, or loses a key, stops at that very commit.
 *
 * @throws `session/ended`
 */
export function liveSession(tx: Pick<Tx, "get" | "now">, judge: Judge, id: string): SessionRecord {
  const session = tx.get(`session/${id}`) as Json | undefined as SessionRecord | undefined;
  if (session === undefined || session.expires <= tx.now || !stillTheirs(session, judge))
    throw new CustodyError("session/ended", "session: it has ended or run out, begin a new one");
  return session;
}

// A key that has become a service's is another credential: the rules that speak of `session` were asked about the old one.
function stillTheirs({ person, credential, key }: SessionRecord, judge: Judge): boolean {
  return credentialOf(judge.policy, person, key ?? null)?.kind === credential;
}

function deny(tx: Tx, judge: Judge, denied: Pick<Allowed, "request" | "session" | "intent" | "judgement">): DeniedOutcome {
  const { reasons } = denied.judgement;
  const details = {
    ...tell(judge, denied),
    request: asObject(denied.request),
    effects: effectsOf(denied.intent),
    reasons: reasons.map(reasonToJson),
  };
  const entry = refuse(tx, details);
  return { kind: "denied", reasons, ...(entry !== undefined && { entry }) };
}
