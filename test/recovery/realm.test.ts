import { afterEach, describe, expect, test } from "vitest";
import { inRealm } from "../../src/recovery/realm.ts";
import { combineSlip39, splitSlip39 } from "../../src/recovery/slip39.ts";
import { PUBLISHED } from "./words.ts";

const SECRET = new Uint8Array(16).fill(7);
const TWO_OF_THREE = { groups: [{ threshold: 2, shares: 3 }], iterationExponent: 0 } as const;
const code = (wanted: string) => expect.objectContaining({ code: `recovery/${wanted}` });

/** All that the built-ins of this realm are: every own member of every global and of its prototype, with its value. */
function builtIns(): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  const note = (name: string, of: object) => {
    for (const key of Reflect.ownKeys(of)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(of, key);
      found.set(`${name}.${String(key)}`, descriptor?.get ?? descriptor?.value);
    }
  };
  for (const name of Object.getOwnPropertyNames(globalThis).filter((key) => /^[A-Z]/.test(key))) {
    const value: unknown = Reflect.get(globalThis, name);
    if (typeof value !== "function") continue;
    note(name, value);
    if (typeof value.prototype === "object" && value.prototype !== null) note(`${name}.prototype`, value.prototype);
  }
  return found;
}

describe("the realm of the library", () => {
  test("leaves every built-in of ours as it was", async () => {
    const before = builtIns();
    expect(before.size).toBeGreaterThan(1000);
    const [shares = []] = await splitSlip39(SECRET, TWO_OF_THREE);
    await combineSlip39(shares);
    const after = builtIns();
    expect([...after.keys()].filter((key) => !before.has(key))).toEqual([]);
    expect([...before].filter(([key, value]) => !Object.is(after.get(key), value)).map(([key]) => key)).toEqual([]);
    const seen: string[] = [];
    for (const key in []) seen.push(key);
    expect(seen).toEqual([]);
  });

  describe("that our own changes do not reach", () => {
    const names = ["slip39Generate", "slip39EncodeHex", "toByteArray"];
    afterEach(() => {
      for (const { prototype } of [Array, String]) for (const name of names) Reflect.deleteProperty(prototype, name);
    });

    test("works as ever where members of arrays and texts are taken already", async () => {
      for (const { prototype } of [Array, String]) {
        for (const name of names) Object.defineProperty(prototype, name, { value: () => [0], configurable: true, writable: false });
      }
      const [shares = []] = await splitSlip39(SECRET, TWO_OF_THREE);
      expect(await combineSlip39(shares)).toEqual(SECRET);
    });

    test("is not even started where something is assigned to a prototype", async () => {
      Reflect.set(Array.prototype, "slip39Generate", () => [0]);
      const started: unknown[] = [];
      const worker = () => started.push(1) as never;
      await expect(splitSlip39(SECRET, { ...TWO_OF_THREE, worker })).rejects.toMatchObject({ code: "realm/polluted" });
      await expect(combineSlip39([], { worker })).rejects.toMatchObject({ code: "realm/polluted" });
      expect(started).toEqual([]);
    });
  });
});

/** A worker of the web that answers as it is told to, or never. */
class Pretender {
  readonly heard: unknown[] = [];
  ended = 0;
  readonly listeners = new Map<string, (event: MessageEvent) => void>();
  private readonly answers: readonly unknown[];

  constructor(...answers: readonly unknown[]) {
    this.answers = answers;
  }

  postMessage(message: unknown): void {
    this.heard.push(message);
    const answer = this.answers[this.heard.length - 1];
    if (answer !== undefined) queueMicrotask(() => this.listeners.get("message")?.({ data: answer } as MessageEvent));
  }

  addEventListener(type: string, listener: (event: MessageEvent) => void): void {
    this.listeners.set(type, listener);
  }

  terminate(): void {
    this.ended++;
  }
}

describe("a worker", () => {
  const [, shares = []] = PUBLISHED[3] ?? [];

  test("that never answers is ended when its time is up", async () => {
    const worker = new Pretender();
    await expect(combineSlip39(shares, { worker: () => worker, timeoutMs: 20 })).rejects.toEqual(code("timed-out"));
    expect(worker.ended).toBe(1);
  });

  test("that is at work is ended when its time is up", { timeout: 60_000 }, async () => {
    const dear = splitSlip39(SECRET, { ...TWO_OF_THREE, iterationExponent: 15, timeoutMs: 1500 });
    await expect(dear).rejects.toEqual(code("timed-out"));
  });

  test("is ended by its signal, at once or before it begins", async () => {
    const worker = new Pretender();
    const stop = new AbortController();
    const waiting = combineSlip39(shares, { worker: () => worker, signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toEqual(code("aborted"));
    expect(worker.ended).toBe(1);
    const never = new Pretender();
    await expect(combineSlip39(shares, { worker: () => never, signal: stop.signal })).rejects.toEqual(code("aborted"));
    expect(never.heard).toEqual([]);
  });

  test("is ended by a signal that was aborted while it started", async () => {
    const worker = new Pretender();
    const stop = new AbortController();
    const start = () => {
      stop.abort();
      return worker;
    };
    await expect(combineSlip39(shares, { worker: start, signal: stop.signal })).rejects.toEqual(code("aborted"));
    expect(worker.ended).toBe(1);
  });

  test("is ended after each use, good or bad", async () => {
    const words = await inRealm({}, (ask) => ask({ ask: "words" }));
    for (const answers of [[words, { kind: "secret", secret: new Uint8Array(16) }], [words, { kind: "refused" }], [{ kind: "refused" }]]) {
      const worker = new Pretender(...answers);
      await combineSlip39(shares, { worker: () => worker }).catch(() => undefined);
      expect(worker.ended).toBe(1);
    }
  });

  test("that does not start, or is none, is told", async () => {
    const fails = () => {
      throw new Error("refused by Trusted Types");
    };
    for (const worker of [fails, () => ({}) as never, () => undefined as never]) {
      await expect(combineSlip39(shares, { worker })).rejects.toEqual(code("no-realm"));
    }
    const dies = new Pretender();
    const waiting = combineSlip39(shares, { worker: () => dies });
    await Promise.resolve();
    dies.listeners.get("error")?.({} as MessageEvent);
    await expect(waiting).rejects.toEqual(code("no-realm"));
    expect(dies.ended).toBe(1);
  });

  test("with another list of words, or a secret of another length, is not believed", async () => {
    const words = await inRealm({}, (ask) => ask({ ask: "words" }));
    for (const other of [{ kind: "words", words: [] }, { kind: "words" }, { kind: "shares", groups: [] }]) {
      await expect(combineSlip39(shares, { worker: () => new Pretender(other) })).rejects.toEqual(code("no-realm"));
    }
    const short = new Pretender(words, { kind: "secret", secret: new Uint8Array(15) });
    await expect(combineSlip39(shares, { worker: () => short })).rejects.toEqual(code("mixed-shares"));
  });

  test("is given shares only after each was read by us, and only as many as are needed", async () => {
    const worker = new Pretender(await inRealm({}, (ask) => ask({ ask: "words" })));
    const mistyped = shares.map((text, at) => (at === 1 ? text.replace(/^\w+ /, "academic ") : text));
    await expect(combineSlip39(mistyped, { worker: () => worker })).rejects.toThrow(/^share 2: the checksum/);
    expect(worker.heard).toEqual([{ ask: "words" }]);
  });

  test("whose shares do not give the secret back has them thrown away", async () => {
    const words = await inRealm({}, (ask) => ask({ ask: "words" }));
    const [made = []] = await splitSlip39(SECRET, TWO_OF_THREE);
    const [foreign = []] = await splitSlip39(new Uint8Array(16).fill(9), TWO_OF_THREE);
    const options = (worker: Pretender) => ({ ...TWO_OF_THREE, worker: () => worker });
    const other = new Pretender({ kind: "shares", groups: [foreign] }, words, { kind: "secret", secret: new Uint8Array(16).fill(9) });
    await expect(splitSlip39(SECRET, options(other))).rejects.toEqual(code("failed"));
    const fewer = new Pretender({ kind: "shares", groups: [made.slice(1)] }, words);
    await expect(splitSlip39(SECRET, options(fewer))).rejects.toEqual(code("failed"));
    const nothing = new Pretender({ kind: "refused" });
    await expect(splitSlip39(SECRET, options(nothing))).rejects.toEqual(code("failed"));
  });
});
