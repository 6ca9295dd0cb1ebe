import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../src/base/bytes.ts";
import type { Json } from "../../src/base/canonical.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { type JsonLimits, readJson } from "../../src/base/json.ts";

function refusal(text: string | Uint8Array, limits?: JsonLimits): { code: string; place: string } {
  try {
    readJson(text, limits);
  } catch (error) {
    if (!(error instanceof CustodyError) || error.position === undefined) throw error;
    return { code: error.code, place: `${error.position.line}:${error.position.column}` };
  }
  throw new Error("accepted");
}

// JSON.parse gives objects a prototype; ours have none.
function plain(value: Json): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  expect(Object.getPrototypeOf(value)).toBe(null);
  return Object.defineProperties(
    {},
    Object.fromEntries(
      Object.entries(value).map(([key, member]) => [
        key,
        { value: plain(member as Json), enumerable: true, configurable: true, writable: true },
      ]),
    ),
  );
}

describe("what is accepted", () => {
  const texts = [
    "{}",
    "[]",
    ' [ 1 , -2 ,"a" ] ',
    "null",
    "true",
    "false",
    '""',
    '"\\u00e9\\ud83d\\ude00\\n\\/"',
    "9007199254740991",
    '{"a":{"b":[{}]}}',
    '"😀"',
    '"\u2028"',
    "-9007199254740991",
  ];
  test.each(texts)("%s is read as JSON.parse reads it", (text) => {
    expect(plain(readJson(text).value)).toEqual(JSON.parse(text));
    expect(plain(readJson(utf8(text)).value)).toEqual(JSON.parse(text));
  });

  test("__proto__ and constructor are ordinary members", () => {
    const value = readJson('{"__proto__":{"polluted":1},"constructor":2,"toString":3}').value as { [key: string]: Json };
    expect(Object.keys(value)).toEqual(["__proto__", "constructor", "toString"]);
    expect(({} as { polluted?: unknown }).polluted).toBe(undefined);
    expect("hasOwnProperty" in value).toBe(false);
  });

  test("every JSON value survives, and mutated texts are refused or read alike", () => {
    const value = fc.jsonValue({ maxDepth: 5 }).map((json) => JSON.stringify(json));
    const mutated = fc
      .tuple(value, fc.nat(), fc.constantFrom(...'"\\{}[],:0123456789.eE-+ \n\tutfn\u0000\ud800\ufeff/'), fc.constantFrom(0, 1))
      .map(([text, at, put, cut]) => {
        const where = at % (text.length + 1);
        return text.slice(0, where) + put + text.slice(where + cut);
      });
    const strange = fc.string({ unit: fc.constantFrom(...'"\\{}[],:0e.-1 \nutrlfasn') });
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(value, mutated, strange), (text) => {
        let read: Json;
        try {
          read = readJson(text).value;
        } catch (error) {
          expect(error).toBeInstanceOf(CustodyError);
          return;
        }
        accepted++;
        expect(plain(read)).toEqual(JSON.parse(text));
      }),
      { numRuns: 4000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });

  test("what JSON.parse refuses is refused", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'"\\{}[],:01e.- \nutrlfasnd8c\u0001') }), (text) => {
        let theirs = true;
        try {
          JSON.parse(text);
        } catch {
          theirs = false;
        }
        if (!theirs) expect(() => readJson(text)).toThrow(CustodyError);
      }),
      { numRuns: 4000 },
    );
  });
});

describe("what is refused, and where", () => {
  test.each<[text: string, code: string, place: string]>([
    ["", "json/malformed", "1:1"],
    ["  ", "json/malformed", "1:3"],
    ["{} x", "json/malformed", "1:4"],
    ["[1,]", "json/malformed", "1:4"],
    ['{"a":1,}', "json/malformed", "1:8"],
    ["{a:1}", "json/malformed", "1:2"],
    ['{"a" 1}', "json/malformed", "1:6"],
    ['{"a":1\n "b":2}', "json/malformed", "2:2"],
    ['{"a":1,\n  "b":2,\n  "a":3}', "json/duplicate-key", "3:3"],
    ['{"a":1,"\\u0061":3}', "json/duplicate-key", "1:8"],
    ['{"__proto__":1,"__proto__":3}', "json/duplicate-key", "1:16"],
    ["[1.0]", "json/malformed", "1:2"],
    ["[1e3]", "json/malformed", "1:2"],
    ["[-0]", "json/malformed", "1:2"],
    ["[01]", "json/malformed", "1:2"],
    ["[+1]", "json/malformed", "1:2"],
    ["[-]", "json/malformed", "1:2"],
    ["9007199254740992", "json/malformed", "1:1"],
    [`[${"9".repeat(400)}]`, "json/malformed", "1:2"],
    ["NaN", "json/malformed", "1:1"],
    ["nul", "json/malformed", "1:1"],
    ["truee", "json/malformed", "1:5"],
    ["[1] // comment", "json/malformed", "1:5"],
    ["['a']", "json/malformed", "1:2"],
    ['"a', "json/malformed", "1:3"],
    ['"a\nb"', "json/malformed", "1:3"],
    ['"\\x"', "json/malformed", "1:2"],
    ['"\\u12g4"', "json/malformed", "1:2"],
    ['"ab\\ud800"', "json/malformed", "1:4"],
    ['"ab\\udc00"', "json/malformed", "1:4"],
    ['"\\ud800\\u0041"', "json/malformed", "1:2"],
    ['\n"\ud800"', "json/malformed", "2:2"],
    ["\ufeff{}", "json/malformed", "1:1"],
    ["\u00a0{}", "json/malformed", "1:1"],
    [`${"[".repeat(65)}`, "json/too-deep", "1:65"],
    [`${'{"a":'.repeat(65)}`, "json/too-deep", "1:321"],
  ])("%j is %s at %s", (text, code, place) => {
    expect(refusal(text)).toEqual({ code, place });
  });

  test("bytes that are no UTF-8, and a byte order mark", () => {
    const bytes = (...parts: (string | number)[]) =>
      new Uint8Array(parts.flatMap((part) => (typeof part === "string" ? [...utf8(part)] : [part])));
    expect(refusal(bytes('[1,\n "é', 0xff, '"]'))).toEqual({ code: "json/malformed", place: "2:4" });
    expect(refusal(bytes('"', 0xc0, 0x80, '"'))).toEqual({ code: "json/malformed", place: "1:2" });
    expect(refusal(bytes('"a', 0xed, 0xa0, 0x80, '"'))).toEqual({ code: "json/malformed", place: "1:3" });
    expect(refusal(bytes('"a', 0xe2, 0x82))).toEqual({ code: "json/malformed", place: "1:3" });
    expect(refusal(bytes(0xef, 0xbb, 0xbf, "{}"))).toEqual({ code: "json/malformed", place: "1:1" });
  });

  test("sizes, depths and counts are refused before work", () => {
    expect(refusal(`"${"a".repeat(2 ** 20)}"`).code).toBe("json/too-large");
    expect(refusal(new Uint8Array(2 ** 20 + 1)).code).toBe("json/too-large");
    expect(refusal(`"${"€".repeat(400_000)}"`).code).toBe("json/too-large");
    expect(readJson(`"${"a".repeat(2 ** 20 - 2)}"`).value).toHaveLength(2 ** 20 - 2);
    expect(refusal("[1,2,3]", { maxNodes: 3 })).toEqual({ code: "json/too-large", place: "1:6" });
    expect(refusal("[".repeat(1_000_000), { maxDepth: 1e9 })).toEqual({ code: "json/too-deep", place: "1:257" });
    expect(refusal("[[[]]]", { maxDepth: 2 })).toEqual({ code: "json/too-deep", place: "1:3" });
  });

  test("a message never repeats what it refuses", () => {
    expect(() => readJson('{"k":"hunter2"; "x"}')).toThrow(/^json 1:15: expected "," or "}", got ";"$/);
    expect(() => readJson('{"secret":1,"secret":2}')).toThrow(/^(?!.*secret)/);
  });
});

describe("places", () => {
  const text = '{\n  "a": [1,\n    {"b": "x", "": null}],\n "c" : {}\n}';
  const json = readJson(text);
  const show = ({ line, column, offset }: { line: number; column: number; offset: number }) => [
    `${line}:${column}`,
    text.slice(offset, offset + 3),
  ];

  test("of values and of their names", () => {
    expect(show(json.at([]))).toEqual(["1:1", "{\n "]);
    expect(show(json.at(["a"]))).toEqual(["2:8", "[1,"]);
    expect(show(json.keyAt(["a"]))).toEqual(["2:3", '"a"']);
    expect(show(json.at(["a", 1, "b"]))).toEqual(["3:11", '"x"']);
    expect(show(json.keyAt(["a", 1, "b"]))).toEqual(["3:6", '"b"']);
    expect(show(json.at(["a", 1, ""]))).toEqual(["3:20", "nul"]);
    expect(show(json.at(["c"]))).toEqual(["4:8", "{}\n"]);
  });

  test("of what is not there: the nearest parent", () => {
    expect(show(json.at(["a", 7, "b"]))).toEqual(["2:8", "[1,"]);
    expect(show(json.keyAt(["c", "nothing"]))).toEqual(["4:2", '"c"']);
  });
});

test("a megabyte is read in well under a second, a small record in microseconds", () => {
  const rules = Array.from({ length: 7000 }, (_, index) => ({
    id: `rule-${index}`,
    allow: ["transfer"],
    when: { asset: "ETH", to: "@book", amount: { max: "0.01 ETH" } },
    count: index,
  }));
  const large = JSON.stringify(rules).slice(0, 2 ** 20);
  const bytes = utf8(`${large.slice(0, large.lastIndexOf("},{") + 1)}]`);
  const small = JSON.stringify(rules.slice(0, 9));
  for (let i = 0; i < 5; i++) readJson(bytes);
  const milliseconds = (work: () => void) => {
    const start = performance.now();
    work();
    return performance.now() - start;
  };
  const whole = Math.min(...Array.from({ length: 5 }, () => milliseconds(() => readJson(bytes))));
  const record = milliseconds(() => {
    for (let i = 0; i < 1000; i++) readJson(small);
  });
  // Loose bounds: other work shares the machine. They catch what is quadratic.
  expect(whole).toBeLessThan(3000);
  expect(record).toBeLessThan(3000);
});
