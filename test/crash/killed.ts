import { expect } from "vitest";
import { attempt, begin, type Operation } from "./operations.ts";
import { type Point, taken } from "./points.ts";
import { onDisk, type Place, placeOf, readDisk, start, stop, type Workshop } from "./processes.ts";
import { endsAgain, expectedStates, sceneOf, unharmedOf } from "./scene.ts";
import { stateOf } from "./state.ts";
import { LEASE_MS } from "./vault.ts";

/** A process of its own is killed at a point of an operation: LMDB has all of it or nothing, and the next process asks again. */
export async function expectKilled(workshop: Workshop, operation: Operation, point: Point): Promise<void> {
  const scene = await sceneOf(operation);
  const states = await expectedStates(operation);
  const place = await placeOf(workshop, scene);
  const { said, signal } = await start(place, { operation: operation.name, given: scene.given, at: { ...point, by: "SIGKILL" } }).ended;
  expect([operation.name, point, signal, said]).toEqual([operation.name, point, "SIGKILL", []]);
  const commits = taken(point);
  expect([point, await stateOf(await readDisk(place), place.clock.now)]).toEqual([point, states[commits]]);
  if (commits > 0 && commits < states.length - 1) place.clock.now += LEASE_MS;
  await expectAskedAgain(place, operation, commits);
}

async function expectAskedAgain(place: Place, operation: Operation, commits: number): Promise<void> {
  const { ended, states } = await unharmedOf(operation);
  const { given } = await sceneOf(operation);
  const again = await onDisk(place, async (store) => {
    const world = await begin(operation, store, place.clock);
    const made = await attempt(operation, world, given);
    world.custody.lock();
    return made;
  });
  expect(again.how).toBe(commits === states.length - 1 ? endsAgain(operation, ended.how) : ended.how);
  await stateOf(await readDisk(place), place.clock.now, again.left === undefined ? [] : [again.left]);
}

/** A process is stopped for longer than its lease at a point, while somebody else asks for the same; then it wakes. */
export async function expectStopped(workshop: Workshop, operation: Operation, point: Point): Promise<void> {
  const scene = await sceneOf(operation);
  const place = await placeOf(workshop, scene);
  const sleeper = start(place, { operation: operation.name, given: scene.given, at: { ...point, by: "SIGSTOP" } });
  await stop(sleeper);
  place.clock.now += LEASE_MS + 1;
  const meanwhile = await onDisk(place, async (store) => {
    const world = await begin(operation, store, place.clock);
    const made = await attempt(operation, world, scene.given);
    world.custody.lock();
    return made;
  });
  const before = await stateOf(await readDisk(place), place.clock.now);
  sleeper.process.kill("SIGCONT");
  const { said } = await sleeper.ended;
  const woken = said.at(-1) as { readonly how: string; readonly left?: string };
  const left = [meanwhile.left, woken.left].filter((bytes) => bytes !== undefined);
  const after = await stateOf(await readDisk(place), place.clock.now, left);
  // What somebody else wrote meanwhile is all still there.
  expect([point, after.log.slice(0, before.log.length)]).toEqual([point, before.log]);
  // Whatever was signed by both is one and the same signature.
  expect([point, new Set(left).size]).toEqual([point, Math.min(1, left.length)]);
}
