import fc, { type Arbitrary } from "fast-check";
import { makeBook } from "../../../src/intent/book.ts";
import { type Effect, type EffectKind, UNLIMITED } from "../../../src/intent/effect.ts";
import { isAct } from "../../../src/intent/fields.ts";
import type { Clause, Need } from "../../../src/intent/verdict.ts";
import type { Witness } from "../../../src/policy/analyze/witness.ts";
import type { Condition, Credential, Measure, Policy, Rule } from "../../../src/policy/core.ts";
import { emptyCounters } from "../../../src/policy/counters.ts";
import { interpret } from "../../../src/policy/interpret.ts";
import { typed } from "./typed.ts";

/**
 * Random policies about people, over a world so small that everything which can be asked in it can be tried: four people of whom one
 * is a machine, two assets, moments around one at which an attack begins, and two modes beside `normal`.
 */
export const FROM = 1_800_000_000_000;
export const DELAYS = [0, 3, 1000] as const;
const CREDENTIALS: { readonly [person: string]: readonly Credential[] } = {
  ana: [{ kind: "unlock" }],
  ben: [{ kind: "secp256k1", publicKey: "02" }],
  cyd: [{ kind: "secp256k1", publicKey: "03" }],
  bot: [{ kind: "service", publicKey: "04" }],
};
export const PEOPLE = Object.keys(CREDENTIALS);
export const SETS = Array.from({ length: 1 << PEOPLE.length }, (_, set) => PEOPLE.filter((_, index) => (set & (1 << index)) !== 0));
const ASSETS = ["native", "erc20:0xaa"] as const;

const some = (values: readonly string[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 }).map((list) => new Set(list));
const named = (
  field: "requester" | "session" | "asset" | "part" | "direction" | "toMode" | "what" | "class" | "mode",
  values: readonly string[],
) => some(values).map((list): Condition => ({ op: "in", field, values: list }));
const within = (field: "amount" | "date", values: readonly bigint[]) =>
  fc
    .tuple(fc.constantFrom(...values), fc.constantFrom(...values))
    .map(([a, b]): Condition => ({ op: "within", field, intervals: [a < b ? [a, b] : [b, a]] }));

const leaf: Arbitrary<Condition> = fc.oneof(
  { weight: 5, arbitrary: named("requester", PEOPLE) },
  { weight: 1, arbitrary: named("session", ["unlock", "secp256k1", "service"]) },
  { weight: 2, arbitrary: named("asset", ["eip155:1/native", "eip155:1/erc20:0xaa"]) },
  { weight: 1, arbitrary: named("part", ["rules", "people", "book"]) },
  { weight: 2, arbitrary: named("direction", ["tightens", "governs", "loosens"]) },
  { weight: 1, arbitrary: named("toMode", ["normal", "emergency", "frozen"]) },
  { weight: 1, arbitrary: named("what", ["a", "b"]) },
  { weight: 1, arbitrary: named("class", ["U1", "U2", "U3"]) },
  { weight: 1, arbitrary: named("mode", ["normal", "emergency", "frozen"]) },
  { weight: 2, arbitrary: within("amount", [1n, 2n, 3n, UNLIMITED]) },
  {
    weight: 1,
    arbitrary: within(
      "date",
      [-3n, 2n, 4n, 999n, 2000n].map((offset) => BigInt(FROM) + offset),
    ),
  },
);
const conditions: Arbitrary<Condition> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Condition>({ op: "always" }) },
  { weight: 6, arbitrary: leaf },
  { weight: 2, arbitrary: fc.tuple(leaf, leaf).map((of): Condition => ({ op: "all", of })) },
  { weight: 1, arbitrary: fc.tuple(leaf, leaf).map((of): Condition => ({ op: "any", of })) },
  { weight: 2, arbitrary: leaf.map((of): Condition => ({ op: "not", of })) },
);

const members = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...PEOPLE).map((person) => ({ person })) },
  {
    weight: 1,
    arbitrary: fc.record({
      person: fc.constantFrom(...PEOPLE),
      from: fc.integer({ min: FROM - 5, max: FROM + 2 }),
      until: fc.integer({ min: FROM + 3, max: FROM + 6 }),
    }),
  },
);
const clauses: Arbitrary<Clause> = fc.record({
  of: fc.constant("some"),
  members: fc.uniqueArray(members, { minLength: 1, maxLength: 4, selector: ({ person }) => person }),
  atLeast: fc.constantFrom(1, 1, 2),
});
const approvals = fc.array(fc.array(clauses, { minLength: 1, maxLength: 2 }), { maxLength: 2 });

export const KINDS = [
  "transfer",
  "allowance",
  "unknown",
  "call",
  "operatorAllowance",
  "policyEdit",
  "modeChange",
  "export",
] as const satisfies readonly EffectKind[];
const measures: Arbitrary<Measure> = fc.constantFrom<Measure>({ type: "count" }, { type: "amount", asset: "eip155:1/native" });
const anyKinds = fc.uniqueArray(fc.constantFrom<EffectKind>(...KINDS), { minLength: 1, maxLength: 4 });
const rule = (kinds: Arbitrary<readonly EffectKind[]>, when: Arbitrary<Condition>): Arbitrary<Rule> =>
  fc
    .tuple(
      kinds,
      when,
      fc.oneof(
        { weight: 5, arbitrary: fc.constant({ type: "allow" as const }) },
        { weight: 1, arbitrary: fc.constant({ type: "forbid" as const }) },
        {
          weight: 4,
          arbitrary: fc.record({
            type: fc.constant("require" as const),
            approvals,
            delayMs: fc.constantFrom(...DELAYS),
            confirm: fc.boolean(),
            expiresMs: fc.constant(259_200_000),
          }),
        },
        {
          weight: 1,
          arbitrary: fc.record({
            type: fc.constant("limit" as const),
            measure: measures,
            max: fc.constantFrom(0n, 1n, 2n),
            windowMs: fc.constant(3_600_000),
            by: fc.constant([]),
            beyond: approvals,
          }),
        },
      ),
    )
    .map(([kinds, when, rest]): Rule => {
      // An amount limit pins its asset, as the parser demands.
      const pin: Condition[] =
        rest.type === "limit" && rest.measure.type === "amount"
          ? [{ op: "in", field: "asset", values: new Set([rest.measure.asset]) }]
          : [];
      return { id: "", kinds, when: { op: "all", of: [when, ...pin] }, ...rest };
    });
const rules = (prefix: string, maxLength: number, each = rule(anyKinds, conditions)) =>
  fc.array(each, { minLength: 1, maxLength }).map((list) => list.map((each, index) => ({ ...each, id: `${prefix}${index}` })));

/** Rules about acts, each for few people and few things. */
const actKinds = fc.constantFrom<readonly EffectKind[]>(["policyEdit"], ["policyEdit"], ["modeChange"], ["export"]);
const aboutActs = fc.oneof(
  named("part", ["rules", "people", "book"]),
  named("mode", ["normal", "emergency"]),
  named("toMode", ["emergency"]),
);
const actConditions = fc.tuple(named("requester", PEOPLE), fc.oneof(aboutActs, aboutActs, fc.constant<Condition>({ op: "always" })));
const actRules = rules(
  "n",
  8,
  rule(
    actKinds,
    actConditions.map((of): Condition => ({ op: "all", of })),
  ),
);

/** Rules about what opens a channel, each for few people. */
const openKinds = fc.constantFrom<readonly EffectKind[]>(["unknown"], ["call", "unknown"], ["export"], ["policyEdit"]);
const openConditions = fc.oneof(named("requester", PEOPLE), fc.constant<Condition>({ op: "always" }));

export const openPolicies = fc.record({ normal: rules("n", 6, rule(openKinds, openConditions)), emergency: rules("e", 3) }).map(policyOf);
/** Few allows, and requires that wait and ask several people each. */
const waiting = fc
  .array(
    fc.record({
      kinds: fc.constantFrom<readonly EffectKind[]>(["policyEdit"], ["export", "policyEdit"], ["unknown", "export"]),
      when: fc.oneof({ weight: 1, arbitrary: fc.constant<Condition>({ op: "always" }) }, { weight: 2, arbitrary: conditions }),
      approvals: fc.oneof(
        { weight: 1, arbitrary: fc.constant([]) },
        { weight: 3, arbitrary: fc.array(fc.array(clauses, { minLength: 1, maxLength: 1 }), { minLength: 1, maxLength: 2 }) },
      ),
      delayMs: fc.constantFrom(...DELAYS),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((list) => [
    { id: "all", type: "allow" as const, kinds: ["policyEdit", "export", "unknown"] as const, when: { op: "always" } as const },
    ...list.map((each, index): Rule => ({ ...each, id: `w${index}`, type: "require", confirm: false, expiresMs: 259_200_000 })),
  ]);

export const waitingPolicies = fc.record({ normal: waiting, emergency: fc.constant<readonly Rule[]>([]) }).map(policyOf);
export const smallPolicies = fc.record({ normal: rules("n", 8), emergency: rules("e", 4) }).map(policyOf);
export const actPolicies = fc.record({ normal: actRules, emergency: rules("e", 2) }).map(policyOf);

function policyOf({ normal, emergency }: { readonly normal: readonly Rule[]; readonly emergency: readonly Rule[] }): Policy {
  return typed({
    id: "00".repeat(32),
    name: "small",
    document: { assets: { A: { chain: "eip155:1", asset: ASSETS[0] }, B: { chain: "eip155:1", asset: ASSETS[1] } } },
    immutable: false,
    book: makeBook(
      ASSETS.map((asset, index) => ({ name: "AB"[index] as string, chain: "eip155:1", asset, decimals: 0 })),
      [],
    ),
    addresses: new Map(),
    people: new Map(Object.entries(CREDENTIALS)),
    roles: new Map(),
    rules: normal,
    modes: new Map([
      ["frozen", { name: "frozen", rules: [] }],
      ["emergency", { name: "emergency", rules: emergency.flatMap((each) => signing(each)) }],
    ]),
  });
}

function signing(each: Rule): readonly Rule[] {
  const kinds = each.kinds.filter((kind) => !isAct(kind));
  return kinds.length === 0 ? [] : [{ ...each, kinds }];
}

const on = (members: Omit<Effect, "at">): Effect => ({ at: [], ...members });
const act = (members: Omit<Effect, "at">): Effect => ({ at: [], ...members });
export const EFFECTS: readonly Effect[] = [
  ...(["transfer", "allowance"] as const).flatMap((kind) =>
    [...ASSETS, "erc20:0xbb"].flatMap((asset) =>
      [1n, 2n, 3n, 4n, UNLIMITED].map((amount) => on({ kind, chain: "eip155:1", account: "0x01", to: "0x02", asset, amount })),
    ),
  ),
  ...(["U1", "U2", "U3"] as const).map((name) => on({ kind: "unknown", chain: "eip155:1", class: name })),
  on({ kind: "call", chain: "eip155:1", contract: "0x03" }),
  ...[...ASSETS, "erc721:0xbb"].map((asset) => on({ kind: "operatorAllowance", chain: "eip155:1", asset, to: "0x02" })),
  ...["rules", "people", "book", "roles", "modes"].flatMap((part) =>
    (["tightens", "governs", "loosens"] as const).map((direction) => act({ kind: "policyEdit", part, direction })),
  ),
  ...["normal", "emergency", "frozen"].map((toMode) => act({ kind: "modeChange", toMode })),
  ...["a", "b", "c"].map((what) => act({ kind: "export", what })),
];
const MOMENTS = [0, 1, 2, 3, 4, 5, 7, 999, 1000, 1003, 1005, 1007, 2000, 9000].map((offset) => FROM + offset);

/** A request that nothing denies, and all that it needs, told apart by nobody's help. */
export interface Passing {
  readonly effect: Effect;
  readonly mode: string;
  readonly asker: string;
  readonly now: number;
  readonly needs: readonly Need[];
  readonly asked: readonly (readonly (readonly Clause[])[])[];
  readonly delayMs: number;
  readonly confirm: boolean;
  readonly hits: readonly string[];
  /** Of each delay, what the request needs whenever it can be asked for so that the delay is over in time. */
  readonly asking: () => readonly (readonly (readonly Need[])[])[];
  /** Whether these people can add this part to an edit of the policy. */
  readonly alsoEdits: (part: string, people: readonly string[]) => boolean;
}

/** Every request of the world that nothing denies in a mode, asked no sooner than at the beginning and signed when its delays are over. */
export function passing(policy: Policy, mode: string, effects = EFFECTS): readonly Passing[] {
  // Nobody changes to the mode that holds already.
  const possible = effects.filter(({ toMode }) => toMode !== mode);
  return possible.flatMap((effect) =>
    PEOPLE.flatMap((asker) =>
      MOMENTS.flatMap((now) => {
        const session = CREDENTIALS[asker]?.[0]?.kind as string;
        return judge(policy, { effects: [effect], circumstances: { now, mode, requester: asker, session } });
      }),
    ),
  );
}

function judge(policy: Policy, { effects, circumstances }: Witness): readonly Passing[] {
  const { requester: asker = "", now, mode } = circumstances;
  const judged = (more: Partial<Witness["circumstances"]>, added: readonly Effect[] = []) =>
    interpret(policy, { effects: [...effects, ...added], refusals: [] }, { ...circumstances, ...more }, emptyCounters);
  const { reasons, needs, hits } = judged({});
  if (reasons.length > 0 || (needsConfirm(needs) && asker === "bot")) return [];
  // Acts are judged by the same rules in every mode, though some of these look at it.
  const modes = effects.every(({ kind }) => isAct(kind)) ? ["normal", "emergency", "frozen"] : [mode];
  const waits = delaysIn(needs).map(({ rule, delayMs }) => {
    const runs = (need: Need) => need.kind === "delay" && need.rule === rule && need.delayMs === delayMs;
    const last = now - delayMs;
    const moments = [last, ...MOMENTS.filter((moment) => FROM <= moment && moment < last)];
    return moments
      .flatMap((moment) => modes.map((then) => () => judged({ now: moment, mode: then })))
      .map((look) => () => {
        const each = look();
        return each.reasons.length === 0 && each.needs.some(runs) ? each.needs : undefined;
      });
  });
  if (now < FROM + Math.max(0, ...delaysIn(needs).map((need) => need.delayMs))) return [];
  if (!waits.every((ways) => ways.some((look) => look() !== undefined))) return [];
  const asking = () =>
    waits.map((ways) =>
      ways.flatMap((look) => {
        const found = look();
        return found === undefined ? [] : [found];
      }),
    );
  const alsoEdits = (part: string, people: readonly string[]) =>
    (["tightens", "governs", "loosens"] as const).some((direction) => {
      const also = judged({}, [act({ kind: "policyEdit", part, direction })]);
      return (
        also.reasons.length === 0 &&
        !(needsConfirm(also.needs) && asker === "bot") &&
        areAnswered(askedIn(also.needs), { asker, now }, people)
      );
    });
  const delayMs = Math.max(0, ...delaysIn(needs).map((need) => need.delayMs));
  const of = { effect: effects[0] as Effect, mode, asker, now, needs, asking, alsoEdits };
  return [{ ...of, asked: askedIn(needs), delayMs, confirm: needsConfirm(needs), hits }];
}

const needsConfirm = (needs: readonly Need[]) => needs.some(({ kind }) => kind === "confirm");
const delaysIn = (needs: readonly Need[]) => needs.flatMap((need) => (need.kind === "delay" ? [need] : []));
const askedIn = (needs: readonly Need[]) => needs.flatMap((need) => (need.kind === "approvals" ? [need.alternatives] : []));

/** The request of an answer, once more, if it is one that passes. */
export function passingOf(policy: Policy, witness: Witness | undefined): Passing | undefined {
  if (witness === undefined) return undefined;
  const { requester = "", session } = witness.circumstances;
  if (!CREDENTIALS[requester]?.some(({ kind }) => kind === session)) return undefined;
  return judge(policy, witness)[0];
}

/** Whether these people can answer, tried seat by seat. */
export function canAnswer(request: Passing, people: readonly string[]): boolean {
  return areAnswered(request.asked, request, people);
}

function areAnswered(asked: Passing["asked"], { asker, now }: Pick<Passing, "asker" | "now">, people: readonly string[]): boolean {
  const able = people.filter((person) => person !== asker && person !== "bot");
  const fill = (seats: readonly (readonly string[])[], free: readonly string[]): boolean => {
    const [first, ...rest] = seats;
    if (first === undefined) return true;
    return free.some(
      (person) =>
        first.includes(person) &&
        fill(
          rest,
          free.filter((other) => other !== person),
        ),
    );
  };
  const seats = (list: readonly Clause[]) =>
    list.flatMap(({ members: of, atLeast }) => {
      const standing = of
        .filter(({ from = 0, until = Number.POSITIVE_INFINITY }) => from <= now && now < until)
        .map(({ person }) => person);
      return Array.from({ length: atLeast }, () => standing);
    });
  return asked.every((alternatives) => alternatives.some((list) => fill(seats(list), able)));
}

/** Who of others is there all the time that it waits, and can say no however it is asked. */
export function objecting(request: Passing, people: readonly string[]): readonly string[] {
  const known = objected.get(request) ?? new Map<string, readonly string[]>();
  objected.set(request, known);
  const found = known.get(people.join()) ?? objectingAnew(request, people);
  known.set(people.join(), found);
  return found;
}

const objected = new WeakMap<Passing, Map<string, readonly string[]>>();

function objectingAnew(request: Passing, people: readonly string[]): readonly string[] {
  const { asker, now, delayMs, effect, alsoEdits } = request;
  if (delayMs === 0 || (effect.kind === "policyEdit" && alsoEdits("people", people))) return [];
  // Delays may begin one after the other: who can be left out of each way to begin the longest ones is named by none.
  const longest = request.asking().filter((_, index) => delaysIn(request.needs)[index]?.delayMs === delayMs);
  const others = PEOPLE.filter((person) => person !== asker && person !== "bot" && !people.includes(person));
  const isThere = (needs: readonly Need[], person: string) =>
    askedIn(needs)
      .flat(2)
      .flatMap(({ members: of }) => of)
      .some(({ person: name, from = 0, until = Number.POSITIVE_INFINITY }) => name === person && from <= now - delayMs && now - 1 < until);
  return others.filter((person) => longest.some((asking) => asking.every((needs) => isThere(needs, person))));
}

export function can(request: Passing, people: readonly string[]): boolean {
  return people.includes(request.asker) && canAnswer(request, people);
}
