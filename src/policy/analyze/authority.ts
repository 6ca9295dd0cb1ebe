import type { Witness } from "./witness.ts";

/** Who it takes, at least, for an act or a payment in a band of amounts. */
export interface Authority {
  readonly mode: string;
  /** `transfer of ETH, 10 ETH and more`, `policyEdit that loosens`. */
  readonly text: string;
  /** Fewest people, whoever asks counted: one example of that many. Nothing: nobody can. */
  readonly people: readonly string[] | undefined;
  readonly delayMs: number;
  readonly confirm: boolean;
  readonly witness: Witness | undefined;
  readonly status: "exact" | "inconclusive";
}

/** People without whom something cannot be done any more: their absence, or the loss of their keys. */
export interface LockOut {
  readonly mode: string;
  /** `paying`, `editing the policy`, `leaving mode frozen`. */
  readonly what: string;
  /** A smallest set of people whose absence blocks it. Empty: it is blocked as it is. */
  readonly absent: readonly string[];
  readonly status: "exact" | "inconclusive";
}

/** What a stolen set reaches by acts on the custody first, and when. */
export interface Escalation {
  readonly stolen: readonly string[];
  /** The acts, one after the other, each with the rule that allows it and whoever answers. */
  readonly acts: readonly EscalationAct[];
  /** Since the first act is asked for. */
  readonly afterMs: number;
  readonly text: string;
  /** Who could still stop it meanwhile. */
  readonly objectors: readonly string[];
  /** Whether nothing that a policy could allow is out of reach from then on; otherwise `text` says what is reached. */
  readonly everything: boolean;
  /** More may be reached: it was not decided, and nobody may take it for a no. */
  readonly undecided?: true;
}

export interface EscalationAct {
  readonly rule: string;
  readonly text: string;
  readonly delayMs: number;
  readonly witness: Witness;
  /** Who answers, beside whoever asks. */
  readonly approvers: readonly string[];
}
