import { UNLIMITED } from "../../../src/intent/effect.ts";
import { OUTFLOW } from "../../../src/intent/fields.ts";
import type { Attack } from "../../../src/policy/analyze/attack.ts";
import { everyRule } from "../../../src/policy/analyze/dimensions.ts";
import type { Loss } from "../../../src/policy/analyze/loss.ts";
import type { Condition, LimitRule, Policy, Rule } from "../../../src/policy/core.ts";
import type { Z3 } from "./z3.ts";
import { and, Encoding, type Formula, implies, Numbers, not, or, type Term } from "./z3-encoding.ts";
import { argumentsOf, Judging, rulesOf } from "./z3-judging.ts";

/**
 * The most that so many effects take, signed by the stolen people at moments of their choice: what nobody can do with more, or with
 * requests of other kinds, is not said. In parts of the answer's smallest unit.
 */
export interface Robbery {
  readonly script: string;
  /** What all of them take. */
  readonly taken: Term;
  /** Parts in one smallest unit of what is asked about. */
  readonly scale: bigint;
}

/**
 * Effects one after the other, each judged by what the policy says of it when it is signed and by what was signed before: sums over
 * (t - window, t], bucket by bucket. Where some rule speaks of a request's total, neighbours may be one request.
 */
export function robbery(policy: Policy, attack: Attack, what: Loss["what"], many: number): Robbery {
  const rules = rulesOf(policy, { mode: attack.mode });
  const args = argumentsOf(everyRule(policy).map(({ when }) => when));
  const numbers = new Numbers();
  const { worths, scale } = worthsOf(rules, what);
  const slots = Array.from({ length: many }, (_, index) => new Slot({ policy, attack, rules, worths, args, numbers, index }));
  const lines = [`(declare-const start Int)`, `(assert (>= start ${attack.from}))`];
  slots.forEach((slot, index) => {
    slot.judge(slots.slice(0, index + 1));
    lines.push(slot.encoding.script);
  });
  lines.push(...orderOf(slots, rules));
  return { script: lines.join("\n"), taken: sum(slots.map(({ taken }) => taken)), scale };
}

/** Whether so much can be taken, in smallest units of what is asked about. */
export function canTake(z3: Z3, { script, taken, scale }: Robbery, amount: bigint): Promise<boolean> {
  return z3.isSatisfiable(`${script}\n(assert (> ${taken} ${(amount - 1n) * scale}))`);
}

/** The most that can be taken, in whole smallest units, rounded up. */
export async function mostTaken(z3: Z3, { script, taken, scale }: Robbery): Promise<bigint> {
  const said = await z3.run(`${script}\n(maximize ${taken})\n(check-sat)\n(eval ${taken})`);
  const [, most] = /^sat\s+(\d+)$/.exec(said) ?? [];
  if (most === undefined) throw new Error(`z3: expected sat and a number, got ${said.slice(0, 300)}`);
  return (BigInt(most) + scale - 1n) / scale;
}

interface World {
  readonly policy: Policy;
  readonly attack: Attack;
  readonly rules: readonly Rule[];
  readonly worths: ReadonlyMap<string, bigint>;
  readonly args: ReadonlySet<string>;
  readonly numbers: Numbers;
  readonly index: number;
}

/** One effect that is signed, or none. */
class Slot {
  readonly encoding: Encoding;
  readonly used: Formula;
  readonly joined: Formula;
  readonly time: Term;
  readonly taken: Term;
  readonly #world: World;
  readonly #judging: Judging;
  readonly #weights = new Map<LimitRule, Term>();

  constructor(world: World) {
    const { policy, attack, args, numbers, index, worths } = world;
    this.#world = world;
    this.encoding = new Encoding(policy.people, args, { suffix: `_${index}`, numbers });
    this.#judging = new Judging(this.encoding);
    this.used = this.encoding.declare("used", "Bool");
    this.joined = this.encoding.declare("joined", "Bool");
    this.time = this.encoding.declare("time", "Int");
    this.taken = this.encoding.defineTerm(`(ite ${this.used} ${this.#worth(worths)} 0)`);
    this.encoding.assertSessions();
    this.encoding.assert(`(<= 0 ${this.time} ${attack.horizonMs - 1})`);
    this.encoding.assert(`(= ${this.encoding.at("date")} (+ start ${this.time}))`);
    this.encoding.assert(this.encoding.nameIs("mode", attack.mode));
    this.encoding.assert(or([...attack.stolen].map((person) => this.encoding.nameIs("requester", person))));
    this.encoding.assert(this.encoding.kindIsOne(OUTFLOW));
    for (const field of ["chain", "asset", "amount", "total"] as const) this.encoding.assert(this.encoding.known(field));
    this.encoding.assert(or([...worths.keys()].map((asset) => this.encoding.nameIs("asset", asset))));
  }

  /** @param before - all up to this one. */
  judge(before: readonly Slot[]): void {
    const { rules, attack } = this.#world;
    const { allowed, delay, confirm, answeredBy } = this.#judging.fateOf(rules, (limit) => this.#exceeded(limit, before));
    const has = (person: string) =>
      attack.stolen.has(person) && !this.encoding.isMachine(person) ? not(this.encoding.nameIs("requester", person)) : "false";
    this.encoding.assert(
      implies(this.used, and([allowed, not(and([confirm, this.encoding.machineAsks])), answeredBy(has), `(<= ${delay} ${this.time})`])),
    );
  }

  /** Whether an effect and this one are in one bucket. */
  shares(limit: LimitRule, other: Slot): Formula {
    return and(
      limit.by.map((field) => {
        const [here, there] = [this.encoding, other.encoding].map((one) => [one.known(field), one.at(field)] as const) as [Fact, Fact];
        return and([`(= ${here[0]} ${there[0]})`, implies(here[0], `(= ${here[1]} ${there[1]})`)]);
      }),
    );
  }

  weight(limit: LimitRule): Term {
    const known =
      this.#weights.get(limit) ??
      this.encoding.defineTerm(`(ite ${and([this.used, this.#judging.matches(limit)])} ${this.encoding.weight(limit)} 0)`);
    this.#weights.set(limit, known);
    return known;
  }

  #exceeded(limit: LimitRule, before: readonly Slot[]): Formula {
    if (limit.max >= UNLIMITED) return "false";
    const drawn = before.map((other) => {
      const inWindow = limit.windowMs === "ever" ? "true" : `(> ${other.time} (- ${this.time} ${limit.windowMs}))`;
      return other === this ? this.weight(limit) : `(ite ${and([inWindow, this.shares(limit, other)])} ${other.weight(limit)} 0)`;
    });
    return this.encoding.define(and([this.#judging.matches(limit), `(> ${sum(drawn)} ${limit.max})`]));
  }

  /** What goes to an own account has not left; what is sold has, whoever gets something for it. */
  #worth(worths: ReadonlyMap<string, bigint>): Term {
    const { encoding } = this;
    const stays = and([encoding.known("ownRecipient"), encoding.at("ownRecipient"), not(encoding.kindIsOne(["order", "swap"]))]);
    const each = [...worths].reduce(
      (otherwise, [asset, worth]) => `(ite ${encoding.nameIs("asset", asset)} (* ${worth} ${encoding.at("amount")}) ${otherwise})`,
      "0",
    );
    return `(ite ${stays} 0 ${each})`;
  }
}

type Fact = readonly [known: Formula, value: Term];

/** Time does not go back, and what is used comes first. Effects of one request have their moment and whoever asks in common. */
function orderOf(slots: readonly Slot[], rules: readonly Rule[]): readonly string[] {
  const speaking = rules.some(({ when }) => speaksOfTotal(when));
  const lines = slots.flatMap((slot, index) => {
    const last = slots[index - 1];
    const total = `(= ${slot.encoding.at("total")} ${sum(slots.map((other, at) => partOf(slots, index, at, other)))})`;
    if (last === undefined) return [not(slot.joined), total];
    const same = (["requester", "session"] as const).map((field) => `(= ${slot.encoding.at(field)} ${last.encoding.at(field)})`);
    return [
      `(>= ${slot.time} ${last.time})`,
      implies(slot.used, last.used),
      implies(slot.joined, speaking ? and([slot.used, `(= ${slot.time} ${last.time})`, ...same]) : "false"),
      total,
    ];
  });
  return lines.map((line) => `(assert ${line})`);
}

/** What of an effect's request another effect is. */
function partOf(slots: readonly Slot[], index: number, at: number, { encoding }: Slot): Term {
  if (index === at) return encoding.at("amount");
  const between = slots.slice(Math.min(index, at) + 1, Math.max(index, at) + 1).map(({ joined }) => joined);
  const sameAsset = `(= ${encoding.at("asset")} ${slots[index]?.encoding.at("asset")})`;
  return `(ite ${and([...between, sameAsset])} ${encoding.at("amount")} 0)`;
}

function speaksOfTotal(condition: Condition): boolean {
  switch (condition.op) {
    case "not":
      return speaksOfTotal(condition.of);
    case "all":
    case "any":
      return condition.of.some(speaksOfTotal);
    default:
      return "field" in condition && condition.field === "total";
  }
}

/** Of each asset what a smallest unit is worth, in so many parts as `scale` says. */
function worthsOf(rules: readonly Rule[], what: Loss["what"]): { readonly worths: ReadonlyMap<string, bigint>; readonly scale: bigint } {
  if ("asset" in what) return { worths: new Map([[what.asset, 1n]]), scale: 1n };
  const measures = rules.flatMap((rule) => (rule.type === "limit" && rule.measure.type === "value" ? [rule.measure] : []));
  const rows = [...(measures.find(({ unit }) => unit === what.unit)?.worth ?? [])];
  const scale = rows.reduce((product, [, { denominator }]) => product * denominator, 1n);
  return { worths: new Map(rows.map(([asset, { numerator, denominator }]) => [asset, (numerator * scale) / denominator])), scale };
}

function sum(terms: readonly Term[]): Term {
  return terms.length === 1 ? (terms[0] as Term) : `(+ 0 ${terms.join(" ")})`;
}
