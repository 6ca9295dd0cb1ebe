import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { attempt, begin, OPERATIONS } from "./operations.ts";
import { closeWorkshop, onDisk, openWorkshop, placeOf, readDisk, start, twoAtATime, type Workshop } from "./processes.ts";
import { expectedStates, sceneOf } from "./scene.ts";
import { type State, stateOf } from "./state.ts";
import { LEASE_MS } from "./vault.ts";

let workshop: Workshop;
beforeAll(async () => {
  workshop = await openWorkshop();
});
afterAll(() => closeWorkshop(workshop));

/** Without who opened the vault and began sessions: not every process comes that far. */
function quiet({ log, ...state }: State): object {
  return { ...state, log: log.filter((entry) => !/^(opened|session)/.test(entry)) };
}

// The shell's limit on the size of files stands in for a full disk, which `npm run test:system` fills: both refuse a write in the
// middle of a commit.
test.skipIf(process.platform === "win32")(
  "a disk that is full at any page of a signature leaves no half of it, and it is signed once there is room",
  { timeout: 90_000 },
  async () => {
    const sign = OPERATIONS.find(({ name }) => name === "sign in ether") as (typeof OPERATIONS)[number];
    const scene = await sceneOf(sign);
    const states = (await expectedStates(sign)).map(quiet);
    const ends = new Map<string, number>();
    const pages = Array.from({ length: 16 }, (_, n) => 4 * n);
    await twoAtATime(pages, async (more) => {
      const place = await placeOf(workshop, scene);
      const blocks = Math.ceil(statSync(join(place.path, "data.mdb")).size / 512) + 8 * more;
      const { said } = await start(place, { operation: sign.name, given: scene.given }, `ulimit -f ${blocks}`).ended;
      const { how, left, before } = said[0] as { readonly how?: string; readonly left?: string; readonly before?: string };
      const found = await stateOf(await readDisk(place), place.clock.now, left === undefined ? [] : [left]);
      const commits = states.findIndex((state) => expect.objectContaining(state).asymmetricMatch(quiet(found)));
      const end = before ?? how ?? "";
      ends.set(`${end} after ${commits}`, (ends.get(`${end} after ${commits}`) ?? 0) + 1);
      if (end === "signed") expect(commits).toBe(2);
      else expect([more, end, commits < 2]).toEqual([more, "store/failed", true]);

      place.clock.now += LEASE_MS;
      const again = await onDisk(place, async (store) => {
        const world = await begin(sign, store, place.clock);
        const made = await attempt(sign, world, scene.given);
        world.custody.lock();
        return made;
      });
      expect(again.how).toBe("signed");
      await stateOf(await readDisk(place), place.clock.now, again.left === undefined ? [] : [again.left]);
    });
    expect([...ends.keys()].sort()).toEqual(expect.arrayContaining(["signed after 2", "store/failed after 0"]));
  },
);
