import type { Json, JsonObject } from "../base/canonical.ts";
import type { Path } from "../base/json.ts";
import { nearest } from "./nearest.ts";
import { type ProblemCode, type Problems, quote } from "./problems.ts";

/**
 * A value of the document and its place. Readers take a spot and give what it means, or report what is wrong with it and
 * give nothing, so that one pass finds every problem.
 */
export class Spot {
  readonly value: Json;
  readonly #problems: Problems;
  readonly #parent: Spot | undefined;
  readonly #step: string | number;

  constructor(value: Json, problems: Problems, parent?: Spot, step: string | number = "") {
    this.value = value;
    this.#problems = problems;
    this.#parent = parent;
    this.#step = step;
  }

  get path(): Path {
    const steps: (string | number)[] = [];
    for (let spot: Spot = this; spot.#parent !== undefined; spot = spot.#parent) steps.push(spot.#step);
    return steps.reverse();
  }

  below(step: string | number, value: Json): Spot {
    return new Spot(value, this.#problems, this, step);
  }

  /** Reports a problem at the value. */
  wrong(code: ProblemCode, message: string): undefined {
    return this.#problems.full ? undefined : this.#problems.add(code, this.path, message);
  }

  /** Reports a problem at the name that the value stands under. */
  wrongKey(code: ProblemCode, message: string): undefined {
    return this.#problems.full ? undefined : this.#problems.add(code, this.path, message, "key");
  }

  expected(what: string): undefined {
    return this.wrong("policy/wrong-type", `expected ${what}, got ${typeName(this.value)}`);
  }

  /** Reports a text that names nothing, with the name that was probably meant. */
  unknown(code: ProblemCode, what: string, name: string, known: Iterable<string>): undefined {
    return this.#problems.full ? undefined : this.wrong(code, `expected ${what}, got ${quote(name)}${hint(name, known)}`);
  }

  /** Reports a key that is none of `known`. */
  unknownKey(what: string, name: string, known: Iterable<string>): undefined {
    return this.#problems.full
      ? undefined
      : this.wrongKey("policy/unknown-key", `expected ${what}, got the unknown key ${quote(name)}${hint(name, known)}`);
  }
}

/** The members of an object by name. */
export type Members = { readonly [name: string]: Spot | undefined };

/** An object with all of `required`, any of `optional`, and nothing else. */
export function members(spot: Spot, required: readonly string[], optional: readonly string[] = []): Members | undefined {
  const object = objectAt(spot);
  if (object === undefined) return undefined;
  const out: { [name: string]: Spot } = Object.create(null);
  for (const [name, below] of entries(spot, object)) {
    if (required.includes(name) || optional.includes(name)) out[name] = below;
    else below.unknownKey([...required, ...optional].join(", "), name, [...required, ...optional]);
  }
  for (const name of required) {
    if (out[name] === undefined) spot.wrong("policy/missing-key", `expected the key ${quote(name)}, got none`);
  }
  return out;
}

/** An object whose keys the author chose. */
export function table(spot: Spot | undefined): readonly (readonly [string, Spot])[] {
  const object = spot && objectAt(spot);
  return spot && object ? entries(spot, object) : [];
}

export function objectAt(spot: Spot): JsonObject | undefined {
  const { value } = spot;
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : spot.expected("an object");
}

export function entries(spot: Spot, object: JsonObject): (readonly [string, Spot])[] {
  return Object.keys(object).map((name) => [name, spot.below(name, object[name] ?? null)] as const);
}

/** A list with at least `atLeast` and at most `atMost` items. */
export function items(spot: Spot, atMost: number, atLeast = 1): readonly Spot[] | undefined {
  const { value } = spot;
  if (!Array.isArray(value)) return spot.expected("a list");
  if (value.length < atLeast) return spot.wrong("policy/bad-value", "expected at least one item, got none");
  if (value.length > atMost) return spot.wrong("policy/too-many", `expected at most ${atMost} items, got ${value.length}`);
  return value.map((item: Json, index) => spot.below(index, item));
}

/** The items of a list, or the one value that stands instead of it. */
export function oneOrMore(spot: Spot): readonly Spot[] | undefined {
  return Array.isArray(spot.value) ? items(spot, 100_000) : [spot];
}

export function textAt(spot: Spot, what: string): string | undefined {
  return typeof spot.value === "string" ? spot.value : spot.expected(what);
}

/** A text that matches `pattern`; `what` describes it with an example. */
export function textLike(spot: Spot, pattern: RegExp, what: string, code: ProblemCode = "policy/bad-value"): string | undefined {
  const text = textAt(spot, what);
  if (text === undefined || pattern.test(text)) return text;
  return spot.wrong(code, `expected ${what}, got ${quote(text)}`);
}

export function oneOf<T extends string>(
  spot: Spot,
  options: readonly T[],
  what: string,
  code: ProblemCode = "policy/bad-value",
): T | undefined {
  const text = textAt(spot, what);
  if (text === undefined) return undefined;
  return options.find((option) => option === text) ?? spot.unknown(code, `${what} (${options.join(", ")})`, text, options);
}

export function flagAt(spot: Spot): boolean | undefined {
  return typeof spot.value === "boolean" ? spot.value : spot.expected("true or false");
}

export function countAt(spot: Spot, least: number, most: number): number | undefined {
  const { value } = spot;
  if (typeof value !== "number") return spot.expected(`a number from ${least} to ${most}`);
  return value >= least && value <= most
    ? value
    : spot.wrong("policy/bad-value", `expected a number from ${least} to ${most}, got ${value}`);
}

/** Names of several tables, one after the other. They are read for a hint alone: a document can be wrong more often than we say. */
export function* namesOf(...tables: readonly Iterable<string>[]): Generator<string, void> {
  for (const names of tables) yield* names;
}

export function* prefixed(prefix: string, names: Iterable<string>): Generator<string, void> {
  for (const name of names) yield prefix + name;
}

function hint(name: string, known: Iterable<string>): string {
  const near = nearest(name, known);
  return near === undefined ? "" : `; did you mean ${quote(near)}?`;
}

function typeName(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : typeof value === "string" ? "a text" : String(value);
}
