import type { Clause, Member } from "../../intent/verdict.ts";
import type { Budget } from "./regions.ts";

/** One rule's approvals: any of the alternatives, all clauses of it, each filled by people of its own. Over rules people count again. */
export type Asked = readonly (readonly Clause[])[];

/** Who could answer, and when: people who are there at all, without whoever asks. */
export interface Approvers {
  readonly people: ReadonlySet<string>;
  /** Whether somebody stands in a clause at the moment that is looked at. */
  readonly stands: (member: Member) => boolean;
}

/** Whether these people could fill every clause of one alternative of each rule. */
export function suffices(asked: readonly Asked[], approvers: Approvers): boolean {
  return asked.every((alternatives) =>
    alternatives.some((clauses) => demandsOf(clauses, approvers).every(({ who, least }) => who.size >= least)),
  );
}

/**
 * The fewest people who could together answer everything that is asked, out of the approvers; nothing if they cannot.
 *
 * @throws Inconclusive when the budget is spent.
 */
export function fewest(asked: readonly Asked[], approvers: Approvers, budget: Budget): readonly string[] | undefined {
  let best: readonly string[] | undefined;
  for (const chosen of choices(demandsOfAll(asked, approvers, budget))) {
    const found = cover(chosen.flat(), [], budget, best?.length);
    if (found !== undefined && (best === undefined || found.length < best.length)) best = found;
  }
  return best;
}

/**
 * People who could answer what `weaker` asks and yet not what `stronger` asks; nothing where whoever answers the first has
 * answered the second.
 *
 * @throws Inconclusive when the budget is spent.
 */
export function answersOnly(
  weaker: readonly Asked[],
  stronger: readonly Asked[],
  approvers: Approvers,
  budget: Budget,
): readonly string[] | undefined {
  const given = demandsOfAll(weaker, approvers, budget);
  for (const refused of demandsOfAll(stronger, approvers, budget)) {
    // Somebody fails a rule if they fail each of its alternatives, and that by one demand that they do not meet.
    for (const failing of choices(refused)) {
      for (const chosen of choices(given)) {
        const found = cover(chosen.flat(), failing, budget);
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

/** One step of work looks at so many people of clauses, or at so many demands. */
export const LOOKS_A_STEP = 128;

/** At least so many out of these people. */
interface Demand {
  readonly who: ReadonlySet<string>;
  readonly least: number;
}

/**
 * Hall's theorem: clauses can be filled by different people exactly if for every set of clauses there are as many people in
 * one of them as the clauses ask for together.
 */
function demandsOf(clauses: readonly Clause[], { people, stands }: Approvers): readonly Demand[] {
  const able = clauses.map(({ members }) =>
    members.filter((member) => people.has(member.person) && stands(member)).map(({ person }) => person),
  );
  const demands: Demand[] = [];
  for (let set = 1; set < 1 << clauses.length; set++) {
    const who = new Set<string>();
    let least = 0;
    clauses.forEach(({ atLeast }, index) => {
      if ((set & (1 << index)) === 0) return;
      least += atLeast;
      for (const person of able[index] ?? []) who.add(person);
    });
    demands.push({ who, least });
  }
  return demands;
}

/** The demands of each alternative of each rule. */
function demandsOfAll(asked: readonly Asked[], approvers: Approvers, budget: Budget): readonly (readonly (readonly Demand[])[])[] {
  return asked.map((alternatives) =>
    alternatives.map((clauses) => {
      const members = clauses.reduce((sum, clause) => sum + clause.members.length, 0);
      budget.spend(Math.floor((members << clauses.length) / LOOKS_A_STEP));
      return demandsOf(clauses, approvers);
    }),
  );
}

/** Every way to take one of each, the last of them changing first. Without recursion: thousands of rules may ask at once. */
function* choices<T>(of: readonly (readonly T[])[]): Generator<readonly T[]> {
  if (of.some((list) => list.length === 0)) return;
  const taken = of.map(() => 0);
  while (true) {
    yield of.map((list, index) => list[taken[index] ?? 0] as T);
    const turned = taken.findLastIndex((at, index) => at + 1 < (of[index]?.length ?? 0));
    if (turned < 0) return;
    taken[turned] = (taken[turned] ?? 0) + 1;
    taken.fill(0, turned + 1);
  }
}

/**
 * The fewest people who meet all demands and each of `failing` not: exact, by trying how many to take of those who stand in the
 * same demands and so are alike.
 */
function cover(
  demands: readonly Demand[],
  failing: readonly Demand[],
  budget: Budget,
  below: number = Number.POSITIVE_INFINITY,
): readonly string[] | undefined {
  const all = [...demands, ...failing];
  budget.spend(1 + Math.floor(all.length / LOOKS_A_STEP));
  if (demands.some(({ who, least }) => who.size < least) || failing.some(({ least }) => least <= 0)) return undefined;
  const alike = new Map<string, { readonly inside: readonly boolean[]; readonly people: string[] }>();
  const able = new Set<string>();
  for (const { who } of demands) for (const person of who) able.add(person);
  budget.spend(Math.floor((able.size * all.length) / LOOKS_A_STEP));
  for (const person of able) {
    const inside = all.map(({ who }) => who.has(person));
    const known = alike.get(inside.join());
    if (known === undefined) alike.set(inside.join(), { inside, people: [person] });
    else known.people.push(person);
  }
  // Whoever meets more at once first: the first answer is then nearly the best.
  const groups = [...alike.values()].sort((a, b) => count(b.inside, demands.length) - count(a.inside, demands.length));
  let best: readonly string[] | undefined;
  const take = (index: number, open: readonly number[], taken: readonly string[]) => {
    budget.spend(1 + Math.floor(all.length / LOOKS_A_STEP));
    const missing = open.slice(0, demands.length).reduce((most, left) => Math.max(most, left), 0);
    if (taken.length + missing >= (best?.length ?? below)) return;
    if (missing === 0) {
      best = taken;
      return;
    }
    const group = groups[index];
    if (group === undefined) return;
    const room = Math.min(
      ...failing.map((_, at) => (group.inside[demands.length + at] ? (open[demands.length + at] ?? 0) : group.people.length)),
      group.people.length,
    );
    for (let many = Math.min(room, missing); many >= 0; many--) {
      const next = open.map((left, at) => (group.inside[at] ? left - many : left));
      take(index + 1, next, [...taken, ...group.people.slice(0, many)]);
    }
  };
  take(0, [...demands.map(({ least }) => least), ...failing.map(({ least }) => least - 1)], []);
  return best;
}

function count(inside: readonly boolean[], among: number): number {
  return inside.slice(0, among).filter(Boolean).length;
}
