import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import type { CustodyError } from "../../src/base/errors.ts";
import { randomBytes } from "../../src/keys/random.ts";
import { readShare, writeShare } from "../../src/slots/share-text.ts";
import { join, type RecoveryShare, shares } from "../../src/slots/shares.ts";
import { memoryStore } from "../../src/stores/memory/memory.ts";
import { createVault, openVault } from "../../src/vault/open.ts";
import type { Enrolment, SlotContext } from "../../src/vault/slot.ts";
import { newContext } from "../contracts/slot.ts";
import { keyOf, rawSlot } from "../vault/setting.ts";
import { HOLDERS, newShares, subsets } from "./setting.ts";

const code = (wanted: string, message: RegExp = /./) => expect.objectContaining({ code: wanted, message: expect.stringMatching(message) });

interface Set extends Enrolment {
  readonly given: readonly RecoveryShare[];
  readonly context: SlotContext;
  readonly texts: readonly string[];
}

async function makeSet(threshold: number, of: number, context = newContext()): Promise<Set> {
  const { slot, given } = newShares(threshold, of);
  return { ...(await slot.enrol(context)), given, context, texts: given.map(({ text }) => text) };
}

function open({ parameters, context }: Set, collected: readonly string[]): Promise<Uint8Array> {
  return shares({ collected }).open(parameters, context);
}

describe("shares of a set", () => {
  test.each([
    [2, 2],
    [2, 3],
    [3, 3],
    [3, 5],
    [4, 5],
    [5, 5],
  ])("%i of %i: whichever of them open, one fewer never", async (threshold, of) => {
    const set = await makeSet(threshold, of);
    for (let count = 0; count <= of; count++) {
      for (const some of subsets(set.texts, count)) {
        if (count >= threshold) expect(toHex(await open(set, some))).toBe(toHex(set.secret));
        else await expect(open(set, some)).rejects.toEqual(code("slot/too-few-shares", new RegExp(`; ${threshold - count} more needed$`)));
      }
    }
  });

  test("any threshold of any number, in any order", async () => {
    const sizes = fc
      .integer({ min: 2, max: 16 })
      .chain((of) => fc.record({ of: fc.constant(of), threshold: fc.integer({ min: 2, max: of }) }));
    await fc.assert(
      fc.asyncProperty(sizes, fc.infiniteStream(fc.nat()), async ({ of, threshold }, order) => {
        const set = await makeSet(threshold, of);
        const shuffled = set.texts.map((text) => ({ text, at: order.next().value })).sort((a, b) => a.at - b.at);
        const some = shuffled.slice(0, threshold).map(({ text }) => text);
        expect(toHex(await open(set, some))).toBe(toHex(set.secret));
        await expect(open(set, some.slice(1))).rejects.toEqual(code("slot/too-few-shares"));
      }),
      { numRuns: 40 },
    );
  });

  test("fewer than the threshold, put together all the same, give another secret", async () => {
    const set = await makeSet(3, 4);
    for (const some of subsets(set.texts, 2))
      expect(toHex(await join(some.map((text) => readShare(text, "share"))))).not.toBe(toHex(set.secret));
  });

  test("no share shows eight bytes of the secret, and no two sets are alike", async () => {
    const [a, b] = [await makeSet(2, 16), await makeSet(2, 16)];
    expect(toHex(a.secret)).not.toBe(toHex(b.secret));
    const points = [...a.texts, ...b.texts].map((text) => toHex(readShare(text, "share").point));
    expect(new Set(points).size).toBe(32);
    for (const point of points) for (let at = 0; at + 16 <= 64; at += 2) expect(point).not.toContain(toHex(a.secret).slice(at, at + 16));
  });
});

describe("what is handed out", () => {
  test("is a card for each holder, with what it is and what it is good for", async () => {
    const { given, context } = await makeSet(3, 5);
    expect(given.map(({ number, of, threshold, holder, vault }) => [number, of, threshold, holder, vault])).toEqual(
      HOLDERS.map((holder, at) => [at + 1, 5, 3, holder, context.vaultId.slice(0, 8)]),
    );
    const [first] = given;
    expect(first?.text).toMatch(/^kwshare1( [02-9ac-hj-np-z]{4}){20} [02-9ac-hj-np-z]{2}$/);
    expect(first?.text.replaceAll(" ", "")).toHaveLength(90);
    expect(first?.card).toBe(`Keyward recovery share 1 of 5: Ana\nAny 3 of them open vault ${context.vaultId.slice(0, 8)}\n${first?.text}`);
    expect(Object.isFrozen(given[0])).toBe(true);
  });

  test("is waited for; if that fails nothing is enrolled", async () => {
    const store = memoryStore();
    const broken = shares({ threshold: 2, holders: ["a", "b"], give: () => Promise.reject(new Error("the printer is on fire")) });
    await expect(createVault({ store, slots: [rawSlot(keyOf(1)), broken], state: null })).rejects.toThrow("the printer is on fire");
    await expect(openVault({ store, slot: rawSlot(keyOf(1)) })).rejects.toEqual(code("vault/absent"));
    let printed = false;
    const slow = shares({
      threshold: 2,
      holders: ["a", "b"],
      give: async () => {
        await new Promise((done) => setTimeout(done, 20));
        printed = true;
      },
    });
    await slow.enrol(newContext());
    expect(printed).toBe(true);
  });

  test("leaves no secret behind in what it was drawn into", async () => {
    const drawn: Uint8Array[] = [];
    const random = (length: number): Uint8Array => {
      const bytes = randomBytes(length);
      drawn.push(bytes);
      return bytes;
    };
    const { secret } = await makeSet(2, 3, { ...newContext(), random });
    expect(toHex(secret)).not.toBe("00".repeat(32));
    expect(drawn.map((bytes) => toHex(bytes))).toEqual(["00".repeat(32)]);
  });

  test("is written and read alike, whatever stands in it", () => {
    const hex8 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(toHex);
    const shape = fc.integer({ min: 2, max: 16 }).chain((of) =>
      fc.record({
        of: fc.constant(of),
        threshold: fc.integer({ min: 2, max: of }),
        number: fc.integer({ min: 1, max: of }),
        vault: hex8,
        slot: hex8,
        set: hex8,
        point: fc.uint8Array({ minLength: 33, maxLength: 33 }).filter((bytes) => bytes[32] !== 0),
      }),
    );
    fc.assert(
      fc.property(shape, (share) => {
        expect(readShare(writeShare(share), "share")).toEqual(share);
      }),
    );
  });
});

describe("a share that is not right", () => {
  let set: Set;
  let others: { readonly [what: string]: Set };
  beforeAll(async () => {
    set = await makeSet(2, 3);
    const { vaultId, slotId } = set.context;
    others = {
      "another vault": await makeSet(2, 3, { ...newContext(), slotId }),
      "another slot of the same vault": await makeSet(2, 3, { ...newContext(), vaultId }),
      "an earlier enrolment of the same slot": await makeSet(2, 3, set.context),
      "a set of the same slot with other numbers": await makeSet(3, 4, set.context),
    };
  });
  const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

  test("with one character changed is noticed, wherever it is and whatever it became", () => {
    const text = (set.texts[0] ?? "").replaceAll(" ", "");
    let tried = 0;
    for (let at = 0; at < text.length; at++) {
      for (const other of `${ALPHABET}1bio`) {
        if (other === text[at]) continue;
        expect(() => readShare(text.slice(0, at) + other + text.slice(at + 1), "share 1")).toThrow(code("slot/share-damaged") as never);
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(90 * 34);
  });

  test("with two to four characters changed, two that changed places, one missing or one too many is noticed", () => {
    const text = (set.texts[0] ?? "").replaceAll(" ", "");
    const place = fc.integer({ min: 8, max: 89 });
    const changes = fc.uniqueArray(fc.tuple(place, fc.constantFrom(...ALPHABET)), { minLength: 2, maxLength: 4, selector: ([at]) => at });
    fc.assert(
      fc.property(changes, (made) => {
        const characters = [...text];
        for (const [at, character] of made) characters[at] = character;
        const changed = characters.join("");
        if (changed !== text) expect(() => readShare(changed, "share")).toThrow(code("slot/share-damaged") as never);
      }),
      { numRuns: 2000 },
    );
    for (let at = 8; at < 89; at++) {
      const swapped = text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2);
      if (swapped !== text) expect(() => readShare(swapped, "share")).toThrow(code("slot/share-damaged") as never);
      for (const wrong of [text.slice(0, at) + text.slice(at + 1), text.slice(0, at) + text[at] + text.slice(at), text.slice(0, at)])
        expect(() => readShare(wrong, "share")).toThrow(code("slot/share-damaged") as never);
    }
  });

  test("is named by its place among those given, and says which character cannot be there", async () => {
    const [first = "", second = ""] = set.texts;
    await expect(open(set, [first, second.replace(/.$/, "b")])).rejects.toEqual(
      code("slot/share-damaged", /^share 2 of those given: character 82 after/),
    );
    await expect(open(set, ["abandon abandon about", second])).rejects.toEqual(
      code("slot/share-damaged", /^share 1 of those given: expected a text that/),
    );
    await expect(open(set, ["x".repeat(5000), second])).rejects.toEqual(code("slot/share-damaged", /at most 2000/));
  });

  test("repeats nothing of what was typed", async () => {
    const text = set.texts[0] ?? "";
    const error = (await open(set, [text.slice(0, -1)]).catch((caught) => caught)) as CustodyError;
    for (const group of text.split(" ").slice(1, -1)) expect(error.message).not.toContain(group);
  });

  test("of another vault, slot or set is refused before anything is put together, and named", async () => {
    const [first = "", second = ""] = set.texts;
    for (const [what, { texts, context }] of Object.entries(others)) {
      const foreign = texts[1] ?? "";
      await expect(open(set, [first, foreign]), what).rejects.toEqual(code("slot/share-foreign", /^share 2 of those given, number 2: /));
      await expect(open(set, [foreign, first, second]), what).rejects.toEqual(code("slot/share-foreign", /^share 1 of those given/));
      if (what === "another vault")
        await expect(open(set, [foreign])).rejects.toEqual(code("slot/share-foreign", new RegExp(context.vaultId.slice(0, 8))));
    }
  });

  test("that reads well and was altered is named, with as many as are needed and with more", async () => {
    const [first = "", second = "", third = ""] = set.texts;
    const share = readShare(second, "share");
    const lies = [
      { point: share.point.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) },
      { point: share.point.map((byte, at) => (at === 32 ? (byte % 255) + 1 : byte)) },
      { number: 3 },
      { of: 4 },
      { threshold: 3 },
    ];
    for (const lie of lies) {
      const forged = writeShare({ ...share, ...lie });
      await expect(open(set, [first, forged])).rejects.toEqual(code("slot/share-altered", /^share 2 of those given/));
      await expect(open(set, [forged, first, third])).rejects.toEqual(code("slot/share-altered", /^share 1 of those given/));
    }
  });

  test("given twice is refused, on another card too", async () => {
    const [first] = set.given;
    await expect(open(set, [first?.text ?? "", first?.card.toUpperCase() ?? ""])).rejects.toEqual(
      code("slot/share-twice", /number 1 is there already/),
    );
  });

  test("a point at zero, which would be whatever secret its maker likes, is no share", () => {
    const share = readShare(set.texts[0] ?? "", "share");
    const point = share.point.map((byte, at) => (at === 32 ? 0 : byte));
    expect(() => readShare(writeShare({ ...share, point }), "share")).toThrow(code("slot/share-damaged") as never);
  });
});

describe("a share as people give it back", () => {
  test("may be a whole card, in capitals, with other spaces, line breaks and hyphens", async () => {
    const set = await makeSet(2, 2);
    const [a, b] = set.given;
    const ways = [
      (text: string) => text.toUpperCase(),
      (text: string) => text.replaceAll(" ", ""),
      (text: string) => `\n ${text.replaceAll(" ", "\u2014\r\n\t")} `,
    ];
    for (const way of ways) expect(toHex(await open(set, [way(a?.text ?? ""), b?.card ?? ""]))).toBe(toHex(set.secret));
  });
});

describe("options", () => {
  test.each([
    [{ threshold: 1, holders: ["a", "b"] }],
    [{ threshold: 3, holders: ["a", "b"] }],
    [{ threshold: 2, holders: ["a"] }],
    [{ threshold: 2.5, holders: ["a", "b", "c"] }],
    [{ threshold: 2, holders: Array.from({ length: 17 }, () => "a") }],
    [{ threshold: 2, holders: ["a", ""] }],
    [{ threshold: 2, holders: ["a", "b\nkwshare1"] }],
    [{ threshold: 2, holders: ["a", "x".repeat(65)] }],
    [{ threshold: 2, holders: ["a", "b"], give: undefined }],
    [{ threshold: 2 }],
    [{ collected: "kwshare1" }],
    [{ collected: [1] }],
    [{ collected: Array.from({ length: 65 }, () => "a") }],
    [null],
  ])("%j is refused", (options) => {
    const given = options && "holders" in options && !("give" in options) ? { ...options, give: () => undefined } : options;
    expect(() => shares(given as never)).toThrow(code("request/malformed") as never);
  });

  test("shares that were collected enrol nothing, and new ones open nothing", async () => {
    const set = await makeSet(2, 2);
    await expect(shares({ collected: set.texts }).enrol(newContext())).rejects.toEqual(code("request/malformed"));
    await expect(newShares(2, 2).slot.open(set.parameters, set.context)).rejects.toEqual(code("slot/too-few-shares", /got 0; 2 more/));
  });
});
