import type { Member } from "../intent/verdict.ts";
import type { Condition } from "./core.ts";
import { quote } from "./problems.ts";
import { namesOf, oneOrMore, prefixed, type Spot, textAt } from "./surface.ts";
import type { Vocabulary } from "./vocabulary.ts";
import type { Reading } from "./when.ts";

type Asking = Pick<Reading, "names" | "budget">;

const PER_DATE = 10;

/** `requester`: people by name, roles as `role:name`; who stands in for a time is meant only then. */
export function requesterAt(spot: Spot, reading: Asking): Condition | undefined {
  const list = requestersAt(spot, reading);
  if (list === undefined) return undefined;
  // A date makes a condition of its own.
  const dates = list.filter(({ from, until }) => (from ?? until) !== undefined).length;
  if (!reading.budget.spend(spot, PER_DATE * dates)) return undefined;
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
export function requestersAt(spot: Spot, { names, budget }: Asking): readonly Member[] | undefined {
  const lists = (oneOrMore(spot) ?? [undefined]).map((item) => {
    const text = item && textAt(item, "a person or role:name");
    return item && text !== undefined ? membersOf(item, text, names) : undefined;
  });
  if (!lists.every((people) => people !== undefined)) return undefined;
  // Paid for before it is written out: one line may name a role of thousands again and again, and so may ten thousand rules.
  const count = lists.reduce((sum, { length }) => sum + length, 0);
  return budget.spend(spot, count) ? lists.flat() : undefined;
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
      : spot.unknown("policy/unknown-name", "a role", text, prefixed("role:", names.roles.keys()));
  }
  if (names.people.has(text)) return [{ person: text }];
  if (names.roles.has(text)) return spot.wrong("policy/unknown-name", `expected a person; a role is written ${quote(`role:${text}`)}`);
  return spot.unknown(
    "policy/unknown-name",
    "a person or role:name",
    text,
    namesOf(names.people.keys(), prefixed("role:", names.roles.keys())),
  );
}
