import { base64 } from "@scure/base";
import { type Transaction as Peer, type Psbt, payments } from "bitcoinjs-lib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, fromHex } from "../../../src/base/bytes.ts";
import type { CustodyError } from "../../../src/base/errors.ts";
import { addressOfScript } from "../../../src/chains/bitcoin/address.ts";
import { decodePsbt } from "../../../src/chains/bitcoin/decode.ts";
import type { AccountKeys } from "../../../src/chains/chain.ts";
import { emptyBook } from "../../../src/intent/book.ts";
import type { Effect } from "../../../src/intent/effect.ts";
import type { Intent, RequestKind } from "../../../src/intent/intent.ts";
import { type Coin, makePsbt, numbers, type Owner, owner, type Paid, payment, randomPlan, signByPeer, TYPES } from "./made.ts";
import { account, MAIN } from "./wallet.ts";

const SEED = new Uint8Array(64).fill(7);
const stranger = owner("wpkh", new Uint8Array(64).fill(8));
const STRANGER = payment(stranger, [0, 0]).output;
const TO = addressOfScript(MAIN, STRANGER)!;

const us = Object.fromEntries(TYPES.map((type) => [type, owner(type, SEED)])) as { [type in (typeof TYPES)[number]]: Owner };
const keysOf = Object.fromEntries(TYPES.map((type) => [type, account({ seed: SEED, type, ceilings: [12, 12] })])) as {
  [type in (typeof TYPES)[number]]: AccountKeys;
};

function decode(psbt: Pick<Psbt, "toBase64">, keys: AccountKeys): Intent {
  return decodePsbt({ chain: MAIN, account: keys.address, kind: "psbt", payload: psbt.toBase64() }, keys, emptyBook);
}

type Input = Psbt["data"]["inputs"][number];

/** bitcoinjs-lib guards some fields of an input, so that it is exchanged as a whole. */
function editInput(psbt: Psbt, at: number, edit: (input: Partial<Input>) => object): void {
  psbt.data.inputs[at] = edit({ ...psbt.data.inputs[at] }) as Input;
}

function leaveOut<T extends object>(fields: T, ...names: readonly (keyof T)[]): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name as keyof T))) as Partial<T>;
}

const coin = (who: Owner, value: bigint, more: Partial<Coin> = {}): Coin => ({ who, path: [0, 1], value, witnessUtxo: "also", ...more });
const change = (who: Owner, value: bigint, path: readonly [number, number] = [1, 2]): Paid => ({ change: { who, path }, value });
const kinds = (intent: Intent): readonly string[] => intent.effects.map(({ kind }) => kind);
/** What a PSBT is refused with whose input proves too little. */
const unproven = (input: number) =>
  expect.objectContaining({ code: "chain/malformed", message: expect.stringContaining(`previous transactions of inputs ${input}:`) });
const codes = (intent: Intent): readonly string[] => intent.refusals.map(({ code }) => code);
const fee = (intent: Intent): Effect => intent.effects.at(-1)!;
const transfers = (intent: Intent): readonly Effect[] => intent.effects.filter(({ kind }) => kind === "transfer");

describe("a payment of one account", () => {
  for (const type of TYPES) {
    test(`${type}: what goes to somebody else is a transfer, what comes back is no effect, the rest is the fee`, () => {
      const who = us[type];
      const intent = decode(
        makePsbt({
          coins: [coin(who, 100_000n), coin(who, 50_000n, { path: [1, 5] })],
          paid: [{ script: STRANGER, value: 60_000n }, change(who, 88_000n)],
        }),
        keysOf[type],
      );
      const size = { pkh: 374n, "sh-wpkh": 256n, wpkh: 209n, tr: 180n }[type];
      const base = { at: [], chain: MAIN, account: keysOf[type].address, asset: "native", feeRate: (2_000n + size - 1n) / size };
      const whole = { sighash: "ALL", change: "verified", inputs: 2n, outputs: 2n };
      expect(size * base.feeRate - 2_000n).toBeLessThan(size);
      expect(intent.effects.map(({ feeRate, ...effect }) => effect)).toEqual([
        { ...without(base), kind: "transfer", to: TO, amount: 60_000n, ownRecipient: false, ...whole },
        { ...without(base), kind: "fee", amount: 2_000n },
      ]);
      expect(new Set(intent.effects.map(({ feeRate }) => feeRate)).size).toBe(1);
      expect(intent.refusals).toEqual([]);
      expect(intent.uses).toEqual(
        [
          [0, 1],
          [1, 5],
          [1, 2],
        ].map((path) => ({ account: keysOf[type].address, path })),
      );
      expect(intent.signables.map(({ path }) => path)).toEqual([
        [0, 1],
        [1, 5],
      ]);
      expect(intent.signables.every(({ digest, scheme }) => digest.length === 32 && scheme === (type === "tr" ? "bip340" : "ecdsa"))).toBe(
        true,
      );
    });
  }

  function without({ feeRate: _, ...rest }: { readonly feeRate: bigint } & Partial<Effect>): Partial<Effect> {
    return rest;
  }

  test("a receive address of the account is change as well, and without change there is none", () => {
    const who = us.wpkh;
    const back = decode(makePsbt({ coins: [coin(who, 100_000n)], paid: [change(who, 98_000n, [0, 4])] }), keysOf.wpkh);
    expect(kinds(back)).toEqual(["fee"]);
    const none = decode(makePsbt({ coins: [coin(who, 100_000n)], paid: [{ script: STRANGER, value: 98_000n }] }), keysOf.wpkh);
    expect(transfers(none)[0]).toMatchObject({ change: "none" });
  });

  test("an address above the ceiling is not ours", () => {
    const who = us.wpkh;
    const below = makePsbt({ coins: [coin(who, 100_000n)], paid: [change(who, 90_000n, [1, 11])] });
    const above = makePsbt({ coins: [coin(who, 100_000n)], paid: [change(who, 90_000n, [1, 12])] });
    expect(kinds(decode(below, keysOf.wpkh))).toEqual(["fee"]);
    expect(transfers(decode(above, keysOf.wpkh))).toMatchObject([{ amount: 90_000n, ownRecipient: false, change: "foreign" }]);
    const coinAbove = makePsbt({ coins: [coin(who, 100_000n, { path: [0, 12] })], paid: [{ script: STRANGER, value: 90_000n }] });
    expect(codes(decode(coinAbove, keysOf.wpkh))).toEqual(["bitcoin/nothing-to-sign"]);
  });

  test("other kinds and other accounts are turned away", () => {
    const payload = makePsbt({ coins: [coin(us.wpkh, 100_000n)], paid: [change(us.wpkh, 90_000n)] }).toBase64();
    const attempt = (kind: RequestKind, account: string) => {
      try {
        return decodePsbt({ chain: MAIN, account, kind, payload }, keysOf.wpkh, emptyBook);
      } catch (error) {
        return (error as CustodyError).code;
      }
    };
    expect(attempt("transaction", keysOf.wpkh.address)).toBe("request/unsupported");
    expect(attempt("psbt", keysOf.tr.address)).toBe("request/malformed");
    expect(attempt("psbt", keysOf.wpkh.address.toUpperCase())).toMatchObject({ account: keysOf.wpkh.address });
  });
});

describe("several own accounts", () => {
  const together = (type: keyof typeof keysOf, ...others: (keyof typeof keysOf)[]) => ({
    ...keysOf[type],
    others: others.map((one) => keysOf[one]),
  });
  const psbt = makePsbt({
    coins: [coin(us.wpkh, 100_000n), coin(us.tr, 50_000n)],
    paid: [{ script: STRANGER, value: 60_000n }, change(us.tr, 40_000n), change(us.wpkh, 48_000n)],
  });

  test("are judged together, and only the named one signs", () => {
    const intent = decode(psbt, together("wpkh", "tr"));
    expect(transfers(intent)).toMatchObject([
      { to: TO, amount: 60_000n, ownRecipient: false, account: keysOf.wpkh.address },
      { amount: 40_000n, ownRecipient: true, account: keysOf.wpkh.address },
    ]);
    expect(fee(intent)).toMatchObject({ amount: 2_000n });
    expect(intent.signables.map(({ scheme }) => scheme)).toEqual(["ecdsa"]);
    expect(intent.uses).toEqual([
      { account: keysOf.wpkh.address, path: [0, 1] },
      { account: keysOf.tr.address, path: [0, 1] },
      { account: keysOf.tr.address, path: [1, 2] },
      { account: keysOf.wpkh.address, path: [1, 2] },
    ]);
    expect(intent.refusals).toEqual([]);
  });

  test("share one lane, because only one transaction can spend their coins", () => {
    const first = decode(psbt, together("wpkh", "tr"));
    const second = decode(psbt, together("tr", "wpkh"));
    expect(first.lane).toBe(second.lane);
    expect(first.lane).toMatch(/^bip122:000000000019d6689c085ae165831e93\/[0-9a-f]{64}$/);
  });

  test("what the other has signed already does not stand in the way", () => {
    const half = makePsbt({ coins: [coin(us.wpkh, 100_000n), coin(us.tr, 50_000n)], paid: [{ script: STRANGER, value: 148_000n }] });
    signByPeer(half, [coin(us.wpkh, 100_000n), coin(us.tr, 50_000n)], us.wpkh);
    expect(codes(decode(half, together("tr", "wpkh")))).toEqual([]);
    expect(codes(decode(half, together("wpkh", "tr")))).toEqual(["bitcoin/already-signed"]);
  });

  test("a coin of the other needs its previous transaction as well", () => {
    const bare = makePsbt({
      coins: [coin(us.tr, 50_000n), coin(us.wpkh, 100_000n, { witnessUtxo: "only" })],
      paid: [{ script: STRANGER, value: 148_000n }],
    });
    expect(() => decode(bare, together("tr", "wpkh"))).toThrow(unproven(1));
  });
});

describe("the lane", () => {
  const lane = (coins: readonly Coin[], value: bigint, salt = 0) =>
    decode(makePsbt({ coins, paid: [{ script: STRANGER, value }], salt }), keysOf.wpkh).lane;

  test("is the same for any two payments out of the same coins, in any order, and for no others", () => {
    const coins = [coin(us.wpkh, 100_000n), coin(us.wpkh, 70_000n, { path: [0, 2] })];
    expect(lane(coins, 150_000n)).toBe(lane(coins, 50_000n));
    expect(lane(coins, 150_000n)).not.toBe(lane(coins, 150_000n, 5));
    expect(lane(coins, 150_000n)).not.toBe(lane(coins.slice(0, 1), 50_000n));
    const ordered = makePsbt({ coins, paid: [{ script: STRANGER, value: 50_000n }] });
    const { inputs } = ordered.data;
    const swapped = makePsbt({ coins: [], paid: [{ script: STRANGER, value: 50_000n }] });
    for (const at of [1, 0])
      swapped.addInput({
        hash: ordered.txInputs[at]!.hash,
        index: ordered.txInputs[at]!.index,
        nonWitnessUtxo: inputs[at]!.nonWitnessUtxo!,
      });
    expect(decode(swapped, keysOf.wpkh).lane).toBe(decode(ordered, keysOf.wpkh).lane);
  });
});

describe("outputs without an address", () => {
  const to = (script: string, value: bigint) =>
    decode(
      makePsbt({ coins: [coin(us.wpkh, 100_000n)], paid: [{ script: fromHex(script), value }, change(us.wpkh, 50_000n)] }),
      keysOf.wpkh,
    );

  test("data is an unknown effect, and a transfer to nobody if it burns coins", () => {
    const free = to("6a0568656c6c6f", 0n);
    expect(kinds(free)).toEqual(["unknown", "fee"]);
    expect(free.effects[0]).toMatchObject({ class: "U1", why: expect.stringContaining("0568656c6c6f") });
    expect(codes(free)).toEqual([]);
    const burning = to("6a0568656c6c6f", 1n);
    expect(kinds(burning)).toEqual(["unknown", "transfer", "fee"]);
    expect(burning.effects[1]).toMatchObject({ amount: 1n, ownRecipient: false });
    expect(burning.effects[1]).not.toHaveProperty("to");
    expect(to(`6a4c${"64"}${"ab".repeat(100)}`, 0n).effects[0]?.why).toMatch(/ab… \(102 bytes\)$/);
  });

  test("every other script is a transfer to somebody unknown, and says what it is", () => {
    const key = `21${"02".repeat(33)}`;
    const cases: readonly [string, RegExp][] = [
      [`51${key}${key}52ae`, /several public keys/],
      [`${key}ac`, /public key/],
      [`5220${"11".repeat(32)}`, /witness program of 32 bytes/],
      [`0015${"11".repeat(21)}`, /witness program of 21 bytes/],
      ["51024e73", /pay to anchor/],
      [`5120${"ff".repeat(32)}`, /nobody can ever spend it/],
      ["51", /script of 1 bytes/],
    ];
    for (const [script, why] of cases) {
      const [transfer] = transfers(to(script, 10_000n));
      expect(transfer, script).toMatchObject({ amount: 10_000n, why: expect.stringMatching(why) });
      expect(transfer).not.toHaveProperty("to");
    }
  });
});

describe("change that only says so", () => {
  const posing = (fields: object, hinted: Owner = us.wpkh) => {
    const psbt = makePsbt({ coins: [coin(us.wpkh, 100_000n)], paid: [{ script: STRANGER, value: 40_000n }, change(us.wpkh, 58_000n)] });
    const { publicKey } = hinted.key([1, 3]);
    const hint = { masterFingerprint: hinted.fingerprint, path: `${hinted.origin}/1/3`, pubkey: publicKey };
    psbt.data.outputs[0]!.bip32Derivation = [{ ...hint, ...fields }];
    return decode(psbt, keysOf.wpkh);
  };

  test("is foreign, whether it names our key or our wallet's path, and goes to whom it goes", () => {
    const anonymous = { masterFingerprint: Uint8Array.of(1, 2, 3, 4) };
    const claims = [{}, anonymous, { pubkey: stranger.key([1, 3]).publicKey }, { ...anonymous, pubkey: keysOf.wpkh.publicKey!([1, 3]) }];
    for (const claim of claims) expect(transfers(posing(claim))).toMatchObject([{ to: TO, amount: 40_000n, change: "foreign" }]);
  });

  test("a stranger's hints about a stranger's output are nothing to us, and hints about ours decide nothing", () => {
    expect(transfers(posing({}, stranger))[0]?.change).toBe("verified");
    const psbt = makePsbt({ coins: [coin(us.wpkh, 100_000n)], paid: [change(us.wpkh, 98_000n)] });
    delete psbt.data.outputs[0]!.bip32Derivation;
    delete psbt.data.inputs[0]!.bip32Derivation;
    const intent = decode(psbt, keysOf.wpkh);
    expect(kinds(intent)).toEqual(["fee"]);
    expect(intent.signables).toHaveLength(1);
  });
});

describe("transactions that others pay for as well", () => {
  const joined = (type: "wpkh" | "tr", theirs: Partial<Coin>, paid: readonly Paid[]) =>
    makePsbt({ coins: [coin(us[type], 100_000n), coin(stranger, 80_000n, theirs)], paid });

  test("a payjoin: the recipient gets at most what we lose, and so do miners", () => {
    const psbt = joined("wpkh", {}, [{ script: STRANGER, value: 130_000n }, change(us.wpkh, 45_000n)]);
    const intent = decode(psbt, keysOf.wpkh);
    expect(transfers(intent)).toMatchObject([{ amount: 55_000n, to: TO }]);
    expect(fee(intent)).toMatchObject({ amount: 5_000n });
    expect(fee(intent)).not.toHaveProperty("feeRate");
    expect(intent.signables).toHaveLength(1);
  });

  test("a coinjoin: each recipient may be the one who gets what we lose", () => {
    const script = (index: number) => ({ script: payment(stranger, [0, index]).output, value: 39_000n });
    const psbt = joined("wpkh", {}, [script(1), script(2), change(us.wpkh, 99_000n)]);
    const intent = decode(psbt, keysOf.wpkh);
    expect(transfers(intent).map(({ amount }) => amount)).toEqual([1_000n, 1_000n]);
    expect(fee(intent)).toMatchObject({ amount: 1_000n, why: expect.stringContaining("others pay as well") });
  });

  test("who gains loses nothing", () => {
    const intent = decode(joined("wpkh", {}, [{ script: STRANGER, value: 60_000n }, change(us.wpkh, 110_000n)]), keysOf.wpkh);
    expect(transfers(intent)).toMatchObject([{ amount: 0n, to: TO }]);
    expect(fee(intent)).toMatchObject({ amount: 0n });
  });

  test("a stranger's coin is known by its transaction; by a claim only where all our signatures cover it", () => {
    const paid = [{ script: STRANGER, value: 130_000n }, change(us.wpkh, 45_000n)];
    const claimed = decode(joined("wpkh", { witnessUtxo: "only" }, paid), keysOf.wpkh);
    expect(transfers(claimed)).toMatchObject([{ amount: 130_000n }]);
    expect(fee(claimed)).not.toHaveProperty("amount");
    const covered = decode(
      joined("tr", { witnessUtxo: "only" }, [{ script: STRANGER, value: 130_000n }, change(us.tr, 45_000n)]),
      keysOf.tr,
    );
    expect(transfers(covered)).toMatchObject([{ amount: 55_000n }]);
    expect(fee(covered)).toMatchObject({ amount: 5_000n });
  });

  test("an input of which nobody says what it spends is refused", () => {
    const psbt = joined("wpkh", {}, [{ script: STRANGER, value: 130_000n }, change(us.wpkh, 45_000n)]);
    editInput(psbt, 1, (input) => leaveOut(input, "nonWitnessUtxo", "witnessUtxo"));
    expect(() => decode(psbt, keysOf.wpkh)).toThrow(unproven(1));
  });

  test("the fee rate is not known, also where the others seem to have signed for good: they can exchange that", () => {
    const coins = [coin(us.wpkh, 100_000n), coin(stranger, 80_000n)];
    const psbt = makePsbt({ coins, paid: [{ script: STRANGER, value: 130_000n }, change(us.wpkh, 45_000n)] });
    signByPeer(psbt, coins, stranger);
    psbt.finalizeInput(1);
    const intent = decode(psbt, keysOf.wpkh);
    expect(fee(intent)).toMatchObject({ amount: 5_000n });
    for (const effect of intent.effects) expect(effect).not.toHaveProperty("feeRate");
  });
});

describe("two PSBTs of one transaction that each hide another half of our coins", () => {
  const pair = (type: "wpkh" | "tr" | "pkh") => {
    const coins = [coin(us[type], 100_000n), coin(us[type], 100_000n, { path: [0, 2] })];
    const paid = [{ script: STRANGER, value: 99_000n }, change(us[type], 100_000n)];
    const honest = makePsbt({ coins, paid });
    const hiding = (hidden: number, claim: { script: Uint8Array; value: bigint } | undefined) => {
      const psbt = makePsbt({ coins, paid });
      editInput(psbt, hidden, () => (claim === undefined ? {} : { witnessUtxo: claim }));
      return decode(psbt, keysOf[type]);
    };
    return { honest: decode(honest, keysOf[type]), hiding };
  };
  const claim = { script: payment(stranger, [0, 3]).output, value: 100_000n };

  for (const type of ["wpkh", "pkh"] as const) {
    test(`${type}: neither shows less than the whole price, and neither knows the fee`, () => {
      const { honest, hiding } = pair(type);
      expect(transfers(honest)).toMatchObject([{ amount: 99_000n }]);
      for (const hidden of [0, 1]) {
        const half = hiding(hidden, claim);
        expect(transfers(half)).toMatchObject([{ amount: 99_000n }]);
        expect(fee(half)).not.toHaveProperty("amount");
        expect(() => hiding(hidden, undefined)).toThrow(unproven(hidden));
      }
      expect(hiding(0, claim).lane).not.toBe(hiding(1, claim).lane);
    });
  }

  test("tr: a half looks cheap, and what it signs is worthless beside the truth", () => {
    const { honest, hiding } = pair("tr");
    const digests = honest.signables.map(({ digest }) => String(digest));
    for (const hidden of [0, 1]) {
      const half = hiding(hidden, claim);
      expect(transfers(half)).toMatchObject([{ amount: 0n }]);
      expect(half.signables).toHaveLength(1);
      for (const { digest } of half.signables) expect(digests).not.toContain(String(digest));
    }
  });

  test("one signature of the older kind beside taproot is enough to believe nobody", () => {
    const keys = { ...keysOf.tr, others: [keysOf.wpkh] };
    const coins = [coin(us.tr, 100_000n, { witnessUtxo: "only" }), coin(stranger, 80_000n, { witnessUtxo: "only" })];
    const paid = [{ script: STRANGER, value: 130_000n }, change(us.tr, 45_000n)];
    expect(fee(decode(makePsbt({ coins, paid }), keys))).toHaveProperty("amount");
    // The same coins, asked of the account whose signature covers none of the others.
    const mixed = makePsbt({ coins: [...coins, coin(us.wpkh, 10_000n)], paid });
    const intent = decode(mixed, { ...keysOf.wpkh, others: [keysOf.tr] });
    expect(fee(intent)).not.toHaveProperty("amount");
    expect(transfers(intent)[0]?.amount).toBe(130_000n);
  });
});

describe("what is refused whatever a policy says", { timeout: 30_000 }, () => {
  const refused = (intent: Intent, ...expected: string[]) => {
    expect(codes(intent)).toEqual(expected.map((code) => `bitcoin/${code}`));
    // INVARIANT: what is refused has nothing to sign.
    expect(intent.signables).toEqual([]);
    expect(intent.effects.length).toBeGreaterThan(0);
  };
  const one = (type: keyof typeof us, edit: (psbt: Psbt) => void, more: Partial<Coin> = {}) => {
    const psbt = makePsbt({ coins: [coin(us[type], 100_000n, more)], paid: [{ script: STRANGER, value: 98_000n }] });
    edit(psbt);
    return decode(psbt, keysOf[type]);
  };

  test("nothing of ours to sign", () => {
    refused(decode(makePsbt({ coins: [coin(stranger, 100_000n)], paid: [change(us.wpkh, 98_000n)] }), keysOf.wpkh), "nothing-to-sign");
    refused(decode(makePsbt({ coins: [coin(us.tr, 100_000n)], paid: [change(us.wpkh, 98_000n)] }), keysOf.wpkh), "nothing-to-sign");
  });

  test("a coin of ours whose transaction is not there, taproot excepted", () => {
    for (const type of ["pkh", "sh-wpkh", "wpkh"] as const) {
      expect(() => one(type, () => {}, { witnessUtxo: "only" })).toThrow(unproven(0));
    }
    const bare = () => one("pkh", (psbt) => editInput(psbt, 0, (input) => leaveOut(input, "nonWitnessUtxo", "witnessUtxo")));
    expect(bare).toThrow(unproven(0));
    expect(codes(one("tr", () => {}, { witnessUtxo: "only" }))).toEqual([]);
  });

  const ask = (psbt: Psbt, sighashType: number) => editInput(psbt, 0, (input) => ({ ...input, sighashType }));

  test("every hash type but the one that commits to all", () => {
    for (const type of TYPES) {
      const allowed = type === "tr" ? [undefined, 0, 1] : [undefined, 1];
      for (const sighash of [undefined, 0, 1, 2, 3, 0x80, 0x81, 0x82, 0x83, 0x41, 0x101, 0xff, 0x1000000]) {
        const intent = one(type, (psbt) => (sighash === undefined ? undefined : ask(psbt, sighash)));
        if (allowed.includes(sighash)) {
          expect(codes(intent), `${type} ${sighash}`).toEqual([]);
          expect(transfers(intent)[0]).toMatchObject({ sighash: "ALL" });
        } else refused(intent, "sighash");
      }
    }
    const name = (sighash: number) => transfers(one("wpkh", (psbt) => ask(psbt, sighash)))[0]?.sighash;
    expect([0, 2, 3, 0x81, 0x82, 0x83, 0x41, 0x1000000].map(name)).toEqual([
      "DEFAULT",
      "NONE",
      "SINGLE",
      "ALL|ANYONECANPAY",
      "NONE|ANYONECANPAY",
      "SINGLE|ANYONECANPAY",
      "0x41",
      "0x1000000",
    ]);
  });

  test("one bad input among good ones leaves nothing to sign", () => {
    const coins = [coin(us.wpkh, 100_000n), coin(us.wpkh, 90_000n, { sighashType: 0x83 }), coin(us.wpkh, 80_000n)];
    const intent = decode(makePsbt({ coins, paid: [{ script: STRANGER, value: 269_000n }] }), keysOf.wpkh);
    refused(intent, "sighash");
    expect(intent.refusals[0]?.params).toEqual({ inputs: [1] });
    expect(transfers(intent)[0]).toMatchObject({ sighash: "SINGLE|ANYONECANPAY" });
  });

  test("an input of ours that is signed or final already", () => {
    for (const type of TYPES) {
      const coins = [coin(us[type], 100_000n)];
      const psbt = makePsbt({ coins, paid: [{ script: STRANGER, value: 98_000n }] });
      signByPeer(psbt, coins);
      refused(decode(psbt, keysOf[type]), "already-signed");
      psbt.finalizeAllInputs();
      refused(decode(psbt, keysOf[type]), "already-signed");
    }
  });

  test("fields that contradict the script of a coin of ours", () => {
    const script = fromHex("51");
    const controlBlock = Uint8Array.of(0xc0, ...stranger.key([0, 0]).publicKey.slice(1));
    const fields: Partial<Input> = {
      redeemScript: script,
      witnessScript: script,
      tapMerkleRoot: new Uint8Array(32),
      tapInternalKey: stranger.key([0, 0]).publicKey.slice(1),
      tapLeafScript: [{ controlBlock, script, leafVersion: 0xc0 }],
    };
    for (const type of TYPES) {
      for (const [name, field] of Object.entries(fields)) {
        const intent = one(type, (psbt) => editInput(psbt, 0, (input) => ({ ...input, [name]: field })));
        expect(codes(intent), `${type} ${name}`).toEqual(["bitcoin/contradiction"]);
        refused(intent, "contradiction");
      }
    }
  });

  test("a nested input may leave out its redeem script, which follows from the key", () => {
    const intent = one("sh-wpkh", (psbt) => editInput(psbt, 0, (input) => leaveOut(input, "redeemScript")));
    expect(codes(intent)).toEqual([]);
    const whole = one("sh-wpkh", () => {});
    expect(intent.signables).toEqual(whole.signables);
  });

  test("the same coin twice", () => {
    const psbt = makePsbt({ coins: [coin(us.wpkh, 100_000n)], paid: [{ script: STRANGER, value: 150_000n }] });
    const raw = psbt.data.globalMap.unsignedTx as unknown as { tx: Peer };
    raw.tx.addInput(raw.tx.ins[0]!.hash, raw.tx.ins[0]!.index);
    psbt.data.inputs.push({ ...psbt.data.inputs[0]! });
    const intent = decode(psbt, keysOf.wpkh);
    refused(intent, "same-coin");
    expect(intent.refusals[0]?.params).toEqual({ inputs: [1] });
  });

  test("more going out than coming in, and no outputs at all", () => {
    const intent = decode(makePsbt({ coins: [coin(us.wpkh, 100_000n)], paid: [{ script: STRANGER, value: 100_001n }] }), keysOf.wpkh);
    refused(intent, "outputs-above-inputs");
    expect(fee(intent)).not.toHaveProperty("amount");
    // bitcoinjs-lib writes an empty map where there is no output; ours is without.
    const nowhere = makePsbt({ coins: [coin(us.wpkh, 100_000n)], paid: [] })
      .toHex()
      .slice(0, -2);
    refused(decode({ toBase64: () => nowhere }, keysOf.wpkh), "no-outputs");
  });

  test("amounts that cannot be, alone or together", () => {
    const MAX = 2_100_000_000_000_000n;
    const rich = (value: bigint, ...out: bigint[]) =>
      decode(makePsbt({ coins: [coin(us.wpkh, value)], paid: out.map((value) => ({ script: STRANGER, value })) }), keysOf.wpkh);
    expect(codes(rich(MAX, MAX))).toEqual([]);
    refused(rich(MAX + 1n, MAX), "over-21-million");
    refused(rich(MAX, MAX, MAX), "over-21-million", "outputs-above-inputs");
    refused(rich(100_000n, MAX + 1n), "over-21-million", "outputs-above-inputs");
  });

  test("dust by Bitcoin Core's limits, of ours as of others; data may carry nothing", () => {
    const key = us.wpkh.key([0, 0]).publicKey;
    const output = (made: { output?: Uint8Array | undefined }) => made.output!;
    const limits: readonly [Uint8Array, bigint][] = [
      [output(payments.p2pkh({ pubkey: key })), 546n],
      [output(payments.p2sh({ hash: new Uint8Array(20) })), 540n],
      [output(payments.p2wpkh({ pubkey: key })), 294n],
      [output(payments.p2wsh({ hash: new Uint8Array(32) })), 330n],
      [output(payments.p2tr({ internalPubkey: key.slice(1) })), 330n],
      [output(payments.p2pk({ pubkey: key })), 576n],
      [fromHex("51024e73"), 240n],
    ];
    for (const [script, limit] of limits) {
      const pays = (value: bigint) =>
        decode(makePsbt({ coins: [coin(us.wpkh, 100_000n)], paid: [{ script, value }, change(us.wpkh, 50_000n)] }), keysOf.wpkh);
      expect(codes(pays(limit)), String(limit)).toEqual([]);
      refused(pays(limit - 1n), "dust");
    }
    const own = decode(
      makePsbt({ coins: [coin(us.wpkh, 100_000n)], paid: [{ script: STRANGER, value: 90_000n }, change(us.wpkh, 293n)] }),
      keysOf.wpkh,
    );
    refused(own, "dust");
    expect(own.refusals[0]?.params).toEqual({ outputs: [1] });
  });
});

describe("locks are told and not refused", () => {
  const why = (lockTime: number, sequence: number, version = 2) => {
    const psbt = makePsbt({
      coins: [coin(us.wpkh, 100_000n, { sequence })],
      paid: [{ script: STRANGER, value: 98_000n }],
      lockTime,
      version,
    });
    const intent = decode(psbt, keysOf.wpkh);
    expect(intent.refusals).toEqual([]);
    return fee(intent).why;
  };

  test("a lock time by block or time, unless every input is final", () => {
    expect(why(800_000, 0xfffffffe)).toBe("cannot be mined before block 800000");
    expect(why(1_800_000_000, 0xfffffffd)).toBe("cannot be mined before 2027-01-15T08:00:00.000Z");
    expect(why(800_000, 0xffffffff)).toBeUndefined();
  });

  test("the age of coins, from version 2 on", () => {
    expect(why(0, 144)).toBe("cannot be mined before the coins have a certain age");
    expect(why(0, 144, 1)).toBeUndefined();
    expect(why(800_000, 144)).toBe("cannot be mined before block 800000, nor before the coins have a certain age");
  });
});

describe("the fee rate", () => {
  for (const type of TYPES) {
    test(`${type}: is that of the transaction as another library signs it, to a fraction of a vB per signature`, {
      timeout: 30_000,
    }, () => {
      for (let seed = 1; seed <= 8; seed++) {
        const plan = randomPlan(us[type], numbers(seed), seed);
        const psbt = makePsbt(plan);
        const intent = decode(psbt, keysOf[type]);
        const { amount, feeRate } = fee(intent);
        signByPeer(psbt, plan.coins);
        psbt.finalizeAllInputs();
        const size = psbt.extractTransaction(true).virtualSize();
        // A signature may be one or two bytes shorter than the longest: whole bytes outside a witness, quarters inside.
        const slack = type === "tr" ? 0 : plan.coins.length * (type === "pkh" ? 2 : 1);
        const least = Math.ceil(Number(amount) / (size + slack));
        expect(Number(feeRate)).toBeGreaterThanOrEqual(least);
        expect(Number(feeRate)).toBeLessThanOrEqual(Math.ceil(Number(amount) / size));
      }
    });
  }
});

describe("what a PSBT calls final at inputs of our other accounts", () => {
  test("makes the fee rate no lower: an input of ours counts as its template unlocks it", () => {
    for (const [signing, other] of [
      ["wpkh", "tr"],
      ["tr", "wpkh"],
    ] as const) {
      const keys = { ...keysOf[signing], others: [keysOf[other]] };
      const coins = [coin(us[signing], 100_000n), coin(us[other], 100_000n)];
      const psbt = makePsbt({ coins, paid: [{ script: STRANGER, value: 150_000n }] });
      const rate = fee(decode(psbt, keys)).feeRate;
      expect(rate).toBeGreaterThan(200n);
      // A witness of one element of 800,000 bytes.
      const junk = concat(fromHex("01fe00350c00"), new Uint8Array(800_000));
      editInput(psbt, 1, (input) => ({ ...leaveOut(input, "tapInternalKey"), finalScriptWitness: junk }));
      // Not by its own `toBase64`, which in a browser overflows the stack for so many bytes.
      const intent = decode({ toBase64: () => base64.encode(Uint8Array.from(psbt.toBuffer())) }, keys);
      expect(intent.refusals).toEqual([]);
      expect(intent.signables).toHaveLength(1);
      for (const { feeRate } of intent.effects) expect(feeRate).toBe(rate);
    }
  });
});

describe("an account that is known by its address only", () => {
  test("is never said to lose nothing: every amount stands in full, and nothing can be signed", () => {
    const address: AccountKeys = { address: keysOf.wpkh.address };
    const coins = [coin(us.wpkh, 100_000n, { path: [0, 0] }), coin(stranger, 80_000n)];
    const psbt = makePsbt({ coins, paid: [{ script: STRANGER, value: 130_000n }, change(us.wpkh, 45_000n)] });
    for (const keys of [address, { ...address, others: [keysOf.tr] }]) {
      const intent = decode(psbt, keys);
      expect(transfers(intent).map(({ amount }) => amount)).toEqual([130_000n, 45_000n]);
      expect(fee(intent)).toMatchObject({ amount: 5_000n });
      expect(codes(intent)).toEqual(["bitcoin/nothing-to-sign"]);
      expect(intent.signables).toEqual([]);
    }
  });
});

describe("conservation", () => {
  const total = (amounts: readonly bigint[]) => amounts.reduce((sum, amount) => sum + amount, 0n);

  test("with only our coins, transfers, change and fee are together what comes in", { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), fc.nat(1_000_000), (type, seed) => {
        const plan = randomPlan(us[type], numbers(seed), seed);
        const intent = decode(makePsbt(plan), keysOf[type]);
        const change = total(plan.paid.filter((paid) => paid.change).map(({ value }) => value));
        const out = total(intent.effects.map(({ amount }) => amount ?? 0n));
        expect(intent.refusals).toEqual([]);
        expect(out + change).toBe(total(plan.coins.map(({ value }) => value)));
      }),
      { numRuns: 40 },
    );
  });

  test("with others' coins, what is told is never less than what we lose, and nothing told is more than that", { timeout: 30_000 }, () => {
    const amounts = fc.array(fc.bigInt(10_000n, 1_000_000n), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(amounts, amounts, amounts, amounts, (ours, theirs, back, away) => {
        const coins = [
          ...ours.map((value) => coin(us.tr, value)),
          ...theirs.map((value) => coin(stranger, value, { witnessUtxo: "only" })),
        ];
        const paid = [...back.map((value) => change(us.tr, value)), ...away.map((value) => ({ script: STRANGER, value }))];
        const intent = decode(makePsbt({ coins, paid }), keysOf.tr);
        if (intent.refusals.length > 0) {
          expect(codes(intent)).toEqual(["bitcoin/outputs-above-inputs"]);
          return;
        }
        const loss = total(ours) - total(back);
        const told = intent.effects.map(({ amount }) => amount!);
        expect(total(told)).toBeGreaterThanOrEqual(loss);
        for (const amount of told) expect(amount <= (loss > 0n ? loss : 0n)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
