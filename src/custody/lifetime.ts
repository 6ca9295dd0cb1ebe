import { canonical, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { DAY_MS, type Time } from "../base/time.ts";
import type { IntentId } from "../intent/intent.ts";
import type { Charge } from "../intent/verdict.ts";
import type { Hold } from "../limits/hold.ts";
import { Ledger } from "../limits/ledger.ts";
import type { Policy } from "../policy/core.ts";
import { compile } from "../policy/evaluate.ts";
import { factsFromJson } from "../policy/facts.ts";
import type { Tx } from "../vault/tx.ts";
import type { Desk } from "./desk.ts";
import { signedBlob } from "./holds.ts";
import { carriedKey, type Judge } from "./judge.ts";
import { history } from "./log.ts";
import { asJson } from "./records.ts";
import { rootState } from "./refusals.ts";
import { actHold } from "./reserve.ts";

/** The longest window that a limit can have: after it, a hold matters to lifetime totals alone. */
const LONGEST_WINDOW_MS = 35 * DAY_MS;
/** So many holds are forgotten at one opening at the most. */
const AT_ONCE = 2000;

/** Lifetime totals of holds that were forgotten, under a policy that is to come. */
export interface Lifetime {
  /** How many holds had been forgotten when the totals were made: they are worth nothing if there are more since. */
  readonly pruned: number;
  readonly totals: ReadonlyMap<string, bigint>;
}

/**
 * Forgets holds that have left every window, so that records and the time to open do not grow for ever. What they weigh in
 * lifetime limits is carried in one record per counter.
 */
export function prune(tx: Tx, judge: Judge): void {
  const old = judge.ledger.prunable(tx.now, LONGEST_WINDOW_MS).slice(0, AT_ONCE);
  if (old.length === 0) return;
  const totals = new Map<string, bigint>();
  for (const [name, record] of tx.list("carried/")) totals.set(name.slice("carried/".length), BigInt((record as { total: string }).total));
  const holds = old.flatMap((group) => group.holds);
  sum(
    totals,
    judge.policy,
    old.flatMap((group) => group.charges),
  );
  for (const { intent } of holds) {
    tx.delete(`hold/${intent}`);
    tx.deleteBlob(signedBlob(intent));
  }
  carry(tx, totals);
  const state = rootState(tx);
  tx.setState(asJson({ ...state, pruned: state.pruned + holds.length }));
}

/**
 * What the forgotten holds weigh in the lifetime limits of another policy: counted again from the log, because a limit is a sum
 * over what was signed and not over what an earlier limit made of it.
 *
 * @param allowed - whether the edit could pass now: nobody else makes the vault read its whole log.
 * @returns nothing where no hold has been forgotten yet, or the document is no policy, which the commit of the edit will say.
 */
export async function lifetimeUnder(desk: Desk, document: JsonObject, allowed: () => Promise<boolean>): Promise<Lifetime | undefined> {
  const { pruned, kept } = await desk.vault.read((view) => ({
    pruned: rootState(view).pruned,
    kept: new Set([...view.list("hold/")].map(([name]) => name.slice("hold/".length))),
  }));
  if (pruned === 0) return undefined;
  const policy = readOrNothing(desk, document);
  if (policy === undefined || !(await allowed())) return undefined;
  const evaluator = compile(policy);
  const ledger = new Ledger<Hold>({
    weigh: (hold) => evaluator.weigh((hold.facts as readonly JsonObject[]).map(factsFromJson)),
    window: () => "ever",
  });
  const reservations = new Map<number, JsonObject>();
  const seen = new Set<string>();
  for await (const entry of history(desk.vault)) {
    if (entry.kind === "reserved") reservations.set(entry.seq, entry);
    const reserved = reservations.get(entry.reservation as number);
    reservations.delete(entry.reservation as number);
    const counted = entry.kind === "acted" ? entry : entry.kind === "signed" ? reserved : undefined;
    if (counted === undefined) continue;
    const intent = entry.kind === "acted" ? actHold(String(entry.intent), entry.seq) : (entry.intent as IntentId);
    if (kept.has(intent) || seen.has(intent)) continue;
    seen.add(intent);
    ledger.apply(undefined, spentHold(counted, intent, entry.time));
  }
  const totals = new Map<string, bigint>();
  sum(
    totals,
    policy,
    ledger.prunable(Number.MAX_SAFE_INTEGER, 0).flatMap((group) => group.charges),
  );
  return { pruned, totals };
}

/**
 * Puts totals in place of the carried ones, in the commit of the policy that they were made under.
 *
 * @throws `vault/busy` if more holds were forgotten meanwhile: the edit is asked again.
 */
export function adoptLifetime(tx: Tx, lifetime: Lifetime | undefined): void {
  if (rootState(tx).pruned !== (lifetime?.pruned ?? 0)) {
    throw new CustodyError("vault/busy", "policy edit: holds were forgotten while lifetime totals were counted, ask again");
  }
  if (lifetime === undefined) return;
  for (const [name] of tx.list("carried/")) tx.delete(name);
  carry(tx, lifetime.totals);
}

function readOrNothing(desk: Desk, document: JsonObject): Policy | undefined {
  try {
    return desk.readPolicy(canonical(document));
  } catch (cause) {
    if (cause instanceof CustodyError) return undefined;
    throw cause;
  }
}

function spentHold(reserved: JsonObject, intent: IntentId, at: Time): Hold {
  const { facts, lane, person } = reserved;
  if (!Array.isArray(facts)) throw new CustodyError("log/damaged", "log: expected a reservation to have its facts");
  return {
    id: intent,
    intent,
    ...(typeof lane === "string" && { lane }),
    state: "spent",
    fence: "log",
    leaseUntil: at,
    at,
    requester: String(person),
    facts,
  };
}

function sum(totals: Map<string, bigint>, policy: Policy, charges: readonly Charge[]): void {
  const lifetime = new Set(
    [policy.rules, ...[...policy.modes.values()].map(({ rules }) => rules)]
      .flat()
      .flatMap((rule) => (rule.type === "limit" && rule.windowMs === "ever" ? [rule.id] : [])),
  );
  for (const { limit, bucket, replaceable, lasting } of charges) {
    if (!lifetime.has(limit)) continue;
    const key = carriedKey(limit, bucket);
    totals.set(key, (totals.get(key) ?? 0n) + replaceable + lasting);
  }
}

function carry(tx: Tx, totals: ReadonlyMap<string, bigint>): void {
  for (const [key, total] of totals) tx.put(`carried/${key}`, { total: total.toString() });
}
