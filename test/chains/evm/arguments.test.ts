import fc from "fast-check";
import { encodeAbiParameters, parseAbiItem, toFunctionSelector } from "viem";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { readArguments } from "../../../src/chains/evm/arguments.ts";
import { parseFunction, typeName } from "../../../src/chains/evm/signature.ts";
import { newWork } from "../../../src/chains/evm/work.ts";
import { code, FRIEND } from "./fixtures.ts";

const word = (value: bigint | number) => BigInt.asUintN(256, BigInt(value)).toString(16).padStart(64, "0");
const read = (signature: string, hex: string) => readArguments(parseFunction(signature).parameters, fromHex(hex), newWork());
const values = (signature: string, hex: string) => {
  const result = read(signature, hex);
  return result.kind === "read" && result.trailing === 0 ? result.values : result;
};
const unread = (signature: string, hex: string) => expect(read(signature, hex).kind).toBe("unread");

describe("function texts", () => {
  test("selectors are those of other libraries, tuples, arrays and bare uint included", () => {
    for (const text of [
      "deposit(uint256 amount, address to)",
      "f()",
      "f(bytes32,bool,string,bytes,int8)",
      "pay((address to, uint256 amount)[] items, bool)",
      "nested(((uint8,bytes)[2] a,string)[][3],uint256[4][])",
    ]) {
      expect(parseFunction(text).selector).toBe(toFunctionSelector(text));
    }
    expect(parseFunction("f(uint,int[])").signature).toBe("f(uint256,int256[])");
    expect(parseFunction("deposit(uint256 amount, address)").parameters.map(({ name, type }) => [name, typeName(type)])).toEqual([
      ["amount", "uint256"],
      [undefined, "address"],
    ]);
  });

  test("everything else is malformed", () => {
    for (const text of [
      "",
      "f",
      "f(",
      "f)",
      "f())",
      "(uint256)",
      "f(uint7)",
      "f(uint264)",
      "f(uint0)",
      "f(bytes33)",
      "f(bytes0)",
      "f(bytes01)",
      "f(uint256,)",
      "f(,uint256)",
      "f(uint256 a b)",
    ]) {
      expect(
        code(() => parseFunction(text)),
        text,
      ).toBe("chain/malformed");
    }
    for (const text of [
      "f(uint256[0])",
      "f(uint256[-1])",
      "f(uint256[10000])",
      "f(())",
      "f(function)",
      "f(fixed)",
      "f(foo)",
      " f()",
      "f() ",
      "f(uint256)returns(bool)",
      `f(${"(".repeat(9)}uint8${")".repeat(9)})`,
      `f(uint8${"[]".repeat(9)})`,
      "2f()",
      "f(uint256 1)",
    ]) {
      expect(
        code(() => parseFunction(text)),
        text,
      ).toBe("chain/malformed");
    }
  });
});

describe("arguments", () => {
  test("integers, booleans, addresses and fixed bytes", () => {
    expect(values("f(uint8,int8,bool,bytes4)", `${word(255) + word(-128) + word(1)}aabbccdd${"00".repeat(28)}`)).toEqual([
      255n,
      -128n,
      true,
      "0xaabbccdd",
    ]);
    expect(values("f(address)", `${"00".repeat(12)}${FRIEND.slice(2)}`)).toEqual([FRIEND]);
    expect(values("f(uint256,int256)", "ff".repeat(64))).toEqual([2n ** 256n - 1n, -1n]);
  });

  test("a value outside its type is unread: uint8 257, bool 2, int8 128, dirty address and bytes4", () => {
    unread("f(uint8)", word(257));
    unread("f(bool)", word(2));
    unread("f(int8)", word(128));
    unread("f(int8)", word(2n ** 256n - 129n));
    unread("f(address)", `${"00".repeat(11)}01${FRIEND.slice(2)}`);
    unread("f(bytes4)", `aabbccdd${"00".repeat(27)}01`);
  });

  test("bytes and text end in zeros, and text is UTF-8", () => {
    expect(values("f(bytes)", `${word(32) + word(2)}1234${"00".repeat(30)}`)).toEqual(["0x1234"]);
    expect(values("f(string)", `${word(32) + word(2)}6869${"00".repeat(30)}`)).toEqual(["hi"]);
    expect(values("f(bytes)", word(32) + word(0))).toEqual(["0x"]);
    unread("f(bytes)", `${word(32) + word(2)}1234${"00".repeat(29)}01`);
    unread("f(string)", `${word(32) + word(2)}c328${"00".repeat(30)}`);
    unread("f(bytes)", `${word(32)}${word(2)}1234`);
  });

  test("offsets point to the next tail: no overlap, no gap, no way back", () => {
    const two = (a: number, b: number) => `${word(a) + word(b) + word(1)}aa${"00".repeat(31)}${word(1)}bb${"00".repeat(31)}`;
    expect(values("f(bytes,bytes)", two(64, 128))).toEqual(["0xaa", "0xbb"]);
    unread("f(bytes,bytes)", two(64, 64));
    unread("f(bytes,bytes)", two(128, 64));
    unread("f(bytes,bytes)", two(0, 128));
    unread("f(bytes)", word(64) + word(0) + word(0));
    unread("f(bytes)", "ff".repeat(32) + word(0));
  });

  test("lengths beyond the end are unread at once", () => {
    unread("f(uint256[])", word(32) + "ff".repeat(32));
    unread("f(bytes)", word(32) + "ff".repeat(32));
    unread("f(uint256[])", word(32) + word(2) + word(1));
    unread("f(bytes[])", word(32) + word(2 ** 40));
    unread("f(uint256[9999][9999][9999][9999])", word(1));
    unread("f(bytes[9999][9999][9999])", word(32));
  });

  test("an early end is unread, and bytes behind the last tail are counted", () => {
    unread("f(uint256,uint256)", word(1) + word(1).slice(2));
    unread("f(uint256)", "");
    expect(read("f(uint256)", `${word(1)}0102`)).toMatchObject({ kind: "read", trailing: 2 });
    expect(read("f()", "01")).toMatchObject({ kind: "read", values: [], trailing: 1 });
  });

  const elementary = fc.oneof(
    fc.tuple(fc.constant("uint256"), fc.bigInt(0n, 2n ** 256n - 1n)),
    fc.tuple(fc.constant("int16"), fc.integer({ min: -32768, max: 32767 })),
    fc.tuple(fc.constant("bool"), fc.boolean()),
    fc.tuple(
      fc.constant("bytes"),
      fc.uint8Array({ maxLength: 70 }).map((bytes) => `0x${toHex(bytes)}`),
    ),
    fc.tuple(fc.constant("string"), fc.string({ unit: "grapheme", maxLength: 40 })),
    fc.tuple(fc.constant("uint8[]"), fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 4 })),
    fc.tuple(fc.constant("string[2]"), fc.tuple(fc.string(), fc.string())),
    fc.tuple(fc.constant("(bool,bytes)[]"), fc.array(fc.tuple(fc.boolean(), fc.constantFrom("0x", "0x1234")), { maxLength: 3 })),
    fc.tuple(fc.constant("(uint64,address)"), fc.tuple(fc.bigInt(0n, 2n ** 64n - 1n), fc.constant(FRIEND))),
  );

  test("what another library encodes is read back to the same values, and any changed bit is seen", () => {
    fc.assert(
      fc.property(fc.array(elementary, { maxLength: 5 }), fc.nat(), (typed, position) => {
        const signature = `f(${typed.map(([type]) => type).join(",")})`;
        const item = parseAbiItem(`function ${signature}`) as unknown as { inputs: [] };
        const encoded = encodeAbiParameters(item.inputs, typed.map(([, value]) => value) as never);
        const plain = (value: unknown): unknown =>
          Array.isArray(value) ? value.map(plain) : typeof value === "number" ? BigInt(value) : value;
        expect(values(signature, encoded)).toEqual(plain(typed.map(([, value]) => value)));
        if (encoded.length === 2) return;
        const bytes = fromHex(encoded);
        const at = position % bytes.length;
        bytes[at] = bytes[at]! ^ (1 << (position % 8));
        const changed = readArguments(parseFunction(signature).parameters, bytes, newWork());
        if (changed.kind === "unread") return;
        expect([changed.values, changed.trailing]).not.toEqual([values(signature, encoded), 0]);
      }),
      { numRuns: 400 },
    );
  });
});
