import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/base/canonical.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { tryCases } from "../../src/cli/cases.ts";
import { reading } from "../../src/cli/chains.ts";
import { casesSchema } from "../../src/policy/index.ts";
import { ana, ben, ETHER, ethLimit, MALLORY, payments, request, transaction } from "../custody/fixture.ts";
import { misfits } from "../policy/schema-check.ts";
import { Shell } from "./shell.ts";

const shell = new Shell();
afterAll(() => shell.remove());

const schema = casesSchema();
const policy = reading.policy(
  JSON.stringify(payments([ethLimit("5 ETH")], { people: [ana, ben], more: { modes: { careful: { rules: [] } } } })),
);
const pay = { effects: [{ kind: "transfer", asset: "ETH", to: "friend", amount: "1 ETH" }] };
const deposit = { kind: "call", contract: `eip155:1:${MALLORY}`, function: "deposit", args: { amount: { int: "5" }, to: "x", wrap: true } };
const tuple = { kind: "signedAllowance", asset: "USDC", to: MALLORY, chain: "eip155:1", amount: "unlimited", expiry: 5, replayable: false };

const CASES: readonly object[] = [
  { name: "a word", ...pay, expect: "allow" },
  { name: "bytes", request: request(transaction({ value: ETHER })), expect: { verdict: "deny", reasons: ["limit/exceeded"] } },
  { name: "flat", ...request(transaction({ value: ETHER })), mode: "frozen", expect: { verdict: "deny" } },
  { name: "an act", chain: "keyward:example", kind: "act", payload: { act: "modeChange", mode: "frozen" }, expect: "deny" },
  {
    ...{ name: "everything", ...pay, session: "secp256k1", origin: "https://app.example", now: "2026-01-05T12:00:00.5Z", mode: "careful" },
    ...{ listed: { friend: "2026-01-01" }, own: ["friend", `eip155:1:${MALLORY}`] },
    after: [
      { ...pay, ago: "2h", times: 3 },
      { ...request(transaction({ value: ETHER })), now: "2026-01-01" },
    ],
    ...{ approvedBy: ["ben"], waited: "24h", confirmed: true },
    expect: { verdict: "pending", reasons: [], needs: ["x", { kind: "delay", rule: "y", delay: "24h" }, {}] },
  },
  { name: "other kinds", effects: [deposit, tuple, { kind: "policyEdit", part: "rules", direction: "loosens", at: [] }], expect: "deny" },
];
const document = { keyward: "policy-cases/1", name: "all", now: "2026-01-05T12:00:00Z", requester: "ana", cases: CASES } as unknown as Json;

/** What `keyward policy test` says of its form; `undefined` where it reads it. */
function refusal(json: Json): string | undefined {
  try {
    tryCases(policy, json, () => Date.parse("2026-01-05T12:00:00Z"));
    return undefined;
  } catch (cause) {
    if (cause instanceof CustodyError) return cause.message;
    throw cause;
  }
}

describe("the schema of test cases", () => {
  test("is printed for editors, as that of policies is", async () => {
    expect((await shell.run(["policy", "schema", "cases", "--json"])).json).toEqual(schema);
    expect(JSON.parse((await shell.run(["policy", "schema"])).out).title).toBe("Keyward policy");
    expect(await shell.run(["policy", "schema", "case"])).toMatchObject({ exit: 2, err: expect.stringContaining("did you mean cases?") });
  });

  test("takes every form that a case can have, and so does the parser", () => {
    expect(refusal(document)).toBeUndefined();
    expect(misfits(schema, document)).toEqual([]);
  });

  test("takes the worked cases of the docs", () => {
    const docs = ["policy", "audit"].map((name) => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), "utf8")).join("\n");
    const blocks = [...docs.matchAll(/```jsonc?\n([\s\S]*?)```/g)].map(([, text]) => text as string);
    const cases = blocks.filter((text) => text.includes("policy-cases/1"));
    expect(cases.length).toBeGreaterThan(0);
    for (const each of cases) expect(misfits(schema, JSON.parse(each))).toEqual([]);
  });

  test.each<[string, (first: JsonObject) => object]>([
    ["nothing that is asked", ({ effects: _effects, ...rest }) => rest],
    ["effects and a request", (first) => ({ ...first, request: request("0x") })],
    ["effects and a payload", (first) => ({ ...first, payload: {} })],
    ["a request and its members", ({ effects: _effects, ...rest }) => ({ ...rest, request: request("0x"), ...request("0x") })],
    [
      "a request without its chain",
      ({ effects: _effects, ...rest }) => ({ ...rest, request: { account: "x", kind: "message", payload: 1 } }),
    ],
    ["no name", ({ name: _name, ...rest }) => rest],
    ["nothing that is expected", ({ expect: _expect, ...rest }) => rest],
    ["another verdict", (first) => ({ ...first, expect: "perhaps" })],
    ["another verdict in an object", (first) => ({ ...first, expect: { verdict: "allowed" } })],
    ["a reason that is no text", (first) => ({ ...first, expect: { verdict: "deny", reasons: [5] } })],
    ["a need of another kind", (first) => ({ ...first, expect: { verdict: "pending", needs: [{ kind: "approval" }] } })],
    ["a misspelt member", (first) => ({ ...first, waitd: "1h" })],
    ["a duration in words", (first) => ({ ...first, waited: "1 hour" })],
    ["a moment in words", (first) => ({ ...first, now: "noon" })],
    ["a yes in words", (first) => ({ ...first, confirmed: "yes" })],
    ["an effect of no kind", (first) => ({ ...first, effects: [{ kind: "transfers" }] })],
    ["a field of other kinds", (first) => ({ ...first, effects: [{ kind: "fee", to: "friend" }] })],
    ["a field of the whole request", (first) => ({ ...first, effects: [{ kind: "transfer", total: "5" }] })],
    ["an amount as a number", (first) => ({ ...first, effects: [{ kind: "transfer", asset: "ETH", amount: 5 }] })],
    ["an amount below nothing", (first) => ({ ...first, effects: [{ kind: "transfer", asset: "ETH", amount: "-1 ETH" }] })],
    ["an argument of another form", (first) => ({ ...first, effects: [{ ...deposit, args: { amount: 5 } }] })],
    ["ago and now", (first) => ({ ...first, after: [{ ...pay, ago: "1h", now: "2026-01-01" }] })],
    ["times below nothing", (first) => ({ ...first, after: [{ ...pay, times: -1 }] })],
    ["an expectation of the past", (first) => ({ ...first, after: [{ ...pay, expect: "allow" }] })],
  ])("refuses %s, as the parser does", (_what, change) => {
    const changed = { ...(document as object), cases: [change(CASES[0] as JsonObject)] } as unknown as Json;
    expect(refusal(changed)).toBeDefined();
    expect(misfits(schema, changed)).not.toEqual([]);
  });

  test("takes whatever the parser takes, also of documents that chance has changed", () => {
    const counted = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.constantFrom(...STRANGERS)), { minLength: 1, maxLength: 2 }), (edits) => {
        const changed = edits.reduce<Json>((json, [at, stranger]) => editAt(json, at, stranger), document);
        const why = refusal(changed);
        counted[why === undefined ? "taken" : "refused"]++;
        if (why === undefined) expect(misfits(schema, changed)).toEqual([]);
      }),
      { numRuns: 400 },
    );
    expect(counted.taken).toBeGreaterThan(20);
    expect(counted.refused).toBeGreaterThan(100);
  });
});

/** What is put somewhere; `undefined` takes away what is there. */
const STRANGERS: readonly (Json | undefined)[] = [
  ...[undefined, null, true, 0, 7, 1.5, "", "5", "ETH", "unlimited", "friend", "ana", "allow", "2h", "2026-01-02"],
  ...[[], {}, ["friend"], { int: 5 }, { kind: "fee" }, pay, { verdict: "deny" }],
] as readonly (Json | undefined)[];

/** The document with the n-th of its members, in reading order and round and round, replaced. */
function editAt(json: Json, at: number, stranger: Json | undefined): Json {
  const places: (readonly (string | number)[])[] = [];
  const visit = (value: Json, path: readonly (string | number)[]): void => {
    if (path.length > 0) places.push(path);
    if (value === null || typeof value !== "object") return;
    for (const [key, member] of Object.entries(value)) visit(member as Json, [...path, Array.isArray(value) ? Number(key) : key]);
  };
  visit(json, []);
  return put(json, places[at % places.length] ?? [], stranger);
}

function put(json: Json, [key, ...rest]: readonly (string | number)[], stranger: Json | undefined): Json {
  if (key === undefined) return json;
  if (Array.isArray(json)) {
    const list = json as readonly Json[];
    if (rest.length > 0) return list.map((item, at) => (at === key ? put(item, rest, stranger) : item));
    return stranger === undefined ? list.filter((_, at) => at !== key) : list.map((item, at) => (at === key ? stranger : item));
  }
  const { [key]: old, ...others } = json as JsonObject;
  if (rest.length > 0) return { ...others, [key]: put(old ?? null, rest, stranger) };
  return stranger === undefined ? (others as JsonObject) : { ...others, [key]: stranger };
}
