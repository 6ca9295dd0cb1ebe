import { CustodyError } from "../base/errors.ts";

/** What the app can watch. `unknown` until the store has been asked; `failed` when opening hit damage or a broken store. */
export type CustodyState = "unknown" | "absent" | "locked" | "opening" | "open" | "failed";

/** Holds the state and tells those who watch it. A watcher that throws does not stop the others, nor the custody. */
export class Watched {
  #state: CustodyState = "unknown";
  readonly #watchers = new Set<(state: CustodyState) => void>();

  get state(): CustodyState {
    return this.#state;
  }

  set(state: CustodyState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const watch of [...this.#watchers]) {
      // One that was told before has changed it again: whoever comes later has heard that already.
      if (state !== this.#state) return;
      // An app's own fault is the app's to see: it is thrown where no signature waits for it.
      try {
        watch(state);
      } catch (cause) {
        queueMicrotask(() => {
          throw cause;
        });
      }
    }
  }

  /** @returns a function that ends the watch. */
  subscribe(watch: (state: CustodyState) => void): () => void {
    this.#watchers.add(watch);
    return () => this.#watchers.delete(watch);
  }
}

/** The state after an opening that failed. Damage is worth a state of its own; everything else leaves the vault as it was. */
export function stateAfter(cause: unknown, before: CustodyState): CustodyState {
  if (!(cause instanceof CustodyError)) return "failed";
  switch (cause.code) {
    case "vault/damaged":
    case "vault/rolled-back":
    case "store/failed":
      return "failed";
    case "vault/absent":
      return "absent";
    case "vault/exists":
    case "vault/cannot-open":
      return "locked";
    default:
      return before === "opening" ? "locked" : before;
  }
}
