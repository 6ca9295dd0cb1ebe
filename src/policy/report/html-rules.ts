import type { Said } from "./conditions.ts";
import { type Markup, markup } from "./markup.ts";
import { rows } from "./names.ts";
import { type Page, section } from "./page.ts";
import { type RuleText, rulesOf } from "./rules.ts";

/** Every rule in words, mode by mode: the policy as it is, beside what was found. */
export function rulesSection({ audit: { policy } }: Page): Markup {
  const rules = rulesOf(policy.document);
  const lasts = new Map(rows(policy.document.modes).map(([mode, row]) => [mode, row.lasts]));
  const modes = [...new Set(["normal", ...lasts.keys()])];
  return section("rules", "The rules in words", [
    markup`<p>Whatever no rule allows is denied. Where something that a condition speaks of is not known, an allow does not match and every other rule does.</p>`,
    ...modes.map((mode) => {
      const own = rules.filter((rule) => rule.mode === mode);
      const until = lasts.get(mode) === undefined ? "" : `, which lasts ${lasts.get(mode)}`;
      return markup`<h3>Mode ${mode}${until}</h3>${own.length === 0 ? markup`<p>No rules: nothing is signed.</p>` : markup`<dl class="rules">${own.map(ruleEntry)}</dl>`}`;
    }),
  ]);
}

function ruleEntry({ id, type, does, when, also }: RuleText): Markup {
  const [only] = when;
  const inWords =
    only === undefined
      ? ", always."
      : typeof only === "string" && when.length === 1
        ? ` if ${only}.`
        : markup` if${when.length > 1 && " all of"}:${conditions(when)}`;
  return markup`<div id="rule-${id}"><dt><code>${id}</code> <span class="badge ${type}">${type}</span></dt><dd>${does}${inWords}${also.length > 0 && markup`<p>${also.join(" ")}</p>`}</dd></div>`;
}

function conditions(said: readonly Said[]): Markup {
  return markup`<ul>${said.map((part) => markup`<li>${typeof part === "string" ? part : nested(part)}</li>`)}</ul>`;
}

const OF = { all: "all of", any: "at least one of", not: "not, all together," } as const;

function nested({ of, said }: Exclude<Said, string>): Markup {
  return markup`${of === "not" && said.length === 1 ? "not" : OF[of]}:${conditions(said)}`;
}
