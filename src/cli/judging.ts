import type { JsonObject } from "../base/canonical.ts";
import type { Time } from "../base/time.ts";
import { intentToJson } from "../intent/intent.ts";
import type { Policy } from "../policy/core.ts";
import { emptyCounters } from "../policy/counters.ts";
import { compile, type Evaluator } from "../policy/evaluate.ts";
import { explain } from "../policy/explain.ts";
import { reading } from "./chains.ts";
import { fieldsOf } from "./policies.ts";
import type { LooseRequest } from "./requests.ts";
import type { Explained } from "./verdict.ts";

/** A policy made ready to judge many requests without a vault. */
export class Judging {
  readonly #evaluator: Evaluator;
  readonly #clock: () => Time;

  constructor(policy: Policy, clock: () => Time) {
    this.#evaluator = compile(policy);
    this.#clock = clock;
  }

  /** Judges as if nothing was ever spent, and says what else it had to assume. */
  explain(asked: LooseRequest): Explained {
    const { policy } = this.#evaluator;
    const intent = reading.intent(asked.request, { policy });
    const session = sessionOf(policy, asked.requester);
    const circumstances = {
      now: asked.now ?? this.#clock(),
      mode: "normal",
      ...(asked.requester !== undefined && { requester: asked.requester }),
      ...(session !== undefined && { session }),
    };
    const assumed = assumptions(policy, asked, session);
    return { ...explain(this.#evaluator, intent, circumstances, () => emptyCounters, assumed), intent: intentToJson(intent) as JsonObject };
  }
}

/** The kind of credential that begins this person's session, where there is only one. */
export function sessionOf(policy: Policy, requester: string | undefined): string | undefined {
  const kinds = new Set((policy.people.get(requester ?? "") ?? []).map(({ kind }) => kind));
  return kinds.size === 1 ? [...kinds][0] : undefined;
}

function assumptions(policy: Policy, { requester, now }: LooseRequest, session: string | undefined): string[] {
  const fields = fieldsOf(policy);
  return [
    "counters-empty",
    ...(requester === undefined ? ["requester-unknown"] : []),
    ...(now === undefined ? ["now"] : []),
    ...(session === undefined && fields.has("session") ? ["session-unknown"] : []),
    ...(fields.has("recipientAge") ? ["recipient-age-unknown"] : []),
    ...(fields.has("ownRecipient") ? ["own-accounts-unknown"] : []),
    ...(fields.has("origin") ? ["origin-unknown"] : []),
    // `frozen` exists without being written; a document that writes a mode may be in it.
    ...("modes" in policy.document || fields.has("mode") ? ["mode-normal"] : []),
  ];
}
