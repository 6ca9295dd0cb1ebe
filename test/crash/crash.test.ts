import { describe, expect, test } from "vitest";
import { attempt, begin, OPERATIONS } from "./operations.ts";
import { dying, pointsOf, taken } from "./points.ts";
import { expectDoneOnce, expectedStates, stage } from "./scene.ts";
import { stateOf } from "./state.ts";
import { diskOf, enter, LEASE_MS, payment, storeOf } from "./vault.ts";

// The commits of each operation are counted, not listed: one that the code makes anew is found, and what it leaves is looked at.

describe("a process that dies at any commit of", () => {
  test.each(OPERATIONS)("$name leaves all of it or nothing, and the next process asks again", async (operation) => {
    const states = await expectedStates(operation);
    // One that writes in more steps than it says would leave something between them that nobody has looked at.
    const { between = [], writes } = operation;
    expect(states).toHaveLength(writes === "nothing" ? 1 : between.length + 2);
    for (const point of pointsOf(states.length - 1)) {
      const asked = await stage(operation, (store) => dying(store, point));
      const { died } = asked.pointed as ReturnType<typeof dying>;
      expect(await Promise.race([attempt(operation, asked.world, asked.given), died])).toBe("died");
      const { inner, clock } = asked;
      const commits = taken(point);
      expect([point, await stateOf(await diskOf(inner), clock.now)]).toEqual([point, states[commits]]);

      // What is held for whoever may be at work still is no room for others, until their lease is over.
      if (between[commits - 1]?.eth !== undefined) {
        const { me } = await enter(await storeOf(await diskOf(inner), clock));
        expect([point, (await me.sign(payment(10n, { nonce: 77 }))).kind]).toEqual([point, "denied"]);
      }
      if (commits > 0 && commits < states.length - 1) clock.now += LEASE_MS;
      const world = await begin(operation, inner, clock);
      await expectDoneOnce(operation, commits, { ...asked, world });
      world.custody.lock();
    }
  });
});
