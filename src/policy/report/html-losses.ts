import type { Channel } from "../analyze/channel.ts";
import type { Loss } from "../analyze/loss.ts";
import { lossChart } from "./chart.ts";
import { byText, channelGroups, type Group } from "./groups.ts";
import { Heat } from "./heat.ts";
import { type Column, copiesOf, isNothing, isUnbounded, type LossTable, lossTables, whatKey, whatsOf, whileItLasts } from "./losses.ts";
import { type Markup, markup } from "./markup.ts";
import { durationText, listed } from "./names.ts";
import { type Page, section } from "./page.ts";

export function channelsSection(page: Page): Markup {
  const channels = channelGroups(page.audit);
  const body =
    channels.length === 0
      ? [markup`<p>None was found: whatever leaves through the rules is counted by a limit.</p>`]
      : [
          markup`<p>What no limit bounds. Through each of these everything that the account holds, or the key itself, can go.</p>`,
          markup`<ul class="cards">${channels.map((group) => channelCard(page, group))}</ul>`,
        ];
  return section("channels", "Without a bound", body);
}

function channelCard(page: Page, { first, by, larger, modes }: Group<Channel>): Markup {
  const { kind, rule, text, witness, approvers, delayMs, objectors = [], undecided } = first;
  const where = modes.join() === "normal" ? "" : `, in ${modes.length === 1 ? "mode" : "modes"} ${listed(modes)}`;
  const people = approvers.length === 0 ? "" : `, approved by ${listed(approvers)}`;
  const stop = objectors.length === 0 ? "" : `, which ${listed(objectors, "or")} could stop`;
  return markup`<li class="card error"><h3><span class="badge bad">${kind}</span> ${byText({ by, larger })}${
    undecided && " (not decided: nobody may take it for closed)"
  }</h3><p>${text}</p>
<p class="quiet">${rule === undefined ? "outside the policy" : markup`rule ${page.rule(rule)}`}${where}${people}, ${
    delayMs === 0 ? "at once" : `after ${durationText(delayMs)}`
  }${stop}</p>${witness !== undefined && markup`<details><summary>a request that passes</summary>${page.witness(witness)}</details>`}</li>`;
}

export function lossSection(page: Page): Markup {
  const tables = lossTables(page.audit);
  const copies = copiesOf(page.audit);
  if (tables.length === 0)
    return section("losses", "The most that can leave", markup`<p>Nothing was asked: the rules let no asset leave.</p>`);
  return section("losses", "The most that can leave", [
    markup`<p>Rows are people whose credentials are all stolen, or who have turned; columns are assets and how long nobody stops them. The stronger the colour of a cell, the larger a part of the asset's largest loss it is. Each amount leads to requests that take it.${
      copies > 1 && ` Amounts are of ${copies} live copies of the vault together, each of which counts for itself.`
    }</p>`,
    ...tables.map((one, at) => lossOfMode(page, one, at)),
  ]);
}

function lossOfMode(page: Page, one: LossTable, at: number): Markup {
  const { mode, rows, powerless } = one;
  const name = `Mode ${mode}${whileItLasts(one)}`;
  return markup`<h3>${name}</h3>
${rows.length > 0 && stretches(one.columns).map((some) => heatTable(page, { table: one, at, some }))}
${powerless.length > 0 && markup`<p><b>Nothing leaves by:</b> ${rows.length === 0 ? "any set that was looked at" : listed(powerless.map((set) => set.name))}.</p>`}
${lossChart(one, page.names)}
${rows.length > 0 && markup`<h4>Requests that take it</h4>`}
${rows.map(
  ({ stolen, cells }, row) =>
    markup`<details class="taking"><summary>by ${stolen.name}</summary>${cells.map(
      (loss, column) => loss !== undefined && !isNothing(loss) && taking(page, loss, cellId(at, row, column)),
    )}</details>`,
)}`;
}

/** A page, and a sheet of paper, are not wider: more columns stand in tables below each other, all of an asset in one. */
const MOST_COLUMNS = 6;

/** Places of columns that stand in one table. */
function stretches(columns: readonly Column[]): readonly (readonly number[])[] {
  const tables: number[][] = [];
  for (const what of whatsOf(columns)) {
    const places = columns.flatMap((column, place) => (whatKey(column.what) === whatKey(what) ? [place] : []));
    const last = tables.at(-1);
    if (last !== undefined && last.length + places.length <= MOST_COLUMNS) last.push(...places);
    else tables.push(places);
  }
  return tables;
}

interface Part {
  readonly table: LossTable;
  /** Which table of the report it is a part of. */
  readonly at: number;
  readonly some: readonly number[];
}

function heatTable({ names, audit }: Page, { table: { columns: all, rows, mode }, at, some }: Part): Markup {
  const heat = new Heat(rows, audit.options.holdings);
  const columns = all.filter((_, place) => some.includes(place));
  const groups = groupsOf(columns);
  const of = some.length === all.length ? "" : ` of ${listed(groups.map(({ name }) => name))}`;
  const caption = `Largest losses${of} in mode ${mode}, fees included`;
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="heat">
<caption>${caption}</caption>
<thead>
<tr><th scope="col" rowspan="2">stolen</th>${groups.map(({ name, count }) => markup`<th scope="colgroup" colspan="${count}">${name}</th>`)}</tr>
<tr>${columns.map(({ horizonMs }) => markup`<th scope="col">${durationText(horizonMs)}</th>`)}</tr>
</thead>
<tbody>${rows.map(
    (
      { stolen, cells },
      row,
    ) => markup`<tr><th scope="row">${stolen.name}${stolen.people.join(" + ") !== stolen.name && markup` <small>${listed(stolen.people)}</small>`}</th>${some.map((place) => cell(cells[place], cellId(at, row, place)))}</tr>
`,
  )}</tbody>
</table></div>`;

  function groupsOf(all: readonly Column[]): readonly { readonly name: string; readonly count: number }[] {
    const counts = new Map<string, { name: string; count: number }>();
    for (const { what } of all) {
      const group = counts.get(whatKey(what)) ?? { name: names.called(what), count: 0 };
      group.count++;
      counts.set(whatKey(what), group);
    }
    return [...counts.values()];
  }

  function cell(loss: Loss | undefined, id: string): Markup {
    if (loss === undefined) return markup`<td>not asked</td>`;
    const level = heat.level(loss);
    const share = heat.share(loss);
    const text = lossText(loss, names);
    return markup`<td class="heat-${level}">${isNothing(loss) ? text : markup`<a href="#${id}">${text}</a>`}${loss.status !== "exact" && markup` <small>${loss.status}</small>`}${share !== undefined && markup` <small>${share} of holdings</small>`}</td>`;
  }
}

function lossText(loss: Loss, names: Page["names"]): string {
  if (isUnbounded(loss)) return "∞ no bound";
  if (loss.status === "inconclusive") return loss.amount === undefined ? "?" : `? ${names.short(loss.amount, loss.what)}`;
  return names.short(loss.amount ?? 0n, loss.what);
}

/** How a loss comes about. The target is inside, so that a link to it opens it. */
function taking(page: Page, loss: Loss, id: string): Markup {
  const { names } = page;
  const { what, horizonMs, amount, shown, fees, status, sequence, channel, why } = loss;
  const copies = copiesOf(page.audit);
  const total = isUnbounded(loss) ? "without a bound" : amount === undefined ? "not decided" : names.amount(amount, what);
  const rest = [
    copies > 1 && `of ${copies} copies together; the requests below are to one of them`,
    amount !== shown * BigInt(copies) && `the requests below take ${names.amount(shown, what)}`,
    fees > 0n && `of which ${names.amount(fees, what)} are fees`,
    why !== undefined && why,
  ].filter((text) => text !== false);
  return markup`<details><summary>${names.called(what)}, ${durationText(horizonMs)}: <b>${total}</b> (${status})</summary><div id="${id}">
${rest.length > 0 && markup`<p>${rest.join("; ")}.</p>`}
${channel !== undefined && markup`<p><span class="badge bad">${channel.kind}</span> ${channel.text}${channel.rule !== undefined && markup` (rule ${page.rule(channel.rule)})`}</p>`}
${sequence.steps.length === 0 ? markup`<p>No request takes anything.</p>` : page.sequence(sequence)}</div></details>`;
}

function cellId(table: number, row: number, column: number): string {
  return `loss-${table}-${row}-${column}`;
}
