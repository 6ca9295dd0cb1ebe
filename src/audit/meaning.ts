import type { JsonObject } from "../base/canonical.ts";
import type { LoggedEntry } from "./entry.ts";
import { isSize } from "./tree.ts";

/** Something that an honest vault never writes. */
export interface Oddity {
  readonly code: "log/not-created" | "log/time-ran-back" | "log/not-reserved" | "log/not-allowed";
  readonly text: string;
}

interface Reservation {
  readonly hold: unknown;
  readonly intent: unknown;
}

/**
 * Reads entries in order and says what does not make sense among them:
 *
 * - the log begins with `created`, and no other entry is one;
 * - time does not run back, but for an entry of kind `clock` that says so;
 * - what was erased is named by an entry of kind `erased` after it: whoever hands out an export can show any entry as erased;
 * - every `signed` and `lapsed` closes one `reserved` entry above it, of the same hold and intent, and each closes once. So
 *   nothing is signed unreserved, nothing after its reservation lapsed, nothing twice under one reservation;
 * - what was restored signs nothing, and does no act but `restore`, until that was allowed.
 *
 * Of a reservation that was erased only the last can be said: that it closes once. Memory grows with reservations that are open and
 * with what was erased, not with the log.
 */
export class Meaning {
  readonly #open = new Map<number, Reservation>();
  readonly #erased: { readonly from: number; to: number }[] = [];
  readonly #told = new Set<number>();
  #last: number | undefined;
  /** Rebuilt from a backup, and not allowed to go on yet. */
  #rebuilt = false;
  /** Erased reservations that an entry closed. */
  readonly #unchecked = new Set<number>();

  /** Reservations that nothing closed yet: in use, or left by a crash until somebody lets them lapse. */
  get open(): number {
    return this.#open.size;
  }

  /** Entries that close a reservation which was erased: nothing can be said of them. */
  get unchecked(): number {
    return this.#unchecked.size;
  }

  /** The first erased entry of which no entry says that it was erased. */
  get hidden(): number | undefined {
    for (const { from, to } of this.#erased) {
      for (let seq = from; seq < to; seq++) if (!this.#told.has(seq)) return seq;
    }
    return undefined;
  }

  /** @param seq - above every one before. */
  skipErased(seq: number): void {
    const stretch = this.#erased.at(-1);
    if (stretch?.to === seq) stretch.to = seq + 1;
    else this.#erased.push({ from: seq, to: seq + 1 });
  }

  read(entry: LoggedEntry, vault: string): Oddity | undefined {
    const { seq, time, kind } = entry;
    const ranBack = this.#last !== undefined && time < this.#last && kind !== "clock";
    this.#last = time;
    if ((kind === "created") !== (seq === 0) || (seq === 0 && entry.vault !== vault)) {
      return { code: "log/not-created", text: "expected the first entry, and no other, to create this vault" };
    }
    if (kind === "erased") this.#tell(entry);
    if (kind === "restored") this.#rebuilt = entry.event === "rebuilt";
    if (this.#rebuilt && (kind === "reserved" || kind === "signed" || (kind === "acted" && !isRestore(entry)))) {
      return { code: "log/not-allowed", text: `${kind}: expected nothing of it after a restore that was not allowed yet` };
    }
    if (kind === "reserved") this.#open.set(seq, { hold: entry.hold, intent: entry.intent });
    if ((kind === "signed" || kind === "lapsed") && !this.#close(entry)) {
      return { code: "log/not-reserved", text: `${kind}: expected a reservation of the same hold that is still open` };
    }
    return ranBack ? { code: "log/time-ran-back", text: "expected a clock entry where time runs back" } : undefined;
  }

  #tell({ entries }: LoggedEntry): void {
    if (!Array.isArray(entries)) return;
    for (const seq of entries) if (isSize(seq) && this.#isErased(seq)) this.#told.add(seq);
  }

  #close({ hold, intent, reservation }: LoggedEntry): boolean {
    if (!isSize(reservation) || typeof hold !== "string") return false;
    // Whether it fits cannot be seen any more, but that it is the first can.
    if (this.#isErased(reservation)) return this.#unchecked.size < this.#unchecked.add(reservation).size;
    const open = this.#open.get(reservation);
    return open?.hold === hold && open.intent === intent && this.#open.delete(reservation);
  }

  #isErased(seq: number): boolean {
    let [low, high] = [0, this.#erased.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const stretch = this.#erased[middle];
      if (stretch && stretch.to <= seq) low = middle + 1;
      else high = middle;
    }
    return (this.#erased[low]?.from ?? Number.POSITIVE_INFINITY) <= seq;
  }
}

function isRestore({ effects }: LoggedEntry): boolean {
  return Array.isArray(effects) && effects.every((effect) => (effect as JsonObject | null)?.kind === "restore");
}
