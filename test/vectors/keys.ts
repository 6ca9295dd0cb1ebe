import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { scriptOf } from "../../src/chains/bitcoin/address.ts";
import { bitcoin } from "../../src/chains/bitcoin/index.ts";
import { extendedPublicKey, parsePath, publicKey, publicKeyBelow, withPrivateKey } from "../../src/keys/derive.ts";
import { entropyToMnemonic, mnemonicToEntropy } from "../../src/keys/mnemonic.ts";
import { entropyToSeed } from "../../src/keys/seed.ts";
import { english, LANGUAGES, loadWordlist } from "../../src/keys/wordlist.ts";
import { account, MAIN, TEST3 } from "../chains/bitcoin/wallet.ts";
import { readWif, readXprv, readXpub } from "../keys/xprv.ts";
import { sharedFile, sharedText } from "../shared.ts";
import type { Rows, VectorSet } from "./set.ts";

/** Words, lists, keys below a seed. */
export const KEYS: readonly VectorSet[] = [
  { file: "bip39/trezor-english.json", what: "24 phrases: entropy, words, seed, root key", minimum: 24, run: phrases },
  { file: "bip39/wordlist-english.txt", what: "the English list, word for word", minimum: 2048, run: (rows) => words(rows, "english") },
  { file: "bip39/wordlist-japanese.txt", what: "the Japanese list, word for word", minimum: 2048, run: (rows) => words(rows, "japanese") },
  { file: "bip39/wordlists-sha256.json", what: "the hashes of all ten lists", minimum: 10, run: listHashes },
  { file: "bip32/bip32-official.json", what: "nodes of BIP-32; extended keys that are none", minimum: 17, run: bip32 },
  { file: "bip32/slip-0010.json", what: "nodes of SLIP-10 on secp256k1", minimum: 12, run: slip10 },
  { file: "bip44/bip49-84-86.json", what: "accounts of BIP-49, BIP-84, BIP-86: keys, scripts, addresses", minimum: 27, run: accounts },
];

export async function seedOf(phrase: string, passphrase = ""): Promise<Uint8Array> {
  return entropyToSeed((await mnemonicToEntropy(phrase, { language: "english" })).entropy, english, passphrase);
}

const compressed = (key: Uint8Array) => toHex(secp256k1.Point.fromBytes(key).toBytes(true));
const hardened = (path: string) => parsePath(path.replaceAll("H", "'"));

async function phrases(rows: Rows): Promise<void> {
  const { english: published } = sharedFile<{ english: [string, string, string, string][] }>("vectors/bip39/trezor-english.json");
  for (const [entropyHex, phrase, seedHex, xprv] of published) {
    await rows.valid(phrase, async () => {
      const { entropy } = await mnemonicToEntropy(phrase, { language: "english" });
      const seed = await entropyToSeed(entropy, english, "TREZOR");
      const root = await withPrivateKey(seed, [], toHex);
      return (
        toHex(entropy) === entropyHex &&
        entropyToMnemonic(entropy, english) === phrase &&
        toHex(seed) === seedHex &&
        root === readXprv(xprv).privateKey
      );
    });
  }
}

async function words(rows: Rows, language: "english" | "japanese"): Promise<void> {
  const official = sharedText(`vectors/bip39/wordlist-${language}.txt`).normalize("NFKD").trimEnd().split("\n");
  const ours = (await loadWordlist(language)).words;
  for (const [at, word] of official.entries()) await rows.valid(word, () => ours[at] === word);
}

async function listHashes(rows: Rows): Promise<void> {
  const sums = sharedFile<Record<string, string>>("vectors/bip39/wordlists-sha256.json");
  for (const language of LANGUAGES) {
    const { words } = await loadWordlist(language);
    const sum = sums[language.startsWith("chinese") ? language.replace("-", "_") : language];
    // Some of the official files are written composed, some decomposed.
    const forms = (["NFKD", "NFC"] as const).map((form) =>
      toHex(sha256(utf8(`${words.map((word) => word.normalize(form)).join("\n")}\n`))),
    );
    await rows.valid(language, () => sum !== undefined && forms.includes(sum));
  }
}

async function bip32(rows: Rows): Promise<void> {
  interface File {
    valid: { seed: string; chains: { path: string; xpub: string; xprv: string }[] }[];
    invalid: { key: string; reason: string }[];
  }
  const { valid, invalid } = sharedFile<File>("vectors/bip32/bip32-official.json");
  for (const { seed, chains } of valid) {
    for (const { path, xpub, xprv } of chains) {
      const at = hardened(path);
      await rows.valid(`${seed} ${path}`, async () => {
        const key = await withPrivateKey(fromHex(seed), at, toHex);
        return (
          key === readXprv(xprv).privateKey &&
          extendedPublicKey(fromHex(seed), at) === xpub &&
          compressed(publicKey(fromHex(seed), at)) === readXpub(xpub).publicKey
        );
      });
      // Where a public key is asked for, a private one is refused like any other mistake.
      await rows.invalid(`the xprv of ${path}`, () => publicKeyBelow(xprv, []));
    }
  }
  for (const { key, reason } of invalid) await rows.invalid(reason, () => publicKeyBelow(key, []));
}

async function slip10(rows: Rows): Promise<void> {
  type Row = { curve: string; seed: string; chains: { path: string; chain_code: string; private: string; public: string }[] };
  for (const { curve, seed, chains } of sharedFile<Row[]>("vectors/bip32/slip-0010.json")) {
    if (curve !== "secp256k1") {
      rows.lack("other-curves", chains.length);
      continue;
    }
    for (const row of chains) {
      const at = hardened(row.path);
      await rows.valid(
        `${seed} ${row.path}`,
        async () =>
          (await withPrivateKey(fromHex(seed), at, toHex)) === row.private &&
          compressed(publicKey(fromHex(seed), at)) === row.public &&
          readXpub(extendedPublicKey(fromHex(seed), at)).chainCode === row.chain_code,
      );
    }
  }
}

interface AccountRow {
  path?: string;
  privkey?: string;
  pubkey?: string;
  xprv?: string;
  xpub?: string;
  account0recvPrivateKeyHex?: string;
  account0recvPublicKeyHex?: string;
  internal_key?: string;
  address?: string;
  scriptPubKey?: string;
}

async function accounts(rows: Rows): Promise<void> {
  const sets = sharedFile<{ bip49: AccountRow[]; bip84: AccountRow[]; bip86: AccountRow[] }>("vectors/bip44/bip49-84-86.json");
  const seed = await seedOf(`${"abandon ".repeat(11)}about`);
  for (const row of Object.values(sets).flat()) if (row.path !== undefined) await accountKeys(rows, seed, row.path, row);
  for (const [type, published] of [
    ["wpkh", sets.bip84],
    ["tr", sets.bip86],
  ] as const) {
    const keys = account({ seed, type });
    for (const { path = "", address, internal_key, pubkey, scriptPubKey } of published) {
      const below = /^m\/8[46]'\/0'\/0'\/([01])\/(\d)$/.exec(path)?.slice(1).map(Number);
      if (below === undefined || address === undefined) continue;
      await rows.valid(`${path} address`, () => {
        const x = toHex(keys.publicKey(below)).slice(2, 66);
        const script = toHex(scriptOf(MAIN, bitcoin.address(MAIN, keys, below)));
        const same = x === (internal_key ?? pubkey?.slice(2)) && script === (scriptPubKey ?? script);
        return same && bitcoin.address(MAIN, keys, below) === address;
      });
    }
  }
  const nested = sets.bip49.find(({ address }) => address)?.address?.replace(" (testnet)", "");
  await rows.valid("bip49 address", () => account({ seed, type: "sh-wpkh", chain: TEST3 }).address === nested);
}

async function accountKeys(rows: Rows, seed: Uint8Array, path: string, row: AccountRow): Promise<void> {
  const at = parsePath(path);
  const key = await withPrivateKey(seed, at, toHex);
  const pub = compressed(publicKey(seed, at));
  for (const [what, got, published] of [
    ["wif", key, row.privkey && readWif(row.privkey)],
    ["xprv", key, row.xprv && readXprv(row.xprv).privateKey],
    ["private key", key, row.account0recvPrivateKeyHex?.slice(2)],
    ["public key", pub, row.pubkey ?? row.account0recvPublicKeyHex?.slice(2)],
    ["xpub", pub, row.xpub && readXpub(row.xpub).publicKey],
    ["internal key", pub.slice(2), row.internal_key],
  ] as const)
    if (published !== undefined) await rows.valid(`${path} ${what}`, () => got === published);
}
