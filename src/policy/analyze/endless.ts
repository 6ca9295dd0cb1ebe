import type { Time } from "../../base/time.ts";
import { UNLIMITED } from "../../intent/effect.ts";
import type { Policy } from "../core.ts";
import type { Attack } from "./attack.ts";
import { chainOf } from "./boxes.ts";
import type { Cell, Face } from "./cells.ts";
import type { Channel } from "./channel.ts";
import { rulesIn } from "./items.ts";
import type { Sequence, Step } from "./sequence.ts";
import { hasInteger } from "./sets.ts";
import type { Steps } from "./steps.ts";
import { judged } from "./witness.ts";

/** What no counter bounds, however often it is done or however much one effect moves. */
export interface Endless {
  readonly cell: Cell;
  readonly face: Face;
  readonly kind: Extract<Channel["kind"], "asset without a limit" | "fees without a limit" | "unlimited allowance">;
}

const WORST_FIRST: readonly Endless["kind"][] = ["asset without a limit", "unlimited allowance", "fees without a limit"];

/** What is not bounded, the worst first: money before promises before fees, and the soonest of them. */
export function endlessOf(cells: readonly Cell[], steps: Steps): readonly Endless[] {
  const all = cells
    .filter(isEndless)
    .flatMap((cell) => cell.faces.map((face): Endless => ({ cell, face, kind: kindOf(cell, face, steps) })));
  const rank = ({ cell, kind, face }: Endless) => [Number(cell.several), WORST_FIRST.indexOf(kind), cell.delayMs, face.asked.length];
  return all
    .map((one) => ({ one, rank: rank(one) }))
    .sort((a, b) => compare(a.rank, b.rank))
    .map(({ one }) => one);
}

function isEndless({ amounts, draws }: Cell): boolean {
  const bounding = draws.filter(({ capacity }) => capacity !== undefined);
  if (bounding.some(({ weight }) => weight !== undefined)) return false;
  return bounding.length === 0 || mostOf({ amounts }) >= UNLIMITED;
}

/** The first at which it can be signed. */
function momentOf({ spans, delayMs }: Cell, from: Time): Time {
  const [opens = from] = spans.find(([, closes]) => closes > from + delayMs) ?? [];
  return Math.max(opens, from + delayMs);
}

function mostOf({ amounts }: Pick<Cell, "amounts">): bigint {
  return amounts.at(-1)?.[1] ?? 0n;
}

function kindOf(cell: Cell, face: Face, steps: Steps): Endless["kind"] {
  const kind = steps.kindOf(face);
  if (kind === "fee") return "fees without a limit";
  const promises = kind === "allowance" || kind === "signedAllowance";
  return promises && mostOf(cell) >= UNLIMITED ? "unlimited allowance" : "asset without a limit";
}

/** One request of it: the greatest that there is of a promise, and of money an amount that people can imagine. */
export function shownOf({ cell, face, kind }: Endless, policy: Policy, attack: Attack, steps: Steps): Sequence {
  const moment = momentOf(cell, attack.from);
  const from = moment - cell.delayMs;
  const joint = cell.several ? steps.together(cell, face, moment) : undefined;
  if (joint !== undefined) return { from, steps: [joint] };
  const chain = chainOf(cell.asset);
  const decimals = policy.book.asset(chain, cell.asset.slice(chain.length + 1))?.decimals ?? 0;
  const much = 1_000_000n * 10n ** BigInt(decimals);
  const most = mostOf(face);
  const amount =
    kind === "unlimited allowance" || most < much ? most : hasInteger(face.amounts, much) ? much : (face.amounts[0]?.[0] ?? 1n);
  return { from, steps: [steps.of({ lot: cell, face, moment, amount, times: 1n, target: {} }, from)] };
}

export function channelOf({ cell, kind }: Endless, policy: Policy, attack: Attack, step: Step): Channel {
  const allows = new Set(rulesIn(policy, attack.mode).flatMap(({ type, id }) => (type === "allow" ? [id] : [])));
  const { witness, approvers } = step;
  const rule = judged(policy, witness).hits.find((id) => allows.has(id));
  const channel = { kind, stolen: [...attack.stolen], mode: attack.mode, rule, witness, approvers, delayMs: cell.delayMs };
  return { ...channel, text: textOf(channel, policy) };
}

/** The same channel for whoever takes that step instead. */
export function channelBy(channel: Channel, policy: Policy, { witness, approvers }: Step): Channel {
  const other = { ...channel, witness, approvers };
  return { ...other, text: textOf(other, policy) };
}

function textOf({ kind, witness, approvers, delayMs }: Omit<Channel, "text">, policy: Policy): string {
  const { chain, asset } = witness?.effects[0] ?? {};
  const name = chain === undefined || asset === undefined ? undefined : (policy.book.asset(chain, asset)?.name ?? `${chain}/${asset}`);
  const by = witness?.circumstances.requester ?? "whoever asks";
  const answered = approvers.length === 0 ? "" : `, approved by ${approvers.join(" and ")}`;
  const waits = delayMs === 0 ? "" : `, after a delay of ${delayMs / 3_600_000} h`;
  return `${by} can ${DOING[kind as Endless["kind"]](name ?? "what there is")}${answered}${waits}: no limit stops it`;
}

const DOING: { readonly [kind in Endless["kind"]]: (asset: string) => string } = {
  "asset without a limit": (asset) => `send any amount of ${asset}, as often as they like`,
  "fees without a limit": (asset) => `burn any amount of ${asset} as fees`,
  "unlimited allowance": (asset) => `let others take all ${asset}, now and later`,
};

function compare(a: readonly number[], b: readonly number[]): number {
  return a.map((value, index) => value - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}
