import type { Escalation } from "../analyze/authority.ts";
import { DEAD } from "./dead.ts";
import { type Markup, markup } from "./markup.ts";
import { durationText, listed } from "./names.ts";
import { type Page, section, table } from "./page.ts";

export function authoritySection(page: Page): Markup {
  const rows = page.audit.authority.map(({ mode, text, people, delayMs, confirm, witness, status }) => [
    text,
    mode,
    people === undefined ? (status === "exact" ? "nobody can" : "not decided") : `${people.length}: ${listed(people)}`,
    delayMs === 0 ? "none" : durationText(delayMs),
    confirm ? "by the requester" : "none",
    status,
    witness === undefined ? "" : markup`<details><summary>example</summary>${page.witness(witness)}</details>`,
  ]);
  if (rows.length === 0) return section("authority", "Who it takes", markup`<p>Nothing was asked.</p>`);
  const head = ["for", "mode", "fewest people", "delay", "confirmation", "status", "a request that passes"];
  return section("authority", "Who it takes", [
    markup`<p>The fewest people by whom each can be done, whoever asks counted, with one example of so many.</p>`,
    table("Fewest people for each act and amount", head, rows),
  ]);
}

export function lockOutSection({ audit: { lockOuts } }: Page): Markup {
  const rows = lockOuts.map(({ mode, what, absent, status }) => [
    what,
    mode,
    absent.length === 0 ? "nobody: it is blocked as it is" : listed(absent),
    status,
  ]);
  if (rows.length === 0) return section("lock-outs", "Lock-outs", markup`<p>None was found.</p>`);
  return section("lock-outs", "Lock-outs", [
    markup`<p>A smallest set of people whose absence, or the loss of whose keys, blocks it.</p>`,
    table("What is blocked without whom", ["what", "mode", "without", "status"], rows),
  ]);
}

export function escalationSection(page: Page): Markup {
  const { escalations } = page.audit;
  if (escalations.length === 0)
    return section("escalations", "Escalations", markup`<p>None was found: no stolen set gets further by acts on the custody.</p>`);
  return section("escalations", "Escalations", [
    markup`<p>What stolen people reach by acts on the custody first, such as an edit of this policy.</p>`,
    markup`<ul class="cards">${escalations.map((escalation) => escalationCard(page, escalation))}</ul>`,
  ]);
}

function escalationCard(page: Page, { stolen, acts, afterMs, text, objectors, undecided }: Escalation): Markup {
  return markup`<li class="card warning"><h3>${page.stolen(stolen)}, ${afterMs === 0 ? "at once" : `after ${durationText(afterMs)}`}</h3><p>${text}</p>
<ol>${acts.map(
    ({ rule, text: act, delayMs, witness }) =>
      markup`<li>${act} <span class="quiet">(rule ${page.rule(rule)}${delayMs > 0 && `, after ${durationText(delayMs)}`})</span><details><summary>the request</summary>${page.witness(witness)}</details></li>`,
  )}</ol>
<p class="quiet">${objectors.length === 0 ? "Nobody could stop it meanwhile." : `Meanwhile it could be stopped by ${listed(objectors, "or")}.`}${undecided && " More may be reached: it was not decided, and nobody may take it for a no."}</p></li>`;
}

export function deadSection(page: Page): Markup {
  const { dead } = page.audit;
  if (dead.length === 0) return section("dead", "Rules without effect", markup`<p>None: each rule changes some outcome.</p>`);
  return section("dead", "Rules without effect", [
    markup`<p>Without these rules nothing would be decided otherwise.</p>`,
    table(
      "Rules that change no outcome",
      ["rule", "mode", "why"],
      dead.map(({ rule, mode, why }) => [page.rule(rule), mode, DEAD[why]]),
    ),
  ]);
}
