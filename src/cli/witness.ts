import type { Json, JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { effectToJson, type Request } from "../intent/intent.ts";
import type { Witness } from "../policy/analyze/witness.ts";
import { witnessToJson as statedToJson } from "../policy/analyze/witness-json.ts";
import type { Policy } from "../policy/core.ts";
import { verdictOf } from "../policy/verdict.ts";
import { type ComposeOptions, requestFor } from "./compose.ts";
import { Judging } from "./judging.ts";

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
  const request = composed && asked(composed.request, witness);
  return {
    ...statedToJson(witness),
    ...(approvers !== undefined && { approvers }),
    ...(composed !== undefined && request !== undefined && explains(policy, request)
      ? { request, besides: composed.besides.map(effectToJson) }
      : {}),
  };
}

/** Nobody needs to know the time at which an audit was made, or what a vault would. */
function asked({ chain, account, kind, payload }: Request, witness: Witness): JsonObject {
  const { effects: _stated, ...circumstances } = statedToJson(witness);
  return { chain, account, kind, payload, ...circumstances };
}

/** Whether `explain` says the same of it: moments that no calendar writes are not handed on. */
function explains(policy: Policy, request: Json): boolean {
  try {
    const { judgement } = judgingOf(policy).explain(request);
    return verdictOf(judgement, () => false).verdict !== "deny";
  } catch (cause) {
    if (cause instanceof CustodyError) return false;
    throw cause;
  }
}

const judgings = new WeakMap<Policy, Judging>();

/** Made once, for the hundreds of witnesses of one audit. Its clock is never asked: each request says when it is. */
function judgingOf(policy: Policy): Judging {
  const judging = judgings.get(policy) ?? new Judging(policy, { clock: () => 0 });
  judgings.set(policy, judging);
  return judging;
}
