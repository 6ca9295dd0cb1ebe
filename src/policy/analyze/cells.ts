import { UNLIMITED } from "../../intent/effect.ts";
import { OUTFLOW } from "../../intent/fields.ts";
import type { Interval, LimitRule, Policy, RequireRule } from "../core.ts";
import type { Attack } from "./attack.ts";
import { type Box, chainOf } from "./boxes.ts";
import { KIND, type Space } from "./dimensions.ts";
import { bucketsOf, type Draw, drawOf } from "./draws.ts";
import { feasible, only } from "./feasible.ts";
import { groundOf } from "./ground.ts";
import { about, marksOf, type Outcomes, rulesIn, untilDenied } from "./items.ts";
import { type Span, spansOf } from "./moments.ts";
import type { Asked } from "./quorum.ts";
import { type Budget, type Item, Regions, type State } from "./regions.ts";
import { Remembered } from "./remembered.ts";
import { hasName, intersect, isEmpty, keyOf, NOTHING, type ValueSet } from "./sets.ts";
import { Thieves } from "./thieves.ts";
import type { Region } from "./witness.ts";

/** What the stolen people can have signed of one asset in one and the same way: as often as its counters let them. */
export interface Cell {
  /** Qualified. */
  readonly asset: string;
  /** What one effect may move: both ends included, nought left out. */
  readonly amounts: readonly Interval[];
  readonly draws: readonly Draw[];
  readonly delayMs: number;
  /** Moments at which it may be signed, none before the attack. */
  readonly spans: readonly Span[];
  /** Only together with other effects of the asset in one request. */
  readonly several: boolean;
  /** Where it comes from: which request has which amount, and when. */
  readonly faces: readonly Face[];
}

/** A part of a cell of which every amount and moment makes one request. */
export interface Face {
  readonly amounts: readonly Interval[];
  readonly spans: readonly Span[];
  readonly region: Region;
  readonly requester: string;
  /** The kind of credential that began the session, where a rule cares. */
  readonly session: string | undefined;
  /** What has to be answered by others of the stolen, the excess of limits included. */
  readonly asked: readonly Asked[];
}

/**
 * Every way of taking some of these assets: what the leaves of the diagram let through whose needs the stolen people can answer
 * by themselves.
 *
 * A value that is not known never lets through more than a known one, so amounts, assets and recipients are looked at known.
 *
 * How long the attack lasts does not matter to them.
 *
 * @param assets - qualified.
 * @throws Inconclusive when the budget is spent.
 */
export function cellsOf(policy: Policy, attack: Attack, assets: readonly string[], budget: Budget): readonly Cell[] {
  const { stolen, mode, from, detectionMs } = attack;
  const key = JSON.stringify([[...stolen].sort(), mode, from, detectionMs ?? "", assets]);
  const last = lately.get(policy);
  if (last?.key === key) {
    // It costs as much as it did, so that what is found does not depend on what was asked before.
    budget.spend(last.work);
    return last.cells;
  }
  const before = budget.left;
  const cells = new Walk(policy, attack, assets, budget).run();
  lately.set(policy, { key, cells, work: before - budget.left });
  return cells;
}

// A report asks for one time after the other. What was found last is enough to remember, and large for a large policy.
const lately = new WeakMap<Policy, { readonly key: string; readonly cells: readonly Cell[]; readonly work: number }>();

const KNOWN_NAMES = ["to", "account"] as const;
const SOLD = names(["order", "swap"]);

class Walk {
  readonly #space: Space;
  readonly #attack: Attack;
  readonly #assets: readonly string[];
  readonly #budget: Budget;
  readonly #thieves: Thieves;
  readonly #outcomes: Outcomes;
  readonly #regions: Regions;
  /** What is asked about, by dimension: nothing else is walked into. */
  readonly #within: ReadonlyMap<number, ValueSet>;
  /** Dimensions of which a leaf must know what was chosen. */
  readonly #telling: readonly number[];
  readonly #seen = new Map<State, Set<string>>();
  readonly #ids = new Map<string, number>();
  readonly #idOf = new WeakMap<ValueSet, number>();
  readonly #spans = new WeakMap<ValueSet, readonly Span[]>();
  readonly #found: Cell[] = [];

  constructor(policy: Policy, attack: Attack, assets: readonly string[], budget: Budget) {
    const { space, outcomes } = groundOf(policy);
    this.#space = space;
    this.#outcomes = outcomes;
    this.#attack = attack;
    this.#assets = assets;
    this.#budget = budget;
    this.#thieves = new Thieves(policy, attack);
    const who: Fields = {
      requester: names(this.#thieves.people),
      session: names(this.#thieves.people.flatMap((person) => this.#thieves.sessions(person))),
    };
    this.#within = new Map(boxOf(space, { ...takingOf(attack.mode, assets), ...who }));
    const items = about(itemsAbout(policy, attack.mode, assets), [boxOf(space, who)]);
    const { apart, marks } = keptApart(policy, attack.mode);
    this.#telling = ["chain", "asset", "requester", "session", "amount", "total", "date", ...apart].map((field) => space.at(field));
    // Most people are allowed nothing of most assets.
    const allows = items.some(({ outcome }) => outcomes.at(outcome).what === "allowed");
    const all = allows ? [...items, ...apart.flatMap((field) => this.#atoms(space.at(field), items)), ...marks] : [];
    this.#regions = new Regions(space, all, { keep: untilDenied(outcomes), budget });
  }

  run(): readonly Cell[] {
    if (this.#thieves.people.length > 0) this.#walk(this.#regions.start, new Map());
    return this.#found;
  }

  /** Every list of names that some rule speaks of, as items that keep them apart: buckets are then the same in every region. */
  #atoms(dimension: number, items: readonly Item[]): readonly Item[] {
    const lists = new Map<ReadonlySet<string>, ValueSet>();
    for (const { boxes } of items) {
      for (const box of boxes) {
        const values = box.find(([at]) => at === dimension)?.[1];
        if (values !== undefined) lists.set(values.names.values, { ...NOTHING, names: { not: false, values: values.names.values } });
      }
    }
    // Marks of dates are numbered from nought on.
    const mark = (index: number) => -1 - (dimension * (1 << 20) + index);
    return [...lists.values()].map((values, index) => ({
      outcome: this.#outcomes.number({ what: "marked", mark: mark(index) }),
      boxes: [[[dimension, values]]],
    }));
  }

  #walk(state: State, region: ReadonlyMap<number, ValueSet>): void {
    if (!this.#promising(state)) return;
    const key = this.#keyOf(region);
    const seen = this.#seen.get(state) ?? new Set();
    if (seen.has(key)) return;
    this.#seen.set(state, seen.add(key));
    const expansion = this.#regions.expand(state);
    if (expansion === undefined) {
      this.#budget.spend();
      this.#leaf(state, region);
      return;
    }
    const { dimension, pieces } = expansion;
    for (const { values, state: next } of pieces) {
      const chosen = this.#chosen(dimension, values, region);
      const taking = chosen && this.#taking(new Map(region).set(dimension, chosen));
      if (taking !== undefined) this.#walk(next, taking);
    }
  }

  #promising({ settled, open }: State): boolean {
    const still = [...settled, ...open.map(({ outcome }) => outcome)];
    return this.#outcomes.of(still).some(({ what }) => what === "allowed") && this.#thieves.answer(this.#asking(settled));
  }

  /** What of a piece is asked about; nothing where it is none, or no loss. */
  #chosen(dimension: number, values: ValueSet, region: ReadonlyMap<number, ValueSet>): ValueSet | undefined {
    const within = this.#within.get(dimension);
    const chosen = within === undefined ? values : intersect(values, within);
    if (isEmpty(chosen) || !feasible(this.#space, region, dimension, chosen)) return undefined;
    const named = KNOWN_NAMES.some((field) => dimension === this.#space.at(field));
    return named && !chosen.names.not && chosen.names.values.size === 0 ? undefined : chosen;
  }

  /** A payment to an own account is none; what is sold has left, whoever gets something for it. */
  #taking(region: ReadonlyMap<number, ValueSet>): ReadonlyMap<number, ValueSet> | undefined {
    const own = region.get(this.#space.at("ownRecipient"));
    if (own === undefined || own.unknown || own.flags.includes(false)) return region;
    const kinds = intersect(this.#values("kind", region), SOLD);
    return isEmpty(kinds) ? undefined : new Map(region).set(KIND, kinds);
  }

  #asking(settled: Iterable<number>): readonly (RequireRule | LimitRule)[] {
    return this.#outcomes.of(settled).flatMap((outcome) => (outcome.what === "asks" ? [outcome.rule] : []));
  }

  #keyOf(region: ReadonlyMap<number, ValueSet>): string {
    const kinds = region.get(KIND)?.names.values;
    const fee = kinds !== undefined && [...kinds].every((kind) => kind === "fee");
    const sold = kinds === undefined || [...kinds].some((kind) => hasName(SOLD.names, kind));
    return `${fee} ${sold} ${this.#telling.map((dimension) => this.#id(region.get(dimension))).join()}`;
  }

  #id(values: ValueSet | undefined): number {
    if (values === undefined) return -1;
    let id = this.#idOf.get(values);
    if (id === undefined) {
      const key = keyOf(values);
      id = this.#ids.get(key) ?? this.#ids.size;
      this.#ids.set(key, id);
      this.#idOf.set(values, id);
    }
    return id;
  }

  #values(field: string, region: Region): ValueSet {
    const dimension = this.#space.at(field);
    return region.get(dimension) ?? this.#within.get(dimension) ?? this.#space.all(dimension);
  }

  #leaf(state: State, region: Region): void {
    const spans = this.#spansOf(this.#values("date", region));
    const [first] = spans;
    if (first === undefined) return;
    const asking = this.#asking(state.settled);
    const limits = this.#outcomes.of(state.settled).flatMap((outcome) => (outcome.what === "counts" ? [outcome.rule] : []));
    const sessions = this.#values("session", region).names;
    for (const requester of this.#thieves.people.filter((person) => hasName(this.#values("requester", region).names, person))) {
      const session = this.#thieves.sessions(requester).find((kind) => hasName(sessions, kind));
      const way = session === undefined ? undefined : this.#thieves.wayOf(asking, limits, { requester, moment: first[0] });
      if (way === undefined) continue;
      const face = { spans, region, requester, session: region.has(this.#space.at("session")) ? session : undefined, asked: way.asked };
      for (const asset of this.#assets) {
        const inside = [this.#values("asset", region), this.#values("chain", region)].map(({ names: wanted }) => wanted) as [Names, Names];
        if (!hasName(inside[0], asset) || !hasName(inside[1], chainOf(asset))) continue;
        const buckets = bucketsOf(requester, chainOf(asset), this.#values("to", region), this.#values("account", region));
        if (buckets === undefined) continue;
        const draws = way.counted.flatMap((limit) => drawOf(limit, asset, buckets, (values) => this.#id(values)));
        for (const { amounts, several } of this.#amounts(region)) {
          this.#found.push({ asset, amounts, draws, delayMs: way.delayMs, spans, several, faces: [{ ...face, amounts }] });
        }
      }
    }
  }

  /** Alone an effect is all that its request moves; together with others it may be less than the total. */
  #amounts(region: Region): readonly Pick<Cell, "amounts" | "several">[] {
    const amount = { ...NOTHING, integers: this.#values("amount", region).integers };
    const total = this.#values("total", region).integers;
    const alone = intersect(amount, { ...NOTHING, integers: total }).integers;
    const most = total.at(-1)?.[1] ?? 0n;
    const together = intersect(amount, { ...NOTHING, integers: [[1n, most]] }).integers;
    const out: Pick<Cell, "amounts" | "several">[] = [];
    if (alone.length > 0) out.push({ amounts: alone, several: false });
    if (most > 0n && together.length > 0 && keyOf({ ...NOTHING, integers: together }) !== keyOf({ ...NOTHING, integers: alone }))
      out.push({ amounts: together, several: true });
    return out;
  }

  #spansOf(date: ValueSet): readonly Span[] {
    const known = this.#spans.get(date) ?? spansOf(date.integers, this.#attack.from);
    this.#spans.set(date, known);
    return known;
  }
}

const near = new Remembered<readonly Item[]>();

/** What rules say of taking these assets, whoever it is that asks. */
export function itemsAbout(policy: Policy, mode: string, assets: readonly string[]): readonly Item[] {
  const ground = groundOf(policy);
  return near.of(policy, JSON.stringify([mode, assets]), {}, () =>
    ground.items(mode, [boxOf(ground.space, takingOf(mode, assets))], { counts: true }),
  );
}

/** What regions must not hold together: names that counters keep apart, and moments at which other people stand in. */
interface Apart {
  readonly apart: readonly (typeof KNOWN_NAMES)[number][];
  readonly marks: readonly Item[];
}

const kept = new Remembered<Apart>();

function keptApart(policy: Policy, mode: string): Apart {
  const { space, outcomes } = groundOf(policy);
  return kept.of(policy, mode, {}, () => {
    const rules = rulesIn(policy, mode);
    const by = new Set(rules.flatMap((rule) => (rule.type === "limit" ? rule.by : [])));
    return { apart: KNOWN_NAMES.filter((field) => by.has(field)), marks: marksOf(space, rules, outcomes) };
  });
}

type Fields = { readonly [field: string]: ValueSet };

function takingOf(mode: string, assets: readonly string[]): Fields {
  const amount = { ...NOTHING, integers: [[1n, UNLIMITED] as const] };
  return { kind: names(OUTFLOW), chain: names(assets.map(chainOf)), asset: names(assets), mode: only(mode), amount };
}

function boxOf(space: Space, fields: Fields): Box {
  return Object.entries(fields)
    .map(([field, values]) => [space.at(field), values] as const)
    .sort(([a], [b]) => a - b);
}

type Names = ValueSet["names"];

function names(values: Iterable<string>): ValueSet {
  return { ...NOTHING, names: { not: false, values: new Set(values) } };
}
