import type { Store } from "../../src/index.ts";
import { hooked } from "../custody/fixture.ts";

/** A moment of a process: before or after its n-th commit since it was armed, counted from 1. */
export interface Point {
  readonly commit: number;
  readonly side: "before" | "after";
}

/** How many commits the store has taken when a process is there. */
export function taken({ commit, side }: Point): number {
  return side === "before" ? commit - 1 : commit;
}

export interface Pointed {
  readonly store: Store;
  /** From here on commits are counted and `reach` is called. */
  arm(): void;
  /** Commits since. */
  commits(): number;
}

/** The store, with somebody told at every point that its user reaches; what they throw, the call throws. */
export function pointed(inner: Store, reach: (point: Point) => unknown): Pointed {
  let armed = false;
  let commits = 0;
  const store = hooked(inner, {
    before: (call) => (armed && call.on === "commit" ? reach({ commit: ++commits, side: "before" }) : undefined),
    after: (call) => (armed && call.on === "commit" ? reach({ commit: commits, side: "after" }) : undefined),
  });
  return {
    store,
    arm: () => {
      armed = true;
    },
    commits: () => commits,
  };
}

export function same(a: Point, b: Point): boolean {
  return a.commit === b.commit && a.side === b.side;
}

/** Every point of a process that makes so many commits. */
export function pointsOf(commits: number): readonly Point[] {
  return Array.from({ length: commits }, (_, n) => n + 1).flatMap((commit) => [
    { commit, side: "before" } as const,
    { commit, side: "after" } as const,
  ]);
}

/** The store of a process that dies at `point`: from there on no call of it ever returns. */
export function dying(inner: Store, point: Point): Pointed & { readonly died: Promise<"died"> } {
  let die: (word: "died") => void = () => undefined;
  const died = new Promise<"died">((resolve) => {
    die = resolve;
  });
  const never = new Promise<never>(() => undefined);
  let dead = false;
  const stopped = hooked(inner, { before: () => (dead ? never : undefined) });
  const made = pointed(stopped, (here) => {
    if (!same(here, point)) return undefined;
    dead = true;
    die("died");
    return never;
  });
  return { ...made, died };
}
