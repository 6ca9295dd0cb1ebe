import type { Circumstances } from "../intent/effect.ts";
import type { Charge, Judgement } from "../intent/verdict.ts";
import type { Counters } from "./counters.ts";
import type { Evaluator, Judged } from "./evaluate.ts";
import { undecidable } from "./reasons.ts";

/** One policy among several that must all agree. */
export interface Layer {
  readonly evaluator: Evaluator;
  /** Stands before the ids of its rules and counters, so that layers share none: `""` for the vault, `session/<id>/` for a session. */
  readonly prefix: string;
}

/**
 * The meet of layers: denied if any denies, else all needs of all; a further layer only narrows. The vault's own policy comes
 * first; without any layer everything is denied. Never throws.
 *
 * @param counters - asked with prefixed limits, as they stand in the charges.
 */
export function judgeLayers(layers: readonly Layer[], intent: Judged, circumstances: Circumstances, counters: Counters): Judgement {
  try {
    return meet(layers, intent, circumstances, counters);
  } catch (cause) {
    return undecidable(cause);
  }
}

function meet(layers: readonly Layer[], intent: Judged, circumstances: Circumstances, counters: Counters): Judgement {
  if (layers.length === 0) throw new TypeError("layers: expected at least the vault's policy");
  const judgements = layers.map(({ evaluator, prefix }, index) => {
    // What the chain refuses is refused once, by the first layer.
    const judged = index === 0 ? intent : { effects: intent.effects, refusals: [] };
    const own: Counters = { after: (charge) => counters.after(prefixedCharge(prefix, charge)) };
    return prefixed(prefix, evaluator.judge(judged, circumstances, own));
  });
  const reasons = judgements.flatMap((judgement) => judgement.reasons);
  return {
    reasons,
    needs: reasons.length > 0 ? [] : judgements.flatMap((judgement) => judgement.needs),
    charges: judgements.flatMap((judgement) => judgement.charges),
    hits: judgements.flatMap((judgement) => judgement.hits),
  };
}

function prefixed(prefix: string, { reasons, needs, charges, hits }: Judgement): Judgement {
  return {
    reasons: reasons.map((reason) => (reason.rule === undefined ? reason : { ...reason, rule: prefix + reason.rule })),
    needs: needs.map((need) => ({ ...need, rule: prefix + need.rule })),
    charges: charges.map((charge) => prefixedCharge(prefix, charge)),
    hits: hits.map((id) => prefix + id),
  };
}

function prefixedCharge(prefix: string, charge: Charge): Charge {
  return { ...charge, limit: prefix + charge.limit };
}
