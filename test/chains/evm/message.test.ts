import { hashMessage as ethersHash } from "ethers";
import fc from "fast-check";
import { hashMessage, hashTypedData } from "viem";
import { describe, expect, test } from "vitest";
import { fromHex, toHex, utf8 } from "../../../src/base/bytes.ts";
import type { Json } from "../../../src/base/canonical.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { MAX_BYTES } from "../../../src/chains/evm/work.ts";
import { emptyBook } from "../../../src/intent/book.ts";
import type { Intent } from "../../../src/intent/intent.ts";
import { ACCOUNT, addressOf, ask, assemble, code, sign } from "./fixtures.ts";

const decode = (payload: Json, account = ACCOUNT): Intent =>
  evm.decode(ask("message", payload, "eip155:1", account), { address: account }, emptyBook);
const hexOf = (bytes: Uint8Array) => `0x${toHex(bytes)}`;
const digestOf = (payload: Json) => hexOf(decode(payload).signables[0]!.digest);
const meaningOf = (payload: Json) => {
  const { effects, refusals } = decode(payload);
  expect(effects).toHaveLength(1);
  return [effects[0]!.kind, ...refusals.map((reason) => reason.code)].join(" ");
};

describe("what is signed of a message", () => {
  test("EIP-191 version 0x45 over its bytes, as two other libraries have it", () => {
    for (const text of ["hello world", "🤗", "0xdeadbeef", " ", "\n", "a".repeat(1000), "Grüße 日本語"]) {
      expect(digestOf({ text })).toBe(hashMessage(text));
      expect(digestOf({ text })).toBe(ethersHash(text));
    }
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0), new Uint8Array(32).fill(0x5a), new Uint8Array(500).fill(255)]) {
      expect(digestOf({ hex: hexOf(bytes) })).toBe(hashMessage({ raw: bytes }));
      expect(digestOf({ hex: hexOf(bytes) })).toBe(ethersHash(bytes));
    }
    // Known by heart: viem and ethers publish it.
    expect(digestOf({ text: "hello world" })).toBe("0xd9eba16ed0ecae432b71fe008c98cc872bb4cc214d3220a36f365326cf807d68");
  });

  test("text and hex of the same bytes are the same intent; capitals of hex are too", () => {
    const [text, hex] = [decode({ text: "jk 🤗" }), decode({ hex: hexOf(utf8("jk 🤗")) })];
    expect(hex).toEqual(text);
    expect(decode({ hex: `0x${toHex(utf8("jk 🤗")).toUpperCase()}` })).toEqual(text);
  });

  test("text that looks like hex is text", () => {
    expect(digestOf({ text: "0x1234" })).not.toBe(digestOf({ hex: "0x1234" }));
    expect(decode({ text: "0x1234" }).bytes).toEqual(utf8("0x1234"));
  });

  test("one path, the account's own key, and no lane: it can be used as often as somebody likes", () => {
    const { signables, lane } = decode({ text: "hello" });
    expect(signables).toMatchObject([{ scheme: "ecdsa", path: [] }]);
    expect(lane).toBeUndefined();
  });

  test("a message never becomes the digest of typed data or of a transaction", () => {
    const domain = { name: "x", chainId: 1 };
    const types = { Go: [{ name: "n", type: "uint256" }] } as const;
    const typed = hashTypedData({ domain, types, primaryType: "Go", message: { n: 1n } });
    expect(digestOf({ hex: `0x1901${"00".repeat(64)}` })).not.toBe(typed);
    expect(decode({ hex: typed }).effects).toMatchObject([{ kind: "unknown", class: "U2" }]);
  });
});

describe("payloads", () => {
  test("exactly one member, of text", () => {
    const others: readonly Json[] = [
      "hello",
      null,
      [],
      {},
      { text: "a", hex: "0x61" },
      { text: "a", raw: "0x" },
      { text: 5 },
      { hex: [1, 2] },
      { message: "a" },
    ];
    for (const payload of others) expect(code(() => decode(payload))).toBe("request/malformed");
  });

  test("hex is 0x and whole bytes, text is well-formed", () => {
    for (const hex of ["", "0", "0x1", "1234", "0xzz", "0X12", "0x12\n", " 0x12"])
      expect(code(() => decode({ hex }))).toBe("chain/malformed");
    for (const text of ["\ud83e", "a\udd17b"]) expect(code(() => decode({ text }))).toBe("chain/malformed");
  });

  test("128 KiB and no more, in either form, counted in bytes", () => {
    expect(decode({ text: "a".repeat(MAX_BYTES) }).bytes.length).toBe(MAX_BYTES);
    expect(decode({ hex: `0x${"61".repeat(MAX_BYTES)}` }).bytes.length).toBe(MAX_BYTES);
    const large: readonly Json[] = [
      { text: "a".repeat(MAX_BYTES + 1) },
      { text: "ü".repeat(MAX_BYTES / 2 + 1) },
      { hex: `0x${"61".repeat(MAX_BYTES + 1)}` },
      { hex: `0x${"zz".repeat(10 * 1024 * 1024)}` },
    ];
    for (const payload of large) expect(code(() => decode(payload))).toBe("chain/too-large");
  });
});

describe("what a message means", () => {
  test("a text that a person can read is a statement of the account, on every chain, with its words beside it", () => {
    expect(decode({ text: 'I agree.\n\tYours, "Ana"\r\n' }).effects).toEqual([
      { kind: "statement", at: [], account: ACCOUNT, why: String.raw`says "I agree.\n\tYours, \"Ana\"\r\n"` },
    ]);
    for (const text of [
      "Grüße, 你好, שלום, नमस्ते, สวัสดี, Ελλάδα",
      "emoji: 🤗 ⚠️ ❤️ 👍🏽 👩‍🚀 👨‍👩‍👧 ©️",
      "a\u00a0b\u202fc\u3000d",
      "0xdeadbeef",
      "a",
    ])
      expect(meaningOf({ text })).toBe("statement");
  });

  test("a long text is told by its beginning", () => {
    const [effect] = decode({ text: "🤗".repeat(1000) }).effects;
    expect(effect!.why).toBe(`says "${"🤗".repeat(160)}" …`);
  });

  test("bytes that are no UTF-8 are unknown", () => {
    for (const hex of ["0xff", "0xc080", "0xeda080", "0xf4908080", "0xe4bd", "0x61ff62"]) {
      expect(decode({ hex }).effects).toMatchObject([
        { kind: "unknown", class: "U2", account: ACCOUNT, why: expect.stringContaining("no text") },
      ]);
    }
  });

  test("what cannot be seen, or turns the rest around, is unknown and named", () => {
    const hidden = [
      ..."\u0000\u0001\u0007\u0008\u000b\u000c\u000e\u001b\u001f\u007f\u0080\u0085\u009f",
      ..."\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180e\u200b\u200c\u200d\u200e\u200f",
      ..."\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2064\u2065\u2066\u2067\u2068\u2069\u206a\u206f",
      ..."\u2800\u3164\ue000\uf8ff\ufdd0\ufdef\ufe00\ufe0f\ufeff\uffa0\ufff9\ufffb\ufffc\ufffd\ufffe\uffff",
      ..."\u{13430}\u{1bca0}\u{1d173}\u{1fffe}\u{2ffff}\u{3ffff}\u{40000}\u{e0001}\u{e0061}\u{e0100}\u{efff0}\u{f0000}\u{10ffff}",
    ];
    for (const character of hidden) {
      const point = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
      for (const text of [`pay${character}pal`, `${character}hello`, `hello${character}`])
        expect(decode({ text }).effects).toMatchObject([
          { kind: "unknown", class: "U2", why: `a text with the invisible character U+${point}` },
        ]);
    }
  });

  test("what emoji are made of hides nothing else", () => {
    for (const text of [
      "a\ufe0fb",
      "1\ufe0f",
      "🤗\u200d",
      "\u200d🤗",
      "🤗\u200db",
      "a\u200d🤗",
      "❤\ufe0f\ufe0f",
      "❤\ufe0f\u200da",
      "🤗\ufe0e",
    ])
      expect(meaningOf({ text })).toBe("unknown");
  });

  test("the engine's own table of invisible characters is in ours", () => {
    // Spaces can be seen by what is beside them; what Unicode gives no meaning is left to a newer table.
    const invisible = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u;
    // Signs of Arabic, Syriac and Kaithi numbers: format characters that are seen.
    const seen = /[\t\n\r\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]/u;
    const missed: string[] = [];
    for (let point = 0; point <= 0x10ffff; point++) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const character = String.fromCodePoint(point);
      if (!invisible.test(character) || seen.test(character)) continue;
      if (decode({ text: `a${character}b` }).effects[0]!.kind !== "unknown") missed.push(point.toString(16));
      // Two of each hundred of the large planes are enough.
      if (point >= 0xe1000) point += 49;
    }
    expect(missed).toEqual([]);
  });

  test("any bytes are read: one effect and one digest, and what is a statement is text that can be read", () => {
    const some = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: "binary", maxLength: 80 }).map(utf8), fc.string().map(utf8));
    fc.assert(
      fc.property(some, (bytes) => {
        const { effects, signables, refusals } = decode({ hex: hexOf(bytes) });
        expect([effects.length, signables.length, refusals]).toEqual([1, 1, []]);
        if (effects[0]!.kind === "unknown") expect(effects).toMatchObject([{ class: "U2", why: expect.stringMatching(/./) }]);
        else expect(utf8(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes))).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  test("a carriage return ends a line together with a line feed, and hides one by itself", () => {
    const why = "a text with a carriage return that ends no line";
    for (const text of ["Sign in\rto pay", "a\r", "\ra", "a\r\r\nb", "a\n\rb"])
      expect(decode({ text }).effects).toMatchObject([{ kind: "unknown", class: "U2", why }]);
    for (const text of ["a\r\nb", "a\r\n", "a\r\n\r\nb"]) expect(meaningOf({ text })).toBe("statement");
  });

  test("nothing to read is unknown", () => {
    for (const text of ["", " ", "\n\t \r", "\u3000\u00a0"]) expect(meaningOf({ text })).toBe("unknown");
  });

  test("32 bytes are unknown, also as text and also in hexadecimal: they can be the digest of anything (hostile case D07)", () => {
    for (const payload of [
      { hex: `0x${"5a".repeat(32)}` },
      { hex: `0x${"ff".repeat(32)}` },
      { text: "exactly thirty-two bytes of text" },
      { text: `0x${"5a".repeat(32)}` },
      { text: "5A".repeat(32) },
      { text: ` 0X${"5a".repeat(32)}\n` },
    ])
      expect(meaningOf(payload)).toBe("unknown");
    expect(meaningOf({ text: "exactly thirty-two bytes of text." })).toBe("statement");
    expect(meaningOf({ text: `digest 0x${"5a".repeat(32)}` })).toBe("statement");
  });

  test("texts of our own approvals and sessions are refused, whatever stands before them", () => {
    for (const text of [
      "keyward/approval/v1\n{}",
      'keyward/session/v1\n{"vault":"x"}',
      "keyward/approval/v2\n",
      "\n keyward/session/v1",
      "Keyward/Approval/v1",
      "keyward/approval/v1",
    ])
      expect(meaningOf({ text })).toBe("unknown evm/approval-text");
    expect(meaningOf({ hex: hexOf(utf8("keyward/session/v1\n")) })).toBe("unknown evm/approval-text");
    expect(meaningOf({ text: "About keyward/approval/v1" })).toBe("statement");
  });
});

describe("the signature of a message", () => {
  const intent = decode({ text: "hello" });
  const [good] = sign(intent);

  test("is 65 bytes r || s || v with v 27 or 28, and comes with the digest", () => {
    const { bytes, hash, complete } = assemble(intent, [good!]);
    expect(toHex(bytes)).toBe(`${toHex(good!.bytes)}${(27 + good!.recovery!).toString(16)}`);
    expect(hash).toBe(hashMessage("hello"));
    expect(complete).toBe(true);
  });

  test("refuses a high s, the other point, no point, a stranger's, and one of another message, account or kind", () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const high = fromHex((order - BigInt(hexOf(good!.bytes.subarray(32)))).toString(16).padStart(64, "0"));
    const other = good!.recovery === 0 ? 1 : 0;
    for (const bad of [
      { bytes: Uint8Array.of(...good!.bytes.subarray(0, 32), ...high), recovery: other },
      { bytes: good!.bytes, recovery: other },
      { bytes: good!.bytes },
      { bytes: new Uint8Array(64).fill(0xff), recovery: 0 },
      ...sign(intent, new Uint8Array(32).fill(0x47)),
      ...sign(decode({ text: "hallo" })),
    ] as const)
      expect(code(() => assemble(intent, [bad]))).toBe("chain/malformed");
    const another = decode({ text: "hallo" });
    expect(code(() => assemble({ ...another, signables: intent.signables }, [good!]))).toBe("chain/malformed");
    expect(code(() => assemble({ ...intent, signables: another.signables }, [good!]))).toBe("chain/malformed");
    expect(code(() => assemble({ ...intent, account: addressOf(addressKey) }, [good!]))).toBe("chain/malformed");
    for (const kind of ["transaction", "authorization", "typedData", "psbt"] as const)
      expect(code(() => assemble({ ...intent, kind }, [good!]))).toBe("chain/malformed");
  });

  // Another account's key: the generator of the curve, whose private key is 1.
  const addressKey = fromHex(
    "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
  );
});
