import { describe, expect, test } from "vitest";
import { bitcoin } from "../../src/chains/bitcoin/index.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { type Custody, keyward } from "../../src/custody/keyward.ts";
import type { Session } from "../../src/custody/session.ts";
import { freshStore } from "../here/fresh-store.ts";
import { checkedLog, codeOf, payments, slot } from "./fixture.ts";

/** The mnemonic of the examples in BIP-84 and BIP-86. */
const MNEMONIC = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
const BITCOIN = "bip122:000000000019d6689c085ae165831e93";

async function opened(): Promise<{ custody: Custody; me: Session; store: ReturnType<typeof freshStore> }> {
  const store = freshStore();
  const custody = keyward({ store, chains: [evm, bitcoin], autoLockMs: Number.POSITIVE_INFINITY });
  await custody.create({ slot, policy: payments(), wallet: { from: "mnemonic", mnemonic: MNEMONIC } });
  return { custody, me: await custody.session({ person: "owner" }), store };
}

describe("an account of Bitcoin", () => {
  // Known answers of BIP-44, BIP-49, BIP-84 and BIP-86 tools for this mnemonic, written here by hand.
  test.each([
    ["pkh", "m/44'/0'/0'", "1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA"],
    ["sh-wpkh", "m/49'/0'/0'", "37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf"],
    ["wpkh", "m/84'/0'/0'", "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"],
    ["tr", "m/86'/0'/0'", "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr"],
  ])("of type %s lies at %s and is named by its first receive address", async (type, path, address) => {
    const { me } = await opened();
    const account = await me.accounts.derive({ chain: BITCOIN, name: "Coins", type });
    expect(account).toMatchObject({ path, address, fresh: { receive: { address, index: 0 } } });
    expect(account.descriptor).toContain("[73c5da0a/");
  });

  test("is wpkh where nobody says otherwise, and the next one is the next account of the wallet", async () => {
    const { me } = await opened();
    const first = await me.accounts.derive({ chain: BITCOIN, name: "Coins" });
    const second = await me.accounts.derive({ chain: BITCOIN, name: "More" });
    expect([first.path, second.path]).toEqual(["m/84'/0'/0'", "m/84'/0'/1'"]);
    expect(await codeOf(me.accounts.derive({ chain: BITCOIN, name: "Again", index: 1 }))).toBe("vault/already-there");
  });

  test("gives out each receive and each change address once, and says so in the log", async () => {
    const { custody, me } = await opened();
    const { id } = await me.accounts.derive({ chain: BITCOIN, name: "Coins" });
    const given = [await me.accounts.receive(id), await me.accounts.receive("Coins"), await me.accounts.change(id)];
    expect(given.map(({ index }) => index)).toEqual([0, 1, 0]);
    expect(new Set(given.map(({ address }) => address)).size).toBe(3);
    const [account] = (await custody.accounts()).filter(({ name }) => name === "Coins");
    expect(account?.fresh).toMatchObject({ receive: { index: 2 }, change: { index: 1 } });
    const issued = (await checkedLog(custody)).filter(({ account }) => (account as { event?: string } | undefined)?.event === "issued");
    expect(issued.map(({ account }) => account)).toMatchObject([
      { branch: "receive", index: 0 },
      { branch: "receive", index: 1 },
      { branch: "change", index: 0 },
    ]);
  });

  test("gives out no address to a session that has ended", async () => {
    const { custody, me } = await opened();
    await me.accounts.derive({ chain: BITCOIN, name: "Coins" });
    await me.end();
    expect(await codeOf(me.accounts.receive("Coins"))).toBe("session/ended");
    expect((await custody.accounts())[0]?.fresh?.receive.index).toBe(0);
  });

  test("is found by its address, whatever somebody has called another account", async () => {
    const { custody, me } = await opened();
    const coins = await me.accounts.derive({ chain: BITCOIN, name: "Coins" });
    await me.accounts.derive({ chain: "eip155:1", name: coins.address });
    const psbt = { chain: BITCOIN, account: coins.address, kind: "psbt", payload: "cHNidP8BAAoCAAAAAAAAAAAAAAAA" };
    expect(await codeOf(custody.decode(psbt))).toBe("chain/malformed");
    expect(await custody.watched(coins.address)).toMatchObject({ descriptor: coins.descriptor });
  });

  test("at once from thirty callers gives out thirty addresses", async () => {
    const { me } = await opened();
    await me.accounts.derive({ chain: BITCOIN, name: "Coins" });
    const given = await Promise.all(Array.from({ length: 30 }, () => me.accounts.receive("Coins")));
    expect(new Set(given.map(({ address }) => address)).size).toBe(30);
  });

  test("shows its next addresses to whoever may only look", async () => {
    const { custody, me } = await opened();
    await me.accounts.derive({ chain: BITCOIN, name: "Coins" });
    const { address } = await me.accounts.receive("Coins");
    custody.lock();
    await custody.unlock(slot, { access: "view" });
    const [account] = await custody.accounts();
    expect(account?.fresh?.receive.index).toBe(1);
    expect(account?.fresh?.receive.address).not.toBe(address);
  });

  test("is not made of a single private key, nor is an EVM account asked for more addresses", async () => {
    const store = freshStore();
    const custody = keyward({ store, chains: [evm, bitcoin] });
    await custody.create({ slot, policy: payments(), wallet: { from: "privateKey", privateKey: new Uint8Array(32).fill(0x46) } });
    const me = await custody.session({ person: "owner" });
    expect(await codeOf(me.accounts.derive({ chain: BITCOIN, name: "Coins" }))).toMatch(
      /^(request\/(unsupported|malformed)|keys\/bad-path)$/,
    );
    await me.accounts.derive({ chain: "eip155:1", name: "Main" });
    expect(await codeOf(me.accounts.receive("Main"))).toBe("request/unsupported");
    expect(await codeOf(me.accounts.derive({ chain: "eip155:1", name: "Other", type: "wpkh" }))).toBe("request/malformed");
    custody.lock();
  });

  test("of a wallet that came as a seed has the addresses of that seed", async () => {
    const store = freshStore();
    const custody = keyward({ store, chains: [evm, bitcoin] });
    await custody.create({ slot, policy: payments(), wallet: { from: "seed", seed: new Uint8Array(64).fill(9) } });
    const me = await custody.session({ person: "owner" });
    const account = await me.accounts.derive({ chain: BITCOIN, name: "Coins" });
    expect(account.descriptor).toContain(
      "[4a1c8d2c/84h/0h/0h]xpub6CRHBm2Q94Mf1fYTcvViS2PmVKR6C6cFak1chtXrSVmtgYydQbnWubWi1YR4H2w4Cws8eWAFPQNW7G6WfiiXcQMmrc2YoD8YBkkRKhuDj9Y/",
    );
    custody.lock();
  });
});
