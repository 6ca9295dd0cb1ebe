import type { JsonObject } from "../../../base/canonical.ts";
import { DAY_MS } from "../../../base/time.ts";
import type { EffectKind } from "../../../intent/effect.ts";
import { UNLIMITED } from "../../../intent/effect.ts";
import { KIND_FIELDS } from "../../../intent/fields.ts";
import type { Condition, RequireRule } from "../../core.ts";
import { suffices } from "../quorum.ts";
import { whenWithout, withChanged, withRule, writtenRule } from "./change.ts";
import { both, type Check, type Evidence, type Found } from "./evidence.ts";
import { approvalsText, durationText, listText } from "./words.ts";

/** A rule that asks for more from an amount of one asset on. */
export interface Tier {
  readonly rule: RequireRule;
  readonly asset: string;
  /** The least amount, or total, that it speaks of. */
  readonly least: bigint;
}

/** Tiers of the rules in force, the lowest of each rule and asset. */
export function tiersOf(evidence: Evidence): readonly Tier[] {
  const [amount, total, asset] = (["amount", "total", "asset"] as const).map((field) => evidence.space.at(field)) as [
    number,
    number,
    number,
  ];
  const tiers = new Map<string, Tier>();
  for (const rule of evidence.own) {
    if (rule.type !== "require") continue;
    for (const box of evidence.boxes(rule)) {
      const sides = new Map(box);
      const names = sides.get(asset)?.names;
      const bounds = [amount, total].flatMap((field) => sides.get(field)?.integers[0]?.[0] ?? []);
      const least = bounds.reduce((high, bound) => (bound > high ? bound : high), 0n);
      if (names === undefined || names.not || least <= 1n || least >= UNLIMITED) continue;
      for (const name of names.values) {
        const key = `${rule.id} ${name}`;
        const known = tiers.get(key);
        if (known === undefined || least < known.least) tiers.set(key, { rule, asset: name, least });
      }
    }
  }
  return [...tiers.values()];
}

export const tierSplit: Check = {
  id: "tier-split",
  severity: "warning",
  about: "A `require` on `amount` or `total` that many smaller requests avoid",
  advice: "Add a `limit` over time whose `beyond` asks for the same approvals",
  scope: "mode",
  find: (evidence) => tiersOf(evidence).flatMap((tier) => split(evidence, tier)),
};

function split(evidence: Evidence, tier: Tier): readonly Found[] {
  const { rule, asset, least } = tier;
  const { words } = evidence;
  const what = `whether ${rule.id} can be avoided by smaller requests`;
  const found = evidence.yes({ kinds: moneyOf(rule.kinds), when: below(tier) }, { what });
  const requester = found?.witness.circumstances.requester;
  if (found === undefined || requester === undefined) return [];
  const answering = { people: new Set(found.approvers), stands: () => true };
  // Whoever must answer below the tier has answered above it too.
  if (rule.approvals.length > 0 && suffices([rule.approvals], answering)) return [];
  const thieves = [requester, ...found.approvers];
  // A day of what they can have signed, once what they asked for first has waited.
  const withinMs = DAY_MS + found.delayMs;
  const loss = evidence.loss(thieves, asset, withinMs);
  if (loss.status === "inconclusive") evidence.undecided(what, loss.why ?? "the loss is not known");
  const unbounded = loss.amount === undefined && loss.status !== "inconclusive";
  if (!unbounded && loss.shown <= least) return [];
  const asks =
    rule.approvals.length > 0
      ? approvalsText(rule.approvals)
      : rule.delayMs > 0
        ? `a delay of ${durationText(rule.delayMs)}`
        : "a confirmation";
  const requests = loss.sequence.steps.reduce((sum, { times }) => sum + times, 0n);
  const much = unbounded ? "any amount" : words.amount(asset, loss.shown);
  const many = unbounded ? "as many requests as it takes" : `${requests} ${requests === 1n ? "request" : "requests"}`;
  const text =
    `${rule.id} asks for ${asks} from ${words.amount(asset, least)} on, but smaller requests add up without it: ` +
    `${listText(thieves)} can take ${much} within ${durationText(withinMs)}, in ${many}`;
  return [
    {
      rule: rule.id,
      text,
      witness: found.witness,
      ...(!unbounded && { sequence: loss.sequence }),
      asset,
      change: cumulative(evidence, tier),
    },
  ];
}

function below({ asset, least }: Tier): Condition {
  const small = [[1n, least - 1n]] as const;
  return both(
    { op: "in", field: "asset", values: new Set([asset]) },
    { op: "within", field: "amount", intervals: small },
    { op: "within", field: "total", intervals: small },
  );
}

/** The same approvals for what leaves within a day beyond the tier, however it is cut. */
function cumulative({ policy, mode, words }: Evidence, { rule, asset, least }: Tier): Found["change"] {
  const written = writtenRule(policy.document, rule.id);
  const when = written && whenWithout(written, ["amount", "total"]);
  if (written?.approvals === undefined || when === undefined) return undefined;
  const max = words.amount(asset, least);
  const limit: JsonObject & { readonly id: string } = {
    id: `${rule.id}-per-day`.slice(0, 64),
    limit: Object.keys(when).every((field) => OF_ALL_OUTFLOW.has(field)) ? ["outflow"] : moneyOf(rule.kinds),
    when: { ...when, asset: words.asset(asset) },
    max,
    per: "24h",
    beyond: { approvals: written.approvals },
  };
  const document = withRule(policy.document, mode, limit);
  return { text: `ask for the approvals of ${rule.id} as soon as more than ${max} leaves within 24h, however it is cut`, document };
}

const OF_ALL_OUTFLOW: ReadonlySet<string> = new Set(["asset", "chain", "account", "requester"]);

export const feeAboveTier: Check = {
  id: "fee-above-tier",
  severity: "warning",
  about: "One fee can be more than a payment of which a `require` asks for approvals",
  advice: "Let the rule speak of `fee` too, or allow smaller fees",
  scope: "mode",
  find: (evidence) =>
    tiersOf(evidence).flatMap((tier): readonly Found[] => {
      const { rule, asset, least } = tier;
      if (rule.kinds.includes("fee") || rule.approvals.length === 0) return [];
      const large: Condition = both(
        { op: "in", field: "asset", values: new Set([asset]) },
        { op: "within", field: "amount", intervals: [[least, UNLIMITED]] },
      );
      const found = evidence.yes({ kinds: ["fee"], when: large }, { what: `whether a fee can be above the tier of ${rule.id}` });
      if (found === undefined || suffices([rule.approvals], { people: new Set(found.approvers), stands: () => true })) return [];
      const most = evidence.words.amount(asset, least);
      const document = withChanged(evidence.policy.document, rule.id, (written) => ({
        ...written,
        require: [...(written.require as readonly string[]), "fee"],
      }));
      return [
        {
          rule: evidence.blamed(found.witness),
          text: `${rule.id} asks for ${approvalsText(rule.approvals)} from ${most} on, but a fee of as much needs none of it: ${evidence.words.request(found.witness)}`,
          witness: found.witness,
          asset,
          change: { text: `let ${rule.id} speak of fees too`, document },
        },
      ];
    }),
};

function moneyOf(kinds: readonly EffectKind[]): readonly EffectKind[] {
  return kinds.filter((kind) => KIND_FIELDS[kind].includes("amount"));
}
