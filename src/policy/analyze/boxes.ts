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
  type Names,
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
  return boxes.flatMap((box) => {
    const act = acts.length === 0 ? undefined : meet(box, [[KIND, space.named(acts)]]);
    const other = others.length === 0 ? undefined : meet(box, [[KIND, space.named(others)]]);
    const out = [...(act === undefined ? [] : [act]), ...(other === undefined ? [] : byChain(space, other))];
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

interface Sense {
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
      return side(space, space.at(`args.${condition.name}`), condition.test, sense);
    case "in":
    case "within":
    case "is":
      return side(space, space.at(condition.field), condition, sense);
    default:
      return unreachable("a condition of no known operator");
  }
}

function inAll(parts: readonly (readonly Box[])[]): readonly Box[] {
  let out = EVERYWHERE;
  // The narrow parts first, so that what falls out falls out early.
  for (const part of [...parts].sort((a, b) => a.length - b.length)) {
    if (out.length * part.length > MOST_MEETS) throw new Inconclusive(`a rule falls apart into more than ${MOST_BOXES} parts`);
    const next: Box[] = [];
    for (const box of out) {
      for (const other of part) {
        const both = meet(box, other);
        if (both !== undefined) next.push(both);
      }
    }
    out = joined(next);
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

/** Where a comparison is true, or not false: a value that has not the type of the comparison leaves it unknown. */
function side(space: Space, dimension: number, test: ArgumentTest, { certain, negated }: Sense): readonly Box[] {
  const all = space.all(dimension);
  const comparable = ofType(all, test.op);
  const holds = intersect(comparable, valuesOf(test));
  const values = negated ? subtract(comparable, holds) : holds;
  const found = certain ? values : unite(values, subtract(all, comparable));
  return isEmpty(found) ? [] : [[[dimension, found]]];
}

function ofType({ names, integers, flags }: ValueSet, op: ArgumentTest["op"]): ValueSet {
  switch (op) {
    case "in":
      return { ...NOTHING, names };
    case "within":
      return { ...NOTHING, integers };
    case "is":
      return { ...NOTHING, flags };
  }
}

// Rules that name the same list share its set, and so its values here.
const listed = new WeakMap<ReadonlySet<string>, ValueSet>();

function valuesOf(test: ArgumentTest): ValueSet {
  switch (test.op) {
    case "in": {
      const known = listed.get(test.values) ?? named(test.values);
      listed.set(test.values, known);
      return known;
    }
    case "within":
      return { ...NOTHING, integers: test.intervals };
    case "is":
      return { ...NOTHING, flags: [test.value] };
  }
}

/**
 * The same points, in boxes of one chain each, so that no box speaks of a name of one chain on another: on each chain that it
 * names, on all others together, and where the chain is unknown.
 */
function byChain(space: Space, box: Box): readonly Box[] {
  const { qualified } = space;
  const naming = box.filter(([dimension]) => qualified.has(dimension));
  if (naming.length === 0) return [box];

  const chain = space.at("chain");
  const sides = new Map(box);
  const chains = sides.get(chain) ?? space.all(chain);
  const parts = naming.map(([dimension, values]) => [dimension, values, partsByChain(values.names)] as const);
  const mentioned = new Set(parts.flatMap(([, , byChain]) => [...byChain.keys()]));
  const on = (values: ValueSet, set: (wanted: ValueSet, byChain: ReadonlyMap<string, Names>) => ValueSet): Box | undefined => {
    const cut = new Map(sides).set(chain, values);
    for (const [dimension, wanted, byChain] of parts) {
      const found = set(wanted, byChain);
      if (isEmpty(found)) return undefined;
      cut.set(dimension, found);
    }
    return [...cut].sort(([a], [b]) => a - b);
  };
  const out: (Box | undefined)[] = [...mentioned]
    .filter((name) => hasName(chains.names, name))
    .map((name) =>
      on(space.named([name]), (wanted, byChain) => {
        const names = byChain.get(name) ?? (wanted.names.not ? ALL_NAMES : NO_NAMES);
        return names.values === wanted.names.values ? wanted : { ...wanted, names };
      }),
    );
  const elsewhere = subtract(chains, { ...named(mentioned), unknown: true });
  if (!isEmpty(elsewhere)) out.push(on(elsewhere, (wanted) => ({ ...wanted, names: wanted.names.not ? ALL_NAMES : NO_NAMES })));
  // Where the chain is unknown they all are, so none of them is looked at.
  if (chains.unknown && naming.every(([, { unknown }]) => unknown)) {
    const rest = box.filter(([dimension]) => dimension !== chain && !qualified.has(dimension));
    out.push([...rest, [chain, ONLY_UNKNOWN] as const].sort(([a], [b]) => a - b));
  }
  return out.filter((part) => part !== undefined);
}

// A list of ten thousand addresses is taken apart once, however many rules name it.
const parted = new WeakMap<ReadonlySet<string>, Map<boolean, ReadonlyMap<string, Names>>>();

function partsByChain({ not, values }: Names): ReadonlyMap<string, Names> {
  const known = parted.get(values) ?? new Map<boolean, ReadonlyMap<string, Names>>();
  parted.set(values, known);
  const before = known.get(not);
  if (before !== undefined) return before;
  const found = new Map([...setsByChain(values)].map(([chain, set]) => [chain, { not, values: set }]));
  known.set(not, found);
  return found;
}

function setsByChain(values: ReadonlySet<string>): ReadonlyMap<string, ReadonlySet<string>> {
  const sets = new Map<string, Set<string>>();
  // Most lists are of one chain, as a look at each name tells.
  const [first = ""] = values;
  const chain = CHAIN.exec(first)?.[0];
  if (chain !== undefined && [...values].every((name) => name.startsWith(chain) && SEPARATORS.has(name[chain.length])))
    return new Map([[chain, values]]);
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
