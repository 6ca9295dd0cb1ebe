import type { Finding, Severity, Suggestion } from "../analyze/finding.ts";
import type { Loss } from "../analyze/loss.ts";
import { changesOf } from "./changes.ts";
import { effectGroups } from "./groups.ts";
import { isUnbounded } from "./losses.ts";
import { type Markup, markup } from "./markup.ts";
import { durationText } from "./names.ts";
import { type Page, section, table } from "./page.ts";

const ORDER: readonly Severity[] = ["error", "warning", "note"];
const BADGES: { readonly [S in Severity]: string } = { error: "bad", warning: "wait", note: "plain" };

/** Findings, the worst first. */
export function findingsSection(page: Page): Markup {
  const findings = ORDER.flatMap((severity) => page.audit.findings.filter((finding) => finding.severity === severity));
  if (findings.length === 0) return section("findings", "Findings", markup`<p>None.</p>`);
  return section("findings", "Findings", markup`<ul class="cards">${findings.map((finding) => findingCard(page, finding))}</ul>`);
}

function findingCard(page: Page, { id, severity, mode, rule, text, witness, sequence, suggestion }: Finding): Markup {
  return markup`<li class="card ${severity}"><h3><span class="badge ${BADGES[severity]}">${severity}</span> <code>${id}</code></h3>
<p>${text}</p>
<p class="quiet">${rule === undefined ? "the policy as a whole" : markup`rule ${page.rule(rule)}`}, mode ${mode}</p>
${witness !== undefined && sequence === undefined && markup`<details><summary>a request that passes</summary>${page.witness(witness)}</details>`}
${sequence !== undefined && markup`<details><summary>requests that pass, one after the other</summary>${page.sequence(sequence)}</details>`}
${suggestion !== undefined && suggested(page, suggestion)}</li>`;
}

function suggested(page: Page, suggestion: Suggestion): Markup {
  const { text, document, effect } = suggestion;
  const changes = changesOf(page.audit.policy.document, document);
  return markup`<div class="suggestion"><h4>A change that would mend it</h4><p>${text}</p>
${
  changes.length > 0 &&
  markup`<details><summary>the change in the document</summary><ul class="changes">${changes.map(
    ({ place, before, after }) =>
      markup`${before !== undefined && markup`<li class="gone"><b>− ${place}</b> <code>${before}</code></li>`}${after !== undefined && markup`<li class="new"><b>+ ${place}</b> <code>${after}</code></li>`}`,
  )}</ul></details>`
}
${
  effect.length === 0
    ? markup`<p class="quiet">No loss in this report changes by it.</p>`
    : table(
        "What the change does to the losses",
        ["stolen", "asset", "horizon", "now", "then"],
        effectGroups(suggestion, page.audit.stolen).map(({ sets, before, after }) => [
          sets.join("; "),
          page.names.called(before.what),
          durationText(before.horizonMs),
          lossText(page, before),
          lossText(page, after),
        ]),
      )
}</div>`;
}

function lossText({ names }: Page, loss: Loss): string {
  if (isUnbounded(loss)) return "no bound";
  if (loss.amount === undefined) return "not decided";
  return `${names.amount(loss.amount, loss.what)}${loss.status === "exact" ? "" : ` (${loss.status})`}`;
}
