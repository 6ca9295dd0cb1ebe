import type { Time } from "../../base/time.ts";
import type { EffectKind } from "../../intent/effect.ts";
import type { Condition, LimitRule, RequireRule } from "../core.ts";
import { type Actors, confirms, delayOf } from "./actors.ts";
import { type Box, boxesOf, meet, ofKinds } from "./boxes.ts";
import { hasDimension, type Space } from "./dimensions.ts";
import { feasible, only } from "./feasible.ts";
import type { Ground } from "./ground.ts";
import { marksOf, type Outcomes, untilDenied } from "./items.ts";
import { type Budget, Regions, type State } from "./regions.ts";
import { hasInteger, hasName, intersect, isEmpty, keyOf, NOTHING, type ValueSet } from "./sets.ts";
import { type Examples, type Witness, witnessIn } from "./witness.ts";

/** Effects that are looked for: of one of these kinds, and certainly under the condition. */
export interface Topic {
  readonly kinds: readonly EffectKind[];
  readonly when: Condition;
}

export interface Asking {
  /** Several are looked for at once, each by its index. */
  readonly topics: readonly Topic[];
  /** All topics lie in these, which are fewer: rules that meet none of them are left out. The topics themselves where it is absent. */
  readonly within?: readonly Topic[];
  readonly mode: string;
  /** Requests are made from here on: what was before cannot be chosen any more. */
  readonly from?: Time;
  /** Those who may ask: everybody where it is absent. */
  readonly by?: ReadonlySet<string>;
}

/** A region that is allowed, by what is asked for in it. */
export interface Found {
  readonly topics: readonly number[];
  readonly asks: readonly (RequireRule | LimitRule)[];
  readonly delayMs: number;
  readonly confirm: boolean;
  /** Who can ask in it. */
  readonly askers: readonly string[];
  readonly region: ReadonlyMap<number, ValueSet>;
}

/** What is known on the way to a region: all that holds there, and what still may. */
export interface Place {
  readonly topics: readonly number[];
  readonly asks: readonly (RequireRule | LimitRule)[];
  readonly askers: readonly string[];
}

export interface Visitor {
  /** Whether a region below could matter; once it could not, it must not later on. */
  worth(place: Place): boolean;
  /** Returns whether that is enough. */
  found(region: Found): boolean;
}

/** The last moment that a date can say (ECMA-262, "Time Values and Time Range"). */
const LAST_TIME = 8_640_000_000_000_000n;

/** A week of hours that open twice a day. */
const MOST_STRETCHES = 14;

/** One walk through the regions that a policy allows, depth first; where a visitor has seen enough it is left out. */
export class Walk {
  readonly #space: Space;
  readonly #actors: Actors;
  readonly #askers: readonly string[];
  readonly #outcomes: Outcomes;
  readonly #topics = new Map<number, number>();
  readonly #regions: Regions;
  readonly #from: bigint;
  readonly #seen = new Map<State, Set<string>>();
  readonly #at: { readonly [name in "requester" | "session" | "amount" | "total" | "date"]: number };

  /** @throws Inconclusive when the budget is spent, here and in all that follows. */
  constructor({ topics, within = topics, mode, from = 0, by }: Asking, using: { ground: Ground; actors: Actors; budget: Budget }) {
    const { actors, budget } = using;
    const { space, outcomes } = using.ground;
    this.#space = space;
    this.#outcomes = outcomes;
    this.#actors = actors;
    this.#from = BigInt(from);
    this.#askers = actors.people.filter((person) => by?.has(person) ?? true);
    const at = (name: string) => space.at(name);
    this.#at = { requester: at("requester"), session: at("session"), amount: at("amount"), total: at("total"), date: at("date") };
    const asked = topics.map((each, topic) => {
      const outcome = outcomes.number({ what: "asked", topic });
      this.#topics.set(outcome, topic);
      return { outcome, boxes: this.#boxesOf(each, mode) };
    });
    const rules = using.ground.items(
      mode,
      within.flatMap((each) => this.#boxesOf(each, mode)),
    );
    const marks = marksOf(space, this.#asking(rules.map(({ outcome }) => outcome)), outcomes);
    this.#regions = new Regions(space, [...rules, ...marks, ...asked], { keep: untilDenied(outcomes), budget });
  }

  #boxesOf({ kinds, when }: Topic, mode: string): readonly Box[] {
    const moment: Box = [
      [this.#space.at("mode"), only(mode)],
      [this.#at.date, { ...NOTHING, integers: [[this.#from, LAST_TIME]] }],
    ];
    const has = (kind: EffectKind, box: Box) =>
      box.every(([dimension, values]) => values.unknown || hasDimension(kind, this.#space.dimensions[dimension]?.name ?? ""));
    // Of a kind that has not the field nothing certainly holds; and nobody changes to the mode that holds already.
    const other: Box = [[this.#space.at("toMode"), { ...NOTHING, names: { not: true, values: new Set([mode]) } }]];
    const everywhere = boxesOf(this.#space, when, "certainly").flatMap((box) => {
      const having = kinds.filter((kind) => has(kind, box));
      const changed = having.includes("modeChange") ? meet(box, other) : undefined;
      return [
        ...ofKinds(
          this.#space,
          having.filter((kind) => kind !== "modeChange"),
          [box],
        ),
        ...(changed === undefined ? [] : ofKinds(this.#space, ["modeChange"], [changed])),
      ];
    });
    return everywhere.map((box) => meet(box, moment)).filter((box) => box !== undefined);
  }

  run(visitor: Visitor): void {
    this.#visit(this.#regions.start, new Map(), visitor);
  }

  /** A request out of a region, asked by one of its askers; signed at a moment of the region where one is given. */
  witness({ region }: Pick<Found, "region">, asker: string, examples: Examples, moment?: Time): Witness {
    const { requester, session, date } = this.#at;
    const chosen = new Map(region).set(requester, only(asker)).set(session, only(this.#sessionOf(asker, region) ?? ""));
    if (moment !== undefined) chosen.set(date, { ...NOTHING, integers: [[BigInt(moment), BigInt(moment)]] });
    return witnessIn(this.#space, chosen, examples);
  }

  /** Whether something in a region can be signed at a moment. */
  holds({ region }: Pick<Found, "region">, moment: Time): boolean {
    return hasInteger(region.get(this.#at.date)?.integers ?? [], BigInt(moment));
  }

  /** Moments of the region at which a request can be signed that was asked for so long before: the first ones of its stretches. */
  signedAt({ region, delayMs }: Pick<Found, "region" | "delayMs">): readonly Time[] {
    const lows = (region.get(this.#at.date)?.integers ?? []).slice(0, MOST_STRETCHES).map(([low]) => Number(low));
    const moments = lows.flatMap((low) => [low, low + delayMs]).filter((moment) => this.holds({ region }, moment));
    return delayMs === 0 ? [] : [...new Set(moments)].sort((a, b) => a - b);
  }

  #visit(state: State, region: Map<number, ValueSet>, visitor: Visitor): boolean {
    const place = this.#place(state, region);
    if (place === undefined || !visitor.worth(place)) return false;
    const key = this.#keyOf(region);
    const seen = this.#seen.get(state) ?? new Set();
    if (seen.has(key)) return false;
    this.#seen.set(state, seen.add(key));
    const expansion = this.#regions.expand(state);
    if (expansion === undefined) return this.#reach(place, region, visitor);
    for (const { values, state: next } of expansion.pieces) {
      if (!feasible(this.#space, region, expansion.dimension, values)) continue;
      if (this.#visit(next, new Map(region).set(expansion.dimension, values), visitor)) return true;
    }
    return false;
  }

  /** Nothing where it is denied, not asked about, or nobody can ask. */
  #place({ settled, open }: State, region: Map<number, ValueSet>): Place | undefined {
    const topics: number[] = [];
    let allowed = false;
    const look = (outcome: number) => {
      const topic = this.#topics.get(outcome);
      if (topic !== undefined && !topics.includes(topic)) topics.push(topic);
      allowed ||= this.#outcomes.at(outcome).what === "allowed";
    };
    for (const outcome of settled) look(outcome);
    for (const outcome of new Set(open.map((suffix) => suffix.outcome))) look(outcome);
    if (!allowed || topics.length === 0) return undefined;
    const asks = this.#asking(settled);
    const confirm = confirms(asks);
    const askers = this.#askersIn(region).filter((person) => !confirm || this.#actors.answers(person));
    return askers.length === 0 ? undefined : { topics, asks, askers };
  }

  #reach(place: Place, region: Map<number, ValueSet>, visitor: Visitor): boolean {
    const { asks } = place;
    const delayMs = delayOf(asks);
    // It is judged when it is signed, and so once the delay is over.
    const signed = { ...NOTHING, integers: [[this.#from + BigInt(delayMs), LAST_TIME] as const] };
    const date = intersect(region.get(this.#at.date) ?? this.#space.all(this.#at.date), signed);
    if (isEmpty(date)) return false;
    return visitor.found({ ...place, delayMs, confirm: confirms(asks), region: new Map(region).set(this.#at.date, date) });
  }

  #asking(outcomes: Iterable<number>): readonly (RequireRule | LimitRule)[] {
    return this.#outcomes.of(outcomes).flatMap((outcome) => (outcome.what === "asks" ? [outcome.rule] : []));
  }

  #askersIn(region: ReadonlyMap<number, ValueSet>): readonly string[] {
    const { requester, session } = this.#at;
    const names = region.get(requester)?.names;
    const inRegion = names === undefined ? this.#askers : this.#askers.filter((person) => hasName(names, person));
    return region.has(session) ? inRegion.filter((person) => this.#sessionOf(person, region) !== undefined) : inRegion;
  }

  #sessionOf(person: string, region: ReadonlyMap<number, ValueSet>): string | undefined {
    const names = region.get(this.#at.session)?.names;
    return this.#actors.sessions(person).find((kind) => names === undefined || hasName(names, kind));
  }

  /** What earlier choices still say when later ones are made. */
  #keyOf(region: Map<number, ValueSet>): string {
    const { requester, session, amount, total, date } = this.#at;
    const chosen = [requester, session, date].map((dimension) => {
      const values = region.get(dimension);
      return values === undefined ? "" : keyOf(values);
    });
    // A request's total is no less than one of its amounts.
    const least = region.has(total) ? undefined : region.get(amount)?.integers[0]?.[0];
    return `${chosen.join(" ")} ${least ?? ""}`;
  }
}
