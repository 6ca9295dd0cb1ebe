import { Psbt } from "bitcoinjs-lib";
import { describe, expect, test } from "vitest";
import { bitcoin } from "../../../src/chains/bitcoin/index.ts";
import type { AccountKeys } from "../../../src/chains/chain.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { emptyBook } from "../../../src/intent/book.ts";
import type { Intent } from "../../../src/intent/intent.ts";
import { publicKeyBelow } from "../../../src/keys/derive.ts";
import { emptyCounters } from "../../../src/policy/counters.ts";
import { compile } from "../../../src/policy/evaluate.ts";
import { explain } from "../../../src/policy/explain.ts";
import { parsePolicy } from "../../../src/policy/parse.ts";
import { shared, sharedFile, sharedText, vectorSuite } from "../../shared.ts";
import { MAIN } from "./wallet.ts";

interface Cases {
  readonly context: { readonly btc: { readonly descriptor: string; readonly addressBook: readonly string[] } };
  readonly cases: readonly {
    readonly id: string;
    readonly kind: string;
    readonly input: { readonly psbt: string; readonly round2?: string };
  }[];
}

const ATTACKER = "bc1qdk3ugq2nqakwmjxd2j5uv7mdjjxjc896e82gw4";
const NOW = Date.parse("2026-11-22T12:00:00Z");

describe.skipIf(!shared)(vectorSuite("hostile PSBTs"), { timeout: 30_000 }, () => {
  const { context, cases } = shared ? sharedFile<Cases>("cases/hostile.json") : ({} as Cases);
  const policy = shared
    ? parsePolicy(sharedText("cases/p0.json"), { parseAddress: (chain, text) => of(chain).parseAddress(chain, text) })
    : undefined;
  const friend = context?.btc.addressBook[0];

  function of(chain: string) {
    return chain.startsWith("bip122:") ? bitcoin : evm;
  }

  /** The case's own account, only watched: its descriptor, and public keys below it. */
  function watched(): AccountKeys {
    const named = bitcoin.readAccount(MAIN, context.btc.descriptor);
    if (!("descriptor" in named)) throw new Error("expected a descriptor");
    const source = { descriptor: named.descriptor, publicKey: (path: readonly number[]) => publicKeyBelow(named.extended, path) };
    return { ...source, address: bitcoin.address(MAIN, source, [0, 0]), ceilings: [20, 20] };
  }

  function judge(psbt: string): { readonly intent: Intent; readonly verdict: readonly string[]; readonly changes: readonly unknown[] } {
    const account = watched();
    const intent = bitcoin.decode({ chain: MAIN, account: account.address, kind: "psbt", payload: psbt }, account, emptyBook);
    const evaluator = compile(policy!);
    const when = { now: NOW, mode: "normal", requester: "owner" };
    const reasons = evaluator.judge(intent, when, emptyCounters).reasons.map(({ code }) => code);
    return { intent, verdict: reasons, changes: explain(evaluator, intent, when, () => emptyCounters).changes };
  }

  const input = (id: string) => cases.find((one) => one.id === id)!.input;

  test("all of them are tested here", () => {
    expect(cases.filter(({ kind }) => kind === "btc.psbt").map(({ id }) => id)).toEqual(["D22", "D23", "D24"]);
  });

  test("an understated amount: both rounds are malformed without the transactions that would prove it (D22)", () => {
    const { psbt, round2 } = input("D22");
    for (const round of [psbt, round2!])
      expect(() => judge(round)).toThrow(
        expect.objectContaining({ code: "chain/malformed", message: expect.stringContaining("inputs 0, 1") }),
      );
  });

  test("a blank cheque for an input is denied (D23)", () => {
    const { intent, verdict } = judge(input("D23").psbt);
    expect(verdict).toContain("bitcoin/sighash");
    expect(intent.effects[0]).toMatchObject({ kind: "transfer", sighash: "NONE|ANYONECANPAY" });
    expect(intent.signables).toEqual([]);
  });

  test("change that pays an attacker is a payment to the attacker, and denied (D24)", () => {
    const { intent, verdict } = judge(input("D24").psbt);
    expect(intent.effects).toMatchObject([
      { kind: "transfer", to: friend, amount: 1_000n, change: "foreign" },
      { kind: "transfer", to: ATTACKER, amount: 1_499_990_000n, change: "foreign" },
      { kind: "fee", amount: 9_000n },
    ]);
    expect(intent.refusals).toEqual([]);
    expect(verdict).toContain("policy/not-allowed");
  });

  test("the same transaction with change that is ours passes, and each other hash type of D23 does not", () => {
    const account = watched();
    const made = Psbt.fromBase64(input("D24").psbt);
    const honest = withOutput(made, 1, bitcoin.address(MAIN, account, [1, 5]));
    expect(judge(honest.toBase64())).toMatchObject({ verdict: [] });
    expect(judge(honest.toBase64()).intent.signables).toHaveLength(1);
    for (const sighashType of [0, 2, 3, 0x81, 0x83]) {
      const other = Psbt.fromBase64(honest.toBase64());
      Object.assign(other.data.inputs[0]!, { sighashType });
      expect(judge(other.toBase64()).verdict).toContain("bitcoin/sighash");
    }
  });

  test("with its previous transaction, a D22 that names the true amount shows the true fee", () => {
    // D24's coin of 15 BTC, spent for a little more than dust: what D22 hides is a fee like this one.
    const robbed = withOutput(Psbt.fromBase64(input("D24").psbt), 1, undefined);
    const { intent, verdict } = judge(robbed.toBase64());
    expect(intent.effects.at(-1)).toMatchObject({ kind: "fee", amount: 1_499_999_000n });
    expect(verdict).toContain("policy/not-allowed");
  });
});

/** The same PSBT with one output to another address, or without it. */
function withOutput(psbt: Psbt, at: number, address: string | undefined): Psbt {
  const made = new Psbt();
  made.setVersion(psbt.version);
  for (const [index, { hash, index: vout, sequence }] of psbt.txInputs.entries()) {
    made.addInput({ ...psbt.data.inputs[index]!, hash, index: vout, ...(sequence !== undefined && { sequence }) });
  }
  for (const [index, { script, value }] of psbt.txOutputs.entries()) {
    if (index !== at) made.addOutput({ script, value });
    else if (address !== undefined) made.addOutput({ address, value });
  }
  return made;
}
