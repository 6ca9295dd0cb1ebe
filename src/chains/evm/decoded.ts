import type { Effect } from "../../intent/effect.ts";
import type { Digest, Reason } from "../../intent/intent.ts";

/** What a payload of one kind comes to. The rest of an intent is the same for all kinds, see `decode.ts`. */
export interface Decoded {
  /** The exact bytes that were read; the same meaning in another notation gives the same bytes. */
  readonly bytes: Uint8Array;
  /** What the account's key would sign, made of {@link bytes}. */
  readonly digest: Digest;
  readonly lane?: string;
  readonly effects: readonly Effect[];
  readonly refusals: readonly Reason[];
}
