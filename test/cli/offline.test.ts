import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cutLines } from "../../src/cli/lines.ts";
import { ACCOUNT, ana, document, ethLimit, FRIEND, MALLORY, payments, person, request, transaction } from "../custody/fixture.ts";
import { shared, sharedFile, vectorSuite } from "../shared.ts";
import { type Draft, Shell } from "./shell.ts";

const shell = new Shell();
let policy: string;
beforeAll(() => {
  policy = shell.file("policy.json", payments([ethLimit("1 ETH")], { people: [ana] }));
});
afterAll(() => shell.remove());

const asked = (fields: Parameters<typeof transaction>[0], more: object = {}) => ({ ...request(transaction(fields)), ...more });
const explained = (json: unknown, more: readonly string[] = []) =>
  shell.run(["explain", "--policy", policy, "--json", ...more], { stdin: typeof json === "string" ? json : JSON.stringify(json) });

describe("explain without a vault", () => {
  test("prints exactly the documented object", async () => {
    const { exit, json } = await explained(asked({ value: 5n }, { requester: "ana", now: "2026-11-22T12:00:00Z" }));
    expect(exit).toBe(0);
    expect(Object.keys(json).sort()).toEqual(["assumed", "intent", "needs", "reasons", "verdict"]);
    expect(json).toMatchObject({ verdict: "allow", assumed: ["counters-empty"], reasons: [], needs: [] });
    expect(json.intent).toMatchObject({ chain: "eip155:1", account: ACCOUNT, kind: "transaction", lane: `eip155:1/${ACCOUNT}/0` });
    expect(json.intent.id).toMatch(/^[0-9a-f]{64}$/);
    expect(json.intent.effects[0]).toMatchObject({ kind: "transfer", asset: "native", to: FRIEND, amount: "5", at: [] });
  });

  test("a denial is exit 1, with reasons whose missing parts are null", async () => {
    const { exit, json } = await explained(asked({ to: MALLORY, value: 5n }));
    expect(exit).toBe(1);
    expect(json.verdict).toBe("deny");
    expect(json.reasons).toEqual([
      { code: "policy/not-allowed", rule: null, effect: 0, params: expect.any(Object), text: expect.any(String) },
    ]);
    const limit = await explained(asked({ value: 2n * 10n ** 18n }));
    expect(limit.json.reasons).toEqual([expect.objectContaining({ code: "limit/exceeded", rule: "eth-limit", effect: null })]);
  });

  test("what is pending is exit 3 and names its needs", async () => {
    const four = { id: "four-eyes", require: ["transfer"], approvals: [{ of: "ana", atLeast: 1 }], delay: "1h" };
    const file = shell.file("pending.json", payments([four], { people: [ana] }));
    const { exit, json } = await shell.run(["explain", "--policy", file, "--json"], { stdin: JSON.stringify(asked({ value: 5n })) });
    expect(exit).toBe(3);
    expect(json).toMatchObject({
      verdict: "pending",
      reasons: [],
      needs: [
        { kind: "approvals", rule: "four-eyes" },
        { kind: "delay", delayMs: 3_600_000 },
      ],
    });
  });

  test("says what it assumed, and only that", async () => {
    expect((await explained(asked({}))).json.assumed).toEqual(["counters-empty", "requester-unknown", "now"]);
    const rules = [
      { id: "old", forbid: ["transfer"], when: { recipientAge: { max: "1d" } } },
      { id: "own", forbid: ["transfer"], when: { ownRecipient: true } },
    ];
    const modes = { night: { rules: [] } };
    const file = shell.file("assuming.json", payments(rules, { more: { modes } }));
    const { json } = await shell.run(["explain", "--policy", file, "--json"], {
      stdin: JSON.stringify(asked({}, { requester: "owner", now: "2026-11-22" })),
    });
    expect(json.assumed).toEqual(["counters-empty", "recipient-age-unknown", "own-accounts-unknown", "mode-normal"]);
  });

  test("the requester and the moment of the request count", async () => {
    const rules = [
      { id: "pay", allow: ["transfer"], when: { requester: "ana", date: { until: "2026-11-22" } } },
      { id: "fee", allow: ["fee"] },
    ];
    const file = shell.file("who.json", document(rules, { people: [ana] }));
    const verdict = async (more: object) =>
      (await shell.run(["explain", "--policy", file, "--json"], { stdin: JSON.stringify(asked({}, more)) })).json.verdict;
    expect(await verdict({ requester: "ana", now: "2026-11-21T10:00:00Z" })).toBe("allow");
    expect(await verdict({ requester: "owner", now: "2026-11-21T10:00:00Z" })).toBe("deny");
    expect(await verdict({ requester: "ana", now: "2026-11-24T10:00:00Z" })).toBe("deny");
  });

  test("acts are explained as well, each touched part as an effect", async () => {
    const before = document([{ id: "edit", allow: ["policyEdit"], when: { requester: "ana" } }], {
      people: [ana],
      more: { immutable: false },
    });
    const file = shell.file("acts.json", before);
    const act = {
      chain: `keyward:${"0".repeat(32)}`,
      kind: "act",
      requester: "ana",
      payload: { act: "policyEdit", policy: { ...before, people: {} } },
    };
    const { exit, json } = await shell.run(["explain", "--policy", file, "--json"], { stdin: JSON.stringify(act) });
    expect(exit).toBe(2);
    expect(json.error.code).toBe("policy/invalid");
    const better = { ...act, payload: { act: "policyEdit", policy: { ...before, book: {}, lists: {} } } };
    const right = await shell.run(["explain", "--policy", file, "--json"], { stdin: JSON.stringify(better) });
    expect(right).toMatchObject({ exit: 0 });
    expect(right.json.intent.effects.map((effect: Draft) => `${effect.kind} ${effect.part}`)).toEqual([
      "policyEdit book",
      "policyEdit list",
    ]);
    const frozen = { chain: "keyward:x", kind: "act", payload: { act: "modeChange", mode: "frozen" } };
    expect((await shell.run(["explain", "--policy", file, "--json"], { stdin: JSON.stringify(frozen) })).exit).toBe(1);
  });

  test.each([
    ["nothing", "", "cli/usage"],
    ["no JSON", "{", "json/malformed"],
    ["a key twice", '{"chain":"eip155:1","chain":"eip155:1"}', "json/duplicate-key"],
    ["a list", "[]", "request/malformed"],
    ["an unknown member", JSON.stringify(asked({}, { gas: 1 })), "request/malformed"],
    ["another kind", JSON.stringify({ ...asked({}), kind: "digest" }), "request/malformed"],
    ["no bytes", JSON.stringify({ ...asked({}), payload: "0x" }), "chain/malformed"],
    ["an unknown chain", JSON.stringify({ ...asked({}), chain: "solana:x" }), "chain/unknown"],
    ["a moment that is none", JSON.stringify(asked({}, { now: "yesterday" })), "request/malformed"],
    ["a requester that is no name", JSON.stringify(asked({}, { requester: 7 })), "request/malformed"],
  ])("%s is exit 2 with an error object", async (_what, stdin, code) => {
    const { exit, json, err } = await explained(stdin);
    expect({ exit, err }).toEqual({ exit: 2, err: "" });
    expect(json).toEqual({ error: expect.objectContaining({ code, message: expect.any(String) }) });
  });

  test("as text it is aligned and says what would pass", async () => {
    const file = shell.file("request.json", asked({ to: MALLORY, value: 250_000_000_000_000_000n }));
    const { out } = await shell.run(["explain", "--policy", policy, file]);
    expect(out).toContain(`transfer     0.25 ETH (250000000000000000)  to ${MALLORY}`);
    expect(out).toContain("✗ no rule allows this transfer");
    expect(out).toMatch(/what would pass:\n {2}→ to friend/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no colours where nobody looks.
    expect(out).not.toMatch(/\u001b/);
    const seen = await shell.run(["explain", "--policy", policy, file], { tty: true });
    expect(seen.out).toContain("\u001b[31m");
    const plainly = await shell.run(["explain", "--policy", policy, file], { tty: true, env: { NO_COLOR: "1" } });
    expect(plainly.out).toBe(out);
  });
});

describe("--lines", () => {
  test("answers every line in order; a bad one is an error on its line and the run goes on", async () => {
    const lines = [asked({ value: 1n }), "{", asked({ to: MALLORY, value: 1n }), "", asked({ nonce: 3 })];
    const stdin = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
    const { exit, out } = await explained(stdin, ["--lines"]);
    expect(exit).toBe(0);
    const answers = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Draft);
    expect(answers.map((answer) => answer.verdict ?? answer.error.code)).toEqual([
      "allow",
      "json/malformed",
      "deny",
      "json/malformed",
      "allow",
    ]);
  });

  test("a line that is too long costs no memory and is an error on its line", async () => {
    const long = Array.from({ length: 90 }, () => new Uint8Array(64 * 1024).fill(0x20));
    const end = new TextEncoder().encode(`\n${JSON.stringify(asked({}))}`);
    const { exit, out } = await shell.run(["decode", "--lines"], { stdin: [...long, end] });
    expect(exit).toBe(0);
    const [first, second] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Draft);
    expect(first.error.code).toBe("json/too-large");
    expect(second.intent.kind).toBe("transaction");
  });

  test("an endless line is dropped while it comes", async () => {
    const before = process.memoryUsage().arrayBuffers;
    let kept = 0;
    async function* endless() {
      const chunk = new Uint8Array(64 * 1024).fill(0x20);
      for (let sent = 0; sent < 4096; sent++) yield chunk;
      kept = process.memoryUsage().arrayBuffers - before;
      yield new TextEncoder().encode("\n{}\n");
    }
    const lines: (Uint8Array | undefined)[] = [];
    for await (const line of cutLines(endless(), 1024 * 1024)) lines.push(line);
    expect(lines.map((line) => line?.length)).toEqual([undefined, 2]);
    expect(kept).toBeLessThan(64 * 1024 * 1024);
  });

  test("what a stream does with its buffer afterwards changes no line", async () => {
    async function* reused() {
      const buffer = Buffer.from("ab");
      yield buffer;
      buffer.write("c\n");
      yield buffer;
    }
    const lines: (string | undefined)[] = [];
    for await (const line of cutLines(reused())) lines.push(line && Buffer.from(line).toString());
    expect(lines).toEqual(["abc"]);
  });

  test("cut anywhere, a stream gives the same answers", async () => {
    const text = new TextEncoder().encode(
      [asked({}), asked({ nonce: 1 }), asked({ nonce: 2 })].map((line) => JSON.stringify(line)).join("\n"),
    );
    const whole = await shell.run(["decode", "--lines"], { stdin: text });
    for (const size of [1, 7, 100]) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.subarray(at * size, (at + 1) * size));
      expect((await shell.run(["decode", "--lines"], { stdin: pieces })).out).toBe(whole.out);
    }
    expect(whole.out.trim().split("\n")).toHaveLength(3);
  });
});

describe("decode", () => {
  test("needs no policy, and shows the decoder's own refusals", async () => {
    const { exit, json } = await shell.run(["decode", "--json"], { stdin: JSON.stringify({ ...asked({}), chain: "eip155:10" }) });
    expect(exit).toBe(0);
    expect(json).toMatchObject({ assumed: [], reasons: [{ code: "evm/chain-mismatch", rule: null }], intent: { chain: "eip155:10" } });
  });

  test("amounts that mean no limit are unlimited", async () => {
    const word = (value: bigint) => value.toString(16).padStart(64, "0");
    const data = `0x095ea7b3${word(BigInt(FRIEND))}${word(2n ** 256n - 1n)}`;
    const { json } = await shell.run(["decode", "--policy", policy, "--json"], {
      stdin: JSON.stringify(asked({ to: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", data })),
    });
    expect(json.intent.effects[0]).toMatchObject({ kind: "allowance", to: FRIEND, amount: "unlimited" });
  });
});

describe("policies as files", () => {
  test("check prints every problem as file:line:column: code message", async () => {
    const broken = {
      ...payments([
        { id: "x", alow: ["transfer"] },
        { id: "y", allow: ["transfr"] },
      ]),
      nmae: 1,
    };
    const file = shell.file("broken.json", broken);
    const { exit, out } = await shell.run(["policy", "check", file]);
    expect(exit).toBe(2);
    const lines = out.trim().split("\n");
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const line of lines) expect(line).toMatch(/^\S+broken\.json:\d+:\d+: policy\/[a-z-]+ \S/);
    const { json } = await shell.run(["policy", "check", file, "--json"]);
    expect(json.error).toMatchObject({
      code: "policy/invalid",
      problems: expect.arrayContaining([expect.objectContaining({ code: "policy/unknown-kind", line: expect.any(Number) })]),
    });
    expect(json.error.problems).toHaveLength(lines.length);
  });

  const key = ana.publicKey;
  const other = (name: string) => `${name}=${person(name).publicKey}`;
  test.each([
    ["deny-all", []],
    [
      "personal",
      [
        "--payee",
        `friend=${FRIEND}`,
        "--daily",
        "0.5 ETH",
        "--daily",
        "100 USDC",
        "--fee",
        "0.01 ETH",
        "--asset",
        "USDC=erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48:6",
      ],
    ],
    ["agent", ["--agent", key, "--each", "0.01 ETH"]],
    [
      "treasury",
      ["--operator", `ana=${key}`, "--approver", other("b"), "--approver", other("cc"), "--approver", other("ddd"), "--large", "0.05 ETH"],
    ],
    ["cold", ["--keyholder", `ana=${key}`, "--keyholder", other("b"), "--keyholder", other("cc"), "--delay", "7d"]],
  ])("a new %s policy is one that check calls good", async (template, options) => {
    const { exit, out, err } = await shell.run(["policy", "new", template, ...options]);
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
    const file = shell.file(`${template}.json`, out);
    expect(await shell.run(["policy", "check", file])).toMatchObject({ exit: 0, out: expect.stringContaining("good") });
  });

  test("what a template cannot be made of is refused", async () => {
    expect((await shell.run(["policy", "new", "agent"])).err).toContain("expected --agent");
    expect((await shell.run(["policy", "new", "personal", "--daily", "lots"])).err).toContain('such as "0.5 ETH"');
    expect((await shell.run(["policy", "new", "personal", "--payee", `bad=${FRIEND.toLowerCase()}`])).exit).toBe(2);
    expect((await shell.run(["policy", "new", "personal", "--payee", `a=${FRIEND}`, "--payee", `a=${MALLORY}`])).err).toContain(
      "a was given twice",
    );
  });
});

describe.skipIf(!shared)(vectorSuite("hostile cases by the command line"), () => {
  interface Case {
    readonly id: string;
    readonly kind: string;
    readonly input: { readonly raw?: string; readonly psbt?: string };
    readonly expected: { readonly outcome: string };
  }

  test("none that must not be signed is allowed, and the positive control is", async () => {
    const { cases, context } = sharedFile<{ cases: readonly Case[]; context: { btc: { descriptor: string } } }>("cases/hostile.json");
    const p0 = shell.file("p0.json", sharedFile("cases/p0.json"));
    const asked = ({ kind, input }: Case): object => {
      if (kind === "evm.tx") return request(input.raw);
      if (kind === "evm.typedData") return { ...(request("") as object), kind: "typedData", payload: input };
      return { chain: "bip122:000000000019d6689c085ae165831e93", account: context.btc.descriptor, kind: "psbt", payload: input.psbt };
    };
    const raw = cases.filter(
      ({ kind, input }) => (kind === "evm.tx" && typeof input.raw === "string") || kind === "evm.typedData" || kind === "btc.psbt",
    );
    const stdin = raw.map((each) => JSON.stringify(asked(each))).join("\n");
    const { exit, out } = await shell.run(["explain", "--policy", p0, "--lines"], { stdin });
    expect(exit).toBe(0);
    const answers = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Draft);
    expect(answers).toHaveLength(raw.length);
    expect(raw.length).toBe(23);
    raw.forEach(({ id, expected }, at) => {
      const { verdict, error } = answers[at];
      if (expected.outcome === "malformed") expect(error?.code, id).toMatch(/^chain\//);
      else if (expected.outcome === "sign") expect(verdict, id).toBe("allow");
      else expect(verdict, id).not.toBe("allow");
    });
    expect(raw.map(({ expected }) => expected.outcome)).toContain("sign");
  });
});
