import type { Json, JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { IntentId } from "../intent/intent.ts";
import { HOLD_STATES, type Hold, type HoldState } from "./hold.ts";

/** A hold as it is kept. The reverse is {@link holdFromJson}. */
export function holdToJson({ id, intent, lane, state, fence, leaseUntil, at, requester, facts }: Hold): JsonObject {
  return { id, intent, ...(lane !== undefined && { lane }), state, fence, leaseUntil, at, requester, facts };
}

/** @throws `vault/damaged` if a member is missing, unknown or of another type: what cannot be read does not count as nothing. */
export function holdFromJson(json: Json | undefined): Hold {
  if (json === null || typeof json !== "object" || Array.isArray(json)) return damaged("an object");
  const { id, intent, lane, state, fence, leaseUntil, at, requester, facts, ...rest } = json as JsonObject;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) return damaged(`no member ${JSON.stringify(unknown.slice(0, 40))}`);
  if (facts === undefined) return damaged("facts");
  return {
    id: text("id", id),
    intent: intentOf(intent),
    ...(lane !== undefined && { lane: text("lane", lane) }),
    state: stateOf(state),
    fence: text("fence", fence),
    leaseUntil: time("leaseUntil", leaseUntil),
    at: time("at", at),
    requester: text("requester", requester),
    facts,
  };
}

function text(name: string, value: Json | undefined): string {
  return typeof value === "string" && value !== "" ? value : damaged(`${name} as text`);
}

function time(name: string, value: Json | undefined): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : damaged(`${name} as milliseconds`);
}

function intentOf(value: Json | undefined): IntentId {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? (value as IntentId) : damaged("intent as 64 hexadecimal digits");
}

function stateOf(value: Json | undefined): HoldState {
  return HOLD_STATES.find((state) => state === value) ?? damaged("state as reserved, spent or lapsed");
}

function damaged(expected: string): never {
  throw new CustodyError("vault/damaged", `hold: expected ${expected}`);
}
