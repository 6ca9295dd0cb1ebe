import { type Box, meets } from "./boxes.ts";
import type { ValueSet } from "./sets.ts";

/** A longer list is not taken apart: it is looked at wherever its dimension is. */
const LONGEST_LIST = 64;

/** Something that holds in a box. */
export interface Placed {
  readonly box: Box;
}

/** What meets a box, among thousands: by the names that they list, without a look at each. */
export class Nearby<T extends Placed> {
  readonly #all: readonly T[];
  readonly #byDimension = new Map<number, Lists<T>>();

  constructor(all: readonly T[]) {
    this.#all = all;
    const listed = new Set(
      all.flatMap(({ box }) => box.filter(([, values]) => namesOf(values) !== undefined).map(([dimension]) => dimension)),
    );
    for (const dimension of listed) this.#byDimension.set(dimension, listsOf(all, dimension));
  }

  meeting(box: Box): readonly T[] {
    let fewest: readonly (readonly T[])[] = [this.#all];
    for (const [dimension, values] of box) {
      const lists = this.#byDimension.get(dimension);
      const names = namesOf(values);
      if (lists === undefined || names === undefined) continue;
      const found = [lists.others, ...names.map((name) => lists.byName.get(name) ?? [])];
      if (sizeOf(found) < sizeOf(fewest)) fewest = found;
    }
    const once = new Set<T>();
    for (const some of fewest) for (const each of some) if (meets(each.box, box)) once.add(each);
    return [...once];
  }
}

interface Lists<T> {
  readonly byName: ReadonlyMap<string, readonly T[]>;
  /** Those that do not say by names what they are of. */
  readonly others: readonly T[];
}

function listsOf<T extends Placed>(all: readonly T[], dimension: number): Lists<T> {
  const byName = new Map<string, T[]>();
  const others: T[] = [];
  for (const each of all) {
    const values = each.box.find(([at]) => at === dimension)?.[1];
    const names = values && namesOf(values);
    if (names === undefined) others.push(each);
    for (const name of names ?? []) {
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [each]);
      else known.push(each);
    }
  }
  return { byName, others };
}

const UNKNOWN = "";

/** Of a short list; the unknown value is a name like others. Nothing for all other sets. */
function namesOf({ names, integers, flags, unknown }: ValueSet): readonly string[] | undefined {
  if (names.not || integers.length > 0 || flags.length > 0 || names.values.size > LONGEST_LIST || names.values.has(UNKNOWN))
    return undefined;
  return unknown ? [...names.values, UNKNOWN] : [...names.values];
}

function sizeOf(lists: readonly (readonly unknown[])[]): number {
  return lists.reduce((sum, { length }) => sum + length, 0);
}
