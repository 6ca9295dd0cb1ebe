import type { Time } from "../../base/time.ts";

/** Who has been robbed, or has turned, and for how long nobody stops them. */
export interface Attack {
  /** People all of whose credentials the attacker holds: they ask, answer and confirm as any of them. */
  readonly stolen: ReadonlySet<string>;
  readonly mode: string;
  /** Half-open: a request at its very end is outside. */
  readonly horizonMs: number;
  /** The attack begins here or at any later moment that suits it better. */
  readonly from: Time;
  /**
   * After so long somebody who was not robbed, and whom a rule names as approver, says no to what still waits. Absent: nobody does,
   * and a delay only costs its own time.
   */
  readonly detectionMs?: number;
}

/** The stolen people of an attack, and how the report calls them: `role:ops`, `ana`, `ana + cyd`. */
export interface StolenSet {
  readonly name: string;
  readonly people: readonly string[];
}
