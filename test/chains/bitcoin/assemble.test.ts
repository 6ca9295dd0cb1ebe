import * as ecc from "@bitcoinerlab/secp256k1";
import { RawTx } from "@scure/btc-signer/script.js";
import { crypto as bitcoinCrypto, script as bitcoinScript, Psbt, payments, Transaction } from "bitcoinjs-lib";
import { describe, expect, test } from "vitest";
import { assemblePsbt } from "../../../src/chains/bitcoin/assemble.ts";
import { digestsOf } from "../../../src/chains/bitcoin/digest.ts";
import { type Lock, lockOf } from "../../../src/chains/bitcoin/lock.ts";
import { readPsbt } from "../../../src/chains/bitcoin/psbt.ts";
import { previousOutputs } from "../../../src/chains/bitcoin/sighash.ts";
import type { Signature, Signed } from "../../../src/chains/chain.ts";
import type { Digest, Intent } from "../../../src/intent/intent.ts";
import {
  accountOf,
  type Coin,
  decode,
  extractByPeer,
  makePsbt,
  numbers,
  type Owner,
  owner,
  type Plan,
  payment,
  randomPlan,
  sign,
  signByPeer,
  signerOf,
  TYPES,
  type Type,
} from "./made.ts";
import { fromHex, hex, type RawInput, rewrite } from "./raw.ts";

const OWNERS: { readonly [type in Type]: readonly [Owner, Owner] } = {
  pkh: pair("pkh"),
  "sh-wpkh": pair("sh-wpkh"),
  wpkh: pair("wpkh"),
  tr: pair("tr"),
};

function pair(type: Type): readonly [Owner, Owner] {
  return [owner(type, new Uint8Array(32).fill(0x11)), owner(type, new Uint8Array(32).fill(0x22))];
}

const PAID = { script: payment(OWNERS.wpkh[1], [0, 9]).output, value: 150_000n };

function coin(who: Owner, more: Partial<Coin> = {}): Coin {
  return { who, path: [0, 1], value: 100_000n, ...(who.type === "tr" && { witnessUtxo: "also" }), ...more };
}

/** One account signs: decoded, signed by its own keys, assembled. */
async function signed(psbt: Uint8Array, who: Owner): Promise<Signed> {
  const intent = decode(psbt, accountOf(who));
  expect(intent.refusals).toEqual([]);
  return assemblePsbt(intent, await sign(intent, who), accountOf(who));
}

function psbtOf(plan: Plan): Uint8Array {
  return Uint8Array.from(makePsbt(plan).toBuffer());
}

function byPeer(plan: Plan): { readonly bytes: string; readonly hash: string } {
  const psbt = makePsbt(plan);
  signByPeer(psbt, plan.coins);
  const { bytes, id } = extractByPeer(psbt);
  return { bytes: hex(bytes), hash: id };
}

const PAIRS = TYPES.flatMap((first) => TYPES.map((second) => ({ first, second })));

describe("two accounts of two vaults sign one after the other", () => {
  test.each(PAIRS)("$first, then $second: a PSBT for the other, then bitcoinjs-lib's transaction", async ({ first, second }) => {
    const [a, b] = [OWNERS[first][0], OWNERS[second][1]];
    const plan = { coins: [coin(a), coin(b, { path: [1, 2] })], paid: [PAID] };
    const expected = byPeer(plan);

    const half = await signed(psbtOf(plan), a);
    expect(half.complete).toBe(false);
    const opened = Psbt.fromBuffer(half.bytes);
    expect(opened.validateSignaturesOfInput(0, (key, digest, signature) => verifyByPeer(a.type, key, digest, signature))).toBe(true);
    // The id can only be known where no signature will stand in the part that it covers.
    const segwit = [first, second].every((type) => type === "wpkh" || type === "tr");
    expect(half.hash === expected.hash).toBe(segwit);
    expect(half.hash).toMatch(/^[0-9a-f]{64}$/);

    const whole = await signed(half.bytes, b);
    expect({ ...whole, bytes: hex(whole.bytes) }).toEqual({ ...expected, complete: true });
  });

  test("also where the first half comes back final, and where both halves are joined by somebody else", async () => {
    for (const first of TYPES) {
      const [a, b] = [OWNERS[first][0], OWNERS.wpkh[1]];
      const plan = { coins: [coin(a), coin(b)], paid: [PAID] };
      const halfOfA = Psbt.fromBuffer((await signed(psbtOf(plan), a)).bytes);
      const halfOfB = Psbt.fromBuffer((await signed(psbtOf(plan), b)).bytes);
      expect(extractByPeer(Psbt.fromBuffer(halfOfA.toBuffer()).combine(halfOfB)).id).toBe(byPeer(plan).hash);
      const whole = await signed(halfOfA.finalizeInput(0).toBuffer(), b);
      expect({ ...whole, bytes: hex(whole.bytes) }, first).toEqual({ ...byPeer(plan), complete: true });
    }
  });

  test("three accounts need three turns, and what is said about the rest goes on with them", async () => {
    const [a, b, c] = [OWNERS.pkh[0], OWNERS.tr[0], OWNERS["sh-wpkh"][0]];
    const plan = { coins: [coin(a), coin(b), coin(c)], paid: [{ ...PAID, value: 290_000n }] };
    const unknown = { type: 0x42, key: Uint8Array.of(1, 2) };
    const start = rewrite(psbtOf(plan), (raw) => {
      for (const map of [raw.global, raw.inputs[0], raw.inputs[2], raw.outputs[0]]) if (map) map.unknown = [[unknown, Uint8Array.of(3)]];
    });
    const turns = [await signed(start, a)];
    turns.push(await signed(turns[0]?.bytes ?? start, b));
    rewrite(turns[1]?.bytes ?? start, (raw) => {
      for (const map of [raw.global, raw.inputs[0], raw.inputs[2], raw.outputs[0]])
        expect(map?.unknown).toEqual([[unknown, Uint8Array.of(3)]]);
      expect(raw.inputs[2]?.bip32Derivation).toHaveLength(1);
    });
    turns.push(await signed(turns[1]?.bytes ?? start, c));
    expect(turns.map(({ complete }) => complete)).toEqual([false, false, true]);
    expect(hex(turns[2]?.bytes ?? start)).toBe(byPeer(plan).bytes);
  });

  test("a nested input that came without its redeem script gets it, so that anybody can finish it", async () => {
    const [a, b] = [OWNERS["sh-wpkh"][0], OWNERS.wpkh[0]];
    const plan = { coins: [coin(a), coin(b)], paid: [PAID] };
    const bare = rewrite(psbtOf(plan), ({ inputs }) => {
      delete inputs[0]?.redeemScript;
    });
    const half = Psbt.fromBuffer((await signed(bare, a)).bytes);
    signByPeer(half, plan.coins, b);
    expect(hex(extractByPeer(half).bytes)).toBe(byPeer(plan).bytes);
  });
});

function verifyByPeer(type: Type, key: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  return type === "tr" ? ecc.verifySchnorr(digest, key, signature) : ecc.verify(digest, key, signature, true);
}

describe("signatures that do not fit are refused, all of them at once", () => {
  const misfit = expect.objectContaining({ code: "chain/malformed" });

  test.each(TYPES)("%s: short, long, swapped, flipped, of another key, of another digest, too few, too many", async (type) => {
    const [a, stranger] = OWNERS[type];
    const plan = { coins: [coin(a), coin(a, { path: [0, 2] })], paid: [PAID] };
    const intent = decode(psbtOf(plan), accountOf(a));
    const good = await sign(intent, a);
    const [one, two] = good as [Signature, Signature];
    const others = await sign(intent, stranger);
    const elsewhere = await sign(decode(psbtOf({ ...plan, lockTime: 5 }), accountOf(a)), a);
    const bad: { [name: string]: readonly Signature[] } = {
      none: [],
      "too few": [one],
      "too many": [one, two, two],
      swapped: [two, one],
      "the first twice": [one, one],
      "of a stranger": others,
      "one of a stranger": [one, others[1] as Signature],
      "of another transaction": elsewhere,
      short: [{ ...one, bytes: one.bytes.slice(0, 63) }, two],
      long: [{ ...one, bytes: Uint8Array.of(...one.bytes, 1) }, two],
      empty: [one, { ...two, bytes: new Uint8Array(0) }],
      zeros: [one, { ...two, bytes: new Uint8Array(64) }],
    };
    for (const [name, signatures] of Object.entries(bad)) expect(attempt(intent, signatures, a), name).toEqual(misfit);
    for (let at = 0; at < 64; at += 9) {
      const flipped = one.bytes.map((byte, offset) => (offset === at ? byte ^ 0x10 : byte));
      expect(attempt(intent, [{ ...one, bytes: flipped }, two], a), `byte ${at}`).toEqual(misfit);
    }
    expect(attempt(intent, good, a)).toMatchObject({ complete: true });
  });

  test("ECDSA with a high s, and a signature of the other scheme", async () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    for (const type of ["pkh", "sh-wpkh", "wpkh"] as const) {
      const [a] = OWNERS[type];
      const intent = decode(psbtOf({ coins: [coin(a)], paid: [{ ...PAID, value: 90_000n }] }), accountOf(a));
      const [{ bytes } = { bytes: new Uint8Array() }] = await sign(intent, a);
      const s = order - BigInt(`0x${hex(bytes.slice(32))}`);
      const high = Uint8Array.of(...bytes.slice(0, 32), ...fromHex(s.toString(16).padStart(64, "0")));
      const [signable] = intent.signables;
      const key = a.key([0, 1]).privateKey;
      expect(ecc.verify(signable?.digest ?? new Uint8Array(), a.key([0, 1]).publicKey, high, false)).toBe(true);
      expect(attempt(intent, [{ bytes: high }], a), type).toEqual(misfit);
      const schnorr = ecc.signSchnorr(signable?.digest ?? new Uint8Array(), key, new Uint8Array(32));
      expect(attempt(intent, [{ bytes: schnorr }], a), type).toEqual(misfit);
    }
  });

  test("taproot: of the key as it is, and of the key tweaked by somebody's tree", async () => {
    const [a] = OWNERS.tr;
    const intent = decode(psbtOf({ coins: [coin(a)], paid: [{ ...PAID, value: 90_000n }] }), accountOf(a));
    const [signable] = intent.signables;
    if (signable === undefined) throw new Error("something to sign");
    const { tap: _, ...untweaked } = signable;
    for (const other of [untweaked, { ...signable, tap: new Uint8Array(32).fill(1) }])
      expect(attempt(intent, await sign({ ...intent, signables: [other] }, a), a)).toEqual(misfit);
  });

  test("an intent that is not the one of its bytes, or of another account", async () => {
    const [a, b] = OWNERS.wpkh;
    const intent = decode(psbtOf({ coins: [coin(a), coin(a, { path: [1, 3] })], paid: [PAID] }), accountOf(a));
    const good = await sign(intent, a);
    const [one, two] = intent.signables as [Intent["signables"][number], Intent["signables"][number]];
    const other = decode(psbtOf({ coins: [coin(a), coin(a, { path: [1, 3] })], paid: [{ ...PAID, value: 10_000n }] }), accountOf(a));
    const wrong: { [name: string]: Partial<Intent> } = {
      "another kind": { kind: "transaction" },
      "other bytes": { bytes: other.bytes },
      "other digests": { signables: other.signables },
      "a flipped digest": { signables: [{ ...one, digest: one.digest.map((byte, at) => (at === 31 ? byte ^ 1 : byte)) as Digest }, two] },
      "another path": { signables: [{ ...one, path: [0, 3] }, two] },
      "another branch": { signables: [one, { ...two, path: [0, 3] }] },
      "a longer path": { signables: [{ ...one, path: [...one.path, 0] }, two] },
      "another scheme": { signables: [{ ...one, scheme: "bip340" }, two] },
      "a tweak": { signables: [{ ...one, tap: new Uint8Array(0) }, two] },
      "another order": { signables: [two, one] },
      "one less": { signables: [one] },
      "one more": { signables: [one, two, two] },
      none: { signables: [] },
    };
    for (const [name, change] of Object.entries(wrong)) expect(attempt({ ...intent, ...change }, good, a), name).toEqual(misfit);
    expect(attempt(intent, good, b), "another account").toEqual(misfit);
    expect(attempt(intent, good, a)).toMatchObject({ complete: true });
  });

  test("a refused PSBT is never assembled, even with signatures of its digests", async () => {
    const [a] = OWNERS.wpkh;
    const dust = psbtOf({
      coins: [coin(a)],
      paid: [
        { ...PAID, value: 90_000n },
        { ...PAID, value: 1n },
      ],
    });
    const refused = decode(dust, accountOf(a));
    expect(refused.refusals).toHaveLength(1);
    const fine = decode(psbtOf({ coins: [coin(a)], paid: [{ ...PAID, value: 90_000n }] }), accountOf(a));
    expect(attempt(refused, await sign(fine, a), a)).toEqual(misfit);
    expect(attempt(refused, [], a)).toEqual(misfit);
  });
});

function attempt(intent: Intent, signatures: readonly Signature[], who: Owner): unknown {
  try {
    return assemblePsbt(intent, signatures, accountOf(who));
  } catch (error) {
    return error;
  }
}

describe("what others have signed", () => {
  const a = OWNERS.wpkh[0];
  const finished = (psbt: Uint8Array) => signed(psbt, a).then(({ complete }) => complete);

  /** A PSBT whose second input is signed by `who`, as bitcoinjs-lib leaves it. */
  const signedByOther = (who: Owner, more: Partial<Coin> = {}, final = false) => {
    const coins = [coin(a), coin(who, more)];
    const psbt = makePsbt({ coins, paid: [PAID] });
    signByPeer(psbt, coins, who);
    return Uint8Array.from((final ? psbt.finalizeInput(1) : psbt).toBuffer());
  };

  const broken = (psbt: Uint8Array, at: number) =>
    rewrite(psbt, ({ inputs: [, input] }) => {
      const flip = (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, offset) => (offset === at ? byte ^ 1 : byte));
      const [[key, signature] = []] = input?.partialSig ?? [];
      const [first, ...rest] = input?.finalScriptWitness ?? [];
      if (input && key && signature) input.partialSig = [[Uint8Array.from(key), flip(signature)]];
      if (input?.tapKeySig) input.tapKeySig = flip(input.tapKeySig);
      if (input && first) input.finalScriptWitness = [flip(first), ...rest.map((item) => Uint8Array.from(item))];
      else if (input?.finalScriptSig) input.finalScriptSig = flip(input.finalScriptSig);
    });

  test.each(TYPES)("%s: a valid signature finishes the transaction, one with a flipped bit never does", async (type) => {
    const who = OWNERS[type][1];
    for (const final of [false, true]) {
      const psbt = signedByOther(who, {}, final);
      expect(await finished(psbt), `final: ${final}`).toBe(true);
      for (const at of [4, 20, 38, 60]) expect(await finished(broken(psbt, at)), `final: ${final}, byte ${at}`).toBe(false);
    }
  });

  test.each(TYPES)("%s: a signature for another amount, another transaction or by another key does not finish it", async (type) => {
    const who = OWNERS[type][1];
    const psbt = psbtOf({ coins: [coin(a), coin(who)], paid: [PAID] });
    const elsewhere = signedByOther(who, { value: 99_999n });
    const stranger = signedByOther(who, { path: [0, 5] });
    for (const source of [elsewhere, stranger]) {
      const moved = rewrite(psbt, ({ inputs: [, input] }) => {
        rewrite(source, ({ inputs: [, other] }) => {
          if (input && other?.partialSig) input.partialSig = other.partialSig;
          if (input && other?.tapKeySig) input.tapKeySig = other.tapKeySig;
        });
      });
      expect(await finished(moved)).toBe(false);
    }
  });

  test.each(["sh-wpkh", "wpkh", "tr"] as const)("%s: whichever hash type others choose for theirs is theirs", async (type) => {
    const who = OWNERS[type][1];
    const psbt = makePsbt({ coins: [coin(a), coin(who, { sighashType: 0x83 })], paid: [PAID, { ...PAID, value: 10_000n }] });
    psbt.signInput(1, signerOf(who, [0, 1]), [0x83]);
    const intent = decode(Uint8Array.from(psbt.toBuffer()), accountOf(a));
    const made = assemblePsbt(intent, await sign(intent, a), accountOf(a));
    signByPeer(psbt, [coin(a)]);
    expect(made).toMatchObject({ complete: true });
    expect(hex(made.bytes)).toBe(hex(extractByPeer(psbt).bytes));
  });

  test("a high s, a default hash type written out and sloppy DER are no signatures, though older rules took them", async () => {
    const who = OWNERS.wpkh[1];
    const change = (psbt: Uint8Array, edit: (signature: Uint8Array) => Uint8Array) =>
      rewrite(psbt, ({ inputs: [, input] }) => {
        const [[key, signature] = []] = input?.partialSig ?? [];
        if (input && key && signature) input.partialSig = [[key, Uint8Array.from(edit(signature))]];
        if (input?.tapKeySig) input.tapKeySig = Uint8Array.from(edit(input.tapKeySig));
      });
    const psbt = signedByOther(who);
    expect(await finished(change(psbt, (signature) => signature))).toBe(true);
    expect(await finished(change(psbt, (signature) => Uint8Array.of(...signature.slice(0, -1), 0, 1)))).toBe(false);
    // 0x30 length 0x02 rlen r 0x02 slen s type: one zero more before r.
    const padded = (signature: Uint8Array) => {
      const r = signature[3] ?? 0;
      return Uint8Array.of(0x30, (signature[1] ?? 0) + 1, 0x02, r + 1, 0, ...signature.slice(4));
    };
    expect(await finished(change(psbt, padded))).toBe(false);
    expect(await finished(change(psbt, highS))).toBe(false);
    const taproot = signedByOther(OWNERS.tr[1]);
    expect(await finished(change(taproot, (signature) => Uint8Array.of(...signature, 0)))).toBe(false);
    expect(await finished(change(taproot, (signature) => Uint8Array.of(...signature, 1)))).toBe(false);
  });

  test.each(TYPES)("%s: a stranger's signature of the very transaction is none", async (type) => {
    const [stranger, who] = OWNERS[type];
    const psbt = psbtOf({ coins: [coin(a), coin(who)], paid: [PAID] });
    const [one] = decode(psbt, accountOf(who)).signables;
    const key = stranger.key([0, 1]);
    const digest = one?.digest ?? new Uint8Array();
    const taken = rewrite(psbt, ({ inputs: [, input] }) => {
      if (type === "tr" && input) input.tapKeySig = Uint8Array.from(ecc.signSchnorr(digest, key.privateKey, new Uint8Array(32)));
      else if (input) input.partialSig = [[Uint8Array.from(key.publicKey), derOf(ecc.sign(digest, key.privateKey))]];
    });
    expect(await finished(taken)).toBe(false);
  });

  test.each(TYPES)("%s: a final input of another form than its script wants does not finish it", async (type) => {
    const psbt = signedByOther(OWNERS[type][1], {}, true);
    const more = (change: (input: RawInput) => void) => rewrite(psbt, ({ inputs: [, input] }) => input && change(input));
    const one = Uint8Array.of(1);
    const forms = [
      more((input) => {
        input.finalScriptSig = type === "pkh" || type === "sh-wpkh" ? Uint8Array.of(...(input.finalScriptSig ?? []), 0x51) : one;
      }),
      more((input) => {
        // At a taproot input, more than one item would be a script path, which is not checked.
        input.finalScriptWitness = type === "tr" ? [one] : [...(input.finalScriptWitness ?? []).map((item) => Uint8Array.from(item)), one];
      }),
    ];
    // What P2SH is the hash of may be anything once no nested program is shown: then it is somebody else's word.
    for (const form of type === "sh-wpkh" ? forms.slice(1) : forms) expect(await finished(form)).toBe(false);
  });

  test("uncompressed keys count in P2PKH and nowhere else, as nodes have it", async () => {
    const { privateKey, publicKey } = OWNERS.pkh[1].key([0, 1]);
    const long = Uint8Array.from(ecc.pointCompress(publicKey, false));
    const hash = bitcoinCrypto.hash160(long);
    for (const [locked, taken] of [
      [payments.p2pkh({ hash }), true],
      [payments.p2wpkh({ hash }), false],
    ] as const) {
      const script = Uint8Array.from(locked.output ?? []);
      const psbt = rewrite(psbtOf({ coins: [coin(a), coin(a, { path: [0, 2] })], paid: [PAID] }), ({ global, inputs: [, input] }) => {
        const previous = input?.nonWitnessUtxo;
        const spent = global.unsignedTx?.inputs[1];
        if (!input || !previous || !spent) throw new Error("a previous transaction");
        previous.outputs = previous.outputs.map(({ amount }: { amount: bigint }) => ({ amount, script }));
        spent.txid = Transaction.fromBuffer(RawTx.encode(previous)).getHash().slice().reverse();
        delete input.bip32Derivation;
      });
      const read = readPsbt(psbt);
      const digest = digestsOf(read, previousOutputs(read) ?? [])(1, lockOf(script) as Lock, 1) ?? new Uint8Array();
      const done = rewrite(psbt, ({ inputs: [, input] }) => {
        if (input) input.partialSig = [[long, derOf(ecc.sign(digest, privateKey))]];
      });
      expect(await finished(done)).toBe(taken);
    }
  });

  test("of several keys beside one input only the one that the script names counts", async () => {
    const who = OWNERS.wpkh[1];
    const [psbt, other] = [signedByOther(who), signedByOther(who, { path: [0, 5] })];
    const both = rewrite(psbt, ({ inputs: [, input] }) => {
      rewrite(other, ({ inputs: [, extra] }) => {
        if (input?.partialSig && extra?.partialSig) input.partialSig = [...extra.partialSig, ...input.partialSig];
      });
    });
    const made = await signed(both, a);
    expect(hex(made.bytes)).toBe(byPeer({ coins: [coin(a), coin(who)], paid: [PAID] }).bytes);
  });

  test("scripts of several keys are never finished by us, and taken over where somebody calls them final", async () => {
    const keys = [OWNERS.wpkh[1].key([0, 0]), OWNERS.wpkh[1].key([0, 1])];
    const pubkeys = keys.map(({ publicKey }) => publicKey).sort((x, y) => (hex(x) < hex(y) ? -1 : 1));
    const redeem = payments.p2ms({ m: 2, pubkeys });
    const locked = payments.p2wsh({ redeem });
    const psbt = makePsbt({ coins: [coin(a)], paid: [PAID] });
    const previous = makePsbt({ coins: [coin(OWNERS.wpkh[1])], paid: [{ script: locked.output ?? new Uint8Array(), value: 80_000n }] });
    signByPeer(previous, [coin(OWNERS.wpkh[1])]);
    previous.finalizeAllInputs();
    const transaction = previous.extractTransaction(true);
    psbt.addInput({
      hash: transaction.getId(),
      index: 0,
      nonWitnessUtxo: transaction.toBuffer(),
      witnessUtxo: { script: locked.output ?? new Uint8Array(), value: 80_000n },
      witnessScript: redeem.output ?? new Uint8Array(),
    });
    for (const { privateKey, publicKey } of keys) psbt.signInput(1, { publicKey, sign: (hash) => ecc.sign(hash, privateKey) });
    expect(await finished(Uint8Array.from(psbt.toBuffer()))).toBe(false);
    psbt.finalizeInput(1);
    const made = await signed(Uint8Array.from(psbt.toBuffer()), a);
    expect(made.complete).toBe(true);
    signByPeer(psbt, [coin(a)]);
    psbt.finalizeInput(0);
    expect(hex(made.bytes)).toBe(hex(psbt.extractTransaction(true).toBuffer()));
  });

  test("an unsigned input of somebody else leaves the transaction unfinished", async () => {
    for (const type of TYPES) expect(await finished(psbtOf({ coins: [coin(a), coin(OWNERS[type][1])], paid: [PAID] }))).toBe(false);
  });
});

function derOf(signature: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bitcoinScript.signature.encode(signature, 1));
}

function highS(signature: Uint8Array): Uint8Array {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const r = signature.slice(4, 4 + (signature[3] ?? 0));
  const from = 6 + r.length;
  const s = BigInt(`0x${hex(signature.slice(from, -1))}`);
  const high = fromHex(`00${(order - s).toString(16).padStart(64, "0")}`);
  return Uint8Array.of(0x30, 4 + r.length + high.length, 0x02, r.length, ...r, 0x02, high.length, ...high, 1);
}

describe("the form of a transaction", () => {
  test("without any witness it is the old one, as nodes demand", async () => {
    const [who] = OWNERS.pkh;
    const { bytes } = await signed(psbtOf({ coins: [coin(who)], paid: [{ ...PAID, value: 90_000n }] }), who);
    expect(hex(bytes.slice(4, 6))).not.toBe("0001");
  });

  test("the same request gives the same bytes", async () => {
    for (const type of TYPES) {
      const [who] = OWNERS[type];
      const psbt = psbtOf(randomPlan(who, numbers(77), 0));
      expect(await signed(psbt, who)).toEqual(await signed(psbt, who));
    }
  });
});
