import { utf8 } from "../base/bytes.ts";
import { canonical, type Json } from "../base/canonical.ts";
import { damaged, parseCanonical } from "./parse.ts";

/** Something derived from all records, kept up by the layer above. */
export interface Index {
  /**
   * Called for every record as the vault opens, for every change read from another process, and for every `put` and `delete`
   * at once inside a job, so that the next job of the same commit sees it. To undo, it is called again in the opposite order
   * with `before` and `after` exchanged. It must not throw: an index that fails halfway has no way back.
   *
   * @param before - what stood under `name`, `undefined` for nothing. Both are frozen.
   */
  apply(name: string, before: Json | undefined, after: Json | undefined): void;
}

/** One step that can be taken back. */
interface Step {
  readonly name: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** All records in memory, in clear, in order of their names, with a way back to where they were. */
export class Mirror {
  readonly #records = new Map<string, Json>();
  /** Ascending. Kept beside the map so that listing a prefix does not walk through everything. */
  readonly #names: string[] = [];
  readonly #index: Index | undefined;
  readonly #steps: Step[] = [];

  constructor(index: Index | undefined) {
    this.#index = index;
  }

  get(name: string): Json | undefined {
    return this.#records.get(name);
  }

  /** Ascending by name (UTF-16 units). A snapshot: changes made while it is walked do not show. */
  list(prefix: string): [name: string, value: Json][] {
    const found: [string, Json][] = [];
    for (let at = this.#place(prefix); at < this.#names.length; at++) {
      const name = this.#names[at];
      if (!name?.startsWith(prefix)) break;
      const value = this.#records.get(name);
      if (value !== undefined) found.push([name, value]);
    }
    return found;
  }

  /** @param after - frozen; `undefined` removes. */
  set(name: string, after: Json | undefined): void {
    const before = this.#records.get(name);
    if (before === undefined && after === undefined) return;
    this.#write(name, before, after);
    this.#steps.push({ name, before, after });
  }

  /** Where we are, for {@link undoTo}. */
  get mark(): number {
    return this.#steps.length;
  }

  /** Takes back every step after `mark`, the last one first. */
  undoTo(mark: number): void {
    for (let step = this.#steps[mark] && this.#steps.pop(); step; step = this.#steps[mark] && this.#steps.pop()) {
      this.#write(step.name, step.after, step.before);
    }
  }

  /** What differs from the last {@link settle}: names with the value they have now. */
  changes(): Map<string, Json | undefined> {
    const first = new Map<string, Json | undefined>();
    for (const step of this.#steps) if (!first.has(step.name)) first.set(step.name, step.before);
    const changed = new Map<string, Json | undefined>();
    for (const [name, before] of first) {
      const now = this.#records.get(name);
      if (!same(before, now)) changed.set(name, now);
    }
    return changed;
  }

  /** Forgets the way back: what is here is what is committed. */
  settle(): void {
    this.#steps.length = 0;
  }

  clear(): void {
    this.#records.clear();
    this.#names.length = 0;
    this.#steps.length = 0;
  }

  #write(name: string, before: Json | undefined, after: Json | undefined): void {
    this.#index?.apply(name, before, after);
    const place = this.#place(name);
    if (after === undefined) {
      this.#records.delete(name);
      if (this.#names[place] === name) this.#names.splice(place, 1);
    } else {
      this.#records.set(name, after);
      if (this.#names[place] !== name) this.#names.splice(place, 0, name);
    }
  }

  /** The first place whose name is not before `name`. */
  #place(name: string): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#names[middle] ?? "") < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A deep copy that nobody can change. Refuses what has no canonical form. */
export function frozen(value: Json): Json {
  return freeze(parseCanonical(utf8(canonical(value)), "record"));
}

/** A record's plaintext: its name and its value, so that whoever opens it knows both. */
export function encodeRecord(name: string, value: Json): Uint8Array {
  return utf8(canonical([name, value]));
}

/** @throws `vault/damaged` unless it is what {@link encodeRecord} writes. */
export function decodeRecord(plaintext: Uint8Array): [name: string, value: Json] {
  const parsed = parseCanonical(plaintext, "record");
  const [name, value, ...rest] = Array.isArray(parsed) ? (parsed as readonly Json[]) : [];
  if (typeof name !== "string" || value === undefined || rest.length > 0) throw damaged("record");
  return [name, freeze(value)];
}

function freeze(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  for (const part of Object.values(value)) if (part !== undefined) freeze(part);
  return Object.freeze(value);
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && canonical(a) === canonical(b);
}
