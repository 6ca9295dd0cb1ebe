import type { LoggedEntry } from "../audit/entry.ts";
import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { Circumstances, Effect } from "../intent/effect.ts";
import { effectFromJson, type Intent, type Reason } from "../intent/intent.ts";
import type { Need } from "../intent/verdict.ts";
import type { Decided, PastEnd, PastRequest } from "../policy/analyze/history.ts";
import type { Policy } from "../policy/core.ts";
import type { ReadPolicy } from "./judge.ts";
import type { AskedRequest, RootState } from "./records.ts";
import { COMMIT_MS } from "./reserve.ts";

/** Reads a request anew, with another book than the log was written with; nothing where that cannot be done. */
export type Reread = (request: AskedRequest) => Pick<Intent, "effects"> | undefined;

/**
 * What the entries of a log say of the requests in it, one entry after the other, from the first: who asked, when, in which mode,
 * what was decided and what became of it. What it says of modes, people, accounts and addresses is gathered on the way.
 *
 * What a session's own rules asked for or refused is no policy's doing: what was denied in such a session stays denied, and their
 * needs are left out.
 */
export class Past {
  /** Entries about requests that tell of no effects: erased, malformed, or counted in a flood. */
  unread = 0;
  /** Requests whose effects are those that were read then, though the policy names other assets or contracts. */
  readThen = 0;
  readonly #book: string;
  readonly #read: ReadPolicy;
  readonly #reread: Reread;
  readonly #listed = new Map<string, Time>();
  readonly #own = new Set<string>();
  readonly #sessions = new Map<string, string>();
  /** Sessions with rules of their own, of which the log has no more than a hash. */
  readonly #narrowed = new Set<string>();
  readonly #waited = new Map<string, readonly Need[]>();
  readonly #reserved = new Map<number, { readonly lane: string | undefined; readonly until: Time }>();
  #mode: RootState["mode"] = { name: "normal" };
  #people: Policy["people"] = new Map();

  /** @param by.book - hash of the book of the policy that is replayed. */
  constructor(by: { readonly book: string; readonly read: ReadPolicy; readonly reread: Reread }) {
    this.#book = by.book;
    this.#read = by.read;
    this.#reread = by.reread;
  }

  /** An entry that was erased, so that nobody knows what it said. */
  erased(): void {
    this.unread++;
  }

  take(entry: LoggedEntry): PastRequest | PastEnd | undefined {
    switch (entry.kind) {
      case "policy":
        this.#adopt(entry);
        return undefined;
      case "mode":
        this.#mode = entry.mode as unknown as RootState["mode"];
        return undefined;
      case "session":
        this.#meet(entry);
        return undefined;
      case "account":
        this.#open(entry.account as JsonObject);
        return undefined;
      case "denials":
        this.unread += Number(entry.count);
        return undefined;
      case "denied":
        return this.#request(entry, { verdict: "deny", needs: [] }, "nothing");
      case "pending":
        return this.#request(entry, this.#wait(entry), "nothing");
      case "reserved":
        this.#reserved.set(entry.seq, { lane: laneOf(entry), until: Number(entry.until) });
        return this.#request(entry, this.#waitedFor(entry), "reserved");
      case "acted":
        return this.#request(entry, this.#waitedFor(entry), "signed");
      case "signed":
      case "lapsed":
        return this.#end(entry, entry.kind);
      default:
        return undefined;
    }
  }

  #request(entry: LoggedEntry, was: Decided, became: NonNullable<PastRequest["became"]>): PastRequest | undefined {
    const { seq, intent, effects } = entry;
    const known = Array.isArray(effects) && typeof intent === "string" ? this.#effects(entry, effects as JsonObject[]) : undefined;
    if (known === undefined) {
      this.unread++;
      return undefined;
    }
    // An act may be done again, and counts again.
    const id = entry.kind === "acted" ? `${intent}/${seq}` : String(intent);
    // Whose rules did not allow it, a reason does not say: in a session that was narrowed they may have been its own.
    const isNarrowed = this.#narrowed.has(String(entry.session));
    const refusals = ((entry.reasons ?? []) as unknown as readonly Reason[]).filter((reason) => isNarrowed || isForGood(reason));
    return { place: seq, id, lane: laneOf(entry), effects: known, refusals, circumstances: this.#circumstances(entry), was, became };
  }

  /** As they were read then, or anew where the policy names other things. */
  #effects(entry: LoggedEntry, logged: readonly JsonObject[]): readonly Effect[] | undefined {
    const effects = readEffects(logged);
    const request = entry.request as unknown as AskedRequest | undefined;
    if (effects === undefined || entry.book === this.#book || request === undefined || request.kind === "act") return effects;
    // A request may call its account by a name; its effects have the address.
    const account = effects.find((effect) => effect.account !== undefined)?.account ?? request.account;
    const anew = this.#reread({ ...request, account })?.effects;
    if (anew === undefined) this.readThen++;
    return anew ?? effects;
  }

  #circumstances({ time, person, session }: LoggedEntry): Circumstances {
    const credential = this.#sessions.get(String(session));
    const { name, until = Number.POSITIVE_INFINITY, then = "normal" } = this.#mode;
    return {
      ...(typeof person === "string" && { requester: person }),
      ...(credential !== undefined && { session: credential }),
      now: time,
      mode: time < until ? name : then,
      addedAt: this.#addedAt,
      isOwn: this.#isOwn,
    };
  }

  readonly #addedAt = (chain: string, address: string): Time | undefined => this.#listed.get(`${chain}:${address}`);
  readonly #isOwn = (chain: string, address: string): boolean => this.#own.has(ownKey(chain, address));

  #wait(entry: LoggedEntry): Decided {
    const needs = needsOf(entry);
    const before = this.#waited.get(String(entry.pending)) ?? [];
    // What was answered meanwhile is not told again.
    const all = needs.every((need) => before.some((other) => isSame(need, other))) ? before : needs;
    this.#waited.set(String(entry.pending), all);
    return decidedBy(all);
  }

  /** What it had waited for before it was let through. */
  #waitedFor({ pending }: LoggedEntry): Decided {
    return decidedBy(typeof pending === "string" ? (this.#waited.get(pending) ?? []) : []);
  }

  #end({ intent, reservation, time }: LoggedEntry, ended: PastEnd["ended"]): PastEnd | undefined {
    const reserved = this.#reserved.get(Number(reservation));
    this.#reserved.delete(Number(reservation));
    if (reserved === undefined) return undefined;
    // As the vault counts it: from when the commit was over at the latest.
    const at = ended === "signed" ? Math.min(time + COMMIT_MS, reserved.until - 1) : time;
    return { id: String(intent), lane: reserved.lane, ended, at };
  }

  #adopt({ time, policy }: LoggedEntry): void {
    const { document } = policy as JsonObject;
    const { addresses, people } = this.#read(canonical(document as Json));
    this.#people = people;
    const now = new Set([...addresses.values()].map(({ chain, address }) => `${chain}:${address}`));
    for (const address of now) if (!this.#listed.has(address)) this.#listed.set(address, time);
    for (const address of this.#listed.keys()) if (!now.has(address)) this.#listed.delete(address);
  }

  #meet({ session, event, person, proof, scope }: LoggedEntry): void {
    if (event !== "began") {
      this.#sessions.delete(String(session));
      this.#narrowed.delete(String(session));
      return;
    }
    if (scope !== undefined) this.#narrowed.add(String(session));
    const kinds = new Set((this.#people.get(String(person)) ?? []).map(({ kind }) => kind).filter((kind) => kind !== "unlock"));
    const [kind] = proof === undefined ? ["unlock"] : kinds.size === 1 ? kinds : [];
    if (kind !== undefined) this.#sessions.set(String(session), kind);
  }

  #open({ chain, address, event }: JsonObject): void {
    if (event === "derived" && typeof chain === "string" && typeof address === "string") this.#own.add(ownKey(chain, address));
  }
}

function readEffects(logged: readonly JsonObject[]): readonly Effect[] | undefined {
  try {
    return logged.map(effectFromJson);
  } catch (cause) {
    // BigInt, of what is no integer: written by something else than a vault.
    if (cause instanceof SyntaxError || cause instanceof TypeError) return undefined;
    throw cause;
  }
}

/** What no policy lifts: a refusal of the chain, or somebody's no. */
function isForGood({ code }: Reason): boolean {
  return !BY_POLICY.has(code);
}

const SESSION = "session/";
const BY_POLICY: ReadonlySet<string> = new Set([
  "policy/no-effects",
  "policy/unknown-mode",
  "policy/not-allowed",
  "policy/forbidden",
  "policy/undecidable",
  "limit/exceeded",
]);

function needsOf({ needs }: LoggedEntry): readonly Need[] {
  if (!Array.isArray(needs)) throw new CustodyError("log/damaged", "log: expected a pending entry to have its needs");
  return (needs as unknown as readonly Need[]).filter(({ rule }) => !rule.startsWith(SESSION));
}

function decidedBy(needs: readonly Need[]): Decided {
  return { verdict: needs.length === 0 ? "allow" : "pending", needs };
}

function isSame(a: Need, b: Need): boolean {
  return canonical(a as unknown as Json) === canonical(b as unknown as Json);
}

function laneOf({ lane }: LoggedEntry): string | undefined {
  return typeof lane === "string" ? lane : undefined;
}

function ownKey(chain: string, address: string): string {
  return `${chain.slice(0, chain.indexOf(":"))} ${address}`;
}
