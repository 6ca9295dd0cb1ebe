import { readFileSync, writeSync } from "node:fs";
import { CustodyError } from "../../src/index.ts";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { attempt, begin, OPERATIONS } from "./operations.ts";
import { type Point, pointed, same } from "./points.ts";
import { RACES } from "./races.ts";

/** What a process of its own is told, as JSON. */
export interface Told {
  /** Where the vault lies. */
  readonly path: string;
  /** A file with the time. Whoever waits goes on when it is written anew, with another time or in another way. */
  readonly clock: string;
  readonly operation: string;
  readonly given: string;
  /** Where it is killed or stopped; nowhere where there is none. */
  readonly at?: Point & { readonly by: "SIGKILL" | "SIGSTOP" };
}

/** What it prints, a line each: that it is about to be stopped, and how the operation ended, or why it could not even begin. */
export type Said = { readonly stopping: true } | { readonly before: string } | { readonly how: string; readonly left?: string };

function say(said: Said): void {
  writeSync(1, `${JSON.stringify(said)}\n`);
}

const { path, clock, operation, given, at } = JSON.parse(process.argv[2] ?? "") as Told;
const sides = RACES.flatMap(({ one, two }) => [one, two]);
const wanted = [...OPERATIONS, ...sides].find(({ name }) => name === operation);
if (wanted === undefined) throw new Error(`there is no operation ${operation}`);
const time = {
  get now(): number {
    return Number(readFileSync(clock, "utf8"));
  },
};
const store = pointed(lmdbStore(path, { now: () => time.now }), (here) => {
  if (at === undefined || !same(here, at)) return;
  if (at.by === "SIGKILL") process.kill(process.pid, "SIGKILL");
  const before = readFileSync(clock, "utf8");
  say({ stopping: true });
  // Whoever reads that may send the signal. Until they have written the time anew this process does nothing, signal or not.
  while (readFileSync(clock, "utf8") === before) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
});
try {
  const world = await begin(wanted, store.store, time);
  store.arm();
  say(await attempt(wanted, world, given));
  world.custody.lock();
} catch (cause) {
  if (!(cause instanceof CustodyError)) throw cause;
  say({ before: cause.code });
} finally {
  await store.store.close();
}
