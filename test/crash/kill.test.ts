import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectKilled, expectStopped } from "./killed.ts";
import { type Ended, OPERATIONS, type Operation } from "./operations.ts";
import { type Point, pointsOf } from "./points.ts";
import { closeWorkshop, onDisk, openWorkshop, placeOf, release, start, twoAtATime, type Workshop } from "./processes.ts";
import { cameOf, ordersOf, raceScene } from "./raced.ts";
import { RACES } from "./races.ts";
import { unharmedOf } from "./scene.ts";
import { START } from "./vault.ts";

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

  test("and another that come to their first commit at the same moment end as one after the other would", {
    timeout: 120_000,
  }, async () => {
    const names = ["a freeze and a signature", "a no and the approved request", "two approvals that complete a quorum", "two edits"];
    const races = RACES.filter(({ name }) => names.includes(name));
    expect(races).toHaveLength(names.length);
    for (const race of races) {
      const { disk, given } = await raceScene(race);
      const place = await placeOf(workshop, { disk, now: START });
      // They stand before their first commit, each with what it has read, until both are there.
      const children = [race.one, race.two].map(({ name }) =>
        start(place, { operation: name, given, at: { commit: 1, side: "before", by: "SIGSTOP" } }),
      );
      await Promise.all(children.map(({ said }) => said(1)));
      release(place);
      const ends = (await Promise.all(children.map(({ ended }) => ended))).map(({ said }) => said.at(-1) as Ended);
      const came = await onDisk(place, (store) => cameOf(store, ends as [Ended, Ended]));
      const orders = await ordersOf(race);
      if (!orders.some((order) => isDeepStrictEqual(order, came))) expect([race.name, came]).toEqual([race.name, orders[0]]);
    }
  });
});
