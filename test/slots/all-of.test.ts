import { describe, expect, test } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import type { JsonObject } from "../../src/base/canonical.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { allOf } from "../../src/slots/all-of.ts";
import { shares } from "../../src/slots/shares.ts";
import { memoryStore } from "../../src/stores/memory/memory.ts";
import { createVault, openVault } from "../../src/vault/open.ts";
import type { Slot } from "../../src/vault/slot.ts";
import { newContext } from "../contracts/slot.ts";
import { keyOf, rawSlot } from "../vault/setting.ts";
import { cheap, cheapKdf, newShares } from "./setting.ts";

const malformed = expect.objectContaining({ code: "request/malformed" });
const cannotOpen = expect.objectContaining({ code: "vault/cannot-open" });

describe("all of several slots", () => {
  test("open only together: any part that is wrong or of another kind keeps the vault shut", async () => {
    const { slot, given } = newShares(2, 2);
    const store = memoryStore();
    const key = rawSlot(keyOf(1));
    await createVault({ store, slots: [allOf([cheap("the passphrase"), slot, key])], state: null });
    const right = shares({ collected: given.map(({ text }) => text) });
    const vault = await openVault({ store, slot: allOf([key, right, cheap("the passphrase")]) });
    vault.lock();
    for (const parts of [
      [cheap("the passphrasf"), right, key],
      [cheap("the passphrase"), right, rawSlot(keyOf(2))],
      [cheap("the passphrase"), right],
      [cheap("the passphrase"), right, key, cheap("another one")],
    ]) {
      await expect(openVault({ store, slot: allOf(parts) })).rejects.toEqual(cannotOpen);
    }
    for (const part of [cheap("the passphrase"), right, key]) await expect(openVault({ store, slot: part })).rejects.toEqual(cannotOpen);
    const tooFew = shares({ collected: given.slice(1).map(({ text }) => text) });
    await expect(openVault({ store, slot: allOf([cheap("the passphrase"), tooFew, key]) })).rejects.toMatchObject({
      code: "slot/too-few-shares",
    });
  });

  test("have a kind made of theirs, in any order", () => {
    const [a, b] = [cheap("a passphrase"), rawSlot(keyOf(1))];
    expect([allOf([a, b]).kind, allOf([b, a]).kind]).toEqual(["all-of:passphrase+raw", "all-of:passphrase+raw"]);
    expect(allOf([a, b, cheap("another one")]).kind).toBe("all-of:passphrase+passphrase+raw");
  });

  test("are good for viewing only if each of them is", () => {
    const view = (): Slot => ({ ...rawSlot(keyOf(1)), access: "view" });
    expect(allOf([view(), view()]).access).toBe("view");
    expect(allOf([view(), rawSlot(keyOf(1))]).access).toBeUndefined();
  });

  test("of two to four, no slot twice, none inside another", () => {
    const phrase = () => cheap("a passphrase");
    const one = phrase();
    for (const parts of [[], [one], [one, one], [one, phrase(), one], [1, 2, 3, 4, 5].map(phrase), [one, allOf([phrase(), phrase()])]]) {
      expect(() => allOf(parts)).toThrow(malformed as never);
    }
    for (const parts of [null, "ab", [one, null], [one, { kind: "a+b", enrol: one.enrol, open: one.open }], [one, { kind: "a" }]]) {
      expect(() => allOf(parts as never)).toThrow(malformed as never);
    }
  });
});

describe("several people with a passphrase each", () => {
  test.each([2, 3, 4])("%i of them: whose passphrase is given first does not matter", async (count) => {
    const people = Array.from({ length: count }, (_, at) => `passphrase of ${at}`);
    const context = newContext();
    const { parameters, secret } = await allOf(people.map((text) => cheap(text))).enrol(context);
    for (const order of permutations(people)) {
      const { kdf, calls } = cheapKdf();
      expect(toHex(await allOf(order.map((text) => cheap(text, kdf))).open(parameters, context))).toBe(toHex(secret));
      expect(calls()).toBeLessThanOrEqual(count * count);
      if (order.every((text, at) => text === people[at])) expect(calls()).toBe(count);
    }
  });

  test("one who is wrong costs the square of their number and no more, and nothing says which", async () => {
    const context = newContext();
    const { parameters } = await allOf([cheap("passphrase of a"), cheap("passphrase of b")]).enrol(context);
    const answers = new Set<string>();
    for (const wrong of [
      ["passphrase of x", "passphrase of b"],
      ["passphrase of a", "passphrase of x"],
      ["passphrase of a", "passphrase of a"],
    ]) {
      const { kdf, calls } = cheapKdf();
      const error = await allOf(wrong.map((text) => cheap(text, kdf)))
        .open(parameters, context)
        .catch((caught) => caught);
      expect(error).toBeInstanceOf(CustodyError);
      answers.add(JSON.stringify(error));
      expect(calls()).toBe(4);
    }
    expect(answers.size).toBe(1);
  });

  test("nothing that is kept tells whether one of them is right", async () => {
    // The same passphrase for one part, another for the other: what is kept differs in the check alone, and as a whole.
    const context = { ...newContext(), random: (length: number) => new Uint8Array(length).fill(5) };
    const kept = async (first: string, second: string) => (await allOf([cheap(first), cheap(second)]).enrol(context)).parameters;
    const [one, two, three] = [
      await kept("passphrase a", "passphrase b"),
      await kept("passphrase a", "passphrase c"),
      await kept("passphrase d", "passphrase b"),
    ];
    expect(one.parts).toEqual(two.parts);
    expect(Object.keys(one)).toEqual(["parts", "check"]);
    expect(new Set([one, two, three].map(({ check }) => check)).size).toBe(3);
  });
});

describe("what the parts are given and give", () => {
  test("each part has an id of its own, so two keychain entries or sets of shares are two", async () => {
    const ids: string[] = [];
    const part = (): Slot => ({
      kind: "noted",
      enrol: async ({ slotId }) => {
        ids.push(slotId);
        return { parameters: {}, secret: keyOf(ids.length) };
      },
      open: async (_, { slotId }) => keyOf(ids.indexOf(slotId) + 1),
    });
    const context = newContext();
    const { parameters, secret } = await allOf([part(), part(), part()]).enrol(context);
    expect(new Set([...ids, context.slotId]).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(toHex(await allOf([part(), part(), part()]).open(parameters, context))).toBe(toHex(secret));
  });

  test("the same parts in another slot, in another vault or in another order of kinds give another secret", async () => {
    const enrol = async (context = newContext(), ...more: readonly Slot[]) =>
      toHex((await allOf([rawSlot(keyOf(1)), rawSlot(keyOf(2)), ...more]).enrol(context)).secret);
    const context = newContext();
    const { vaultId, slotId } = context;
    const all = [
      await enrol(context),
      await enrol({ ...newContext(), vaultId }),
      await enrol({ ...newContext(), slotId }),
      await enrol(context, rawSlot(keyOf(3))),
    ];
    expect(new Set(all).size).toBe(4);
    expect(await enrol(context)).toBe(all[0]);
    for (const secret of all) expect([toHex(keyOf(1)), toHex(keyOf(2))]).not.toContain(secret);
  });

  test("secrets of parts are wiped, however it ends", async () => {
    const handed: Uint8Array[] = [];
    const lent = (byte: number): Slot => {
      const hand = () => {
        const key = keyOf(byte);
        handed.push(key);
        return key;
      };
      return { kind: "lent", enrol: async () => ({ parameters: {}, secret: hand() }), open: async () => hand() };
    };
    const failing: Slot = { kind: "zz", enrol: () => Promise.reject(new Error("no")), open: () => Promise.reject(new Error("no")) };
    const context = newContext();
    const { parameters } = await allOf([lent(1), lent(2)]).enrol(context);
    await allOf([lent(1), lent(2)]).open(parameters, context);
    await allOf([lent(1), lent(3)])
      .open(parameters, context)
      .catch(() => undefined);
    await allOf([lent(1), failing])
      .enrol(context)
      .catch(() => undefined);
    const two = { ...parameters, parts: [{}, {}] };
    await allOf([lent(1), failing])
      .open(two, context)
      .catch(() => undefined);
    expect(handed.length).toBeGreaterThan(8);
    for (const key of handed) expect(toHex(key)).toBe("00".repeat(32));
  });

  test("a part that gives no secret worth the name opens nothing, and enrols nothing", async () => {
    const context = newContext();
    const good = allOf([rawSlot(keyOf(1)), rawSlot(keyOf(2))]);
    const { parameters } = await good.enrol(context);
    for (const secret of [new Uint8Array(32), new Uint8Array(31).fill(1), undefined, "x".repeat(32)]) {
      const bad: Slot = {
        kind: "raw",
        enrol: async () => ({ parameters: {}, secret: secret as never }),
        open: async () => secret as never,
      };
      await expect(allOf([rawSlot(keyOf(1)), bad]).enrol(context)).rejects.toEqual(cannotOpen);
      await expect(allOf([rawSlot(keyOf(1)), bad]).open(parameters, context)).rejects.toEqual(cannotOpen);
    }
  });

  test("an error that is no answer comes through at once", async () => {
    const context = newContext();
    const { parameters } = await allOf([rawSlot(keyOf(1)), rawSlot(keyOf(2))]).enrol(context);
    let asked = 0;
    const refused: Slot = {
      ...rawSlot(keyOf(2)),
      open: () => {
        asked++;
        return Promise.reject(new CustodyError("slot/keychain-locked", "locked"));
      },
    };
    await expect(allOf([refused, rawSlot(keyOf(1))]).open(parameters, context)).rejects.toMatchObject({ code: "slot/keychain-locked" });
    expect(asked).toBe(1);
  });

  test("parameters of fewer or more parts, without a check or with another are refused before any part is asked", async () => {
    const context = newContext();
    const { parameters } = await allOf([rawSlot(keyOf(1)), rawSlot(keyOf(2))]).enrol(context);
    const never: Slot = { ...rawSlot(keyOf(1)), open: () => Promise.reject(new Error("asked")) };
    const parts = parameters.parts as JsonObject[];
    const { check } = parameters;
    const wrong = [
      {},
      { parts },
      { check },
      { parts: parts.slice(1), check },
      { parts: [...parts, ...parts], check },
      { parts: [parts, parts], check },
    ];
    for (const other of [...wrong, { ...parameters, more: 1 }, { parts, check: `${check}00` }]) {
      await expect(allOf([never, { ...never }]).open(other as JsonObject, context)).rejects.toEqual(cannotOpen);
    }
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

describe("a vault that does not open", () => {
  const lost = (kind: string): Slot => ({
    ...rawSlot(keyOf(9)),
    kind,
    open: () => Promise.reject(new CustodyError("vault/cannot-open", "this browser has no key for it")),
  });

  test("says what a slot says of itself, and of several together, or where none of the kind is there, nothing", async () => {
    const store = memoryStore();
    const both = allOf([rawSlot(keyOf(1)), cheap("a passphrase")]);
    await createVault({ store, slots: [cheap("another one"), { ...rawSlot(keyOf(2)), kind: "device" }, both], state: 0 });
    const said = async (slot: Slot) => (await openVault({ store, slot }).catch((error: unknown) => error)) as CustodyError;
    const answers = [lost("device"), allOf([lost("raw"), cheap("a passphrase")]), allOf([rawSlot(keyOf(1)), cheap("a wrong one")])];
    const [alone, first, second] = await Promise.all(answers.map(said));
    const none = await said(rawSlot(keyOf(2)));
    expect([alone, first, second, none].map((error) => error?.code)).toEqual(Array.from({ length: 4 }, () => "vault/cannot-open"));
    expect(alone?.message).toBe("this browser has no key for it");
    expect(new Set([first, second, none].map((error) => error?.message)).size).toBe(1);
  });
});

test("parts that ask somebody are asked in turn, each once", async () => {
  const asked: string[] = [];
  const asking = (byte: number): Slot => ({
    ...rawSlot(keyOf(byte)),
    kind: "asking",
    open: async () => {
      asked.push(`${byte}`);
      return keyOf(byte);
    },
    openAny: () => Promise.reject(new Error("a question that one answer cannot settle")),
  });
  const store = memoryStore();
  const slot = allOf([asking(1), asking(2), cheap("a passphrase")]);
  await createVault({ store, slots: [slot], state: 0 });
  (await openVault({ store, slot })).lock();
  expect(asked).toEqual(["1", "2"]);
});
