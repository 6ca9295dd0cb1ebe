import { ACT_KINDS, EFFECT_KINDS, UNLIMITED } from "../../../src/intent/effect.ts";
import { FIELDS, type Field, isAct, KIND_FIELDS } from "../../../src/intent/fields.ts";
import type { Clause } from "../../../src/intent/verdict.ts";
import type { ArgumentTest, Condition, Credential, LimitRule, Rule } from "../../../src/policy/core.ts";
import { DIRECTIONS, PARTS } from "../../../src/policy/references.ts";

/** A formula in SMT-LIB, or a term that is a number. */
export type Formula = string;
export type Term = string;
/** Where a condition is true, and where it is not false. */
interface Truth {
  readonly certainly: Formula;
  readonly possibly: Formula;
}

/** Names as numbers, of which that of a name on a chain has the chain's number as its upper half. */
export class Numbers {
  readonly #numbers = new Map<string, bigint>();
  readonly #onChain = new Map<bigint, bigint>();
  #chains = 0n;
  #plain = 0n;

  of(name: string): bigint {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const [, chain] = /^([^:/]+:[^:/]+)[:/]./.exec(name) ?? [];
    let number: bigint;
    if (chain !== undefined) {
      const upper = this.of(chain);
      const lower = (this.#onChain.get(upper) ?? 0n) + 1n;
      this.#onChain.set(upper, lower);
      number = upper * HALF + lower;
    } else number = name.includes(":") ? ++this.#chains : HALF - ++this.#plain;
    this.#numbers.set(name, number);
    return number;
  }
}

/**
 * What policies mean, said to z3 about one effect: its kind, its fields, who asks. Written from the meaning of the language and not
 * from how the audit works: no boxes, no regions, no theorem about who can answer. Every field is a number beside whether it is
 * known; a name is a number.
 */
export class Encoding {
  readonly #lines: string[] = [];
  readonly #sets = new Map<ReadonlySet<string>, Map<string, Formula>>();
  readonly #people: ReadonlyMap<string, readonly Credential[]>;
  readonly #numbers: Numbers;
  readonly #suffix: string;
  #fresh = 0;

  /**
   * @param people - who there is, with what they sign with.
   * @param args - every argument that some condition names.
   * @param effect - which of several it is that are spoken of in one script, and numbers that all of them share.
   */
  constructor(
    people: ReadonlyMap<string, readonly Credential[]>,
    args: ReadonlySet<string> = new Set(),
    { suffix, numbers }: { readonly suffix: string; readonly numbers: Numbers } = { suffix: "", numbers: new Numbers() },
  ) {
    this.#people = people;
    this.#suffix = suffix;
    this.#numbers = numbers;
    this.#declare(this.at("kind"), "Int");
    this.assert(this.kindIsOne(KINDS));
    for (const field of FIELD_NAMES) this.#declareField(field);
    for (const name of args) {
      for (const [prefix, type] of ARGUMENT) this.#declare(this.#ofArgument(prefix, name), type);
      this.assert(implies(this.#ofArgument("known", name), this.kindIsOne(["call"])));
      this.assert(among(this.#ofArgument("type", name), [0n, 1n, 2n]));
    }
    this.assert(this.#isNamed("requester", people.keys()));
    // A request's total is no less than one of its amounts, and known only where every part of it is.
    const parts = (["chain", "asset", "amount"] as const).map((field) => this.known(field));
    this.assert(implies(this.known("total"), and([...parts, `(>= ${this.at("total")} ${this.at("amount")})`])));
    for (const [field, values] of Object.entries(CLOSED))
      this.assert(implies(this.known(field as Field), this.#isNamed(field as Field, values)));
  }

  /** What a field is, where it is known. */
  at(field: Field | "kind"): Term {
    return `${field}${this.#suffix}`;
  }

  known(field: Field): Formula {
    return `known_${field}${this.#suffix}`;
  }

  assert(formula: Formula): void {
    this.#lines.push(`(assert ${formula})`);
  }

  get script(): string {
    return this.#lines.join("\n");
  }

  /** What was said since. */
  scriptSince(line: number): string {
    return this.#lines.slice(line).join("\n");
  }

  get lines(): number {
    return this.#lines.length;
  }

  kindIsOne(kinds: readonly string[]): Formula {
    return among(
      this.at("kind"),
      kinds.map((kind) => BigInt(KINDS.indexOf(kind))),
    );
  }

  nameIs(field: Field, name: string): Formula {
    return `(= ${this.at(field)} ${this.#numbers.of(name)})`;
  }

  /** Something else that is free about the effect. */
  declare(name: string, type: "Bool" | "Int"): string {
    this.#declare(`${name}${this.#suffix}`, type);
    return `${name}${this.#suffix}`;
  }

  /** A named formula, so that it is written once. */
  define(formula: Formula): Formula {
    return this.#define("Bool", formula);
  }

  /** A named number. */
  defineTerm(term: Term): Term {
    return this.#define("Int", term);
  }

  #define(type: "Bool" | "Int", what: string): string {
    const name = `f${this.#fresh++}${this.#suffix}`;
    this.#lines.push(`(define-fun ${name} () ${type} ${what})`);
    return name;
  }

  /** A session begins with a credential of whoever asks. */
  assertSessions(): void {
    for (const [person, credentials] of this.#people) {
      const kinds = credentials.map(({ kind }) => kind);
      this.assert(implies(this.nameIs("requester", person), this.#isNamed("session", kinds)));
    }
  }

  /** Where a machine asks, which nobody asks to be there. */
  get machineAsks(): Formula {
    return or([...this.#people.keys()].filter((person) => this.isMachine(person)).map((person) => this.nameIs("requester", person)));
  }

  /** Some of these people, no machine and not whoever asks, as a variable for each. */
  someone(by: Iterable<string>): { readonly has: (person: string) => Formula; readonly count: Formula } {
    const prefix = `set${this.#fresh++}${this.#suffix}`;
    const variables = new Map([...by].filter((person) => !this.isMachine(person)).map((person, index) => [person, `${prefix}_${index}`]));
    for (const [person, variable] of variables) {
      this.#declare(variable, "Bool");
      this.assert(not(and([variable, this.nameIs("requester", person)])));
    }
    return {
      has: (person) => variables.get(person) ?? "false",
      count: `(+ 0 ${[...variables.values()].map((variable) => `(ite ${variable} 1 0)`).join(" ")})`,
    };
  }

  isMachine(person: string): boolean {
    return (this.#people.get(person) ?? []).some(({ kind }) => kind === "service");
  }

  truthOf(condition: Condition): Truth {
    switch (condition.op) {
      case "always":
        return { certainly: "true", possibly: "true" };
      case "not": {
        const { certainly, possibly } = this.truthOf(condition.of);
        return { certainly: not(possibly), possibly: not(certainly) };
      }
      case "all":
      case "any": {
        const parts = condition.of.map((part) => this.truthOf(part));
        const join = condition.op === "all" ? and : or;
        return { certainly: join(parts.map(({ certainly }) => certainly)), possibly: join(parts.map(({ possibly }) => possibly)) };
      }
      case "argument": {
        const types: readonly ArgumentTest["op"][] = ["in", "within", "is"];
        const [known, type, value] = (["known", "type", condition.test.op === "is" ? "flag" : "number"] as const).map((prefix) =>
          this.#ofArgument(prefix, condition.name),
        ) as [Formula, Term, Term];
        return this.#tested(and([known, `(= ${type} ${types.indexOf(condition.test.op)})`]), value, condition.test);
      }
      case "in":
      case "within":
      case "is":
        return this.#tested(this.known(condition.field), this.at(condition.field), condition);
    }
  }

  /** Where a rule matches: an allow certainly, any other possibly. */
  matches(rule: Rule): Formula {
    const { certainly, possibly } = this.truthOf(rule.when);
    return this.define(and([this.kindIsOne(rule.kinds), rule.type === "allow" ? certainly : possibly]));
  }

  /** What one effect weighs for a limit. */
  weight({ measure, by }: LimitRule): Term {
    const cannotWeigh = by.map((field) => not(this.known(field)));
    if (measure.type === "count") return `(ite ${or(cannotWeigh)} ${UNLIMITED} 1)`;
    const amount = this.at("amount");
    const unknown = or([...cannotWeigh, not(this.known("amount")), `(= ${amount} ${UNLIMITED})`]);
    const isAsset = (asset: string) => and([this.known("asset"), this.nameIs("asset", asset)]);
    if (measure.type === "amount")
      return `(ite ${or([unknown, and([this.known("asset"), not(isAsset(measure.asset))])])} ${UNLIMITED} ${amount})`;
    const listed = [...measure.worth].reduce((otherwise, [asset, { numerator, denominator }]) => {
      const worth = `(div (+ (* ${amount} ${numerator}) ${denominator - 1n}) ${denominator})`;
      return `(ite ${isAsset(asset)} ${numerator < 0n || denominator <= 0n ? UNLIMITED : worth} ${otherwise})`;
    }, `${UNLIMITED}`);
    return `(ite ${or([unknown, `(>= ${this.at("date")} ${measure.until})`])} ${UNLIMITED} ${listed})`;
  }

  /** Where one effect alone weighs more than a limit lets through. */
  exceeds(limit: LimitRule): Formula {
    return limit.max >= UNLIMITED ? "false" : `(> ${this.weight(limit)} ${limit.max})`;
  }

  /** Where these people, of whom none asks, can answer: some alternative, each clause by people of its own. */
  answers(alternatives: readonly (readonly Clause[])[], has: (person: string) => Formula): Formula {
    if (alternatives.length === 0) return "true";
    return or(
      alternatives.flatMap((clauses) =>
        [...fillings(clauses)].map((filling) =>
          and(
            filling.map(({ person, from, until }) =>
              and([
                has(person),
                from === undefined ? "true" : `(>= ${this.at("date")} ${from})`,
                until === undefined ? "true" : `(< ${this.at("date")} ${until})`,
              ]),
            ),
          ),
        ),
      ),
    );
  }

  #tested(known: Formula, value: string, test: ArgumentTest): Truth {
    const holds = this.define(this.#test(value, test));
    return { certainly: and([known, holds]), possibly: or([not(known), holds]) };
  }

  #test(value: string, test: ArgumentTest): Formula {
    switch (test.op) {
      case "is":
        return test.value ? value : not(value);
      case "within":
        return or(test.intervals.map(([low, high]) => `(<= ${integer(low)} ${value} ${integer(high)})`));
      case "in": {
        const byValue = this.#sets.get(test.values) ?? new Map<string, string>();
        this.#sets.set(test.values, byValue);
        const known =
          byValue.get(value) ??
          this.define(
            among(
              value,
              [...test.values].map((name) => this.#numbers.of(name)),
            ),
          );
        byValue.set(value, known);
        return known;
      }
    }
  }

  #declare(name: string, type: "Bool" | "Int"): void {
    this.#lines.push(`(declare-const ${name} ${type})`);
  }

  #declareField(field: Field): void {
    const { type } = FIELDS[field];
    const [known, value] = [this.known(field), this.at(field)];
    const kinds = KINDS.filter((kind) => (KIND_FIELDS[kind as keyof typeof KIND_FIELDS] as readonly string[]).includes(field));
    this.#declare(known, "Bool");
    this.#declare(value, type === "flag" ? "Bool" : "Int");
    this.assert(implies(known, this.kindIsOne(kinds)));
    if (SAID_BY_THE_VAULT.has(field)) this.assert(implies(this.kindIsOne(kinds), known));
    if (field === "hour") this.assert(not(known));
    if (type === "integer") this.assert(`(<= 0 ${value} ${UNLIMITED})`);
    if (field === "chain") this.assert(implies(known, `(>= ${value} 1)`));
    // The name of something on a chain begins with the chain.
    if (QUALIFIED.has(field)) {
      const chain = this.at("chain");
      const whole = and([this.known("chain"), `(<= (* ${chain} ${HALF}) ${value})`, `(< ${value} (* (+ ${chain} 1) ${HALF}))`]);
      this.assert(implies(and([known, this.kindIsOne(KINDS.filter((kind) => !isAct(kind as "fee")))]), whole));
    }
  }

  #isNamed(field: Field, names: Iterable<string>): Formula {
    return among(
      this.at(field),
      [...names].map((name) => this.#numbers.of(name)),
    );
  }

  #ofArgument(prefix: (typeof ARGUMENT)[number][0], name: string): string {
    return `${prefix}_args_${name}${this.#suffix}`;
  }
}

export const and = (parts: readonly Formula[]): Formula => (parts.length === 0 ? "true" : `(and ${parts.join(" ")})`);
export const or = (parts: readonly Formula[]): Formula => (parts.length === 0 ? "false" : `(or ${parts.join(" ")})`);
export const not = (formula: Formula): Formula => `(not ${formula})`;
export const implies = (one: Formula, other: Formula): Formula => `(=> ${one} ${other})`;

const KINDS: readonly string[] = [...EFFECT_KINDS, ...ACT_KINDS];
const FIELD_NAMES = (Object.keys(FIELDS) as Field[]).filter((field) => field !== "args");
const SAID_BY_THE_VAULT: ReadonlySet<string> = new Set(["requester", "session", "date", "mode", "part", "direction", "toMode"]);
const QUALIFIED: ReadonlySet<string> = new Set(["to", "asset", "contract", "account", "party"]);
const CLOSED: { readonly [field: string]: readonly string[] } = {
  change: ["verified", "none", "foreign"],
  class: ["U1", "U2", "U3"],
  part: PARTS,
  direction: DIRECTIONS,
};
const HALF = 2n ** 40n;
/** An argument is known or not, of one of three types, and has a value of each. */
const ARGUMENT = [
  ["known", "Bool"],
  ["type", "Int"],
  ["number", "Int"],
  ["flag", "Bool"],
] as const;

function among(value: string, numbers: readonly bigint[]): Formula {
  return or(numbers.map((number) => `(= ${value} ${integer(number)})`));
}

function integer(value: bigint): Formula {
  return value < 0n ? `(- ${-value})` : `${value}`;
}

type Member = Clause["members"][number];

/** Every way to fill the clauses by different people, each by just as many as it asks for. */
function* fillings(clauses: readonly Clause[], taken: ReadonlySet<string> = new Set()): Generator<readonly Member[]> {
  const [first, ...others] = clauses;
  if (first === undefined) yield [];
  else
    for (const chosen of choices(first.members, first.atLeast, taken)) {
      const busy = new Set([...taken, ...chosen.map(({ person }) => person)]);
      for (const rest of fillings(others, busy)) yield [...chosen, ...rest];
    }
}

function* choices(members: readonly Member[], count: number, taken: ReadonlySet<string>): Generator<readonly Member[]> {
  if (count <= 0) yield [];
  else
    for (const [index, member] of members.entries()) {
      if (taken.has(member.person)) continue;
      for (const rest of choices(members.slice(index + 1), count - 1, new Set([...taken, member.person]))) yield [member, ...rest];
    }
}
