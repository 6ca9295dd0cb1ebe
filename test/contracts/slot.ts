import { afterEach, describe, expect, test } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { canonical, type Json, type JsonObject } from "../../src/base/canonical.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { isObject } from "../../src/base/shape.ts";
import { randomBytes } from "../../src/keys/random.ts";
import { memoryStore } from "../../src/stores/memory/memory.ts";
import { type CreateVault, createVault, openVault } from "../../src/vault/open.ts";
import type { Slot, SlotContext } from "../../src/vault/slot.ts";

/** One way into a vault, and whoever holds it. */
export interface SlotHarness {
  /** Enrols, once. */
  readonly slot: Slot;
  /** The same way in as its holder has it after a restart. Asked for after the enrolment, any number of times. */
  readonly again: () => Slot | Promise<Slot>;
  /** Somebody else's of the same kind, who must not get in. Left out where there is no such thing. */
  readonly wrong?: () => Slot | Promise<Slot>;
  readonly cleanup?: () => void | Promise<void>;
}

export interface SlotTraits {
  /** Looks neither at its parameters nor at a signal: the raw key of tests. */
  readonly heedless?: true;
  /** What one opening takes is tried less often. */
  readonly slow?: true;
}

/** What every slot promises (`src/vault/slot.ts`), tried on one. Runs in Node and in browsers. */
export function slotContract(name: string, makeSlot: () => SlotHarness | Promise<SlotHarness>, traits: SlotTraits = {}): void {
  describe(`${name} keeps the promises of a slot`, () => {
    const made: SlotHarness[] = [];
    async function make(): Promise<SlotHarness> {
      const harness = await makeSlot();
      made.push(harness);
      return harness;
    }
    afterEach(async () => {
      for (const harness of made.splice(0)) await harness.cleanup?.();
    });

    test("its holder gives the same 32 bytes again and again, out of parameters that are plain data", async () => {
      const { slot, again } = await make();
      const context = newContext();
      const { parameters, secret } = await slot.enrol(context);
      expect(secret).toHaveLength(32);
      expect(new Set(secret).size).toBeGreaterThan(traits.heedless ? 0 : 8);
      const read = JSON.parse(canonical(parameters)) as JsonObject;
      for (let time = 0; time < 2; time++) {
        const holder = await again();
        expect([holder.kind, holder.access]).toEqual([slot.kind, slot.access]);
        const opened = await holder.open(read, context);
        expect(toHex(opened)).toBe(toHex(secret));
        // The vault wipes what it is given: nothing of the slot's own may be in it.
        opened.fill(0);
      }
    });

    test("its kind is a plain name, the same for everybody, and its parameters do not hold the secret", async () => {
      const { slot, again } = await make();
      expect(slot.kind).toMatch(/^[a-z][a-z0-9:+-]*$/);
      const { parameters, secret } = await slot.enrol(newContext());
      expect((await again()).kind).toBe(slot.kind);
      const text = canonical(parameters);
      expect(text).not.toContain(toHex(secret).slice(0, 16));
      expect(text.length).toBeLessThan(8192);
    });

    test("what a secret lies in is memory of its own", async () => {
      const { slot, again } = await make();
      const context = newContext();
      const { parameters, secret } = await slot.enrol(context);
      const opened = await (await again()).open(parameters, context);
      expect([secret.buffer.byteLength, opened.buffer.byteLength]).toEqual([32, 32]);
    });

    test("somebody else's gets other bytes or an error of ours", async () => {
      const { slot, wrong } = await make();
      const context = newContext();
      const { parameters, secret } = await slot.enrol(context);
      if (!wrong) return;
      const { opened, error } = await attempt(await wrong(), parameters, context);
      if (error) expect(error.code).toMatch(/^(vault|slot)\//);
      else expect(toHex(opened ?? secret)).not.toBe(toHex(secret));
    });

    test.skipIf(traits.heedless)("parameters that were changed, cut or forged give other bytes or an error of ours", async () => {
      const { slot, again } = await make();
      const context = newContext();
      const { parameters, secret } = await slot.enrol(context);
      const holder = await again();
      const others = [...neighbours(parameters)].filter(isObject);
      for (const other of traits.slow ? others.filter((_, at) => at % 7 === 0) : others) {
        const { opened, error } = await attempt(holder, other, context);
        if (error) expect(error.code, JSON.stringify(other)).toMatch(/^vault\/(cannot-open|kdf-out-of-bounds)$|^slot\//);
        else expect(toHex(opened ?? secret), JSON.stringify(other)).not.toBe(toHex(secret));
      }
    });

    test.skipIf(traits.heedless)("a signal that is aborted ends enrolling and opening", async () => {
      const { slot, again } = await make();
      const context = newContext();
      const { parameters } = await slot.enrol(context);
      const aborted = { ...context, signal: AbortSignal.abort() };
      const holder = await again();
      expect((await attempt(holder, parameters, aborted)).error?.code).toBe("vault/aborted");
      await expect((await make()).slot.enrol(aborted)).rejects.toMatchObject({ code: "vault/aborted" });
    });

    test("a vault opens for its holder, and not for somebody else", async () => {
      const { slot, again, wrong } = await make();
      const store = memoryStore();
      const vault = await createVault({ store, ...withSlots(slot), state: 1 });
      vault.lock();
      const opened = await openVault({ store, slot: await again() });
      expect(await opened.read(({ state }) => state)).toBe(1);
      opened.lock();
      if (!wrong) return;
      const refused = await openVault({ store, slot: await wrong() }).catch((error: unknown) => error);
      expect((refused as CustodyError).code).toMatch(/^vault\/cannot-open$|^slot\//);
    });

    test("of two of its kind in one vault, each opens it", async () => {
      const [one, two] = [await make(), await make()];
      const store = memoryStore();
      const vault = await createVault({ store, ...withSlots(one.slot, two.slot), state: 1 });
      vault.lock();
      for (const { again } of [two, one]) {
        const opened = await openVault({ store, slot: await again() });
        opened.lock();
      }
    });
  });
}

/** Something that signs, beside slots that are good for viewing only. */
const keySlot: Slot = {
  kind: "raw",
  enrol: async () => ({ parameters: {}, secret: new Uint8Array(32).fill(7) }),
  open: async () => new Uint8Array(32).fill(7),
};

function withSlots(...slots: readonly Slot[]): Pick<CreateVault, "slots" | "viewSlots"> {
  return slots[0]?.access === "view" ? { slots: [keySlot], viewSlots: slots } : { slots };
}

export function newContext(): SlotContext {
  return { vaultId: toHex(randomBytes(16)), slotId: toHex(randomBytes(8)), random: randomBytes };
}

/** What came of opening. Whatever is no error of ours fails the test. */
export async function attempt(
  slot: Slot,
  parameters: JsonObject,
  context: SlotContext,
): Promise<{ readonly opened?: Uint8Array; readonly error?: CustodyError }> {
  try {
    return { opened: await slot.open(parameters, context) };
  } catch (error) {
    if (error instanceof CustodyError) return { error };
    throw error;
  }
}

const STRANGERS: readonly Json[] = [null, true, 0, -1, 2 ** 40, "", "zz", "00", [], {}, [[]]];

/** Each value inside taken out, put in twice, replaced by one of another type, and each text with one character changed or cut. */
export function* neighbours(value: Json): Generator<Json> {
  yield* STRANGERS.filter((stranger) => JSON.stringify(stranger) !== JSON.stringify(value));
  if (typeof value === "string" && value.length > 0) {
    for (const at of [0, value.length >> 1, value.length - 1])
      yield value.slice(0, at) + (value[at] === "0" ? "1" : "0") + value.slice(at + 1);
    yield value.slice(1);
    yield value + value;
  } else if (typeof value === "number") {
    yield value + 1;
    yield value + 0.5;
  } else if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) {
      yield value.toSpliced(at, 1);
      for (const other of neighbours(item)) yield value.toSpliced(at, 1, other);
    }
    if (value.length > 0) yield [...value, ...value];
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value as JsonObject)) {
      const { [key]: _, ...rest } = value as JsonObject;
      yield rest;
      for (const other of neighbours(item ?? null)) yield { ...value, [key]: other };
    }
  }
}
