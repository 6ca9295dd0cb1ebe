import type { Json, JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { formatTime } from "../base/time.ts";
import { effectToJson, type Request } from "../intent/intent.ts";
import type { Sequence } from "../policy/analyze/sequence.ts";
import type { Witness } from "../policy/analyze/witness.ts";
import { witnessToJson as statedToJson } from "../policy/analyze/witness-json.ts";
import type { Policy } from "../policy/core.ts";
import { verdictOf } from "../policy/verdict.ts";
import { type ComposeOptions, requestFor } from "./compose.ts";
import { Judging } from "./judging.ts";
import { readLoose } from "./requests.ts";

export interface WitnessOptions extends ComposeOptions {
  /** Who answers, beside whoever asks. */
  readonly approvers?: readonly string[];
}

/**
 * A witness as reports print it: its effects as `explain --json` has them, who asks, when and in which mode, who answers. Where
 * the kind allows it, `request` is the same as real bytes: a request that `keyward explain --policy` lets pass, as it stands.
 * `besides` are effects of those bytes that the witness does not state, such as a fee of 0.
 */
export function witnessToJson(policy: Policy, witness: Witness, { approvers, ...options }: WitnessOptions = {}): JsonObject {
  const composed = requestFor(policy, witness, options);
  const request = composed && looseRequest(composed.request, witness);
  return {
    ...statedToJson(witness),
    ...(approvers !== undefined && { approvers }),
    ...(composed !== undefined && request !== undefined && explains(policy, request)
      ? { request, besides: composed.besides.map(effectToJson) }
      : {}),
  };
}

/** A sequence: its first moment, and its steps with what is asked in each. */
export function sequenceToJson(policy: Policy, { from, steps }: Sequence, options: ComposeOptions = {}): JsonObject {
  return {
    from: formatTime(from),
    steps: steps.map(({ askedMs, signedMs, witness, times, approvers }) => ({
      asked: formatTime(from + askedMs),
      signed: formatTime(from + signedMs),
      times: times.toString(),
      ...witnessToJson(policy, witness, { ...options, approvers }),
    })),
  };
}

/** What `explain` reads: nobody needs to know the time at which an audit was made. */
function looseRequest({ chain, account, kind, payload }: Request, { circumstances: { requester, now } }: Witness): JsonObject {
  const request = { chain, account, kind, payload };
  return { ...request, ...(requester !== undefined && { requester }), now: formatTime(now) };
}

/** Whether `explain` says the same of it, who knows less of the circumstances: neither another mode nor the age of an address. */
function explains(policy: Policy, request: Json): boolean {
  try {
    const { judgement } = judgingOf(policy).explain(readLoose(request));
    return verdictOf(judgement, () => false).verdict !== "deny";
  } catch (cause) {
    if (cause instanceof CustodyError) return false;
    throw cause;
  }
}

const judgings = new WeakMap<Policy, Judging>();

/** Made once, for the hundreds of witnesses of one audit. Its clock is never asked: each request says when it is. */
function judgingOf(policy: Policy): Judging {
  const judging = judgings.get(policy) ?? new Judging(policy, () => 0);
  judgings.set(policy, judging);
  return judging;
}
