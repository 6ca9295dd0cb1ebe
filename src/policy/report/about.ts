import type { JsonObject } from "../../base/canonical.ts";
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
}
