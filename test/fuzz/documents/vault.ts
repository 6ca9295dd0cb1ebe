import { isDeepStrictEqual } from "node:util";
import type { Json } from "../../../src/base/canonical.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import type { Store } from "../../../src/stores/store.ts";
import { createVault, openVault } from "../../../src/vault/open.ts";
import type { Access, Slot } from "../../../src/vault/slot.ts";
import type { Vault } from "../../../src/vault/vault.ts";
import { dump, keyOf, rawSlot } from "../../vault/setting.ts";
import type { Fate, Target } from "../engine.ts";
import { type Random, randomOf } from "../random.ts";
import { check, once, same } from "./check.ts";
import { changeBytes, mutateJson } from "./mutate.ts";
import { naiveCanonical, parseJson } from "./naive.ts";

/** The records of a small vault, changed by whoever can write the store: it is refused, or all of it is as it was written. */
export const vaultRecords: Target = {
  name: "vault records",
  weight: 6,
  async run(random) {
    const { ours, theirs } = await histories();
    const at = random.oneIn(8) ? 0 : random.below(ours.length);
    const now = pickAt(ours, at);
    const records = mutated(random, now.records, {
      older: ours.slice(0, at + 1).map((moment) => moment.records),
      other: pickAt(theirs, 0).records,
    });
    const store = memoryStore({ now: () => NOW });
    await store.commit([...records].map(([key, to]) => ({ key, to })));
    const access: Access = random.oneIn(3) ? "sign" : "view";
    // Whoever keeps the epoch elsewhere is told of an older copy of everything.
    const minEpoch = random.oneIn(2) ? now.epoch : undefined;
    const vault = await opened(store, access, minEpoch);
    if ("refused" in vault) return vault;
    const read = await everythingIn(vault, now.state.names);
    const moments = ours.filter(({ epoch }) => minEpoch === undefined || epoch >= minEpoch);
    const found = moments.find(({ state }) => isDeepStrictEqual(read.state, state.root) && isDeepStrictEqual(read.records, state.records));
    check(found !== undefined, "a state that was never written");
    for (const [name, secret] of read.secrets)
      check(secret === "refused" || secret === found.state.secrets.get(name), `the secret ${name} is another one`);
    // Blobs are outside of the tree: the log authenticates its own. What opens was written under this very name.
    for (const [name, blob] of read.blobs)
      check(blob === undefined || blob === "refused" || written(ours, name).has(blob), `the blob ${name} was never written`);
    const unread = [...read.secrets.values(), ...read.blobs.values()].includes("refused");
    if (access === "sign" && random.oneIn(4)) await checkWriting(vault, store, read.records);
    vault.lock();
    return unread ? { refused: "vault/damaged" } : "accepted";
  },
};

/** What a store holds at one moment, and what it means. */
interface Moment {
  readonly epoch: number;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly state: State;
}

interface State {
  readonly root: Json;
  readonly records: readonly [string, Json][];
  readonly secrets: ReadonlyMap<string, string>;
  readonly blobs: ReadonlyMap<string, string>;
  readonly names: { readonly secrets: readonly string[]; readonly blobs: readonly string[] };
}

const slot: Slot = rawSlot(keyOf(1));
const NOW = Date.parse("2026-11-22T12:00:00Z");
const NAMES = { secrets: ["s", "t"], blobs: ["e0", "e1", "e2"] } as const;

async function opened(store: Store, access: Access, minEpoch: number | undefined): Promise<Vault | Exclude<Fate, "accepted">> {
  try {
    return await openVault({ store, slot, access, ...(minEpoch !== undefined && { minEpoch }) });
  } catch (cause) {
    if (!(cause instanceof CustodyError)) throw cause;
    check(/^vault\/(damaged|cannot-open|absent|rolled-back)$/.test(cause.code), `refused as ${cause.code}`);
    return { refused: cause.code };
  }
}

async function everythingIn(vault: Vault, names: State["names"]) {
  const { state, records } = await vault.read((view) => ({ state: view.state, records: [...view.list("")] }));
  const secrets = new Map<string, string>();
  const blobs = new Map<string, string | undefined>();
  if (vault.access === "sign")
    for (const name of names.secrets) {
      const secret = await orRefused(() => vault.withSecret(name, async (bytes) => Buffer.from(bytes).toString("utf8")));
      // A vault that was younger has none of this name.
      if (secret !== undefined) secrets.set(name, secret);
    }
  for (const name of names.blobs) blobs.set(name, await orRefused(async () => textOf(await vault.readBlob(name))));
  return { state, records, secrets, blobs };
}

async function orRefused<T>(read: () => Promise<T>): Promise<T | "refused" | undefined> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof CustodyError && cause.code === "vault/no-such-secret") return undefined;
    if (cause instanceof CustodyError && cause.code === "vault/damaged") return "refused";
    throw cause;
  }
}

const textOf = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString("utf8");

function written(moments: readonly Moment[], name: string): ReadonlySet<string> {
  return new Set(moments.flatMap(({ state }) => state.blobs.get(name) ?? []));
}

/** Whatever was taken in can be gone on with, and is read back by the next who opens. */
async function checkWriting(vault: Vault, store: Store, before: readonly [string, Json][]): Promise<void> {
  await vault.transact((tx) => tx.put("zz", "afterwards"));
  const again = await openVault({ store, slot });
  same(await again.read((view) => [...view.list("")]), [...before, ["zz", "afterwards"]], "what was written afterwards");
  again.lock();
}

type Records = ReadonlyMap<string, Uint8Array>;

function mutated(random: Random, records: Records, from: { readonly older: readonly Records[]; readonly other: Records }): Records {
  const out = new Map(records);
  for (let left = random.pick([0, 1, 1, 1, 1, 2, 4]); left > 0; left--) change(random, out, from);
  return out;
}

function change(
  random: Random,
  out: Map<string, Uint8Array>,
  { older, other }: { readonly older: readonly Records[]; readonly other: Records },
): void {
  const keys = [...out.keys()];
  const key = random.oneIn(4) ? random.pick(["vault", "root"]) : random.pick(keys);
  const bytes = out.get(key) ?? new Uint8Array(0);
  const old = random.pick(older);
  const put = (to: Uint8Array | undefined, at = key) => (to === undefined ? out.delete(at) : out.set(at, to));
  switch (random.below(12)) {
    case 0:
    case 1:
      put(changeBytes(random, bytes, [...out.values()]));
      return;
    case 2: {
      const second = random.pick(keys);
      put(out.get(second));
      put(bytes, second);
      return;
    }
    case 3:
      put(undefined);
      return;
    case 4:
      put(out.get(random.pick(keys)));
      return;
    case 5:
      put(bytes, random.oneIn(2) ? `${"0".repeat(63)}${random.below(10)}` : random.pick([...other.keys()]));
      return;
    case 6:
    case 7:
    case 8: {
      // One record as it was when it was another.
      const changed = [...old.keys()].filter((name) => !isDeepStrictEqual(old.get(name), out.get(name)));
      const name = changed.length === 0 || random.oneIn(4) ? key : random.pick(changed);
      put(old.get(name), name);
      return;
    }
    case 9:
      // All of it, or all but one record, as it was.
      for (const name of new Set([...out.keys(), ...old.keys()])) if (name !== key || random.oneIn(2)) put(old.get(name), name);
      return;
    case 10:
      put(other.get(key) ?? random.pick([...other.values()]));
      return;
    default:
      put(Buffer.from(naiveCanonical(mutateJson(random, parseJson(Buffer.from(old.get("vault") ?? []).toString())))), "vault");
  }
}

/** Our vault after each of its commits, and another one that the same slot opens. */
const histories = once(
  async (): Promise<{ readonly ours: readonly Moment[]; readonly theirs: readonly Moment[] }> => ({
    ours: await history("ours"),
    theirs: await history("theirs"),
  }),
);

async function history(whose: string): Promise<readonly Moment[]> {
  const store = memoryStore({ now: () => NOW });
  // The same keys, names and nonces in every run, so that what was found is found again.
  const random = randomOf(whose.length, 0);
  // More than fit in one leaf of the tree.
  const many = Object.fromEntries(Array.from({ length: 36 }, (_, at) => [`r/${String(at).padStart(2, "0")}`, { whose, at }]));
  const slots = { slots: [slot], viewSlots: [rawSlot(keyOf(2))] };
  const state = { mode: "normal", whose };
  const vault = await createVault({ store, ...slots, state, records: many }, (length) => random.bytes(length));
  const secrets = new Map<string, string>();
  const blobs = new Map<string, string>();
  const moments: Moment[] = [];
  const keep = async () => {
    const { epoch, state, records } = await vault.read((view) => ({ epoch: view.epoch, state: view.state, records: [...view.list("")] }));
    const meaning = { root: state, records, secrets: new Map(secrets), blobs: new Map(blobs), names: NAMES };
    moments.push({ epoch, records: await dump(store), state: meaning });
  };
  await keep();
  for (const at of [0, 1, 2]) {
    for (const [name, kept] of [
      [pickAt(NAMES.secrets, at % 2), secrets],
      [pickAt(NAMES.blobs, at % 2), blobs],
    ] as const)
      kept.set(name, `${whose} ${name} ${at}`);
    await vault.transact((tx) => {
      tx.setState({ mode: "normal", whose, at });
      for (let one = at; one < 30; one += 3) tx.put(`r/${String(one).padStart(2, "0")}`, { whose, changed: at });
      if (at === 2) for (const gone of [30, 31, 32, 33, 34, 35]) tx.delete(`r/${gone}`);
      for (const [name, text] of secrets) tx.putSecret(name, Buffer.from(text));
      for (const [name, text] of blobs) tx.blob(name, Buffer.from(text));
    });
    await keep();
  }
  vault.lock();
  return moments;
}

function pickAt<T>(list: readonly T[], at: number): T {
  const found = list[at];
  check(found !== undefined, "a list that is too short");
  return found;
}
