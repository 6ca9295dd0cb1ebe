import { type Box, meets } from "./boxes.ts";
import type { Budget } from "./regions.ts";
import { hasName, type ValueSet } from "./sets.ts";

/** Something that holds in a box. */
export interface Placed {
  readonly box: Box;
}

/** So few are looked at one by one. */
const FEW = 8;
/** A longer list is not taken apart: it is looked at wherever its dimension is. */
const LONGEST_LIST = 64;
/** One step of work looks at so many boxes. */
const LOOKS_A_STEP = 256;

/**
 * What meets a box, among thousands: by the names that they list, dimension after dimension, without a look at each. Lists are made
 * when they are first looked into.
 */
export class Nearby<T extends Placed> {
  readonly #all: readonly T[];
  readonly #budget: Budget | undefined;
  /** Dimensions by which these were told apart already. */
  readonly #looked: readonly number[];
  readonly #lists = new Map<number, Lists<T>>();

  constructor(all: readonly T[], budget: Budget | undefined, looked: readonly number[] = []) {
    this.#all = all;
    this.#budget = budget;
    this.#looked = looked;
  }

  /**
   * Whether there is one that meets the box, and of which `wanted` is true. It may be asked of the same one twice.
   *
   * @throws Inconclusive when the budget is spent.
   */
  some(box: Box, wanted: (each: T) => boolean = () => true): boolean {
    const parts = this.#partsFor(box);
    if (parts !== undefined) return parts.some((part) => part.some(box, wanted));
    this.#budget?.spend(Math.floor(this.#all.length / LOOKS_A_STEP));
    return this.#all.some((each) => meets(each.box, box) && wanted(each));
  }

  /** All that meet the box, each once. @throws Inconclusive when the budget is spent. */
  meeting(box: Box): readonly T[] {
    const found = new Set<T>();
    this.some(box, (each) => {
      found.add(each);
      return false;
    });
    return [...found];
  }

  /** Fewer, among which all are that meet the box: by the dimension that leaves the fewest. Nothing where none leaves any out. */
  #partsFor(box: Box): readonly Nearby<T>[] | undefined {
    if (this.#all.length < FEW) return undefined;
    let fewest: readonly Nearby<T>[] | undefined;
    let least = this.#all.length;
    for (const [dimension, values] of box) {
      if (this.#looked.includes(dimension)) continue;
      const parts = partsWith(this.#listsOf(dimension), values);
      const size = parts.reduce((sum, part) => sum + part.#all.length, 0);
      if (size >= least) continue;
      least = size;
      fewest = parts;
    }
    return fewest;
  }

  #listsOf(dimension: number): Lists<T> {
    const known = this.#lists.get(dimension);
    if (known !== undefined) return known;
    this.#budget?.spend(Math.floor(this.#all.length / LOOKS_A_STEP));
    const byName = new Map<string, T[]>();
    const others: T[] = [];
    for (const each of this.#all) {
      const values = each.box.find(([at]) => at === dimension)?.[1];
      const names = values && namesOf(values);
      if (names === undefined) others.push(each);
      for (const name of names ?? []) {
        const those = byName.get(name);
        if (those === undefined) byName.set(name, [each]);
        else those.push(each);
      }
    }
    const looked = [...this.#looked, dimension];
    const lists = {
      byName: new Map([...byName].map(([name, those]) => [name, new Nearby(those, this.#budget, looked)])),
      others: new Nearby(others, this.#budget, looked),
    };
    this.#lists.set(dimension, lists);
    return lists;
  }
}

interface Lists<T extends Placed> {
  readonly byName: ReadonlyMap<string, Nearby<T>>;
  /** Those that do not say by names what they are of. */
  readonly others: Nearby<T>;
}

const UNKNOWN = "";

/** Of a short list; the unknown value is a name like others. Nothing for all other sets. */
function namesOf({ names, integers, flags, unknown }: ValueSet): readonly string[] | undefined {
  if (names.not || integers.length > 0 || flags.length > 0 || names.values.size > LONGEST_LIST || names.values.has(UNKNOWN))
    return undefined;
  return unknown ? [...names.values, UNKNOWN] : [...names.values];
}

/** Those listed under one of the values, and those that are listed nowhere. Of values and names the fewer are gone through. */
function partsWith<T extends Placed>({ byName, others }: Lists<T>, { names, unknown }: ValueSet): readonly Nearby<T>[] {
  const parts = [others];
  if (!names.not && names.values.size < byName.size) {
    for (const name of names.values) add(byName.get(name));
    if (unknown) add(byName.get(UNKNOWN));
  } else {
    for (const [name, part] of byName) if (name === UNKNOWN ? unknown : hasName(names, name)) parts.push(part);
  }
  return parts;

  function add(part: Nearby<T> | undefined): void {
    if (part !== undefined) parts.push(part);
  }
}
