import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/base/canonical.ts";
import { parseTime } from "../../../src/base/time.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { type Effect, UNLIMITED } from "../../../src/intent/effect.ts";
import { compile, emptyCounters, explain, parsePolicy } from "../../../src/policy/index.ts";
import { shared, sharedFile, sharedText, Tally, vectorSuite } from "../../shared.ts";
import { ACCOUNT, code, FRIEND, MALLORY, USDC } from "./fixtures.ts";
import { changed, decodeTyped, PERMIT2, PERMITS, USDT } from "./typed-fixtures.ts";

interface Case {
  readonly id: string;
  readonly kind: string;
  readonly input: Json;
  readonly expected: { readonly outcome: string };
}

const permit = { kind: "signedAllowance", to: MALLORY, account: ACCOUNT, outlives: true };

/** What decoding alone must show, in our names. P0 names no Permit2. */
const EXPECTED: { readonly [id: string]: "chain/malformed" | { effects: readonly Partial<Effect>[]; refusals?: readonly string[] } } = {
  D14: { effects: [{ ...permit, asset: `erc20:${USDC}`, amount: UNLIMITED, expiry: UNLIMITED } as Partial<Effect>] },
  D15: {
    effects: [
      { kind: "unknown", class: "U2", contract: PERMIT2, domain: "Permit2", primaryType: "PermitBatch" },
      { kind: "signedAllowance", to: MALLORY, contract: PERMIT2 },
    ],
  },
  D16: {
    effects: [
      { kind: "unknown", class: "U2", chain: "eip155:137", contract: USDC },
      { kind: "signedAllowance", chain: "eip155:137", to: FRIEND },
    ],
    refusals: ["evm/chain-mismatch"],
  },
  D17: "chain/malformed",
  D18: "chain/malformed",
  D19: { effects: [{ kind: "unknown", class: "U2", primaryType: "SafeTx", contract: "0x1Db92e2EeBC8E0c075a02BeA49a2935BcD2dFCF4" }] },
  D20: {
    effects: [{ kind: "transfer", asset: `erc20:${USDC}`, to: MALLORY, amount: 5_000_000_000n, expiry: 1_893_456_000n, outlives: true }],
  },
};

describe.skipIf(!shared)(vectorSuite("hostile typed data"), () => {
  const cases = shared ? sharedFile<{ cases: Case[] }>("cases/hostile.json").cases.filter(({ kind }) => kind === "evm.typedData") : [];
  const parseAddress = (chain: string, text: string) => (chain.startsWith("eip155:") ? evm.parseAddress(chain, text) : text);
  const p0 = shared ? parsePolicy(sharedText("cases/p0.json"), { parseAddress }) : undefined;
  const circumstances = { requester: "owner", now: parseTime("2026-11-22T12:00:00Z"), mode: "normal" };

  function judged(payload: Json) {
    if (p0 === undefined) throw new Error("unreachable: no shared policy");
    const intent = decodeTyped(payload, { book: p0.book });
    const evaluator = compile(p0);
    const { judgement } = explain(evaluator, intent, circumstances, () => emptyCounters);
    expect(evaluator.judge(intent, circumstances, emptyCounters)).toEqual(judgement);
    return { intent, judgement };
  }

  test("each is expected here, ends as expected, and P0 signs none of it", () => {
    expect(cases.map(({ id }) => id).sort()).toEqual(Object.keys(EXPECTED));
    const tally = new Tally();
    for (const { id, input, expected } of cases) {
      for (const payload of [input, JSON.stringify(input)]) {
        const wanted = EXPECTED[id];
        if (wanted === undefined || wanted === "chain/malformed") {
          expect(expected.outcome, id).toBe("malformed");
          if (code(() => judged(payload)) === wanted) tally.refused++;
          else tally.accepted.push(id);
          continue;
        }
        expect(["deny", "unknown-effect"], id).toContain(expected.outcome);
        const { intent, judgement } = judged(payload);
        expect(intent.effects, id).toEqual(wanted.effects.map((effect) => expect.objectContaining(effect)));
        expect(intent.refusals.map((reason) => reason.code)).toEqual(wanted.refusals ?? []);
        if (judgement.reasons.length > 0) tally.match++;
        else tally.accepted.push(id);
      }
    }
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect([tally.match, tally.refused]).toEqual([10, 4]);
  });

  test("D15 under a policy that names Permit2: an unlimited allowance of each token, for ever", () => {
    const input = cases.find(({ id }) => id === "D15")?.input ?? null;
    const each = { ...permit, contract: PERMIT2, amount: UNLIMITED, expiry: UNLIMITED };
    expect(decodeTyped(input).effects).toEqual([
      expect.objectContaining({ ...each, asset: `erc20:${USDC}` }),
      expect.objectContaining({ ...each, asset: `erc20:${USDT}` }),
    ]);
  });

  test("positive control: an ERC-3009 payment of 25 USDC to the friend passes by the rule for USDC", () => {
    const { intent, judgement } = judged(PERMITS.TransferWithAuthorization as unknown as Json);
    expect(intent.effects).toEqual([expect.objectContaining({ kind: "transfer", to: FRIEND, amount: 25_000_000n })]);
    expect(judgement).toMatchObject({ reasons: [], needs: [], hits: ["usdc"] });
  });

  test("its neighbours do not: a cent too much, another recipient, another token, an allowance", () => {
    const pay = PERMITS.TransferWithAuthorization;
    for (const neighbour of [
      changed(pay, { message: { value: "100000001" } }),
      changed(pay, { message: { to: MALLORY } }),
      changed(pay, { message: { from: MALLORY } }),
      changed(pay, { domain: { verifyingContract: MALLORY } }),
      changed(pay, { domain: { chainId: 137 } }),
      changed(PERMITS["EIP-2612"], { message: { spender: FRIEND } }),
    ]) {
      expect(judged(neighbour as unknown as Json).judgement.reasons.length).toBeGreaterThan(0);
    }
    expect(judged(changed(pay, { message: { value: "100000000" } }) as unknown as Json).judgement.reasons).toEqual([]);
  });
});
