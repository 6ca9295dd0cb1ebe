import { Transaction } from "bitcoinjs-lib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestsOf } from "../../../src/chains/bitcoin/digest.ts";
import { type Lock, lockOf } from "../../../src/chains/bitcoin/lock.ts";
import { type OwnScript, ownScripts } from "../../../src/chains/bitcoin/own.ts";
import { readPsbt } from "../../../src/chains/bitcoin/psbt.ts";
import { hashTypeOf, previousOutputs, toSign } from "../../../src/chains/bitcoin/sighash.ts";
import { TEMPLATES } from "../../../src/chains/bitcoin/template.ts";
import { isValid, proofIn } from "../../../src/chains/bitcoin/unlock.ts";
import { accountOf, makePsbt, numbers, type Owner, owner, payment, randomPlan, TYPES } from "./made.ts";
import { hex, rewrite } from "./raw.ts";

const HASH_TYPES = [0x00, 0x01, 0x02, 0x03, 0x81, 0x82, 0x83];
const owners = TYPES.map((type) => owner(type, new Uint8Array(32).fill(9)));

describe("digests", () => {
  test.each(owners)("of $type are bitcoinjs-lib's, for every hash type that has one", (who) => {
    const random = numbers(3);
    for (let round = 0; round < 20; round++) {
      const plan = randomPlan(who, random, round * 3);
      const psbt = readPsbt(makePsbt(plan).toBuffer());
      const previous = previousOutputs(psbt) ?? [];
      const peer = Transaction.fromBuffer(psbt.unsigned);
      for (const [index, { path }] of plan.coins.entries()) {
        const { output, redeem } = payment(who, path);
        const lock = lockOf(output, redeem) as Lock;
        for (const hashType of HASH_TYPES) {
          const ours = digestsOf(psbt, previous)(index, lock, hashType);
          const noOutput = (hashType & 3) === 3 && index >= plan.paid.length;
          if (who.type === "pkh" ? hashType !== 1 : who.type === "tr" ? noOutput : hashType === 0) expect(ours).toBeUndefined();
          else expect(ours && hex(ours), `${round} ${index} ${hashType}`).toBe(hex(digestByPeer(peer, index, lock, hashType, previous)));
        }
      }
    }
  });

  test.each(owners)("of $type in hash types that the network does not know do not exist", (who) => {
    const psbt = readPsbt(makePsbt(randomPlan(who, numbers(1), 0)).toBuffer());
    const previous = previousOutputs(psbt) ?? [];
    const lock = lockOf(previous[0]?.script ?? new Uint8Array(), payment(who, [0, 0]).redeem) ?? {
      type: who.type,
      program: new Uint8Array(20),
    };
    for (let type = 0; type < 0x200; type++)
      if (!HASH_TYPES.includes(type)) expect(digestsOf(psbt, previous)(0, lock, type), String(type)).toBeUndefined();
  });

  test("are of nothing where an output that is spent is unknown", () => {
    const who = owners[3] as Owner;
    const plan = randomPlan(who, numbers(2), 0);
    const psbt = readPsbt(makePsbt(plan).toBuffer());
    const previous = previousOutputs(psbt) ?? [];
    const lock = lockOf(previous[0]?.script ?? new Uint8Array()) as Lock;
    expect(digestsOf(psbt, previous.slice(1))(0, lock, 0)).toBeUndefined();
    expect(digestsOf(psbt, previous)(previous.length, lock, 0)).toBeUndefined();
  });
});

function digestByPeer(
  peer: Transaction,
  index: number,
  { type, program }: Lock,
  hashType: number,
  previous: readonly { script: Uint8Array; amount: bigint }[],
): Uint8Array {
  const spent = previous[index] ?? { script: new Uint8Array(), amount: 0n };
  const scripts = previous.map(({ script }) => script);
  const amounts = previous.map(({ amount }) => amount);
  if (type === "tr") return peer.hashForWitnessV1(index, scripts, amounts, hashType);
  if (type === "pkh") return peer.hashForSignature(index, spent.script, hashType);
  const code = Uint8Array.of(0x76, 0xa9, 0x14, ...program, 0x88, 0xac);
  return peer.hashForWitnessV0(index, code, spent.amount, hashType);
}

describe("what has to be signed", () => {
  test.each(owners)("of $type: one digest per own input, with the key's path, and for taproot the empty tree", (who) => {
    const plan = randomPlan(who, numbers(7), 0);
    const psbt = readPsbt(makePsbt(plan).toBuffer());
    const asked = toSign(psbt, ownScripts(accountOf(who)));
    expect(asked.map(({ index }) => index)).toEqual(plan.coins.map((_, index) => index));
    expect(asked.map(({ signable }) => signable.path)).toEqual(plan.coins.map(({ path }) => path));
    for (const { signable } of asked) {
      expect(signable.scheme).toBe(who.type === "tr" ? "bip340" : "ecdsa");
      expect(signable.tap).toEqual(who.type === "tr" ? new Uint8Array(0) : undefined);
      expect(signable.digest).toHaveLength(32);
    }
  });

  test.each(owners)("of $type: only hash types that commit to the whole transaction", ({ type }) => {
    const taproot = type === "tr";
    expect(hashTypeOf(TEMPLATES[type], undefined)).toBe(taproot ? 0 : 1);
    for (let declared = 0; declared < 0x200; declared++) {
      const allowed = declared === 1 || (taproot && declared === 0);
      expect(hashTypeOf(TEMPLATES[type], declared), String(declared)).toBe(allowed ? declared : undefined);
    }
  });

  test.each(owners)("of $type: nothing at all where one input wants another hash type", (who) => {
    const coin = { who, value: 100_000n, ...(who.type === "tr" && { witnessUtxo: "only" as const }) };
    const plan = {
      coins: [
        { ...coin, path: [0, 1] as const },
        { ...coin, path: [0, 2] as const, sighashType: 0x83 },
      ],
      paid: [{ script: payment(who, [0, 3]).output, value: 190_000n }],
    };
    const scripts = ownScripts(accountOf(who));
    expect(toSign(readPsbt(makePsbt(plan).toBuffer()), scripts)).toEqual([]);
    const both = { ...plan, coins: plan.coins.map((one) => ({ ...one, sighashType: 1 })) };
    expect(toSign(readPsbt(makePsbt(both).toBuffer()), scripts)).toHaveLength(2);
  });

  test("nothing where an output that is spent is unknown, and nothing for what is final or another account's", () => {
    const [pkh, , wpkh] = owners as [Owner, Owner, Owner];
    const coins = [
      { who: wpkh, path: [0, 1] as const, value: 100_000n },
      { who: pkh, path: [0, 2] as const, value: 100_000n },
    ];
    const psbt = makePsbt({ coins, paid: [{ script: payment(pkh, [0, 3]).output, value: 190_000n }] }).toBuffer();
    const asked = (bytes: Uint8Array, who: Owner) => toSign(readPsbt(bytes), ownScripts(accountOf(who))).map(({ index }) => index);
    expect(asked(psbt, wpkh)).toEqual([0]);
    expect(asked(psbt, pkh)).toEqual([1]);
    // Of `others` what happens is judged, but they are not signed for.
    const both = { ...accountOf(wpkh), others: [accountOf(pkh)] };
    expect(toSign(readPsbt(psbt), ownScripts(both)).map(({ index }) => index)).toEqual([0]);
    const unknown = rewrite(psbt, ({ inputs }) => {
      delete inputs[1]?.nonWitnessUtxo;
    });
    expect(asked(unknown, wpkh)).toEqual([]);
    const final = rewrite(psbt, ({ inputs }) => {
      if (inputs[0]) inputs[0].finalScriptWitness = [Uint8Array.of(1)];
    });
    expect(asked(final, wpkh)).toEqual([]);
  });
});

describe("a lock", () => {
  test.each(owners)("of $type is read from the script that it is", (who) => {
    const { output, redeem } = payment(who, [1, 4]);
    expect(lockOf(output, redeem)?.type).toBe(who.type);
  });

  test("of P2SH is believed only from the script that it is the hash of", () => {
    const [, nested] = owners as [Owner, Owner];
    const { output } = payment(nested, [0, 0]);
    expect(lockOf(output)).toBeUndefined();
    expect(lockOf(output, payment(nested, [0, 1]).redeem)).toBeUndefined();
  });

  test("is nothing for any script that is longer, shorter or of another form", () => {
    for (const who of owners) {
      const { output, redeem } = payment(who, [0, 0]);
      expect(lockOf(Uint8Array.of(...output, 0x61), redeem)).toBeUndefined();
      expect(lockOf(output.slice(0, -1), redeem)).toBeUndefined();
    }
    const bytes = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(bytes, bytes, (script, redeem) => {
        lockOf(script, redeem);
      }),
      { numRuns: 300 },
    );
  });
});

describe("whatever bytes stand for a signature of somebody else", () => {
  test.each(owners)("of $type, the answer is no, and never an exception", (who) => {
    const psbt = readPsbt(makePsbt(randomPlan(who, numbers(4), 0)).toBuffer());
    const previous = previousOutputs(psbt) ?? [];
    const own = ownScripts(accountOf(who)).lookup(previous[0]?.script ?? new Uint8Array()) as OwnScript;
    const lock = lockOf(own.script, own.template.redeemScript?.(own.publicKey)) as Lock;
    const publicKey = who.type === "tr" ? lock.program : own.publicKey;
    const bytes = fc.uint8Array({ maxLength: 80 });
    fc.assert(
      fc.property(bytes, bytes, bytes, (signature, other, third) => {
        expect(isValid(digestsOf(psbt, previous), 0, lock, { publicKey, signature })).not.toBe(true);
        expect(isValid(digestsOf(psbt, previous), 0, lock, { publicKey: other, signature })).toBe(false);
        const proof = proofIn(lock, { scriptSig: signature, witness: [other, third] });
        expect(proof === undefined || isValid(digestsOf(psbt, previous), 0, lock, proof) !== true).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
