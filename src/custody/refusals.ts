import type { Json, JsonObject } from "../base/canonical.ts";
import { canonical } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { HOUR_MS, type Time } from "../base/time.ts";
import type { Intent, Reason } from "../intent/intent.ts";
import type { Tx } from "../vault/tx.ts";
import { journal } from "./journal.ts";
import { type AskedRequest, asJson, type RootState } from "./records.ts";

/** So many denials an hour are written out one by one; more are counted, so that a flood can neither fill the store nor stop signing. */
export const DENIALS_AN_HOUR = 100;
/** Longer payloads of denied requests are cut in the log: nothing was signed, so nothing has to be judged again. */
const PAYLOAD_CHARACTERS = 4096;

/**
 * Writes a denial down, or counts it.
 *
 * @returns the entry's sequence number, or nothing where it was only counted.
 */
export function refuse(tx: Tx, details: JsonObject & { readonly reasons: readonly JsonObject[] }): number | undefined {
  const { refusals } = rootState(tx);
  const current = tx.now - refusals.since < HOUR_MS ? refusals : { since: tx.now, logged: 0, more: 0 };
  if (current !== refusals) flush(tx);
  const full = current.logged >= DENIALS_AN_HOUR;
  const counted = { since: current.since, logged: current.logged + (full ? 0 : 1), more: current.more + (full ? 1 : 0) };
  setRefusals(tx, counted);
  return full ? undefined : journal(tx, "denied", cut(details));
}

/** Writes down how many denials were only counted, so that the log says it before whatever comes next. */
export function flush(tx: Tx): void {
  const { refusals } = rootState(tx);
  if (refusals.more === 0) return;
  journal(tx, "denials", { count: refusals.more, since: refusals.since });
  setRefusals(tx, { ...refusals, more: 0 });
}

export function reasonToJson(reason: Reason): JsonObject {
  return { ...reason } as JsonObject;
}

/** A request that could not be read: its code is written down, its bytes are not. `request` is what was read before that. */
export function recordMalformed(tx: Tx, ask: { readonly session: string; readonly request?: AskedRequest }, cause: CustodyError): void {
  const person = (tx.get(`session/${ask.session}`) as { readonly person?: string } | undefined)?.person;
  const reasons = [{ code: cause.code, params: {}, text: cause.message }];
  const request = ask.request && {
    request: { chain: ask.request.chain, account: ask.request.account, kind: ask.request.kind, payload: "…" },
  };
  refuse(tx, { reasons, ...request, session: ask.session, ...(person !== undefined && { person }) });
}

/** What was allowed and written down failed afterwards: an alarm, because it should not happen. A reservation lapses by itself. */
export function recordFailure(tx: Tx, intent: Pick<Intent, "id">, { cause, why }: { readonly cause: unknown; readonly why: string }): void {
  const code = cause instanceof CustodyError ? cause.code : "vault/failed";
  journal(tx, "alarm", { code, intent: intent.id, why });
}

function setRefusals(tx: Tx, refusals: RootState["refusals"]): void {
  tx.setState(asJson({ ...rootState(tx), refusals }));
}

function cut(details: JsonObject & { readonly reasons: readonly JsonObject[] }): typeof details {
  const request = details.request as JsonObject | undefined;
  const text = request?.payload === undefined ? "" : canonical(request.payload as Json);
  if (text.length <= PAYLOAD_CHARACTERS) return details;
  return { ...details, request: { ...request, payload: `${text.slice(0, 64)}… (${text.length} characters, cut)` } };
}

/** The mode that holds at `now`: one that is over is followed by `then` or `normal`, whether or not that is written down yet. */
export function modeAt(tx: { readonly state: Json }, now: Time): RootState["mode"] {
  const { mode } = rootState(tx);
  return mode.until !== undefined && mode.until <= now ? { name: mode.then ?? "normal", since: mode.until } : mode;
}

export function rootState(tx: { readonly state: Json }): RootState {
  return tx.state as unknown as RootState;
}
