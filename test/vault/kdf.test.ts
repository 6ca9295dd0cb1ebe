import { describe, expect, test, vi } from "vitest";
import { toHex, utf8 } from "../../src/base/bytes.ts";
import { randomBytes } from "../../src/keys/random.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { decodeHeader, encodeHeader } from "../../src/vault/header.ts";
import { argon2id, checkCost, DEFAULT_COST, type Kdf } from "../../src/vault/kdf.ts";
import { createVault, openVault } from "../../src/vault/open.ts";
import { passphrase } from "../../src/vault/passphrase.ts";

const floor = { memoryKiB: 19 * 1024, passes: 2, lanes: 1 };
const context = { vaultId: "00".repeat(16), slotId: "00".repeat(8), random: randomBytes };
const outOfBounds = expect.objectContaining({ code: "vault/kdf-out-of-bounds" });

/** Counts instead of working. */
function countingKdf(): Kdf & { calls: { passphrase: string; buffer: Uint8Array }[] } {
  const calls: { passphrase: string; buffer: Uint8Array }[] = [];
  const kdf: Kdf = async (phrase) => {
    calls.push({ passphrase: toHex(phrase), buffer: phrase });
    return new Uint8Array(32).fill(5);
  };
  return Object.assign(kdf, { calls });
}

describe("the cost of a passphrase", () => {
  test("the default, the floor and the ceiling are accepted", () => {
    for (const cost of [DEFAULT_COST, floor, { memoryKiB: 1024 * 1024, passes: 16, lanes: 4 }]) expect(checkCost(cost)).toEqual(cost);
    expect(DEFAULT_COST).toEqual({ memoryKiB: 65_536, passes: 3, lanes: 1 });
  });

  test("below the floor, above the ceiling, fractions and other types are refused", () => {
    const bad = [
      { memoryKiB: 19 * 1024 - 1 },
      { memoryKiB: 1024 * 1024 + 1 },
      { memoryKiB: 65_536.5 },
      { memoryKiB: "65536" },
      { memoryKiB: Number.NaN },
      { memoryKiB: Number.POSITIVE_INFINITY },
      { memoryKiB: -65_536 },
      { memoryKiB: undefined },
      { passes: 1 },
      { passes: 17 },
      { lanes: 0 },
      { lanes: 5 },
    ];
    for (const part of bad) expect(() => checkCost({ ...floor, ...part })).toThrowError(outOfBounds);
  });

  test("a header out of bounds is refused before any derivation, and so is a new slot", async () => {
    const store = memoryStore();
    const kdf = countingKdf();
    await createVault({ store, slots: [passphrase("correct horse", { kdf })], state: null });
    expect(kdf.calls).toHaveLength(1);
    const header = decodeHeader((await store.get("vault")) ?? new Uint8Array());
    for (const parameters of [{ memoryKiB: 2 ** 31 }, { passes: 1 }, { lanes: 255 }, { memoryKiB: 8 }]) {
      const slots = header.slots.map((slot) => ({ ...slot, parameters: { ...slot.parameters, ...parameters } }));
      await store.commit([{ key: "vault", to: encodeHeader({ ...header, slots }) }]);
      await expect(openVault({ store, slot: passphrase("correct horse", { kdf }) })).rejects.toThrowError(outOfBounds);
    }
    const cheap = passphrase("correct horse", { kdf, cost: { ...floor, memoryKiB: 1024 } });
    await expect(createVault({ store: memoryStore(), slots: [cheap], state: null })).rejects.toThrowError(outOfBounds);
    expect(kdf.calls).toHaveLength(1);
  });

  test("a header of more than sixteen slots is refused before any derivation: each costs what it says", async () => {
    const store = memoryStore();
    const kdf = countingKdf();
    await createVault({ store, slots: [passphrase("correct horse", { kdf })], state: null });
    const header = decodeHeader((await store.get("vault")) ?? new Uint8Array());
    const slotsOf = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ ...header.slots[0], id: `${at}`.padStart(16, "0") }) as never);
    const open = async (count: number) => {
      await store.commit([{ key: "vault", to: encodeHeader({ ...header, slots: slotsOf(count) }) }]);
      return openVault({ store, slot: passphrase("wrong horse", { kdf }) });
    };
    await expect(open(17)).rejects.toMatchObject({ code: "vault/damaged" });
    expect(kdf.calls).toHaveLength(1);
    await expect(open(16)).rejects.toMatchObject({ code: "vault/cannot-open" });
    expect(kdf.calls).toHaveLength(1 + 16);
  });

  test("another salt or cost within bounds is a damaged slot, told like a wrong passphrase", async () => {
    const store = memoryStore();
    const slot = passphrase("correct horse", { cost: floor });
    await createVault({ store, slots: [slot], state: null });
    const header = decodeHeader((await store.get("vault")) ?? new Uint8Array());
    for (const parameters of [{ salt: "00".repeat(16) }, { salt: "00" }, { salt: 5 }, { passes: 3 }]) {
      const slots = header.slots.map((record) => ({ ...record, parameters: { ...record.parameters, ...parameters } }));
      await store.commit([{ key: "vault", to: encodeHeader({ ...header, slots }) }]);
      await expect(openVault({ store, slot })).rejects.toMatchObject({
        code: "vault/cannot-open",
        message: "wrong passphrase or key, or a damaged slot",
      });
    }
  }, 30_000);
});

describe("a passphrase", () => {
  test("of fewer than eight characters is refused for a new slot", async () => {
    const kdf = countingKdf();
    const weak = ["", "short", "1234567", "\u{1f511}".repeat(7), utf8("1234567")];
    for (const phrase of weak) {
      await expect(passphrase(phrase, { kdf }).enrol(context)).rejects.toMatchObject({ code: "vault/weak-passphrase" });
    }
    await expect(passphrase("lone \ud800 surrogate", { kdf }).enrol(context)).rejects.toMatchObject({ code: "vault/weak-passphrase" });
    expect(kdf.calls).toHaveLength(0);
    await passphrase("12345678", { kdf }).enrol(context);
    await passphrase("\u{1f511}".repeat(8), { kdf }).enrol(context);
    expect(kdf.calls).toHaveLength(2);
  });

  test("as text and as bytes, composed and decomposed, is one; case and space count", async () => {
    const kdf = countingKdf();
    for (const phrase of ["Pa\u00df\u00e9 \ufb01nal 1", "Pa\u00dfe\u0301 final 1", utf8("Pa\u00df\u00e9 final 1")])
      await passphrase(phrase, { kdf }).enrol(context);
    const forms = new Set(kdf.calls.map((call) => call.passphrase));
    expect(forms.size).toBe(1);
    await passphrase("pa\u00df\u00e9 final 1", { kdf }).enrol(context);
    await passphrase("Pa\u00df\u00e9 final 1 ", { kdf }).enrol(context);
    expect(new Set(kdf.calls.map((call) => call.passphrase)).size).toBe(3);
  });

  test("our copy of it is wiped, the caller's bytes are not touched", async () => {
    const kdf = countingKdf();
    const own = utf8("correct horse battery");
    const slot = passphrase(own, { kdf });
    await slot.enrol(context);
    await slot.open({ salt: "00".repeat(16), ...floor }, context);
    expect(kdf.calls).toHaveLength(2);
    for (const { buffer } of kdf.calls) expect(buffer.every((byte) => byte === 0)).toBe(true);
    expect(own).toEqual(utf8("correct horse battery"));
  });
});

describe("argon2id", () => {
  test("gives the bytes of the reference implementation", async () => {
    // phc-winner-argon2, test.c: version 0x13, argon2id, t=2, m=2^16, p=1, password "password", salt "somesalt".
    const key = await argon2id(utf8("password"), utf8("somesalt"), { memoryKiB: 65_536, passes: 2, lanes: 1 }, {});
    expect(toHex(key)).toBe("09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
  }, 20_000);

  test("is a task behind all others where the host orders them", async () => {
    const priorities: unknown[] = [];
    vi.stubGlobal("scheduler", {
      postTask: (run: () => unknown, options: { readonly priority: string }) => {
        priorities.push(options.priority);
        return run();
      },
    });
    try {
      await argon2id(utf8("password"), utf8("somesalt"), floor, {});
    } finally {
      vi.unstubAllGlobals();
    }
    expect(priorities).toEqual(["background"]);
  }, 20_000);

  test("reports progress, lets other work run, and stops when it is aborted", async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const onProgress = (done: number) => {
      // Only an event loop that is let run gets to the abort.
      if (seen.length === 0) setTimeout(() => stop.abort(), 0);
      seen.push(done);
    };
    const work = argon2id(
      utf8("password"),
      utf8("somesalt"),
      { memoryKiB: 65_536, passes: 16, lanes: 1 },
      { signal: stop.signal, onProgress },
    );
    await expect(work).rejects.toMatchObject({ code: "vault/aborted" });
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.at(-1)).toBeLessThan(1);
    await expect(argon2id(utf8("p"), utf8("somesalt"), floor, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "vault/aborted",
    });
  }, 20_000);
});
