import { unreachable } from "../../base/errors.ts";
import type { EffectKind } from "../../intent/effect.ts";
import { isAct } from "../../intent/fields.ts";
import type { ArgumentTest, Condition, Rule } from "../core.ts";
import { KIND, type Space } from "./dimensions.ts";
import { Inconclusive } from "./inconclusive.ts";
import {
  ALL_NAMES,
  hasName,
  intersect,
  isEmpty,
  NO_NAMES,
  NOTHING,
  named,
  ONLY_UNKNOWN,
  overlap,
  subtract,
  unite,
  type ValueSet,
} from "./sets.ts";

/** Points that lie in every one of these sets; a dimension that is absent is not looked at. In the order of the dimensions. */
export type Box = readonly Side[];
type Side = readonly [dimension: number, values: ValueSet];

/** A rule that falls apart into more is not analysed: no document that a person reads comes near. */
const MOST_BOXES = 4096;
/** Nor is one that so many pairs of parts of would have to be looked at. */
const MOST_MEETS = 64 * MOST_BOXES;

/**
 * Where a condition is true (`certainly`), or not false (`possibly`), as boxes that may overlap.
 *
 * @throws Inconclusive if there are too many.
 */
export function boxesOf(space: Space, condition: Condition, how: "certainly" | "possibly"): readonly Box[] {
  return walk(space, condition, { certain: how === "certainly", negated: false });
}

/** Where a rule speaks: an allow must certainly do so, every other rule only possibly. */
export function boxesOfRule(space: Space, rule: Pick<Rule, "type" | "kinds" | "when">): readonly Box[] {
  const boxes = boxesOf(space, rule.when, rule.type === "allow" ? "certainly" : "possibly");
  return ofKinds(space, rule.kinds, boxes);
}

/** The same boxes for these kinds only, told apart by the chain that each of their names is of. */
export function ofKinds(space: Space, kinds: readonly EffectKind[], boxes: readonly Box[]): readonly Box[] {
  const acts = kinds.filter(isAct);
  const others = kinds.filter((kind) => !isAct(kind));
  // INVARIANT: no condition speaks of the kind, which is the first dimension.
  return boxes.flatMap((box) => {
    const out: Box[] = others.length === 0 ? [] : [...byChain(space, [KIND, space.named(others)], box)];
    if (acts.length > 0) out.unshift([[KIND, space.named(acts)], ...box]);
    if (out.length > MOST_BOXES) throw new Inconclusive(`a rule falls apart into more than ${MOST_BOXES} parts`);
    return out;
  });
}

/** Where both are; nothing if that is nowhere. */
export function meet(a: Box, b: Box): Box | undefined {
  const out: Side[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const x = a[i];
    const y = b[j];
    if (y === undefined || (x !== undefined && x[0] < y[0])) {
      out.push(x as Side);
      i++;
    } else if (x === undefined || y[0] < x[0]) {
      out.push(y);
      j++;
    } else {
      const both = intersect(x[1], y[1]);
      if (isEmpty(both)) return undefined;
      out.push([x[0], both]);
      i++;
      j++;
    }
  }
  return out;
}

/** Whether they are anywhere together. */
export function meets(a: Box, b: Box): boolean {
  let j = 0;
  for (const [dimension, values] of a) {
    while (j < b.length && (b[j] as Side)[0] < dimension) j++;
    const other = b[j];
    if (other !== undefined && other[0] === dimension && !overlap(values, other[1])) return false;
  }
  return true;
}

/** Whether all of `part` lies in `whole`. */
export function covers(whole: Box, part: Box): boolean {
  const sides = new Map(part);
  return whole.every(([dimension, values]) => {
    const inPart = sides.get(dimension);
    return inPart !== undefined && isEmpty(subtract(inPart, values));
  });
}

/** How a condition is meant: only where it is true, or wherever it is not false; itself, or its contrary. */
export interface Sense {
  readonly certain: boolean;
  readonly negated: boolean;
}

const EVERYWHERE: readonly Box[] = [[]];

function walk(space: Space, condition: Condition, sense: Sense): readonly Box[] {
  switch (condition.op) {
    case "always":
      return sense.negated ? [] : EVERYWHERE;
    case "not":
      return walk(space, condition.of, { ...sense, negated: !sense.negated });
    case "all":
    case "any": {
      const parts = condition.of.map((part) => walk(space, part, sense));
      return (condition.op === "all") !== sense.negated ? inAll(parts) : inAny(parts);
    }
    case "argument":
      return alone(space, space.at(`args.${condition.name}`), condition.test, sense);
    case "in":
    case "within":
    case "is":
      return alone(space, space.at(condition.field), condition, sense);
    default:
      return unreachable("a condition of no known operator");
  }
}

function inAll(parts: readonly (readonly Box[])[]): readonly Box[] {
  const everywhere = inEach(parts.flatMap((part) => (part.length === 1 ? part : [])));
  let out = everywhere === undefined || parts.some((part) => part.length === 0) ? [] : [everywhere];
  // The narrow parts first, so that what falls out falls out early.
  for (const part of parts.filter(({ length }) => length > 1).sort((a, b) => a.length - b.length)) {
    if (out.length * part.length > MOST_MEETS) throw new Inconclusive(`a rule falls apart into more than ${MOST_BOXES} parts`);
    const next: Box[] = [];
    for (const box of out) {
      for (const other of part) {
        const both = meet(box, other);
        if (both !== undefined) next.push(both);
      }
    }
    out = [...joined(next)];
  }
  return out;
}

/** Where all of them are, as a condition of plain comparisons is drawn; nothing if that is nowhere. */
function inEach(boxes: readonly Box[]): Box | undefined {
  const sides = boxes.flat().sort(([a], [b]) => a - b);
  const out: Side[] = [];
  for (const side of sides) {
    const [dimension, values] = side;
    const last = out.at(-1);
    if (last === undefined || last[0] !== dimension) {
      out.push(side);
      continue;
    }
    const both = intersect(last[1], values);
    if (isEmpty(both)) return undefined;
    out[out.length - 1] = [dimension, both];
  }
  return out;
}

function inAny(parts: readonly (readonly Box[])[]): readonly Box[] {
  return joined(parts.flat());
}

/** Boxes that look at one and the same dimension only are one box. */
function joined(boxes: readonly Box[]): readonly Box[] {
  const single = new Map<number, ValueSet>();
  const out: Box[] = [];
  for (const box of boxes) {
    const [only] = box;
    if (only === undefined) return EVERYWHERE;
    if (box.length > 1) out.push(box);
    else single.set(only[0], unite(single.get(only[0]) ?? NOTHING, only[1]));
  }
  if (out.length > MOST_BOXES) throw new Inconclusive(`a rule falls apart into more than ${MOST_BOXES} parts`);
  return [...[...single].map((only): Box => [only]), ...out];
}

function alone(space: Space, dimension: number, test: ArgumentTest, sense: Sense): readonly Box[] {
  const values = valuesWhere(space, dimension, test, sense);
  return isEmpty(values) ? [] : [[[dimension, values]]];
}

/** Values for which a comparison is true, or not false: one that has not the type of the comparison leaves it unknown. */
export function valuesWhere(space: Space, dimension: number, test: ArgumentTest, { certain, negated }: Sense): ValueSet {
  const { comparable, others } = space.typed(dimension, test.op);
  const holds = intersect(comparable, valuesOf(test));
  const values = negated ? subtract(comparable, holds) : holds;
  return certain ? values : unite(values, others);
}

function valuesOf(test: ArgumentTest): ValueSet {
  switch (test.op) {
    case "in":
      return named(test.values);
    case "within":
      return { ...NOTHING, integers: test.intervals };
    case "is":
      return { ...NOTHING, flags: [test.value] };
  }
}

/**
 * The same points of these kinds, in boxes of one chain each, so that no box speaks of a name of one chain on another: on each chain that
 * it names, on all others together, and where the chain is unknown.
 */
function byChain(space: Space, kinds: Side, box: Box): readonly Box[] {
  const parts = box.map(([dimension, { names }]) => (space.qualified.has(dimension) ? partsByChain(names.values) : undefined));
  if (parts.every((part) => part === undefined)) return [[kinds, ...box]];

  // INVARIANT: the chain is the second dimension, before every name that begins with one.
  const chain = space.at("chain");
  const chains = box[0]?.[0] === chain ? box[0][1] : space.all(chain);
  const mentioned = new Set(parts.flatMap((part) => [...(part?.keys() ?? [])]));
  const naming = box.filter((_, index) => parts[index] !== undefined);
  const others = box.filter(([dimension], index) => dimension !== chain && parts[index] === undefined);

  /** On one that is mentioned; on all others where none is given. */
  const on = (name: string | undefined, values: ValueSet): readonly Box[] => {
    const cut: Side[] = [kinds, [chain, values]];
    for (const [index, side] of box.entries()) {
      const part = parts[index];
      const [dimension, { names, unknown }] = side;
      const there = name === undefined ? undefined : part?.get(name);
      if (dimension === chain) continue;
      if (part === undefined || there === names.values) cut.push(side);
      else if (there !== undefined) cut.push([dimension, { ...NOTHING, names: { not: names.not, values: there }, unknown }]);
      else if (names.not || unknown) cut.push([dimension, { ...NOTHING, names: names.not ? ALL_NAMES : NO_NAMES, unknown }]);
      else return [];
    }
    return [cut];
  };
  const out = [...mentioned].flatMap((name) => (hasName(chains.names, name) ? on(name, space.named([name])) : []));
  if (naming.every(([, { names, unknown }]) => names.not || unknown)) {
    const elsewhere = subtract(chains, { ...named(mentioned), unknown: true });
    if (!isEmpty(elsewhere)) out.push(...on(undefined, elsewhere));
  }
  // Where the chain is unknown they all are, so none of them is looked at.
  if (chains.unknown && naming.every(([, { unknown }]) => unknown)) out.push([kinds, [chain, ONLY_UNKNOWN], ...others]);
  return out;
}

/** A longer list is taken apart once, however many rules name it. */
const LONG_LIST = 64;

const parted = new WeakMap<ReadonlySet<string>, ReadonlyMap<string, ReadonlySet<string>>>();

function partsByChain(values: ReadonlySet<string>): ReadonlyMap<string, ReadonlySet<string>> {
  if (values.size <= LONG_LIST) return setsByChain(values);
  const parts = parted.get(values) ?? setsByChain(values);
  parted.set(values, parts);
  return parts;
}

function setsByChain(values: ReadonlySet<string>): ReadonlyMap<string, ReadonlySet<string>> {
  // Most lists are of one chain, as a look at each name tells.
  const [first = ""] = values;
  const chain = CHAIN.exec(first)?.[0];
  if (
    chain !== undefined &&
    (values.size === 1 || [...values].every((name) => name.startsWith(chain) && SEPARATORS.has(name[chain.length])))
  )
    return new Map([[chain, values]]);
  const sets = new Map<string, Set<string>>();
  for (const name of values) {
    const set = sets.get(chainOf(name)) ?? new Set();
    sets.set(chainOf(name), set.add(name));
  }
  return sets;
}

/** What comes after the chain in a name. */
const SEPARATORS: ReadonlySet<string | undefined> = new Set([":", "/", undefined]);

/** `eip155:1` of `eip155:1:0xd8…` and of `eip155:1/native`. */
export function chainOf(name: string): string {
  return CHAIN.exec(name)?.[0] ?? name;
}

const CHAIN = /^[^:/]*:[^:/]*/;
