/** What one folder of `src` may import: other folders, packages, and modules of Node (`node:` is all of them). */
export interface Layer {
  /** Files whose path starts so, longest match first: `stores/lmdb/` before `stores/`. */
  readonly at: string;
  readonly folders: readonly string[];
  readonly packages: readonly string[];
}

const BELOW = ["base/", "intent/"];
const PURE = [...BELOW, "policy/", "limits/", "approvals/", "audit/", "chains/"];
const READS = ["@noble/hashes", "@noble/curves", "@scure/base"];

/** The table of the house. A folder may always import itself; what is not in a row is forbidden. */
export const LAYERS: readonly Layer[] = [
  // 0
  { at: "base/", folders: [], packages: [] },
  // 1
  { at: "intent/", folders: ["base/"], packages: ["@noble/hashes"] },
  // 2, pure. Siblings never meet: they are brought together in custody.
  { at: "policy/", folders: BELOW, packages: ["@noble/hashes"] },
  { at: "limits/", folders: BELOW, packages: ["@noble/hashes"] },
  { at: "approvals/", folders: BELOW, packages: READS },
  { at: "audit/", folders: BELOW, packages: READS },
  { at: "chains/", folders: BELOW, packages: READS },
  { at: "chains/evm/", folders: [...BELOW, "chains/chain.ts"], packages: [...READS, "micro-eth-signer"] },
  { at: "chains/bitcoin/", folders: [...BELOW, "chains/chain.ts"], packages: [...READS, "@scure/btc-signer"] },
  // 2, secret
  {
    at: "keys/",
    folders: ["base/"],
    packages: ["@scure/base", "@scure/bip32", "@scure/bip39", "@noble/secp256k1", "@noble/curves", "@noble/hashes"],
  },
  // 3, effects. A store knows the interface and its one library.
  { at: "stores/", folders: ["base/"], packages: [] },
  { at: "stores/memory/", folders: ["base/", "stores/store.ts", "stores/commit.ts"], packages: [] },
  { at: "stores/lmdb/", folders: ["base/", "stores/store.ts", "stores/commit.ts"], packages: ["lmdb", "node:"] },
  { at: "stores/indexeddb/", folders: ["base/", "stores/store.ts", "stores/commit.ts"], packages: ["idb-keyval"] },
  { at: "vault/", folders: [...BELOW, "keys/", "stores/store.ts"], packages: ["@noble/hashes", "@noble/ciphers"] },
  // A way into the vault yields 32 secret bytes; it knows nothing of the vault's keys. One package of its own each.
  {
    at: "slots/",
    folders: ["base/", "keys/x25519.ts", "vault/", "stores/indexeddb/connection.ts"],
    packages: ["@noble/hashes", "@scure/base", "shamir-secret-sharing", "idb-keyval"],
  },
  { at: "slots/keychain/", folders: ["base/", "vault/", "slots/all-of.ts"], packages: ["@napi-rs/keyring"] },
  // Shares in words: the library lies in a worker's realm of its own and is loaded by its one file.
  { at: "recovery/", folders: ["base/", "keys/"], packages: ["@noble/hashes"] },
  { at: "recovery/slip39-worker.ts", folders: ["base/", "recovery/"], packages: ["slip39"] },
  {
    at: "backup/",
    folders: ["base/", "keys/", "vault/kdf.ts", "vault/slot.ts"],
    packages: ["@noble/hashes", "@noble/ciphers", "@scure/base", "age-encryption"],
  },
  // 4
  {
    at: "custody",
    folders: ["custody", ...PURE, "keys/", "recovery/", "vault/", "backup/", "stores/store.ts"],
    packages: ["@noble/hashes"],
  },
  { at: "cli/", folders: ["custody", ...PURE, "keys/", "recovery/", "vault/", "backup/", "slots/", "stores/"], packages: ["node:"] },
  { at: "index.ts", folders: ["custody", ...PURE, "keys/", "vault/", "backup/", "stores/store.ts"], packages: [] },
];

/** What reaches outside the pure core, and the only places that may use it. */
export const EDGES = {
  clock: ["stores/", "cli/"],
  randomness: ["keys/random.ts"],
  console: ["cli/"],
  network: [],
  peers: ["stores/indexeddb/", "recovery/realm.ts", "recovery/slip39-worker.ts"],
  modules: ["recovery/realm.ts", "recovery/slip39-worker.ts"],
} as const satisfies { readonly [edge: string]: readonly string[] };

export type Edge = keyof typeof EDGES;

/** Names that reach the edge, as they are written: a global, or a member of one. */
export const REACHES: { readonly [edge in Edge]: readonly string[] } = {
  clock: ["Date.now", "new Date()", "Date()", "performance.now", "performance.timeOrigin", "process.hrtime"],
  randomness: ["Math.random", "crypto.getRandomValues", "crypto.randomUUID", "crypto.subtle.generateKey"],
  console: ["console"],
  network: [
    "fetch",
    "XMLHttpRequest",
    "WebSocket",
    "EventSource",
    "WebTransport",
    "RTCPeerConnection",
    "navigator.sendBeacon",
    "importScripts",
  ],
  modules: ["process.getBuiltinModule", "process.binding"],
  peers: ["BroadcastChannel", "MessageChannel", "MessagePort", "Worker", "SharedWorker", "postMessage", "navigator.serviceWorker"],
};

/** Modules of Node that speak to others or start them, forbidden even where `node:` is allowed. */
export const NETWORK_MODULES = [
  "http",
  "https",
  "http2",
  "net",
  "tls",
  "dgram",
  "dns",
  "dns/promises",
  "inspector",
  "child_process",
  "cluster",
];

/** Where a key is used: elsewhere the curve library only verifies. */
export const SIGNS = ["sign", "signBy", "signAsync", "signSchnorr", "signSchnorrAsync", "keygen", "randomSecretKey", "getSharedSecret"];
export const MAY_SIGN = ["keys/"];
