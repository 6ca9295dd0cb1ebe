import { ACT_KINDS, type Circumstances, EFFECT_KINDS, type Effect, UNLIMITED } from "../../../src/intent/effect.ts";
import type { Condition, Policy, Rule } from "../../../src/policy/core.ts";
import type { Counters } from "../../../src/policy/counters.ts";
import type { Judged } from "../../../src/policy/evaluate.ts";
import type { Random } from "../random.ts";

/** One request at one moment, out of the words of a policy: its assets, addresses, people, and the numbers at its bounds. */
export interface Asked {
  readonly intent: Judged;
  readonly circumstances: Circumstances;
  readonly counters: Counters;
}

export function asked(random: Random, policy: Policy): Asked {
  const words = wordsOf(policy);
  const maybe = <T>(value: T): T | undefined => (random.oneIn(8) ? undefined : value);
  const located = () => maybe(random.pick(words.addresses));
  const effect = (): Effect => {
    const [chain = "", asset = ""] = random.pick(words.assets).split("/");
    const kind = random.pick([...COMMON, ...COMMON, ...EFFECT_KINDS, ...ACT_KINDS]);
    const effect = {
      kind,
      at: [],
      chain: maybe(chain),
      account: located(),
      asset: maybe(asset),
      to: random.oneIn(10) ? random.pick(words.names) : located(),
      amount: maybe(random.pick(words.integers)),
      contract: located(),
      ...(random.oneIn(6) && { expiry: random.pick(words.integers) }),
      ...(random.oneIn(6) && { ownRecipient: random.oneIn(2) }),
      ...(random.oneIn(6) && { replayable: random.oneIn(2) }),
      ...(random.oneIn(8) && {
        function: random.pick(words.names),
        args: { amount: random.pick(words.integers), to: random.pick(words.names) },
      }),
      ...(random.oneIn(8) && { part: "rules", direction: random.pick(["loosens", "governs"]), what: random.pick(words.names) }),
      ...(random.oneIn(8) && { toMode: random.pick(words.modes) }),
      ...(random.oneIn(8) && { outlives: true }),
    };
    return present(effect) as unknown as Effect;
  };
  const used = Array.from({ length: 5 }, () => random.pick(words.integers));
  return {
    intent: { effects: Array.from({ length: random.below(4) }, effect), refusals: [] },
    circumstances: present({
      now: random.pick(words.moments),
      mode: random.pick(words.modes),
      requester: maybe(random.pick(words.people)),
      session: maybe(random.pick(["unlock", "secp256k1", "service"])),
      origin: maybe("https://app.example"),
      ...(random.oneIn(2) && { addedAt: (_: string, address: string) => (address.length % 2 === 0 ? words.moments[0] : undefined) }),
      ...(random.oneIn(2) && { isOwn: (_: string, address: string) => address === words.addresses[0] }),
    }) as unknown as Circumstances,
    counters: {
      after({ limit, bucket, replaceable, lasting }) {
        const stands = used[(limit.length + bucket.length) % used.length] ?? 0n;
        return { used: stands, after: stands + replaceable + lasting };
      },
    },
  };
}

const COMMON = ["transfer", "transfer", "transfer", "fee", "allowance"] as const;
const MOMENT = Date.parse("2025-06-15T12:26:40Z");

interface Words {
  readonly assets: readonly string[];
  readonly addresses: readonly string[];
  readonly people: readonly string[];
  readonly names: readonly string[];
  readonly modes: readonly string[];
  readonly integers: readonly bigint[];
  readonly moments: readonly number[];
}

function wordsOf(policy: Policy): Words {
  const found = { names: new Set<string>(), integers: new Set<bigint>([0n, 1n, UNLIMITED]), assets: new Set<string>() };
  const rules = [...policy.rules, ...[...policy.modes.values()].flatMap((mode) => mode.rules)];
  for (const rule of rules.slice(0, 40)) readRule(rule, found);
  const integers = [...found.integers].flatMap((value) => [value - 1n, value, value + 1n]);
  const moments = [MOMENT, ...integers.filter((value) => value > 1_600_000_000_000n && value < 2_000_000_000_000n).map(Number)];
  return {
    assets: [...found.assets, "eip155:1/native"],
    addresses: ["0xunknown", ...[...policy.addresses.values()].slice(0, 20).map(({ address }) => address)],
    people: ["nobody", ...[...policy.people.keys()].slice(0, 20)],
    names: ["constructor", "x", ...[...found.names].slice(0, 40)],
    modes: ["normal", "normal", "normal", "frozen", "nowhere", "constructor", ...[...policy.modes.keys()].slice(0, 5)],
    integers,
    moments,
  };
}

type Found = { readonly names: Set<string>; readonly integers: Set<bigint>; readonly assets: Set<string> };

function readRule(rule: Rule, found: Found): void {
  if (rule.type === "limit") found.integers.add(rule.max);
  readCondition(rule.when, found);
}

function readCondition(condition: Condition, found: Found): void {
  if (condition.op === "all" || condition.op === "any") for (const part of condition.of.slice(0, 20)) readCondition(part, found);
  if (condition.op === "not") readCondition(condition.of, found);
  if (condition.op === "within") for (const bound of condition.intervals.slice(0, 3).flat()) found.integers.add(bound);
  if (condition.op === "in") {
    for (const name of [...condition.values].slice(0, 10)) {
      if (condition.field === "asset") found.assets.add(name);
      else found.names.add(name);
    }
  }
}

function present(members: { readonly [name: string]: unknown }): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
