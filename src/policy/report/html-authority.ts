import type { Escalation } from "../analyze/authority.ts";
import { DEAD } from "./dead.ts";
import { byText, closedTexts, escalationGroups, type Group, lockOutGroups } from "./groups.ts";
import { type Markup, markup } from "./markup.ts";
import { durationText, listed } from "./names.ts";
import { type Page, section, table } from "./page.ts";

export function authoritySection(page: Page): Markup {
  const { authority } = page.audit;
  const closed = authority.filter(({ people, status }) => people === undefined && status === "exact");
  const rows = authority
    .filter((row) => !closed.includes(row))
    .map(({ mode, text, people, delayMs, confirm, witness, status }) => [
      text,
      mode,
      people === undefined ? "not decided" : `${people.length}: ${listed(people)}`,
      delayMs === 0 ? "none" : durationText(delayMs),
      confirm ? "by the requester" : "none",
      status,
      witness === undefined ? "" : markup`<details><summary>example</summary>${page.witness(witness)}</details>`,
    ]);
  if (authority.length === 0) return section("authority", "Who it takes", markup`<p>Nothing was asked.</p>`);
  const head = ["for", "mode", "fewest people", "delay", "confirmation", "status", "a request that passes"];
  return section("authority", "Who it takes", [
    markup`<p>The fewest people by whom each can be done, whoever asks counted, with one example of so many.</p>`,
    table("Fewest people for each act and amount", head, rows),
    ...closedTexts(closed).map(([mode, texts]) => markup`<p><b>Nobody can, in mode ${mode}:</b> ${texts}.</p>`),
  ]);
}

export function lockOutSection({ audit }: Page): Markup {
  const rows = lockOutGroups(audit).map(({ first: { what, mode, status }, without }) => [
    what,
    mode,
    without === "" ? "anybody: it is blocked as it is" : without,
    status,
  ]);
  if (rows.length === 0) return section("lock-outs", "Lock-outs", markup`<p>None was found.</p>`);
  return section("lock-outs", "Lock-outs", [
    markup`<p>The smallest sets of people whose absence, or the loss of whose keys, blocks it.</p>`,
    table("What is blocked without whom", ["what", "mode", "without", "status"], rows),
  ]);
}

export function escalationSection(page: Page): Markup {
  const groups = escalationGroups(page.audit);
  if (groups.length === 0)
    return section("escalations", "Escalations", markup`<p>None was found: no stolen set gets further by acts on the custody.</p>`);
  return section("escalations", "Escalations", [
    markup`<p>What stolen people reach by acts on the custody first, such as an edit of this policy.</p>`,
    markup`<ul class="cards">${groups.map((group) => escalationCard(page, group))}</ul>`,
  ]);
}

function escalationCard(page: Page, { first, by, larger }: Group<Escalation>): Markup {
  const { acts, afterMs, text, objectors, undecided } = first;
  return markup`<li class="card warning"><h3>${byText({ by, larger })}, ${afterMs === 0 ? "at once" : `after ${durationText(afterMs)}`}</h3><p>${text}</p>
<ol>${acts.map(
    ({ rule, text: act, delayMs, witness }) =>
      markup`<li>${act} <span class="quiet">(rule ${page.rule(rule)}${delayMs > 0 && `, after ${durationText(delayMs)}`})</span><details><summary>the request</summary>${page.witness(witness)}</details></li>`,
  )}</ol>
<p class="quiet">${objectors.length === 0 ? "Nobody could stop it meanwhile." : `Meanwhile it could be stopped by ${listed(objectors, "or")}.`}${
    undecided && " More may be reached: it was not decided, and nobody may take it for a no."
  }</p></li>`;
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
