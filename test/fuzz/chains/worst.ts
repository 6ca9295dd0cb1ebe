import { concat, fromHex, toHex, u32 } from "../../../src/base/bytes.ts";
import type { Json } from "../../../src/base/canonical.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { bitcoin } from "../../../src/chains/bitcoin/index.ts";
import { evm, parseFunction } from "../../../src/chains/evm/index.ts";
import { emptyBook } from "../../../src/intent/book.ts";
import type { RequestKind } from "../../../src/intent/intent.ts";
import { MAINNET } from "../../chains/bitcoin/made.ts";
import { ACCOUNT, BANK, book, MULTI } from "../../chains/evm/fixtures.ts";
import type { Target } from "../engine.ts";
import { mutatedBytes } from "../mutate.ts";
import type { Random } from "../random.ts";
import { vault } from "./bitcoin-plans.ts";
import { type Item, integer, rlp } from "./rlp.ts";
import { attempt } from "./same.ts";

/**
 * Inputs that are made to cost as much as they can: deep, wide, with counts and offsets that promise more than there is, and texts
 * at which a pattern could try the same over and over. What bounds each is counted in `work.ts` and `framing.ts`; here the clock
 * looks as well.
 */
export const worst: Target = {
  name: "chains/worst",
  weight: 1,
  run(random) {
    const make = random.pick(SHAPES);
    const run = make(random);
    const read = attempt(run);
    if ("value" in read) return "accepted";
    if (read.thrown instanceof CustodyError) return { refused: read.thrown.code };
    throw read.thrown;
  },
};

type Shape = (random: Random) => () => unknown;

const evmRequest = (kind: RequestKind, payload: Json) => () =>
  evm.decode({ chain: "eip155:1", account: ACCOUNT, kind, payload }, { address: ACCOUNT }, book);

function transaction(data: Uint8Array, to: string, accessList: Item = []): Json {
  const none = new Uint8Array(0);
  const fields = [integer(1n), none, none, integer(9n), integer(100_000n), fromHex(to), none, data, accessList];
  return `0x02${toHex(rlp(fields))}`;
}

const word = (value: bigint) => fromHex(value.toString(16).padStart(64, "0"));
const nested = (depth: number): Item => Array.from({ length: depth }).reduce<Item>((inside) => [inside], new Uint8Array(0));
const repeat = (text: string, most: number, random: Random) => text.repeat(1 + random.below(most));

const SHAPES: readonly Shape[] = [
  // RLP: deep lists, many small items, a long access list.
  (random) => evmRequest("transaction", `0x02${toHex(rlp(nested(1 + random.below(3_000))))}`),
  (random) => {
    const depth = random.below(20_000);
    return evmRequest("transaction", `0x${"c1".repeat(depth)}c0`);
  },
  (random) =>
    evmRequest(
      "transaction",
      transaction(
        new Uint8Array(0),
        BANK,
        Array.from({ length: random.below(4_000) }, () => [random.bytes(20), []]),
      ),
    ),
  (random) => evmRequest("transaction", `0x${"80".repeat(random.below(140_000))}`),
  (random) => evmRequest("transaction", `0x02bb${toHex(u32(0xffffffff - random.below(9)))}${toHex(random.bytes(40))}`),
  // Call data: offsets that all point to one place, lengths beyond the end, as many items as there can be.
  (random) => evmRequest("transaction", transaction(aliased(random), BANK)),
  (random) => evmRequest("transaction", transaction(batch(random), MULTI)),
  (random) => evmRequest("transaction", transaction(random.bytes(random.below(128_000)), random.pick([BANK, MULTI]))),
  // Authorizations: each costs a recovery, so that more than a few are not tried.
  (random) => {
    const none = new Uint8Array(0);
    const list = Array.from({ length: random.below(200) }, () => [
      integer(1n),
      random.bytes(20),
      none,
      none,
      random.bytes(32),
      random.bytes(32),
    ]);
    return evmRequest(
      "transaction",
      `0x04${toHex(rlp([integer(1n), none, none, integer(9n), integer(9n), fromHex(BANK), none, none, [], list]))}`,
    );
  },
  // Typed data: deep, wide, types that are written out over and over, lists of lists.
  (random) => evmRequest("typedData", deepTypes(random)),
  (random) => evmRequest("typedData", wideTypes(random)),
  (random) => evmRequest("typedData", listsOfLists(random)),
  (random) => evmRequest("typedData", `${"[".repeat(random.below(200_000))}`),
  (random) => evmRequest("typedData", `{"types":${'{"a":'.repeat(random.below(20_000))}`),
  // Texts: patterns that could go back and forth.
  (random) => evmRequest("message", { text: `${repeat("a.", 30_000, random)} wants you to sign in with your Ethereum account:\n` }),
  (random) =>
    evmRequest("message", {
      text: `x.org wants you to sign in with your Ethereum account:\n${ACCOUNT}\n\n\nURI: a:${repeat("%41", 20_000, random)}\n`,
    }),
  (random) => evmRequest("message", { text: `wants${repeat(" \n", 30_000, random)}you` }),
  (random) => evmRequest("message", { text: `wants ${repeat("you to ", 9_000, random)}wants you` }),
  (random) => evmRequest("message", { text: `${repeat("\u{1f600}\u200d", 20_000, random)}` }),
  (random) => evmRequest("message", { text: `${repeat(" ", 100_000, random)}${"ab".repeat(32)}${repeat(" ", 30_000, random)}x` }),
  (random) => evmRequest("message", { hex: `0x${"00".repeat(random.below(140_000))}` }),
  (random) => () => parseFunction(`f(${repeat(random.pick(["(", "uint256,", "bytes[1]", "(uint8", "()"]), 20_000, random)})`),
  (random) => () => parseFunction(`f(uint8${repeat("[9999]", 9, random)})`),
  (random) => () => parseFunction(`f(${Array.from({ length: 1 + random.below(2_000) }, () => "uint256").join()})`),
  // Bitcoin.
  (random) => () => bitcoin.readAccount(MAINNET, `wpkh([${repeat("0/", 4_000, random)}]xpub${repeat("1", 5_000, random)}/<0;1>/*)`),
  (random) => () => bitcoin.parseAddress(MAINNET, repeat(random.pick(["1", "bc1q", "z", "Q"]), 200_000, random)),
  (random) => () => bitcoin.readAccount(MAINNET, repeat(random.pick(["(", "wpkh(", "1", "sh(wpkh("]), 9_000, random)),
  (random) => psbt(random, manyRows(random)),
  (random) => psbt(random, manyInputs(random)),
  (random) => psbt(random, concat(MAGIC, Uint8Array.of(0x01, 0x00, 0xfe), u32(0xffffff7f), random.bytes(30))),
];

const MAGIC = Uint8Array.of(0x70, 0x73, 0x62, 0x74, 0xff);

function psbt(random: Random, bytes: Uint8Array): () => unknown {
  const { account } = vault(random);
  const payload = Buffer.from(random.oneIn(4) ? mutatedBytes(random, bytes) : bytes).toString("base64");
  return () => bitcoin.decode({ chain: MAINNET, account: account.address, kind: "psbt", payload }, account, emptyBook);
}

function aliased(random: Random): Uint8Array {
  // pay((address,uint256)[],bool): as many items as are promised, all of them the same.
  const count = random.pick([0, 1, 2 ** 16, 2 ** 31]);
  const words = Array.from({ length: random.below(3_000) }, () => word(random.pick([0n, 0x40n, 0x20n, 2n ** 256n - 1n])));
  return concat(fromHex(parseFunction("pay((address,uint256)[],bool)").selector), word(0x40n), word(1n), word(BigInt(count)), ...words);
}

function batch(random: Random): Uint8Array {
  const count = random.pick([1, 256, 257, 1_800]);
  const list = [word(BigInt(count)), ...Array.from({ length: count }, (_, at) => word(BigInt(at)))];
  const head = [BigInt(ACCOUNT), BigInt(BANK), 0xa0n, 0xa0n + 32n * BigInt(count + 1), 0xa0n + 64n * BigInt(count + 1)].map(word);
  const data = concat(fromHex("0x2eb2c2d6"), ...head, ...list, ...list, word(0n));
  return random.oneIn(2) ? data : mutatedBytes(random, data);
}

function typed(types: { readonly [name: string]: Json }, primaryType: string, message: Json): Json {
  return { types, primaryType, domain: { name: "x" }, message };
}

function deepTypes(random: Random): Json {
  const depth = 1 + random.below(80);
  const types = Object.fromEntries(
    Array.from({ length: depth }, (_, at) => [
      `T${at}`,
      at + 1 < depth ? [{ name: "a", type: `T${at + 1}` }] : [{ name: "a", type: "bool" }],
    ]),
  );
  return typed(
    types,
    "T0",
    Array.from({ length: depth }).reduce<Json>((inside) => ({ a: inside }), true),
  );
}

function wideTypes(random: Random): Json {
  // Each refers to all others: written out, the types of all are in each.
  const count = 1 + random.below(64);
  const names = Array.from({ length: count }, (_, at) => `T${at}${"x".repeat(random.below(250))}`);
  const members = (from: number) => names.slice(from + 1).map((name, at) => ({ name: `m${at}`, type: `${name}[]` }));
  const types = Object.fromEntries(names.map((name, at) => [name, members(at)]));
  return typed(types, names[0] ?? "", Object.fromEntries(members(0).map(({ name }) => [name, []])));
}

function listsOfLists(random: Random): Json {
  const depth = 1 + random.below(40);
  const width = random.pick([0, 1, 2]);
  const fill = (left: number): Json => (left === 0 ? true : Array.from({ length: left > 12 ? 1 : width }, () => fill(left - 1)));
  return typed({ T: [{ name: "a", type: `bool${"[]".repeat(depth)}` }] }, "T", { a: fill(depth) });
}

function unsigned(inputs: number, outputs: number): Uint8Array {
  const input = concat(new Uint8Array(36).fill(7), Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff));
  const output = concat(new Uint8Array(8), Uint8Array.of(1, 0x51));
  const count = (value: number) => (value < 0xfd ? Uint8Array.of(value) : Uint8Array.of(0xfd, value & 0xff, value >> 8));
  const four = new Uint8Array(4);
  return concat(
    Uint8Array.of(2, 0, 0, 0),
    count(inputs),
    ...new Array<Uint8Array>(inputs).fill(input),
    count(outputs),
    ...new Array<Uint8Array>(outputs).fill(output),
    four,
  );
}

const row = (key: Uint8Array, value: Uint8Array) => concat(sized(key), sized(value));
const sized = (bytes: Uint8Array) =>
  concat(
    bytes.length < 0xfd
      ? Uint8Array.of(bytes.length)
      : bytes.length < 0x1_0000
        ? Uint8Array.of(0xfd, bytes.length & 0xff, bytes.length >> 8)
        : Uint8Array.of(0xfe, bytes.length & 0xff, (bytes.length >> 8) & 0xff, bytes.length >> 16, 0),
    bytes,
  );

/** Keys that would have to be points: each takes curve arithmetic to check. */
function manyRows(random: Random): Uint8Array {
  const rows = Array.from({ length: random.below(80) }, () => row(concat(Uint8Array.of(0x06, 2), random.bytes(32)), random.bytes(8)));
  const spent = row(Uint8Array.of(0x01), concat(new Uint8Array(8), Uint8Array.of(1, 0x51)));
  const map = concat(spent, ...rows, Uint8Array.of(0));
  const inputs = 1 + random.below(40);
  return concat(
    MAGIC,
    row(Uint8Array.of(0), unsigned(inputs, 1)),
    Uint8Array.of(0),
    ...new Array<Uint8Array>(inputs).fill(map),
    Uint8Array.of(0),
  );
}

function manyInputs(random: Random): Uint8Array {
  const [inputs, outputs] = [random.pick([1, 999, 1_000, 1_001]), random.pick([0, 1, 1_000, 1_001])];
  const spent = row(Uint8Array.of(0x01), concat(new Uint8Array(8), Uint8Array.of(1, 0x51)));
  const map = concat(spent, Uint8Array.of(0));
  return concat(
    MAGIC,
    row(Uint8Array.of(0), unsigned(inputs, outputs)),
    Uint8Array.of(0),
    ...new Array<Uint8Array>(inputs).fill(map),
    new Uint8Array(outputs),
  );
}
