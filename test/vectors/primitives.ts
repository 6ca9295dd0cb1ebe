import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { schnorr } from "@noble/curves/secp256k1.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { hash160 } from "@scure/btc-signer/utils.js";
import { fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { argon2id } from "../../src/vault/kdf.ts";
import { sharedFile } from "../shared.ts";
import type { Rows, VectorSet } from "./set.ts";

/** The building blocks that we compose, by the very functions that our code imports. */
export const PRIMITIVES: readonly VectorSet[] = [
  { file: "hash/ethers-hashes.json", what: "Keccak-256, SHA-256, SHA-512", minimum: 257, run: hashes },
  { file: "hash/ethers-hmac.json", what: "HMAC with SHA-256 and SHA-512", minimum: 128, run: macs },
  { file: "bitcoin/bitcoinjs/bitcoinjs-crypto.json", what: "HASH160 and tagged hashes", minimum: 5, run: bitcoinHashes },
  { file: "kdf/argon2-reference.json", what: "Argon2id, version 0x13", minimum: 6, run: argon2 },
  { file: "kdf/botan-pbkdf2.json", what: "PBKDF2 with HMAC-SHA-512", minimum: 1, run: passwords },
  { file: "wycheproof/hkdf_sha256.json", what: "HKDF with SHA-256", minimum: 83, run: expansions },
  { file: "wycheproof/hmac_sha256.json", what: "HMAC with SHA-256", minimum: 66, run: tags },
  { file: "wycheproof/chacha20_poly1305.json", what: "ChaCha20-Poly1305, below XChaCha20", minimum: 256, run: chacha },
  { file: "wycheproof/aes_gcm.json", what: "AES-256-GCM with nonces of 96 bits", minimum: 39, run: aes },
];

async function hashes(rows: Rows): Promise<void> {
  type Row = { name: string; data: string; sha256: string; sha512: string; keccak256: string };
  for (const row of sharedFile<Row[]>("vectors/hash/ethers-hashes.json")) {
    const data = fromHex(row.data);
    const made = [sha256, sha512, keccak_256].map((hash) => `0x${toHex(hash(data))}`);
    await rows.valid(row.name, () => made.join() === [row.sha256, row.sha512, row.keccak256].join());
  }
}

async function macs(rows: Rows): Promise<void> {
  type Row = { name: string; data: string; key: string; algorithm: "sha256" | "sha512"; hmac: string };
  for (const row of sharedFile<Row[]>("vectors/hash/ethers-hmac.json")) {
    const hash = { sha256, sha512 }[row.algorithm];
    await rows.valid(row.name, () => `0x${toHex(hmac(hash, fromHex(row.key), fromHex(row.data)))}` === row.hmac);
  }
}

async function bitcoinHashes(rows: Rows): Promise<void> {
  interface File {
    hashes: { hex: string; hash160: string; hash256: string }[];
    taggedHash: { tag: string; hex: string; result: string }[];
  }
  const { hashes, taggedHash } = sharedFile<File>("vectors/bitcoin/bitcoinjs/bitcoinjs-crypto.json");
  for (const row of hashes)
    await rows.valid(
      row.hex,
      () => toHex(hash160(fromHex(row.hex))) === row.hash160 && toHex(sha256(sha256(fromHex(row.hex)))) === row.hash256,
    );
  for (const row of taggedHash) await rows.valid(row.tag, () => toHex(schnorr.utils.taggedHash(row.tag, fromHex(row.hex))) === row.result);
}

/** Memory times passes: what takes a second in JavaScript. */
const MOST_ARGON2_KIB = 2 * 64 * 1024;

async function argon2(rows: Rows): Promise<void> {
  interface File {
    rfc9106: unknown[];
    hash: { version: number; t: number; m_log2KiB: number; p: number; password: string; salt: string; hash: string; type: string }[];
    verify: unknown[];
  }
  const file = sharedFile<File>("vectors/kdf/argon2-reference.json");
  for (const { version, t, m_log2KiB, p, password, salt, hash, type } of file.hash) {
    if (type !== "Argon2_id" || version !== 0x13) {
      rows.lack("only-argon2id");
      continue;
    }
    if (2 ** m_log2KiB * t > MOST_ARGON2_KIB) {
      rows.lack("argon2-dear");
      continue;
    }
    await rows.valid(`m 2^${m_log2KiB}, t ${t}, p ${p}, ${password}, ${salt}`, async () => {
      const cost = { memoryKiB: 2 ** m_log2KiB, passes: t, lanes: p };
      return toHex(await argon2id(utf8(password), utf8(salt), cost, {})) === hash;
    });
  }
  rows.lack("argon2-secret", file.rfc9106.length);
  rows.lack("argon2-text", file.verify.length);
}

async function passwords(rows: Rows): Promise<void> {
  type Row = { section: string; Salt: string; Iterations: string; Passphrase: string; Output: string };
  for (const row of sharedFile<Row[]>("vectors/kdf/botan-pbkdf2.json")) {
    if (!row.section.includes("SHA-512")) {
      rows.lack("pbkdf2-of-bip39");
      continue;
    }
    const expected = fromHex(row.Output);
    const options = { c: Number(row.Iterations), dkLen: expected.length };
    await rows.valid(
      `${row.Passphrase}, ${row.Iterations}`,
      () => toHex(pbkdf2(sha512, utf8(row.Passphrase), fromHex(row.Salt), options)) === toHex(expected),
    );
  }
}

async function expansions(rows: Rows): Promise<void> {
  type File = {
    testGroups: { tests: { tcId: number; ikm: string; salt: string; info: string; size: number; okm: string; result: string }[] }[];
  };
  for (const row of sharedFile<File>("vectors/wycheproof/hkdf_sha256.json").testGroups.flatMap(({ tests }) => tests)) {
    const expand = () => toHex(hkdf(sha256, fromHex(row.ikm), fromHex(row.salt), fromHex(row.info), row.size));
    if (row.result === "valid") await rows.valid(String(row.tcId), () => expand() === row.okm);
    else await rows.invalid(String(row.tcId), () => thrown(expand));
  }
}

async function tags(rows: Rows): Promise<void> {
  type File = { testGroups: { tagSize: number; tests: { tcId: number; key: string; msg: string; tag: string; result: string }[] }[] };
  for (const { tagSize, tests } of sharedFile<File>("vectors/wycheproof/hmac_sha256.json").testGroups) {
    for (const row of tests) {
      const same = () => toHex(hmac(sha256, fromHex(row.key), fromHex(row.msg))).slice(0, tagSize / 4) === row.tag;
      await rows[row.result === "valid" ? "valid" : "invalid"](String(row.tcId), same);
    }
  }
}

interface Sealed {
  readonly tcId: number;
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
  readonly result: string;
}
type Cipher = (
  key: Uint8Array,
  nonce: Uint8Array,
  ad: Uint8Array,
) => { encrypt(data: Uint8Array): Uint8Array; decrypt(data: Uint8Array): Uint8Array };

async function chacha(rows: Rows): Promise<void> {
  await sealed(rows, "chacha20_poly1305", (key, nonce, ad) => chacha20poly1305(key, nonce, ad));
}

async function aes(rows: Rows): Promise<void> {
  await sealed(rows, "aes_gcm", (key, nonce, ad) => gcm(key, nonce, ad));
}

/** What is sealed has the published bytes and opens again; what is invalid does not open. */
async function sealed(rows: Rows, name: string, cipher: Cipher): Promise<void> {
  type File = { testGroups: { keySize: number; ivSize: number; tests: Sealed[] }[] };
  for (const { keySize, ivSize, tests } of sharedFile<File>(`vectors/wycheproof/${name}.json`).testGroups) {
    for (const row of tests) {
      const [key, nonce, ad, ours] = [fromHex(row.key), fromHex(row.iv), fromHex(row.aad), `${row.ct}${row.tag}`];
      const open = () => toHex(cipher(key, nonce, ad).decrypt(fromHex(ours)));
      if (row.result !== "valid") await rows.invalid(String(row.tcId), () => thrown(open));
      else if (keySize !== 256 || ivSize !== 96) rows.lack("other-key-or-nonce-sizes");
      else await rows.valid(String(row.tcId), () => toHex(cipher(key, nonce, ad).encrypt(fromHex(row.msg))) === ours && open() === row.msg);
    }
  }
}

/** The library's own refusal is an error of its own kind; our code turns it into one of ours where it calls it. */
function thrown(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return undefined;
  }
}
