import { describe, expect, test } from "vitest";
import { CustodyError } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { HOSTILE } from "./hostile.ts";
import { MODULES, makeWorld, ROWS, type Row, TYPED, type World } from "./surface.ts";

/** Longer than anything here takes that is waited for at all. */
const PATIENCE_MS = 5_000;

const shared: Promise<World> = makeWorld();

/** What comes of a call: `ok`, the code of an error of ours, or what should not be. */
async function endOf(run: () => unknown): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("does not end"), PATIENCE_MS);
  });
  try {
    return await Promise.race([walk(run), late]);
  } catch (cause) {
    return cause instanceof CustodyError ? cause.code : `throws ${cause instanceof Error ? cause.stack : typeof cause}`;
  } finally {
    clearTimeout(timer);
  }
}

async function walk(run: () => unknown): Promise<string> {
  const result = await run();
  if (typeof result === "object" && result !== null && Symbol.asyncIterator in result) {
    let left = 10;
    for await (const _ of result as AsyncIterable<unknown>) if (left-- === 0) break;
  }
  return "ok";
}

/** An object of which every member counts: data, options, a credential or a slot. Chains and stores are the app's own code. */
function hasMembers(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !("namespace" in value) &&
    !("commit" in value)
  );
}

/** Each argument as something hostile, and each member of one. */
function* mistreated(row: Row, world: World): Generator<readonly [string, readonly unknown[]]> {
  const places = row.args(world).length;
  for (let place = 0; place < places; place++) {
    for (const [what, make] of HOSTILE) {
      yield [`argument ${place} is ${what}`, row.args(world).with(place, make())];
      const whole = row.args(world)[place];
      if (!hasMembers(whole)) continue;
      for (const member of Object.keys(whole)) {
        yield [`its member ${member} is ${what}`, row.args(world).with(place, { ...whole, [member]: make() })];
      }
    }
  }
}

const rows = ROWS.map((row) => [row.name, row] as const);

describe("every public function", () => {
  test("has a row here, or says why it needs none", async () => {
    const { custody, me } = await shared;
    const methods = (of: object, name: string) =>
      Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(of)))
        .filter(([method, { value }]) => typeof value === "function" && method !== "constructor")
        .map(([method]) => `${name}.${method}`);
    const inside = Object.entries(me).flatMap(([member, value]) =>
      typeof value === "object" ? Object.keys(value as object).map((method) => `Session.${member}.${method}`) : [],
    );
    const exported = Object.entries(MODULES).flatMap(([subpath, module]) => Object.keys(module).map((name) => `${subpath} ${name}`));
    const surface = [...methods(custody, "Custody"), ...methods(me, "Session"), ...inside, ...methods(memoryStore(), "Store"), ...exported];
    expect(surface.length).toBeGreaterThan(70);
    const known = new Set([...ROWS.map(({ name }) => name), ...Object.keys(TYPED)]);
    expect(surface.filter((name) => !known.has(name) && !name.endsWith(" CustodyError"))).toEqual([]);
  });

  test.each(rows)("%s ends with a result or an error of ours, whatever it is given", async (_, row) => {
    const world = row.alone ? await makeWorld() : await shared;
    const ends = new Map<string, string>();
    for (const [what, args] of mistreated(row, world)) {
      const end = await endOf(() => row.call(world, args as never));
      if (!/^(?:ok|[a-z]+\/[a-z-]+)$/.test(end)) ends.set(end, what);
    }
    expect([...ends].map(([end, what]) => `${what}: ${end}`)).toEqual([]);
  });

  test.each(rows)("%s reads each member of what it is given once", async (_, row) => {
    const world = row.alone ? await makeWorld() : await shared;
    const reads = new Map<string, number>();
    const args = row.args(world).map((whole, place) => {
      if (!hasMembers(whole)) return whole;
      return new Proxy(whole, {
        get(target, member, receiver) {
          const key = `argument ${place}: ${String(member)}`;
          reads.set(key, (reads.get(key) ?? 0) + 1);
          return Reflect.get(target, member, receiver);
        },
      });
    });
    await endOf(() => row.call(world, args as never));
    expect([...reads].filter(([, count]) => count > 1)).toEqual([]);
  });
});
