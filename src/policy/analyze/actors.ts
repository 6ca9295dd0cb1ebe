import type { Time } from "../../base/time.ts";
import type { Member } from "../../intent/verdict.ts";
import type { LimitRule, Policy, RequireRule } from "../core.ts";
import { isService } from "../credentials.ts";
import type { Approvers, Asked } from "./quorum.ts";

/** What the people of a policy can do at all, by what they can sign with. */
export class Actors {
  /** Everybody who has a credential, and so can ask. */
  readonly people: readonly string[];
  readonly #sessions = new Map<string, readonly string[]>();
  readonly #machines = new Set<string>();

  constructor(people: Policy["people"]) {
    for (const [person, credentials] of people) {
      if (credentials.length === 0) continue;
      this.#sessions.set(person, [...new Set(credentials.map(({ kind }) => kind))]);
      if (isService(credentials)) this.#machines.add(person);
    }
    this.people = [...this.#sessions.keys()];
  }

  /** Kinds of credential that can begin a session of theirs. */
  sessions(person: string): readonly string[] {
    return this.#sessions.get(person) ?? [];
  }

  /** Whether they can approve, object and confirm what they ask for: a machine does none of it. */
  answers(person: string): boolean {
    return this.#sessions.has(person) && !this.#machines.has(person);
  }

  /** Those of `people` who could approve what `asker` asks for; at any moment where none is given. */
  approvers(people: Iterable<string>, asker: string | undefined, moment?: Time): Approvers {
    return {
      people: new Set([...people].filter((person) => person !== asker && this.answers(person))),
      stands: (member) => moment === undefined || standsAt(member, moment),
    };
  }
}

const known = new WeakMap<Policy["people"], Actors>();

export function actorsOf({ people }: Pick<Policy, "people">): Actors {
  const actors = known.get(people) ?? new Actors(people);
  known.set(people, actors);
  return actors;
}

/** What a rule asks of approvers; of a limit, what its excess needs. */
export function approvalsOf(rule: RequireRule | LimitRule): Asked {
  return rule.type === "require" ? rule.approvals : rule.beyond;
}

/** Everybody whom a rule names, each with their dates. */
export function membersOf(rule: RequireRule | LimitRule): readonly Member[] {
  return approvalsOf(rule)
    .flat()
    .flatMap(({ members }) => members);
}

export function confirms(rules: readonly (RequireRule | LimitRule)[]): boolean {
  return rules.some((rule) => rule.type === "require" && rule.confirm);
}

/** The longest of the rules. */
export function delayOf(rules: readonly (RequireRule | LimitRule)[]): number {
  return Math.max(0, ...rules.map((rule) => (rule.type === "require" ? rule.delayMs : 0)));
}

export function standsAt({ from = 0, until = Number.POSITIVE_INFINITY }: Member, moment: Time): boolean {
  return from <= moment && moment < until;
}
