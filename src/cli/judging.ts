import type { Json, JsonObject } from "../base/canonical.ts";
import { expectObject } from "../base/shape.ts";
import { formatTime, type Time } from "../base/time.ts";
import type { Circumstances } from "../intent/effect.ts";
import { effectToJson, type Intent, intentToJson } from "../intent/intent.ts";
import type { Policy } from "../policy/core.ts";
import { emptyCounters } from "../policy/counters.ts";
import { compile, type Evaluator } from "../policy/evaluate.ts";
import { explain } from "../policy/explain.ts";
import { ASKED, CIRCUMSTANCES, malformed, readCircumstances, readIntent, type Stated } from "./asked.ts";
import { fieldsOf } from "./policies.ts";
import type { Explained } from "./verdict.ts";

export interface JudgingOptions {
  /** Where a request does not say when it is asked. */
  readonly clock: () => Time;
  /** Where it does not say which mode holds; `normal` where this is absent. */
  readonly mode?: string;
}

/** A policy made ready to judge many requests without a vault. */
export class Judging {
  readonly #evaluator: Evaluator;
  readonly #options: JudgingOptions;

  constructor(policy: Policy, options: JudgingOptions) {
    this.#evaluator = compile(policy);
    this.#options = options;
  }

  /**
   * Judges a request, or the witness of a report, as if nothing was ever spent, and says what else it had to assume.
   *
   * @throws `request/malformed`, and what the chain throws for bytes that it cannot read
   */
  explain(json: Json): Explained {
    const { policy } = this.#evaluator;
    const said = askedIn(json);
    const intent = readIntent(said, policy);
    const { clock, mode = "normal" } = this.#options;
    const circumstances = readCircumstances({ mode, ...said, now: said.now ?? formatTime(clock()) }, policy);
    const isModeSaid = said.mode !== undefined || this.#options.mode !== undefined;
    const assumed = assumptions(policy, circumstances, { now: said.now !== undefined, mode: isModeSaid });
    return { ...explain(this.#evaluator, intent, circumstances, () => emptyCounters, assumed), intent: asJson(intent) };
  }
}

/** What a witness has beside the effects that it states: its bytes, what they do besides, and who answers. It is no part of what is asked. */
const OF_WITNESSES = ["besides", "approvers"] as const;

function askedIn(json: Json): JsonObject {
  const said = expectObject(json, { optional: [...ASKED, ...CIRCUMSTANCES, ...OF_WITNESSES] }, "request");
  const { besides, approvers, request, ...asked } = said;
  if (said.effects === undefined) {
    if (besides !== undefined || approvers !== undefined)
      throw malformed("request: expected the effects of a witness beside its approvers");
    return said;
  }
  // The request of a witness is the same once more, as bytes.
  return asked as JsonObject;
}

function asJson(intent: Intent | Stated): JsonObject {
  return "id" in intent ? (intentToJson(intent) as JsonObject) : { effects: intent.effects.map(effectToJson) };
}

function assumptions(policy: Policy, known: Circumstances, said: { readonly now: boolean; readonly mode: boolean }): string[] {
  const fields = fieldsOf(policy);
  return [
    "counters-empty",
    ...(known.requester === undefined ? ["requester-unknown"] : []),
    ...(said.now ? [] : ["now"]),
    ...(known.session === undefined && fields.has("session") ? ["session-unknown"] : []),
    ...(known.addedAt === undefined && fields.has("recipientAge") ? ["recipient-age-unknown"] : []),
    ...(known.isOwn === undefined && fields.has("ownRecipient") ? ["own-accounts-unknown"] : []),
    ...(known.origin === undefined && fields.has("origin") ? ["origin-unknown"] : []),
    // `frozen` exists without being written; a document that writes a mode may be in it.
    ...(!said.mode && ("modes" in policy.document || fields.has("mode")) ? ["mode-normal"] : []),
  ];
}
