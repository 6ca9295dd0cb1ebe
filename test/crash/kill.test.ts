import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectKilled, expectStopped } from "./killed.ts";
import { OPERATIONS, type Operation } from "./operations.ts";
import { type Point, pointsOf } from "./points.ts";
import { closeWorkshop, openWorkshop, twoAtATime, type Workshop } from "./processes.ts";
import { unharmedOf } from "./scene.ts";

// Every point of every operation: `npm run test:system`. Here each operation meets one of its own, and signing all of them.

let workshop: Workshop;
beforeAll(async () => {
  workshop = await openWorkshop();
});
afterAll(() => closeWorkshop(workshop));

interface Case {
  readonly operation: Operation;
  readonly point: Point;
}

/** One point of each of these operations, another for each; of signing all. */
async function sample(operations: readonly Operation[]): Promise<readonly Case[]> {
  const cases: Case[] = [];
  for (const [n, operation] of operations.entries()) {
    const points = pointsOf((await unharmedOf(operation)).disks.length - 1);
    const chosen = operation.name === "sign in ether" ? points : points.filter((_, index) => index === n % points.length);
    cases.push(...chosen.map((point) => ({ operation, point })));
  }
  return cases;
}

describe("a process on LMDB", () => {
  test("that is killed leaves all of an operation or nothing, and the next one asks again", { timeout: 180_000 }, async () => {
    await twoAtATime(await sample(OPERATIONS), ({ operation, point }) => expectKilled(workshop, operation, point));
  });

  test("that is stopped for longer than its lease takes nothing back that others did, and nothing leaves twice", {
    timeout: 120_000,
  }, async () => {
    const names = ["sign in ether", "sign in bitcoin", "resume what was approved", "hand in a no", "unlock after failures", "freeze"];
    const chosen = OPERATIONS.filter(({ name }) => names.includes(name));
    expect(chosen).toHaveLength(names.length);
    await twoAtATime(await sample(chosen), ({ operation, point }) => expectStopped(workshop, operation, point));
  });
});
