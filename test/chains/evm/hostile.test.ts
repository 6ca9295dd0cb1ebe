import { describe, expect, test } from "vitest";
import { evm } from "../../../src/chains/evm/index.ts";
import { makeBook } from "../../../src/intent/book.ts";
import type { Effect } from "../../../src/intent/effect.ts";
import { shared, sharedFile, Tally, vectorSuite } from "../../shared.ts";
import { ACCOUNT, code, FRIEND, request } from "./fixtures.ts";

interface Case {
  readonly id: string;
  readonly kind: string;
  readonly input: { readonly raw?: string; readonly gen?: string };
  readonly expected: { readonly outcome: string; readonly effects?: readonly unknown[] };
}

const USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7";
const MALLORY = "0xBAd0000000000000000000000000000000000Bad";

/** What decoding alone must show, in our names; what a policy makes of it is tested with the policy. */
const EXPECTED: { readonly [id: string]: string | { effects: readonly Partial<Effect>[]; refusals?: readonly string[] } } = {
  D01: "chain/malformed",
  D02: "chain/malformed",
  D03: "chain/malformed",
  D04: { effects: [{ kind: "transfer", asset: "native", to: FRIEND }], refusals: ["evm/no-chain-id"] },
  D05: "chain/too-large",
  D06: { effects: [{ kind: "delegation", account: ACCOUNT, to: MALLORY, replayable: true, outlives: true }] },
  D08: { effects: [{ kind: "fee", amount: 159_984_000_000_000_000_000n }] },
  D09: { effects: [{ kind: "allowance", asset: `erc20:${USDC}`, to: MALLORY, amount: 2n ** 256n }] },
  D10: { effects: [{ kind: "unknown", class: "U1", contract: USDC }] },
  D11: {
    effects: [
      { kind: "transfer", asset: `erc20:${USDT}`, to: FRIEND, amount: 5_000_000n },
      { kind: "transfer", asset: "native", to: USDT, amount: 10n ** 18n },
    ],
  },
  D12: { effects: [{ kind: "unknown", class: "U1" }] },
  D13: {
    effects: [
      { kind: "unknown", class: "U1" },
      { kind: "operatorAllowance", to: MALLORY },
    ],
  },
  D21: { effects: [{ kind: "unknown", class: "U1" }] },
  D26: {
    effects: [
      { kind: "transfer", asset: `erc20:${USDC}`, to: FRIEND, amount: 25_000_000n },
      { kind: "fee", amount: 1_600_000_000_000_000n },
    ],
  },
};

describe.skipIf(!shared)(vectorSuite("hostile EVM transactions"), () => {
  const policy = shared
    ? sharedFile<{ assets: Record<string, { chain: string; asset: string; decimals: number }> }>("cases/p0.json")
    : { assets: {} };
  const book = makeBook(
    Object.entries(policy.assets).map(([name, asset]) => ({ name, ...asset })),
    [],
  );
  const cases = shared ? sharedFile<{ cases: Case[] }>("cases/hostile.json").cases.filter(({ kind }) => kind === "evm.tx") : [];
  const payloadOf = ({ input }: Case) => input.raw ?? `0x02${"ab".repeat(10 * 1024 * 1024)}`;
  const decode = (case_: Case) => evm.decode(request(payloadOf(case_)), { address: ACCOUNT }, book);

  test("each is expected here, and ends as expected", () => {
    const tally = new Tally();
    for (const case_ of cases) {
      const expected = EXPECTED[case_.id];
      expect(expected, `${case_.id} has no expectation here`).toBeDefined();
      if (typeof expected === "string") {
        expect(case_.expected.outcome, case_.id).toBe("malformed");
        const thrown = code(() => decode(case_));
        if (thrown === expected) tally.refused++;
        else tally.wrong.push(`${case_.id}: ${thrown}`);
        continue;
      }
      const intent = decode(case_);
      for (const effect of expected!.effects) expect(intent.effects, case_.id).toContainEqual(expect.objectContaining(effect));
      expect(intent.refusals.map((reason) => reason.code)).toEqual(expected!.refusals ?? []);
      tally.match++;
    }
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect(tally.match + tally.refused).toBe(cases.length);
    expect(tally.match).toBeGreaterThanOrEqual(10);
    expect(tally.refused).toBeGreaterThanOrEqual(4);
  });

  test("the fake transfer, the dirty address and the router's transfer are nobody's transfer (D10, D12, D21)", () => {
    for (const id of ["D10", "D12", "D21"]) {
      const effects = decode(cases.find((case_) => case_.id === id)!).effects;
      expect(effects.map((effect) => effect.kind)).toEqual(["unknown", "fee"]);
    }
  });

  test("the positive control has its transfer and its fee and nothing else (D26)", () => {
    const intent = decode(cases.find((case_) => case_.id === "D26")!);
    expect(intent.effects.map((effect) => effect.kind)).toEqual(["transfer", "fee"]);
    expect(intent.refusals).toEqual([]);
  });
});
