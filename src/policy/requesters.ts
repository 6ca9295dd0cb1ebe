import type { Member } from "../intent/verdict.ts";
import type { Condition } from "./core.ts";
import { quote } from "./problems.ts";
import { oneOrMore, type Spot, textAt } from "./surface.ts";
import type { Vocabulary } from "./vocabulary.ts";
import type { Reading } from "./when.ts";

const PER_DATE = 10;

/** `requester`: people by name, roles as `role:name`; who stands in for a time is meant only then. */
export function requesterAt(spot: Spot, { names, budget }: Pick<Reading, "names" | "budget">): Condition | undefined {
  const list = requestersAt(spot, names);
  if (list === undefined) return undefined;
  // A rule of one line may name a role of thousands, and so may ten thousand rules; a date makes a condition of its own.
  const dates = list.filter(({ from, until }) => (from ?? until) !== undefined).length;
  if (!budget.spend(spot, list.length + PER_DATE * dates)) return undefined;
  const always = list.filter(({ from, until }) => from === undefined && until === undefined).map(({ person }) => person);
  const dated = list.filter(({ from, until }) => from !== undefined || until !== undefined);
  const of: Condition[] = dated.map(({ person, from = 0, until = Number.MAX_SAFE_INTEGER }) => ({
    op: "all",
    of: [
      { op: "in", field: "requester", values: new Set([person]) },
      { op: "within", field: "date", intervals: [[BigInt(from), BigInt(until) - 1n]] },
    ],
  }));
  const plain: Condition = { op: "in", field: "requester", values: new Set(always) };
  if (of.length === 0) return plain;
  return { op: "any", of: always.length > 0 ? [plain, ...of] : of };
}

/** Everybody that a `requester` names. */
export function requestersAt(spot: Spot, names: Vocabulary): readonly Member[] | undefined {
  const found: Member[] = [];
  let fine = true;
  for (const item of oneOrMore(spot) ?? [undefined]) {
    const text = item && textAt(item, "a person or role:name");
    const people = item && text !== undefined ? membersOf(item, text, names) : undefined;
    if (people) found.push(...people);
    else fine = false;
  }
  return fine ? found : undefined;
}

/** People as values of a field, such as the `to` of a grant. */
export function personName(spot: Spot, text: string, names: Vocabulary): ReadonlySet<string> | undefined {
  const people = membersOf(spot, text, names);
  if (people?.some(({ from, until }) => (from ?? until) !== undefined))
    return spot.wrong("policy/bad-value", `expected people without dates, got ${quote(text)} with somebody who stands in`);
  return people && new Set(people.map(({ person }) => person));
}

function membersOf(spot: Spot, text: string, names: Vocabulary): readonly Member[] | undefined {
  if (text.startsWith("role:")) {
    const role = text.slice(5);
    return names.roles.has(role)
      ? names.roles.get(role)
      : spot.unknown(
          "policy/unknown-name",
          "a role",
          text,
          [...names.roles.keys()].map((name) => `role:${name}`),
        );
  }
  if (names.people.has(text)) return [{ person: text }];
  if (names.roles.has(text)) return spot.wrong("policy/unknown-name", `expected a person; a role is written ${quote(`role:${text}`)}`);
  return spot.unknown("policy/unknown-name", "a person or role:name", text, [
    ...names.people.keys(),
    ...[...names.roles.keys()].map((name) => `role:${name}`),
  ]);
}
