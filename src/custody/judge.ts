import { fromHex } from "../base/bytes.ts";
import type { Json, JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { Address, ChainId, Circumstances } from "../intent/effect.ts";
import type { Intent, IntentId } from "../intent/intent.ts";
import type { Charge } from "../intent/verdict.ts";
import { Ledger } from "../limits/ledger.ts";
import type { Policy } from "../policy/core.ts";
import type { Counters } from "../policy/counters.ts";
import { compile, compileSession, type Evaluator } from "../policy/evaluate.ts";
import { type Facts, factsFromJson } from "../policy/facts.ts";
import { judgeLayers, type Layer } from "../policy/layers.ts";
import type { Index } from "../vault/mirror.ts";
import { namesOfKey } from "./credentials.ts";
import { type HoldRecord, readHold } from "./holds.ts";
import type { AccountRecord, PolicyRecord, RestoredRecord, SessionRecord } from "./records.ts";
import { fullUntil } from "./restored.ts";

/** Reads a policy document of this vault; `scope` are a session's rules, read with the vault's names. */
export type ReadPolicy = (text: string) => Policy;

/**
 * What the policy in force makes of the vault's records: the compiled rules, and the counters as sums over the holds. An
 * index of the vault: it follows every put, and every put that is undone, so a job always judges the state it works on.
 */
export class Judge implements Index {
  readonly #read: ReadPolicy;
  readonly #compiled = new Map<string, Evaluator>();
  readonly #holds = new Map<string, HoldRecord>();
  /** Sessions with rules of their own; compiled when they are first asked. */
  readonly #scopes = new Map<string, string>();
  readonly #layers = new Map<string, Layer>();
  readonly #carried = new Map<string, bigint>();
  readonly #listed = new Map<string, Time>();
  readonly #own = new Map<string, number>();
  readonly #publicKeys = new Set<string>();
  readonly #expiries = new Map<string, Time>();
  readonly #reserved = new Map<string, HoldRecord>();
  readonly #facts = new WeakMap<HoldRecord, readonly Facts[]>();
  #ownKeys: ReadonlySet<string> | undefined;
  #record: PolicyRecord | undefined;
  #restored: RestoredRecord | undefined;
  #ledger: Ledger<HoldRecord> | undefined;

  constructor(read: ReadPolicy) {
    this.#read = read;
  }

  apply(name: string, before: Json | undefined, after: Json | undefined): void {
    const slash = name.indexOf("/");
    const key = name.slice(slash + 1);
    switch (slash < 0 ? name : name.slice(0, slash)) {
      case "policy":
        this.#record = after as unknown as PolicyRecord | undefined;
        this.#recount();
        return;
      case "hold":
        this.#applyHold(key, after);
        return;
      case "approval":
      case "pending":
        put(this.#expiries, name, (after as { expires: Time } | undefined)?.expires);
        return;
      case "session":
        put(this.#expiries, name, (after as { expires: Time } | undefined)?.expires);
        this.#applySession(key, after as unknown as SessionRecord | undefined);
        return;
      case "carried":
        put(this.#carried, key, after === undefined ? undefined : BigInt((after as { total: string }).total));
        return;
      case "restored":
        this.#restored = after as unknown as RestoredRecord | undefined;
        return;
      case "listed":
        put(this.#listed, key, (after as { since: Time } | undefined)?.since);
        return;
      case "account":
        this.#count(before as unknown as AccountRecord | undefined, -1);
        this.#count(after as unknown as AccountRecord | undefined, 1);
        return;
      default:
        return;
    }
  }

  /** The policy in force and its version. */
  get record(): PolicyRecord {
    if (this.#record === undefined) throw new CustodyError("vault/damaged", "vault: expected a policy, found none");
    return this.#record;
  }

  /** Where the vault came out of a backup. */
  get restored(): RestoredRecord | undefined {
    return this.#restored;
  }

  get evaluator(): Evaluator {
    const { id, text } = this.record;
    let evaluator = this.#compiled.get(id);
    if (evaluator === undefined) {
      evaluator = compile(this.#read(text));
      this.#compiled.clear();
      this.#compiled.set(id, evaluator);
    }
    return evaluator;
  }

  get policy(): Policy {
    return this.evaluator.policy;
  }

  get ledger(): Ledger<HoldRecord> {
    if (this.#ledger === undefined) {
      const vaults = new Map(this.evaluator.limits.map((limit) => [limit.id, limit]));
      const limits = new Map(vaults);
      for (const id of this.#scopes.keys()) {
        const layer = this.#layerOf(id);
        if (layer === undefined) continue;
        for (const limit of layer.evaluator.limits) limits.set(layer.prefix + limit.id, limit);
      }
      this.#ledger = new Ledger({
        weigh: (hold) => this.weigh(hold),
        window: (limit) => limits.get(limit)?.windowMs ?? "ever",
        max: (limit) => limits.get(limit)?.max,
        fullUntil: (limit) => fullUntil(this.#restored, vaults.get(limit)),
        carried: (limit, bucket) => this.#carried.get(carriedKey(limit, bucket)) ?? 0n,
      });
      for (const hold of this.#holds.values()) this.#ledger.apply(undefined, hold);
    }
    return this.#ledger;
  }

  holds(): Iterable<HoldRecord> {
    return this.#holds.values();
  }

  hold(intent: IntentId): HoldRecord | undefined {
    return this.#holds.get(intent);
  }

  /** Reservations whose lease is over, at most so many. */
  overdue(now: Time, most: number): readonly HoldRecord[] {
    const overdue: HoldRecord[] = [];
    for (const hold of this.#reserved.values()) {
      if (hold.leaseUntil <= now && overdue.push(hold) === most) break;
    }
    return overdue;
  }

  /** The first moment at which a pending request or a session runs out. */
  get nextExpiry(): Time {
    let next = Number.POSITIVE_INFINITY;
    for (const expires of this.#expiries.values()) if (expires < next) next = expires;
    return next;
  }

  /** What the limits in force make of a hold: the vault's, and those of the session that it was made in. */
  weigh(hold: HoldRecord): readonly Charge[] {
    const facts = this.#factsOf(hold);
    const layer = this.#layerOf(hold.session);
    const own =
      layer === undefined ? [] : layer.evaluator.weigh(facts).map((charge) => ({ ...charge, limit: layer.prefix + charge.limit }));
    return [...this.evaluator.weigh(facts), ...own];
  }

  /** What the vault's records say of the moment; an act has no account. */
  circumstances(session: SessionRecord, now: Time, mode: string): Circumstances {
    return {
      requester: session.person,
      session: session.credential,
      now,
      mode,
      addedAt: (chain, address) => this.#listed.get(`${chain}:${address}`),
      isOwn: (chain, address) => this.isOwn(chain, address),
    };
  }

  isOwn(chain: ChainId, address: Address): boolean {
    return (this.#own.get(ownKey(chain, address)) ?? 0) > 0;
  }

  /** Keys of the vault's accounts, compressed and as addresses: none of them can be a person's. */
  get ownKeys(): ReadonlySet<string> {
    // Only edits of the policy ask for them, and an address costs two hashes.
    this.#ownKeys ??= new Set([...this.#publicKeys].flatMap((publicKey) => namesOfKey(fromHex(publicKey))));
    return this.#ownKeys;
  }

  listed(): Iterable<string> {
    return this.#listed.keys();
  }

  /** The counters as they would stand with this intent; it never counts against itself or twice within its lane. */
  counters(intent: Pick<Intent, "id" | "lane">, now: Time): Counters {
    const context = { intent: intent.id, now, ...(intent.lane !== undefined && { lane: intent.lane }) };
    return { after: (charge) => this.ledger.after(charge, context) };
  }

  /** The vault's policy, and below it the session's own rules, which can only narrow. */
  evaluatorOf(session: SessionRecord): Pick<Evaluator, "policy" | "limits" | "judge"> {
    const layer = this.#layerOf(session.id);
    const layers: Layer[] = [{ evaluator: this.evaluator, prefix: "" }, ...(layer === undefined ? [] : [layer])];
    const { policy, limits } = this.evaluator;
    return { policy, limits, judge: (intent, circumstances, counters) => judgeLayers(layers, intent, circumstances, counters) };
  }

  #factsOf(hold: HoldRecord): readonly Facts[] {
    const known = this.#facts.get(hold);
    if (known !== undefined) return known;
    const facts = (hold.facts as readonly JsonObject[]).map(factsFromJson);
    this.#facts.set(hold, facts);
    return facts;
  }

  #applyHold(id: string, after: Json | undefined): void {
    const before = this.#holds.get(id);
    const hold = after === undefined ? undefined : readHold(after as JsonObject);
    put(this.#holds, id, hold);
    put(this.#reserved, id, hold?.state === "reserved" ? hold : undefined);
    this.#ledger?.apply(before, hold);
  }

  #applySession(id: string, session: SessionRecord | undefined): void {
    this.#layers.delete(id);
    if (this.#scopes.get(id) === session?.scope) return;
    put(this.#scopes, id, session?.scope);
    this.#recount();
  }

  #layerOf(id: string): Layer | undefined {
    const scope = this.#scopes.get(id);
    if (scope === undefined) return undefined;
    let layer = this.#layers.get(id);
    if (layer === undefined) {
      layer = { evaluator: compileSession(this.#read(scope)), prefix: `session/${id}/` };
      this.#layers.set(id, layer);
    }
    return layer;
  }

  #count(account: AccountRecord | undefined, by: 1 | -1): void {
    if (account === undefined) return;
    const key = ownKey(account.chain, account.address);
    this.#own.set(key, (this.#own.get(key) ?? 0) + by);
    if (by > 0) this.#publicKeys.add(account.publicKey);
    else this.#publicKeys.delete(account.publicKey);
    this.#ownKeys = undefined;
  }

  // The counters follow from holds and rules, so they are made again when the rules change, and only when they are read.
  #recount(): void {
    this.#ledger = undefined;
  }
}

export function carriedKey(limit: string, bucket: string): string {
  return `${limit}/${bucket}`;
}

// One key serves every chain of its namespace: an own address on one EVM chain is an own address on all of them.
function ownKey(chain: ChainId, address: Address): string {
  return `${chain.slice(0, chain.indexOf(":"))} ${address}`;
}

function put<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
