import type { JsonObject } from "../../base/canonical.ts";
import { formatTime, type Time } from "../../base/time.ts";
import { effectToJson } from "../../intent/intent.ts";
import type { Witness } from "./witness.ts";

/**
 * What a witness says of itself: its effects as `explain --json` has them, who asks, when and in which mode, since when the vault
 * has had the recipients in its book (`listed`), and which of them are its own accounts (`own`). `keyward explain` reads it.
 */
export function witnessToJson({ effects, circumstances }: Witness): JsonObject {
  const { requester, session, origin, now, mode, addedAt, isOwn } = circumstances;
  const recipients = effects.flatMap(({ chain, to }) => (chain === undefined || to === undefined ? [] : [{ chain, to }]));
  return {
    effects: effects.map(effectToJson),
    ...(requester !== undefined && { requester }),
    ...(session !== undefined && { session }),
    ...(origin !== undefined && { origin }),
    now: formatTime(now),
    mode,
    ...(addedAt && { listed: Object.fromEntries(recipients.flatMap(({ chain, to }) => since(`${chain}:${to}`, addedAt(chain, to)))) }),
    ...(isOwn && { own: [...new Set(recipients.flatMap(({ chain, to }) => (isOwn(chain, to) ? [`${chain}:${to}`] : [])))] }),
  };
}

/** Since when, where a calendar with four digits has the day. */
function since(address: string, time: Time | undefined): readonly (readonly [string, string])[] {
  return time === undefined || time < FIRST_MS ? [] : [[address, formatTime(time)]];
}

const FIRST_MS = Date.parse("0000-01-01T00:00:00Z");
