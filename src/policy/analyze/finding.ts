import type { JsonObject } from "../../base/canonical.ts";
import type { Loss } from "./loss.ts";
import type { Sequence } from "./sequence.ts";
import type { Witness } from "./witness.ts";

/** `error`: money or the key can go beyond what the policy seems to say; `warning`: probably not meant; `note`: worth knowing. */
export type Severity = "error" | "warning" | "note";

/** Something that the policy lets happen, or prevents, and that its author probably did not mean. */
export interface Finding {
  /** From the catalogue, stable: `tier-split`. */
  readonly id: string;
  readonly severity: Severity;
  readonly mode: string;
  /** The rule it is about, if it is about one. */
  readonly rule: string | undefined;
  /** What was found, in one or two sentences, with names and amounts as the policy writes them. */
  readonly text: string;
  readonly witness?: Witness;
  readonly sequence?: Sequence;
  readonly suggestion?: Suggestion;
}

/** A change that would mend it: the whole document as it would then be, and what the change does to the losses. */
export interface Suggestion {
  readonly text: string;
  readonly document: JsonObject;
  /** Losses that differ, as they are and as they would be. */
  readonly effect: readonly { readonly before: Loss; readonly after: Loss }[];
}
