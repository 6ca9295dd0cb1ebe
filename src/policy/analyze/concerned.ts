import type { Member } from "../../intent/verdict.ts";
import type { LimitRule, Policy, RequireRule } from "../core.ts";
import { actorsOf, approvalsOf, membersOf } from "./actors.ts";
import type { Attack } from "./attack.ts";
import { itemsAbout } from "./cells.ts";
import { groundOf } from "./ground.ts";
import { Remembered } from "./remembered.ts";

/** Those of the stolen people on whom it depends what can be taken. */
export interface Concerned {
  /** In the order of the policy. */
  readonly people: readonly string[];
  /** Equal for people who can do the same, each in their place. */
  readonly powers: string;
}

/**
 * Whoever no rule about the assets lets ask and none names as approver is left out, and so are all but the first of those who can
 * only ask, and for the same: what the others have signed, the first can. Sets that come to the same people lose the same by the same
 * sequence, and those that come to the same powers by the same sequence under other names.
 *
 * @param assets - qualified.
 */
export function concernedOf(policy: Policy, { stolen, mode }: Attack, assets: readonly string[]): Concerned {
  return found.of(policy, `${mode} ${assets.join(" ")}`, {}, () => new Parts(policy, mode, assets)).of(stolen);
}

const found = new Remembered<Parts>();

/** What rules about some assets let a person do. */
interface Part {
  readonly person: string;
  /** Equal for people who can do the same but approve. */
  readonly asks: string;
  /** Where they stand among approvers, and from when until when: one for each list that names them. */
  readonly approves: readonly (readonly [list: number, place: number, dates: string])[];
}

class Parts {
  /** Of those who can do anything, in the order of the policy. */
  readonly #all: readonly Part[];
  /** Of each rule that asks for approvals, who can say no however long it waits. */
  readonly #objecting: readonly (readonly string[])[];
  /** Whether a counter keeps apart who asks. */
  readonly #apart: boolean;

  constructor(policy: Policy, mode: string, assets: readonly string[]) {
    const { space, outcomes } = groundOf(policy);
    const requester = space.at("requester");
    const named = new Set<ReadonlySet<string>>();
    const asking = new Set<RequireRule | LimitRule>();
    const askers = new Set<string>();
    let anybody = false;
    let apart = false;
    for (const { outcome, boxes } of itemsAbout(policy, mode, assets)) {
      const of = outcomes.at(outcome);
      if (of.what === "counts") apart ||= of.rule.by.includes("requester");
      if (of.what === "asks") asking.add(of.rule);
      for (const box of boxes) {
        const names = box.find(([dimension]) => dimension === requester)?.[1].names;
        if (names !== undefined) named.add(names.values);
        if (of.what !== "allowed") continue;
        if (names === undefined || names.not) anybody = true;
        else for (const person of names.values) askers.add(person);
      }
    }
    const actors = actorsOf(policy);
    const approving = [...asking].flatMap((rule) => approvalsOf(rule).flat());
    const places = new Map<string, (readonly [number, number, string])[]>();
    approving.forEach(({ members }, list) => {
      members.forEach(({ person, from = "", until = "" }, place) => {
        places.set(person, [...(places.get(person) ?? []), [list, place, `${from}-${until}`]]);
      });
    });
    // People stand in lists of askers in an order of their own, which says nothing: a region holds all of them that are alike.
    const lists = [...named];
    this.#all = actors.people
      .filter((person) => anybody || askers.has(person) || places.has(person))
      .map((person) => ({
        person,
        asks: JSON.stringify([actors.sessions(person), actors.answers(person), lists.map((names) => names.has(person))]),
        approves: places.get(person) ?? [],
      }));
    const always = ({ person, from, until }: Member) => (from ?? until) === undefined && actors.answers(person);
    this.#objecting = [...asking].map((rule) => membersOf(rule).flatMap((member) => (always(member) ? [member.person] : [])));
    this.#apart = apart;
  }

  of(stolen: ReadonlySet<string>): Concerned {
    const alike = new Set<string>();
    const parts = this.#all.filter(({ person, asks, approves }) => {
      if (!stolen.has(person)) return false;
      return approves.length > 0 || this.#apart || alike.size < alike.add(asks).size;
    });
    const places = parts.flatMap(({ approves }, index) =>
      approves.map(([list, place, dates]) => ({ list, place, text: `${index} ${dates}` })),
    );
    places.sort((a, b) => a.list - b.list || a.place - b.place);
    const powers = [
      parts.map(({ asks }) => asks),
      places.map(({ list, text }) => `${list} ${text}`),
      this.#objecting.map((people) => people.some((person) => !stolen.has(person))),
    ];
    return { people: parts.map(({ person }) => person), powers: JSON.stringify(powers) };
  }
}
