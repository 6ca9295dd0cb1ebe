import type { Loss } from "../analyze/loss.ts";
import { isUnbounded, type LossTable, whatKey, whatsOf } from "./losses.ts";
import { type Markup, markup } from "./markup.ts";
import { amountText, durationText, listed, type Names, plural } from "./names.ts";

// One drawing's measures, in units of its view box.
const WIDTH = 720;
const HEIGHT = 300;
const LEFT = 96;
const RIGHT = 200;
const TOP = 34;
const BOTTOM = 44;
/** More lines than these cannot be told apart, by colour or by dashes. */
const MOST_LINES = 5;

/** Losses of sets that are the same at every horizon: one line of the drawing. */
interface Line {
  readonly who: readonly string[];
  readonly losses: readonly Loss[];
}

/** Loss over horizon, a drawing for each asset; none where there is but one horizon, or nothing but nothing to draw. */
export function lossChart(table: LossTable, names: Names): Markup {
  return markup`${whatsOf(table.columns).map((what) => chart(table, what, names))}`;
}

function chart({ columns, rows, mode }: LossTable, what: Loss["what"], names: Names): Markup | undefined {
  const asked = columns.flatMap((column, at) => (whatKey(column.what) === whatKey(what) ? [{ ...column, at }] : []));
  const largest = max(rows.flatMap(({ cells }) => asked.map(({ at }) => cells[at]?.amount ?? 0n)));
  if (asked.length < 2 || largest === 0n) return undefined;
  const lines = linesOf(rows.map(({ stolen, cells }) => ({ who: stolen.name, losses: asked.flatMap(({ at }) => cells[at] ?? []) })));
  const shown = lines.slice(0, MOST_LINES);
  const ticks = ticksUpTo(largest);
  const top = ticks.at(-1) ?? largest;
  const last = asked.at(-1)?.horizonMs ?? 1;
  const x = (ms: number) => LEFT + ((WIDTH - LEFT - RIGHT) * ms) / last;
  const y = (amount: bigint) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * Number((amount * 10_000n) / top)) / 10_000;
  const name = names.called(what);
  const counted = names.counted(what) ?? { name, decimals: 0 };
  const low = lowered(asked.map(({ horizonMs }) => x(horizonMs)));
  const labels = spread(shown.map(({ losses }) => endOf(losses, y)));
  const rest = lines.length - shown.length;
  return markup`<figure><figcaption>${name} over time, mode ${mode}: what can have left when the attack has gone on for so long</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${spoken(shown, name)}">
${ticks.map((tick) => markup`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/><text class="axis" x="${LEFT - 8}" y="${y(tick) + 4}" text-anchor="end">${amountText(tick, { name: "", decimals: counted.decimals }).trim()}</text>`)}
<text class="axis" x="${LEFT - 8}" y="14" text-anchor="end">${name}</text>
${asked.map(({ horizonMs }, at) => axisLabel(durationText(horizonMs), x(horizonMs), low[at] === true ? HEIGHT - 6 : HEIGHT - BOTTOM + 18))}
${shown.map(({ losses }, at) => drawn(losses, at, x, y))}
${shown.map(({ who, losses }, at) => {
  const text = who.length > 1 ? `${who[0]} and ${plural(who.length - 1, "other")}` : (who[0] ?? "");
  return markup`<text class="series-${at} label" x="${WIDTH - RIGHT + 14}" y="${(labels[at] ?? 0) + 4}">${shortened(text)}${losses.some(isUnbounded) && " ↑"}</text>`;
})}
</svg>
<p class="quiet">Points were computed, lines only join them. ${shown.some(({ losses }) => losses.some(isUnbounded)) && "↑ goes on without a bound. "}${
    shown.some(({ who }) => who.length > 1) &&
    shown.filter(({ who }) => who.length > 1).map(({ who }) => `The same line stands for ${listed(who)}. `)
  }${rest > 0 && `${plural(rest, "lower line is", "lower lines are")} left out.`}</p></figure>`;
}

function axisLabel(text: string, x: number, y: number): Markup {
  return markup`<text class="axis" x="${round(x)}" y="${y}" text-anchor="middle">${text}</text>`;
}

function drawn(losses: readonly Loss[], at: number, x: (ms: number) => number, y: (amount: bigint) => number): Markup {
  const bounded = losses.filter(({ amount }) => amount !== undefined);
  const points = bounded.map(({ horizonMs, amount = 0n }) => [round(x(horizonMs)), round(y(amount))] as const);
  const first = losses.find(isUnbounded);
  return markup`<polyline class="series-${at} line" points="${points.map((point) => point.join(",")).join(" ")}"/>${points.map(
    ([cx, cy], index) =>
      markup`<circle class="series-${at} ${bounded[index]?.status === "inconclusive" ? "hollow" : "dot"}" cx="${cx}" cy="${cy}" r="4"/>`,
  )}${first !== undefined && markup`<path class="series-${at} line" d="M${round(x(first.horizonMs))} ${HEIGHT - BOTTOM} V${TOP - 8} m-5 8 l5 -8 l5 8"/>`}`;
}

/** Sets with the same losses on one line, the largest first. */
function linesOf(sets: readonly { readonly who: string; readonly losses: readonly Loss[] }[]): readonly Line[] {
  const lines = new Map<string, { who: string[]; losses: readonly Loss[] }>();
  for (const { who, losses } of sets) {
    const key = losses.map(({ horizonMs, amount, status }) => `${horizonMs} ${amount} ${status}`).join(";");
    const line = lines.get(key) ?? { who: [], losses };
    line.who.push(who);
    lines.set(key, line);
  }
  const weight = ({ losses }: Line) => (losses.some(isUnbounded) ? -1n : max(losses.map(({ amount = 0n }) => amount)));
  const order = (a: Line, b: Line) => {
    const [left, right] = [weight(a), weight(b)];
    if (left === right) return 0;
    if (left < 0n || right < 0n) return left < 0n ? -1 : 1;
    return left > right ? -1 : 1;
  };
  return [...lines.values()].filter((line) => weight(line) !== 0n).sort(order);
}

function endOf(losses: readonly Loss[], y: (amount: bigint) => number): number {
  if (losses.some(isUnbounded)) return TOP - 8;
  return y(losses.at(-1)?.amount ?? 0n);
}

/** Heights at which labels do not touch, near to where they belong. */
function spread(wanted: readonly number[]): readonly number[] {
  const out: number[] = [...wanted];
  const order = [...wanted.keys()].sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  let free = 0;
  for (const at of order) {
    out[at] = Math.max(out[at] ?? 0, free);
    free = (out[at] ?? 0) + 16;
  }
  return out.map(round);
}

/** Zero and round amounts up to the first that is not below `largest`. */
function ticksUpTo(largest: bigint): readonly bigint[] {
  const target = largest / 4n || 1n;
  const power = 10n ** BigInt(target.toString().length - 1);
  const step = [1n, 2n, 5n, 10n].map((factor) => factor * power).find((candidate) => candidate >= target) ?? target;
  const ticks = [0n];
  for (let tick = step; (ticks.at(-1) ?? 0n) < largest; tick += step) ticks.push(tick);
  return ticks;
}

/** On the lower of two lines where the label before it is too near. */
function lowered(places: readonly number[]): readonly boolean[] {
  const out: boolean[] = [];
  for (const [at, place] of places.entries()) {
    const before = places[at - 1];
    out.push(before !== undefined && place - before < 44 && out[at - 1] === false);
  }
  return out;
}

function spoken(lines: readonly Line[], name: string): string {
  const said = lines.map(({ who, losses }) => {
    const points = losses.map((loss) => `${durationText(loss.horizonMs)} ${isUnbounded(loss) ? "without a bound" : loss.amount}`);
    return `${listed(who)}: ${points.join(", ")}`;
  });
  return `Loss of ${name} in smallest units by horizon. ${said.join("; ")}`;
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= 26 ? text : `${characters.slice(0, 25).join("")}…`;
}

function max(amounts: readonly bigint[]): bigint {
  return amounts.reduce((most, amount) => (amount > most ? amount : most), 0n);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
