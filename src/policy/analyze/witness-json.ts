import type { JsonObject } from "../../base/canonical.ts";
import { formatTime } from "../../base/time.ts";
import { effectToJson } from "../../intent/intent.ts";
import type { Witness } from "./witness.ts";

/** What a witness says of itself: its effects as `explain --json` has them, who asks, when and in which mode. */
export function witnessToJson({ effects, circumstances }: Witness): JsonObject {
  const { requester, session, origin, now, mode } = circumstances;
  return {
    effects: effects.map(effectToJson),
    ...(requester !== undefined && { requester }),
    ...(session !== undefined && { session }),
    ...(origin !== undefined && { origin }),
    now: formatTime(now),
    mode,
  };
}
