import { DAY_MS } from "../../../base/time.ts";
import { UNLIMITED } from "../../../intent/effect.ts";
import { OUTFLOW } from "../../../intent/fields.ts";
import { writeAmount } from "../../amounts.ts";
import type { AllowRule, Condition } from "../../core.ts";
import { withRule } from "./change.ts";
import { both, type Check, type Evidence, type Found } from "./evidence.ts";
import { listText } from "./words.ts";

/** So many of the largest fees within a day are more than anybody pays who means no harm. */
const MANY = 20n;

export const feesDrain: Check = {
  id: "fees-drain",
  severity: "warning",
  about: "People who can pay nobody can burn a day's limit as fees, which only the limit on payments counts",
  advice: "Give fees a lower `limit` of their own, or ask for the same approvals",
  scope: "mode",
  find: (evidence) =>
    evidence.allows
      .filter(({ kinds }) => kinds.includes("fee"))
      .flatMap((rule) => evidence.namesIn(rule, "asset").flatMap((asset) => drained(evidence, rule, asset))),
};

function drained(evidence: Evidence, rule: AllowRule, asset: string): readonly Found[] {
  const { words, policy, mode } = evidence;
  const what = `what ${rule.id} lets burn`;
  const here: Condition = { op: "in", field: "asset", values: new Set([asset]) };
  const each = mostOf(evidence, rule);
  const found = evidence.yes({ kinds: ["fee"], when: both(rule.when, here) }, { what });
  const requester = found?.witness.circumstances.requester;
  if (found === undefined || requester === undefined || each >= UNLIMITED) return [];
  const thieves = [requester, ...found.approvers];
  const pays = evidence.yes({ kinds: OUTFLOW.filter((kind) => kind !== "fee"), when: here, by: new Set(thieves) }, { what });
  if (pays !== undefined) return [];
  const loss = evidence.loss(thieves, asset, DAY_MS);
  if (loss.status === "inconclusive") evidence.undecided(what, loss.why ?? "the loss is not known");
  if (loss.amount === undefined || loss.shown <= MANY * each) return [];
  const text = `${listText(thieves)} can pay ${words.asset(asset)} to nobody, but burn ${words.amount(asset, loss.shown)} of it as fees within 24h`;
  const slash = asset.indexOf("/");
  const known = policy.book.asset(asset.slice(0, slash), asset.slice(slash + 1));
  const max = known && writeAmount((MANY / 2n) * each, known);
  const change = max && {
    text: `let fees cost at most ${max} within 24h, ten of the largest; choose the number that fits`,
    document: withRule(policy.document, mode, { id: "daily-fees", limit: ["fee"], when: { asset: words.asset(asset) }, max, per: "24h" }),
  };
  return [{ rule: rule.id, text, witness: found.witness, sequence: loss.sequence, asset, ...(change && { change }) }];
}

/** The most that one fee may be under a rule. */
function mostOf(evidence: Evidence, rule: AllowRule): bigint {
  const amount = evidence.space.at("amount");
  const tops = evidence.boxes(rule).map((box) => box.find(([index]) => index === amount)?.[1].integers.at(-1)?.[1] ?? UNLIMITED);
  return tops.reduce((high, top) => (top > high ? top : high), 0n);
}
