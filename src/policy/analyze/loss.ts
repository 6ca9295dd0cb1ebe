import type { Channel } from "./channel.ts";
import type { Sequence } from "./sequence.ts";

/**
 * - `exact`: nothing more can leave, and the sequence that lets this much leave was replayed.
 * - `upper bound`: nothing more can leave; the sequence shows that `shown` can.
 * - `inconclusive`: more may leave than any number here says, and nobody may take it for safe.
 */
export type Status = "exact" | "upper bound" | "inconclusive";

/** What an attack can take of one asset, or of everything that a unit of account counts. */
export interface Loss {
  readonly stolen: readonly string[];
  readonly mode: string;
  readonly horizonMs: number;
  /** Qualified (`eip155:1/native`), or the name of a unit in `values`. */
  readonly what: { readonly asset: string } | { readonly unit: string };
  readonly status: Status;
  /** Smallest units, fees included; nothing where there is no bound, and `channel` says through what. */
  readonly amount: bigint | undefined;
  /** What the sequence takes. */
  readonly shown: bigint;
  /** What of `shown` goes as fees. */
  readonly fees: bigint;
  readonly sequence: Sequence;
  readonly channel?: Channel;
  /** Why it is not exact. */
  readonly why?: string;
}
