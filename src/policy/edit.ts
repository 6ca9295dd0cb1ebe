import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import type { EffectKind } from "../intent/effect.ts";
import { isAct } from "../intent/fields.ts";
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
 * name; those rules themselves; and taking away the last way to change. All else `loosens`. Nothing is said to tighten: that
 * takes an exact comparison of the two policies, and what is not proven to be narrower is treated as wider.
 */
export function classifyEdit(from: Policy, to: Policy): readonly EditedPart[] {
  const changed = (section: string) => !same(from.document[section], to.document[section]);
  const governing = new Governing(from, to);
  const only = (section: string, direction: Direction): Touched => ({ [direction]: changed(section) });
  const directions: { readonly [P in EditedPart["part"]]: Touched } = {
    book: governing.touched("book", ""),
    list: governing.touched("lists", "@"),
    people: only("people", "governs"),
    roles: governing.touched("roles", "role:"),
    rules: touchedRules(from, to),
    assets: only("assets", "loosens"),
    contracts: only("contracts", "loosens"),
    hours: governing.touched("hours", ""),
    values: only("values", "loosens"),
    modes: only("modes", "loosens"),
    semantics: only("semantics", "loosens"),
  };
  return PARTS.flatMap((part) =>
    (["governs", "loosens"] as const).flatMap((direction) => (directions[part][direction] ? [{ part, direction }] : [])),
  );
}

type Direction = "governs" | "loosens";
type Touched = { readonly [D in Direction]?: boolean };

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
  if (same(rest(from), rest(to))) return {};
  const acts = (policy: Policy) => rulesAbout(policy, isAct).map(canonical).sort();
  const others = (policy: Policy) => ({ ...rest(policy), immutable: false, rules: rulesAbout(policy, (kind) => !isAct(kind)) });
  const governs = from.immutable !== to.immutable || !same(acts(from), acts(to));
  return { governs, loosens: !governs || !same(others(from), others(to)) };
}

/** Which names rules about acts speak of, in the old policy or the new one. */
class Governing {
  readonly #from: Policy;
  readonly #to: Policy;
  readonly #texts: ReadonlySet<string>;

  constructor(from: Policy, to: Policy) {
    this.#from = from;
    this.#to = to;
    const texts = new Set<string>();
    for (const rule of [...rulesAbout(from, isAct), ...rulesAbout(to, isAct)]) addTexts(rule, texts);
    // Roles and lists bring what they contain; a set that no longer grows is complete.
    for (let size = -1; size < texts.size; ) {
      size = texts.size;
      for (const { document } of [from, to]) {
        for (const [section, mark] of [
          ["roles", "role:"],
          ["lists", "@"],
        ] as const) {
          for (const [name, content] of Object.entries((document[section] ?? {}) as JsonObject)) {
            if (texts.has(name) || texts.has(mark + name)) addTexts(content ?? null, texts);
          }
        }
      }
    }
    this.#texts = texts;
  }

  /** Whether changed entries of the section are among them, and whether others are not. */
  touched(section: string, mark: string): Touched {
    const [before, after] = [this.#from, this.#to].map(({ document }) => (document[section] ?? {}) as JsonObject);
    const entries = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
    const changed = entries.filter((name) => !same(before?.[name], after?.[name]));
    const isNamed = (name: string) => this.#texts.has(name) || this.#texts.has(mark + name);
    const absent = changed.length === 0 && !same(this.#from.document[section], this.#to.document[section]);
    return { governs: changed.some(isNamed), loosens: absent || !changed.every(isNamed) };
  }
}

/** Rules of the document that speak of at least one such kind, in its order. */
function rulesAbout({ document, rules }: Policy, isOne: (kind: EffectKind) => boolean): readonly Json[] {
  const ids = new Set(rules.filter(({ kinds }) => kinds.some(isOne)).map(({ id }) => id));
  return (document.rules as readonly JsonObject[]).filter(({ id }) => ids.has(String(id)));
}

function addTexts(value: Json, into: Set<string>): void {
  if (typeof value === "string") into.add(value);
  else if (Array.isArray(value)) for (const item of value) addTexts(item, into);
  else if (typeof value === "object" && value !== null) for (const member of Object.values(value)) addTexts(member ?? null, into);
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return a === undefined || b === undefined ? a === b : canonical(a) === canonical(b);
}
