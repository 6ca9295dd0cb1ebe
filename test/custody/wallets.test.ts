import { HDKey } from "@scure/bip32";
import { entropyToMnemonic, mnemonicToEntropy, mnemonicToSeedSync } from "@scure/bip39";
import { addr } from "micro-eth-signer";
import { describe, expect, test } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { type Account, CustodyError, keyCredential, type Session, type WalletSource } from "../../src/index.ts";
import { english, LANGUAGES, loadWordlist } from "../../src/keys/wordlist.ts";
import { openVault } from "../../src/vault/open.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const imports = { id: "import", allow: ["import"], when: { requester: "owner" } };
const approved = { id: "import-two", require: ["import"], approvals: g.twoOfFinance };
const ABANDON = `${"abandon ".repeat(11)}about`;
const JUNK = `${"test ".repeat(11)}junk`;
const WINNER = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const KEY = new Uint8Array(32).fill(0x51);

async function setting(rules: readonly object[] = [imports], wallet: WalletSource = { from: "privateKey", privateKey: f.KEY }) {
  const clock = g.timed();
  return { ...(await f.openCustody({ policy: g.team([g.edit, ...rules]), store: clock.store, as: g.owner, wallet })), clock };
}

async function bring(me: Session, name: string, wallet: WalletSource): Promise<string> {
  const outcome = await me.submit({ act: "import", name, wallet });
  if (outcome.kind !== "done") throw new Error(`expected it to be done, got ${JSON.stringify(outcome)}`);
  return outcome.result.wallet as string;
}

const derive = (me: Session, name: string, more: object = {}): Promise<Account> => me.accounts.derive({ chain: f.CHAIN, name, ...more });

describe("accounts", () => {
  test("of known phrases have the addresses that every BIP-44 wallet gives", async () => {
    const { me } = await setting();
    const abandon = await bring(me, "Abandon", { from: "mnemonic", mnemonic: ABANDON });
    const junk = await bring(me, "Junk", { from: "mnemonic", mnemonic: JUNK });
    expect(await derive(me, "a0", { wallet: abandon })).toMatchObject({
      path: "m/44'/60'/0'/0/0",
      address: "0x9858EfFD232B4033E47d90003D41EC34EcaEda94",
    });
    expect((await derive(me, "a1", { wallet: "Abandon" })).address).toBe("0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0");
    expect((await derive(me, "j0", { wallet: junk })).address).toBe("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    expect((await derive(me, "j2", { wallet: junk, index: 2 })).address).toBe("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");
    expect((await derive(me, "j1", { wallet: junk })).address).toBe("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
  });

  test("of phrases in every language, with a passphrase, are those of another implementation", async () => {
    const { me } = await setting();
    const entropy = new Uint8Array(16).map((_, at) => 17 * at + 3);
    for (const language of LANGUAGES) {
      const { words } = await loadWordlist(language);
      const mnemonic = entropyToMnemonic(entropy, [...words]);
      const passphrase = "geheim ガバヴァ";
      const seed = mnemonicToSeedSync(mnemonic, passphrase);
      const { publicKey } = HDKey.fromMasterSeed(seed).derive("m/44'/60'/0'/0/0");
      const wallet = await bring(me, language, { from: "mnemonic", mnemonic, passphrase, language });
      const account = await derive(me, `of ${language}`, { wallet });
      expect([language, account.address]).toEqual([language, addr.fromPublicKey(publicKey as Uint8Array)]);
    }
    expect(await me.wallets.list()).toHaveLength(1 + LANGUAGES.length);
  });

  test("sign with their own key, each", async () => {
    const { me, custody } = await setting();
    await bring(me, "Junk", { from: "mnemonic", mnemonic: JUNK });
    const second = await derive(me, "Second", { wallet: "Junk" });
    const by = (account: string) => me.sign({ ...g.payment(0, { value: 1n }), account });
    const [main, other] = [await by("Main"), await by("Second")];
    expect([main.kind, other.kind]).toEqual(["signed", "signed"]);
    expect((other as { hash: string }).hash).not.toBe((main as { hash: string }).hash);
    expect(await by(second.address)).toEqual(other);
    await f.checkedLog(custody);
  });

  test("have names that are not taken and do not read like an address or an id", async () => {
    const { me, account } = await setting();
    await bring(me, "Junk", { from: "mnemonic", mnemonic: JUNK });
    const bad = ["", " x", "0x".padEnd(42, "a"), f.FRIEND, f.FRIEND.slice(2), account.id, "e\u0301", "a/b", "a\nb", "x".repeat(64), 5];
    for (const name of bad) {
      expect([name, await f.codeOf(derive(me, name as string, { wallet: "Junk" }))]).toEqual([name, "request/malformed"]);
    }
    expect(await f.codeOf(derive(me, "Main", { wallet: "Junk" }))).toBe("vault/already-there");
    expect((await derive(me, "Ersparnisse für Zoë", { wallet: "Junk" })).name).toBe("Ersparnisse für Zoë");
  });

  test("are one for each address, whatever wallet it comes from", async () => {
    const { me } = await setting();
    await bring(me, "Junk", { from: "mnemonic", mnemonic: JUNK });
    await derive(me, "First", { wallet: "Junk" });
    expect(await f.codeOf(derive(me, "Again", { wallet: "Junk", index: 0 }))).toBe("vault/already-there");
    expect(await f.codeOf(derive(me, "Again", { wallet: "Junk", path: "m/44'/60'/0'/0/0" }))).toBe("vault/already-there");
    const { privateKey } = HDKey.fromMasterSeed(mnemonicToSeedSync(JUNK)).derive("m/44'/60'/0'/0/0");
    await bring(me, "Key", { from: "privateKey", privateKey: privateKey as Uint8Array });
    expect(await f.codeOf(derive(me, "Again", { wallet: "Key" }))).toBe("vault/already-there");
    expect(await f.codeOf(derive(me, "Again", { wallet: "Nowhere" }))).toBe("vault/no-such-account");
    expect(await f.codeOf(derive(me, "Again", { wallet: "Junk", path: "m/x" }))).toBe("keys/bad-path");
  });

  test("never have the key of a person of the policy", async () => {
    const { me, custody } = await setting();
    const key = new Uint8Array(32).fill(7);
    key.set(new TextEncoder().encode("ana"), 4);
    expect(keyCredential(key).publicKey).toBe(f.ana.publicKey);
    await bring(me, "Ana", { from: "privateKey", privateKey: key });
    expect(await f.codeOf(derive(me, "Ana", { wallet: "Ana" }))).toBe("vault/key-of-person");
    expect(await me.accounts.list()).toHaveLength(1);
    await f.checkedLog(custody);
  });
});

describe("a wallet", () => {
  test("comes in only where a rule allows what it is", async () => {
    const { me } = await setting([]);
    expect(g.reasonOf(await me.submit({ act: "import", name: "New", wallet: { from: "generate" } }))).toBe("policy/not-allowed");
    const { me: other } = await setting([{ ...imports, when: { requester: "owner", what: "generate" } }]);
    await bring(other, "New", { from: "generate", words: 12 });
    const known = await other.submit({ act: "import", name: "Known", wallet: { from: "mnemonic", mnemonic: JUNK } });
    expect(g.reasonOf(known)).toBe("policy/not-allowed");
    const key = await other.submit({ act: "import", name: "Key", wallet: { from: "privateKey", privateKey: KEY } });
    expect(g.reasonOf(key)).toBe("policy/not-allowed");
    expect(await other.wallets.list()).toHaveLength(2);
  });

  test("comes in once: the same phrase, key or name again is refused, with another passphrase it is another wallet", async () => {
    const { me, custody } = await setting();
    await bring(me, "Junk", { from: "mnemonic", mnemonic: JUNK });
    await bring(me, "Key", { from: "privateKey", privateKey: KEY });
    const again = (name: string, wallet: WalletSource) => f.codeOf(me.submit({ act: "import", name, wallet }));
    expect(await again("Other", { from: "mnemonic", mnemonic: JUNK, language: "english" })).toBe("vault/already-there");
    expect(await again("Other", { from: "mnemonic", mnemonic: JUNK, passphrase: "" })).toBe("vault/already-there");
    expect(await again("Other", { from: "privateKey", privateKey: KEY })).toBe("vault/already-there");
    expect(await again("Junk", { from: "generate" })).toBe("vault/already-there");
    expect(await again("Main", { from: "generate" })).toBe("vault/already-there");
    await bring(me, "Hidden", { from: "mnemonic", mnemonic: JUNK, passphrase: "x" });
    for (const name of ["", "0".repeat(16), f.FRIEND, "a\nb"]) expect(await again(name, { from: "generate" })).toBe("request/malformed");
    expect(await me.wallets.list()).toHaveLength(4);
    await f.checkedLog(custody);
  });

  test("that is wrong is refused with a code and leaves nothing", async () => {
    const { me } = await setting();
    const bad: readonly (readonly [WalletSource, string])[] = [
      [{ from: "mnemonic", mnemonic: ABANDON.replace("about", "abandon") }, "keys/bad-mnemonic"],
      [{ from: "mnemonic", mnemonic: "abandon about" }, "keys/bad-mnemonic"],
      [{ from: "mnemonic", mnemonic: ABANDON, language: "french" }, "keys/bad-mnemonic"],
      [{ from: "privateKey", privateKey: new Uint8Array(32) }, "keys/bad-key"],
      [{ from: "privateKey", privateKey: new Uint8Array(32).fill(255) }, "keys/bad-key"],
      [{ from: "privateKey", privateKey: new Uint8Array(31).fill(1) }, "keys/bad-key"],
    ];
    for (const [wallet, code] of bad) expect(await f.codeOf(me.submit({ act: "import", name: "Bad", wallet }))).toBe(code);
    expect(await me.wallets.list()).toHaveLength(1);
  });

  test("that is generated is another one each time, of as many words as asked", async () => {
    const { me } = await setting();
    const ids = [];
    for (const words of [12, 24] as const) ids.push(await bring(me, `w${words}`, { from: "generate", words }));
    expect(new Set(ids).size).toBe(2);
    const accounts = [await derive(me, "a", { wallet: "w12" }), await derive(me, "b", { wallet: "w24" })];
    expect(accounts[0]?.address).not.toBe(accounts[1]?.address);
  });

  test("outlasts a restart: the same accounts, and it signs", async () => {
    const { me, custody, store } = await setting([imports], { from: "mnemonic", mnemonic: JUNK, passphrase: "x" });
    const before = await me.accounts.list();
    custody.lock();
    const again = await f.reopen(store);
    expect(await again.me.accounts.list()).toEqual(before);
    expect((await again.me.sign({ ...g.payment(0, { value: 1n }), account: "Main" })).kind).toBe("signed");
  });
});

describe("an import that waits", () => {
  async function waiting(wallet: WalletSource) {
    const opened = await setting([imports, approved]);
    const id = g.asked(await opened.me.submit({ act: "import", name: "Late", wallet }));
    for (const person of [f.ana, f.ben]) await g.vote(opened.custody, id, person);
    return { ...opened, id };
  }

  test("needs its secret again, and takes no other", async () => {
    const { me, id, custody } = await waiting({ from: "mnemonic", mnemonic: JUNK });
    expect(await f.codeOf(me.resume(id))).toBe("request/malformed");
    expect(await f.codeOf(me.resume(id, { wallet: { from: "mnemonic", mnemonic: ABANDON } }))).toBe("request/malformed");
    expect(await f.codeOf(me.resume(id, { wallet: { from: "mnemonic", mnemonic: JUNK, passphrase: "x" } }))).toBe("request/malformed");
    expect(await f.codeOf(me.resume(id, { wallet: { from: "privateKey", privateKey: KEY } }))).toBe("request/malformed");
    expect(await me.wallets.list()).toHaveLength(1);
    expect((await me.resume(id, { wallet: { from: "mnemonic", mnemonic: JUNK } })).kind).toBe("done");
    expect((await derive(me, "j0", { wallet: "Late" })).address).toBe("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    expect(await f.codeOf(me.resume(id, { wallet: { from: "mnemonic", mnemonic: JUNK } }))).toBe("pending/no-such-request");
    await f.checkedLog(custody);
  });

  test("as generated takes nothing that somebody knows already", async () => {
    const { me, id } = await waiting({ from: "generate" });
    expect(await f.codeOf(me.resume(id, { wallet: { from: "mnemonic", mnemonic: JUNK } }))).toBe("request/malformed");
    expect(await f.codeOf(me.resume(id, { wallet: { from: "privateKey", privateKey: KEY } }))).toBe("request/malformed");
    expect((await me.resume(id, { wallet: { from: "generate" } })).kind).toBe("done");
    expect(await me.wallets.list()).toHaveLength(2);
  });
});

test("no secret of a wallet is in a record, in the log, in an outcome or in an error", async () => {
  const passphrase = "correct horse";
  const shown: unknown[] = [];
  const { me, custody, store, account } = await setting([imports, approved], { from: "mnemonic", mnemonic: JUNK, passphrase });
  shown.push(account);
  const id = g.asked(await me.submit({ act: "import", name: "Second", wallet: { from: "mnemonic", mnemonic: WINNER, passphrase } }));
  for (const person of [f.ana, f.ben]) await g.vote(custody, id, person);
  const sources: readonly WalletSource[] = [
    { from: "mnemonic", mnemonic: `${JUNK} junk`, passphrase },
    { from: "mnemonic", mnemonic: JUNK.replace("junk", "test"), passphrase },
    { from: "privateKey", privateKey: KEY.slice(1) },
  ];
  for (const wallet of sources) {
    const failed = await me.submit({ act: "import", name: "Bad", wallet }).then(
      () => expect.unreachable("it came in"),
      (cause: unknown) => cause,
    );
    expect(failed).toBeInstanceOf(CustodyError);
    shown.push(failed, (failed as Error).message, (failed as Error).stack?.split("\n    at ")[0]);
  }
  shown.push(await me.resume(id, { wallet: { from: "mnemonic", mnemonic: WINNER, passphrase } }));
  shown.push(await derive(me, "a0", { wallet: "Second" }));
  const keyed = g.asked(await me.submit({ act: "import", name: "Key", wallet: { from: "privateKey", privateKey: KEY } }));
  for (const person of [f.ana, f.ben]) await g.vote(custody, keyed, person);
  shown.push(await me.pending(), await me.resume(keyed, { wallet: { from: "privateKey", privateKey: KEY } }));
  shown.push(await me.sign({ ...g.payment(0, { value: 1n }), account: "a0" }));
  for await (const line of custody.exportLog()) shown.push(line);
  shown.push(await f.checkedLog(custody), await me.wallets.list(), await me.accounts.list());
  custody.lock();
  const vault = await openVault({ store, slot: f.slot });
  shown.push(await vault.read((view) => [view.state, ...view.list("")]));
  vault.lock();

  const bytes = (value: unknown) => (value instanceof Uint8Array ? toHex(value) : typeof value === "bigint" ? String(value) : value);
  const text = shown
    .map((value) => JSON.stringify(value, (_, inner: unknown) => bytes(inner)) ?? "")
    .join("\n")
    .toLowerCase();
  const node = HDKey.fromMasterSeed(mnemonicToSeedSync(JUNK, passphrase));
  const secrets = [
    ...["legal winner", "test test", "junk", "sausage", passphrase],
    ...[mnemonicToSeedSync(JUNK, passphrase), mnemonicToSeedSync(WINNER, passphrase), KEY].map(toHex),
    toHex(node.privateKey as Uint8Array),
    toHex(node.derive("m/44'/60'/0'/0/0").privateKey as Uint8Array),
    ...[JUNK, WINNER].map((phrase) => toHex(mnemonicToEntropy(phrase, english.words as string[]))),
  ];
  for (const secret of secrets) {
    const found = text.indexOf(secret);
    expect([secret.slice(0, 6), found < 0 ? "" : text.slice(Math.max(0, found - 60), found + 20)]).toEqual([secret.slice(0, 6), ""]);
  }
  expect(text).toContain(account.address.toLowerCase());
});
