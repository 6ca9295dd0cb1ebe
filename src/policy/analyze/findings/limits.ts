import type { JsonObject } from "../../../base/canonical.ts";
import { DAY_MS } from "../../../base/time.ts";
import { UNLIMITED } from "../../../intent/effect.ts";
import { KIND_FIELDS, OUTFLOW } from "../../../intent/fields.ts";
import { writeAmount } from "../../amounts.ts";
import type { Condition, LimitRule } from "../../core.ts";
import { Budget } from "../regions.ts";
import { Stricter } from "../stricter.ts";
import { withRule, writtenRule } from "./change.ts";
import { type Alteration, asForbid, both, type Check, type Evidence, type Found, listed, signing } from "./evidence.ts";
import { approvalsText, listText, windowText } from "./words.ts";

export const assetWithoutLimit: Check = {
  id: "asset-without-limit",
  severity: "error",
  about: "An asset can leave that no `limit` counts",
  advice: "Add a `limit` on `outflow` for the asset",
  scope: "mode",
  find: (evidence) =>
    uncounted(
      evidence,
      OUTFLOW.filter((kind) => kind !== "fee"),
      "payments",
    ),
};

export const feesWithoutLimit: Check = {
  id: "fees-without-limit",
  severity: "warning",
  about: "Fees that no `limit` counts: they can be burnt, or paid to an accomplice",
  advice: "Let a `limit` on `outflow` count the asset that pays them",
  scope: "mode",
  find: (evidence) => uncounted(evidence, ["fee"], "fees"),
};

/** Allows of money that no limit counts: with every limit turned into a forbid, something still passes. */
function uncounted(evidence: Evidence, kinds: readonly (typeof OUTFLOW)[number][], what: string): readonly Found[] {
  const { words, mode } = evidence;
  const counting = evidence.altered(denyingCounted);
  return evidence.allows.flatMap((rule) => {
    const those = kinds.filter((kind) => rule.kinds.includes(kind));
    const found = evidence.yes({ kinds: those, when: rule.when }, { policy: counting, what: `whether ${what} of ${rule.id} are counted` });
    const [effect] = found?.witness.effects ?? [];
    if (found === undefined || effect === undefined) return [];
    const asset = `${effect.chain}/${effect.asset}`;
    const text = `no limit counts ${what} of ${words.asset(asset)} that ${rule.id} allows: ${words.request(found.witness)}`;
    return [{ rule: rule.id, text, witness: found.witness, change: counted(evidence, asset, rule.id, mode), asset }];
  });
}

const denyingCounted: Alteration = (rule) => (rule.type === "limit" && rule.measure.type !== "count" ? asForbid(rule) : rule);

/** A limit of ten times what one request may be. Where nothing says how much that is, no number is better than another. */
function counted(evidence: Evidence, asset: string, rule: string, mode: string): Found["change"] {
  const { policy, space, words } = evidence;
  const blamed = evidence.allows.find(({ id }) => id === rule);
  const amount = space.at("amount");
  const each = (blamed === undefined ? [] : evidence.boxes(blamed)).map(
    (box) => box.find(([index]) => index === amount)?.[1].integers.at(-1)?.[1],
  );
  const most = each.reduce<bigint>((high, one) => (one === undefined ? UNLIMITED : one > high ? one : high), 0n);
  const slash = asset.indexOf("/");
  const known = policy.book.asset(asset.slice(0, slash), asset.slice(slash + 1));
  if (known === undefined || most >= UNLIMITED || most === 0n) return undefined;
  const name = words.asset(asset);
  const max = writeAmount(10n * most, known);
  const limit = {
    id: `daily-${name.toLowerCase().replace(/[^a-z0-9._-]/g, "-")}`,
    limit: ["outflow"],
    when: { asset: name },
    max,
    per: "24h",
  };
  return {
    text: `let at most ${max} leave within 24h, ten of the largest; choose the number that fits`,
    document: withRule(policy.document, mode, limit),
  };
}

export const capLifted: Check = {
  id: "cap-lifted",
  severity: "warning",
  about: "The people who can answer a limit's `beyond` are bounded by nothing else",
  advice: "Add a higher `limit` that has no `beyond`",
  scope: "mode",
  find: (evidence) => evidence.own.flatMap((rule) => (rule.type === "limit" && rule.beyond.length > 0 ? lifted(evidence, rule) : [])),
};

function lifted(evidence: Evidence, limit: LimitRule): readonly Found[] {
  if (limit.measure.type === "count") return [];
  const { words } = evidence;
  // The limit as if it were a require of what its excess needs: who could answer that, and what they could take then.
  const asked = evidence.altered((rule) =>
    rule === limit
      ? {
          type: "require",
          id: limit.id,
          kinds: limit.kinds,
          when: limit.when,
          approvals: limit.beyond,
          delayMs: 0,
          confirm: false,
          expiresMs: DAY_MS,
        }
      : rule,
  );
  const kinds = signing(limit.kinds).filter((kind) => kind !== "fee" && KIND_FIELDS[kind].includes("amount"));
  const some: Condition = both(limit.when, { op: "within", field: "amount", intervals: [[1n, UNLIMITED]] });
  const what = `whether ${limit.id} can be lifted`;
  const found = evidence.yes({ kinds, when: some }, { policy: asked, what });
  const requester = found?.witness.circumstances.requester;
  const [effect] = found?.witness.effects ?? [];
  if (found === undefined || requester === undefined || effect === undefined) return [];
  const asset = `${effect.chain}/${effect.asset}`;
  const thieves = [requester, ...found.approvers];
  const loss = evidence.loss(thieves, asset, DAY_MS + found.delayMs);
  if (loss.status === "inconclusive") evidence.undecided(what, loss.why ?? "the loss is not known");
  if (loss.amount !== undefined || loss.status === "inconclusive") return [];
  const text =
    `beyond ${words.max(limit)} ${windowText(limit)} ${limit.id} asks for ${approvalsText(limit.beyond)} and then lets everything through: ` +
    `${listText(thieves)} can take all ${words.asset(asset)} there is`;
  return [{ rule: limit.id, text, witness: found.witness, change: ceiling(evidence, limit), asset }];
}

function ceiling({ policy, mode }: Evidence, { id, max, unit }: LimitRule): Found["change"] {
  const written = writtenRule(policy.document, id);
  if (written === undefined || unit === undefined) return undefined;
  const { beyond: _, ...rest } = written;
  const most = writeAmount(3n * max, unit);
  const limit: JsonObject & { readonly id: string } = { ...rest, id: `${id}-ceiling`.slice(0, 64), max: most };
  return {
    text: `add a ceiling of ${most} that no approval lifts, three times ${id}; choose the number that fits`,
    document: withRule(policy.document, mode, limit),
  };
}

export const limitNeverBinds: Check = {
  id: "limit-never-binds",
  severity: "note",
  about: "A `limit` that is never reached, because another lets less through",
  advice: "Lower it, or leave it out",
  scope: "mode",
  find: (evidence) => {
    const limits = evidence.own.filter((rule) => rule.type === "limit");
    const stricter = new Stricter([evidence.policy], new Budget(evidence.options.work ?? 200_000, evidence.options.signal));
    const aboutTheSame = byAsset(evidence, limits);
    return limits.flatMap((limit): readonly Found[] => {
      const other = aboutTheSame(limit).find(
        (one) => one !== limit && stricter.limit(over(one, limit), limit) && !(same(one, limit) && one.id > limit.id),
      );
      if (other === undefined) return [];
      const { words } = evidence;
      const text = `${limit.id} (${words.max(limit)} ${windowText(limit)}) is never reached: ${other.id} lets at most ${words.max(over(other, limit))} through ${windowText(limit)}`;
      return [{ rule: limit.id, text }];
    });
  },
};

/** Limits that may count all that another counts: those that name one of its assets, or none at all, of thousands. */
function byAsset(evidence: Evidence, limits: readonly LimitRule[]): (limit: LimitRule) => readonly LimitRule[] {
  const named = new Map(limits.map((limit) => [limit, listed(evidence, limit, "asset")]));
  const all = limits.filter((limit) => named.get(limit) === undefined);
  const lists = new Map<string, LimitRule[]>();
  for (const [limit, names] of named) for (const name of names ?? []) lists.set(name, [...(lists.get(name) ?? []), limit]);
  // What counts every asset of a limit counts its first.
  return (limit) => {
    const [first] = named.get(limit) ?? [];
    return first === undefined ? limits : [...all, ...(lists.get(first) ?? [])];
  };
}

/** What a limit lets through within the window of another: as often its own, as its windows begin in it. */
function over(limit: LimitRule, { windowMs }: LimitRule): LimitRule {
  if (limit.windowMs === "ever" || windowMs === "ever" || limit.windowMs >= windowMs) return limit;
  return { ...limit, windowMs, max: limit.max * BigInt(Math.ceil(windowMs / limit.windowMs)) };
}

function same(a: LimitRule, b: LimitRule): boolean {
  return a.max === b.max && a.windowMs === b.windowMs;
}

export const limitMultiplied: Check = {
  id: "limit-multiplied",
  severity: "error",
  about: "A `limit` `by` recipient or account of which there can be any number",
  advice: "Add a `limit` over all of them, or name the recipients",
  scope: "mode",
  find: (evidence) => {
    const { words, policy, mode } = evidence;
    // Counted by none that holds for all recipients together.
    const whole = evidence.altered((rule) =>
      rule.type !== "limit" || rule.measure.type === "count" || rule.by.some((field) => field !== "requester") ? rule : asForbid(rule),
    );
    return evidence.own.flatMap((limit): readonly Found[] => {
      const field = limit.type === "limit" && limit.measure.type !== "count" ? limit.by.find((one) => one !== "requester") : undefined;
      if (limit.type !== "limit" || field === undefined) return [];
      const known = new Set([...evidence.mentioned(field), ...evidence.book]);
      const elsewhere: Condition = both(limit.when, { op: "not", of: { op: "in", field, values: known } });
      const found = evidence.yes(
        { kinds: signing(limit.kinds), when: elsewhere },
        { policy: whole, what: `whether ${limit.id} multiplies` },
      );
      if (found === undefined) return [];
      const written = writtenRule(policy.document, limit.id);
      const { by: _, ...rest } = written ?? {};
      const many = field === "to" ? "recipient" : "account";
      const text = `${limit.id} lets ${words.max(limit)} through ${windowText(limit)} for every ${many}, and any ${many} will do: ${words.request(found.witness)}`;
      const all = limit.unit && { ...rest, id: `${limit.id}-in-all`.slice(0, 64), max: writeAmount(10n * limit.max, limit.unit) };
      const change = all && {
        text: `let at most ${all.max} leave over all of them, ten times ${limit.id}; choose the number that fits`,
        document: withRule(policy.document, mode, all),
      };
      return [{ rule: limit.id, text, ...(field === "account" && { severity: "warning" as const }), witness: found.witness, change }];
    });
  },
};
