import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { broken } from "../custody/fixture.ts";
import { restore } from "../vault/setting.ts";
import { attempt, OPERATIONS } from "./operations.ts";
import { type Point, pointed, pointsOf, same, taken } from "./points.ts";
import { expectDoneOnce, expectedStates, sceneOf, stage } from "./scene.ts";
import { shownBy, stateOf } from "./state.ts";
import { diskOf } from "./vault.ts";

describe("a store that fails once at any commit of", () => {
  test.each(OPERATIONS)("$name leaves all of it or nothing, and the same custody goes on", async (operation) => {
    const states = await expectedStates(operation);
    for (const point of pointsOf(states.length - 1)) {
      const fail = (here: Point) => {
        if (same(here, point)) throw broken();
      };
      const asked = await stage(operation, (store) => pointed(store, fail));
      const { inner, world, given, clock } = asked;
      const { how, left } = await attempt(operation, world, given);
      expect([point, how, left]).toEqual([point, "store/failed", undefined]);
      const commits = taken(point);
      const found = await stateOf(await diskOf(inner), clock.now);
      expect([point, operation.alarms ? withoutAlarm(found) : found]).toEqual([point, states[commits]]);
      // What it has in memory is what is on the disk.
      if (world.custody.state === "open") expect({ ...found.shown, ...(await shownBy(world.custody)) }).toEqual(found.shown);
      const after = await expectDoneOnce(operation, commits, asked);
      // Nothing remains of the first time, and all of the second is written down.
      if (commits === 0) expect(after.log).toEqual(states.at(-1)?.log);
      world.custody.lock();
    }
  });
});

describe("a vault that is locked at any commit of", () => {
  test.each(OPERATIONS)("$name has all of it or nothing, and lets nothing leave that is not written down", async (operation) => {
    const states = await expectedStates(operation);
    for (const point of pointsOf(states.length - 1)) {
      let lock = () => {};
      const asked = await stage(operation, (store) => pointed(store, (here) => (same(here, point) ? lock() : undefined)));
      const { inner, world, given, clock } = asked;
      lock = () => world.custody.lock();
      const { how, left } = await attempt(operation, world, given);
      // The commit that is on its way stands.
      const found = await stateOf(await diskOf(inner), clock.now, left === undefined ? [] : [left]);
      const commits = states.findLastIndex((state) => isDeepStrictEqual(state, found));
      expect([point, found]).toEqual([point, states[commits]]);
      // No other one follows; only an opening, once it is written down, clears away what it has told of.
      if (operation.cold === undefined) expect([point, commits]).toEqual([point, point.commit]);
      else expect(commits).toBeGreaterThanOrEqual(point.commit);
      if (commits < states.length - 1) expect([point, how, left]).toEqual([point, "vault/locked", undefined]);
      expect([point, world.custody.state]).toEqual([
        point,
        operation.cold === "no vault" ? expect.stringMatching(/open|locked/) : "locked",
      ]);
    }
  });
});

describe("a store that is put back to an older copy at any commit of", () => {
  // Openings that failed are counted beside the vault, by nobody who has a key to notice with.
  const inside = OPERATIONS.filter(({ cold, name }) => cold === undefined && name !== "confirm with a wrong key");
  test.each(inside)("$name is not written over, and nothing leaves", async (operation) => {
    const { disk } = await sceneOf(operation);
    const states = await expectedStates(operation);
    for (const point of pointsOf(states.length - 1)) {
      const commits = taken(point);
      if (commits === states.length - 1) continue;
      const asked = await stage(operation, (store) =>
        pointed(store, async (here) => {
          if (same(here, point)) await restore(store, disk);
        }),
      );
      const { inner, world, given } = asked;
      const { how, left } = await attempt(operation, world, given);
      expect([point, how, left]).toEqual([point, "vault/rolled-back", undefined]);
      expect(await diskOf(inner)).toEqual(disk);
      world.custody.lock();
    }
  });
});

function withoutAlarm<T extends { readonly log: readonly string[] }>(found: T): T {
  return { ...found, log: found.log.filter((told) => told !== "alarm") };
}
