import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import type { EffectKind } from "../intent/effect.ts";
import { isAct } from "../intent/fields.ts";
import { isProvenNarrower } from "./analyze/diff.ts";
import type { Policy } from "./core.ts";
import { type DIRECTIONS, PARTS } from "./references.ts";

/**
 * A part of the policy that an edit touches, and in which direction: the fields of one `policyEdit` effect. A part that is
 * touched in two directions is there twice, or a rule on one of them could be passed by in the company of the other.
 */
export interface EditedPart {
  readonly part: (typeof PARTS)[number];
  readonly direction: (typeof DIRECTIONS)[number];
}

/**
 * What an edit from one policy to another touches, in the order of {@link PARTS}; empty if the documents are the same.
 *
 * `governs` is what decides who may act on the custody: people; roles, lists, book entries and hours that rules about acts
 * name; those rules themselves; and taking away the last way to change. All else `tightens` if it is proven of the whole edit that
 * nothing is newly allowed and no obligation is weaker, and `loosens` otherwise: also what could not be decided within the work
 * that is granted, and every change of assets, contracts or semantics.
 *
 * Pure, and the same on every machine: whoever approves an edit elsewhere finds the same.
 */
export function classifyEdit(from: Policy, to: Policy): readonly EditedPart[] {
  const known = classified.get(from) ?? new WeakMap<Policy, readonly EditedPart[]>();
  classified.set(from, known);
  const parts = known.get(to) ?? classify(from, to);
  known.set(to, parts);
  return parts;
}

// A request is read, judged and done with the same two policies, and the proof is the dear part of it.
const classified = new WeakMap<Policy, WeakMap<Policy, readonly EditedPart[]>>();

function classify(from: Policy, to: Policy): readonly EditedPart[] {
  const changed = (section: string) => !same(from.document[section], to.document[section]);
  const governing = new Governing(from, to);
  const touched: { readonly [P in EditedPart["part"]]: Touched } = {
    book: governing.touched("book"),
    list: governing.touched("lists"),
    people: { governs: changed("people"), rest: false },
    roles: governing.touched("roles"),
    rules: touchedRules(from, to),
    assets: { governs: false, rest: changed("assets") },
    contracts: { governs: false, rest: changed("contracts") },
    hours: governing.touched("hours"),
    values: { governs: false, rest: changed("values") },
    modes: { governs: false, rest: changed("modes") },
    semantics: { governs: false, rest: changed("semantics") },
  };
  const direction = PARTS.some((part) => touched[part].rest) && isProvenNarrower(from, to, { work: WORK }) ? "tightens" : "loosens";
  return PARTS.flatMap((part) => [
    ...(touched[part].governs ? [{ part, direction: "governs" } as const] : []),
    ...(touched[part].rest ? [{ part, direction } as const] : []),
  ]);
}

/** Steps of a proof: below a second or two on any machine, and enough for thousands of rules. */
const WORK = 100_000;

interface Touched {
  readonly governs: boolean;
  /** Something else of the part is touched as well. */
  readonly rest: boolean;
}

const SECTIONS: ReadonlySet<string> = new Set([
  "book",
  "lists",
  "people",
  "roles",
  "assets",
  "contracts",
  "hours",
  "values",
  "modes",
  "semantics",
]);

// Whatever has no part of its own (the name, `immutable`, a key that a later version adds) counts as rules.
function touchedRules(from: Policy, to: Policy): Touched {
  const rest = ({ document }: Policy) => Object.fromEntries(Object.entries(document).filter(([section]) => !SECTIONS.has(section)));
  if (same(rest(from), rest(to))) return { governs: false, rest: false };
  const acts = (policy: Policy) => rulesAbout(policy, isAct).map(canonical).sort();
  const others = (policy: Policy) => ({ ...rest(policy), immutable: false, rules: rulesAbout(policy, (kind) => !isAct(kind)) });
  const governs = from.immutable !== to.immutable || !same(acts(from), acts(to));
  return { governs, rest: !governs || !same(others(from), others(to)) };
}

/** Names that rules about acts speak of, in the old policy or the new one: each with its table. */
class Governing {
  readonly #from: Policy;
  readonly #to: Policy;
  readonly #names = new Set<string>();

  constructor(from: Policy, to: Policy) {
    this.#from = from;
    this.#to = to;
    for (const rule of [...rulesAbout(from, isAct), ...rulesAbout(to, isAct)]) this.#add(rule, "");
    // Roles and lists bring what they contain; a set that no longer grows is complete.
    for (let size = -1; size < this.#names.size; ) {
      size = this.#names.size;
      for (const { document } of [from, to]) {
        for (const table of ["roles", "lists"]) {
          for (const [name, content] of Object.entries((document[table] ?? {}) as JsonObject))
            if (this.#names.has(`${table} ${name}`)) this.#add(content ?? null, table);
        }
      }
    }
  }

  /** Whether changed entries of the table are among them, and whether others are not. */
  touched(table: string): Touched {
    const [before, after] = [this.#from, this.#to].map(({ document }) => (document[table] ?? {}) as JsonObject);
    const entries = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
    const changed = entries.filter((name) => !same(before?.[name], after?.[name]));
    const isNamed = (name: string) => this.#names.has(`${table} ${name}`);
    const absent = changed.length === 0 && !same(this.#from.document[table], this.#to.document[table]);
    return { governs: changed.some(isNamed), rest: absent || !changed.every(isNamed) };
  }

  /** Every text of a rule, a role or a list as the entry that it would name where it stands. */
  #add(value: Json, where: string): void {
    if (typeof value === "string") this.#names.add(entryOf(value, where));
    else if (Array.isArray(value)) for (const item of value) this.#add(item, where);
    else if (typeof value === "object" && value !== null) for (const [key, member] of Object.entries(value)) this.#add(member ?? null, key);
  }
}

function entryOf(text: string, where: string): string {
  if (text.startsWith("role:")) return `roles ${text.slice("role:".length)}`;
  if (text.startsWith("@")) return `lists ${text.slice(1)}`;
  if (where === "of") return `roles ${text}`;
  return `${where === "hour" ? "hours" : "book"} ${text}`;
}

/** Rules of the document that speak of at least one such kind, in its order. */
function rulesAbout({ document, rules }: Policy, isOne: (kind: EffectKind) => boolean): readonly Json[] {
  const ids = new Set(rules.filter(({ kinds }) => kinds.some(isOne)).map(({ id }) => id));
  return (document.rules as readonly JsonObject[]).filter(({ id }) => ids.has(String(id)));
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return a === undefined || b === undefined ? a === b : canonical(a) === canonical(b);
}
