import { mnemonicToSeedSync } from "@scure/bip39";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { combineSlip39 } from "../../src/recovery/index.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

/** Every buffer for a secret that was ever made. */
const made = vi.hoisted(() => [] as Uint8Array[]);

vi.mock("../../src/base/bytes.ts", async (original) => {
  const bytes = await original<typeof import("../../src/base/bytes.ts")>();
  const kept = <T extends Uint8Array>(buffer: T): T => {
    made.push(buffer);
    return buffer;
  };
  return {
    ...bytes,
    secretBuffer: (length: number) => kept(bytes.secretBuffer(length)),
    secretCopy: (...parts: readonly Uint8Array[]) => kept(bytes.secretCopy(...parts)),
  };
});

const PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const ENTROPY = new Uint8Array(16).fill(0x7f);
const SEED = mnemonicToSeedSync(PHRASE, "geheim");
const OWNER: readonly object[] = [{ id: "out", allow: ["export"], when: { requester: "owner" } }];
const shares = { what: "slip39", wallet: "Main", groups: [{ threshold: 2, shares: 2 }], iterationExponent: 0 } as const;
const child = { what: "childSeed", wallet: "Main", application: "bip39", language: "english", words: 12, index: 0 } as const;

const has = (buffer: Uint8Array, secret: Uint8Array): boolean =>
  Array.from({ length: Math.max(0, buffer.length - secret.length + 1) }, (_, at) => at).some((at) =>
    secret.every((byte, place) => buffer[at + place] === byte),
  );
/** How many buffers hold one of these now. */
const holding = (...secrets: readonly Uint8Array[]): number =>
  made.filter((buffer) => secrets.some((secret) => has(buffer, secret))).length;

async function opened() {
  return f.openCustody({
    policy: g.team([...OWNER, g.edit]),
    wallet: { from: "mnemonic", mnemonic: PHRASE, passphrase: "geheim" },
  });
}

beforeEach(() => void made.splice(0));

describe("no buffer of ours holds a secret any more", () => {
  test("once a phrase was ended", async () => {
    const { me } = await opened();
    expect(holding(ENTROPY, SEED)).toBe(0);
    const outcome = await me.export({ what: "phrase", wallet: "Main" });
    if (outcome.kind !== "exported") throw new Error(outcome.kind);
    expect([outcome.exported.word(0), outcome.exported.passphraseInPlainText(), holding(ENTROPY)]).toEqual(["legal", "geheim", 1]);
    outcome.exported.end();
    expect(holding(ENTROPY, SEED, new TextEncoder().encode("geheim"))).toBe(0);
  });

  test("once the custody is locked, though nobody ended what was let out", async () => {
    const { custody, me } = await opened();
    const phrase = await me.export({ what: "phrase", wallet: "Main" });
    const seed = await me.export(child);
    if (phrase.kind !== "exported" || seed.kind !== "exported") throw new Error("expected both to leave");
    const bytes = seed.exported.bytes();
    // One of the child, one of its words, and the copy.
    expect([holding(ENTROPY), holding(bytes.slice())]).toEqual([1, 3]);
    const copy = bytes.slice();
    bytes.fill(0);
    custody.lock();
    expect(holding(ENTROPY, SEED, copy)).toBe(0);
  });

  test("once shares or a child were handed out, beside those", async () => {
    const { me } = await opened();
    const split = await me.export(shares);
    if (split.kind !== "exported") throw new Error(split.kind);
    expect(await combineSlip39(split.exported.shares[0] ?? [])).toEqual(ENTROPY);
    expect(holding(ENTROPY, SEED)).toBe(0);
    const seed = await me.export(child);
    if (seed.kind !== "exported") throw new Error(seed.kind);
    const bytes = seed.exported.bytes();
    const copy = bytes.slice();
    bytes.fill(0);
    seed.exported.end();
    expect(holding(ENTROPY, SEED, copy)).toBe(0);
  });

  test("of shares that were brought in as a wallet", async () => {
    const { me } = await opened();
    const split = await me.export(shares);
    if (split.kind !== "exported") throw new Error(split.kind);
    const { custody } = await f.openCustody({
      wallet: { from: "slip39", holds: "entropy", shares: split.exported.shares[0] ?? [] },
    });
    expect([(await custody.wallets()).length, holding(ENTROPY)]).toEqual([1, 0]);
  });
});
