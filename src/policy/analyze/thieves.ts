import type { Time } from "../../base/time.ts";
import type { LimitRule, Policy, RequireRule } from "../core.ts";
import { type Actors, actorsOf, approvalsOf, membersOf } from "./actors.ts";
import type { Attack } from "./attack.ts";
import { isNamedFor } from "./objectors.ts";
import { type Approvers, type Asked, suffices } from "./quorum.ts";

/** How the stolen people get something signed. */
export interface Way {
  readonly asked: readonly Asked[];
  readonly delayMs: number;
  /** Limits that bound them: of the others they answer for the excess. */
  readonly counted: readonly LimitRule[];
}

/** The stolen people of an attack, and what they can answer by themselves. */
export class Thieves {
  readonly #actors: Actors;
  readonly #attack: Attack;
  /** Those who can ask. */
  readonly people: readonly string[];

  constructor(policy: Policy, attack: Attack) {
    this.#actors = actorsOf(policy);
    this.#attack = attack;
    this.people = this.#actors.people.filter((person) => attack.stolen.has(person));
  }

  /** The mode that holds while they ask. */
  get mode(): string {
    return this.#attack.mode;
  }

  /** Kinds of credential with which a person can begin a session. */
  sessions(person: string): readonly string[] {
    return this.#actors.sessions(person);
  }

  /** Whether they could answer all of it at some moment, whoever of them asks. */
  answer(rules: readonly (RequireRule | LimitRule)[]): boolean {
    return suffices(askedOf(rules), this.#actors.approvers(this.people, undefined));
  }

  /** What has to be answered, waited for and counted if this one of them asks; nothing if they cannot. */
  wayOf(
    asking: readonly (RequireRule | LimitRule)[],
    limits: readonly LimitRule[],
    { requester, moment }: { readonly requester: string; readonly moment: Time },
  ): Way | undefined {
    const approvers = this.approversOf(requester, moment);
    const requires = asking.filter((rule) => rule.type === "require");
    if (!suffices(askedOf(asking), approvers)) return undefined;
    if (requires.some(({ confirm }) => confirm) && !this.#actors.answers(requester)) return undefined;

    const delayMs = Math.max(0, ...requires.map((rule) => rule.delayMs));
    const { detectionMs = Number.POSITIVE_INFINITY } = this.#attack;
    const noticed = delayMs > 0 && detectionMs <= delayMs;
    const wait = { ms: detectionMs, sessions: this.#actors.sessions(requester) };
    const stopped = (rule: RequireRule | LimitRule) => noticed && this.#objects(rule) && isNamedFor(rule, wait);
    if (asking.some(stopped)) return undefined;

    const answered = limits.filter((limit) => limit.beyond.length > 0 && suffices([limit.beyond], approvers));
    const asked = askedOf([...requires, ...answered]);
    return { asked, delayMs, counted: limits.filter((limit) => !answered.includes(limit)) };
  }

  /** Whoever submits never approves, and services never do. */
  approversOf(requester: string, moment: Time): Approvers {
    return this.#actors.approvers(this.people, requester, moment);
  }

  /** Whether the rule names somebody who was not robbed and can say no, however long it waits: nobody who stands in for a while. */
  #objects(rule: RequireRule | LimitRule): boolean {
    return membersOf(rule).some(({ person, from, until }) => {
      const always = from === undefined && until === undefined;
      return always && !this.#attack.stolen.has(person) && this.#actors.answers(person);
    });
  }
}

function askedOf(rules: readonly (RequireRule | LimitRule)[]): readonly Asked[] {
  return rules.map(approvalsOf).filter(({ length }) => length > 0);
}
