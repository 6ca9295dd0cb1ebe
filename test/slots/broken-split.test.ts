import { afterEach, expect, test, vi } from "vitest";
import { concat } from "../../src/base/bytes.ts";
import { type RecoveryShare, shares } from "../../src/slots/shares.ts";
import { newContext } from "../contracts/slot.ts";

// The library draws its own randomness. Here one that is broken stands in its place.

type Split = (secret: Uint8Array, of: number) => Promise<Uint8Array[]>;
const stand = vi.hoisted(() => ({ split: undefined as Split | undefined }));

vi.mock("shamir-secret-sharing", async (original) => {
  const real = await original<typeof import("shamir-secret-sharing")>();
  const split = (secret: Uint8Array, of: number, threshold: number) =>
    stand.split ? stand.split(secret, of) : real.split(secret, of, threshold);
  return { ...real, split };
});

const given: RecoveryShare[] = [];
const slot = shares({ threshold: 2, holders: ["a", "b", "c"], give: (all) => void given.push(...all) });
const points = (of: number, at: (x: number) => Uint8Array) => Array.from({ length: of }, (_, x) => concat(at(x + 1), Uint8Array.of(x + 1)));

afterEach(() => {
  stand.split = undefined;
  given.length = 0;
});

test("shares of a generator that answers with zeros, each of them the secret itself, are not handed out", async () => {
  stand.split = async (secret, of) => points(of, () => secret);
  await expect(slot.enrol(newContext())).rejects.toMatchObject({ code: "keys/no-randomness" });
  expect(given).toEqual([]);
});

test("shares that show a part of the secret or of each other are not handed out", async () => {
  const shows: readonly Split[] = [
    async (secret, of) => points(of, (x) => secret.map((byte, at) => (at < 24 ? byte ^ (x * 7 + at + 1) : byte))),
    async (_, of) => points(of, (x) => new Uint8Array(32).map((_zero, at) => (at < 24 ? x * 40 + at : 9))),
  ];
  for (const split of shows) {
    stand.split = split;
    await expect(slot.enrol(newContext())).rejects.toMatchObject({ code: "keys/no-randomness" });
  }
  expect(given).toEqual([]);
});

test("shares that do not come together again are not handed out", async () => {
  stand.split = async (_, of) => points(of, (x) => new Uint8Array(32).map((_zero, at) => (x * 37 + at * (x + 3)) & 255));
  await expect(slot.enrol(newContext())).rejects.toThrow("unreachable: shares that do not give the secret");
  expect(given).toEqual([]);
});

test("those of the library itself are", async () => {
  await slot.enrol(newContext());
  expect(given).toHaveLength(3);
});
