import { sha256 } from "@noble/hashes/sha2.js";
import { concat, toHex, u32, utf8 } from "../../src/base/bytes.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { createVault } from "../../src/vault/open.ts";
import { passphrase } from "../../src/vault/passphrase.ts";
import { opaqueName, subkey } from "../../src/vault/subkeys.ts";
import { dump, keyOf, rawSlot } from "./setting.ts";

/** What `vector.json` holds; all bytes in hexadecimal. */
export interface Vector {
  readonly about: string;
  readonly random: string;
  readonly slotKey: string;
  readonly viewSlotKey: string;
  readonly passphrase: string;
  readonly time: number;
  readonly draws: Readonly<Record<string, string>>;
  readonly subkeys: Readonly<Record<string, string>>;
  readonly names: Readonly<Record<string, string>>;
  readonly checkpointSignature: string;
  readonly store: Readonly<Record<string, string>>;
}

const PHRASE = "correct horse battery staple";
const TIME = 1_763_800_000_000;
export const CHECKPOINT = utf8("a log head");

/** The n-th draw is SHA-256("keyward vector" || n(4)), repeated and cut to the length asked for. */
function counter(): { random: (length: number) => Uint8Array; draws: Uint8Array[] } {
  const draws: Uint8Array[] = [];
  const random = (length: number): Uint8Array => {
    const block = sha256(concat(utf8("keyward vector"), u32(draws.length)));
    const drawn = concat(...Array.from({ length: Math.ceil(length / 32) }, () => block)).slice(0, length);
    draws.push(drawn.slice());
    return drawn;
  };
  return { random, draws };
}

/** Makes a vault with the vector's randomness; `vector.json` is what came of it when the format was last changed. */
export async function writeVector(): Promise<Vector> {
  const { random, draws } = counter();
  const store = memoryStore({ now: () => TIME });
  const slots = [rawSlot(keyOf(1)), passphrase(PHRASE, { cost: { memoryKiB: 19_456, passes: 2, lanes: 1 } })];
  const vault = await createVault(
    { store, slots, viewSlots: [rawSlot(keyOf(2))], state: { mode: "normal" }, records: { "account/1": { name: "Main" } } },
    random,
  );
  const records = Array.from({ length: 40 }, (_, n) => `hold/${n}`);
  await vault.transact((tx) => {
    for (const name of records) tx.put(name, { amount: name.length });
    tx.putSecret("seed/1", utf8("sixteen bytes of"));
    tx.blob("entry/0", utf8("first entry"));
  });
  const [vaultId = keyOf(0), sign = keyOf(0), view = keyOf(0), naming = keyOf(0)] = draws;
  const hex = (entries: Iterable<readonly [string, Uint8Array]>) =>
    Object.fromEntries([...entries].map(([key, bytes]) => [key, toHex(bytes)]));
  return {
    about: "A vault with fixed randomness, as described in src/vault/FORMAT.md. All bytes in hexadecimal.",
    random: 'draw n = SHA-256("keyward vector" || n as 4 bytes big-endian), cut to the length drawn; the first four are named below',
    slotKey: toHex(keyOf(1)),
    viewSlotKey: toHex(keyOf(2)),
    passphrase: PHRASE,
    time: TIME,
    draws: hex(Object.entries({ vaultId, sign, view, naming })),
    subkeys: hex([
      ...(["root", "record", "node", "blob"] as const).map((purpose) => [purpose, subkey(view, vaultId, purpose)] as const),
      ...(["secret", "state signature", "checkpoint signature"] as const).map(
        (purpose) => [purpose, subkey(sign, vaultId, purpose)] as const,
      ),
    ]),
    names: {
      "record/account/1": opaqueName(naming, "record", "account/1"),
      "secret/seed/1": opaqueName(naming, "secret", "seed/1"),
      "blob/entry/0": opaqueName(naming, "blob", "entry/0"),
      "node/": opaqueName(naming, "node", ""),
    },
    checkpointSignature: toHex(vault.signCheckpoint(CHECKPOINT)),
    store: hex(await dump(store)),
  };
}
