import { CustodyError } from "../../../src/base/errors.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import type { Store } from "../../../src/stores/store.ts";
import { decodeHeader, encodeHeader, HEADER_KEY } from "../../../src/vault/header.ts";
import type { Kdf } from "../../../src/vault/kdf.ts";
import { decodeNode, encodeNode, LEAF_ENTRIES } from "../../../src/vault/node.ts";
import { createVault, openVault } from "../../../src/vault/open.ts";
import { pad, unpad } from "../../../src/vault/pad.ts";
import { passphrase } from "../../../src/vault/passphrase.ts";
import type { Fate, Target } from "../engine.ts";
import { type Random, randomOf } from "../random.ts";
import { check, once, same } from "./check.ts";
import { changeBytes, changeJson, type Draft, draftOf, mutateBytes, mutateJson } from "./mutate.ts";
import { naiveCanonical, naiveSha256, parseJson } from "./naive.ts";

/** Parts of a vault as bytes: each has one form, and what is in it costs nothing before it is known to be within its bounds. */
export const vaultParts: Target = {
  name: "vault parts",
  weight: 10,
  run(random) {
    switch (random.below(5)) {
      case 0:
        return readNode(random);
      case 1:
        return readPadding(random);
      case 2:
        return readHeader(random);
      default:
        return tryParameters(random);
    }
  },
};

function readNode(random: Random): Fate {
  const leaf = random.oneIn(2);
  const count = random.pick([0, 1, 2, LEAF_ENTRIES, LEAF_ENTRIES + 1]);
  const position = random.oneIn(2) ? "" : random.pick(["0", "a", "0f"]);
  const names = Array.from({ length: count }, () => (position + Buffer.from(random.bytes(32)).toString("hex")).slice(0, 64)).sort();
  const entries = names.map((name) => Buffer.concat([Buffer.from(name, "hex"), random.bytes(33)]));
  const places = Array.from({ length: 16 }, () => (random.oneIn(2) ? Buffer.alloc(36) : Buffer.from(random.bytes(36))));
  const bytes = mutateBytes(random, Buffer.concat([Uint8Array.of(leaf ? 0 : 1), ...(leaf ? entries : places)]));
  const node = decodeNode(bytes, position);
  same(Buffer.from(encodeNode(node)), Buffer.from(bytes), "a node in two forms");
  if (node.kind === "leaf") {
    const read = node.entries.map(({ name }) => name);
    check(
      read.every((name, at) => name.startsWith(position) && (at === 0 || name > (read[at - 1] ?? ""))),
      "entries out of place",
    );
    check(read.length <= LEAF_ENTRIES, "a leaf of too many entries");
  }
  return "accepted";
}

function readPadding(random: Random): Fate {
  const content = random.bytes(random.pick([0, 1, 255, 256, 257, 600, random.below(3000)]));
  const bytes = mutateBytes(random, pad(content));
  const read = unpad(bytes);
  same(Buffer.from(pad(read)), Buffer.from(bytes), "padding in two forms");
  // Padmé by its definition: the last e − s bits are zeros, and 0x80 is where the content ends.
  const exponent = Math.floor(Math.log2(bytes.length));
  const kept = Math.floor(Math.log2(exponent)) + 1;
  check(bytes.length >= 256 && bytes.length % 2 ** (exponent - kept) === 0, `padded to ${bytes.length} bytes`);
  same(Buffer.from(bytes).lastIndexOf(0x80), read.length, "where the content ends");
  return "accepted";
}

const RAW = { id: "00".repeat(8), kind: "raw", parameters: { note: "for tests" }, publicKey: "11".repeat(32), view: "22", sign: null };

function readHeader(random: Random): Fate {
  const slots = Array.from({ length: random.pick([0, 1, 2, 16, 17]) }, () => ({ ...RAW, ...(random.oneIn(2) && { sign: "33" }) }));
  const suite = random.pick(["xchacha20poly1305", "aes-256-gcm", "none"]);
  const json = mutateJson(random, { format: 1, id: "ab".repeat(16), keyEpoch: 1 + random.below(3), slots, suite });
  const text = Buffer.from(random.oneIn(8) ? JSON.stringify(json) : naiveCanonical(json));
  const bytes = mutateBytes(random, text);
  const header = decodeHeader(bytes);
  same(Buffer.from(encodeHeader(header)), Buffer.from(bytes), "a header in two forms");
  const read = parseJson(Buffer.from(bytes).toString());
  same([read.format, read.id, read.keyEpoch, read.suite], [1, header.id, header.keyEpoch, header.suite], "the header");
  check(header.slots.length >= 1 && header.slots.length <= 16 && bytes.length <= 64 * 1024, "a header beyond its bounds");
  return "accepted";
}

/** The bounds of FORMAT.md §4.9, written once more. */
const BOUNDS = { memoryKiB: [19_456, 1_048_576], passes: [2, 16], lanes: [1, 4] } as const;

/** A header with other parameters of its passphrase: nothing is derived outside of the bounds, and nothing but the right ones opens. */
async function tryParameters(random: Random): Promise<Fate> {
  const { records, header } = await locked();
  const top: { it: Draft } = { it: draftOf(header) };
  const changed = !random.oneIn(4);
  if (changed) changeParameters(random, top);
  const text = naiveCanonical(top.it ?? null);
  const store = memoryStore();
  for (const [key, to] of records) await store.commit([{ key, to: key === HEADER_KEY ? Buffer.from(text) : to }]);
  let derived = 0;
  const kdf: Kdf = async (phrase, salt, cost) => {
    derived++;
    for (const [part, [least, most]] of Object.entries(BOUNDS)) {
      const value: unknown = (cost as unknown as Record<string, unknown>)[part];
      check(Number.isInteger(value) && (value as number) >= least && (value as number) <= most, `derived with ${part} of ${String(value)}`);
    }
    same(salt.length, 16, "bytes of salt");
    return cheap(phrase, salt);
  };
  try {
    const vault = await openVault({ store, slot: passphrase("correct horse", { kdf }), access: "view" });
    vault.lock();
  } catch (cause) {
    if (!(cause instanceof CustodyError)) throw cause;
    check(/^vault\/(damaged|cannot-open|kdf-out-of-bounds)$/.test(cause.code), `refused as ${cause.code}`);
    check(text !== naiveCanonical(header), "refused the header that was written");
    check(derived <= 16, `derived ${derived} times`);
    return { refused: cause.code };
  }
  same(text, naiveCanonical(header), "opened with another header than was written");
  return "accepted";
}

function changeParameters(random: Random, top: { it: Draft }): void {
  const [slot] = top.it.slots;
  const part = random.pick(["memoryKiB", "passes", "lanes"] as const);
  const [least, most] = BOUNDS[part];
  const odd = [least - 1, most + 1, least + 1, most, 0, -1, 1.5, 2 ** 31, 2 ** 53, Number.NaN, `${least}`, null, [least], true];
  switch (random.below(6)) {
    case 0:
    case 1:
      slot.parameters[part] = random.pick(odd);
      return;
    case 2:
      slot.parameters.salt = random.pick([Buffer.from(changeBytes(random, Buffer.alloc(16))).toString("hex"), "", null, "zz".repeat(16)]);
      return;
    case 3:
      top.it.slots = Array.from({ length: random.pick([2, 16, 17]) }, () => ({
        ...slot,
        id: Buffer.from(random.bytes(8)).toString("hex"),
      }));
      return;
    case 4:
      changeJson(random, { it: slot });
      return;
    default:
      changeJson(random, top);
  }
}

async function cheap(phrase: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(naiveSha256(phrase, salt));
}

const locked = once(async (): Promise<{ readonly records: readonly [string, Uint8Array][]; readonly header: Draft }> => {
  const store: Store = memoryStore();
  const random = randomOf(1_122, 0);
  const slot = passphrase("correct horse", { kdf: cheap, cost: { memoryKiB: 19_456, passes: 2, lanes: 1 } });
  const vault = await createVault({ store, slots: [slot], state: null, records: { a: "first" } }, (length) => random.bytes(length));
  vault.lock();
  const records: [string, Uint8Array][] = [];
  for await (const key of store.keys()) records.push([key, (await store.get(key)) ?? new Uint8Array(0)]);
  return { records, header: parseJson(Buffer.from((await store.get(HEADER_KEY)) ?? []).toString()) };
});
