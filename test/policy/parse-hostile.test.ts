import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CustodyError } from "../../src/base/errors.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import { MAX_PROBLEMS, PolicyError } from "../../src/policy/problems.ts";
import { parseAddress } from "./addresses.ts";
import { type Draft, full, parse, problemsOf, VITALIK } from "./documents.ts";

/** Milliseconds that a refusal took; a document that is accepted fails the test. */
function refused(text: string | Uint8Array, maxBytes?: number): { code: string | undefined; count: number; ms: number } {
  const start = performance.now();
  try {
    parsePolicy(text, { parseAddress, ...(maxBytes !== undefined && { maxBytes }) });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return { code: error.problems[0]?.code, count: error.problems.length, ms: performance.now() - start };
  }
  throw new Error("accepted");
}

describe("hostile documents are refused in bounded work", () => {
  const big = 64 * 2 ** 20;
  const rules = (count: number) =>
    `{"keyward":"policy/1","name":"x","immutable":true,"rules":[${Array.from({ length: count }, (_, i) => `{"id":"r${i}","forbid":["fee"]}`).join(",")}]}`;

  test("ten megabytes", () => {
    expect(refused(new Uint8Array(10 * 2 ** 20).fill(0x20))).toMatchObject({ code: "policy/too-large" });
    expect(refused(" ".repeat(10 * 2 ** 20)).ms).toBeLessThan(100);
  });

  test("a hundred thousand rules, and ten thousand that are fine", () => {
    expect(refused(rules(100_000))).toMatchObject({ code: "policy/too-large" });
    expect(refused(rules(100_000), big)).toMatchObject({ code: "policy/too-many", count: 1 });
    expect(parsePolicy(rules(10_000), { parseAddress }).rules).toHaveLength(10_000);
  });

  test("deep nesting, in JSON and in conditions", () => {
    expect(refused("[".repeat(500_000))).toMatchObject({ code: "policy/too-deep" });
    expect(
      refused(
        `{"keyward":"policy/1","name":"x","immutable":true,"rules":[{"id":"r","forbid":["fee"],"when":${'{"not":'.repeat(100)}{}${"}".repeat(100)}}]}`,
      ),
    ).toMatchObject({ code: "policy/too-deep" });
  });

  test("huge numbers and huge texts", () => {
    for (const value of ["1e999", "9".repeat(100_000), "1.5", "-0"])
      expect(refused(`{"keyward":"policy/1","name":"x","semantics":${value},"rules":[]}`)).toMatchObject({ code: "policy/malformed" });
    const asset = { chain: "eip155:1", asset: "native", decimals: 18 };
    for (const max of [`${"9".repeat(500_000)} ETH`, `0.${"0".repeat(500_000)} ETH`, "9".repeat(500_000)]) {
      const result = refused(
        JSON.stringify({
          keyward: "policy/1",
          name: "x",
          immutable: true,
          assets: { ETH: asset },
          rules: [{ id: "r", limit: ["fee"], when: { asset: "ETH" }, max, per: "1h" }],
        }),
      );
      expect(result.ms).toBeLessThan(200);
    }
  });

  test("a hundred thousand mistakes are reported as a few, none of them slowly", () => {
    const book = Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`payee${i}`, { chain: "eip155:1", address: VITALIK }]));
    const lists = { all: Array.from({ length: 40_000 }, (_, i) => `payer${i}`) };
    const result = refused(JSON.stringify({ keyward: "policy/1", name: "x", immutable: true, book, lists, rules: [] }), big);
    expect(result).toMatchObject({ code: "policy/unknown-name", count: MAX_PROBLEMS });
    expect(result.ms).toBeLessThan(20_000);
  });

  test("a large list named in thousands of rules costs nothing, and joined too often is refused", () => {
    const book = Object.fromEntries(
      Array.from({ length: 3000 }, (_, i) => [`n${i}x`, { chain: "bip122:0", address: "bc1qhwudxquswckz8td2emg5gh8czdnrkxmkezvw3k" }]),
    );
    const document = (to: unknown) => ({
      keyward: "policy/1",
      name: "x",
      immutable: true,
      book,
      lists: { all: Object.keys(book) },
      rules: Array.from({ length: 5000 }, (_, i) => ({ id: `r${i}`, forbid: ["transfer"], when: { to } })),
    });
    expect(parse(document("@all")).rules).toHaveLength(5000);
    book.q = { chain: "bip122:1", address: "bc1qhwudxquswckz8td2emg5gh8czdnrkxmkezvw3k" };
    const start = performance.now();
    parse(document(["@all", "q"]));
    expect(performance.now() - start).toBeLessThan(20_000);
    const many = Object.fromEntries(
      Array.from({ length: 3000 }, (_, i) => [`n${i}x`, { chain: `bip122:${i}`, address: "bc1qhwudxquswckz8td2emg5gh8czdnrkxmkezvw3k" }]),
    );
    expect(problemsOf({ ...document(["@all", "n7x"]), book: many, lists: { all: Object.keys(many) } })[0]).toMatchObject({
      code: "policy/too-many",
    });
  });

  test("roles that double at every step are resolved once each", () => {
    const roles = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [
        `r${i}x`,
        i === 0 ? ["me"] : [`role:r${i - 1}x`, { person: "me", from: "2026-01-01" }, `role:r${i - 1}x`],
      ]),
    );
    const policy = parse({ keyward: "policy/1", name: "x", immutable: true, people: { me: [{ kind: "unlock" }] }, roles, rules: [] });
    expect(policy.roles.get("r59x")).toEqual([{ person: "me" }]);
  });

  test("a role of thousands who stand in, in a thousand roles or in hundreds of rules", () => {
    const stands = Array.from({ length: 1000 }, (_, i) => ({ person: "me", from: new Date(i * 60_000).toISOString() }));
    const base = { keyward: "policy/1", name: "x", immutable: true, people: { me: [{ kind: "unlock" }] } };
    const within = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`in${i}x`, ["role:all"]]));
    expect(problemsOf({ ...base, roles: { all: stands, ...within }, rules: [] })[0]).toMatchObject({ code: "policy/too-many" });
    const rules = Array.from({ length: 400 }, (_, i) => ({ id: `r${i}`, forbid: ["fee"], when: { requester: "role:all" } }));
    expect(problemsOf({ ...base, roles: { all: stands }, rules })[0]).toMatchObject({ code: "policy/too-many" });
  });

  const base = { keyward: "policy/1", name: "x", immutable: true };
  const times = <T>(count: number, each: (index: number) => T) => Array.from({ length: count }, (_, index) => each(index));
  const named = <T>(count: number, each: (index: number) => T) => Object.fromEntries(times(count, (i) => [`${i}x`, each(i)] as const));

  test("a hundred thousand references to names, known or not, beside tens of thousands of names", () => {
    const functions = times(1000, (i) => `f${i}()`);
    const contracts = named(20, (i) => ({ chain: "eip155:1", address: `0x${`${i + 1}`.padStart(40, "0")}`, kind: "named", functions }));
    const many = (when: Draft, tables: Draft, kind = "transfer") =>
      JSON.stringify({ ...base, ...tables, rules: [{ id: "r", forbid: [kind], when }] });
    const people = { me: [{ kind: "unlock" }] };
    const wrong = times(90_000, () => "nobody");
    const documents = [
      many({ to: wrong }, { lists: named(10_000, () => []) }),
      many({ requester: wrong }, { people, roles: named(1000, () => ["me"]) }),
      many({ function: wrong }, { contracts }, "call"),
      // Known, and joined too often.
      many({ function: times(90_000, () => "f1"), requester: "nobody" }, { contracts }, "call"),
    ];
    for (const text of documents) {
      const { code, ms } = refused(text, 2 ** 21);
      expect(code).toBe("policy/unknown-name");
      expect(ms).toBeLessThan(20_000);
    }
  });

  test("a role of a thousand, named thousands of times in one line or in thousands of clauses", () => {
    const dated = times(1000, (i) => ({ person: "me", from: new Date(i * 86_400_000).toISOString().slice(0, 10) }));
    const tables = {
      people: { me: [{ kind: "unlock" }], you: [{ kind: "secp256k1", publicKey: `02${"1".repeat(64)}` }] },
      roles: { all: dated },
    };
    const keys = named(100, (i) => [{ kind: "secp256k1", publicKey: `02${`${i}`.padStart(64, "0")}` }]);
    const crowd = { people: keys, roles: { all: Object.keys(keys) } };
    const asked = (count: number) => [{ id: "r", forbid: ["fee"], when: { requester: times(count, () => "role:all") } }];
    expect(parse({ ...base, ...crowd, rules: asked(5000) }).rules).toHaveLength(1);
    expect(problemsOf({ ...base, ...crowd, rules: asked(20_000) })).toMatchObject([{ code: "policy/too-many" }]);
    const approvals = { any: times(16, () => [{ of: "all", atLeast: 1 }]) };
    const rules = (count: number) => times(count, (i) => ({ id: `r${i}`, require: ["fee"], approvals }));
    expect(parse({ ...base, ...tables, rules: rules(50) }).rules).toHaveLength(50);
    expect(problemsOf({ ...base, ...tables, rules: rules(100) })[0]).toMatchObject({ code: "policy/too-many" });
  });

  test("__proto__ pollutes nothing wherever it stands", () => {
    const text = JSON.stringify(full());
    for (const section of ["assets", "contracts", "book", "lists", "people", "roles", "hours", "values", "modes"]) {
      expect(() =>
        parsePolicy(text.replace(`"${section}":{`, `"${section}":{"__proto__":{"chain":"eip155:1","polluted":1},`), { parseAddress }),
      ).toThrow(PolicyError);
    }
    expect(() => parsePolicy(text.replace('"when":{', '"when":{"__proto__":{"asset":"ETH"},'), { parseAddress })).toThrow(
      /unknown key "__proto__"/,
    );
    expect(() => parsePolicy(`{"__proto__":${text}}`, { parseAddress })).toThrow(PolicyError);
    for (const name of ["constructor", "toString", "hasOwnProperty", "valueOf"]) {
      expect(() => parsePolicy(text.replace('"asset":"USDC","to"', `"asset":"${name}","to"`), { parseAddress })).toThrow(
        /expected a name of assets/,
      );
      expect(() => parsePolicy(text.replace('"delay":"24h"', `"delay":"${name}"`), { parseAddress })).toThrow(/expected a duration/);
    }
    expect(({} as { polluted?: unknown }).polluted).toBe(undefined);
  });
});

describe("random documents never crash", () => {
  const scalar = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.constantFrom(
      "",
      "eip155:1",
      "native",
      "@payees",
      "role:all",
      "acme",
      "ETH",
      "1 ETH",
      "1 USD",
      "24h",
      "2026-01-01",
      "unlimited",
      "__proto__",
      "desk",
      "frozen",
      "outflow",
      "fee",
      "5",
      VITALIK,
      `eip155:1:${VITALIK}`,
    ),
    fc.string(),
  );

  test("whatever stands in place of any value", () => {
    const paths: (string | number)[][] = [];
    const walk = (value: unknown, path: (string | number)[]) => {
      paths.push(path);
      if (Array.isArray(value)) for (const [index, item] of value.entries()) walk(item, [...path, index]);
      else if (typeof value === "object" && value !== null)
        for (const [name, member] of Object.entries(value)) walk(member, [...path, name]);
    };
    walk(full(), []);
    const put = fc.oneof(
      scalar,
      fc.array(scalar, { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("min", "max", "any", "of", "kind", "asset", "amount", "when", "from", "__proto__"), scalar, {
        maxKeys: 3,
      }),
      fc.constantFrom(...paths),
    );
    fc.assert(
      fc.property(fc.constantFrom(...paths), put, (path, value) => {
        const document = full();
        const parent = path.slice(0, -1).reduce<Draft>((at, step) => at[step], document);
        const step = path.at(-1);
        if (step !== undefined) parent[step] = value;
        const text = step === undefined ? JSON.stringify(value) : JSON.stringify(document);
        try {
          parsePolicy(text, { parseAddress });
        } catch (error) {
          if (!(error instanceof CustodyError) || error.code !== "policy/invalid" || error.position === undefined) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });

  test("whatever JSON it is", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(() => parsePolicy(JSON.stringify(value), { parseAddress })).toThrow(CustodyError);
      }),
      { numRuns: 300 },
    );
  });
});
