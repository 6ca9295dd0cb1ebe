import { runInNewContext } from "node:vm";
import type { Json } from "../../../src/base/canonical.ts";
import type { Random } from "../random.ts";

/** What must become of a value: this copy, a refusal, or either. */
export type Expected = { readonly copy: Json } | "refused" | "either";

export interface Value {
  readonly value: unknown;
  readonly expected: Expected;
  /** Changes everything of it that can be changed. */
  readonly spoil: () => void;
}

const NOTHING_TO_SPOIL = () => undefined;

/** A value of any type that JavaScript has, with what the door must make of it. */
export function anyValue(random: Random, depth = 0): Value {
  const kind = random.below(depth > 3 ? 10 : 20);
  if (kind < 8) return simple(random);
  if (kind === 8) return bytesValue(random);
  if (kind === 9) return random.oneIn(3) ? hostile(random) : simple(random);
  if (kind === 10) return random.oneIn(2) ? hostile(random) : wrapped(random, depth);
  if (kind < 14) return list(random, depth);
  return object(random, depth);
}

function simple(random: Random): Value {
  if (random.oneIn(12)) return { value: random.pick(ODD)(), expected: "refused", spoil: NOTHING_TO_SPOIL };
  if (random.oneIn(10)) {
    const big = random.integer(300) * (random.oneIn(2) ? 1n : -1n);
    return { value: big, expected: { copy: `${big}` }, spoil: NOTHING_TO_SPOIL };
  }
  const value = random.pick<Json>([
    null,
    true,
    false,
    0,
    1,
    -1,
    2 ** 53 - 1,
    1 - 2 ** 53,
    "",
    "transaction",
    "0x02",
    "__proto__",
    "é😀\u2028\u0000",
    "x".repeat(300),
  ]);
  return { value, expected: { copy: value }, spoil: NOTHING_TO_SPOIL };
}

/** Neither data, nor written in JSON as what it is. */
const ODD: readonly (() => unknown)[] = [
  () => undefined,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => -0,
  () => 0.1,
  () => 2 ** 53,
  () => -(2 ** 53),
  () => 1e300,
  () => "\ud800",
  () => "a\udc00b",
  () => Symbol("x"),
  () => Symbol.iterator,
  () => () => 1,
  () => class {},
  () => async () => 1,
  () => new Date(0),
  () => new Map([["a", 1]]),
  () => new Set([1]),
  () => new WeakMap(),
  () => /x/,
  () => new Error("x"),
  () => Promise.resolve(1),
  () => new URL("https://app.example"),
  () => Object(1),
  () => Object("text"),
  () => Object(1n),
  () => new (class Payload {})(),
  () => Object.create({ kind: "act" }),
  () => Object.create(Array.prototype),
  () => Object.create(Uint8Array.prototype),
  () => new DataView(new ArrayBuffer(4)),
  () => new ArrayBuffer(4),
  () => new Float64Array(1),
  () => new Uint16Array(2),
  () => new Uint8ClampedArray(2),
  () => new Array(3),
  () => Object.assign(new Array(3), { 0: 1, 2: 2 }),
  () => [undefined],
  () => new Array(2 ** 32 - 1),
  () => Array.from({ length: 50_001 }, () => 0),
  () => (function* () {})(),
  () => new Proxy({}, throwing("ownKeys")),
  () => new Proxy({}, throwing("getPrototypeOf")),
  () => new Proxy([1], throwing("get")),
  () => over().proxy,
  () => ({
    get a(): never {
      throw new Error("hostile");
    },
  }),
  () => ({
    get a(): never {
      throw null;
    },
  }),
  () => cycle({}),
  () => cycle([]),
  () => deep(66),
  () => runInNewContext("new Map()"),
];

function throwing(trap: keyof ProxyHandler<object>): ProxyHandler<object> {
  return {
    [trap]: () => {
      throw new TypeError("hostile");
    },
  };
}

function over(): { readonly proxy: object } {
  const revocable = Proxy.revocable({}, {});
  revocable.revoke();
  return revocable;
}

function cycle(value: object): object {
  return Object.assign(value, { 0: [value] });
}

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Values that may be taken in or not, but must never be followed. */
function hostile(random: Random): Value {
  const value = random.pick<() => unknown>([
    () => lying(random.pick<unknown>([Number.NaN, -1, 1.5, 2 ** 40, "2", { valueOf: () => 2 }, 50_000, undefined, null])),
    () => new Proxy([], { get: (_, name) => (name === "length" ? 2 ** 32 - 1 : []) }),
    () =>
      new Proxy(
        {},
        { ownKeys: () => ["a", "a"].slice(0, 1), getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }) },
      ),
    () => changing(),
    () => Object.assign(new Uint8Array(2), { length: 0 }.length === 0 ? { extra: 1 } : {}),
    () => Object.defineProperty(new Uint8Array(3), "length", { value: random.pick<unknown>([0, -1, Number.NaN, 1e9]) }),
    () => Object.assign([1, 2], { toJSON: () => "other", extra: Symbol("x") }),
    () => Object.defineProperty([1], Symbol.iterator, { value: () => [][Symbol.iterator]() }),
    () => deep(random.pick([60, 63, 64, 65])),
    () => Object.freeze({ a: Object.freeze([1]) }),
    () => new (class extends Array {})(3),
    () => Object.setPrototypeOf([1, 2], null),
    () => new Proxy(new Uint8Array(2), {}),
  ])();
  return { value, expected: "either", spoil: NOTHING_TO_SPOIL };
}

function lying(length: unknown): object {
  return new Proxy([1, 2], { get: (target, name) => (name === "length" ? length : Reflect.get(target, name)) });
}

/** Another answer at every reading. */
function changing(): object {
  let reads = 0;
  return new Proxy({ a: 0 }, { get: () => reads++ });
}

function bytesValue(random: Random): Value {
  const content = random.bytes(random.below(40));
  const make = random.pick<() => Uint8Array>([
    () => content.slice(),
    () => Buffer.from(content),
    () => {
      const shared = new Uint8Array(new SharedArrayBuffer(content.length));
      shared.set(content);
      return shared;
    },
    () => new Endless(content),
    () => new Uint8Array(Buffer.concat([Uint8Array.of(9), content]).buffer.slice(0)).subarray(0, 0),
  ]);
  const value = make();
  const copy = `0x${Buffer.from(value.buffer, value.byteOffset, value.length).toString("hex")}`;
  return { value, expected: { copy }, spoil: () => value.fill(0xee) };
}

/** Bytes that give others to those who walk through them, and never end. */
class Endless extends Uint8Array {
  override *[Symbol.iterator](): ArrayIterator<number> {
    for (;;) yield 300;
  }
}

/** The same value behind a proxy that passes everything on, or from another realm. */
function wrapped(random: Random, depth: number): Value {
  const inside = object(random, depth);
  if (random.oneIn(2)) return { ...inside, value: new Proxy(inside.value as object, {}) };
  return {
    value: runInNewContext('({a: [1, "b"], __proto__: null})'),
    expected: { copy: copyOf([["a", [1, "b"]]]) },
    spoil: NOTHING_TO_SPOIL,
  };
}

function list(random: Random, depth: number): Value {
  const items = Array.from({ length: random.below(5) }, () => anyValue(random, depth + 1));
  const value = items.map((item) => item.value);
  const spoil = () => {
    for (const item of items) item.spoil();
    value.push("more");
    value[0] = "other";
  };
  const copies = together(items);
  return { value, expected: typeof copies === "string" ? copies : { copy: copies }, spoil };
}

const NAMES = ["a", "b", "chain", "account", "kind", "payload", "__proto__", "constructor", "toJSON", "length", "", "é", "1", "0"];

function object(random: Random, depth: number): Value {
  const value: Record<PropertyKey, unknown> = random.oneIn(3) ? Object.create(null) : {};
  const parts = new Map<string, Value>();
  for (let left = random.below(5); left > 0; left--) parts.set(random.pick(NAMES), anyValue(random, depth + 1));
  for (const [name, part] of parts) {
    const getter = random.oneIn(8);
    Object.defineProperty(value, name, {
      enumerable: true,
      configurable: true,
      ...(getter ? { get: () => part.value } : { value: part.value, writable: true }),
    });
  }
  // What has no name, or is not enumerable, is no member.
  if (random.oneIn(6)) value[Symbol("x")] = () => 1;
  if (random.oneIn(6)) Object.defineProperty(value, "hidden", { value: () => 1, enumerable: false });
  const spoil = () => {
    for (const part of parts.values()) part.spoil();
    for (const name of parts.keys()) Object.defineProperty(value, name, { value: "other", configurable: true, enumerable: true });
    value.more = 1;
  };
  const there = [...parts].filter(([, part]) => part.value !== undefined);
  const copies = together(there.map(([, part]) => part));
  if (typeof copies === "string") return { value, expected: copies, spoil };
  return { value, expected: { copy: copyOf(there.map(([name], at) => [name, copies[at] ?? null])) }, spoil };
}

function copyOf(members: readonly (readonly [string, Json])[]): Json {
  const copy: { [name: string]: Json } = Object.create(null);
  for (const [name, part] of members) copy[name] = part;
  return copy;
}

function together(parts: readonly Value[]): readonly Json[] | "refused" | "either" {
  if (parts.some(({ expected }) => expected === "refused")) return "refused";
  if (parts.some(({ expected }) => expected === "either")) return "either";
  return parts.map(({ expected }) => (expected as { readonly copy: Json }).copy);
}
