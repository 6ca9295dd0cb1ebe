import { getAddress, TypedDataEncoder } from "ethers";
import fc from "fast-check";
import { hashTypedData } from "viem";
import { describe, expect, test } from "vitest";
import { toHex } from "../../../src/base/bytes.ts";
import type { Json } from "../../../src/base/canonical.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { typedDataOf } from "../../../src/chains/evm/typed-data.ts";
import { newWork } from "../../../src/chains/evm/work.ts";
import { ACCOUNT, sign } from "./fixtures.ts";
import { decodeTyped } from "./typed-fixtures.ts";

type Types = Record<string, { name: string; type: string }[]>;
interface Typed {
  readonly types: Types;
  readonly primaryType: string;
  readonly domain: { readonly [name: string]: Json };
  readonly message: Json;
}

/** A schema with data for it. `ours` says the same in notations that `peers` does not use. */
interface Case {
  readonly ours: Typed;
  readonly peers: Typed;
  readonly assembled: boolean;
}

const hex = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => `0x${toHex(bytes)}`);
const name = fc.stringMatching(/^[A-Za-z_$][A-Za-z0-9_$]{0,6}$/).filter((text) => text !== "__proto__");
const bits = fc.integer({ min: 1, max: 32 }).map((bytes) => 8 * bytes);
const elementary = fc.oneof(
  fc.constantFrom("address", "bool", "string", "bytes", "uint256"),
  fc.tuple(fc.constantFrom("uint", "int"), bits).map(([kind, count]) => `${kind}${count}`),
  fc.integer({ min: 1, max: 32 }).map((size) => `bytes${size}`),
);
const brackets = fc.array(fc.constantFrom("[]", "[1]", "[2]"), { maxLength: 2 }).map((all) => all.join(""));
const structName = name.filter((text) => !/^(?:address|bool|string|(?:u?int|bytes)[0-9]*|EIP712Domain)$/.test(text));
const names = fc.uniqueArray(structName, { minLength: 1, maxLength: 5 });

const integer = (least: bigint, most: bigint) =>
  fc.oneof(fc.constantFrom(0n, least, most), fc.bigInt({ min: least, max: most })).filter((of) => of >= least && of <= most);

/** The same integer as JSON number, decimal or hexadecimal. */
function notations(of: bigint): readonly Json[] {
  const plain: Json[] = [of.toString()];
  if (of >= 0n) plain.push(`0x${of.toString(16)}`);
  if (Number.isSafeInteger(Number(of))) plain.push(Number(of));
  return plain;
}

const typed: fc.Arbitrary<Case> = fc.gen().chain((draw) => {
  const structs = draw(() => names);
  const types: Types = {};
  // A struct refers to later ones only: ethers takes no circles at all. The first is the message.
  for (const [at, struct] of structs.entries()) {
    const later = structs.slice(at + 1);
    const one = () =>
      fc
        .tuple(later.length === 0 ? elementary : fc.oneof(elementary, fc.constantFrom(...later)), brackets)
        .map(([base, dimensions]) => base + dimensions);
    const members = draw(() => fc.uniqueArray(fc.record({ name, type: one() }), { selector: (member) => member.name, maxLength: 5 }));
    types[struct] = members;
  }
  const [primaryType = ""] = structs;
  const reached = new Set([primaryType]);
  for (const struct of reached) for (const { type } of types[struct] ?? []) if (Object.hasOwn(types, base(type))) reached.add(base(type));
  const needed = Object.fromEntries(Object.entries(types).filter(([struct]) => reached.has(struct)));

  /** One value, in our notation and in that of the peers. */
  const value = (type: string): [Json, Json] => {
    const array = /^(.*)\[([0-9]*)\]$/.exec(type);
    if (array) {
      const length = array[2] === "" ? draw(() => fc.integer({ min: 0, max: 3 })) : Number(array[2]);
      const items = Array.from({ length }, () => value(array[1] ?? ""));
      return [items.map(([ours]) => ours), items.map(([, peers]) => peers)];
    }
    const members = Object.hasOwn(needed, type) ? needed[type] : undefined;
    if (members) {
      const both = members.map((member) => [member.name, value(member.type)] as const);
      return [
        Object.fromEntries(both.map(([member, [ours]]) => [member, ours])),
        Object.fromEntries(both.map(([member, [, peers]]) => [member, peers])),
      ];
    }
    return simple(type);
  };
  const simple = (type: string): [Json, Json] => {
    if (type === "bool") return twice(draw(() => fc.boolean()));
    if (type === "string") return twice(draw(() => fc.string({ unit: "grapheme", maxLength: 40 })));
    if (type === "address") {
      const lower = draw(() => hex(20));
      return [draw(() => fc.constantFrom(lower, getAddress(lower))), getAddress(lower)];
    }
    if (type.startsWith("bytes")) {
      const bytes = type === "bytes" ? draw(() => fc.integer({ min: 0, max: 70 }).chain(hex)) : draw(() => hex(Number(type.slice(5))));
      return [draw(() => fc.constantFrom(bytes, `0x${bytes.slice(2).toUpperCase()}`)), bytes];
    }
    const width = BigInt(type.replace(/^u?int/, ""));
    const signed = type.startsWith("int");
    const of = draw(() => (signed ? integer(-(1n << (width - 1n)), (1n << (width - 1n)) - 1n) : integer(0n, (1n << width) - 1n)));
    return [draw(() => fc.constantFrom(...notations(of))), of.toString()];
  };
  const domainTypes = [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
    { name: "salt", type: "bytes32" },
  ];
  const present = draw(() => fc.subarray(domainTypes, { minLength: 1 }));
  const domain = present.map((member) => [member.name, value(member.type)] as const);
  const [ours, peers] = value(primaryType);
  const declares = draw(() => fc.boolean());
  return fc.constant({
    ours: {
      types: { ...needed, ...(declares && { EIP712Domain: present }) },
      primaryType,
      domain: Object.fromEntries(domain.map(([member, [of]]) => [member, of])),
      message: ours,
    },
    peers: { types: needed, primaryType, domain: Object.fromEntries(domain.map(([member, [, of]]) => [member, of])), message: peers },
    assembled: draw(() => fc.integer({ min: 0, max: 4 })) === 0,
  });
});

function twice(of: Json): [Json, Json] {
  return [of, of];
}

function base(type: string): string {
  return type.replace(/\[.*$/, "");
}

describe("random schemas with random messages", () => {
  test("have the digests of viem and ethers, in every notation, and signers that micro-eth-signer recovers", { timeout: 120_000 }, () => {
    const seen = { cases: 0, assembled: 0, nested: 0, lists: 0 };
    fc.assert(
      fc.property(typed, ({ ours, peers, assembled }) => {
        const digest = toHex(typedDataOf(ours as unknown as Json, newWork()).digest);
        expect(`0x${digest}`).toBe(hashTypedData(peers as never));
        expect(`0x${digest}`).toBe(TypedDataEncoder.hash(peers.domain as never, peers.types, peers.message as never));
        expect(toHex(typedDataOf(JSON.stringify(ours), newWork()).digest)).toBe(digest);
        seen.cases++;
        if (Object.keys(peers.types).length > 1) seen.nested++;
        if (JSON.stringify(peers.types).includes("[")) seen.lists++;
        if (!assembled) return;
        const intent = decodeTyped(ours as unknown as Json);
        expect(evm.assemble(intent, sign(intent), { address: ACCOUNT }).hash).toBe(`0x${digest}`);
        seen.assembled++;
      }),
      { numRuns: 1000 },
    );
    expect(seen.cases).toBe(1000);
    expect(seen.assembled).toBeGreaterThan(100);
    expect(seen.nested).toBeGreaterThan(300);
    expect(seen.lists).toBeGreaterThan(500);
  });

  test("that hold themselves in lists have the digest of viem", () => {
    type Tree = { name: string; branches: Tree[] };
    // Each node hangs below one that was there before.
    const tree = fc
      .array(fc.record({ name: fc.string({ maxLength: 5 }), below: fc.nat() }), { minLength: 1, maxLength: 12 })
      .map((rows) => {
        const nodes: Tree[] = [];
        for (const { name, below } of rows) {
          const node = { name, branches: [] };
          nodes[below % nodes.length]?.branches.push(node);
          nodes.push(node);
        }
        return nodes[0] as Tree;
      });
    const types = {
      Tree: [
        { name: "name", type: "string" },
        { name: "branches", type: "Tree[]" },
      ],
    };
    fc.assert(
      fc.property(tree, (message) => {
        const parts = { types, primaryType: "Tree", domain: { name: "x" }, message };
        expect(`0x${toHex(typedDataOf(parts as unknown as Json, newWork()).digest)}`).toBe(hashTypedData(parts as never));
      }),
      { numRuns: 50 },
    );
  });
});

describe("random changes of valid typed data", () => {
  test("are malformed, too large or another valid form, never another error", () => {
    const junk = fc.oneof(
      fc.constant(null),
      fc.constant(""),
      fc.constant("0x"),
      fc.boolean(),
      fc.integer(),
      fc.string(),
      fc.constant([]),
      fc.constant({}),
      fc.constant({ a: 1 }),
    );
    const tally = { refused: 0, accepted: 0 };
    fc.assert(
      fc.property(typed, fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), junk, ({ ours }, steps, replacement) => {
        const mutated = structuredClone(ours) as unknown as Json;
        replaceAt(mutated, steps, replacement as Json);
        let digest: string;
        try {
          digest = `0x${toHex(typedDataOf(mutated, newWork()).digest)}`;
        } catch (error) {
          expect(error).toMatchObject({ name: "CustodyError", code: expect.stringMatching(/^chain\/(?:malformed|too-large)$/) });
          tally.refused++;
          return;
        }
        // What is still accepted is what viem makes of it as well.
        expect(digest).toBe(hashTypedData(mutated as never));
        tally.accepted++;
      }),
      { numRuns: 1000 },
    );
    expect(tally.refused).toBeGreaterThan(500);
    expect(tally.accepted).toBeGreaterThan(20);
  });

  /** Puts `replacement` at the place that the steps lead to. */
  function replaceAt(value: Json, steps: readonly number[], replacement: Json): void {
    const [step = 0, ...rest] = steps;
    const inside = value as Record<string, Json>;
    const keys = Object.keys(inside);
    const key = keys[step % keys.length];
    if (key === undefined) return;
    const next = inside[key];
    if (rest.length === 0 || next === null || typeof next !== "object" || Object.keys(next).length === 0) inside[key] = replacement;
    else replaceAt(next, rest, replacement);
  }
});
