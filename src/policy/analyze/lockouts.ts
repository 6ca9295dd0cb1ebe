import type { EffectKind } from "../../intent/effect.ts";
import type { Condition, Policy } from "../core.ts";
import { actorsOf } from "./actors.ts";
import type { LockOut } from "./authority.ts";
import { assetsOf } from "./bands.ts";
import { Inconclusive } from "./inconclusive.ts";
import { type MomentOptions, passages, type Way, waysOf } from "./ways.ts";

/**
 * Without whom something cannot be done any more: for each asset that can be paid at all, for edits and for leaving each mode, the
 * smallest sets of people whose absence blocks it, all of that size. One with nobody absent says that nobody can as it is.
 */
export function lockOutsOf(policy: Policy, options: MomentOptions = {}): readonly LockOut[] {
  return goalsOf(policy)
    .flatMap((goal) => blocked(policy, goal, options))
    .sort((a, b) => a.absent.length - b.absent.length);
}

interface Goal {
  readonly mode: string;
  readonly what: string;
  readonly kind: EffectKind;
  readonly when: Condition;
  /** Said also where nobody can as it is. */
  readonly expected: boolean;
}

function goalsOf(policy: Policy): readonly Goal[] {
  const acts = (what: string, kind: EffectKind, when: Condition, mode = "normal"): Goal => ({ mode, what, kind, when, expected: true });
  const modes = ["normal", ...policy.modes.keys()];
  const paying = modes.flatMap((mode) =>
    assetsOf(policy).map(({ name, asset }): Goal => {
      const some: Condition = { op: "within", field: "amount", intervals: [[1n, 2n ** 256n]] };
      const when: Condition = { op: "all", of: [named("asset", asset), some] };
      return { mode, what: `paying ${name}`, kind: "transfer", when, expected: false };
    }),
  );
  const editing = policy.immutable
    ? []
    : [
        acts("editing the policy", "policyEdit", { op: "always" }),
        acts("replacing people and their keys", "policyEdit", { op: "all", of: [named("part", "people"), named("direction", "governs")] }),
      ];
  // A mode that lasts ends by itself.
  const leaving = [...policy.modes.values()]
    .filter(({ lastsMs }) => lastsMs === undefined)
    .map(({ name }) =>
      acts(
        `leaving mode ${name}`,
        "modeChange",
        { op: "in", field: "toMode", values: new Set(modes.filter((mode) => mode !== name)) },
        name,
      ),
    );
  return [...paying, ...editing, acts("freezing", "modeChange", named("toMode", "frozen")), ...leaving];
}

function blocked(policy: Policy, goal: Goal, options: MomentOptions): readonly LockOut[] {
  const { mode, what, kind, when, expected } = goal;
  const { of, undecided } = waysOf(policy, { topics: [{ kinds: [kind], when }], mode, from: options.from ?? 0 }, options);
  const ways = of[0] ?? [];
  if (ways.length === 0 && undecided === undefined && !expected) return [];
  const say = (absent: readonly string[], status: LockOut["status"]): LockOut => ({ mode, what, absent, status });
  try {
    return smallest(policy, ways).map((absent) => say(absent, undecided === undefined ? "exact" : "inconclusive"));
  } catch (cause) {
    if (!(cause instanceof Inconclusive)) throw cause;
    return [say([], "inconclusive")];
  }
}

/** Sets that are looked through for one goal, where so many people or fewer are looked at for each; and sets that are told of. */
const MOST_SETS = 4000;
const PEOPLE_A_SET = 16;
const MOST_TOLD = 100;

/**
 * The smallest sets of people that every team which can needs somebody of, all of them: whoever is absent without blocking leaves
 * some team, and of that team one more must be absent.
 */
function smallest(policy: Policy, ways: readonly Way[]): readonly (readonly string[])[] {
  const { people } = actorsOf(policy);
  let tried = 0;
  for (let size = 0; size <= people.length; size++) {
    const found: string[][] = [];
    const seen = new Set<string>();
    const take = (absent: readonly string[]) => {
      const ordered = people.filter((person) => absent.includes(person));
      const key = JSON.stringify(ordered);
      if (seen.has(key) || found.length >= MOST_TOLD) return;
      seen.add(key);
      tried += Math.ceil(people.length / PEOPLE_A_SET) ** 2;
      if (tried > MOST_SETS) throw new Inconclusive("more sets of people than could be looked at");
      const team = teamOf(policy, ways, new Set(people.filter((person) => !absent.includes(person))));
      if (team === undefined) found.push(ordered);
      else if (absent.length < size) for (const person of team) take([...absent, person]);
    };
    take([]);
    if (found.length > 0) return found;
  }
  return [];
}

/** Some of these people who can by themselves. */
function teamOf(policy: Policy, ways: readonly Way[], people: ReadonlySet<string>): readonly string[] | undefined {
  for (const { asker, approvers } of passages(policy, ways, people)) return [asker, ...approvers];
  return undefined;
}

function named(field: "asset" | "direction" | "part" | "toMode", name: string): Condition {
  return { op: "in", field, values: new Set([name]) };
}
