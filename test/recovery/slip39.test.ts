import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { combineSlip39, type SplitOptions, splitSlip39 } from "../../src/recovery/slip39.ts";
import { runShares } from "../vectors/recovery.ts";
import { faultsOf, Rows } from "../vectors/set.ts";
import { PUBLISHED } from "./words.ts";

const code = (wanted: string) => expect.objectContaining({ code: wanted });
const SECRET = Uint8Array.from({ length: 16 }, (_, at) => 16 * at + 3);
/** The least work that SLIP-39 has. */
const quick = { iterationExponent: 0 } as const;
const TWO_OF_THREE = { ...quick, groups: [{ threshold: 2, shares: 3 }] } as const;

/** Every way to take so many of a list. */
function choices<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  if (size === 0) return [[]];
  return items.flatMap((item, at) => choices(items.slice(at + 1), size - 1).map((rest) => [item, ...rest]));
}

describe("SLIP-39", { timeout: 120_000 }, () => {
  test("gives what is published for all 45 vectors, and takes nothing that is invalid", async () => {
    const rows = new Rows();
    await runShares(rows, PUBLISHED);
    expect(faultsOf({ set: { file: "", what: "", minimum: 30, run: () => undefined }, rows, ms: 0 })).toEqual([]);
    expect({ valid: rows.match, refused: rows.refused }).toEqual({ valid: 2 * 15, refused: 30 });
  });

  test("gives back what was split, for every length, number of shares and groups, in any order", async () => {
    const group = fc.oneof(
      fc.constant({ threshold: 1, shares: 1 }),
      fc
        .integer({ min: 2, max: 5 })
        .chain((shares) => fc.record({ shares: fc.constant(shares), threshold: fc.integer({ min: 2, max: shares }) })),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(group, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 8, max: 16 }).chain((half) => fc.uint8Array({ minLength: 2 * half, maxLength: 2 * half })),
        fc.string({ unit: "grapheme-ascii", maxLength: 20 }),
        fc.boolean(),
        fc.gen(),
        async (groups, secret, passphrase, extendable, gen) => {
          const groupThreshold = gen(fc.integer, { min: 1, max: groups.length });
          const made = await splitSlip39(secret, { ...quick, groups, groupThreshold, passphrase, extendable });
          expect(made.map(({ length }) => length)).toEqual(groups.map(({ shares }) => shares));
          const taken = gen(fc.shuffledSubarray, [...made.keys()], { minLength: groupThreshold, maxLength: groupThreshold });
          const shares = taken.flatMap((at) => (made[at] ?? []).slice(-(groups[at]?.threshold ?? 0)));
          expect(await combineSlip39(shares.reverse(), { passphrase })).toEqual(secret);
        },
      ),
      { numRuns: 12 },
    );
  });

  test("opens with any threshold of the shares and with no fewer", async () => {
    const [shares = []] = await splitSlip39(SECRET, { ...quick, groups: [{ threshold: 3, shares: 5 }] });
    for (const three of choices(shares, 3)) expect(await combineSlip39(three)).toEqual(SECRET);
    for (const few of [...choices(shares, 2), ...choices(shares, 1), []]) {
      await expect(combineSlip39(few)).rejects.toEqual(code("recovery/too-few-shares"));
    }
    expect(await combineSlip39(shares)).toEqual(SECRET);
  });

  test("asks of groups as of shares", async () => {
    const groups = [
      { threshold: 1, shares: 1 },
      { threshold: 2, shares: 2 },
      { threshold: 2, shares: 3 },
    ];
    const [one = [], two = [], three = []] = await splitSlip39(SECRET, { ...quick, groups, groupThreshold: 2 });
    expect(await combineSlip39([...one, ...two])).toEqual(SECRET);
    expect(await combineSlip39([...three.slice(1), ...two])).toEqual(SECRET);
    expect(await combineSlip39([...one, ...two, ...three])).toEqual(SECRET);
    for (const few of [one, two, three]) await expect(combineSlip39(few)).rejects.toEqual(code("recovery/too-few-shares"));
    await expect(combineSlip39([...one, ...two.slice(1)])).rejects.toEqual(code("recovery/too-few-shares"));
  });

  test("takes more shares than it needs only if every one of them agrees", async () => {
    const [, ours = [], theirs = []] = PUBLISHED[3] ?? [];
    expect(ours).toHaveLength(2);
    expect(theirs).toBeTypeOf("string");
    // A third share of the published splitting that is whole by itself, and was never part of it.
    const [, invalidDigest = []] = PUBLISHED[12] ?? [];
    await expect(combineSlip39(invalidDigest, { passphrase: "TREZOR" })).rejects.toEqual(code("recovery/mixed-shares"));
    const forged = await forge(ours[0] ?? "", 5);
    for (const extra of [
      [...ours, forged],
      [forged, ...ours],
      [ours[0] ?? "", forged, ours[1] ?? ""],
    ]) {
      await expect(combineSlip39(extra, { passphrase: "TREZOR" })).rejects.toEqual(code("recovery/mixed-shares"));
    }
  });

  test("has another secret for another passphrase, and says nothing of it", async () => {
    const [shares = []] = await splitSlip39(SECRET, { ...TWO_OF_THREE, passphrase: "right" });
    expect(await combineSlip39(shares.slice(1), { passphrase: "right" })).toEqual(SECRET);
    for (const passphrase of ["wrong", ""]) expect(await combineSlip39(shares.slice(1), { passphrase })).not.toEqual(SECRET);
  });

  test("takes nothing but printable ASCII for a passphrase, either way", async () => {
    const [shares = []] = await splitSlip39(SECRET, { ...TWO_OF_THREE, passphrase: " ~" });
    for (const passphrase of ["ä", "\n", "\u007f", "\ud800", "x".repeat(257), 5, null] as string[]) {
      await expect(splitSlip39(SECRET, { ...TWO_OF_THREE, passphrase })).rejects.toEqual(code("recovery/bad-passphrase"));
      await expect(combineSlip39(shares, { passphrase })).rejects.toEqual(code("recovery/bad-passphrase"));
    }
  });

  test.each<[string, string, Partial<SplitOptions>, Uint8Array?]>([
    ["14 bytes", "bad-secret", {}, new Uint8Array(14)],
    ["17 bytes", "bad-secret", {}, new Uint8Array(17)],
    ["34 bytes", "bad-secret", {}, new Uint8Array(34)],
    ["no bytes at all", "bad-secret", {}, "0123456789abcdef" as never],
    ["no groups", "bad-groups", { groups: [] }],
    ["17 groups", "bad-groups", { groups: Array.from({ length: 17 }, () => ({ threshold: 1, shares: 1 })) }],
    ["17 shares", "bad-groups", { groups: [{ threshold: 2, shares: 17 }] }],
    ["a threshold of none", "bad-groups", { groups: [{ threshold: 0, shares: 1 }] }],
    ["a threshold above the shares", "bad-groups", { groups: [{ threshold: 3, shares: 2 }] }],
    ["half a threshold", "bad-groups", { groups: [{ threshold: 1.5, shares: 2 }] }],
    ["several shares of which one is enough", "bad-groups", { groups: [{ threshold: 1, shares: 2 }] }],
    ["a threshold of groups above them", "bad-groups", { groupThreshold: 2 }],
    ["an exponent of 16", "bad-groups", { iterationExponent: 16 }],
    ["half an exponent", "bad-groups", { iterationExponent: 0.5 }],
  ])("refuses to split %s", async (_, wanted, options, secret = SECRET) => {
    await expect(splitSlip39(secret, { ...TWO_OF_THREE, ...options })).rejects.toEqual(code(`recovery/${wanted}`));
  });

  test("leaves the secret to its owner, and makes other shares each time", async () => {
    const secret = SECRET.slice();
    const made = await Promise.all([splitSlip39(secret, TWO_OF_THREE), splitSlip39(secret, TWO_OF_THREE)]);
    expect(secret).toEqual(SECRET);
    expect(new Set(made.flat(2)).size).toBe(6);
  });
});

/** A share that reads well and is not of the splitting: other value, right checksum. Found by trying the last words anew. */
async function forge(text: string, member: number): Promise<string> {
  const { readShare } = await import("../../src/recovery/share.ts");
  const { theWords } = await import("./words.ts");
  const words = await theWords();
  const list = [...words.keys()];
  const typed = text.split(" ");
  // Word 4 is memberIndex(4 bits), between two of the group's count and four of the threshold.
  const third = (words.get(typed[3] ?? "") ?? 0) & ~0xf0;
  const head = typed.with(3, list[third | (member << 4)] ?? "");
  const valid = checksumOf(head.slice(0, -3).map((word) => words.get(word) ?? 0));
  const forged = [...head.slice(0, -3), ...valid.map((index) => list[index] ?? "")].join(" ");
  expect(readShare(forged, words, "forged")).toMatchObject({ memberIndex: member });
  return forged;
}

/** The three words that make the remainder one, by the definition of the code: a second implementation, over polynomials. */
function checksumOf(data: readonly number[]): readonly number[] {
  const multiply = (a: number, b: number): number => {
    let product = 0;
    for (let bit = 0; bit < 10; bit++) if ((b >> bit) & 1) product ^= a << bit;
    for (let bit = 19; bit >= 10; bit--) if ((product >> bit) & 1) product ^= 0x409 << (bit - 10);
    return product;
  };
  // (x − a)(x − a²)(x − a³) with a = 2.
  const roots = [2, 4, 8];
  const generator = roots.reduce<readonly number[]>(
    (poly, root) => poly.concat(0).map((term, at) => term ^ multiply(at === 0 ? 0 : (poly[at - 1] ?? 0), root)),
    [1],
  );
  const rest = [1, ...[..."shamir"].map((letter) => letter.charCodeAt(0)), ...data, 0, 0, 0];
  for (let at = 0; at + 3 < rest.length; at++) {
    const lead = rest[at] ?? 0;
    for (const [by, term] of generator.entries()) rest[at + by] = (rest[at + by] ?? 0) ^ multiply(lead, term);
  }
  return rest.slice(-3).map((term, at) => term ^ (at === 2 ? 1 : 0));
}
