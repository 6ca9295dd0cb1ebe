import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import type { EffectKind } from "../intent/effect.ts";
import { isAct } from "../intent/fields.ts";
import type { Policy } from "./core.ts";
import { type DIRECTIONS, PARTS } from "./references.ts";

/** A part of the policy that an edit touches, and in which direction: the fields of one `policyEdit` effect. */
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
  const named = (section: string, mark: string): EditedPart["direction"] => (governing.names(section, mark) ? "governs" : "loosens");
  const directions: { readonly [P in EditedPart["part"]]: EditedPart["direction"] | undefined } = {
    book: changed("book") ? named("book", "") : undefined,
    list: changed("lists") ? named("lists", "@") : undefined,
    people: changed("people") ? "governs" : undefined,
    roles: changed("roles") ? named("roles", "role:") : undefined,
    rules: rulesDirection(from, to),
    assets: changed("assets") ? "loosens" : undefined,
    contracts: changed("contracts") ? "loosens" : undefined,
    hours: changed("hours") ? named("hours", "") : undefined,
    values: changed("values") ? "loosens" : undefined,
    modes: changed("modes") ? "loosens" : undefined,
    semantics: changed("semantics") ? "loosens" : undefined,
  };
  return PARTS.flatMap((part) => {
    const direction = directions[part];
    return direction === undefined ? [] : [{ part, direction }];
  });
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
function rulesDirection(from: Policy, to: Policy): EditedPart["direction"] | undefined {
  const rest = ({ document }: Policy) => Object.fromEntries(Object.entries(document).filter(([section]) => !SECTIONS.has(section)));
  if (same(rest(from), rest(to))) return undefined;
  const acts = (policy: Policy) => actRules(policy).map(canonical).sort();
  const governs = from.immutable !== to.immutable || !same(acts(from), acts(to));
  return governs ? "governs" : "loosens";
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
    for (const rule of [...actRules(from), ...actRules(to)]) addTexts(rule, texts);
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

  /** Whether a changed entry of the section is among them. */
  names(section: string, mark: string): boolean {
    const [before, after] = [this.#from, this.#to].map(({ document }) => (document[section] ?? {}) as JsonObject);
    const entries = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
    return [...entries].some((name) => (this.#texts.has(name) || this.#texts.has(mark + name)) && !same(before?.[name], after?.[name]));
  }
}

function actRules({ document, rules }: Policy): readonly Json[] {
  const acts = new Set(rules.filter(({ kinds }) => kinds.some((kind: EffectKind) => isAct(kind))).map(({ id }) => id));
  return (document.rules as readonly JsonObject[]).filter(({ id }) => acts.has(String(id)));
}

function addTexts(value: Json, into: Set<string>): void {
  if (typeof value === "string") into.add(value);
  else if (Array.isArray(value)) for (const item of value) addTexts(item, into);
  else if (typeof value === "object" && value !== null) for (const member of Object.values(value)) addTexts(member ?? null, into);
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return a === undefined || b === undefined ? a === b : canonical(a) === canonical(b);
}
