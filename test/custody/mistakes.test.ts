import { describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { keyward, passphrase, personalWallet } from "../../src/index.ts";
import { freshStore } from "../here/fresh-store.ts";
import { keyOf, rawSlot } from "../vault/setting.ts";

const slot = rawSlot(keyOf(1));
const policy = personalWallet({
  assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 } },
  payees: { alice: { chain: "eip155:1", address: "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045" } },
  daily: { ETH: "1" },
  fee: { ETH: "0.01" },
});
const custody = () => keyward({ store: freshStore(), chains: [evm] });

/** What JavaScript lets through where TypeScript would not. */
// biome-ignore lint/suspicious/noExplicitAny: mistakes have no type.
const wrong = (value: unknown): any => value;

describe("a slip that no type has caught is said in words", () => {
  const PHRASE = "test test test test test test test test test test test junk";

  test.each([
    ["the phrase itself", PHRASE, "request/malformed"],
    ["a phrase without from", { mnemonic: PHRASE }, "request/malformed"],
    ["a from of another name", { from: "words", mnemonic: PHRASE }, "request/malformed"],
    ["a phrase as a seed", { from: "seed", mnemonic: PHRASE }, "keys/bad-entropy"],
    ["a phrase with a passphrase that is no text", { from: "mnemonic", mnemonic: PHRASE, passphrase: 7 }, "keys/bad-mnemonic"],
    ["a phrase with half a character in its passphrase", { from: "mnemonic", mnemonic: PHRASE, passphrase: "\ud800" }, "keys/bad-mnemonic"],
    ["a seed that is too short", { from: "seed", seed: new Uint8Array(15) }, "keys/bad-entropy"],
    ["a phrase under another name", { from: "mnemonic", phrase: PHRASE }, "keys/bad-mnemonic"],
    ["a private key as text", { from: "privateKey", privateKey: "46".repeat(32) }, "keys/bad-key"],
    ["a private key under another name", { from: "privateKey", key: new Uint8Array(32).fill(0x46) }, "keys/bad-key"],
  ])("a wallet given as %s makes no fresh wallet", async (_what, wallet, code) => {
    const mine = custody();
    await expect(mine.create({ slot, policy, wallet: wrong(wallet) })).rejects.toMatchObject({ code });
    expect(await mine.status()).toBe("absent");
    await mine.create({ slot, policy, wallet: null });
    const me = await mine.session({ person: "owner" });
    await expect(me.submit({ act: "import", name: "Mine", wallet: wrong(wallet) })).rejects.toMatchObject({ code });
    expect(await me.wallets.list()).toEqual([]);
  });

  test("a passphrase that is neither text nor bytes", () => {
    for (const phrase of [undefined, null, 12345678, { text: "correct horse" }])
      expect(() => passphrase(wrong(phrase))).toThrow(expect.objectContaining({ code: "vault/weak-passphrase" }));
  });

  test.each([
    ["nothing", undefined],
    ["the passphrase itself", "correct horse battery staple"],
    ["half a slot", { kind: "passphrase" }],
  ])("%s in place of a slot, which is not repeated in the message", async (_what, given) => {
    const mine = custody();
    const told = expect.objectContaining({ code: "request/malformed", message: expect.not.stringContaining("horse") });
    await expect(mine.create({ slot: wrong(given), policy })).rejects.toEqual(told);
    await mine.create({ slot, policy });
    mine.lock();
    await expect(mine.unlock(wrong(given))).rejects.toEqual(told);
  });

  test("no policy, or a text that is none, with the place in that very text", async () => {
    await expect(custody().create({ slot, policy: undefined })).rejects.toMatchObject({ code: "request/malformed", message: /^policy: / });
    const text = JSON.stringify(policy, null, 2).replace('"fee"', '"fees"');
    const line = text.split("\n").findIndex((at) => at.includes('"fees"')) + 1;
    await expect(custody().create({ slot, policy: text })).rejects.toMatchObject({ code: "policy/invalid", position: { line } });
    await expect(custody().create({ slot, policy: "policy.json" })).rejects.toMatchObject({
      code: "policy/invalid",
      position: { line: 1 },
    });
  });

  test("a policy as text is the same policy as its data", async () => {
    const [one, other] = [custody(), custody()];
    await one.create({ slot, policy });
    await other.create({ slot, policy: JSON.stringify(policy, null, 2) });
    expect(await other.policy()).toEqual(await one.policy());
  });

  test("a session of nobody", async () => {
    const mine = custody();
    await mine.create({ slot, policy });
    for (const person of [undefined, null, 7])
      await expect(mine.session({ person: wrong(person) })).rejects.toMatchObject({ code: "session/no-such-person" });
  });

  test("a chain that is no text", async () => {
    const mine = custody();
    await mine.create({ slot, policy });
    const me = await mine.session({ person: "owner" });
    for (const chain of [1, undefined, null])
      await expect(me.accounts.derive({ chain: wrong(chain), name: "Main" })).rejects.toMatchObject({ code: "chain/unknown" });
  });
});
