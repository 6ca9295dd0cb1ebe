import { type EffectKind, UNLIMITED } from "../../intent/effect.ts";
import { KIND_FIELDS } from "../../intent/fields.ts";
import type { Condition, Interval, LimitRule } from "../core.ts";

/** Where one effect alone is more than a limit lets through, however fresh its counter is. */
export interface Excess {
  readonly kinds: readonly EffectKind[];
  /** Together with the limit's own condition, and possibly is enough: what cannot be weighed is too much. */
  readonly over: Condition;
}

/** By the fields that its kinds have. Nothing where no single effect can be too much. */
export function excessOf(limit: LimitRule): readonly Excess[] {
  if (limit.max >= UNLIMITED) return [];
  const weighs = ["amount", ...(limit.measure.type === "value" ? (["asset"] as const) : [])] as const;
  const needs = [...limit.by, ...(limit.measure.type === "count" ? [] : weighs)];
  const has = (kind: EffectKind) => needs.every((field) => KIND_FIELDS[kind].includes(field));
  const out: Excess[] = [
    { kinds: limit.kinds.filter((kind) => !has(kind)), over: { op: "always" } },
    { kinds: limit.kinds.filter(has), over: { op: "any", of: [overBy(limit), ...limit.by.map((field) => nowhere(field))] } },
  ];
  return out.filter(({ kinds }) => kinds.length > 0);
}

/** A condition that is false of every value, and so possibly true only of one that is unknown. */
function nowhere(field: LimitRule["by"][number]): Condition {
  return { op: "in", field, values: new Set() };
}

function overBy({ measure, max }: LimitRule): Condition {
  switch (measure.type) {
    case "count":
      return max === 0n ? { op: "always" } : { op: "any", of: [] };
    case "amount":
      return { op: "within", field: "amount", intervals: above(max) };
    case "value": {
      // ceil(amount × n ÷ d) > max exactly where amount × n > max × d.
      const perAsset = [...measure.worth].map(([asset, { numerator, denominator }]): Condition => {
        const fair = denominator > 0n && numerator >= 0n;
        const intervals = !fair ? above(-1n) : numerator === 0n ? top() : above((max * denominator) / numerator);
        return {
          op: "all",
          of: [
            { op: "in", field: "asset", values: new Set([asset]) },
            { op: "within", field: "amount", intervals },
          ],
        };
      });
      const others: Condition = { op: "not", of: { op: "in", field: "asset", values: new Set(measure.worth.keys()) } };
      const late: Condition = { op: "within", field: "date", intervals: [[BigInt(measure.until), UNLIMITED]] };
      return { op: "any", of: [late, others, ...perAsset] };
    }
  }
}

// An amount that is not bounded weighs as much as there is, whatever it is worth.
function above(max: bigint): readonly Interval[] {
  return max >= UNLIMITED ? top() : [[max + 1n, UNLIMITED]];
}

function top(): readonly Interval[] {
  return [[UNLIMITED, UNLIMITED]];
}
