import type { Interval } from "../core.ts";
import type { Box } from "./boxes.ts";
import type { Space } from "./dimensions.ts";
import { Inconclusive } from "./inconclusive.ts";
import { ALL_NAMES, hasName, isEmpty, keyWith, type Names, NO_NAMES, NOTHING, textOf, uniteIntervals, type ValueSet } from "./sets.ts";

/** Something that holds in some boxes: a rule, or a question. Several may have the same outcome. */
export interface Item {
  /** A small integer of the caller's own. */
  readonly outcome: number;
  readonly boxes: readonly Box[];
}

/** What is still open after the values of some dimensions were chosen, and what is settled already. Equal states are one object. */
export interface State {
  /** Outcomes that hold whatever is chosen further. */
  readonly settled: ReadonlySet<number>;
  /** Boxes that may still hold, each as what remains of it. Sorted. */
  readonly open: readonly Suffix[];
}

/** The rest of a box: hash-consed, so that equal rests are one object. */
interface Suffix {
  readonly id: number;
  readonly dimension: number;
  readonly set: number;
  readonly rest: Suffix | undefined;
  readonly outcome: number;
}

/** Values of one dimension that all lead on to the same state. */
export interface Piece {
  readonly values: ValueSet;
  readonly state: State;
}

export interface Expansion {
  readonly dimension: number;
  readonly pieces: readonly Piece[];
}

/**
 * Which outcomes of a state still matter; all others are dropped, and states that differ in those alone become one. What is
 * settled may also pass for another outcome: "some allow" for each of several.
 */
export type Keep = (state: Outcomes) => Kept | undefined;

export interface Kept {
  readonly open: (outcome: number) => boolean;
  /** The outcome that it passes for; nothing to drop it. */
  readonly settled: (outcome: number) => number | undefined;
}

export interface Outcomes {
  readonly settled: ReadonlySet<number>;
  readonly open: ReadonlySet<number>;
}

/** One step of work passes so many boxes on, where whoever walks a diagram pays for what its expansions copy. */
export const BOXES_A_STEP = 64;

export interface RegionsOptions {
  readonly keep?: Keep;
  readonly budget: Budget;
  /** Whoever walks them expands each state once: none of it has to be kept. */
  readonly once?: true;
}

/** How many expansions an answer may take. Shared by the diagrams of one question. */
export class Budget {
  #left: number;
  readonly #signal: AbortSignal | undefined;

  constructor(expansions: number, signal?: AbortSignal) {
    this.#left = expansions;
    this.#signal = signal;
  }

  get left(): number {
    return this.#left;
  }

  spend(work = 1): void {
    this.#signal?.throwIfAborted();
    this.#left -= work;
    if (this.#left < 0) throw new Inconclusive("the work that was granted is used up");
  }
}

/**
 * The regions into which boxes cut the space of effects, made as they are looked at: each step chooses the values of the first
 * dimension that some box still looks at. Exact: every point lies in exactly one path.
 */
export class Regions {
  readonly #space: Space;
  readonly #keep: Keep | undefined;
  readonly #budget: Budget;
  readonly #sets = new Interned();
  readonly #suffixes = new Suffixes();
  readonly #states = new States();
  readonly #expansions: Map<State, Expansion> | undefined;
  readonly start: State;

  constructor(space: Space, items: readonly Item[], options: RegionsOptions) {
    this.#space = space;
    this.#keep = options.keep;
    this.#budget = options.budget;
    this.#expansions = options.once ? undefined : new Map();

    const settled = new Set<number>();
    const open: Suffix[] = [];
    for (const { outcome, boxes } of items) {
      for (const box of boxes) {
        let rest: Suffix | undefined;
        for (let at = box.length - 1; at >= 0; at--) {
          const [dimension, values] = box[at] as Box[number];
          rest = this.#suffixes.of({ dimension, set: this.#sets.id(values), rest, outcome });
        }
        if (rest === undefined) settled.add(outcome);
        else open.push(rest);
      }
    }
    this.start = this.#state(settled, open);
  }

  /** The dimension that is chosen next; nothing where all is settled. */
  next({ open }: State): number | undefined {
    let least: number | undefined;
    for (const { dimension } of open) if (least === undefined || dimension < least) least = dimension;
    return least;
  }

  /** @throws Inconclusive when the budget is spent. */
  expand(state: State): Expansion | undefined {
    const known = this.#expansions?.get(state);
    if (known !== undefined) return known;
    const dimension = this.next(state);
    if (dimension === undefined) return undefined;
    this.#budget.spend();
    const groups = new Map<number, Suffix[]>();
    const passing: Suffix[] = [];
    for (const suffix of state.open) {
      if (suffix.dimension !== dimension) passing.push(suffix);
      else {
        const group = groups.get(suffix.set);
        if (group === undefined) groups.set(suffix.set, [suffix]);
        else group.push(suffix);
      }
    }
    const sets = [...groups.keys()];
    const values = sets.map((set) => this.#sets.values(set));
    this.#budget.spend(Math.floor(sizeOf(values) / VALUES_A_STEP));
    const lists = [...groups.values()];
    const pieces = cut(this.#space.all(dimension), values).map(({ values, inside }): Piece => {
      let next: State | undefined;
      return {
        values,
        get state() {
          next ??= choose(inside);
          return next;
        },
      };
    });
    const choose = (inside: readonly number[]): State => {
      const settled = new Set(state.settled);
      const open = [...passing];
      for (const index of inside) {
        for (const { rest, outcome } of lists[index] ?? []) {
          if (rest === undefined) settled.add(outcome);
          else open.push(rest);
        }
      }
      return this.#state(settled, open);
    };
    const expansion = { dimension, pieces };
    this.#expansions?.set(state, expansion);
    return expansion;
  }

  #state(settled: ReadonlySet<number>, open: readonly Suffix[]): State {
    // What is settled takes in what may still come to the same.
    const still: Suffix[] = [];
    const outcomes = new Set<number>();
    for (const suffix of open) {
      if (settled.has(suffix.outcome)) continue;
      still.push(suffix);
      outcomes.add(suffix.outcome);
    }
    const kept = this.#keep?.({ settled, open: outcomes });
    if (kept === undefined) return this.#states.one({ settled, open: sorted(still) });
    const held = new Set<number>();
    for (const outcome of settled) {
      const passing = kept.settled(outcome);
      if (passing !== undefined) held.add(passing);
    }
    return this.#states.one({ settled: held, open: sorted(still.filter(({ outcome }) => kept.open(outcome))) });
  }
}

/** Each once. */
function sorted(open: Suffix[]): readonly Suffix[] {
  open.sort((a, b) => a.id - b.id);
  return open.filter((suffix, index) => suffix !== open[index - 1]);
}

/** Equal states as one object. */
class States {
  readonly #byHash = new Map<number, State[]>();

  one(state: State): State {
    const hash = hashOf(state);
    const alike = this.#byHash.get(hash);
    const known = alike?.find((other) => isSame(other, state));
    if (known !== undefined) return known;
    if (alike === undefined) this.#byHash.set(hash, [state]);
    else alike.push(state);
    return state;
  }
}

function hashOf({ settled, open }: State): number {
  let hash = settled.size;
  // In whatever order they were settled.
  for (const outcome of settled) hash = (hash + mixed(outcome)) | 0;
  for (const { id } of open) hash = mixed(hash ^ id);
  return hash;
}

/** The finalizer of MurmurHash3 (32 bits), which spreads small numbers. */
function mixed(number: number): number {
  let bits = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

function isSame(a: State, b: State): boolean {
  if (a.open.length !== b.open.length || a.settled.size !== b.settled.size) return false;
  for (const outcome of a.settled) if (!b.settled.has(outcome)) return false;
  return a.open.every((suffix, index) => suffix === b.open[index]);
}

/** Rests of boxes, equal ones as one object. */
class Suffixes {
  readonly #byHash = new Map<number, Suffix>();

  of({ dimension, set, rest, outcome }: Omit<Suffix, "id">): Suffix {
    const after = rest === undefined ? ~outcome : rest.id;
    let hash = mixed(mixed(mixed(after) ^ set) ^ dimension);
    // Whoever comes later takes the next place that is free.
    for (let known = this.#byHash.get(hash); known !== undefined; known = this.#byHash.get(hash)) {
      if (known.set === set && known.rest === rest && known.outcome === outcome && known.dimension === dimension) return known;
      hash = (hash + 1) | 0;
    }
    const suffix = { id: this.#byHash.size, dimension, set, rest, outcome };
    this.#byHash.set(hash, suffix);
    return suffix;
  }
}

/** A longer list is another one wherever it is another object: to tell that two are equal costs more than it saves. */
const LONGEST_TEXT = 64;

/** Sets by number, equal ones by the same. */
class Interned {
  readonly #byObject = new Map<ValueSet, number>();
  readonly #byKey = new Map<string, number>();
  readonly #long = new Map<ReadonlySet<string>, number>();
  readonly #values: ValueSet[] = [];

  id(values: ValueSet): number {
    const known = this.#byObject.get(values);
    if (known !== undefined) return known;
    const key = keyWith(values, this.#textOf(values.names.values));
    let id = this.#byKey.get(key);
    if (id === undefined) {
      id = this.#values.length;
      this.#values.push(values);
      this.#byKey.set(key, id);
    }
    this.#byObject.set(values, id);
    return id;
  }

  values(id: number): ValueSet {
    return this.#values[id] ?? NOTHING;
  }

  /** What is written begins with a digit, if it is not empty. */
  #textOf(names: ReadonlySet<string>): string {
    if (names.size <= LONGEST_TEXT) return textOf(names);
    const number = this.#long.get(names) ?? this.#long.size;
    this.#long.set(names, number);
    return `#${number}`;
  }
}

/** One step of work cuts so many names and intervals. */
const VALUES_A_STEP = 256;

/** How much there is to cut: a list that several sets share is walked once. */
function sizeOf(sets: readonly ValueSet[]): number {
  let size = 0;
  for (const values of new Set(sets.map(({ names }) => names.values))) size += values.size;
  for (const { integers } of sets) size += integers.length;
  return size;
}

interface Cut {
  readonly values: ValueSet;
  /** Indexes of the sets that these values lie in. */
  readonly inside: readonly number[];
}

/** Divides a dimension into the largest parts of which each lies wholly inside or outside of every set. */
export function cut(all: ValueSet, sets: readonly ValueSet[]): readonly Cut[] {
  const parts = new Map<number, Part>();
  const partOf = (inside: readonly number[]): Part => {
    let hash = inside.length;
    for (const index of inside) hash = mixed(hash ^ index);
    for (let known = parts.get(hash); known !== undefined; known = parts.get(hash)) {
      if (isSameList(known.inside, inside)) return known;
      hash = (hash + 1) | 0;
    }
    const part = { inside, names: NO_NAMES, integers: [], flags: [], unknown: false };
    parts.set(hash, part);
    return part;
  };
  cutNames(all, sets, (inside, names) => {
    partOf(inside).names = names;
  });
  cutIntegers(all.integers, sets, (inside, interval) => partOf(inside).integers.push(interval));
  const within = (test: (set: ValueSet) => boolean) => sets.flatMap((set, index) => (test(set) ? [index] : []));
  for (const flag of all.flags) partOf(within(({ flags }) => flags.includes(flag))).flags.push(flag);
  if (all.unknown) partOf(within(({ unknown }) => unknown)).unknown = true;
  return [...parts.values()].flatMap(({ inside, names, integers, flags, unknown }) => {
    const values = { names, integers: uniteIntervals(integers), flags, unknown };
    return isEmpty(values) ? [] : [{ inside, values }];
  });
}

function isSameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}

/** A part while it is put together. */
interface Part {
  readonly inside: readonly number[];
  names: Names;
  readonly integers: Interval[];
  readonly flags: boolean[];
  unknown: boolean;
}

function cutNames({ names: all }: ValueSet, sets: readonly ValueSet[], add: (inside: readonly number[], names: Names) => void) {
  if (!all.not && all.values.size === 0) return;
  const complements = sets.flatMap(({ names }, index) => (names.not ? [index] : []));
  // By name, the sets that list it; a list that several sets share is walked once.
  const listing = new Map<ReadonlySet<string>, number[]>();
  sets.forEach(({ names }, index) => {
    if (names.values.size > 0) listing.set(names.values, [...(listing.get(names.values) ?? []), index]);
  });
  const lists = [...listing];
  const byName = new Map<string, number[]>();
  lists.forEach(([values], list) => {
    for (const name of values) {
      if (!hasName(all, name)) continue;
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [list]);
      else known.push(list);
    }
  });
  const classes = new Map<string, { lists: readonly number[]; names: string[] }>();
  for (const [name, inLists] of byName) {
    const key = inLists.join();
    const known = classes.get(key);
    if (known === undefined) classes.set(key, { lists: inLists, names: [name] });
    else known.names.push(name);
  }
  // Classes that lie in the same sets, once complements are taken, are one part.
  const merged = new Map<string, { inside: readonly number[]; names: string[] }>();
  for (const { lists: inLists, names } of classes.values()) {
    const naming = inLists.flatMap((list) => lists[list]?.[1] ?? []);
    const listed = naming.filter((index) => !sets[index]?.names.not);
    const taken = new Set(naming);
    const inside = [...listed, ...complements.filter((index) => !taken.has(index))].sort((a, b) => a - b);
    const key = inside.join();
    const known = merged.get(key);
    if (known === undefined) merged.set(key, { inside, names });
    else known.names.push(...names);
  }
  const rest = complements.join();
  const others = all.not || [...all.values].some((name) => !byName.has(name));
  for (const [key, { inside, names }] of merged) {
    if (key === rest && others) continue;
    add(inside, { not: false, values: new Set(names) });
  }
  if (!others) return;
  // Every name that is in no other part: those that no set lists, and those that are listed to no effect.
  const elsewhere = [...merged].filter(([key]) => key !== rest).flatMap(([, { names }]) => names);
  if (all.not)
    add(
      complements,
      elsewhere.length === 0 && all.values.size === 0 ? ALL_NAMES : { not: true, values: new Set([...all.values, ...elsewhere]) },
    );
  else {
    const taken = new Set(elsewhere);
    const left = [...all.values].filter((name) => !taken.has(name));
    add(complements, left.length === 0 ? NO_NAMES : { not: false, values: new Set(left) });
  }
}

function cutIntegers(all: readonly Interval[], sets: readonly ValueSet[], add: (inside: readonly number[], interval: Interval) => void) {
  if (all.length === 0) return;
  const changes = new Map<bigint, number[]>();
  const at = (value: bigint, change: number) => {
    const known = changes.get(value);
    if (known === undefined) changes.set(value, [change]);
    else known.push(change);
  };
  sets.forEach(({ integers }, index) => {
    for (const [low, high] of integers) {
      at(low, index);
      at(high + 1n, index);
    }
  });
  const marks = [...changes.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  for (const [low, high] of all) {
    const inside: number[] = [];
    let from = low;
    for (const mark of marks) {
      if (mark > high) break;
      if (mark > from) {
        add([...inside], [from, mark - 1n]);
        from = mark;
      }
      for (const index of changes.get(mark) ?? []) toggle(inside, index);
    }
    add(inside, [from, high]);
  }
}

/** Puts it in, or takes it out, of those in order. */
function toggle(sorted: number[], index: number): void {
  const place = sorted.findLastIndex((other) => other <= index);
  if (sorted[place] === index) sorted.splice(place, 1);
  else sorted.splice(place + 1, 0, index);
}
