import type { Time } from "../base/time.ts";
import { type Address, type ChainId, type Circumstances, type Effect, UNLIMITED } from "../intent/effect.ts";
import { type Field, isAct } from "../intent/fields.ts";
import type { Judgement } from "../intent/verdict.ts";
import type { Condition, LimitRule, Policy, Rule } from "./core.ts";
import type { Counters, Standing } from "./counters.ts";
import type { Evaluator } from "./evaluate.ts";
import { totalsOf } from "./totals.ts";
import { asked } from "./weigh.ts";

/** A denied request, as it was judged. */
export interface Denied {
  readonly evaluator: Pick<Evaluator, "policy" | "limits">;
  readonly effects: readonly Effect[];
  readonly circumstances: Circumstances;
  readonly counters: Counters;
  readonly judgement: Judgement;
}

/**
 * Where a policy's answer can change, as candidates for `explain.ts`, nearest first. None is promised to pass: each is judged
 * again before it is offered. None is named where it certainly would not: a reason that is given for one effect stays unless
 * that effect changes.
 */
export interface Candidates {
  /** Effects of which a smaller amount may do, and of which another recipient may. */
  readonly withAmount: readonly Placed[];
  readonly withRecipient: readonly Placed[];
  /** Amounts of such an effect below the present one: the edges of conditions, and what limits leave room for. */
  amounts(of: Placed): readonly bigint[];
  /** Moments after the present one: when counters free, hours and dates begin or end, and recipients come of age. */
  times(): readonly Time[];
  /** Addresses that the policy knows on the effect's chain: those that an allow speaks of first, and of these the book's names. */
  recipients(of: Placed): readonly Recipient[];
  /** Everybody else, with each kind of credential that could begin their session. */
  people(): readonly { readonly requester: string; readonly session: string }[];
}

export interface Placed {
  readonly index: number;
  readonly effect: Effect;
}

export interface Recipient {
  readonly name: string;
  readonly address: Address;
}

/** Reads the policy once for all effects. */
export function candidatesOf({ evaluator, effects, circumstances, counters, judgement }: Denied): Candidates {
  const { policy } = evaluator;
  const conditions = conditionsOf(rulesOf(policy));
  const amountEdges = edgesOf(conditions, "amount");
  const totalEdges = edgesOf(conditions, "total");
  const totals = totalsOf(effects);
  const exceeded = exceededLimits(evaluator.limits, judgement, counters);
  const knownOn = new Map<ChainId, readonly Recipient[]>();

  const placed = effects.map((effect, index) => ({ index, effect }));
  const denied = new Set(judgement.reasons.flatMap(({ effect }) => (effect === undefined ? [] : [effect])));
  const deniedAssets = new Set(placed.flatMap(({ index, effect }) => (denied.has(index) ? [assetOf(effect)] : [])));
  const onlyDenied = ({ index }: Placed) => denied.size === 0 || (denied.size === 1 && denied.has(index));
  // One effect's amount reaches others through their totals, which are sums by asset.
  const reachesDenied = (of: Placed) => onlyDenied(of) || (deniedAssets.size === 1 && deniedAssets.has(assetOf(of.effect)));

  return {
    withAmount: placed.filter((of) => of.effect.amount !== undefined && reachesDenied(of)),
    withRecipient: placed.filter((of) => of.effect.to !== undefined && !isAct(of.effect.kind) && onlyDenied(of)),
    amounts({ index, effect }) {
      const { amount } = effect;
      if (amount === undefined) return [];
      const total = totals[index];
      const others = total === undefined ? 0n : total - amount;
      const edges = [...amountEdges, ...totalEdges.map((edge) => edge - others)];
      const rooms = exceeded.flatMap((charged) => roomsFor(effect, amount, charged));
      const smaller = [...edges, ...rooms].filter((candidate) => candidate > 0n && candidate < amount && candidate < UNLIMITED);
      return [...new Set(smaller)].sort((a, b) => (a > b ? -1 : 1));
    },
    times() {
      const frees = judgement.reasons.flatMap(({ params: { freesAt } }) => (typeof freesAt === "number" ? [freesAt] : []));
      const dates = edgesOf(conditions, "date").map(Number);
      const ages = edgesOf(conditions, "recipientAge").map(Number);
      const births = effects.map(({ chain, to }) =>
        chain === undefined || to === undefined ? undefined : circumstances.addedAt?.(chain, to),
      );
      const grown = [...new Set(births)].flatMap((added) => (added === undefined ? [] : ages.map((age) => added + age)));
      const later = [...frees, ...dates, ...grown].filter((time) => time > circumstances.now && time <= LAST_TIME);
      return [...new Set(later)].sort((a, b) => a - b);
    },
    recipients({ effect: { chain, to } }) {
      if (chain === undefined) return [];
      const known = knownOn.get(chain) ?? recipientsOn(chain, policy);
      knownOn.set(chain, known);
      return known.filter(({ address }) => address !== to);
    },
    people: () =>
      [...policy.people].flatMap(([requester, credentials]) =>
        requester === circumstances.requester
          ? []
          : [...new Set(credentials.map(({ kind }) => kind))].map((session) => ({ requester, session })),
      ),
  };
}

// The last moment that a date can say (ECMA-262, "Time Values and Time Range").
const LAST_TIME = 8.64e15;

interface Exceeded extends Standing {
  readonly limit: LimitRule;
  /** What the request draws from the counter. */
  readonly drawn: bigint;
}

/** The counters that the request would overrun. */
function exceededLimits(limits: readonly LimitRule[], { charges }: Judgement, counters: Counters): readonly Exceeded[] {
  const byId = new Map(limits.map((limit) => [limit.id, limit]));
  return charges.flatMap((charge) => {
    const limit = byId.get(charge.limit);
    if (limit === undefined) return [];
    const standing = counters.after(charge);
    return standing.after > limit.max ? [{ ...standing, limit, drawn: asked(charge) }] : [];
  });
}

/** The largest amounts of this effect with which the counter would just be full; two, because `after` may know of a replacement. */
function roomsFor({ chain, asset }: Effect, amount: bigint, { limit: { measure, max }, drawn, used, after }: Exceeded): readonly bigint[] {
  if (measure.type === "count") return [];
  const price = measure.type === "amount" ? { numerator: 1n, denominator: 1n } : measure.worth.get(`${chain}/${asset}`);
  if (price === undefined || price.numerator <= 0n) return [];
  const { numerator, denominator } = price;
  const weight = amount >= UNLIMITED ? UNLIMITED : (amount * numerator + denominator - 1n) / denominator;
  const others = drawn - weight;
  return [weight - (after - max), max - used - others].map((room) => (room * denominator) / numerator);
}

function assetOf({ chain, asset }: Effect): string {
  return `${chain}/${asset}`;
}

function recipientsOn(chain: ChainId, policy: Policy): readonly Recipient[] {
  const rules = rulesOf(policy);
  const named = [...policy.addresses].flatMap(([name, entry]) => (entry.chain === chain ? [{ name, address: entry.address }] : []));
  const names = new Set(named.map(({ address }) => address));
  const bare = (spoken: ReadonlySet<Address>) => [...spoken].flatMap((address) => (names.has(address) ? [] : [{ name: address, address }]));
  const allowed = spokenOn(
    chain,
    rules.filter(({ type }) => type === "allow"),
  );
  const others = spokenOn(
    chain,
    rules.filter(({ type }) => type !== "allow"),
  );
  return [
    ...named.filter(({ address }) => allowed.has(address)),
    ...bare(allowed),
    ...named.filter(({ address }) => !allowed.has(address)),
    ...bare(others).filter(({ address }) => !allowed.has(address)),
  ];
}

/** Recipients on the chain that some of the rules compare with. */
function spokenOn(chain: ChainId, rules: readonly Rule[]): ReadonlySet<Address> {
  const lists = conditionsOf(rules).flatMap((condition) => (condition.op === "in" && condition.field === "to" ? [condition.values] : []));
  const prefix = `${chain}:`;
  const spoken = new Set<Address>();
  // Rules that name the same list share its set.
  for (const list of new Set(lists)) {
    for (const text of list) if (text.startsWith(prefix)) spoken.add(text.slice(prefix.length));
  }
  return spoken;
}

/** The first values inside and outside of every interval that some condition compares the field with. */
function edgesOf(conditions: readonly Condition[], field: Field): readonly bigint[] {
  const compared = conditions.flatMap((condition) => (condition.op === "within" && condition.field === field ? [condition.intervals] : []));
  const edges = new Set<bigint>();
  // Rules that name the same hours share their intervals.
  for (const intervals of new Set(compared)) {
    for (const [low, high] of intervals)
      edges
        .add(low - 1n)
        .add(low)
        .add(high)
        .add(high + 1n);
  }
  return [...edges];
}

/** Of every mode. */
function rulesOf(policy: Policy): readonly Rule[] {
  return [...policy.rules, ...[...policy.modes.values()].flatMap((mode) => mode.rules)];
}

/** How much there is to compare in the rules of every mode: a rule without conditions counts as one. */
export function comparisonsOf(policy: Policy): number {
  return conditionsOf(rulesOf(policy)).length;
}

/** Every comparison in the rules, out of its combinations. */
function conditionsOf(rules: readonly Rule[]): readonly Condition[] {
  return rules.flatMap(({ when }) => leavesOf(when));
}

function leavesOf(condition: Condition): readonly Condition[] {
  switch (condition.op) {
    case "all":
    case "any":
      return condition.of.flatMap(leavesOf);
    case "not":
      return leavesOf(condition.of);
    default:
      return [condition];
  }
}
