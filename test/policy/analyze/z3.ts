import { init, killThreads } from "z3-solver";
import { ACT_KINDS, EFFECT_KINDS, UNLIMITED } from "../../../src/intent/effect.ts";
import { FIELDS, type Field, isAct, KIND_FIELDS } from "../../../src/intent/fields.ts";
import type { Clause } from "../../../src/intent/verdict.ts";
import { everyRule } from "../../../src/policy/analyze/dimensions.ts";
import type { Question } from "../../../src/policy/analyze/question.ts";
import type { ArgumentTest, Condition, Credential, LimitRule, Policy, Rule } from "../../../src/policy/core.ts";
import { DIRECTIONS, PARTS } from "../../../src/policy/references.ts";

/** z3, asked in its own language. */
export interface Z3 {
  /** Everything that it prints. A context of its own each time: one that was reset has answered with errors of before. */
  run(script: string): Promise<string>;
  isSatisfiable(script: string): Promise<boolean>;
  /** Ends its threads, which keep a process alive. */
  close(): Promise<void>;
}

export async function openZ3(): Promise<Z3> {
  const { Z3, em } = await init();
  const memory = em as Memory;
  const run = async (script: string) => {
    const config = Z3.mk_config();
    const context = Z3.mk_context(config);
    // Its own wrapper passes texts on a stack that is gone before the thread has read them.
    const bytes = new TextEncoder().encode(`${script}\0`);
    const at = memory._malloc(bytes.length);
    memory.HEAPU8.set(bytes, at);
    try {
      return (await memory.async_call(memory._async_Z3_eval_smtlib2_string, context, at)).trim();
    } finally {
      memory._free(at);
      Z3.del_context(context);
      Z3.del_config(config);
    }
  };
  return {
    run,
    async isSatisfiable(script) {
      const said = await run(`${script}\n(check-sat)`);
      if (said !== "sat" && said !== "unsat") throw new Error(`z3: expected sat or unsat, got ${said.slice(0, 300)}`);
      return said === "sat";
    },
    close: () => killThreads(em),
  };
}

/** What of the module underneath is used. */
interface Memory {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(at: number): void;
  _async_Z3_eval_smtlib2_string(context: unknown, text: number): void;
  async_call(call: Memory["_async_Z3_eval_smtlib2_string"], context: unknown, text: number): Promise<string>;
}

/** A formula in SMT-LIB. */
type Formula = string;
/** Where a condition is true, and where it is not false. */
interface Truth {
  readonly certainly: Formula;
  readonly possibly: Formula;
}

/**
 * What policies mean, said to z3 about one effect: its kind, its fields, who asks. Written from the meaning of the language and not
 * from how the audit works: no boxes, no regions, no theorem about who can answer. Every field is a number beside whether it is
 * known; a name is a number, and of a name on a chain the chain's number is the upper half.
 */
export class Encoding {
  readonly #lines: string[] = ["(declare-const kind Int)"];
  readonly #names = new Map<string, bigint>();
  readonly #onChain = new Map<bigint, bigint>();
  readonly #sets = new Map<ReadonlySet<string>, Map<string, string>>();
  readonly #people: ReadonlyMap<string, readonly Credential[]>;
  #chains = 0n;
  #plain = 0n;
  #fresh = 0;

  /** @param people - who there is, with what they sign with. */
  constructor(people: ReadonlyMap<string, readonly Credential[]>, args: ReadonlySet<string> = new Set()) {
    this.#people = people;
    this.assert(
      among(
        "kind",
        KINDS.map((_, index) => BigInt(index)),
      ),
    );
    for (const field of FIELD_NAMES) this.#declareField(field);
    for (const name of args) {
      for (const [prefix, type] of [
        ["known", "Bool"],
        ["type", "Int"],
        ["number", "Int"],
        ["flag", "Bool"],
      ] as const)
        this.#declare(`${prefix}_args_${name}`, type);
      this.assert(implies(`known_args_${name}`, this.kindIsOne(["call"])));
      this.assert(among(`type_args_${name}`, [0n, 1n, 2n]));
    }
    this.assert(
      among(
        "requester",
        [...people.keys()].map((person) => this.#name(person)),
      ),
    );
    // A request's total is no less than one of its amounts, and known only where every part of it is.
    this.assert(implies("known_total", and(["known_chain", "known_asset", "known_amount", "(>= total amount)"])));
    for (const [field, values] of Object.entries(CLOSED))
      this.assert(
        implies(
          `known_${field}`,
          among(
            field,
            values.map((value) => this.#name(value)),
          ),
        ),
      );
  }

  assert(formula: Formula): void {
    this.#lines.push(`(assert ${formula})`);
  }

  get script(): string {
    return this.#lines.join("\n");
  }

  kindIsOne(kinds: readonly string[]): Formula {
    return among(
      "kind",
      kinds.map((kind) => BigInt(KINDS.indexOf(kind))),
    );
  }

  nameIs(field: Field, name: string): Formula {
    return `(= ${field} ${this.#name(name)})`;
  }

  /** A named formula, so that it is written once. */
  define(formula: Formula): Formula {
    const name = `f${this.#fresh++}`;
    this.#lines.push(`(define-fun ${name} () Bool ${formula})`);
    return name;
  }

  /** A session begins with a credential of whoever asks. */
  assertSessions(): void {
    for (const [person, credentials] of this.#people) {
      const kinds = credentials.map(({ kind }) => this.#name(kind));
      this.assert(implies(this.nameIs("requester", person), among("session", kinds)));
    }
  }

  /** Where a machine asks, which nobody asks to be there. */
  get machineAsks(): Formula {
    return or([...this.#people.keys()].filter((person) => this.#isMachine(person)).map((person) => this.nameIs("requester", person)));
  }

  /** Some of these people, no machine and not whoever asks, as a variable for each. */
  someone(by: Iterable<string>): { readonly has: (person: string) => Formula; readonly count: Formula } {
    const prefix = `set${this.#fresh++}`;
    const variables = new Map([...by].filter((person) => !this.#isMachine(person)).map((person, index) => [person, `${prefix}_${index}`]));
    for (const [person, variable] of variables) {
      this.#declare(variable, "Bool");
      this.assert(not(and([variable, this.nameIs("requester", person)])));
    }
    return {
      has: (person) => variables.get(person) ?? "false",
      count: `(+ 0 ${[...variables.values()].map((variable) => `(ite ${variable} 1 0)`).join(" ")})`,
    };
  }

  #isMachine(person: string): boolean {
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
        const name = `args_${condition.name}`;
        const types: readonly ArgumentTest["op"][] = ["in", "within", "is"];
        const known = and([`known_${name}`, `(= type_${name} ${types.indexOf(condition.test.op)})`]);
        return this.#tested(known, condition.test.op === "is" ? `flag_${name}` : `number_${name}`, condition.test);
      }
      case "in":
      case "within":
      case "is":
        return this.#tested(`known_${condition.field}`, condition.field, condition);
    }
  }

  /** Where a rule matches: an allow certainly, any other possibly. */
  matches(rule: Rule): Formula {
    const { certainly, possibly } = this.truthOf(rule.when);
    return this.define(and([this.kindIsOne(rule.kinds), rule.type === "allow" ? certainly : possibly]));
  }

  /** Where one effect alone weighs more than a limit lets through. */
  exceeds({ measure, max, by }: LimitRule): Formula {
    if (max >= UNLIMITED) return "false";
    const cannotWeigh = by.map((field) => not(`known_${field}`));
    if (measure.type === "count") return or([...cannotWeigh, max < 1n ? "true" : "false"]);
    const unknown = or([...cannotWeigh, not("known_amount"), `(= amount ${UNLIMITED})`]);
    if (measure.type === "amount") {
      const other = and(["known_asset", not(this.nameIs("asset", measure.asset))]);
      return or([unknown, other, `(> amount ${max})`]);
    }
    const listed = [...measure.worth].map(([asset, { numerator, denominator }]) => {
      const is = and(["known_asset", this.nameIs("asset", asset)]);
      return { is, over: numerator < 0n || denominator <= 0n ? "true" : `(> (* amount ${numerator}) ${max * denominator})` };
    });
    return or([
      unknown,
      `(>= date ${measure.until})`,
      and(listed.map(({ is }) => not(is))),
      ...listed.map(({ is, over }) => and([is, over])),
    ]);
  }

  /** Where these people, of whom none asks, can answer: some alternative, each clause by people of its own. */
  answers(alternatives: readonly (readonly Clause[])[], has: (person: string) => Formula): Formula {
    if (alternatives.length === 0) return "true";
    return or(
      alternatives.flatMap((clauses) =>
        [...fillings(clauses)].map((filling) =>
          and(
            filling.map(({ person, from, until }) =>
              and([has(person), from === undefined ? "true" : `(>= date ${from})`, until === undefined ? "true" : `(< date ${until})`]),
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
              [...test.values].map((name) => this.#name(name)),
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
    const kinds = KINDS.filter((kind) => (KIND_FIELDS[kind as keyof typeof KIND_FIELDS] as readonly string[]).includes(field));
    this.#declare(`known_${field}`, "Bool");
    this.#declare(field, type === "flag" ? "Bool" : "Int");
    this.assert(implies(`known_${field}`, this.kindIsOne(kinds)));
    if (SAID_BY_THE_VAULT.has(field)) this.assert(implies(this.kindIsOne(kinds), `known_${field}`));
    if (field === "hour") this.assert(not("known_hour"));
    if (type === "integer") this.assert(`(<= 0 ${field} ${UNLIMITED})`);
    if (field === "chain") this.assert(implies("known_chain", "(>= chain 1)"));
    // The name of something on a chain begins with the chain.
    if (QUALIFIED.has(field)) {
      const whole = and(["known_chain", `(<= (* chain ${HALF}) ${field})`, `(< ${field} (* (+ chain 1) ${HALF}))`]);
      this.assert(implies(and([`known_${field}`, this.kindIsOne(KINDS.filter((kind) => !isAct(kind as "fee")))]), whole));
    }
  }

  #name(name: string): bigint {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const [, chain] = /^([^:/]+:[^:/]+)[:/]./.exec(name) ?? [];
    let number: bigint;
    if (chain !== undefined) {
      const upper = this.#name(chain);
      const lower = (this.#onChain.get(upper) ?? 0n) + 1n;
      this.#onChain.set(upper, lower);
      number = upper * HALF + lower;
    } else number = name.includes(":") ? ++this.#chains : HALF - ++this.#plain;
    this.#names.set(name, number);
    return number;
  }
}

/** What happens to an effect under some rules, as formulas. */
export interface Fate {
  readonly allowed: Formula;
  readonly delay: Formula;
  readonly confirm: Formula;
  readonly answeredBy: (has: (person: string) => Formula) => Formula;
}

export class Judging {
  readonly #encoding: Encoding;
  readonly #matches = new Map<Rule, Formula>();
  readonly #exceeds = new Map<Rule, Formula>();

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  matches(rule: Rule): Formula {
    return kept(this.#matches, rule, () => this.#encoding.matches(rule));
  }

  /** A limit that is too little for the effect alone. */
  exceeded(limit: LimitRule): Formula {
    return kept(this.#exceeds, limit, () => this.#encoding.define(and([this.matches(limit), this.#encoding.exceeds(limit)])));
  }

  fateOf(rules: readonly Rule[]): Fate {
    const allow = rules.flatMap((rule) => (rule.type === "allow" ? [this.matches(rule)] : []));
    const deny = rules.flatMap((rule) => {
      if (rule.type === "forbid") return [this.matches(rule)];
      return rule.type === "limit" && rule.beyond.length === 0 ? [this.exceeded(rule)] : [];
    });
    const requires = rules.filter((rule) => rule.type === "require");
    const delays = requires.filter(({ delayMs }) => delayMs > 0).sort((a, b) => b.delayMs - a.delayMs);
    return {
      allowed: this.#encoding.define(and([or(allow), not(or(deny))])),
      delay: delays.reduceRight((shorter, rule) => `(ite ${this.matches(rule)} ${rule.delayMs} ${shorter})`, "0"),
      confirm: or(requires.filter(({ confirm }) => confirm).map((rule) => this.matches(rule))),
      answeredBy: (has) =>
        and(
          rules.flatMap((rule) => {
            if (rule.type === "require" && rule.approvals.length > 0)
              return [implies(this.matches(rule), this.#encoding.answers(rule.approvals, has))];
            if (rule.type === "limit" && rule.beyond.length > 0)
              return [implies(this.exceeded(rule), this.#encoding.answers(rule.beyond, has))];
            return [];
          }),
        ),
    };
  }
}

/** The question, as a formula that has a model exactly if the answer is yes. */
export function questionScript(policy: Policy, { kinds, when = { op: "always" }, mode = "normal", by, fewerThan }: Question): string {
  const people = [...policy.people.keys()];
  const encoding = new Encoding(policy.people, argumentsOf([when, ...everyRule(policy).map((rule) => rule.when)]));
  const judging = new Judging(encoding);
  const asking = people.filter((person) => by?.has(person) ?? true);
  const answering = encoding.someone(asking);
  encoding.assertSessions();
  encoding.assert(encoding.kindIsOne(kinds));
  encoding.assert(encoding.truthOf(when).certainly);
  encoding.assert(encoding.nameIs("mode", mode));
  encoding.assert(or(asking.map((person) => encoding.nameIs("requester", person))));
  if (fewerThan !== undefined) encoding.assert(`(< ${answering.count} ${fewerThan})`);
  const fates = (["acts", { mode }] as const).map((judged) => judging.fateOf(rulesOf(policy, judged)));
  encoding.assert(
    or(
      fates.map(({ allowed, confirm, answeredBy }) => and([allowed, not(and([confirm, encoding.machineAsks])), answeredBy(answering.has)])),
    ),
  );
  return encoding.script;
}

/** Every argument that some condition names. */
export function argumentsOf(conditions: readonly Condition[]): ReadonlySet<string> {
  return new Set(
    conditions.flatMap((condition): readonly string[] => {
      if (condition.op === "argument") return [condition.name];
      if (condition.op === "not") return [...argumentsOf([condition.of])];
      return condition.op === "all" || condition.op === "any" ? [...argumentsOf(condition.of)] : [];
    }),
  );
}

/** Top-level rules for acts and in `normal`; a mode's own for what is signed in it. */
export function rulesOf(policy: Policy, judged: "acts" | { readonly mode: string }): readonly Rule[] {
  const acts = judged === "acts";
  const rules = acts || judged.mode === "normal" ? policy.rules : (policy.modes.get(judged.mode)?.rules ?? []);
  return rules.map((rule) => ({ ...rule, kinds: rule.kinds.filter((kind) => isAct(kind) === acts) }));
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

function among(value: string, numbers: readonly bigint[]): Formula {
  return or(numbers.map((number) => `(= ${value} ${integer(number)})`));
}

function integer(value: bigint): Formula {
  return value < 0n ? `(- ${-value})` : `${value}`;
}

function kept<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
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
