import { describe, expect, test } from "vitest";
import { CHAIN_TARGETS } from "./chains/index.ts";
import { fuzz, merged, noise, type Target, targetOf } from "./engine.ts";
import { mutatedBytes, mutatedJson, mutatedText } from "./mutate.ts";
import { randomOf } from "./random.ts";

/** So many find what breaks a decoder in one line (`mutants`). All of them run in `fuzz.test.ts`. */
const COUNTS: { readonly [name: string]: number } = { "bitcoin/psbt": 100, "chains/worst": 40 };

describe("a few inputs of each kind", () => {
  for (const target of CHAIN_TARGETS) {
    test(`${target.name}: each is refused with a code or means what others say it means`, { timeout: 60_000 }, async () => {
      const report = await fuzz({ targets: [target], seed: 20, count: COUNTS[target.name] ?? 200 });
      expect(report.findings).toEqual([]);
      expect(noise(report)).toEqual([]);
    });
  }
});

const target = (name: string, run: Target["run"], weight = 1): Target => ({ name, weight, run });

describe("the engine", () => {
  test("makes an input again from its seed and index alone, whichever targets stand beside its own", async () => {
    const seen: string[] = [];
    const [a, b] = ["a", "b"].map((name) =>
      target(name, (random) => {
        seen.push(`${name} ${random.bytes(8)}`);
        return "accepted";
      }),
    ) as [Target, Target];
    await fuzz({ targets: [a, b], seed: 5, count: 40 });
    const all = [...seen];
    expect(new Set(all).size).toBe(40);
    for (const index of [0, 17, 39]) {
      seen.length = 0;
      const chosen = targetOf([a, b], 5, index);
      await fuzz({ targets: [chosen], seed: 5, from: index, count: 1 });
      expect(seen).toEqual([all[index]]);
    }
    seen.length = 0;
    const halves = [await fuzz({ targets: [a, b], seed: 5, count: 20 }), await fuzz({ targets: [a, b], seed: 5, from: 20, count: 20 })];
    expect(seen).toEqual(all);
    expect(merged(halves).count).toBe(40);
  });

  test("finds every exception but ours, whatever is slow twice, and kinds of which nothing is accepted", async () => {
    const throwing = await fuzz({ targets: [target("throws", () => Promise.reject(new TypeError("no such thing")))], seed: 1, count: 3 });
    expect(throwing.findings).toMatchObject(
      [0, 1, 2].map((index) => ({ target: "throws", seed: 1, index, what: expect.stringContaining("no such thing") })),
    );
    const busy = (ms: number) => {
      const began = process.cpuUsage();
      for (let used = 0; used < 1000 * ms; ) {
        const { user, system } = process.cpuUsage(began);
        used = user + system;
      }
      return "accepted" as const;
    };
    const slow = await fuzz({ targets: [target("slow", () => busy(30))], seed: 1, count: 1, mostMs: 20 });
    expect(slow.findings).toMatchObject([{ what: expect.stringContaining("expected less than 20") }]);
    let runs = 0;
    const once = await fuzz({ targets: [target("once", () => busy(runs++ === 0 ? 300 : 0))], seed: 1, count: 1, mostMs: 200 });
    expect(once.findings).toEqual([]);
    expect(runs).toBe(2);
    const refusing = await fuzz({ targets: [target("refuses", () => ({ refused: "a/code" }))], seed: 1, count: 200 });
    expect(noise(refusing)).toEqual(["refuses"]);
    expect(refusing.scores.get("refuses")?.codes).toEqual(new Map([["a/code", 200]]));
  });

  test("changes little: most changed bytes, texts and values are as long as before, within a few", () => {
    const bytes = new Uint8Array(200).fill(5);
    const text = "x".repeat(200);
    const json = { a: [1, 2, { b: "0x05" }], c: true };
    let near = 0;
    for (let index = 0; index < 1_000; index++) {
      const random = randomOf(9, index);
      if (Math.abs(mutatedBytes(random, bytes).length - 200) < 16) near++;
      if (Math.abs(mutatedText(random, text, "abc").length - 200) < 16) near++;
      expect(JSON.stringify(mutatedJson(random, json)).length).toBeLessThan(400);
    }
    expect(near).toBeGreaterThan(1_400);
    expect(json).toEqual({ a: [1, 2, { b: "0x05" }], c: true });
  });
});
