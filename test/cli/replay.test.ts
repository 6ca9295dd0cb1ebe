import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../src/cli/run.ts";
import { keychain } from "../../src/slots/keychain/keychain.ts";
import {
  ana,
  ben,
  checkedLog,
  cyd,
  ETHER,
  ethLimit,
  FEE,
  FRIEND,
  MALLORY,
  OTHER,
  openCustody,
  payments,
  request,
  slot,
  transaction,
  usdc,
} from "../custody/fixture.ts";
import { freshStore } from "../here/fresh-store.ts";
import { type Draft, Heard, Shell } from "./shell.ts";

const T0 = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const shell = new Shell();
afterAll(() => shell.remove());

const eyes = {
  id: "four-eyes",
  require: ["transfer"],
  when: { asset: "ETH", total: { min: "2 ETH" } },
  approvals: [{ of: "finance", atLeast: 1 }],
};
const edits = { id: "edit", allow: ["modeChange"] };
const roles = { roles: { finance: ["ben", "cyd"] }, modes: { careful: { rules: [], lasts: "1h" } } };
const written = (rules: readonly object[]) => payments([...rules, edits], { people: [ana, ben, cyd], more: roles });
const policy = written([ethLimit("5 ETH"), eyes]);

let log: string;
let key: string;
let size: number;

/** Payments, a denial, a request that waits and is approved, a mode, a replacement, a lapse by being asked twice. */
beforeAll(async () => {
  const clock = { now: T0 };
  const { custody, me } = await openCustody({ policy, store: freshStore({ now: () => clock.now }) });
  const anas = await custody.session({ person: "ana", credential: ana.credential });
  const bens = await custody.session({ person: "ben", credential: ben.credential });
  const wei = (halves: number) => (BigInt(halves) * ETHER) / 2n;
  let nonce = 0;
  const pay = async (by: typeof me, halves: number, more: object = {}) => {
    clock.now += 1000;
    return by.sign(request(transaction({ nonce: nonce++, value: wei(halves), ...more })));
  };
  await pay(me, 2);
  await pay(anas, 3);
  await pay(anas, 1, { to: MALLORY });
  const waiting = await pay(anas, 4);
  if (waiting.kind !== "pending") throw new Error(waiting.kind);
  clock.now += HOUR;
  await bens.approve(waiting.id, { credential: ben.credential });
  await anas.sign(request(transaction({ nonce: nonce - 1, value: wei(4) })));
  // The same nonce with a higher fee, and over the limit of a day.
  await anas.sign(request(transaction({ nonce: nonce - 1, value: wei(4), feePerGas: 2n * 10n ** 9n })));
  await pay(me, 3);
  await me.sign(request(usdc({ nonce: nonce++, amount: 5n, to: OTHER })));
  await me.submit({ act: "modeChange", mode: "careful" });
  await pay(me, 1);
  clock.now += 2 * HOUR;
  await pay(me, 1);
  size = (await checkedLog(custody)).length;
  const lines: string[] = [];
  for await (const line of custody.exportLog()) lines.push(line);
  log = `${lines.join("\n")}\n`;
  key = custody.logKey;
  await custody.lock();
  shell.file("log.jsonl", log);
  shell.file("policy.json", policy);
}, 60_000);

const replay = (file: string, over = shell.path("log.jsonl"), more: readonly string[] = []) =>
  shell.run(["replay", file, over, "--json", ...more]);

describe("a log that is replayed", () => {
  test("under its own policy differs in nothing, limits, waits, modes and replacements included", async () => {
    const { exit, json } = await replay(shell.path("policy.json"), undefined, ["--key", key]);
    expect(json.differences).toEqual([]);
    expect(exit).toBe(0);
    expect(json.log).toMatchObject({ verified: true, pinned: true, size });
    expect(json.verdicts).toEqual({ allow: 5, pending: 3, deny: 3 });
    expect(json.unread).toBe(0);
    expect(json.unused).toEqual([]);
    const rule = (id: string) => json.rules.find((each: Draft) => each.rule === id);
    expect(rule("four-eyes")).toMatchObject({ fired: 3, passed: 3 });
    expect(json.nearLimits).toMatchObject([{ rule: "eth-limit", used: String(5n * ETHER), max: String(5n * ETHER) }]);
  });

  test("under a tighter limit says which payment it would have stopped, and counts only what it lets through", async () => {
    const { exit, json } = await replay(shell.file("tighter.json", written([ethLimit("3 ETH"), eyes])));
    expect(exit).toBe(1);
    // After 1 and 1.5 the 2 are too much: where they wait, where they are signed, and where they are replaced.
    expect(json.changes).toEqual({ "newly-allowed": 0, "newly-pending": 0, "newly-denied": 3, "needs-differ": 0 });
    expect(json.differences[0]).toMatchObject({ change: "newly-denied", from: "pending", to: "deny", requester: "ana" });
    expect(json.differences[0].reasons).toMatchObject([{ code: "limit/exceeded", rule: "eth-limit" }]);
  });

  test("under a policy with other approvers, other tiers and more recipients says so", async () => {
    const cydAlone = { ...eyes, approvals: [{ of: "cyd", atLeast: 1 }] };
    expect((await replay(shell.file("cyd.json", written([ethLimit("5 ETH"), cydAlone])))).json.changes["needs-differ"]).toBe(3);
    const lower = { ...eyes, when: { asset: "ETH", total: { min: "1.5 ETH" } } };
    const { json } = await replay(shell.file("lower.json", written([ethLimit("5 ETH"), lower])));
    expect(json.changes).toMatchObject({ "newly-pending": 1, "newly-denied": 0 });
    const anyone = written([{ id: "anyone", allow: ["transfer"], when: { asset: "ETH" } }, ethLimit("5 ETH"), eyes]);
    const wide = (await replay(shell.file("anyone.json", anyone))).json;
    expect(wide.changes["newly-allowed"]).toBe(1);
    expect(wide.differences[0].effects[0]).toMatchObject({ to: MALLORY });
  });

  test("says which allows nobody used, and what came just below a tier", async () => {
    const nearly = { ...eyes, id: "nearly", when: { asset: "ETH", total: { min: "1.6 ETH" } } };
    const spare = { id: "spare", allow: ["transfer"], when: { asset: "ETH", to: "friend", requester: "cyd" } };
    const { json } = await replay(shell.file("nearly.json", written([ethLimit("5 ETH"), eyes, nearly, spare])));
    expect(json.unused).toEqual(["spare"]);
    const tier = {
      rule: "nearly",
      type: "require",
      field: "total",
      tier: String((16n * ETHER) / 10n),
      amount: String((3n * ETHER) / 2n + FEE),
    };
    expect(json.nearTiers).toMatchObject([tier]);
  });

  test("that was changed is refused, wherever, and nothing is said of it", async () => {
    const lines = log.trimEnd().split("\n");
    for (const at of lines.keys()) {
      const changed = lines.with(
        at,
        (lines[at] as string).replace(/[0-9](?=[^0-9]*$)/, (digit) => String((Number(digit) + 1) % 10)),
      );
      const { exit, json } = await replay(shell.path("policy.json"), shell.file("changed.jsonl", changed.join("\n")), ["--key", key]);
      expect(exit, `line ${at}`).toBe(4);
      expect(json).toMatchObject({ error: { code: expect.any(String) } });
      expect(json.judged).toBeUndefined();
    }
    expect((await replay(shell.path("policy.json"), shell.file("cut.jsonl", lines.slice(0, -1).join("\n")))).exit).toBe(4);
    const text = await shell.run(["replay", shell.path("policy.json"), shell.path("changed.jsonl")]);
    expect(text).toMatchObject({ exit: 4, out: expect.stringContaining("NOT VERIFIED") });
  });

  test("reads as text that says the same", async () => {
    const { exit, out } = await shell.run(["replay", shell.path("anyone.json"), shell.path("log.jsonl")]);
    expect(exit).toBe(1);
    expect(out).toContain("decided otherwise than was: 1 newly allowed");
    expect(out).toContain("by its own key alone");
    expect(out).toContain(MALLORY);
    expect(await shell.run(["replay", shell.path("policy.json"), "-", "--key", key], { stdin: log })).toMatchObject({
      exit: 0,
      out: expect.stringContaining("nothing is decided otherwise than was"),
    });
  });
});

describe("a log that has more to tell", () => {
  test("what the chain refused and what somebody refused stays so, and sessions with rules of their own keep them", async () => {
    const clock = { now: T0 };
    const { custody, me } = await openCustody({ policy, store: freshStore({ now: () => clock.now }) });
    const bens = await custody.session({ person: "ben", credential: ben.credential });
    const scope = { rules: [{ id: "little", allow: ["transfer", "fee"], when: { asset: "ETH", amount: { max: "0.1 ETH" } } }] };
    const narrowed = await custody.session({ person: "ana", credential: ana.credential, scope });
    const waiting = await me.sign(request(transaction({ nonce: 0, value: 3n * ETHER })));
    if (waiting.kind !== "pending") throw new Error(waiting.kind);
    await bens.approve(waiting.id, { credential: ben.credential, answer: "no" });
    expect(await narrowed.sign(request(transaction({ nonce: 1, value: ETHER })))).toMatchObject({ kind: "denied" });
    expect(await me.sign(request(transaction({ nonce: 2, value: ETHER, gasLimit: 2n ** 25n, feePerGas: 10n ** 8n })))).toMatchObject({
      kind: "denied",
    });
    expect(await me.sign(request(transaction({ nonce: 3, value: ETHER })))).toMatchObject({ kind: "signed" });
    const lines: string[] = [];
    for await (const line of custody.exportLog()) lines.push(line);
    await custody.lock();
    const file = shell.file("more.jsonl", lines.join("\n"));
    const own = await replay(shell.path("policy.json"), file);
    expect(own.json).toMatchObject({ judged: 4, differences: [] });
    // A gas limit above the cap of the chain is refused whatever the policy says. Renamed assets read the same; the book is another, so the bytes are decoded anew.
    const renamed = JSON.parse(JSON.stringify(policy).replaceAll("USDC", "DOLLAR"));
    expect((await replay(shell.file("renamed.json", renamed), file)).json).toMatchObject({ judged: 4, readThen: 0, differences: [] });
  });

  test("is gone through line by line: memory does not grow with it", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const heap: number[] = [];
    const line = (n: number) => {
      const effects = [{ kind: "transfer", asset: "ETH", to: "friend", amount: "0.001 ETH" }];
      return JSON.stringify({ effects, requester: "owner", now: new Date(T0 + n * HOUR).toISOString() });
    };
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < 30_000; n++) {
        if (n % 5000 === 0) {
          collect();
          heap.push(process.memoryUsage().heapUsed);
        }
        yield new TextEncoder().encode(`${line(n)}\n`);
      }
    }
    const out = new Heard(false);
    const exit = await run(["replay", shell.path("policy.json"), "-", "--json"], {
      ...{ stdin: source(), stdout: out, stderr: out, env: {}, signal: new AbortController().signal, now: () => T0, version: "" },
      ...{ endAtOnce: () => undefined, askHidden: async () => new Uint8Array(), confirm: async () => false, slot: () => slot, keychain },
    });
    expect(exit).toBe(0);
    expect(JSON.parse(out.text)).toMatchObject({ judged: 30_000, verdicts: { allow: 30_000 } });
    expect((heap.at(-1) ?? 0) - (heap[1] ?? 0)).toBeLessThan(8_000_000);
  }, 120_000);
});

describe("requests that are replayed", () => {
  const asked = (nonce: number, halves: number, more: object = {}) => ({
    ...request(transaction({ nonce, value: (BigInt(halves) * ETHER) / 2n })),
    requester: "owner",
    now: "2026-01-01T00:00:00Z",
    ...more,
  });
  const lines = (...all: readonly unknown[]) =>
    shell.file("requests.jsonl", all.map((each) => (typeof each === "string" ? each : JSON.stringify(each))).join("\n"));

  test("fill limits as they go, and leave them with time", async () => {
    const late = { now: "2026-01-02T00:00:00Z" };
    const { exit, json } = await replay(shell.path("policy.json"), lines(asked(0, 6), asked(1, 4), asked(2, 1), asked(3, 10, late)));
    expect(exit).toBe(0);
    expect(json.verdicts).toEqual({ allow: 0, pending: 3, deny: 1 });
    expect(json.judged).toBe(4);
  });

  test("are compared with what is told of them, or with another policy", async () => {
    const told = lines(asked(0, 1, { outcome: "denied" }), asked(1, 3, { outcome: "signed" }), asked(2, 4, { outcome: "signed" }));
    const { exit, json } = await replay(shell.path("policy.json"), told);
    expect(exit).toBe(1);
    expect(json.differences.map(({ place, change }: Draft) => [place, change])).toEqual([
      [1, "newly-allowed"],
      [3, "newly-pending"],
    ]);
    const plain = lines(asked(0, 1), asked(1, 3), asked(2, 4));
    const against = await replay(shell.path("policy.json"), plain, ["--against", shell.file("simple.json", written([]))]);
    expect(against.json.differences).toMatchObject([{ place: 3, from: "allow", to: "pending" }]);
    expect((await replay(shell.path("policy.json"), plain, ["--against", shell.path("policy.json")])).exit).toBe(0);
  });

  test("may be effects, by the names of the policy", async () => {
    const effect = { kind: "transfer", asset: "ETH", to: "friend", amount: "1 ETH" };
    const { json } = await replay(
      shell.path("policy.json"),
      lines({ effects: [effect], now: "2026-01-01" }, { effects: [{ ...effect, to: MALLORY }], outcome: "signed", now: "2026-01-01" }),
    );
    expect(json.verdicts).toEqual({ allow: 1, pending: 0, deny: 1 });
    expect(json.differences).toMatchObject([{ place: 2, change: "newly-denied", effects: [{ chain: "eip155:1", to: MALLORY }] }]);
    expect(FRIEND).not.toBe(MALLORY);
  });

  test("a line that cannot be read is told with its number, and the run goes on", async () => {
    const bad = ["{", "[]", JSON.stringify(asked(0, 1, { requster: "x" })), JSON.stringify(asked(0, 1, { requester: "nobody" })), ""];
    const { exit, json } = await replay(shell.path("policy.json"), lines(asked(0, 1), ...bad, asked(1, 1)));
    expect(exit).toBe(2);
    expect(json.judged).toBe(2);
    expect(json.unreadable).toBe(5);
    expect(json.errors.map(({ line }: Draft) => line)).toEqual([2, 3, 4, 5, 6]);
    expect(json.errors[0].error).toMatchObject({ code: "json/malformed" });
  });

  test("no lines, and a key beside requests, are a mistake", async () => {
    expect(await replay(shell.path("policy.json"), shell.file("none.jsonl", ""))).toMatchObject({ exit: 2 });
    expect(await replay(shell.path("policy.json"), lines(asked(0, 1)), ["--key", key])).toMatchObject({ exit: 2 });
  });
});
