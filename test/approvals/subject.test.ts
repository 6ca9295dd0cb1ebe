import { describe, expect, test } from "vitest";
import { approvalSubject, covers } from "../../src/approvals/subject.ts";
import { ACT_KINDS, EFFECT_KINDS, type Effect, UNLIMITED } from "../../src/intent/effect.ts";
import { type Intent, intentId, REQUEST_KINDS, type RequestKind } from "../../src/intent/intent.ts";

const CHAIN = "eip155:1";
const ACCOUNT = "0x0000000000000000000000000000000000000001";
const PAYEE = "0x0000000000000000000000000000000000000002";

const transfer: Effect = { kind: "transfer", at: [], chain: CHAIN, account: ACCOUNT, asset: "native", to: PAYEE, amount: 10n };
const fee: Effect = { kind: "fee", at: [], chain: CHAIN, account: ACCOUNT, asset: "native", amount: 5n, gas: 21_000n, feeRate: 1n };

let nonce = 0;
function intent(effects: readonly Effect[], kind: RequestKind = "transaction"): Intent {
  const bytes = Uint8Array.of(nonce++);
  return {
    id: intentId(CHAIN, ACCOUNT, kind, bytes),
    chain: CHAIN,
    account: ACCOUNT,
    kind,
    bytes,
    lane: `lane-${nonce}`,
    effects,
    signables: [],
    refusals: [],
  };
}

const subject = approvalSubject(intent([transfer, fee]), { feeCeiling: 9n });

describe("a payment", () => {
  test("is approved by its effects: other bytes, nonce, gas and a fee within the ceiling are the same subject", () => {
    expect(subject.kind).toBe("effects");
    for (const changed of [{}, { amount: 9n }, { amount: 0n }, { gas: 99n, feeRate: 7n }, { why: "base fee rose" }]) {
      const again = intent([transfer, { ...fee, ...changed }]);
      expect(covers(subject, again)).toBe(true);
      expect(approvalSubject(again, { feeCeiling: 9n })).toEqual(subject);
    }
    expect(covers(subject, intent([{ ...transfer, feeRate: 3n }, fee]))).toBe(true);
  });

  test("with a fee above the ceiling is not covered, in one piece or in several", () => {
    expect(covers(subject, intent([transfer, { ...fee, amount: 10n }]))).toBe(false);
    expect(covers(subject, intent([transfer, fee, fee]))).toBe(false);
    expect(covers(subject, intent([transfer, { ...fee, amount: 4n }, fee]))).toBe(true);
    expect(() => approvalSubject(intent([transfer, fee]), { feeCeiling: 4n })).toThrow(
      expect.objectContaining({ code: "request/malformed" }),
    );
  });

  test("with another ceiling is another subject", () => {
    expect(approvalSubject(intent([transfer, fee]), { feeCeiling: 10n }).digest).not.toBe(subject.digest);
    expect(covers({ ...subject, feeCeiling: 10n }, intent([transfer, { ...fee, amount: 10n }]))).toBe(false);
  });

  test("that differs in any member of any effect is not covered", () => {
    const changes: Partial<Effect>[] = [
      { amount: 11n },
      { to: ACCOUNT },
      { asset: "erc20:0x1" },
      { account: PAYEE },
      { chain: "eip155:10" },
      { at: [0] },
      { contract: PAYEE },
      { party: PAYEE },
      { tokenId: 1n },
      { selector: "0xa9059cbb" },
      { expiry: 1n },
      { sighash: "ALL" },
      { change: "foreign" },
      { inputs: 1n },
      { outputs: 2n },
      { ownRecipient: true },
      { outlives: true },
      { replayable: true },
      { kind: "allowance" },
    ];
    for (const change of changes)
      expect(covers(subject, intent([{ ...transfer, ...change }, fee])), JSON.stringify(Object.keys(change))).toBe(false);
    for (const change of [{ chain: "eip155:10" }, { account: PAYEE }, { asset: "erc20:0x1" }])
      expect(covers(subject, intent([transfer, { ...fee, ...change }]))).toBe(false);
    for (const effects of [[transfer], [transfer, transfer, fee], [fee], []]) expect(covers(subject, intent(effects))).toBe(false);
    expect(covers(subject, { ...intent([transfer, fee]), account: PAYEE })).toBe(false);
    expect(covers(subject, { ...intent([transfer, fee]), chain: "eip155:10" })).toBe(false);
    expect(covers(subject, intent([transfer, fee], "userOperation"))).toBe(false);
  });
});

describe("exact bytes are what is approved", () => {
  const isBytes = (effects: readonly Effect[], kind?: RequestKind) => {
    const first = intent(effects, kind);
    const of = approvalSubject(first, { feeCeiling: UNLIMITED });
    expect(of.kind).toBe("bytes");
    expect(covers(of, first)).toBe(true);
    expect(covers(of, intent(effects, kind))).toBe(false);
  };

  test("where any effect is of a kind that does not say everything", () => {
    const readable = ["transfer", "allowance", "operatorAllowance", "fee"];
    const opaque = [...EFFECT_KINDS, ...ACT_KINDS].filter((kind) => !readable.includes(kind));
    expect(opaque).toEqual(
      expect.arrayContaining([
        "call",
        "unknown",
        "delegatecall",
        "typedData",
        "statement",
        "order",
        "swap",
        "signedAllowance",
        "delegation",
        "deploy",
        "policyEdit",
      ]),
    );
    for (const kind of opaque) isBytes([transfer, { ...transfer, kind }, fee]);
  });

  test("where the request is a signature or an act and no transaction", () => {
    for (const kind of REQUEST_KINDS) {
      if (["transaction", "userOperation", "calls", "psbt"].includes(kind))
        expect(approvalSubject(intent([transfer, fee], kind), { feeCeiling: 9n }).kind).toBe("effects");
      else isBytes([transfer, fee], kind);
    }
  });

  test("where an effect leaves something to words, which no digest holds", () => {
    isBytes([{ ...transfer, why: "x" }, fee]);
    const { amount: _, ...operator } = { ...transfer, kind: "operatorAllowance" as const };
    isBytes([{ ...operator, why: "revokes an operator" }, fee]);
  });

  test("where an essential member is unknown", () => {
    for (const member of ["chain", "account", "asset", "to", "amount"] as const) {
      const { [member]: _, ...unknown } = transfer;
      isBytes([unknown, fee]);
    }
    for (const member of ["chain", "account", "asset", "amount"] as const) {
      const { [member]: _, ...unknown } = fee;
      isBytes([transfer, unknown]);
    }
  });

  test("where the fee is without limit, paid in two assets, or says more than a fee does", () => {
    isBytes([transfer, { ...fee, amount: UNLIMITED }]);
    isBytes([transfer, fee, { ...fee, asset: "erc20:0x1" }]);
    isBytes([transfer, { ...fee, to: PAYEE }]);
  });

  test("where there is nothing but a fee, or nothing at all", () => {
    isBytes([fee]);
    isBytes([]);
  });
});
