import fc, { type Arbitrary } from "fast-check";
import { type Circumstances, type Effect, type EffectKind, UNLIMITED } from "../../../src/intent/effect.ts";
import type { Clause } from "../../../src/intent/verdict.ts";
import { actorsOf } from "../../../src/policy/analyze/actors.ts";
import type { Attack } from "../../../src/policy/analyze/attack.ts";
import { suffices } from "../../../src/policy/analyze/quorum.ts";
import type { Condition, Interval, LimitRule, Measure, Policy, Rule } from "../../../src/policy/core.ts";
import { emptyCounters } from "../../../src/policy/counters.ts";
import { interpret } from "../../../src/policy/interpret.ts";
import { policyOf } from "../generate.ts";
import { typed } from "./typed.ts";

/**
 * Random policies over so small a world that every schedule of requests can be tried: one asset, three recipients, amounts up to
 * six, a moment each millisecond. And what trying them all finds.
 */
export const CHAIN = "eip155:1";
export const ASSET = `${CHAIN}/native`;
export const FROM = 1_000_000;
/** From here on no date matters. */
const LAST = FROM + 5;
const ADDRESSES = ["0x01", "0x02"];
const MOST = 7n;

const to = (names: readonly string[]): Condition => ({ op: "in", field: "to", values: new Set(names.map((name) => `${CHAIN}:${name}`)) });
const within = (field: "amount" | "total" | "date", intervals: readonly Interval[]): Condition => ({ op: "within", field, intervals });
const not = (condition: Condition): Condition => ({ op: "not", of: condition });
const requester = (names: readonly string[]): Condition => ({ op: "in", field: "requester", values: new Set(names) });
const inAsset: Condition = { op: "in", field: "asset", values: new Set([ASSET]) };

const range = (least: number, most: number): Arbitrary<Interval> =>
  fc
    .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
    .map(([a, b]) => [BigInt(Math.min(a, b)), BigInt(Math.max(a, b))]);
const dates = fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }).map((ends): Condition => {
  const sorted = [...ends].sort((a, b) => a - b);
  const intervals = sorted.flatMap((low, index): Interval[] =>
    index % 2 === 0 ? [[BigInt(FROM + low), index + 1 < sorted.length ? BigInt(FROM + (sorted[index + 1] ?? 0)) - 1n : UNLIMITED]] : [],
  );
  return within("date", intervals);
});
const addressLists = fc.uniqueArray(fc.constantFrom(...ADDRESSES), { minLength: 1, maxLength: 2 });
const people = fc.uniqueArray(fc.constantFrom("ana", "ben", "cyd", "bot"), { minLength: 1, maxLength: 3 });
/** In so many of ten. */
const sometimes = (chances: number, condition: Arbitrary<Condition>): Arbitrary<Condition | undefined> =>
  fc.oneof({ weight: chances, arbitrary: condition }, { weight: 10 - chances, arbitrary: fc.constant(undefined) });
const maybeNot = (condition: Arbitrary<Condition>) => fc.tuple(condition, fc.boolean()).map(([one, turned]) => (turned ? not(one) : one));

const conditions = (dated: boolean): Arbitrary<Condition> =>
  fc
    .tuple(
      sometimes(
        5,
        range(1, 6).map((interval) => within("amount", [interval])),
      ),
      sometimes(3, maybeNot(addressLists.map(to))),
      sometimes(3, maybeNot(people.map(requester))),
      sometimes(
        2,
        range(1, 7).map((interval) => within("total", [interval])),
      ),
      dated ? sometimes(4, maybeNot(dates)) : fc.constant(undefined),
    )
    .map((parts): Condition => ({ op: "all", of: parts.filter((part) => part !== undefined) }));

const kinds: Arbitrary<readonly EffectKind[]> = fc.constantFrom<readonly EffectKind[]>(
  ["transfer"],
  ["transfer"],
  ["transfer", "fee"],
  ["fee"],
  ["transfer", "allowance", "fee"],
  ["allowance"],
);
const all = (...of: readonly Condition[]): Condition => ({ op: "all", of });
const clauses: Arbitrary<Clause> = fc.record({
  of: fc.constant("some"),
  members: people.map((names) => names.map((person) => ({ person }))),
  atLeast: fc.integer({ min: 1, max: 2 }),
});
const alternatives = fc.array(fc.array(clauses, { minLength: 1, maxLength: 2 }), { maxLength: 2 });
const measures: Arbitrary<Measure> = fc.oneof(
  fc.constant<Measure>({ type: "count" }),
  fc.constant<Measure>({ type: "amount", asset: ASSET }),
  fc.constant<Measure>({ type: "amount", asset: ASSET }),
  fc.constantFrom([1n, 1n], [2n, 1n], [1n, 2n], [2n, 3n]).map(
    ([numerator, denominator]): Measure => ({
      type: "value",
      unit: "USD",
      until: 2 ** 50,
      worth: new Map([[ASSET, { numerator: numerator as bigint, denominator: denominator as bigint }]]),
    }),
  ),
);
const windows = fc.constantFrom<number | "ever">(1, 2, 2, 3, 4, "ever");
const by = fc.uniqueArray(fc.constantFrom("requester" as const, "to" as const, "account" as const), { maxLength: 1 });

type Bare = Rule extends infer R ? (R extends Rule ? Omit<R, "id"> : never) : never;
const allows = (dated: boolean): Arbitrary<Bare> =>
  fc.record({ type: fc.constant("allow" as const), kinds, when: conditions(dated).map((when) => all(inAsset, when)) });
const forbids = (dated: boolean): Arbitrary<Bare> => fc.record({ type: fc.constant("forbid" as const), kinds, when: conditions(dated) });
const requires = (dated: boolean): Arbitrary<Bare> =>
  fc.record({
    type: fc.constant("require" as const),
    kinds,
    when: conditions(dated),
    approvals: alternatives,
    delayMs: fc.constantFrom(0, 0, 1, 2),
    confirm: fc.boolean(),
    expiresMs: fc.constant(1000),
  });
const limits = (dated: boolean): Arbitrary<Bare> =>
  fc.record({
    type: fc.constant("limit" as const),
    kinds,
    when: fc.oneof(fc.constant<Condition>({ op: "always" }), conditions(dated)).map((when) => all(inAsset, when)),
    measure: measures,
    max: fc.bigInt({ min: 1n, max: 6n }),
    windowMs: windows,
    by,
    beyond: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: alternatives }),
  });

/** A limit on everything beside the others, so that most losses have a bound. */
const catchAll: Arbitrary<Bare> = fc.record({
  type: fc.constant("limit" as const),
  kinds: fc.constant<readonly EffectKind[]>(["transfer", "allowance", "fee"]),
  when: fc.constant(inAsset),
  measure: fc.constant<Measure>({ type: "amount", asset: ASSET }),
  max: fc.bigInt({ min: 2n, max: 6n }),
  windowMs: windows,
  by: fc.constant([]),
  beyond: fc.constant([]),
});

export const cases = (dated: boolean): Arbitrary<{ readonly policy: Policy; readonly attack: Attack }> =>
  fc
    .record({
      rules: fc
        .tuple(
          fc.array(allows(dated), { minLength: 1, maxLength: 3 }),
          fc.array(forbids(dated), { maxLength: 1 }),
          fc.array(requires(dated), { maxLength: 2 }),
          fc.array(limits(dated), { maxLength: 3 }),
          fc.option(catchAll, { nil: undefined, freq: 6 }),
        )
        .map(([a, b, c, d, e]) => [...a, ...b, ...c, ...d, ...(e === undefined ? [] : [e])]),
      stolen: people,
      horizonMs: fc.integer({ min: 1, max: 4 }),
      detectionMs: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    })
    .map(({ rules, stolen, horizonMs, detectionMs }) => ({
      policy: typed({
        ...policyOf(rules.map((rule, index): Rule => ({ ...rule, id: `r${index}` }) as Rule)),
        people: new Map([
          ["ana", [{ kind: "unlock" as const }]],
          ["ben", [{ kind: "secp256k1" as const, publicKey: "02" }]],
          ["cyd", [{ kind: "secp256k1" as const, publicKey: "03" }]],
          ["bot", [{ kind: "service" as const, publicKey: "04" }]],
        ]),
      }),
      attack: { stolen: new Set(stolen), mode: "normal", horizonMs, from: FROM, ...(detectionMs !== undefined && { detectionMs }) },
    }));

/** One request that the stolen people can make, and what it draws. */
interface Option {
  readonly amount: bigint;
  readonly delayMs: number;
  readonly charges: readonly { readonly key: string; readonly limit: LimitRule; readonly weight: bigint; readonly answered: boolean }[];
}

export interface Tried {
  readonly most: bigint;
  /** Whether some request can be repeated for ever. */
  readonly endless: boolean;
}

/** Every schedule of every request; nothing where there are too many. `more`: requests like these are tried too. */
export function tryAll(
  policy: Policy,
  attack: Attack,
  { dated, patience, more }: { readonly dated: boolean; readonly patience: number; readonly more: readonly (readonly Effect[])[] },
): Tried | undefined {
  const limits = new Map(policy.rules.flatMap((rule) => (rule.type === "limit" ? [[rule.id, rule]] : [])));
  const memo = new Map<number, readonly Option[]>();
  const optionsAt = (now: number) => {
    const moment = dated ? Math.min(now, LAST) : attack.from;
    const known = memo.get(moment) ?? optionsOf(policy, { attack, now: moment, limits, more });
    memo.set(moment, known);
    return known;
  };
  let most = 0n;
  for (let start = attack.from; start <= (dated ? LAST + 1 : attack.from); start++) {
    const slots = Array.from({ length: attack.horizonMs }, (_, offset) =>
      optionsAt(start + offset).filter(({ delayMs }) => delayMs <= offset),
    );
    if (slots.flat().some(isEndless)) return { most, endless: true };
    const found = search(slots, patience);
    if (found === undefined) return undefined;
    if (found > most) most = found;
  }
  return { most, endless: false };
}

function isEndless({ charges }: Option): boolean {
  return charges.every(({ answered, weight }) => answered || weight === 0n);
}

function search(slots: readonly (readonly Option[])[], patience: number): bigint | undefined {
  const memo = new Map<string, bigint>();
  let left = patience;
  const best = (slot: number, first: number, drawn: ReadonlyMap<string, readonly bigint[]>): bigint => {
    if (--left < 0) return 0n;
    const options = slots[slot];
    if (options === undefined) return 0n;
    const key = `${slot} ${first} ${[...drawn]
      .map(([name, sums]) => `${name}=${sums.join()}`)
      .sort()
      .join(";")}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    let found = best(slot + 1, 0, drawn);
    for (let index = first; index < options.length; index++) {
      const { amount, charges } = options[index] as Option;
      const next = new Map(drawn);
      const fits = charges.every(({ key: name, limit, weight, answered }) => {
        const sums = drawn.get(name) ?? slots.map(() => 0n);
        const since = limit.windowMs === "ever" ? 0 : Math.max(0, slot - limit.windowMs + 1);
        const used = sums.slice(since, slot + 1).reduce((a, b) => a + b, 0n);
        next.set(
          name,
          sums.map((sum, at) => (at === slot ? sum + weight : sum)),
        );
        return answered || used + weight <= limit.max;
      });
      if (!fits) continue;
      const value = amount + best(slot, index, next);
      if (value > found) found = value;
    }
    memo.set(key, found);
    return found;
  };
  const found = best(0, 0, new Map());
  return left < 0 ? undefined : found;
}

function optionsOf(
  policy: Policy,
  {
    attack,
    now,
    limits,
    more,
  }: { attack: Attack; now: number; limits: ReadonlyMap<string, LimitRule>; more: readonly (readonly Effect[])[] },
): readonly Option[] {
  const out = new Map<string, Option>();
  const actors = actorsOf(policy);
  for (const asker of attack.stolen) {
    const approvers = actors.approvers(attack.stolen, asker, now);
    for (const effects of requests(more)) {
      const circumstances: Circumstances = { now, mode: "normal", requester: asker, isOwn: () => false };
      const { charges, needs, reasons } = interpret(policy, { effects, refusals: [] }, circumstances, emptyCounters);
      if (reasons.length > 0) continue;
      if (!needs.every((need) => need.kind !== "approvals" || suffices([need.alternatives], approvers))) continue;
      if (needs.some(({ kind }) => kind === "confirm") && asker === "bot") continue;
      const delayMs = Math.max(0, ...needs.map((need) => (need.kind === "delay" ? need.delayMs : 0)));
      const noticed = delayMs > 0 && attack.detectionMs !== undefined && attack.detectionMs <= delayMs;
      const named = (clauses: readonly (readonly Clause[])[]) =>
        clauses.flat(2).flatMap(({ members }) => members.map(({ person }) => person));
      // Who is named for what the request needs, from when it was asked on. What comes late finds a yes that was said before.
      const objected = (rule: Rule) => {
        const alternatives = alternativesOf(rule);
        if (!noticed || !named(alternatives).some((person) => !attack.stolen.has(person) && person !== "bot")) return false;
        // A delay runs only from when it was asked for: its own rule named its people by then.
        const inTime = rule.type === "require" && rule.delayMs >= (attack.detectionMs ?? 0);
        return needs.some((need) => need.rule === rule.id) && (inTime || !mayComeLate(rule));
      };
      const asking = policy.rules.filter(({ id }) => needs.some((need) => need.kind === "approvals" && need.rule === id));
      if (asking.some(objected)) continue;
      const option: Option = {
        amount: effects.reduce((sum, { amount = 0n }) => sum + amount, 0n),
        delayMs,
        charges: charges.map((charge) => {
          const limit = limits.get(charge.limit) as LimitRule;
          const answered = limit.beyond.length > 0 && suffices([limit.beyond], approvers) && !objected(limit);
          return { key: `${charge.limit} ${charge.bucket}`, limit, weight: charge.replaceable + charge.lasting, answered };
        }),
      };
      const drawn = option.charges.filter(({ answered }) => !answered).map(({ key, weight }) => `${key}:${weight}`);
      out.set(`${option.amount} ${delayMs} ${drawn.join()}`, option);
    }
  }
  return [...out.values()];
}

function alternativesOf(rule: Rule): readonly (readonly Clause[])[] {
  return rule.type === "require" ? rule.approvals : rule.type === "limit" ? rule.beyond : [];
}

/** Moments, and what a fee is part of, may be otherwise once it is signed; and a limit in a unit of account may be over. */
function mayComeLate(rule: Rule): boolean {
  const looked = JSON.stringify(rule.when, (_, value) => (typeof value === "bigint" ? `${value}` : value));
  if (rule.type === "limit" && rule.measure.type === "value") return true;
  if (rule.kinds.includes("fee") && (rule.type === "limit" || looked.includes('"amount"'))) return true;
  return ['"date"', '"total"'].some((field) => looked.includes(field));
}

function* requests(more: readonly (readonly Effect[])[]): Generator<readonly Effect[]> {
  yield* more;
  const added = more.flat();
  const addresses = new Set([...ADDRESSES, ...added.flatMap(({ to }) => (to === undefined ? [] : [to]))]);
  const accounts = new Set(["0x09", ...added.flatMap(({ account }) => (account === undefined ? [] : [account]))]);
  const amounts = new Set(added.flatMap(({ amount }) => (amount === undefined ? [] : [amount])));
  for (let amount = 1n; amount <= MOST; amount++) amounts.add(amount);
  for (const kind of ["transfer", "allowance", "fee"] as const) {
    for (const to of kind === "fee" ? [undefined] : addresses) {
      for (const account of accounts) {
        const one: Effect = { kind, at: [], chain: CHAIN, account, asset: "native", ...(to !== undefined && { to }) };
        for (const amount of amounts) yield [{ ...one, amount }];
        for (const amount of [1n, 2n, 3n])
          for (const other of [1n, 2n, 3n])
            if (other <= amount)
              yield [
                { ...one, amount },
                { ...one, amount: other },
              ];
      }
    }
  }
}
