import { base64 } from "@scure/base";
import { Transaction as Library } from "@scure/btc-signer";
import { Transaction as Peer, type Psbt } from "bitcoinjs-lib";
import { describe, expect, test } from "vitest";
import { concat, equal, fromHex, toHex } from "../../../src/base/bytes.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { MAX_ROWS } from "../../../src/chains/bitcoin/framing.ts";
import { MAX_ALL_ROWS, MAX_BYTES, MAX_PARTS, MAX_UNSIGNED, parsePsbt, readPsbt } from "../../../src/chains/bitcoin/psbt.ts";
import { makePsbt, owner, payment } from "./made.ts";

const ours = owner("wpkh", new Uint8Array(64).fill(7));
const stranger = owner("wpkh", new Uint8Array(64).fill(8));

function plain(type: Parameters<typeof owner>[0] = "wpkh"): Psbt {
  const who = owner(type, new Uint8Array(64).fill(7));
  return makePsbt({
    coins: [{ who, path: [0, 0], value: 100_000n, witnessUtxo: "also" }],
    paid: [
      { script: payment(stranger, [0, 0]).output, value: 60_000n },
      { change: { who, path: [1, 0] }, value: 39_000n },
    ],
  });
}

const bytesOf = (psbt: Psbt): Uint8Array => Uint8Array.from(psbt.toBuffer());

function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof CustodyError ? error.code : `crash: ${error}`;
  }
  return "accepted";
}

const MAGIC = fromHex("70736274ff");
const END = Uint8Array.of(0);

function row(key: readonly number[], value: Uint8Array): Uint8Array {
  return concat(size(key.length), Uint8Array.from(key), size(value.length), value);
}

function size(length: number): Uint8Array {
  if (length < 0xfd) return Uint8Array.of(length);
  const wide = length > 0xffff;
  const bytes = new Uint8Array(wide ? 5 : 3);
  bytes[0] = wide ? 0xfe : 0xfd;
  if (wide) new DataView(bytes.buffer).setUint32(1, length, true);
  else new DataView(bytes.buffer).setUint16(1, length, true);
  return bytes;
}

describe("the text of a PSBT", () => {
  const psbt = plain();

  test("base64 and hexadecimal with and without 0x are the same bytes", () => {
    const read = [psbt.toBase64(), psbt.toHex(), `0x${psbt.toHex()}`].map((text) => parsePsbt(text).bytes);
    expect(read).toEqual([bytesOf(psbt), bytesOf(psbt), bytesOf(psbt)]);
  });

  test("there is one form of each: no spaces, no missing padding, no spare bits, no capitals", () => {
    const longer = base64.encode(concat(bytesOf(psbt), Uint8Array.of(0)));
    const texts = [
      ` ${psbt.toBase64()}`,
      `${psbt.toBase64()}\n`,
      psbt.toBase64().replace(/=+$/, ""),
      `${psbt.toBase64()}=`,
      psbt.toBase64().replace(/\+/g, "-").replace(/\//g, "_").concat("-"),
      psbt.toHex().toUpperCase(),
      psbt.toHex().slice(0, -1),
      `0X${psbt.toHex()}`,
      `70736274ff${psbt.toHex().slice(10).toUpperCase()}`,
      `${psbt.toHex().slice(0, -1)}F`,
      longer,
      "",
      "0x",
    ];
    for (const text of texts)
      expect(
        code(() => parsePsbt(text)),
        text.slice(0, 20),
      ).toBe("chain/malformed");
    for (const payload of [null, 5, [], { psbt: psbt.toBase64() }]) expect(code(() => parsePsbt(payload))).toBe("request/malformed");
  });

  test("spare bits in the last letter of base64 are refused", () => {
    // One byte too few for a whole group: its last letter has bits that mean nothing.
    const bytes = bytesOf(psbt);
    const padded = [bytes, concat(bytes, Uint8Array.of(0)), concat(bytes, Uint8Array.of(0, 0))].find((one) => one.length % 3 === 1)!;
    const canonical = base64.encode(padded);
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const last = canonical.at(-3)!;
    const loose = `${canonical.slice(0, -3)}${letters[letters.indexOf(last) + 1]}==`;
    expect(Uint8Array.from(atob(loose), (letter) => letter.charCodeAt(0))).toEqual(padded);
    expect(code(() => parsePsbt(loose))).toBe("chain/malformed");
  });
});

describe("the size of a PSBT", () => {
  test("more than a mebibyte is refused before anything is parsed", () => {
    const huge = new Uint8Array(MAX_BYTES + 1);
    expect(code(() => readPsbt(huge))).toBe("chain/too-large");
    expect(code(() => parsePsbt("A".repeat(3 * MAX_BYTES)))).toBe("chain/too-large");
    expect(code(() => parsePsbt(base64.encode(huge)))).toBe("chain/too-large");
  });

  test("more than a thousand inputs or outputs are refused before their maps are read", { timeout: 30_000 }, () => {
    const transaction = (inputs: number, outputs: number) => {
      const made = new Peer();
      for (let at = 0; at < inputs; at++) made.addInput(new Uint8Array(32).fill(1), at);
      for (let at = 0; at < outputs; at++) made.addOutput(payment(stranger, [0, 0]).output, 1_000n);
      // No maps behind it at all.
      return concat(MAGIC, row([0x00], Uint8Array.from(made.toBuffer())), END);
    };
    expect(code(() => readPsbt(transaction(MAX_PARTS + 1, 1)))).toBe("chain/too-large");
    expect(code(() => readPsbt(transaction(1, MAX_PARTS + 1)))).toBe("chain/too-large");
    expect(code(() => readPsbt(transaction(1, MAX_PARTS)))).toBe("chain/malformed");
  });

  test("an unsigned transaction above what nodes relay is refused before it is parsed", () => {
    const made = (bytes: number) => {
      const transaction = new Peer();
      transaction.addInput(new Uint8Array(32).fill(1), 0);
      const bare = transaction.toBuffer().length + 8 + 5;
      transaction.addOutput(new Uint8Array(bytes - bare).fill(0x6a), 0n);
      expect(transaction.toBuffer().length).toBe(bytes);
      return concat(MAGIC, row([0x00], Uint8Array.from(transaction.toBuffer())), END, END, END);
    };
    expect(code(() => readPsbt(made(MAX_UNSIGNED)))).toBe("accepted");
    expect(code(() => readPsbt(made(MAX_UNSIGNED + 1)))).toBe("chain/too-large");
    // No transaction at all, and nobody looked.
    const noise = new Uint8Array(MAX_UNSIGNED + 1).fill(0xff);
    expect(code(() => readPsbt(concat(MAGIC, row([0x00], noise), END)))).toBe("chain/too-large");
    expect(code(() => readPsbt(concat(MAGIC, row([0x00], noise.slice(1)), END)))).toBe("chain/malformed");
  });

  test("more rows than anybody needs are refused, of one map and of all together", () => {
    const made = (inputs: number, rows: number) => {
      const transaction = new Peer();
      for (let at = 0; at < inputs; at++) transaction.addInput(new Uint8Array(32).fill(1), at);
      const map = concat(...Array.from({ length: rows }, (_, at) => row([0xf0, at], END)), END);
      const maps = Array.from({ length: inputs }, () => map);
      return concat(MAGIC, row([0x00], Uint8Array.from(transaction.toBuffer())), END, ...maps);
    };
    expect(code(() => readPsbt(made(1, MAX_ROWS)))).toBe("accepted");
    expect(code(() => readPsbt(made(1, MAX_ROWS + 1)))).toBe("chain/too-large");
    // The global map has one.
    const inputs = MAX_ALL_ROWS / MAX_ROWS;
    expect(code(() => readPsbt(made(inputs - 1, MAX_ROWS)))).toBe("accepted");
    expect(code(() => readPsbt(made(inputs, MAX_ROWS)))).toBe("chain/too-large");
  });

  test("the work grows with the bytes and not faster, also for previous transactions that are given again and again", {
    timeout: 60_000,
  }, () => {
    const outputs = 200;
    const previous = new Peer();
    previous.addInput(new Uint8Array(32).fill(1), 0);
    for (let at = 0; at < outputs; at++) previous.addOutput(payment(stranger, [0, 0]).output, 1_000n);
    const raw = Uint8Array.from(previous.toBuffer());
    const build = (inputs: number) => {
      const unsigned = new Peer();
      for (let at = 0; at < inputs; at++) unsigned.addInput(previous.getHash(), at);
      unsigned.addOutput(payment(stranger, [0, 0]).output, 1_000n);
      const maps = Array.from({ length: inputs }, () => concat(row([0x00], raw), END));
      return concat(MAGIC, row([0x00], Uint8Array.from(unsigned.toBuffer())), END, ...maps, END);
    };
    const time = (bytes: Uint8Array) => {
      const once = () => {
        const start = performance.now();
        readPsbt(bytes);
        return performance.now() - start;
      };
      // The best of three: others may be at work on the same machine.
      return Math.min(once(), once(), once());
    };
    const [few, many] = [build(10), build(60)];
    expect(many.length).toBeLessThan(MAX_BYTES);
    // Six times the bytes; the square would be thirty-six times the work.
    expect(time(many) / time(few)).toBeLessThan(24);
  });
});

describe("the framing of a PSBT", () => {
  const bytes = bytesOf(plain());

  test("a map too many, empty or not, and anything else behind the last map is refused", () => {
    for (const tail of ["00", "0000", "ff", "010000", "01fc0000", "70736274ff"]) {
      expect(
        code(() => readPsbt(concat(bytes, fromHex(tail)))),
        tail,
      ).toBe("chain/malformed");
    }
  });

  test("a PSBT without outputs has no map for one", () => {
    const unsigned = new Peer();
    unsigned.addInput(new Uint8Array(32).fill(1), 0);
    const without = concat(MAGIC, row([0x00], Uint8Array.from(unsigned.toBuffer())), END, END);
    expect(readPsbt(without).outputs).toEqual([]);
    expect(code(() => readPsbt(concat(without, END)))).toBe("chain/malformed");
  });

  test("a key may stand once in a map, also one that nobody knows", () => {
    const unsigned = new Peer();
    unsigned.addInput(new Uint8Array(32).fill(1), 0);
    const made = (...rows: Uint8Array[]) => concat(MAGIC, row([0x00], Uint8Array.from(unsigned.toBuffer())), END, ...rows, END);
    const unknown = [0xf0, 1, 2];
    expect(code(() => readPsbt(made(row(unknown, END))))).toBe("accepted");
    expect(code(() => readPsbt(made(row(unknown, END), row([0xf0, 1, 3], END))))).toBe("accepted");
    expect(code(() => readPsbt(made(row(unknown, END), row(unknown, END))))).toBe("chain/malformed");
    expect(code(() => readPsbt(made(row(unknown, END), row(unknown, Uint8Array.of(1)))))).toBe("chain/malformed");
  });

  test("lengths have their shortest form", () => {
    const unsigned = new Peer();
    unsigned.addInput(new Uint8Array(32).fill(1), 0);
    const raw = Uint8Array.from(unsigned.toBuffer());
    const made = (...length: number[]) => concat(MAGIC, Uint8Array.of(1, 0, ...length), raw, END, END);
    expect(code(() => readPsbt(made(raw.length)))).toBe("accepted");
    expect(code(() => readPsbt(made(0xfd, raw.length, 0)))).toBe("chain/malformed");
    expect(code(() => readPsbt(made(0xfe, raw.length, 0, 0, 0)))).toBe("chain/malformed");
    expect(code(() => readPsbt(made(0xff, raw.length, 0, 0, 0, 0, 0, 0, 0)))).toBe("chain/malformed");
  });

  test("version 2 is told apart from what cannot be read, and every other version is none", () => {
    const version = (number: string) => concat(MAGIC, row([0xfb], fromHex(number)), END);
    expect(code(() => readPsbt(version("02000000")))).toBe("request/unsupported");
    for (const other of ["01000000", "03000000", "00000002", "0200", "020000000000"]) {
      expect(
        code(() => readPsbt(version(other))),
        other,
      ).toBe("chain/malformed");
    }
    const whole = Library.fromPSBT(bytes).toPSBT(2);
    expect(code(() => readPsbt(whole))).toBe("request/unsupported");
    const unsigned = bytes.subarray(MAGIC.length);
    expect(code(() => readPsbt(concat(MAGIC, row([0xfb], fromHex("00000000")), unsigned)))).toBe("accepted");
    expect(code(() => readPsbt(concat(MAGIC, row([0xfb], fromHex("02000000")), unsigned)))).toBe("request/unsupported");
    expect(code(() => readPsbt(concat(MAGIC, row([0xfb], fromHex("01000000")), unsigned)))).toBe("chain/malformed");
  });

  test("every truncation is malformed", () => {
    for (let length = 0; length < bytes.length; length++) expect(code(() => readPsbt(bytes.slice(0, length)))).toBe("chain/malformed");
  });

  test("every flipped bit of a PSBT is malformed or changes what was read, and none is read as another transaction than it is", {
    timeout: 60_000,
  }, () => {
    for (const type of ["pkh", "wpkh", "tr"] as const) {
      const original = bytesOf(plain(type));
      const { unsigned, inputs } = readPsbt(original);
      const start = toHex(original).indexOf(toHex(unsigned)) / 2;
      for (let at = 0; at < original.length; at++) {
        const flipped = original.slice();
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
        try {
          const read = readPsbt(flipped);
          expect(equal(read.bytes, flipped)).toBe(true);
          expect(equal(read.unsigned, flipped.subarray(start, start + unsigned.length))).toBe(true);
          // A previous transaction is tied to its id, and a claim beside it to the transaction.
          const previous = read.inputs[0]?.previous;
          if (previous !== undefined) expect(previous).toEqual(inputs[0]?.previous);
        } catch (error) {
          if (!(error instanceof CustodyError)) throw error;
          expect(["chain/malformed", "request/unsupported"], `byte ${at}`).toContain(error.code);
        }
      }
    }
  });
});

describe("previous transactions", () => {
  test("one whose id is not the outpoint's is malformed", () => {
    const other = new Peer();
    other.addInput(new Uint8Array(32).fill(9), 0);
    other.addOutput(payment(ours, [0, 0]).output, 100_000n);
    const made = plain();
    made.data.inputs[0]!.nonWitnessUtxo = other.toBuffer();
    expect(code(() => parsePsbt(made.toBase64()))).toBe("chain/malformed");
  });

  test("one that has no such output is malformed", () => {
    const previous = new Peer();
    previous.addInput(new Uint8Array(32).fill(9), 0);
    previous.addOutput(payment(ours, [0, 0]).output, 100_000n);
    const unsigned = new Peer();
    unsigned.addInput(previous.getHash(), 1);
    const made = concat(
      MAGIC,
      row([0x00], Uint8Array.from(unsigned.toBuffer())),
      END,
      row([0x00], Uint8Array.from(previous.toBuffer())),
      END,
    );
    expect(code(() => readPsbt(made))).toBe("chain/malformed");
  });

  test("one that disagrees with the claim beside it is malformed, by amount or by script", () => {
    expect(plain().data.inputs[0]!.witnessUtxo).toBeDefined();
    for (const claim of [
      { script: payment(ours, [0, 0]).output, value: 100_001n },
      { script: payment(stranger, [0, 0]).output, value: 100_000n },
    ]) {
      const made = plain();
      made.data.inputs[0]!.witnessUtxo = claim;
      expect(code(() => parsePsbt(made.toBase64()))).toBe("chain/malformed");
    }
  });
});

describe("what is read", () => {
  test("fields of inputs and outputs, as another library wrote them", () => {
    const made = makePsbt({
      coins: [
        { who: ours, path: [0, 3], value: 70_000n, sequence: 0xfffffffd, sighashType: 1 },
        { who: owner("tr", new Uint8Array(64).fill(7)), path: [1, 4], value: 50_000n, witnessUtxo: "only" },
      ],
      paid: [{ change: { who: ours, path: [1, 2] }, value: 100_000n }],
      lockTime: 123,
    });
    const read = parsePsbt(made.toBase64());
    expect(read).toMatchObject({ version: 2, lockTime: 123 });
    const [first, second] = read.inputs;
    expect(first).toMatchObject({ index: 0, sequence: 0xfffffffd, sighash: 1, tapScripts: false, signed: false });
    expect(first?.txid).toBe(toHex(Uint8Array.from(made.txInputs[0]!.hash).reverse()));
    expect(first?.previous).toEqual({ script: payment(ours, [0, 3]).output, amount: 70_000n });
    expect(first).not.toHaveProperty("witnessUtxo");
    expect(first).not.toHaveProperty("final");
    expect(second).not.toHaveProperty("sighash");
    expect(second).not.toHaveProperty("previous");
    expect(second?.witnessUtxo?.amount).toBe(50_000n);
    expect(second?.tapInternalKey).toEqual(payment(owner("tr", new Uint8Array(64).fill(7)), [1, 4]).internal);
    const fingerprint = toHex(ours.fingerprint);
    const purpose = 84 + 2 ** 31;
    expect(first?.hints).toEqual([{ publicKey: ours.key([0, 3]).publicKey, fingerprint, path: [purpose, 2 ** 31, 2 ** 31, 0, 3] }]);
    expect(second?.hints[0]?.publicKey).toHaveLength(32);
    expect(read.outputs[0]).toMatchObject({ amount: 100_000n, script: payment(ours, [1, 2]).output });
    expect(read.outputs[0]?.hints[0]?.path.slice(-2)).toEqual([1, 2]);
  });

  test("two readings share nothing, and later changes to the bytes change neither", () => {
    const bytes = bytesOf(plain());
    const first = readPsbt(bytes);
    const second = readPsbt(bytes);
    const kept = toHex(second.unsigned);
    bytes.fill(0);
    first.bytes.fill(0);
    first.unsigned.fill(0);
    first.inputs[0]?.previous?.script.fill(0);
    expect(toHex(second.unsigned)).toBe(kept);
    expect(toHex(second.transaction.unsignedTx)).toBe(kept);
    expect(toHex(first.transaction.unsignedTx)).toBe(kept);
    expect(second.inputs[0]?.previous?.script).toEqual(payment(ours, [0, 0]).output);
  });

  test("a key that is no point is malformed wherever it is said to be one", () => {
    const made = plain();
    made.data.inputs[0]!.bip32Derivation![0]!.pubkey = Uint8Array.of(2, ...new Uint8Array(32).fill(0xff));
    expect(code(() => parsePsbt(made.toBase64()))).toBe("chain/malformed");
  });
});
