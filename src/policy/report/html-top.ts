import type { Json } from "../../base/canonical.ts";
import { isObject } from "../../base/shape.ts";
import { parseTime } from "../../base/time.ts";
import type { Loss } from "../analyze/loss.ts";
import { CAVEATS } from "./caveats.ts";
import { channelGroups } from "./groups.ts";
import { isUnbounded, larger, lossTables, whatKey, whatsOf } from "./losses.ts";
import { type Markup, markup } from "./markup.ts";
import { durationText, timeText } from "./names.ts";
import { type Page, section, table } from "./page.ts";
import { type Breach, breachText, verdictText } from "./verdict.ts";

export function header({ audit: { policy, options }, about }: Page): Markup {
  const from = momentOf(options.from);
  return markup`<header>
<p class="quiet">Audit of a signing policy</p>
<h1>${policy.name}</h1>
<dl class="facts">
<div><dt>Policy</dt><dd><code>${policy.id}</code></dd></div>
<div><dt>Made by</dt><dd>keyward ${about.version}</dd></div>
${from !== undefined && markup`<div><dt>Attacks begin</dt><dd>${from} or later</dd></div>`}
</dl>
<nav aria-label="Contents"><ul>${CONTENTS.map(([id, title]) => markup`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
</header>`;
}

const CONTENTS = [
  ["channels", "Without a bound"],
  ["losses", "Losses"],
  ["findings", "Findings"],
  ["authority", "Who it takes"],
  ["lock-outs", "Lock-outs"],
  ["escalations", "Escalations"],
  ["dead", "Rules without effect"],
  ["rules", "The rules in words"],
  ["caveats", "Caveats"],
] as const;

/** The verdict: what is wrong in numbers, and the most that can leave. */
export function glance(page: Page): Markup {
  const { audit } = page;
  const { passed, count, breaches } = page.verdict;
  const channels = channelGroups(audit).length;
  const tiles = [
    tile(count.error > 0 ? "bad" : "good", `${count.error}`, count.error === 1 ? "error" : "errors"),
    tile(count.warning > 0 ? "wait" : "good", `${count.warning}`, count.warning === 1 ? "warning" : "warnings"),
    tile("plain", `${count.note}`, count.note === 1 ? "note" : "notes"),
    tile(channels > 0 ? "bad" : "good", `${channels}`, "without a bound"),
    tile(audit.inconclusive.length > 0 ? "bad" : "good", `${audit.inconclusive.length}`, "not decided"),
  ];
  return section("glance", "At a glance", [
    markup`<p class="verdict ${passed ? "good" : "bad"}"><b>${passed ? "✓ Passed" : "✗ Not passed"}</b> ${verdictText(page.verdict, page.about.budgets)}</p>`,
    markup`<ul class="tiles">${tiles}</ul>`,
    worstTable(page),
    breachList(page, breaches),
  ]);
}

export function undecided({ audit: { inconclusive } }: Page): Markup {
  if (inconclusive.length === 0) return markup``;
  return section("undecided", "Not decided", [
    markup`<p>The work that was granted did not suffice for what follows. Nobody may take it for safe.</p>`,
    markup`<ul>${inconclusive.map((text) => markup`<li>${text}</li>`)}</ul>`,
  ]);
}

export function caveatsSection(): Markup {
  return section("caveats", "Caveats", markup`<ul>${CAVEATS.map((text) => markup`<li>${text}</li>`)}</ul>`);
}

/** What was asked for, so that the audit can be done again. */
export function aboutSection({ audit: { options, policy }, about }: Page): Markup {
  const rows = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [[name, optionText(value)] as const]));
  return section(
    "about",
    "How this was made",
    table(
      "Options of the audit",
      ["option", "value"],
      [["keyward", about.version], ["policy", markup`<code>${policy.id}</code>`], ...rows],
    ),
  );
}

function tile(kind: string, count: string, what: string): Markup {
  return markup`<li class="${kind}"><b>${count}</b> ${what}</li>`;
}

/** The largest loss of each asset, by one person alone and by any set that was audited. */
function worstTable(page: Page): Markup {
  const { audit, names } = page;
  const alone = audit.losses.filter(({ stolen }) => stolen.length === 1);
  const rows = lossTables(audit).flatMap(({ mode, columns }) =>
    whatsOf(columns).map((what) => {
      const about = (loss: Loss) => loss.mode === mode && whatKey(loss.what) === whatKey(what);
      const name = mode === "normal" ? names.called(what) : `${names.called(what)} in mode ${mode}`;
      return [name, worstText(page, alone.filter(about)), worstText(page, audit.losses.filter(about))];
    }),
  );
  return rows.length === 0
    ? markup``
    : table("The most that can leave", ["asset", "by one person alone", "by any set that was looked at"], rows);
}

function worstText(page: Page, losses: readonly Loss[]): string {
  const [first, ...more] = losses;
  if (first === undefined) return "not asked";
  const worst = more.reduce(larger, first);
  if (worst.amount === 0n && worst.status !== "inconclusive") return "nothing";
  const who = `${page.stolen(worst.stolen)}, ${durationText(worst.horizonMs)}`;
  if (isUnbounded(worst)) return `everything: no limit bounds it (${who})`;
  if (worst.status === "inconclusive") return `not decided (${who})`;
  return `${worst.status === "upper bound" ? "at most " : ""}${page.names.amount(worst.amount ?? 0n, worst.what)} (${who})`;
}

function breachList({ names }: Page, breaches: readonly Breach[]): Markup {
  if (breaches.length === 0) return markup``;
  const items = breaches.map((breach) => markup`<li>${breachText(breach, names)}</li>`);
  return markup`<h3>Budgets that are not shown to hold</h3><ul>${items}</ul>`;
}

function momentOf(from: Json | undefined): string | undefined {
  if (typeof from === "number") return timeText(from);
  return typeof from === "string" ? timeText(parseTime(from)) : undefined;
}

function optionText(value: Json): string {
  if (Array.isArray(value)) return (value as readonly Json[]).map(optionText).join(", ") || "none";
  return isObject(value) || value === null ? JSON.stringify(value) : String(value);
}
