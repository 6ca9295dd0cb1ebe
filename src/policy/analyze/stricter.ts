import type { Clause, Member } from "../../intent/verdict.ts";
import type { LimitRule, Policy, RequireRule } from "../core.ts";
import { DEFAULT_EXPIRES_MS } from "../rules.ts";
import { approvalsOf, confirms, delayOf, standsAt } from "./actors.ts";
import { Counting } from "./counting.ts";
import { everyRule } from "./dimensions.ts";
import { type Approvers, type Asked, answersOnly, LOOKS_A_STEP } from "./quorum.ts";
import type { Budget } from "./regions.ts";
import { Said } from "./said.ts";

type Asking = RequireRule | LimitRule;

/**
 * Whether what some rules ask and count is at least what others do: nobody can answer them without answering the others, whoever
 * could say no still can, nothing waits shorter or may be consented to for longer, and no limit lets more through.
 *
 * Each answer holds for one effect and for any request of many: what a request needs is all that its effects need.
 */
export class Stricter {
  readonly #budget: Budget;
  readonly #said: Said;
  readonly #people: ReadonlySet<string>;
  readonly #counting: Counting;
  readonly #implied = new Map<string, boolean>();
  /** By their names, so that a thousand of them are written once. */
  readonly #requesters = new Map<string, number>();
  readonly #longestDelay: number;
  readonly #expiries: ReadonlySet<number>;

  constructor(policies: readonly Policy[], budget: Budget, said: Said = new Said()) {
    const asking = policies.flatMap(everyRule).filter((rule) => rule.type === "require" || rule.type === "limit");
    this.#longestDelay = delayOf(asking);
    this.#expiries = new Set([DEFAULT_EXPIRES_MS, ...asking.map(expiryOf)]);
    this.#budget = budget;
    this.#said = said;
    this.#people = new Set(policies.flatMap(({ people }) => [...people.keys()]));
    this.#counting = new Counting(policies, budget, said);
  }

  /**
   * @param requesters - who may ask where these rules ask.
   * @throws Inconclusive when the budget is spent.
   */
  asks(rules: readonly Asking[], others: readonly Asking[], requesters: readonly string[]): boolean {
    return (
      delayOf(rules) >= delayOf(others) &&
      (confirms(rules) || !confirms(others)) &&
      this.#runsOut(rules, others) &&
      this.#impliesAll(rules, others, requesters)
    );
  }

  /** Each of the others is made up for by one of these, and so is what it asks for its excess. */
  counts(limits: readonly LimitRule[], others: readonly LimitRule[]): boolean {
    const mine = new Set(limits.map((limit) => this.#said.by(limit)));
    return others.every((old) => mine.has(this.#said.by(old)) || limits.some((limit) => this.limit(limit, old)));
  }

  /** Whatever passes `limit` would have passed `old`, at every moment and with every history. */
  limit(limit: LimitRule, old: LimitRule): boolean {
    if (this.#said.by(limit) === this.#said.by(old)) return true;
    if (old.beyond.length === 0 && limit.beyond.length > 0) return false;
    if (!this.#counting.covers(limit, old)) return false;
    return limit.beyond.length === 0 || this.#impliesAll([limit], [old], [...this.#people]);
  }

  /**
   * Whether consent is kept for no longer. Of several rules the shortest counts that lets every delay of the request run, also those of
   * its other effects: a short one may be passed over, and a longer delay may pass over more of them.
   */
  #runsOut(rules: readonly Asking[], others: readonly Asking[]): boolean {
    const still = new Set(rules.map(expiryOf));
    const surely = Math.min(...[...still].filter((expiry) => expiry > this.#longestDelay));
    if (!others.map(expiryOf).every((expiry) => still.has(expiry) || surely < expiry)) return false;
    const [from, to] = [delayOf(others), delayOf(rules)];
    return from === to || ![...this.#expiries].some((expiry) => from < expiry && expiry <= to);
  }

  #impliesAll(rules: readonly Asking[], others: readonly Asking[], requesters: readonly string[]): boolean {
    const mine = new Map(rules.map((rule) => [this.#said.by(rule), rule]));
    const asked = [...mine.values()].filter((rule) => approvalsOf(rule).length > 0);
    const open = others.filter((other) => !mine.has(this.#said.by(other)) && approvalsOf(other).length > 0);
    if (open.length === 0) return true;
    this.#budget.spend(Math.floor((asked.length * open.length + requesters.length) / LOOKS_A_STEP));
    const names = requesters.join("\n");
    const asking = this.#requesters.get(names) ?? this.#requesters.size;
    this.#requesters.set(names, asking);
    const implies = (those: readonly Asking[], other: Asking) => {
      const key = `${those.map((rule) => this.#said.by(rule)).join()} ${this.#said.by(other)} ${asking}`;
      const known = this.#implied.get(key) ?? this.#doesImply(those.map(approvalsOf), approvalsOf(other), requesters);
      this.#implied.set(key, known);
      return known;
    };
    return open.every((other) => asked.some((rule) => implies([rule], other)) || implies(asked, other));
  }

  #doesImply(asked: readonly Asked[], other: Asked, requesters: readonly string[]): boolean {
    const members = [...asked, other].flat(2).flatMap((clause: Clause) => clause.members);
    const named = new Set(members.map(({ person }) => person));
    // Whoever is in none of the clauses is like any other who is not.
    const stranger = requesters.find((person) => !named.has(person));
    const representing = [...requesters.filter((person) => named.has(person)), ...(stranger === undefined ? [] : [stranger])];
    return momentsOf(members).every((moment) =>
      representing.every((requester) => {
        this.#budget.spend(1 + Math.floor((this.#people.size + members.length) / LOOKS_A_STEP));
        const approvers: Approvers = {
          people: new Set([...this.#people].filter((person) => person !== requester)),
          stands: (member) => standsAt(member, moment),
        };
        return mayObject(other, asked, approvers) && answersOnly(asked, [other], approvers, this.#budget) === undefined;
      }),
    );
  }
}

/** Whoever the one names, and could so end a request with a no, some of the others name too. */
function mayObject(one: Asked, others: readonly Asked[], { people, stands }: Approvers): boolean {
  const standing = (clauses: readonly Clause[]) => clauses.flatMap(({ members }) => members.filter(stands).map(({ person }) => person));
  const still = new Set(standing(others.flat(2)));
  return standing(one.flat()).every((person) => !people.has(person) || still.has(person));
}

/** A moment out of each time between which nobody begins or ends to stand in for somebody. */
function momentsOf(members: readonly Member[]): readonly number[] {
  return [...new Set([0, ...members.flatMap(({ from = 0, until = 0 }) => [from, until])])];
}

/** How long consent may be kept for this rule. */
function expiryOf(rule: Asking): number {
  return rule.type === "require" ? rule.expiresMs : DEFAULT_EXPIRES_MS;
}
