/** Values that no types would let through, by what they are. Each is made anew. */
export const HOSTILE: readonly (readonly [what: string, make: () => unknown])[] = [
  ["undefined", () => undefined],
  ["null", () => null],
  ["true", () => true],
  ["0", () => 0],
  ["-1", () => -1],
  ["NaN", () => Number.NaN],
  ["Infinity", () => Number.POSITIVE_INFINITY],
  ["1.5", () => 1.5],
  ["2^53", () => 2 ** 53],
  ["a bigint", () => 10n],
  ["an empty text", () => ""],
  ["a text", () => "x"],
  ["the text __proto__", () => "__proto__"],
  ["the text constructor", () => "constructor"],
  ["half a character", () => "\ud800"],
  ["a long text", () => "a".repeat(100_000)],
  ["a symbol", () => Symbol("hostile")],
  ["a function", () => () => undefined],
  ["a class", () => class {}],
  ["an empty object", () => ({})],
  ["an empty list", () => []],
  ["a list of lists", () => [[[]]]],
  ["a list with holes", () => new Array(3)],
  ["a Map", () => new Map([["a", 1]])],
  ["a Date", () => new Date(0)],
  ["a RegExp", () => /x/],
  ["an Error", () => new Error("hostile")],
  [
    "an instance",
    () =>
      new (class Thing {
        kind = "passphrase";
      })(),
  ],
  ["an object without a prototype", () => Object.create(null)],
  ["a frozen object", () => Object.freeze({ a: 1 })],
  ["a boxed text", () => new String("x")],
  ["a boxed number", () => new Number(1)],
  ["no bytes", () => new Uint8Array(0)],
  ["bytes", () => new Uint8Array(32)],
  ["shared bytes", () => new Uint8Array(new SharedArrayBuffer(32))],
  ["detached bytes", detached],
  ["resizable bytes", () => new Uint8Array(new ArrayBuffer(8, { maxByteLength: 64 } as never))],
  ["a prototype of bytes", () => Object.create(Uint8Array.prototype)],
  ["a view of words", () => new Uint32Array(8)],
  ["bytes of a subclass that lies", () => new Liar(32)],
  ["a proxy that is over", revoked],
  ["a proxy that throws", () => new Proxy({}, throwing())],
  ["a proxy of a function that throws", () => new Proxy(() => undefined, throwing())],
  ["a list that never ends", () => new Proxy([], { get: (list, name) => (name === "length" ? 2 ** 32 - 1 : Reflect.get(list, name)) })],
  // biome-ignore lint/suspicious/noThenProperty: that is the point.
  ["a thenable", () => ({ then: (resolve: (value: unknown) => void) => resolve("x") })],
  // biome-ignore lint/suspicious/noThenProperty: that is the point.
  ["a thenable that throws", () => ({ then: fail })],
  ["a promise", () => Promise.resolve("x")],
  ["a promise that never settles", () => new Promise(() => undefined)],
  ["a getter that throws", () => Object.defineProperty({}, "kind", { enumerable: true, get: () => fail() })],
  ["an object that is no primitive", () => ({ [Symbol.toPrimitive]: fail, toString: fail, valueOf: fail, toJSON: fail })],
  ["an object that is another text each time", () => ({ toString: counting(), valueOf: counting(), [Symbol.toPrimitive]: counting() })],
  ["an iterator that throws", () => ({ [Symbol.iterator]: fail, [Symbol.asyncIterator]: fail })],
  ["an iterator of nothing known", () => ({ [Symbol.iterator]: () => ({ next: () => 5 }) })],
];

class Liar extends Uint8Array {
  override get length(): number {
    return 2 ** 40;
  }
}

function fail(): never {
  throw new Error("hostile");
}

function counting(): () => string {
  let calls = 0;
  return () => String(calls++);
}

function detached(): Uint8Array {
  const bytes = new Uint8Array(32);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function throwing(): ProxyHandler<object> {
  return { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail, apply: fail };
}
