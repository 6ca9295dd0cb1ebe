import type { Json, JsonObject } from "../../base/canonical.ts";
import { isObject } from "../../base/shape.ts";
import { itemsOf, listed, plural } from "./names.ts";

/** More names than anybody reads in one sentence; the rest is counted. */
const MOST_NAMES = 20;

/** Who stands behind the names that rules use: roles, lists and hours of a document, in words. */
export class Roster {
  readonly #document: JsonObject;
  readonly #members = new Map<string, readonly string[]>();

  constructor(document: JsonObject) {
    this.#document = document;
  }

  /** `ana`, or `somebody in ops (ana, ben)` for `role:ops`. */
  asking(name: string): string {
    return name.startsWith("role:") ? `somebody in ${this.role(name.slice("role:".length))}` : name;
  }

  /** `ops (ana, ben)`. */
  role(name: string): string {
    return `${name} (${some(this.#membersOf(name))})`;
  }

  /** What a clause of approvals is of: a role, with or without its prefix, or a person. */
  approving(of: string, atLeast: number): string {
    const role = of.startsWith("role:") ? of.slice("role:".length) : of;
    if (this.#entry("roles", role) === undefined) return of;
    const machines = this.#membersOf(role).some((member) => this.#isService(member));
    return `${atLeast} of ${this.role(role)}${machines ? ", where services do not count" : ""}`;
  }

  /** `acme`, an address, or `one of the list payees (acme, op)` for `@payees`. */
  recipient(name: string): string {
    if (!name.startsWith("@")) return name;
    const list = itemsOf(this.#entry("lists", name.slice(1))).map(String);
    return `one of the list ${name.slice(1)} (${list.length === 0 ? "nobody yet" : some(list)})`;
  }

  /** `desk (Mon-Fri 09:00-17:00 in Europe/Zurich; closed on 2026-12-25; not from 2027-12-31 on)`. */
  hours(name: string): string {
    const hours = this.#entry("hours", name);
    if (!isObject(hours)) return name;
    const closed = itemsOf(hours.closed).map(String);
    const parts = [`${itemsOf(hours.open).map(String).join(", ")} in ${hours.zone}`];
    if (closed.length > 0) parts.push(`closed on ${some(closed)}`);
    return `${name} (${[...parts, `not from ${hours.until} on`].join("; ")})`;
  }

  /** Everybody in a role, those in roles inside it as well. A document that was parsed has no circles. */
  #membersOf(role: string): readonly string[] {
    const known = this.#members.get(role);
    if (known !== undefined) return known;
    this.#members.set(role, []);
    const members = itemsOf(this.#entry("roles", role)).flatMap((item) => {
      if (typeof item === "string") return item.startsWith("role:") ? this.#membersOf(item.slice("role:".length)) : [item];
      return isObject(item) ? [`${item.person} ${datesText(item)}`] : [];
    });
    const all = [...new Set(members)];
    this.#members.set(role, all);
    return all;
  }

  #isService(person: string): boolean {
    return itemsOf(this.#entry("people", person)).some((credential) => isObject(credential) && credential.kind === "service");
  }

  #entry(table: string, name: string): Json | undefined {
    const rows = this.#document[table];
    return isObject(rows) && Object.hasOwn(rows, name) ? rows[name] : undefined;
  }
}

/** `from 2026-12-20 to before 2027-01-05`. */
export function datesText({ from, until }: JsonObject): string {
  const parts = [...(from === undefined ? [] : [`from ${from}`]), ...(until === undefined ? [] : [`before ${until}`])];
  return parts.join(" and ");
}

function some(names: readonly string[]): string {
  if (names.length <= MOST_NAMES) return names.join(", ");
  return `${names.slice(0, MOST_NAMES).join(", ")} and ${plural(names.length - MOST_NAMES, "other")}`;
}

/** `2 of finance (cyd, dee) and fay`, or alternatives of such. */
export function approvalsText(approvals: Json | undefined, roster: Roster): string {
  const alternatives = isObject(approvals) ? itemsOf(approvals.any) : [approvals];
  const said = alternatives.map((clauses) =>
    listed(itemsOf(clauses).flatMap((clause) => (isObject(clause) ? [roster.approving(String(clause.of), Number(clause.atLeast))] : []))),
  );
  return said.length > 1 ? `either ${said.join(", or ")}` : said.join("");
}
