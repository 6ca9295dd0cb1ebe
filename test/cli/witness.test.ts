import fc from "fast-check";
import { Transaction } from "micro-eth-signer";
import { afterAll, describe, expect, test } from "vitest";
import type { Json } from "../../src/base/canonical.ts";
import { bitcoin } from "../../src/chains/bitcoin/index.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { reading } from "../../src/cli/chains.ts";
import { requestFor } from "../../src/cli/compose.ts";
import { examplesFor } from "../../src/cli/examples.ts";
import { Judging } from "../../src/cli/judging.ts";
import { explainedToJson } from "../../src/cli/verdict.ts";
import { witnessToJson } from "../../src/cli/witness.ts";
import { keyward, type Session } from "../../src/index.ts";
import { makeBook } from "../../src/intent/book.ts";
import type { Effect, EffectKind } from "../../src/intent/effect.ts";
import type { Request } from "../../src/intent/intent.ts";
import { answer } from "../../src/policy/analyze/question.ts";
import { judged, type Witness } from "../../src/policy/analyze/witness.ts";
import type { Condition, Policy, Rule } from "../../src/policy/core.ts";
import { emptyCounters } from "../../src/policy/counters.ts";
import { compile } from "../../src/policy/evaluate.ts";
import { verdictOf } from "../../src/policy/verdict.ts";
import { ACCOUNT, document, ethLimit, openCustody, payments, person, slot } from "../custody/fixture.ts";
import { freshStore } from "../here/fresh-store.ts";
import { typed } from "../policy/analyze/typed.ts";
import { full } from "../policy/documents.ts";
import { policies } from "../policy/generate.ts";
import { APES, CARDS, ETH, FRIEND, FUNCTIONS, holds, MAIN, namedPolicy, OTHER, PERMIT2, POOL, USDC } from "./composed.ts";
import { Shell } from "./shell.ts";

const BASE = "eip155:8453";
/** Of the random policies' own small world: what each name stands for in the real one. */
const REAL: { readonly [name: string]: string } = { "0x01": FRIEND, "0x02": OTHER, "0x03": POOL, "erc20:0xaa": `erc20:${USDC}` };

const names = {
  assets: {
    ETH: { chain: ETH, asset: "native", decimals: 18 },
    USDC: { chain: ETH, asset: `erc20:${USDC}`, decimals: 6 },
    "USDC-base": { chain: BASE, asset: `erc20:${USDC}`, decimals: 6 },
    APE: { chain: ETH, asset: `erc721:${APES}`, decimals: 0 },
    CARD: { chain: ETH, asset: `erc1155:${CARDS}`, decimals: 0 },
  },
  contracts: {
    pool: { chain: ETH, address: POOL, kind: "named", functions: FUNCTIONS },
    permit2: { chain: ETH, address: PERMIT2, kind: "permit2", functions: [] },
  },
};
const named = (section: object) => Object.entries(section).map(([name, row]) => ({ name, ...(row as object) }));
const book = makeBook(named(names.assets) as never, named(names.contracts) as never);

/** The same policy over names that real bytes can have. */
function realised(policy: Policy): Policy {
  const rename = (value: string): string => {
    const [, before = "", name = value] = /^(eip155:\d+[:/])(.*)$/.exec(value) ?? [];
    return before + (REAL[name] ?? name);
  };
  const condition = (when: Condition): Condition => {
    switch (when.op) {
      case "all":
      case "any":
        return { ...when, of: when.of.map(condition) };
      case "not":
        return { ...when, of: condition(when.of) };
      case "in":
        return { ...when, values: new Set([...when.values].map(rename)) };
      default:
        return when;
    }
  };
  const rule = (one: Rule): Rule => {
    const renamed = { ...one, when: condition(one.when) };
    if (renamed.type !== "limit") return renamed;
    const { measure } = renamed;
    if (measure.type === "amount") return { ...renamed, measure: { ...measure, asset: rename(measure.asset) } };
    if (measure.type !== "value") return renamed;
    return { ...renamed, measure: { ...measure, worth: new Map([...measure.worth].map(([asset, worth]) => [rename(asset), worth])) } };
  };
  return {
    ...policy,
    book,
    document: names as never,
    addresses: new Map([...policy.addresses].map(([name, { chain, address }]) => [name, { chain, address: REAL[address] ?? address }])),
    rules: policy.rules.map(rule),
    modes: new Map([...policy.modes].map(([name, mode]) => [name, { ...mode, rules: mode.rules.map(rule) }])),
  };
}

/** Fees of nothing are let pass, as every real policy has to. */
function withFees(policy: Policy): Policy {
  const fees: Rule = { type: "allow", id: "fees", kinds: ["fee"], when: { op: "always" } };
  return { ...policy, rules: [...policy.rules, fees] };
}

/** On a chain that people know, to somebody who was not listed before there was a calendar. */
function canBeStated({ chain, to }: Effect, { circumstances: { addedAt } }: Witness): boolean {
  if (chain === undefined) return true;
  const since = to === undefined ? undefined : addedAt?.(chain, to);
  return chain.startsWith("eip155:") && (since === undefined || since > Date.parse("0000-01-01T00:00:00Z"));
}

/** So many of a hundred witnesses get bytes at least; what no decoder of ours reads gets none. */
const SHARES: { readonly [K in EffectKind]?: number } = {
  transfer: 50,
  allowance: 40,
  signedAllowance: 60,
  call: 50,
  delegation: 75,
  deploy: 50,
  fee: 40,
  statement: 90,
  unknown: 60,
  modeChange: 80,
};

describe("witnesses of random policies", () => {
  test("become bytes, which the interpreter, the evaluator and explain let pass", () => {
    const count = new Map<EffectKind, { yes: number; bytes: number; explained: number }>();
    const kinds = Object.keys(SHARES) as EffectKind[];
    fc.assert(
      fc.property(policies, (drawn) => {
        const policy = realised(typed(withFees(drawn)));
        const evaluator = compile(policy);
        for (const kind of kinds) {
          const found = answer(policy, { kinds: [kind] }, { examples: examplesFor(policy) });
          if (found.kind !== "yes") continue;
          // A fee is that of something: where nothing may be sent there is none.
          if (kind === "fee" && answer(policy, { kinds: ["transfer"] }, { examples: examplesFor(policy) }).kind !== "yes") continue;
          const counted = count.get(kind) ?? { yes: 0, bytes: 0, explained: 0 };
          count.set(kind, counted);
          counted.yes++;
          const { witness } = found;
          const made = requestFor(policy, witness);
          const json = JSON.parse(JSON.stringify(witnessToJson(policy, witness))) as { request?: Json };
          const judging = new Judging(policy, { clock: () => 0 });
          // Policies of chance speak of chains that nobody knows, such as `ana`; as what is asked they are refused.
          if (witness.effects.every((effect) => canBeStated(effect, witness))) {
            const stated = explainedToJson(judging.explain(json as Json));
            expect(stated.verdict).toBe(verdictOf(judged(policy, witness), () => false).verdict);
          }
          if (made === undefined) {
            expect(json.request).toBeUndefined();
            continue;
          }
          counted.bytes++;
          const intent = reading.intent(made.request, { policy });
          for (const effect of witness.effects) expect(intent.effects.some((other) => holds(effect, other))).toBe(true);
          expect(evaluator.judge(intent, witness.circumstances, emptyCounters).reasons).toEqual([]);
          if (json.request === undefined) continue;
          counted.explained++;
          const explained = judging.explain(json.request);
          expect(explainedToJson(explained).verdict).not.toBe("deny");
          expect((json.request as unknown as Request).payload).toEqual(made.request.payload);
        }
      }),
      // Shares are statistics: of the same policies every time.
      { numRuns: 150, seed: 7 },
    );
    const shares = Object.fromEntries(
      [...count].map(([kind, { yes, bytes, explained }]) => [kind, `${bytes} of ${yes}, ${explained} by explain`]),
    );
    console.log(JSON.stringify(shares));
    for (const kind of kinds) {
      const { yes, bytes } = count.get(kind) ?? { yes: 0, bytes: 0 };
      expect(yes, kind).toBeGreaterThan(10);
      expect((100 * bytes) / yes, `${kind}: ${JSON.stringify(shares)}`).toBeGreaterThanOrEqual(SHARES[kind] ?? 0);
    }
  });
});

const shell = new Shell();
afterAll(() => shell.remove());

const ana = person("ana");
const ben = person("ben");
const coins = { assets: { BTC: { chain: MAIN, asset: "native", decimals: 8 } }, book: {}, lists: {} };
/** As people write them: each with what it lets pass. */
const WRITTEN: { readonly [name: string]: { readonly document: unknown; readonly kinds: readonly EffectKind[] } } = {
  "a hot wallet": { document: payments([ethLimit("50 ETH")]), kinds: ["transfer", "fee"] },
  "a treasury": { document: full(), kinds: ["transfer", "fee"] },
  "a trader": {
    document: withNames([
      { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.01 ETH" } } },
      { id: "approve", allow: ["allowance", "signedAllowance"], when: { asset: "USDC", to: "permit2", amount: { max: "1000 USDC" } } },
      { id: "deposit", allow: ["call"], when: { contract: "pool", function: "deposit", args: { to: "friend", amount: { max: 1000 } } } },
      { id: "nfts", allow: ["operatorAllowance"], when: { asset: ["APE", "CARD"], to: "@friends" } },
      { id: "sign-in", allow: ["statement"], when: { domain: "app.example.org" } },
      { id: "delegate", allow: ["delegation"], when: { chain: ETH, to: "pool" } },
      { id: "orders", allow: ["unknown"], when: { class: "U2", domain: "Seaport" } },
      { id: "deploy", allow: ["deploy", "unknown"], when: { chain: ETH } },
    ]),
    kinds: ["fee", "allowance", "signedAllowance", "call", "operatorAllowance", "statement", "delegation", "unknown", "deploy"],
  },
  "a sweep of coins": {
    document: document(
      [
        {
          id: "sweep",
          allow: ["transfer"],
          when: { asset: "BTC", sighash: "ALL", change: "verified", outputs: { max: 3 }, feeRate: { min: 2, max: 50 } },
        },
        { id: "fees", allow: ["fee"], when: { asset: "BTC", amount: { max: "0.001 BTC" } } },
        { id: "daily", limit: ["outflow"], when: { asset: "BTC" }, max: "2 BTC", per: "24h" },
      ],
      { more: coins },
    ),
    kinds: ["transfer", "fee"],
  },
  "a governed vault": {
    document: document(
      [
        { id: "freeze", allow: ["modeChange"], when: { toMode: "frozen" } },
        { id: "edit", allow: ["policyEdit"] },
        { id: "more", allow: ["import"], when: { what: "generate" } },
      ],
      { more: { immutable: false } },
    ),
    kinds: ["modeChange", "import"],
  },
};

describe("witnesses of policies as people write them", () => {
  test.each(Object.keys(WRITTEN))("all become requests that `keyward explain` lets pass as they stand: %s", async (name) => {
    const { document, kinds } = WRITTEN[name] as (typeof WRITTEN)[string];
    const policy = reading.policy(JSON.stringify(document));
    const file = shell.file("policy.json", document);
    for (const kind of kinds) {
      const found = answer(policy, { kinds: [kind] }, { examples: examplesFor(policy) });
      if (found.kind !== "yes") throw new Error(`${kind}: ${found.kind}`);
      const json = witnessToJson(policy, found.witness, { approvers: found.approvers });
      expect(json.request, `${kind}: ${JSON.stringify(json)}`).toBeDefined();
      const { exit, json: explained } = await shell.run(["explain", "--policy", file, "--json", shell.file("request.json", json.request)]);
      expect([0, 3], kind).toContain(exit);
      expect(explained.verdict).toBe(exit === 0 ? "allow" : "pending");
      const besides = json.besides as readonly Json[];
      expect(explained.intent.effects.length).toBe((json.effects as readonly Json[]).length + besides.length);
    }
  });
});

describe("bytes of a witness, handed to a custody under that policy", () => {
  test("are signed: a payment, an allowance and a call of EVM", async () => {
    const rules = [
      { id: "approve", allow: ["allowance"], when: { asset: "USDC", to: "@book", amount: { max: "5 USDC" } } },
      { id: "deposit", allow: ["call"], when: { contract: "pool", function: "deposit", args: { amount: { min: 7 } } } },
    ];
    const contracts = { pool: { chain: ETH, address: POOL, kind: "named", functions: FUNCTIONS } };
    const document = payments([ethLimit("5 ETH"), ...rules], { more: { contracts } });
    const { me } = await openCustody({ policy: document });
    const policy = reading.policy(JSON.stringify(document));
    for (const [nonce, kind] of (["transfer", "allowance", "call", "fee"] as const).entries()) {
      const found = answer(policy, { kinds: [kind] }, { examples: { ...examplesFor(policy), account: () => ACCOUNT } });
      if (found.kind !== "yes") throw new Error(`${kind}: ${found.kind}`);
      const made = requestFor(policy, found.witness, { nonce: BigInt(nonce) });
      if (made === undefined) throw new Error(`${kind}: expected a request`);
      const outcome = await me.sign(made.request);
      if (outcome.kind !== "signed") throw new Error(`${kind}: ${JSON.stringify(outcome)}`);
      expect(Transaction.fromBytes(outcome.bytes).sender).toBe(ACCOUNT);
    }
  });

  test("wait where the witness says that somebody has to answer", async () => {
    const four = {
      id: "four-eyes",
      require: ["transfer"],
      when: { total: { min: "1 ETH" }, asset: "ETH" },
      approvals: [{ of: "ops", atLeast: 1 }],
    };
    const document = payments([four], { people: [ana, ben], more: { roles: { ops: ["ana", "ben"] } } });
    const { me } = await openCustody({ policy: document });
    const policy = reading.policy(JSON.stringify(document));
    const examples = { ...examplesFor(policy), account: () => ACCOUNT };
    const when: Condition = { op: "within", field: "amount", intervals: [[10n ** 18n, 10n ** 20n]] };
    const found = answer(policy, { kinds: ["transfer"], when, by: new Set(["owner", "ana"]) }, { examples });
    if (found.kind !== "yes") throw new Error(found.kind);
    expect(found.approvers).toEqual(["ana"]);
    const made = requestFor(policy, found.witness);
    expect(made && (await me.sign(made.request)).kind).toBe("pending");
  });

  test("are signed: a payment of coins by each type of account", async () => {
    const rules = [
      { id: "pay", allow: ["transfer"], when: { asset: "BTC", sighash: "ALL", feeRate: { max: 9 } } },
      { id: "fees", allow: ["fee"], when: { asset: "BTC" } },
      { id: "daily", limit: ["outflow"], when: { asset: "BTC" }, max: "2 BTC", per: "24h" },
    ];
    const written = document(rules, { more: coins });
    const custody = keyward({ store: freshStore(), chains: [evm, bitcoin], autoLockMs: Number.POSITIVE_INFINITY });
    await custody.create({ slot, policy: written, wallet: { from: "seed", seed: new Uint8Array(64).fill(5) } });
    const me: Session = await custody.session({ person: "owner" });
    const policy = reading.policy(JSON.stringify(written));
    for (const type of ["wpkh", "tr", "sh-wpkh", "pkh"]) {
      const { address, descriptor = "" } = await me.accounts.derive({ chain: MAIN, name: type, type });
      const examples = { ...examplesFor(policy), account: () => address };
      const found = answer(policy, { kinds: ["transfer"] }, { examples });
      if (found.kind !== "yes") throw new Error(found.kind);
      const made = requestFor(policy, found.witness, { account: descriptor });
      if (made === undefined) throw new Error(`${type}: expected a request`);
      expect((await me.sign(made.request)).kind, type).toBe("signed");
    }
  });
});

function withNames(rules: readonly object[]): unknown {
  return namedPolicy(rules).document;
}
