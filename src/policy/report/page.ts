import type { Audit } from "../analyze/audit.ts";
import type { Sequence, Step } from "../analyze/sequence.ts";
import type { Witness } from "../analyze/witness.ts";
import { witnessToJson } from "../analyze/witness-json.ts";
import type { About } from "./about.ts";
import { circumstancesText, effectTexts, stepText } from "./effects.ts";
import { ofAllCopies, stolenName } from "./losses.ts";
import { Markup, markup } from "./markup.ts";
import { type Names, plural } from "./names.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

/** More steps than anybody follows; the rest is counted, and stands in the JSON. */
const MOST_STEPS = 40;

/** One report while it is written: what its sections have in common. */
export class Page {
  readonly audit: Audit;
  readonly about: About;
  readonly names: Names;
  readonly verdict: Verdict;

  constructor(audit: Audit, about: About, names: Names) {
    this.audit = ofAllCopies(audit);
    this.verdict = verdictOf(audit, about.budgets);
    this.about = about;
    this.names = names;
  }

  stolen(people: readonly string[]): string {
    return stolenName(people, this.audit.stolen);
  }

  rule(id: string | undefined): Markup | undefined {
    return id === undefined ? undefined : markup`<a class="rule" href="#rule-${id}">${id}</a>`;
  }

  /** What is asked, by whom, and the same as `keyward explain` takes it: as bytes where it has any. */
  witness(witness: Witness): Markup {
    return markup`<div class="witness">${this.effects(witness)}<p class="quiet">${circumstancesText(witness)}</p>${this.#asJson(witness)}</div>`;
  }

  effects({ effects }: Witness): Markup {
    return markup`<ul class="effects">${effectTexts(effects, this.names).map((text) => markup`<li>${text}</li>`)}</ul>`;
  }

  /** A table of the steps, in the order in which they are signed. */
  sequence({ steps }: Sequence): Markup {
    const shown = steps.slice(0, MOST_STEPS);
    const rest = steps.length - shown.length;
    return markup`<ol class="steps">${shown.map((step) => this.#step(step))}</ol>${
      rest > 0 && markup`<p class="quiet">and ${plural(rest, "further step")}, which the JSON form of this report has</p>`
    }`;
  }

  #step(step: Step): Markup {
    return markup`<li><b>${stepText(step)}</b>${this.effects(step.witness)}${this.#asJson(step.witness)}</li>`;
  }

  #asJson(witness: Witness): Markup {
    const request = this.about.request?.(witness);
    const lines = JSON.stringify(request ?? witnessToJson(witness), null, 2).split("\n");
    const what = request === undefined ? "the request for keyward explain" : "the request as bytes, for keyward explain";
    return markup`<details><summary>${what}</summary><pre>${lines.map((line) => markup`${line}${new Markup("\n")}`)}</pre></details>`;
  }
}

/** A section with its heading; `id` is what the contents link to. */
export function section(id: string, title: string, body: Markup | readonly Markup[]): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${body}</section>`;
}

/** A table whose first column names its rows. It scrolls by itself where it is wide, and repeats its head on paper. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly (Markup | string | undefined)[])[]): Markup {
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${head.map((name) => markup`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    ([first, ...cells]) => markup`<tr><th scope="row">${first}</th>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>
`,
  )}</tbody>
</table></div>`;
}
