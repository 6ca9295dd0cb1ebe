import { recoverAddressTyped } from "micro-eth-signer";
import { describe, expect, test } from "vitest";
import { fromUtf8, toHex } from "../../../src/base/bytes.ts";
import { canonical, type Json } from "../../../src/base/canonical.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { typedDataOf } from "../../../src/chains/evm/typed-data.ts";
import { MAX_BYTES, MAX_DEPTH, MAX_MEMBERS, MAX_NODES, MAX_TYPES, newWork } from "../../../src/chains/evm/work.ts";
import { ACCOUNT, code, FRIEND, sign, USDC } from "./fixtures.ts";
import { changed, decodeTyped, members, type Parts, PERMITS } from "./typed-fixtures.ts";

// The example of EIP-712 itself.
const MAIL: Parts = {
  types: {
    EIP712Domain: members("string name,string version,uint256 chainId,address verifyingContract"),
    Person: members("string name,address wallet"),
    Mail: members("Person from,Person to,string contents"),
  },
  primaryType: "Mail",
  domain: { name: "Ether Mail", version: "1", chainId: 1, verifyingContract: "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC" },
  message: {
    from: { name: "Cow", wallet: "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
    to: { name: "Bob", wallet: "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
    contents: "Hello, Bob!",
  },
};
const DIGEST = "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2";

const json = (parts: unknown) => parts as Json;
const digestOf = (parts: unknown) => toHex(typedDataOf(json(parts), newWork()).digest);
const thrown = (parts: unknown) => {
  try {
    typedDataOf(json(parts), newWork());
  } catch (error) {
    return error as Error & { code: string };
  }
  throw new Error("nothing was thrown");
};
/** One struct, `T`, with these members and this message. */
const struct = (text: string, message: unknown, more: Parts["types"] = {}): Parts => ({
  types: { T: members(text), ...more },
  primaryType: "T",
  domain: { name: "x" },
  message: message as Parts["message"],
});
const value = (type: string, of: unknown) => struct(`${type} a`, { a: of });

describe("EIP-712", () => {
  test("its own example has its own digest, as an object and as text", () => {
    expect(digestOf(MAIL)).toBe(DIGEST);
    const { signables, effects, refusals } = decodeTyped(json(MAIL));
    expect(signables).toEqual([{ scheme: "ecdsa", digest: expect.any(Uint8Array), path: [] }]);
    expect(toHex(signables[0]?.digest ?? new Uint8Array())).toBe(DIGEST);
    expect(decodeTyped(JSON.stringify(MAIL, null, 2))).toEqual(decodeTyped(json(MAIL)));
    expect(refusals).toEqual([]);
    expect(effects).toEqual([
      {
        kind: "unknown",
        class: "U2",
        at: [],
        chain: "eip155:1",
        account: ACCOUNT,
        contract: MAIL.domain.verifyingContract,
        domain: "Ether Mail",
        primaryType: "Mail",
        why: "typed data whose meaning is not known",
      },
    ]);
  });

  test("the same data in another notation is the same intent", () => {
    const { EIP712Domain: _, ...types } = MAIL.types;
    const lower = { ...MAIL.domain, chainId: "0x1", verifyingContract: String(MAIL.domain.verifyingContract).toLowerCase() };
    const { version, ...rest } = lower as Record<string, Json>;
    const id = decodeTyped(json(MAIL)).id;
    for (const parts of [
      { ...MAIL, types },
      { ...MAIL, domain: lower },
      { ...MAIL, domain: { ...lower, chainId: "1" } },
      // Members of objects have no order, those of a type have.
      { message: MAIL.message, domain: { ...rest, version }, primaryType: "Mail", types: { Mail: types.Mail, ...MAIL.types } },
    ]) {
      expect(decodeTyped(json(parts)).id).toBe(id);
      expect(decodeTyped(JSON.stringify(parts)).id).toBe(id);
    }
    expect(decodeTyped(json(changed(MAIL, { message: { contents: "Hello, Eve!" } }))).id).not.toBe(id);
    expect(decodeTyped(json(changed(MAIL, { domain: { version: "2" } }))).id).not.toBe(id);
  });

  test("the bytes of an intent are its canonical JSON, and read the same again", () => {
    const { bytes, signables } = decodeTyped(JSON.stringify(PERMITS.PermitBatch));
    const text = fromUtf8(bytes);
    expect(canonical(JSON.parse(text))).toBe(text);
    const again = typedDataOf(text, newWork());
    expect(again.digest).toEqual(signables[0]?.digest);
    expect(again.bytes).toEqual(bytes);
  });

  test("nobody else's hand: the object is read once and what is returned does not follow it", () => {
    const payload = structuredClone(MAIL) as unknown as { message: { contents: string } };
    const intent = decodeTyped(json(payload));
    payload.message.contents = "Hello, Eve!";
    expect(fromUtf8(intent.bytes)).toContain("Hello, Bob!");
  });

  test("a domain may have any of the five members, in their order", () => {
    const all = { name: "n", version: "v", chainId: 1, verifyingContract: USDC, salt: `0x${"01".repeat(32)}` };
    const names = Object.keys(all) as (keyof typeof all)[];
    const seen = new Set<string>();
    for (let mask = 1; mask < 32; mask++) {
      const chosen = names.filter((_, at) => (mask >> at) & 1);
      const domain = Object.fromEntries(chosen.map((name) => [name, all[name]]));
      seen.add(digestOf({ ...value("bool", true), domain }));
    }
    expect(seen.size).toBe(31);
  });

  test("lists and structs in lists, also of themselves", () => {
    const tree = { Tree: members("string name,Tree[] branches") };
    const message = {
      a: {
        name: "root",
        branches: [
          { name: "left", branches: [] },
          { name: "right", branches: [{ name: "leaf", branches: [] }] },
        ],
      },
    };
    const parts = struct("Tree a", message, tree);
    const intent = decodeTyped(json(parts));
    const [signature] = sign(intent);
    // The library goes the same way as we do: it finds the account.
    expect(evm.assemble(intent, [signature!], { address: ACCOUNT }).bytes).toHaveLength(65);
  });
});

describe("what a domain says about where it is valid", () => {
  const codes = (parts: unknown, chain?: string) =>
    decodeTyped(json(parts), chain === undefined ? {} : { chain }).refusals.map((reason) => reason.code);

  test("another chain than the request's is refused, none at all is not", () => {
    expect(decodeTyped(json(MAIL), { chain: "eip155:137" }).refusals).toEqual([
      {
        code: "evm/chain-mismatch",
        params: { request: "137", typedData: "1" },
        text: "the request is for chain 137, the typed data for chain 1",
      },
    ]);
    expect(codes(changed(MAIL, { domain: { chainId: 137 } }), "eip155:137")).toEqual([]);
    expect(codes(value("bool", true))).toEqual([]);
    expect(decodeTyped(json(value("bool", true))).effects[0]).not.toHaveProperty("chain");
  });

  test("what approvals are signed under is refused, however it is written", () => {
    for (const name of ["Keyward", "keyward", "KEYWARD", " Keyward\n"]) {
      const { refusals, effects } = decodeTyped(json({ ...value("bool", true), domain: { name, version: "1" } }));
      expect(refusals).toEqual([{ code: "evm/approval-text", params: {}, text: expect.any(String) }]);
      expect(effects.map((effect) => effect.kind)).toEqual(["unknown"]);
    }
    expect(codes({ ...value("bool", true), domain: { name: "Keyward Labs" } })).toEqual([]);
  });
});

describe("what is malformed, with its place", () => {
  const uint = "0x0000000000000000000000000000000000000001";
  const person = { Person: members("string name,address wallet") };
  const cases: readonly (readonly [name: string, payload: unknown, message: string])[] = [
    // threats.md 1.3: what some library or other signs.
    ["a member that is shown and not signed", struct("bool a", { a: true, note: "login" }), "message: expected only the members of T"],
    ["three items where two are declared", value("uint256[2]", [1, 2, 3]), "message.a: expected a list of 2"],
    ["one item where two are declared", value("uint256[2]", [1]), "message.a: expected a list of 2"],
    [
      "a type with another member inside",
      { ...value("bool", true), types: { T: [{ name: "a", type: "uint256 a,uint256" }] } },
      "types.T[0].type: expected a type of EIP-712",
    ],
    [
      "a struct that is called like an address",
      { ...value("address", uint), types: { T: members("address a"), address: members("uint256 x") } },
      "types: expected names",
    ],
    ["a nested struct that is missing", struct("Person a", {}, person), "message.a: expected an object (Person), got none"],
    ["a nested struct that is null", struct("Person a", { a: null }, person), "message.a: expected an object (Person), got null"],
    ["an integer without digits", value("uint256", ""), "message.a: expected an integer (uint256)"],
    ["half a byte", value("bytes", "0x123"), "message.a: expected 0x and whole bytes"],
    ["a wrong checksum", value("address", "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96046"), "message.a: expected an address"],
    // The whole.
    ["no object", [], "typed data: expected an object or its JSON text, got a list"],
    ["nothing", null, "typed data: expected an object or its JSON text, got null"],
    ["a number", 7, "typed data: expected an object or its JSON text"],
    ["text that is no JSON", "0x1234", "typed data: json 1:2"],
    ["text of a list", "[]", "typed data: expected an object"],
    [
      "a key twice",
      `{"types":{},"types":{},"primaryType":"T","domain":{},"message":{}}`,
      "typed data: json 1:13: expected each member name once",
    ],
    ["a member at the top that nobody knows", { ...MAIL, metadata: {} }, "typed data: expected exactly the members"],
    ["no message", { types: MAIL.types, primaryType: "Mail", domain: MAIL.domain }, "typed data: expected exactly the members"],
    ["no primary type", { ...MAIL, primaryType: "Letter" }, "primaryType: expected the name of a struct"],
    ["a primary type of Object.prototype", { ...MAIL, primaryType: "constructor" }, "primaryType: expected the name of a struct"],
    ["the domain as its own message", { ...MAIL, primaryType: "EIP712Domain" }, "primaryType: expected the name of a struct"],
    ["a primary type that is no text", { ...MAIL, primaryType: ["Mail"] }, "primaryType: expected the name of a struct"],
    // Types.
    ["types that are a list", { ...MAIL, types: [] }, "types: expected an object, got a list"],
    ["members that are no list", { ...MAIL, types: { ...MAIL.types, Mail: {} } }, "types.Mail: expected a list of members"],
    [
      "a member without a type",
      { ...MAIL, types: { ...MAIL.types, Mail: [{ name: "a" }] } },
      "types.Mail[0]: expected exactly a name and a type",
    ],
    [
      "a member with more",
      { ...MAIL, types: { ...MAIL.types, Mail: [{ name: "a", type: "bool", indexed: true }] } },
      "types.Mail[0]: expected exactly a name and a type",
    ],
    [
      "a member whose name is a number",
      { ...MAIL, types: { ...MAIL.types, Mail: [{ name: 1, type: "bool" }] } },
      "types.Mail[0].name: expected a text",
    ],
    [
      "a member whose type is none",
      { ...MAIL, types: { ...MAIL.types, Mail: [{ name: "a", type: null }] } },
      "types.Mail[0].type: expected a text, got null",
    ],
    ["two members of one name", struct("bool a,bool a", { a: true }), "types.T[1].name: expected each name once"],
    [
      "a member that is no identifier",
      { ...value("bool", true), types: { T: [{ name: "a b", type: "bool" }] } },
      "types.T[0].name: expected an identifier",
    ],
    [
      "a member that readers of JSON lose",
      { ...value("bool", true), types: { T: [{ name: "__proto__", type: "bool" }] } },
      "types.T[0].name: expected an identifier",
    ],
    ["a type that is no identifier", { ...MAIL, types: { ...MAIL.types, "Mail[]": [] } }, "types: expected names"],
    ["a type with a space", { ...MAIL, types: { ...MAIL.types, "Mail ": [] } }, "types: expected names"],
    ["a type without a name", { ...MAIL, types: { ...MAIL.types, "": [] } }, "types: expected names"],
    ...["uint8", "uint", "int7", "bytes", "bytes33", "bool", "string"].map(
      (name) => [`a struct that is called ${name}`, { ...MAIL, types: { ...MAIL.types, [name]: [] } }, "types: expected names"] as const,
    ),
    [
      "a struct that nothing needs",
      { ...MAIL, types: { ...MAIL.types, Note: [] } },
      "types.Note: expected only what the primary type needs",
    ],
    ["a struct that is not there", struct("Person a", { a: {} }), "types.T.a: expected a struct in types"],
    ["a struct of Object.prototype", struct("constructor a", { a: {} }), "types.T.a: expected a struct in types"],
    ["the domain inside the message", struct("EIP712Domain a", { a: { name: "x" } }), "types.T.a: expected a struct in types"],
    ["a struct that holds itself", struct("T a", { a: {} }), "types.T: expected a struct that does not have to hold itself"],
    [
      "two structs that hold each other",
      struct("U[2] a", { a: [] }, { U: members("T b") }),
      "expected a struct that does not have to hold itself",
    ],
    ...[
      "uint",
      "int",
      "int[]",
      "uint[2]",
      "uint7",
      "uint0",
      "uint08",
      "uint264",
      "int512",
      "bytes0",
      "bytes33",
      "bytes01",
      "byte[",
      "bool[0]",
      "bool[01]",
      "bool[-1]",
      "bool[1",
      "bool]",
      "bool[1]x",
      "Bool ",
      "",
      "[]",
      "bool[10000]",
      "mapping(bool=>bool)",
    ].map(
      (type) =>
        [
          `a member of type ${JSON.stringify(type)}`,
          { ...value("bool", true), types: { T: [{ name: "a", type }] } },
          "types.T[0].type: expected",
        ] as const,
    ),
    // The domain.
    ["a domain that is none", { ...MAIL, domain: null }, "domain: expected an object, got null"],
    ["an empty domain", { ...value("bool", true), domain: {} }, "types.EIP712Domain: expected some of string name"],
    [
      "an empty domain that says so",
      { ...value("bool", true), types: { EIP712Domain: [], T: members("bool a") }, domain: {} },
      "types.EIP712Domain: expected some of string name",
    ],
    [
      "a member that domains do not have",
      { ...value("bool", true), domain: { name: "x", url: "y" } },
      "domain: expected only the members of EIP712Domain",
    ],
    [
      "a declared member that domains do not have",
      { ...value("bool", true), types: { EIP712Domain: members("string url"), T: members("bool a") }, domain: { url: "y" } },
      "types.EIP712Domain: expected some of string name",
    ],
    [
      "a domain in another order",
      { ...MAIL, types: { ...MAIL.types, EIP712Domain: members("string version,string name,uint256 chainId,address verifyingContract") } },
      "types.EIP712Domain: expected some of",
    ],
    [
      "a chain id of another type",
      { ...MAIL, types: { ...MAIL.types, EIP712Domain: members("string name,string version,uint32 chainId,address verifyingContract") } },
      "types.EIP712Domain: expected some of",
    ],
    [
      "a domain with less than it declares",
      { ...MAIL, domain: { name: "Ether Mail", version: "1", chainId: 1 } },
      "domain.verifyingContract: expected an address",
    ],
    [
      "a domain with more than it declares",
      { ...MAIL, types: { ...MAIL.types, EIP712Domain: members("string name") } },
      "domain: expected only the members",
    ],
    ["a negative chain id", changed(MAIL, { domain: { chainId: -1 } }), "domain.chainId: expected an integer in the range of uint256"],
    ["a contract that is a number", changed(MAIL, { domain: { verifyingContract: 1 } }), "domain.verifyingContract: expected an address"],
    // Values.
    ["a message that is none", { ...MAIL, message: null }, "message: expected an object (Mail), got null"],
    ["a message that is a list", { ...MAIL, message: [] }, "message: expected an object (Mail), got a list"],
    ["a member that is missing", struct("bool a,bool b", { a: true }), "message.b: expected true or false, got none"],
    ["a member that is undefined", value("bool", undefined), "message.a: expected true or false, got none"],
    ["a member that is inherited", struct("bool a", Object.create({ a: true })), "message.a: expected true or false, got none"],
    [
      "a place deep inside",
      struct(
        "Person[][2] a",
        {
          a: [
            [],
            [
              { name: "x", wallet: USDC },
              { name: "y", wallet: "0x" },
            ],
          ],
        },
        person,
      ),
      "message.a[1][1].wallet: expected an address",
    ],
    ...[1, 0, "true", "false", null, "0x01"].map(
      (of) => [`a bool that is ${JSON.stringify(of)}`, value("bool", of), "message.a: expected true or false"] as const,
    ),
    ...[
      true,
      null,
      [],
      {},
      1.5,
      2 ** 53,
      Number.NaN,
      -0,
      "1.0",
      "1e3",
      " 1",
      "1 ",
      "+1",
      "01",
      "-0",
      "-01",
      "0x",
      "0x00",
      "0x01",
      "0xAB",
      "0XAB",
      "0xg",
      "-0x1",
      "1_000",
      "١",
      "9".repeat(79),
      `0x1${"0".repeat(64)}`,
    ].map(
      (of, at) =>
        [
          `no integer (${at}): ${JSON.stringify(of).slice(0, 20)}`,
          value("uint256", of),
          "message.a: expected an integer (uint256)",
        ] as const,
    ),
    ...[
      ["uint8", 256],
      ["uint8", "-1"],
      ["uint8", "0x100"],
      ["int8", 128],
      ["int8", -129],
      ["int8", "0x80"],
      ["uint256", (2n ** 256n).toString()],
      ["uint160", (2n ** 160n).toString()],
      ["int256", (2n ** 255n).toString()],
      ["int256", (-(2n ** 255n) - 1n).toString()],
    ].map(([type, of]) => [`${of} as ${type}`, value(String(type), of), `message.a: expected an integer in the range of ${type}`] as const),
    ...["", "0X00", "0xzz", "00", "0x 00", "hello", 1, null, [1, 2], { 0: 1 }].map(
      (of) => [`bytes that are ${JSON.stringify(of)}`, value("bytes", of), "message.a: expected 0x and whole bytes"] as const,
    ),
    ["bytes4 of three", value("bytes4", "0x123456"), "message.a: expected 4 bytes"],
    ["bytes4 of five", value("bytes4", "0x1234567890"), "message.a: expected 4 bytes"],
    ...[
      "",
      "0x",
      "d8dA6BF26964aF9D7eEd9e03E53415D37aA96045",
      FRIEND.toUpperCase(),
      `0x${FRIEND.slice(2).toUpperCase()}`,
      "vitalik.eth",
      `${FRIEND}00`,
      1,
      null,
    ].map((of) => [`an address that is ${JSON.stringify(of)}`, value("address", of), "message.a: expected an address"] as const),
    ["text that is a number", value("string", 1), "message.a: expected text"],
    ["text with half a character", value("string", "\ud83d"), "message.a: expected text of whole characters"],
    ["JSON text with half a character", JSON.stringify(value("string", "\ud83d")), "half of a surrogate pair"],
    ["a list that is an object", value("bool[]", { 0: true, length: 1 }), "message.a: expected a list"],
    ["a list with a hole", value("bool[]", new Array(1)), "message.a[0]: expected true or false, got none"],
    ["a list that is too deep", value("bool[]", [[true]]), "message.a[0]: expected true or false, got a list"],
  ];

  test.each(cases)("%s", (_name, payload, message) => {
    const error = thrown(payload);
    expect([error.name, error.code]).toEqual(["CustodyError", "chain/malformed"]);
    expect(error.message).toContain(message);
    expect(code(() => decodeTyped(json(payload)))).toBe("chain/malformed");
  });

  test("no value of the message is in the text of an error", () => {
    const secret = "open sesame";
    for (const parts of [
      value("uint256", secret),
      value("bytes", secret),
      value("address", secret),
      struct("bool a", { a: true, b: secret }),
      { ...MAIL, primaryType: secret },
    ])
      expect(thrown(parts).message).not.toContain(secret);
    const checksum = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96046";
    const error = thrown(value("address", checksum));
    expect(error.message).not.toContain(checksum);
    expect(error.cause).toBeUndefined();
  });
});

describe("what is well-formed", () => {
  test.each([
    ["uint8", [0, 255, "0", "255", "0x0", "0xff"]],
    ["int8", [-128, 127, "-128", "0x7f", 0]],
    ["uint256", [Number.MAX_SAFE_INTEGER, (2n ** 256n - 1n).toString(), `0x${"f".repeat(64)}`]],
    ["int256", [(-(2n ** 255n)).toString(), (2n ** 255n - 1n).toString()]],
    ["bytes", ["0x", "0x00", "0xABcd"]],
    ["bytes1", ["0x00", "0xFF"]],
    ["bytes32", [`0x${"aB".repeat(32)}`]],
    ["address", [FRIEND, FRIEND.toLowerCase(), `0x${"0".repeat(40)}`]],
    ["string", ["", "ö", "💰", "\u0000"]],
    ["bool[]", [[], [true, false]]],
    ["bool[2][]", [[], [[true, false]]]],
  ] as const)("%s", (type, values) => {
    for (const of of values) expect(digestOf(value(type, of))).toMatch(/^[0-9a-f]{64}$/);
  });

  test("one integer has one digest, in each of its notations", () => {
    expect(new Set([255, "255", "0xff"].map((of) => digestOf(value("uint8", of)))).size).toBe(1);
    expect(new Set([-1, "-1"].map((of) => digestOf(value("int16", of)))).size).toBe(1);
    expect(digestOf(value("bytes", "0xABCD"))).toBe(digestOf(value("bytes", "0xabcd")));
  });

  test("a struct without members, and names that JavaScript knows", () => {
    expect(digestOf(struct("Empty[] a", { a: [{}, {}] }, { Empty: [] }))).toMatch(/^[0-9a-f]{64}$/);
    const parts = struct(
      "toString constructor,bool hasOwnProperty",
      { constructor: { valueOf: 1 }, hasOwnProperty: true },
      { toString: members("uint8 valueOf") },
    );
    const intent = decodeTyped(json(parts));
    expect(evm.assemble(intent, sign(intent), { address: ACCOUNT }).bytes).toHaveLength(65);
  });
});

describe("bounds are counted before the work is done", () => {
  const nested = (depth: number) => {
    let of: Json = true;
    for (let at = 0; at < depth; at++) of = [of];
    return value(`bool${"[]".repeat(depth)}`, of);
  };
  const chain = (count: number) => {
    const types = Object.fromEntries(Array.from({ length: count }, (_, at) => [`T${at}`, at + 1 < count ? members(`T${at + 1}[] a`) : []]));
    return { types, primaryType: "T0", domain: { name: "x" }, message: count > 1 ? { a: [] } : {} };
  };
  const wide = (count: number) => {
    const names = Array.from({ length: count }, (_, at) => `m${at}`);
    return {
      types: { T: names.map((name) => ({ name, type: "bool" })) },
      primaryType: "T",
      domain: { name: "x" },
      message: Object.fromEntries(names.map((name) => [name, true])),
    };
  };

  test.each([
    // The domain's struct and its member count as well, and the message itself.
    ["values", value("bool[]", new Array(MAX_NODES - 4).fill(true)), value("bool[]", new Array(MAX_NODES - 3).fill(true))],
    // The member of the message is one level, and what it holds another.
    ["levels", nested(MAX_DEPTH - 1), nested(MAX_DEPTH)],
    ["types", chain(MAX_TYPES - 1), chain(MAX_TYPES)],
    ["members", wide(MAX_MEMBERS - 1), wide(MAX_MEMBERS)],
    ["characters", value("string", "x".repeat(MAX_BYTES - 200)), value("string", "x".repeat(MAX_BYTES))],
    ["bytes", value("string", "ö".repeat(MAX_BYTES / 2 - 200)), value("string", "ö".repeat(MAX_BYTES / 2))],
    ["dimensions", value(`bool${"[]".repeat(MAX_DEPTH)}`, []), value(`bool${"[]".repeat(MAX_DEPTH + 1)}`, [])],
  ])("%s", (_name, most, more) => {
    const { bytes, digest } = typedDataOf(json(most), newWork());
    // What is read is read again from the intent, so that a signature can always be put together.
    expect(typedDataOf(fromUtf8(bytes), newWork()).digest).toEqual(digest);
    const intent = decodeTyped(json(most));
    expect(evm.assemble(intent, sign(intent), { address: ACCOUNT }).bytes).toHaveLength(65);
    expect(thrown(more).code).toBe("chain/too-large");
    expect(thrown(JSON.stringify(more)).code).toBe("chain/too-large");
  });

  test("types that refer to each other are not written out without end", () => {
    const names = Array.from({ length: 60 }, (_, at) => `T${at}`);
    const types = Object.fromEntries(
      names.map((name, at) => [name, [...members(`T${(at + 1) % 60}[] next`), ...members(`bool ${"b".repeat(160)}`)]]),
    );
    const most = { types, primaryType: "T0", domain: { name: "x" }, message: { next: [], ["b".repeat(160)]: true } };
    expect(thrown(most)).toMatchObject({ code: "chain/too-large", message: expect.stringContaining("written out") });
  });

  test("text that nests without end, and a megabyte of it", () => {
    expect(thrown("[".repeat(100_000)).code).toBe("chain/too-large");
    expect(thrown(`"${"x".repeat(2 ** 20)}"`).code).toBe("chain/too-large");
  });

  test("what was counted is no more than the bounds", () => {
    for (const payload of [
      value("bool[]", new Array(1_000_000).fill(true)),
      value("bool[]", new Array(1_000_000).fill(null)),
      wide(100_000),
      value("string[]", new Array(4000).fill("x".repeat(1000))),
    ]) {
      const work = newWork();
      expect(code(() => typedDataOf(json(payload), work))).toMatch(/^chain\//);
      expect(work.nodes).toBeLessThanOrEqual(MAX_NODES + 1);
      expect(work.members).toBeLessThanOrEqual(MAX_MEMBERS + 1);
      expect(work.characters).toBeLessThanOrEqual(MAX_BYTES + 1000);
    }
  });
});

test("the signature of typed data is the one that the library recovers the account from", () => {
  for (const parts of [MAIL, ...Object.values(PERMITS)]) {
    const intent = decodeTyped(json(parts));
    const signed = evm.assemble(intent, sign(intent), { address: ACCOUNT });
    expect(signed.hash).toBe(`0x${toHex(intent.signables[0]?.digest ?? new Uint8Array())}`);
    expect(recoverAddressTyped(`0x${toHex(signed.bytes)}`, parts as never)).toBe(ACCOUNT);
    // Of another message it is nobody's, and the intent of another message does not take it.
    const other = decodeTyped(json(changed(parts, { domain: { name: "another" } })));
    expect(code(() => evm.assemble(other, sign(intent), { address: ACCOUNT }))).toBe("chain/malformed");
    const swapped = { ...intent, bytes: other.bytes };
    expect(code(() => evm.assemble(swapped, sign(intent), { address: ACCOUNT }))).toBe("chain/malformed");
  }
});
