import type { JsonObject } from "../../base/canonical.ts";
import type { Severity } from "../analyze/finding.ts";
import type { Witness } from "../analyze/witness.ts";
import type { LossBudget } from "./verdict.ts";

/** What a report says beside the audit itself. */
export interface About {
  /** Of Keyward. */
  readonly version: string;
  /** Budgets that the losses are held against. */
  readonly budgets?: readonly LossBudget[];
  /** A witness as a request with its exact bytes; nothing where it has no such form. */
  readonly request?: (witness: Witness) => JsonObject | undefined;
  /** What is looked for, whether it was found or not: rows of the catalogue of findings. */
  readonly catalogue?: readonly Looked[];
}

export interface Looked {
  readonly id: string;
  /** The worst that it reports. */
  readonly severity: Severity;
  readonly about: string;
  readonly advice: string;
}
