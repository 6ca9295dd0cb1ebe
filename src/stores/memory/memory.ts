import type { Time } from "../../base/time.ts";
import { type Clock, checkKey, clockOf, closed, copyChanges, deadlineOf, refusal } from "../commit.ts";
import type { Change, Store } from "../store.ts";

/**
 * Records in the memory of this process, gone with it: for tests, and for what need not last.
 *
 * @param options.now - the clock, by default the host's.
 */
export function memoryStore(options: { readonly now?: () => Time } = {}): Store {
  return new MemoryStore(clockOf(options));
}

// Nothing below awaits, so each method is one step that no other can come between.
class MemoryStore implements Store {
  readonly #clock: Clock;
  readonly #records = new Map<string, Uint8Array>();
  #committed: Time = 0;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#open();
    checkKey(key);
    return this.#records.get(key)?.slice();
  }

  async commit(changes: readonly Change[], options?: { readonly notAfter?: Time }): Promise<Time> {
    this.#open();
    const copies = copyChanges(changes);
    const notAfter = deadlineOf(options);
    const now = this.#clock.now(this.#committed);
    const refused = refusal(copies, (key) => this.#records.get(key), { now, notAfter });
    if (refused) throw refused;
    for (const { key, to } of copies) {
      if (to === null) this.#records.delete(key);
      else this.#records.set(key, to);
    }
    this.#committed = now;
    return now;
  }

  async *keys(): AsyncIterable<string> {
    this.#open();
    yield* [...this.#records.keys()].sort();
  }

  async now(): Promise<Time> {
    this.#open();
    return this.#clock.now(this.#committed);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#records.clear();
  }

  #open(): void {
    if (this.#closed) throw closed();
  }
}
