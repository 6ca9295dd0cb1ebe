import { afterAll, beforeAll, describe, test } from "vitest";
import { expectKilled, expectStopped } from "./killed.ts";
import { OPERATIONS } from "./operations.ts";
import { pointsOf } from "./points.ts";
import { closeWorkshop, openWorkshop, twoAtATime, type Workshop } from "./processes.ts";
import { unharmedOf } from "./scene.ts";

let workshop: Workshop;
beforeAll(async () => {
  workshop = await openWorkshop();
});
afterAll(() => closeWorkshop(workshop));

describe("a process on LMDB that is killed, and one that is stopped, at every commit of", () => {
  test.each(OPERATIONS)("$name", { timeout: 90_000 }, async (operation) => {
    const points = pointsOf((await unharmedOf(operation)).disks.length - 1);
    await twoAtATime(points, async (point) => {
      await expectKilled(workshop, operation, point);
      await expectStopped(workshop, operation, point);
    });
  });
});
