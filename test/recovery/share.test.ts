import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { chooseSets } from "../../src/recovery/choose.ts";
import { readShare, readWords, type Share, type Words } from "../../src/recovery/share.ts";
import { PUBLISHED, theWords } from "./words.ts";

let words: Words;
let list: readonly string[];
beforeAll(async () => {
  words = await theWords();
  list = [...words.keys()];
});

const [, [good = ""] = []] = PUBLISHED[0] ?? [];
const [, [long = ""] = []] = PUBLISHED[19] ?? [];
const [, [extendable = ""] = []] = PUBLISHED[42] ?? [];

const bad = (text: string) => () => readShare(text, words, "share 1");
const refused = expect.objectContaining({ code: "recovery/bad-share" });

describe("the list of words", () => {
  test("is 1024 words in order, each told by its first four letters, and no other list is taken", () => {
    expect(list).toHaveLength(1024);
    expect([...list].sort()).toEqual(list);
    expect(new Set(list.map((word) => word.slice(0, 4))).size).toBe(1024);
    for (const other of [[], list.slice(1), [...list].reverse(), list.with(5, "zebra")]) {
      expect(() => readWords(other)).toThrow(expect.objectContaining({ code: "recovery/no-realm" }));
    }
  });
});

describe("a share", () => {
  test("says what it is of, in any case and with any white space", () => {
    expect(readShare(long, words, "share 1")).toMatchObject({ length: 32, groupCount: 1, memberThreshold: 1 });
    expect(readShare(extendable, words, "share 1")).toMatchObject({ length: 16, extendable: true, memberThreshold: 2 });
    expect(readShare(`\n ${good.toUpperCase().replaceAll(" ", " \t")} `, words, "share 1")).toEqual(readShare(good, words, "share 1"));
  });

  test.each([
    ["128 bits", () => good],
    ["256 bits", () => long],
    ["that is extendable", () => extendable],
  ])("with any one word wrong is refused: %s", (_, which) => {
    const typed = which().split(" ");
    let tried = 0;
    for (const [at, word] of typed.entries()) {
      for (const other of list) {
        if (other === word) continue;
        expect(bad(typed.with(at, other).join(" "))).toThrow(refused);
        tried++;
      }
    }
    expect(tried).toBe(typed.length * 1023);
  });

  test("with two words exchanged, or up to three wrong, is refused", () => {
    const typed = good.split(" ");
    const place = fc.nat(typed.length - 1);
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(place, fc.nat(1023)), { minLength: 1, maxLength: 3, selector: ([at]) => at }), (changes) => {
        let text = typed;
        for (const [at, index] of changes) text = text.with(at, list[index] ?? "");
        if (text.join(" ") !== good) expect(bad(text.join(" "))).toThrow(refused);
      }),
    );
    fc.assert(
      fc.property(place, place, (a, b) => {
        const text = typed.with(a, typed[b] ?? "").with(b, typed[a] ?? "");
        if (text.join(" ") !== good) expect(bad(text.join(" "))).toThrow(refused);
      }),
    );
  });

  test("that is cut off, too long, or has a word of no list is refused by the place of the mistake, and never repeated", () => {
    const typed = good.split(" ");
    for (let length = 0; length < typed.length; length++) expect(bad(typed.slice(0, length).join(" "))).toThrow(refused);
    expect(bad(`${good} academic`)).toThrow(/expected 20, 22, 23, 25, 27, 28, 30, 31, 33 words, got 21/);
    expect(bad(typed.with(6, "secretly").join(" "))).toThrow("share 1: word 7 is not in the list of SLIP-39");
    expect(bad(typed.with(6, "RESULT\u0301").join(" "))).toThrow("word 7 is not in the list");
    for (const word of ["__proto__", "constructor", "toString", "dućk"]) expect(bad(typed.with(0, word).join(" "))).toThrow("word 1 is");
  });
});

describe("a published share that is wrong in itself", () => {
  test("is refused by us for what it is", () => {
    const say = (row: number) => () => readShare(PUBLISHED[row]?.[1][0] ?? "", words, "share 1");
    for (const row of [1, 20]) expect(say(row)).toThrow("the checksum does not fit");
    for (const row of [2, 21]) expect(say(row)).toThrow("expected zeros before the value");
    for (const row of [9, 28]) expect(say(row)).toThrow(/needs \d+ groups of \d+/);
    for (const row of [38, 39]) expect(say(row)).toThrow(/expected 20, .* words, got/);
  });
});

describe("shares together", () => {
  const share = (given: Partial<Share>): Share => ({
    identifier: 7,
    extendable: true,
    iterationExponent: 1,
    groupIndex: 0,
    groupThreshold: 1,
    groupCount: 1,
    memberIndex: 0,
    memberThreshold: 2,
    length: 16,
    ...given,
  });
  const code = (wanted: string) => expect.objectContaining({ code: `recovery/${wanted}` });

  test.each<[string, Partial<Share>]>([
    ["identifier", { identifier: 8 }],
    ["extendability", { extendable: false }],
    ["exponent", { iterationExponent: 2 }],
    ["threshold of groups", { groupThreshold: 2, groupCount: 2 }],
    ["number of groups", { groupCount: 2 }],
    ["threshold in a group", { memberThreshold: 3 }],
    ["length", { length: 32 }],
  ])("of another %s are mixed", (_, other) => {
    expect(() => chooseSets([share({}), share({ memberIndex: 1, ...other })])).toThrow(code("mixed-shares"));
    expect(() => chooseSets([share({ memberIndex: 1, ...other }), share({})])).toThrow(code("mixed-shares"));
  });

  test("that are the same one are told by their places", () => {
    expect(() => chooseSets([share({}), share({ memberIndex: 1 }), share({})])).toThrow("shares 1 and 3 are the same share");
  });

  test("that are too few, in all or in a group, are told", () => {
    expect(() => chooseSets([])).toThrow(code("too-few-shares"));
    expect(() => chooseSets([share({})])).toThrow("group 1: expected 2 shares, got 1");
    const two = { groupThreshold: 2, groupCount: 3, memberThreshold: 1 };
    expect(() => chooseSets([share(two)])).toThrow("expected shares of 2 groups, got 1");
    const half = share({ ...two, groupIndex: 2, memberThreshold: 2 });
    expect(() => chooseSets([share(two), share({ ...two, groupIndex: 1 }), half])).toThrow("group 3: expected 2 shares, got 1");
  });

  test("are chosen so that every set is just enough and every share is in one", () => {
    const group = fc
      .integer({ min: 1, max: 16 })
      .chain((count) => fc.record({ count: fc.constant(count), threshold: fc.integer({ min: 1, max: count }) }));
    const scheme = fc
      .array(group, { minLength: 1, maxLength: 16 })
      .chain((groups) => fc.record({ groups: fc.constant(groups), needed: fc.integer({ min: 1, max: groups.length }) }));
    fc.assert(
      fc.property(scheme, ({ groups, needed }) => {
        const shares = groups.flatMap(({ count, threshold }, groupIndex) =>
          Array.from({ length: count }, (_, memberIndex) =>
            share({ groupIndex, memberIndex, memberThreshold: threshold, groupThreshold: needed, groupCount: groups.length }),
          ),
        );
        const sets = chooseSets(shares);
        expect(new Set(sets.flat()).size).toBe(shares.length);
        for (const set of sets) {
          expect(new Set(set).size).toBe(set.length);
          const chosen = groups.map((_, index) => set.filter((at) => shares[at]?.groupIndex === index).length);
          expect(chosen.filter((members) => members > 0)).toHaveLength(needed);
          for (const [index, members] of chosen.entries()) expect([0, groups[index]?.threshold]).toContain(members);
        }
      }),
    );
  });
});
