import { afterEach, describe, expect, test, vi } from "vitest";
import { randomBytes } from "../../src/keys/random.ts";

const noRandomness = expect.objectContaining({ code: "keys/no-randomness" });

function source(fill: (out: Uint8Array, call: number) => void): void {
  let call = 0;
  vi.stubGlobal("crypto", {
    getRandomValues: (out: Uint8Array) => {
      fill(out, call++);
      return out;
    },
  });
}

afterEach(() => vi.unstubAllGlobals());

describe("random bytes", () => {
  test.each([0, 1, 16, 32, 33, 65_536])("there are as many as asked for: %i", (length) => {
    expect(randomBytes(length)).toHaveLength(length);
  });

  test("two calls differ", () => {
    expect(randomBytes(32)).not.toEqual(randomBytes(32));
  });

  test("they are what the platform drew first", () => {
    source((out, call) => out.fill(call + 1));
    expect(randomBytes(20)).toEqual(new Uint8Array(20).fill(1));
  });

  test("the platform's source is looked up at each call, so a replacement is not kept", () => {
    source((out, call) => out.fill(call + 1));
    randomBytes(16);
    vi.unstubAllGlobals();
    expect(randomBytes(16)).not.toEqual(new Uint8Array(16).fill(1));
  });

  test("both draws are overwritten after use", () => {
    const seen: Uint8Array[] = [];
    source((out, call) => {
      out.fill(call + 1);
      seen.push(out);
    });
    randomBytes(32);
    expect(seen).toHaveLength(2);
    expect(seen.every((draw) => draw.every((byte) => byte === 0))).toBe(true);
  });

  test("no generator gives no key", () => {
    vi.stubGlobal("crypto", undefined);
    expect(() => randomBytes(32)).toThrow(noRandomness);
    vi.stubGlobal("crypto", {});
    expect(() => randomBytes(32)).toThrow(noRandomness);
  });

  test("a generator that throws gives no key", () => {
    source(() => {
      throw new Error("entropy pool not ready");
    });
    expect(() => randomBytes(32)).toThrow(noRandomness);
  });

  test("a generator that repeats itself gives no key", () => {
    source((out) => out.fill(7));
    expect(() => randomBytes(32)).toThrow(noRandomness);
    expect(() => randomBytes(1)).toThrow(noRandomness);
  });

  test("a generator that answers with zeros gives no key", () => {
    source((out, call) => out.fill(call === 0 ? 0 : 9));
    expect(() => randomBytes(32)).toThrow(noRandomness);
    source((out, call) => out.fill(call === 0 ? 9 : 0));
    expect(() => randomBytes(32)).toThrow(noRandomness);
  });

  test.each([0, 8, 16, 24])(
    "a generator that fills only the first %i of 32 bytes gives no key, nor one that fills only the last",
    (filled) => {
      const random = (out: Uint8Array, call: number) => out.set(out.map((_, at) => (at * 31 + call * 97 + 1) % 256));
      source((out, call) => random(out.subarray(0, filled), call));
      expect(() => randomBytes(32)).toThrow(noRandomness);
      source((out, call) => random(out.subarray(32 - filled), call));
      expect(() => randomBytes(32)).toThrow(noRandomness);
      source((out, call) => random(out, call));
      expect(randomBytes(32)).toHaveLength(32);
    },
  );
});
