import { expect, test } from "vitest";
import { verifyLog } from "../src/audit/index.ts";
import { fromHex, toHex } from "../src/base/bytes.ts";
import { CustodyError } from "../src/base/errors.ts";
import { evm } from "../src/chains/evm/index.ts";
import { keyward } from "../src/index.ts";
import { parsePath, publicKey, withPrivateKey } from "../src/keys/derive.ts";
import { mnemonicToEntropy } from "../src/keys/mnemonic.ts";
import { secp256k1 } from "../src/keys/secp256k1.ts";
import { entropyToSeed } from "../src/keys/seed.ts";
import { english } from "../src/keys/wordlist.ts";
import { indexedDbStore } from "../src/stores/indexeddb/index.ts";
import { createVault, openVault } from "../src/vault/open.ts";
import { passphrase } from "../src/vault/passphrase.ts";

test("the sources load and run in a browser", () => {
  expect(globalThis.document).toBeDefined();
  expect(toHex(fromHex("0x00ff"))).toBe("00ff");
  expect(() => fromHex("0")).toThrow(CustodyError);
});

test("the browser has secure randomness and the subtle interface", async () => {
  expect(globalThis.isSecureContext).toBe(true);
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  expect(key.type).toBe("secret");
});

test("an IndexedDB transaction is strictly durable when asked", async () => {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open("smoke");
    opening.onupgradeneeded = () => opening.result.createObjectStore("records");
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const transaction = database.transaction("records", "readwrite", { durability: "strict" });
  expect(transaction.durability).toBe("strict");
  transaction.objectStore("records").put(new Uint8Array([1, 2, 3]), "bytes");
  await new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
  database.close();
});

test("a known phrase gives its known address, and a signature passes the second implementation", async () => {
  const { entropy } = await mnemonicToEntropy("test test test test test test test test test test test junk");
  const seed = await entropyToSeed(entropy, english);
  const path = parsePath("m/44'/60'/0'/0/0");
  const key = publicKey(seed, path);
  expect(evm.address("eip155:1", { publicKey: () => key }, [])).toBe("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
  const digest = new Uint8Array(32).fill(1);
  const signature = await withPrivateKey(seed, path, (privateKey) => secp256k1.sign({ privateKey, publicKey: key, digest }));
  expect(signature.bytes.length).toBe(64);
});

test("a vault in IndexedDB is opened again by its passphrase and by no other", async () => {
  const name = `smoke-${crypto.randomUUID()}`;
  const cost = { memoryKiB: 19 * 1024, passes: 2, lanes: 1 };
  const first = indexedDbStore(name);
  const vault = await createVault({ store: first, slots: [passphrase("correct horse battery staple", { cost })], state: {} });
  await vault.transact((tx) => tx.putSecret("wallet", new Uint8Array([1, 2, 3])));
  vault.lock();
  await first.close();

  const store = indexedDbStore(name);
  await expect(openVault({ store, slot: passphrase("correct horse battery stable", { cost }) })).rejects.toMatchObject({
    code: "vault/cannot-open",
  });
  const opened = await openVault({ store, slot: passphrase("correct horse battery staple", { cost }) });
  expect(await opened.withSecret("wallet", async (secret) => toHex(secret))).toBe("010203");
  opened.lock();
  await store.close();
});

test("the whole line runs in a browser: one payment signed, one denied, the log verified", async () => {
  const friend = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
  const policy = {
    keyward: "policy/1",
    name: "smoke",
    immutable: true,
    assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 } },
    book: { friend: { chain: "eip155:1", address: friend } },
    people: { owner: [{ kind: "unlock" }] },
    rules: [
      { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "friend" } },
      { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.01 ETH" } } },
    ],
  };
  const store = indexedDbStore(`smoke-${crypto.randomUUID()}`);
  const custody = keyward({ store, chains: [evm] });
  const cost = { memoryKiB: 19 * 1024, passes: 2, lanes: 1 };
  await custody.create({ slot: passphrase("correct horse battery staple", { cost }), policy });
  const me = await custody.session({ person: "owner" });
  const { address: account } = await me.accounts.derive({ chain: "eip155:1", name: "Main" });
  // EIP-1559, nonce 0, 1 wei to `friend`; then the same to somebody else.
  const payload = `0x02e80180843b9aca008504a817c80082520894${friend.slice(2).toLowerCase()}0180c0`;
  const stranger = payload.replace(friend.slice(2).toLowerCase(), "bad".padEnd(40, "0"));
  expect(await me.sign({ chain: "eip155:1", account, kind: "transaction", payload })).toMatchObject({ kind: "signed" });
  expect(await me.sign({ chain: "eip155:1", account, kind: "transaction", payload: stranger })).toMatchObject({ kind: "denied" });
  expect(await verifyLog(custody.exportLog(), { vkey: custody.logKey })).toMatchObject({ ok: true, counts: { signed: 1, denied: 1 } });
  custody.lock();
  await store.close();
});
