import fc, { type Arbitrary } from "fast-check";
import { emptyBook } from "../../src/intent/book.ts";
import { ACT_KINDS, type Circumstances, EFFECT_KINDS, type Effect, type EffectKind, UNLIMITED } from "../../src/intent/effect.ts";
import { FIELDS, type Field } from "../../src/intent/fields.ts";
import type { Clause } from "../../src/intent/verdict.ts";
import type { ArgumentTest, Condition, Interval, Measure, Mode, Policy, Rule } from "../../src/policy/core.ts";
import type { Counters } from "../../src/policy/counters.ts";
import type { Judged } from "../../src/policy/evaluate.ts";

/**
 * Random policies, intents, circumstances and counters over a world so small that rules and effects often meet: two chains,
 * two assets, three addresses, three people, amounts up to ten and the top. Every member of an effect is now and then unknown.
 */
export const CHAINS = ["eip155:1", "eip155:8453"] as const;
export const ASSETS = ["native", "erc20:0xaa"] as const;
export const ADDRESSES = ["0x01", "0x02", "0x03"] as const;
export const PEOPLE = ["ana", "ben", "bot"] as const;
export const NOW = 1_750_000_000_000;

/** Any of these may also be missing. */
const maybe = <T>(arbitrary: Arbitrary<T>): Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined, freq: 8 });
const amounts: Arbitrary<bigint> = fc.oneof(
  { weight: 8, arbitrary: fc.bigInt({ min: 0n, max: 10n }) },
  { weight: 1, arbitrary: fc.constant(UNLIMITED) },
);
const chains = fc.constantFrom(...CHAINS);
const addresses = fc.constantFrom(...ADDRESSES);

const qualifiedAddresses = fc.tuple(chains, addresses).map(([chain, address]) => `${chain}:${address}`);
const qualifiedAssets = fc.tuple(chains, fc.constantFrom(...ASSETS)).map(([chain, asset]) => `${chain}/${asset}`);

/** What names of a field look like in a core. */
function namesOf(field: Field): Arbitrary<string> {
  switch (field) {
    case "chain":
      return chains;
    case "account":
    case "to":
    case "party":
    case "contract":
      return field === "to" ? fc.oneof(qualifiedAddresses, fc.constantFrom(...PEOPLE)) : qualifiedAddresses;
    case "asset":
      return qualifiedAssets;
    case "requester":
      return fc.constantFrom(...PEOPLE);
    case "mode":
      return fc.constantFrom("normal", "emergency");
    case "class":
      return fc.constantFrom("U1", "U2", "U3");
    default:
      return fc.constantFrom("a", "b");
  }
}

function integersOf(field: Field): Arbitrary<bigint> {
  if (field === "date") return fc.bigInt({ min: BigInt(NOW) - 5n, max: BigInt(NOW) + 5n });
  return amounts;
}

/** Sorted and disjoint, as the parser writes them. */
export function intervalsOf(integers: Arbitrary<bigint>): Arbitrary<readonly Interval[]> {
  return fc.uniqueArray(integers, { minLength: 0, maxLength: 4 }).map((ends) => {
    const sorted = [...ends].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const intervals: Interval[] = [];
    for (let i = 0; i < sorted.length; i += 2) intervals.push([sorted[i]!, sorted[i + 1] ?? sorted[i]!]);
    return intervals;
  });
}

const setOf = (names: Arbitrary<string>) => fc.array(names, { maxLength: 3 }).map((values) => new Set(values));

/** One comparison of a field. */
export function comparisons(field: Field): Arbitrary<Condition> {
  switch (FIELDS[field].type) {
    case "name":
      return setOf(namesOf(field)).map((values) => ({ op: "in", field, values }));
    case "integer":
      return intervalsOf(integersOf(field)).map((intervals) => ({ op: "within", field, intervals }));
    case "flag":
      return fc.boolean().map((value) => ({ op: "is", field, value }));
    case "arguments":
      return fc.tuple(fc.constantFrom("x", "y", "toString"), argumentTests).map(([name, test]) => ({ op: "argument", name, test }));
  }
}

const argumentTests: Arbitrary<ArgumentTest> = fc.oneof(
  setOf(fc.constantFrom("a", "b")).map((values) => ({ op: "in" as const, values })),
  intervalsOf(amounts).map((intervals) => ({ op: "within" as const, intervals })),
  fc.boolean().map((value) => ({ op: "is" as const, value })),
);

const COMMON_FIELDS: readonly Field[] = ["chain", "asset", "to", "amount", "total", "requester", "mode", "date", "recipientAge"];
const leaf: Arbitrary<Condition> = fc
  .oneof(
    { weight: 3, arbitrary: fc.constantFrom(...COMMON_FIELDS) },
    { weight: 1, arbitrary: fc.constantFrom(...(Object.keys(FIELDS) as Field[])) },
  )
  .chain(comparisons);

export const conditions: Arbitrary<Condition> = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    { weight: 2, arbitrary: fc.constant<Condition>({ op: "always" }) },
    { weight: 4, arbitrary: leaf },
    { weight: 1, arbitrary: fc.array(tie("condition"), { maxLength: 3 }).map((of): Condition => ({ op: "all", of })) },
    { weight: 1, arbitrary: fc.array(tie("condition"), { maxLength: 3 }).map((of): Condition => ({ op: "any", of })) },
    { weight: 1, arbitrary: tie("condition").map((of): Condition => ({ op: "not", of })) },
  ),
})).condition;

const OFTEN: readonly EffectKind[] = [
  "transfer",
  "transfer",
  "fee",
  "allowance",
  "signedAllowance",
  "call",
  "policyEdit",
  "export",
  "grant",
];
export const kinds: Arbitrary<EffectKind> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...OFTEN) },
  { weight: 1, arbitrary: fc.constantFrom(...EFFECT_KINDS, ...ACT_KINDS) },
);
const kindLists = fc.oneof(
  { weight: 2, arbitrary: fc.uniqueArray(kinds, { minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constant<readonly EffectKind[]>([...EFFECT_KINDS, ...ACT_KINDS]) },
);

/** Clauses whose members may be covered by others for dated absence. */
const members = fc.record(
  { person: fc.constantFrom(...PEOPLE), from: fc.integer({ min: NOW - 5, max: NOW }), until: fc.integer({ min: NOW, max: NOW + 5 }) },
  { requiredKeys: ["person"] },
);
const clauses: Arbitrary<Clause> = fc.record({
  of: fc.constantFrom("ops", "finance"),
  members: fc.array(members, { maxLength: 3 }),
  atLeast: fc.integer({ min: 1, max: 2 }),
});
export const alternatives = fc.array(fc.array(clauses, { minLength: 1, maxLength: 2 }), { maxLength: 2 });

const measures: Arbitrary<Measure> = fc.oneof(
  fc.constant<Measure>({ type: "count" }),
  qualifiedAssets.map((asset): Measure => ({ type: "amount", asset })),
  fc
    .tuple(
      fc.integer({ min: NOW - 1, max: NOW + 3 }),
      fc.array(fc.tuple(qualifiedAssets, fc.bigInt({ min: 0n, max: 5n }), fc.bigInt({ min: 1n, max: 3n })), { maxLength: 3 }),
    )
    .map(
      ([until, rows]): Measure => ({
        type: "value",
        unit: "USD",
        until,
        worth: new Map(rows.map(([asset, numerator, denominator]) => [asset, { numerator, denominator }])),
      }),
    ),
);

// An amount limit pins its asset, as the parser demands.
const limits = fc
  .record({
    measure: measures,
    max: amounts,
    windowMs: fc.constantFrom<number | "ever">(3_600_000, 86_400_000, "ever"),
    by: fc.uniqueArray(fc.constantFrom("requester" as const, "to" as const, "account" as const), { maxLength: 2 }),
    beyond: alternatives,
  })
  .map((limit) => ({ type: "limit" as const, ...limit }));

/** A rule without an id; {@link withIds} gives ids. */
const rule: Arbitrary<Rule> = fc
  .tuple(
    kindLists,
    conditions,
    fc.oneof(
      { weight: 5, arbitrary: fc.constant({ type: "allow" as const }) },
      { weight: 1, arbitrary: fc.constant({ type: "forbid" as const }) },
      {
        weight: 2,
        arbitrary: fc.record({
          type: fc.constant("require" as const),
          approvals: alternatives,
          delayMs: fc.constantFrom(0, 1000),
          confirm: fc.boolean(),
          expiresMs: fc.constant(259_200_000),
        }),
      },
      { weight: 3, arbitrary: limits },
    ),
  )
  .map(([ruleKinds, when, rest]): Rule => {
    const pinned =
      rest.type === "limit" && rest.measure.type === "amount"
        ? all(when, { op: "in", field: "asset", values: new Set([rest.measure.asset]) })
        : when;
    return { id: "", kinds: ruleKinds, when: pinned, ...rest };
  });

const all = (...of: Condition[]): Condition => ({ op: "all", of });

function withIds(prefix: string, rules: readonly Rule[]): readonly Rule[] {
  return rules.map((each, index) => ({ ...each, id: `${prefix}${index}` }));
}

/** Rules with ids `<prefix>0`, `<prefix>1` … */
export function rules(prefix: string, maxLength = 7): Arbitrary<readonly Rule[]> {
  return fc.array(rule, { maxLength }).map((list) => withIds(prefix, list));
}

/** A core around rules, for tests that build their own. */
export function policyOf(topLevel: readonly Rule[], modes: readonly Mode[] = []): Policy {
  const names = CHAINS.flatMap((chain) => ADDRESSES.map((address) => [`${chain}-${address}`, { chain, address }] as const));
  return {
    id: "00".repeat(32),
    name: "generated",
    document: {},
    immutable: false,
    book: emptyBook,
    addresses: new Map(names),
    people: new Map(PEOPLE.map((person) => [person, [{ kind: "unlock" }]])),
    roles: new Map(),
    rules: topLevel,
    modes: new Map(modes.map((mode) => [mode.name, mode])),
  };
}

export const policies: Arbitrary<Policy> = fc
  .record({ normal: rules("n"), emergency: rules("e", 5), frozen: fc.option(rules("f", 2), { nil: undefined }) })
  .map(({ normal, emergency, frozen }) =>
    policyOf(normal, [{ name: "emergency", rules: emergency, lastsMs: 1000 }, ...(frozen ? [{ name: "frozen", rules: frozen }] : [])]),
  );

const present = (members: { readonly [name: string]: unknown }) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

const letters = fc.constantFrom("a", "b");
export const effects: Arbitrary<Effect> = fc
  .tuple(
    kinds,
    fc.record({
      chain: maybe(chains),
      account: maybe(addresses),
      asset: maybe(fc.constantFrom(...ASSETS)),
      to: maybe(fc.oneof({ weight: 4, arbitrary: addresses }, { weight: 1, arbitrary: fc.constantFrom(...PEOPLE) })),
      amount: maybe(amounts),
      contract: maybe(addresses),
    }),
    fc.record(
      {
        party: addresses,
        tokenId: amounts,
        selector: letters,
        function: letters,
        args: fc.dictionary(fc.constantFrom("x", "y"), fc.oneof(letters, amounts, fc.boolean())),
        expiry: amounts,
        gas: amounts,
        feeRate: amounts,
        ownRecipient: fc.boolean(),
        replayable: fc.boolean(),
        domain: letters,
        class: fc.constantFrom("U1", "U2", "U3"),
        part: letters,
        direction: letters,
        what: letters,
        toMode: letters,
        outlives: fc.constant(true),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([kind, money, rest]) => ({ kind, at: [], ...present(money), ...rest }) as unknown as Effect);

export const intents: Arbitrary<Judged> = fc.array(effects, { maxLength: 4 }).map((list) => ({ effects: list, refusals: [] }));

export const circumstances: Arbitrary<Circumstances> = fc
  .record({
    now: fc.integer({ min: NOW - 4, max: NOW + 4 }),
    mode: fc.oneof(
      { weight: 4, arbitrary: fc.constant("normal") },
      { weight: 2, arbitrary: fc.constant("emergency") },
      { weight: 1, arbitrary: fc.constantFrom("frozen", "nowhere", "constructor") },
    ),
    requester: maybe(fc.constantFrom(...PEOPLE)),
    session: maybe(letters),
    origin: maybe(letters),
    added: maybe(
      fc.dictionary(
        fc.constantFrom(...CHAINS.flatMap((chain) => ADDRESSES.map((address) => `${chain}:${address}`))),
        fc.integer({ min: NOW - 12, max: NOW + 6 }),
      ),
    ),
    own: maybe(fc.constantFrom(...ADDRESSES)),
  })
  .map(({ added, own, ...rest }) => {
    const answers = {
      ...(added && { addedAt: (chain: string, address: string) => added[`${chain}:${address}`] }),
      ...(own && { isOwn: (_chain: string, address: string) => address === own }),
    };
    return { ...(present(rest) as unknown as Circumstances), ...answers };
  });

/** Counters that answer by the length of the charge's name: any, but always the same. */
export const counters: Arbitrary<Counters> = fc
  .tuple(fc.array(amounts, { minLength: 5, maxLength: 5 }), fc.boolean())
  .map(([used, frees]) => ({
    after({ limit: id, bucket, replaceable, lasting }) {
      const stands = used[(id.length * 7 + (id.codePointAt(1) ?? 0) + bucket.length) % used.length]!;
      return { used: stands, after: stands + replaceable + lasting, ...(frees && { freesAt: NOW + 1000 }) };
    },
  }));
