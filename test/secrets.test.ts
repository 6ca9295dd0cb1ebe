import { sha256 } from "@noble/hashes/sha2.js";
import { base64, createBase58check } from "@scure/base";
import { HDKey } from "@scure/bip32";
import { beforeEach, describe, expect, test } from "vitest";
import { toHex, utf8 } from "../src/base/bytes.ts";
import { CustodyError, keyCredential, passphrase, walletCredential } from "../src/index.ts";
import { entropyToMnemonic } from "../src/keys/mnemonic.ts";
import { loadWordlist } from "../src/keys/wordlist.ts";
import { memoryStore } from "../src/stores/memory/index.ts";
import { createVault } from "../src/vault/open.ts";
import { ana, ETHER, FRIEND, openCustody, payments, person, request, slot as rightSlot, transaction } from "./custody/fixture.ts";
import { freshStore } from "./here/fresh-store.ts";
import { printed } from "./here/host.ts";
import { makeWorld, ROWS, type Row, type World } from "./realm/surface.ts";
import { rawSlot } from "./vault/setting.ts";

const made = (what: string, length = 32): Uint8Array => sha256(utf8(`planted: ${what}`)).slice(0, length);

const ENTROPY = made("entropy", 16);
const PHRASE = entropyToMnemonic(ENTROPY, await loadWordlist("english"));
const PASSPHRASE = "Quokka!7 zygote~violet^umbra=plinth, and the rest of a long passphrase";
const KEY = made("private key");
const SEED = made("seed");
const SLOT_SECRET = made("secret of a slot");
const CREDENTIAL = made("key of a credential");
const XPRV = HDKey.fromMasterSeed(SEED).privateExtendedKey;
const WIF = createBase58check(sha256).encode(Uint8Array.of(0x80, ...KEY, 1));

const TEXTS = [PASSPHRASE, PHRASE, XPRV, WIF];
const BYTES = [utf8(PASSPHRASE), ENTROPY, KEY, SEED, SLOT_SECRET, CREDENTIAL];

/** So many characters of a secret in a row are a leak of it. */
const PIECE = 12;
const plain = (text: string): string => text.toLowerCase().replace(/\s/g, "");
const pieces = (text: string): string[] =>
  Array.from({ length: Math.max(0, text.length - PIECE + 1) }, (_, at) => text.slice(at, at + PIECE));
/** What bytes look like where somebody prints them: as digits, as base64 from any place on, as a list of numbers. */
const written = (bytes: Uint8Array): string[] => [toHex(bytes), ...[0, 1, 2].map((at) => base64.encode(bytes.slice(at))), bytes.join(",")];
const NEEDLES = new Set([...TEXTS, ...TEXTS.flatMap((text) => written(utf8(text))), ...BYTES.flatMap(written)].map(plain).flatMap(pieces));
const WORDS = new Set(PHRASE.split(" "));

/** The pieces of secrets that stand in a text. */
function found(text: string): string | undefined {
  const word = text
    .toLowerCase()
    .match(/[a-z]+/g)
    ?.find((one) => WORDS.has(one));
  return word ?? pieces(plain(text)).find((piece) => NEEDLES.has(piece));
}

/** Everything that somebody may show of a value: printed with what is hidden, as JSON and as text. */
function shown(value: unknown): string {
  const json = JSON.stringify(value, (_, member: unknown) => (typeof member === "bigint" ? String(member) : member)) ?? "";
  return [printed(value), json, ...texts(value)].join("\n");
}

/** As text, where it has one: data that was read has no prototype, and so no `toString`. */
function texts(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(texts);
  return typeof value === "symbol" || (typeof value === "object" && value !== null && !("toString" in value)) ? [] : [String(value)];
}

function causes(error: unknown): readonly unknown[] {
  return error instanceof Error ? [error, ...causes(error.cause)] : error === undefined ? [] : [error];
}

const AS_A_NAME = "a passphrase as the name of a member";
/** A secret as somebody would give it by mistake: as it is, cut, in another encoding, or inside something else. */
const PLANTED: readonly (readonly [what: string, value: unknown])[] = [
  ["the passphrase", PASSPHRASE],
  ["the passphrase as bytes", utf8(PASSPHRASE)],
  ["the phrase", PHRASE],
  ["the phrase without its last word", PHRASE.split(" ").slice(0, -1).join(" ")],
  ["the phrase with a word that is none", PHRASE.replace(/ \w+$/, " xyzzy")],
  ["the phrase as a list", PHRASE.split(" ")],
  ["entropy", ENTROPY],
  ["a private key", KEY],
  ["a private key that is cut", KEY.slice(0, 31)],
  ["a private key in digits", toHex(KEY)],
  ["a private key in digits with 0x", `0x${toHex(KEY)}`],
  ["a private key in capitals", toHex(KEY).toUpperCase()],
  ["an extended private key", XPRV],
  ["a private key of Bitcoin wallets", WIF],
  ["a function that is called like one", Object.defineProperty(() => undefined, "name", { value: PHRASE })],
  [AS_A_NAME, { [PASSPHRASE]: 1 }],
  ["a wallet", { from: "mnemonic", mnemonic: `${PHRASE} x`, passphrase: PASSPHRASE }],
  ["a wallet with a word that is none", { from: "mnemonic", mnemonic: PHRASE.replace(/ \w+$/, " xyzzy") }],
  ["a wallet of an unknown kind", { from: XPRV, privateKey: KEY }],
  ["a wallet by its key in digits", { from: "privateKey", privateKey: toHex(KEY) }],
];

/** Where a denial repeats what was asked. */
const ASKED: { readonly [row: string]: readonly string[] } = { "Session.submit": ["mode"] };
/** A policy's problems say at which of its names they are. */
const NAMES_OF_A_DOCUMENT = /^(?:Custody\.(?:create|checkPolicy)|Session\.submit \(policyEdit\)|\.(?:\/policy)? \w+)$/;

let world: World;

/** All that comes out of a call that failed, was denied or waits. */
async function outOf(run: () => unknown): Promise<string> {
  try {
    const result = await run();
    if (typeof result === "object" && result !== null && Symbol.asyncIterator in result) {
      for await (const _ of result as AsyncIterable<unknown>) break;
      return "";
    }
    const kind = (result as { kind?: unknown } | null | undefined)?.kind;
    return kind === "denied" || kind === "pending" ? shown(result) : "";
  } catch (error) {
    return causes(error).map(shown).join("\n");
  }
}

function* misused(row: Row): Generator<readonly [string, readonly unknown[]]> {
  const args = row.args(world);
  const named = NAMES_OF_A_DOCUMENT.test(row.name);
  for (const [place, whole] of args.entries()) {
    for (const [what, value] of PLANTED) {
      if (named && what === AS_A_NAME) continue;
      yield [`argument ${place} is ${what}`, row.args(world).with(place, value)];
      if (typeof whole !== "object" || whole === null || ArrayBuffer.isView(whole) || Array.isArray(whole)) continue;
      if ("namespace" in whole || "commit" in whole) continue;
      for (const member of [...Object.keys(whole), "unknown"]) {
        if (ASKED[row.name]?.includes(member)) continue;
        yield [`its member ${member} is ${what}`, row.args(world).with(place, { ...whole, [member]: value })];
      }
      if (typeof value === "string" && !named)
        yield [`its member is called ${what}`, row.args(world).with(place, { ...whole, [value]: 1 })];
    }
  }
}

describe("no error, denial or wait carries a secret", () => {
  beforeEach(async () => {
    world = await makeWorld();
  });

  test("of a policy that has a private key where the public one belongs", async () => {
    for (const publicKey of [toHex(KEY), `0x${toHex(KEY)}`, WIF, XPRV, PHRASE]) {
      const out = await outOf(() => world.custody.checkPolicy(payments([], { people: [{ ...ana, publicKey }] })));
      expect(out).toContain("policy/invalid");
      expect(found(out)).toBeUndefined();
    }
  });

  test.each(ROWS.filter(({ alone }) => alone === undefined).map((row) => [row.name, row] as const))(
    "of %s, wherever one is given by mistake",
    async (_, row) => {
      const leaks = new Map<string, string>();
      for (const [what, args] of misused(row)) {
        const out = await outOf(() => row.call(world, args as never));
        const leak = found(out);
        if (leak !== undefined) leaks.set(out.slice(0, 160), `${what}: ${leak}`);
      }
      expect([...leaks]).toEqual([]);
    },
  );
});

describe("nothing that is ours shows a secret, whoever prints it", () => {
  test("a custody, its sessions, slots, stores, credentials and vaults, open and locked", async () => {
    const store = freshStore();
    const slots = [PASSPHRASE, utf8(PASSPHRASE)].map((phrase) => passphrase(phrase, { kdf: async () => SLOT_SECRET.slice() }));
    const wallet = { from: "mnemonic", mnemonic: PHRASE, passphrase: PASSPHRASE } as const;
    const somebody = { ...person("somebody"), credential: keyCredential(CREDENTIAL) };
    const people = [{ ...somebody, publicKey: somebody.credential.publicKey }];
    const { custody, me } = await openCustody({
      store,
      wallet,
      policy: payments([], { people }),
      as: (opened) => opened.session({ person: "owner" }),
    });
    const theirs = await custody.session({ person: "somebody", credential: somebody.credential });
    const vault = await createVault({ store: memoryStore(), slots: [rawSlot(SLOT_SECRET)], state: {}, begin: () => undefined });
    const things = () => [custody, me, me.accounts, me.wallets, theirs, vault, store, memoryStore(), slots, somebody.credential];
    const foreign = walletCredential({ address: FRIEND, signTypedData: async () => toHex(KEY) });
    for (const thing of [...things(), foreign]) expect(found(shown(thing))).toBeUndefined();
    custody.lock();
    vault.lock();
    for (const thing of things()) expect(found(shown(thing))).toBeUndefined();
  });

  test("the whole log, what waits, what is diagnosed and what is told to watchers, after secrets were given in place of slots, credentials, wallets and acts", async () => {
    const told: unknown[] = [];
    const slot = passphrase(PASSPHRASE, { kdf: async () => SLOT_SECRET.slice() });
    const two = {
      id: "two",
      require: ["transfer"],
      when: { asset: "ETH", amount: { min: "0.01 ETH" } },
      approvals: [{ of: "ana", atLeast: 1 }],
    };
    const governed = { id: "custody", allow: ["import", "policyEdit"], when: { requester: "owner" } };
    const { custody, me } = await openCustody({
      policy: payments([two, governed], { people: [ana], more: { immutable: false } }),
      wallet: { from: "privateKey", privateKey: KEY },
    });
    custody.subscribe((state) => told.push(state));
    expect(
      (await me.submit({ act: "import", name: "words", wallet: { from: "mnemonic", mnemonic: PHRASE, passphrase: PASSPHRASE } })).kind,
    ).toBe("done");
    expect((await me.submit({ act: "import", name: "seed", wallet: { from: "seed", seed: SEED } })).kind).toBe("done");
    const waiting = await me.sign({ ...request(transaction({ value: ETHER })), account: "Main" });
    if (waiting.kind !== "pending") throw new Error(waiting.kind);
    for (const [, value] of PLANTED) {
      // The rest of a request is kept as it was asked: it is what the log is for.
      await outOf(() => me.sign({ ...request(transaction({})), kind: value }));
      for (const run of [
        () => me.submit({ act: "import", name: "x", wallet: value } as never),
        () => me.submit(value as never),
        () => me.approve(waiting.id, { credential: value } as never),
        () => me.confirm(waiting.id, { slot: value } as never),
        () => custody.submitApproval(waiting.id, value),
        () => custody.session({ person: "ana", credential: value } as never),
        () => custody.unlock(value as never),
      ])
        await outOf(run);
    }
    custody.lock();
    await outOf(() => custody.unlock(slot));
    await custody.unlock(rightSlot);
    const all: unknown[] = [
      told,
      await custody.diagnose(),
      await custody.pending(),
      await custody.wallets(),
      await custody.support(),
      await custody.checkpoint(),
    ];
    for await (const entry of custody.history()) all.push(entry);
    for await (const line of custody.exportLog()) all.push(line);
    expect(all.length).toBeGreaterThan(50);
    expect(all.map((one) => found(shown(one))).filter((leak) => leak !== undefined)).toEqual([]);
  });
});

describe("a leak would be seen", () => {
  test.each<[string, unknown]>([
    ["a message with a passphrase", new CustodyError("vault/cannot-open", `wrong passphrase ${PASSPHRASE}`)],
    ["a message with half of it", new CustodyError("vault/cannot-open", `wrong passphrase ${PASSPHRASE.slice(5, 25)}`)],
    ["one word of a phrase", new CustodyError("keys/bad-mnemonic", `no such word: ${PHRASE.split(" ")[3]}`)],
    ["a cause below a cause", new Error("x", { cause: new Error("y", { cause: PHRASE }) })],
    ["a member with bytes", { slot: { secret: SLOT_SECRET } }],
    ["bytes that are hidden", Object.defineProperty({}, "key", { value: KEY, enumerable: false })],
    ["bytes in base64, within others", base64.encode(Uint8Array.of(1, ...CREDENTIAL))],
    ["an extended private key in a list", [[XPRV]]],
    ["a key of Bitcoin wallets in a name", { [WIF]: 1 }],
    ["a symbol", { [Symbol(PASSPHRASE)]: 1 }],
  ])("%s", (_, leak) => {
    expect(found(causes(leak).map(shown).join("\n"))).toBeDefined();
  });
});
