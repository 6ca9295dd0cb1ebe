import { ACT_KINDS, EFFECT_KINDS, type EffectKind } from "../../intent/effect.ts";
import { type Field, isAct, OUTFLOW } from "../../intent/fields.ts";
import type { Condition, Interval, Policy, Rule } from "../core.ts";
import { CLASSES, DIRECTIONS } from "../references.ts";
import { actorsOf } from "./actors.ts";
import type { Authority } from "./authority.ts";
import { assetsOf, bandsOf, bandText, type NamedAsset } from "./bands.ts";
import { Inconclusive } from "./inconclusive.ts";
import { rulesIn } from "./items.ts";
import { speaksOf } from "./speaks.ts";
import { fewestOf, type MomentOptions, type Passage, type Way, type Ways, waysOf } from "./ways.ts";

/**
 * Who it takes, at least, for each act on the custody and for each kind of payment by asset and amount, in every mode. Of one effect:
 * a fee that a payment needs has rows of its own. What nobody can do has a row for acts, and for transfers in `normal`.
 */
export function authorityOf(policy: Policy, options: MomentOptions = {}): readonly Authority[] {
  return ["normal", ...policy.modes.keys()].flatMap((mode) =>
    [...EFFECT_KINDS, ...ACT_KINDS].flatMap((kind) => new Table(policy, mode, kind).rows(options)),
  );
}

/** Effects of which one row speaks. */
interface Row {
  readonly when: Condition;
  /** After the kind: ` that loosens`, ` of ETH`. */
  readonly about: string;
  readonly band?: { readonly amounts: Interval; readonly of: NamedAsset };
}

/** Rows that are looked for together, and a condition that they all lie in. */
interface Scope {
  readonly within: Condition;
  readonly rows: readonly Row[];
  /** Where they are looked for, if it is not the mode of the table. */
  readonly mode?: string;
}

class Table {
  readonly #policy: Policy;
  readonly #mode: string;
  readonly #kind: EffectKind;
  readonly #rules: readonly Rule[];

  constructor(policy: Policy, mode: string, kind: EffectKind) {
    this.#policy = policy;
    this.#mode = mode;
    this.#kind = kind;
    this.#rules = rulesIn(policy, mode).filter(({ kinds }) => kinds.includes(kind));
  }

  rows(options: MomentOptions): readonly Authority[] {
    // Acts are judged by the same rules in every mode, but some of these may look at it.
    if (isAct(this.#kind) && this.#mode !== "normal" && !this.#rules.some(({ when }) => speaksOf(when, "mode"))) return [];
    const allowed = this.#rules.some(({ type }) => type === "allow");
    const wanted = isAct(this.#kind) || (this.#kind === "transfer" && this.#mode === "normal");
    if (!allowed && !wanted) return [];
    const judged = this.#scopes().flatMap(({ within, rows, mode }) => {
      const ways: Ways = allowed ? this.#waysOf(rows, within, { ...options, mode: mode ?? this.#mode }) : { of: [], undecided: undefined };
      return rows.map((row, index) => ({ row, ...this.#fewest(ways, ways.of[index] ?? []) }));
    });
    const told = judged.filter(({ passage, status }) => wanted || passage !== undefined || status === "inconclusive");
    return joined(told).map((each) => this.#say(each));
  }

  #waysOf(rows: readonly Row[], within: Condition, { mode, ...options }: MomentOptions & { readonly mode: string }): Ways {
    const kinds = [this.#kind];
    const topics = rows.map(({ when }) => ({ kinds, when }));
    return waysOf(this.#policy, { topics, within: [{ kinds, when: within }], mode, from: options.from ?? 0 }, options);
  }

  #fewest(ways: Ways, own: readonly Way[]): Pick<Judged, "passage" | "status"> {
    try {
      const passage = fewestOf(this.#policy, own, new Set(actorsOf(this.#policy).people));
      return { passage, status: ways.undecided === undefined ? "exact" : "inconclusive" };
    } catch (cause) {
      if (!(cause instanceof Inconclusive)) throw cause;
      return { passage: undefined, status: "inconclusive" };
    }
  }

  #say({ row, passage, status }: Judged): Authority {
    const amounts = row.band === undefined ? "" : `, ${bandText(row.band.amounts, row.band.of)}`;
    return {
      mode: this.#mode,
      text: `${this.#kind}${row.about}${amounts}`,
      people: passage && [passage.asker, ...passage.approvers],
      delayMs: passage?.delayMs ?? 0,
      confirm: passage?.confirm ?? false,
      witness: passage?.witness,
      status,
    };
  }

  #scopes(): readonly Scope[] {
    if ((OUTFLOW as readonly string[]).includes(this.#kind)) return this.#payments();
    if (this.#kind === "modeChange") return this.#modeChanges();
    return [{ within: EVERYTHING.when, rows: this.#others() }];
  }

  #others(): readonly Row[] {
    switch (this.#kind) {
      case "policyEdit":
        return DIRECTIONS.map((direction) => ({ when: oneOf("direction", [direction]), about: ` that ${direction}` }));
      case "unknown":
        return CLASSES.map((name) => ({ when: oneOf("class", [name]), about: ` of ${name}` }));
      default:
        return isAct(this.#kind) ? this.#named() : [EVERYTHING];
    }
  }

  /** Nobody changes to the mode that holds already: who may is told of another one, unless that has a table of its own. */
  #modeChanges(): readonly Scope[] {
    const modes = ["normal", ...this.#policy.modes.keys()];
    const elsewhere = modes.find((mode) => mode !== this.#mode) ?? "frozen";
    const apart = this.#rules.some(({ when }) => speaksOf(when, "mode"));
    return modes
      .filter((to) => to !== this.#mode || !apart)
      .map((to) => {
        const rows = [{ when: oneOf("toMode", [to]), about: ` to ${to}` }];
        return { within: EVERYTHING.when, rows, ...(to === this.#mode && { mode: elsewhere }) };
      });
  }

  /** By what rules tell apart, and the rest. */
  #named(): readonly Row[] {
    const names = [...new Set(this.#rules.flatMap(({ when }) => namesIn(when, "what")))].sort();
    const rows = names.map((name) => ({ when: oneOf("what", [name]), about: ` of ${name}` }));
    return names.length === 0 ? [EVERYTHING] : [...rows, { when: not(oneOf("what", names)), about: " of anything else" }];
  }

  #payments(): readonly { readonly within: Condition; readonly rows: readonly Row[] }[] {
    const assets = assetsOf(this.#policy);
    const own = assets.map((of) => {
      const within = oneOf("asset", [of.asset]);
      const rows = bandsOf(this.#rules, of.asset).map((amounts): Row => {
        const when: Condition = { op: "all", of: [within, { op: "within", field: "amount", intervals: [amounts] }] };
        return { when, about: ` of ${of.name}`, band: { amounts, of } };
      });
      return { within, rows };
    });
    const others = oneOf(
      "asset",
      assets.map(({ asset }) => asset),
    );
    return [...own, { within: not(others), rows: [{ when: not(others), about: " of any other asset" }] }];
  }
}

const EVERYTHING: Row = { when: { op: "always" }, about: "" };

interface Judged {
  readonly row: Row;
  readonly passage: Passage | undefined;
  readonly status: Authority["status"];
}

/** Bands that follow each other and take the same are one. */
function joined(judged: readonly Judged[]): readonly Judged[] {
  const out: Judged[] = [];
  for (const each of judged) {
    const last = out.at(-1);
    const band = last?.row.band;
    if (last === undefined || band === undefined || each.row.band?.of !== band.of || !alike(last, each)) out.push(each);
    else
      out[out.length - 1] = { ...last, row: { ...last.row, band: { of: band.of, amounts: [band.amounts[0], each.row.band.amounts[1]] } } };
  }
  return out;
}

function alike(a: Judged, b: Judged): boolean {
  const costs = ({ passage, status }: Judged) => [status, passage?.approvers.length, passage?.delayMs, passage?.confirm].join();
  return costs(a) === costs(b);
}

function oneOf(field: Field, names: Iterable<string>): Condition {
  return { op: "in", field, values: new Set(names) };
}

function not(of: Condition): Condition {
  return { op: "not", of };
}

function namesIn(when: Condition, field: Field): readonly string[] {
  switch (when.op) {
    case "in":
      return when.field === field ? [...when.values] : [];
    case "all":
    case "any":
      return when.of.flatMap((part) => namesIn(part, field));
    case "not":
      return namesIn(when.of, field);
    default:
      return [];
  }
}
