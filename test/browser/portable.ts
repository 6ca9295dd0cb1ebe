/**
 * Every test file runs in Node and in Chromium, except what stands here with what of Node it needs; a name that ends in `/` is a
 * folder. Below `test`.
 */
export const NEEDS_NODE: { readonly [path: string]: string } = {
  "architecture.test.ts": "reads the sources",
  "browser/": "starts a browser of its own",
  "cli/": "files and processes",
  "crash/": "files and processes",
  "egress.test.ts": "sets traps in the network of Node",
  "examples-browser.test.ts": "starts a browser of its own",
  "examples.test.ts": "processes",
  "exports.test.ts": "reads the build",
  "mutants.test.ts": "reads the sources",
  "package.test.ts": "files and processes",
  "security.test.ts": "reads the sources",
  "backup/lines.test.ts": "measures processor time",
  "backup/reference.test.ts": "reads with the buffers of Node",
  "chains/bitcoin/work.test.ts": "measures processor time",
  "custody/crash.test.ts": "kills and stops processes",
  "custody/disk.test.ts": "reads the files of LMDB",
  "custody/processes.test.ts": "several processes on one store",
  "custody/witnesses.test.ts": "reads the examples",
  "policy/analyze/worked.test.ts": "reads the examples and the guide",
  "slots/keychain.test.ts": "the keychain is for Node",
  "stores/lmdb.test.ts": "LMDB",
  "vault/processes.test.ts": "several processes on one store",
  "vault/work.test.ts": "measures processor time",
};

/** What could run in Chromium and does not, with the reason. */
export const LEFT_TO_NODE: { readonly [path: string]: string } = {
  "cli/compose.test.ts": "the command line is for Node",
  "custody/export-wiped.test.ts": "a module that is replaced, which here the next file would share",
  "fuzz/": "hours of random cases would prove the same twice",
  "fuzz.test.ts": "hours of random cases would prove the same twice",
  "policy/analyze/report-hostile.test.ts": "measures the time of the processor, which a page is not told",
  "policy/analyze/z3-loss.test.ts": "an oracle that is threads and 35 MB says the same there",
  "policy/analyze/z3.test.ts": "an oracle that is threads and 35 MB says the same there",
  "slots/broken-split.test.ts": "a package that is replaced, which here the next file would share",
  "realm/": "breaks the realm, which here the next file would share",
};

/** The glob patterns of both lists. */
export const NOT_IN_BROWSERS: readonly string[] = Object.keys({ ...NEEDS_NODE, ...LEFT_TO_NODE }).map((path) =>
  path.endsWith("/") ? `test/${path}**` : `test/${path}`,
);

/** The packages that tests in Chromium load, so that the test server has them ready before the first one. */
export const PACKAGES: readonly string[] = [
  "@bitcoinerlab/secp256k1",
  "@noble/ciphers/aes.js",
  "@noble/ciphers/chacha.js",
  "@noble/curves/ed25519.js",
  "@noble/curves/secp256k1.js",
  "@noble/hashes/argon2.js",
  "@noble/hashes/hkdf.js",
  "@noble/hashes/hmac.js",
  "@noble/hashes/pbkdf2.js",
  "@noble/hashes/scrypt.js",
  "@noble/hashes/sha2.js",
  "@noble/hashes/sha3.js",
  "@noble/secp256k1",
  "@scure/base",
  "@scure/bip32",
  "@scure/bip39",
  "@scure/bip39/wordlists/czech.js",
  "@scure/bip39/wordlists/english.js",
  "@scure/bip39/wordlists/french.js",
  "@scure/bip39/wordlists/italian.js",
  "@scure/bip39/wordlists/japanese.js",
  "@scure/bip39/wordlists/korean.js",
  "@scure/bip39/wordlists/portuguese.js",
  "@scure/bip39/wordlists/simplified-chinese.js",
  "@scure/bip39/wordlists/spanish.js",
  "@scure/bip39/wordlists/traditional-chinese.js",
  "@scure/btc-signer",
  "@scure/btc-signer/psbt.js",
  "@scure/btc-signer/script.js",
  "@scure/btc-signer/utils.js",
  "age-encryption",
  "bitcoinjs-lib",
  "ethers",
  "fast-check",
  "idb-keyval",
  "micro-eth-signer",
  "micro-eth-signer/core/rlp.js",
  "shamir-secret-sharing",
  "viem",
  "viem/accounts",
  "viem/chains",
  "viem/siwe",
  "viem/utils",
];
