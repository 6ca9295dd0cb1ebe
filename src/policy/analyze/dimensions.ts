import { ACT_KINDS, EFFECT_KINDS, type EffectKind, UNLIMITED } from "../../intent/effect.ts";
import { FIELDS, type Field, KIND_FIELDS } from "../../intent/fields.ts";
import type { ArgumentTest, Condition, Policy, Rule } from "../core.ts";
import { DIRECTIONS, PARTS } from "../references.ts";
import { ALL_NAMES, NOTHING, named, ONLY_UNKNOWN, subtract, type ValueSet } from "./sets.ts";

/**
 * What an effect is a point of: its kind, every field that a condition can speak of, and every argument that some rule names.
 * Made from the tables of kinds and fields, so that a field added there is at once part of every answer.
 */
export interface Dimension {
  /** `kind`, a field, or `args.` and the argument's name. */
  readonly name: string;
  readonly all: ValueSet;
}

/** Fields whose names begin with the chain that they are of. Without their chain they are unknown. */
const QUALIFIED: readonly Field[] = ["to", "asset", "contract", "account", "party"];

/** The dimensions of some policies that are looked at together. */
export class Space {
  readonly dimensions: readonly Dimension[];
  /** Those of names that begin with a chain. */
  readonly qualified: ReadonlySet<number>;
  readonly #index: ReadonlyMap<string, number>;
  readonly #named = new Map<string, ValueSet>();
  readonly #typed: Typed[] = [];

  constructor(policies: readonly Policy[], more: readonly Condition[] = [], domain: DomainOf = domainInRequests(policies)) {
    const args = new Set<string>();
    for (const condition of [...policies.flatMap(everyRule).map(({ when }) => when), ...more]) addArguments(condition, args);
    this.dimensions = [
      { name: "kind", all: names([...EFFECT_KINDS, ...ACT_KINDS], false) },
      ...ORDER.map((field) => ({ name: field, all: domain(field) })),
      ...[...args].sort().map((name) => ({ name: `args.${name}`, all: ANY_ARGUMENT })),
    ];
    this.#index = new Map(this.dimensions.map(({ name }, index) => [name, index]));
    this.qualified = new Set(QUALIFIED.map((field) => this.at(field)));
  }

  /** Whether every argument that a condition names is a dimension here. */
  knows(condition: Condition): boolean {
    const args = new Set<string>();
    addArguments(condition, args);
    return [...args].every((name) => this.#index.has(`args.${name}`));
  }

  /** @throws TypeError for what is no dimension here. */
  at(name: string): number {
    const index = this.#index.get(name);
    if (index === undefined) throw new TypeError(`${name}: expected a field or a named argument`);
    return index;
  }

  all(index: number): ValueSet {
    return this.dimensions[index]?.all ?? NOTHING;
  }

  /** A dimension's values, told apart by whether a test of this type can be made of them. */
  typed(index: number, op: ArgumentTest["op"]): Typed[ArgumentTest["op"]] {
    this.#typed[index] ??= typedOf(this.all(index));
    return this.#typed[index][op];
  }

  /** Kinds or chains as values: equal ones are one object, since thousands of boxes are of the same few. */
  named(values: readonly string[]): ValueSet {
    const key = values.join("\n");
    const known = this.#named.get(key) ?? named(new Set(values));
    this.#named.set(key, known);
    return known;
  }
}

type Typed = { readonly [Op in ArgumentTest["op"]]: { readonly comparable: ValueSet; readonly others: ValueSet } };

function typedOf(all: ValueSet): Typed {
  const { names, integers, flags } = all;
  const divided = (comparable: ValueSet) => ({ comparable, others: subtract(all, comparable) });
  return {
    in: divided({ ...NOTHING, names }),
    within: divided({ ...NOTHING, integers }),
    is: divided({ ...NOTHING, flags }),
  };
}

/** What a field can be. */
export type DomainOf = (field: Field) => ValueSet;

/** In requests that are made now: people who are there ask. */
function domainInRequests(policies: readonly Policy[]): DomainOf {
  const people = names([...new Set(policies.flatMap((policy) => [...policy.people.keys()]))], false);
  return (field) => (field === "requester" ? people : domainOf(field));
}

/** In what the vault has recorded: of people who are there no more, and by versions that did not know every field. */
export const domainInRecords: DomainOf = (field) => {
  const { type } = FIELDS[field];
  if (type === "integer") return { ...NOTHING, integers: INTEGERS, unknown: true };
  if (type === "flag") return { ...NOTHING, flags: FLAGS, unknown: true };
  return field === "hour" ? ONLY_UNKNOWN : { ...NOTHING, names: ALL_NAMES, unknown: true };
};

export const KIND = 0;

/**
 * Chains first: every other qualified name belongs to one. Then what divides most, amounts after names, and the moment last. A
 * field that stands in no list here comes before the numbers.
 */
const FIRST: readonly Field[] = ["chain", "to", "asset", "contract", "account", "function", "selector"];
const LAST: readonly Field[] = ["requester", "amount", "total", "recipientAge", "expiry", "date"];
const ORDER: readonly Field[] = [
  ...FIRST,
  ...(Object.keys(FIELDS) as Field[]).filter((field) => field !== "args" && !FIRST.includes(field) && !LAST.includes(field)),
  ...LAST,
];

const INTEGERS = [[0n, UNLIMITED] as const];
const FLAGS = [false, true];
/** Signed integers of functions reach below nought. */
const ANY_ARGUMENT: ValueSet = { names: ALL_NAMES, integers: [[-(2n ** 255n), UNLIMITED]], flags: FLAGS, unknown: true };

/** Fields of which the vault itself says what they are, so that they are never unknown. */
const KNOWN: ReadonlySet<Field> = new Set(["requester", "session", "date", "mode", "part", "direction", "toMode"]);

const CLOSED: { readonly [F in Field]?: readonly string[] } = {
  change: ["verified", "none", "foreign"],
  class: ["U1", "U2", "U3"],
  part: PARTS,
  direction: DIRECTIONS,
};

function domainOf(field: Field): ValueSet {
  // Parsed into dates.
  if (field === "hour") return ONLY_UNKNOWN;
  const unknown = !KNOWN.has(field);
  switch (FIELDS[field].type) {
    case "integer":
      return { ...NOTHING, integers: INTEGERS, unknown };
    case "flag":
      return { ...NOTHING, flags: FLAGS, unknown };
    default: {
      const closed = CLOSED[field];
      return closed ? names(closed, unknown) : { ...NOTHING, names: ALL_NAMES, unknown };
    }
  }
}

function names(values: readonly string[], unknown: boolean): ValueSet {
  return { ...named(new Set(values)), unknown };
}

/** Whether an effect of this kind has a value in this dimension, known or not. */
export function hasDimension(kind: EffectKind, name: string): boolean {
  const fields: readonly string[] = KIND_FIELDS[kind];
  return name === "kind" || fields.includes(name.startsWith("args.") ? "args" : name);
}

/** Of every mode. */
export function everyRule({ rules, modes }: Pick<Policy, "rules" | "modes">): readonly Rule[] {
  return [...rules, ...[...modes.values()].flatMap((mode) => mode.rules)];
}

function addArguments(condition: Condition, into: Set<string>): void {
  switch (condition.op) {
    case "all":
    case "any":
      for (const part of condition.of) addArguments(part, into);
      return;
    case "not":
      addArguments(condition.of, into);
      return;
    case "argument":
      into.add(condition.name);
  }
}
