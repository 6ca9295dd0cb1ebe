import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { offences } from "./architecture/check.ts";

const src = fileURLToPath(new URL("../src/", import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts"));

test("every file of src keeps to its layer, to its packages and away from the edges", () => {
  expect(files.length).toBeGreaterThan(10);
  expect(files.flatMap((path) => offences(path, readFileSync(src + path, "utf8")))).toEqual([]);
});

test("no file of the EVM chain speaks of keys, clocks, randomness or the network", () => {
  const chain = files.filter((path) => path.startsWith("chains/evm/"));
  expect(chain.length).toBeGreaterThan(8);
  for (const path of chain) {
    expect(readFileSync(src + path, "utf8"), path).not.toMatch(/Date\b|[rR]andom|fetch|privateKey|signBy|setTimeout/);
  }
});

/** Each plants one offence in one file; without this, a checker that sees nothing would pass. */
const PLANTED: readonly (readonly [path: string, text: string, says: RegExp])[] = [
  ["base/a.ts", `import { sha256 } from "@noble/hashes/sha2.js";`, /package @noble\/hashes/],
  ["backup/a.ts", `import { x } from "../vault/open.ts";`, /vault\/open\.ts/],
  ["base/a.ts", `import type { Intent } from "../intent/intent.ts";`, /intent\/intent\.ts, which base\//],
  ["intent/a.ts", `export type { Policy } from "../policy/core.ts";`, /policy\/core\.ts/],
  ["policy/a.ts", `import { x } from "../limits/holds.ts";`, /limits\/holds\.ts/],
  ["policy/analyze/a.ts", `const x = await import("../../audit/tree.ts");`, /audit\/tree\.ts/],
  ["chains/evm/a.ts", `type X = import("../../keys/derive.ts").X;`, /keys\/derive\.ts/],
  ["chains/evm/a.ts", `import { x } from "../bitcoin/psbt.ts";`, /chains\/bitcoin\/psbt\.ts/],
  ["chains/bitcoin/a.ts", `import { x } from "micro-eth-signer";`, /package micro-eth-signer/],
  ["audit/a.ts", `import { x } from "@noble/secp256k1";`, /package @noble\/secp256k1/],
  ["keys/a.ts", `import type { Intent } from "../intent/intent.ts";`, /which keys\//],
  ["stores/memory/a.ts", `import { x } from "../lmdb/lmdb.ts";`, /stores\/lmdb\/lmdb\.ts/],
  ["stores/memory/a.ts", `import { readFileSync } from "node:fs";`, /package node:fs/],
  ["stores/lmdb/a.ts", `import { connect } from "node:net";`, /node:net, which reaches the network/],
  ["vault/a.ts", `import { x } from "../policy/core.ts";`, /policy\/core\.ts/],
  ["custody/a.ts", `import { x } from "../cli/main.ts";`, /cli\/main\.ts/],
  ["custody/a.ts", `import { lmdbStore } from "../stores/lmdb/lmdb.ts";`, /stores\/lmdb/],
  ["surprise/a.ts", `export const x = 1;`, /lies in no layer/],
  ["policy/a.ts", `import { x } from "../base/index.ts";`, /import the file that has the thing/],
  ["policy/a.ts", `import { x } from "../base/bytes.js";`, /without its \.ts extension/],
  ["policy/a.ts", `import { x } from "../../test/shared.ts";`, /outside src/],
  ["policy/a.ts", `const x = () => import(name);`, /computed/],
  ["policy/a.ts", `const x = require("lmdb");`, /package lmdb/],
  ["policy/a.ts", `const path = "../shared/vectors";`, /\.\.\/shared/],
  ["policy/index.ts", `export * from "./core.ts";`, /only re-exports, by name/],
  ["policy/index.ts", `export const x = 1;`, /only re-exports, by name/],
  ["policy/a.ts", `import "./core.ts";`, /importing a file does nothing/],
  ["policy/a.ts", `register();`, /importing a file does nothing/],
  ["policy/a.ts", `let state = 0;`, /importing a file does nothing/],
  ["policy/a.ts", `const f = () => Date.now();`, /Date\.now: clock/],
  ["policy/a.ts", `const f = () => Date["now"]();`, /Date\.now: clock/],
  ["policy/a.ts", `const f = () => new Date();`, /new Date\(\): clock/],
  ["vault/a.ts", `const f = () => performance.now();`, /performance\.now: clock/],
  ["vault/a.ts", `const f = () => Math.random();`, /Math\.random: randomness/],
  ["keys/derive.ts", `const f = () => crypto.getRandomValues(new Uint8Array(1));`, /getRandomValues: randomness/],
  ["vault/a.ts", `const f = () => globalThis.crypto?.randomUUID();`, /randomUUID: randomness/],
  ["vault/a.ts", `const f = () => fetch("/");`, /fetch: network/],
  ["vault/a.ts", `const f = () => globalThis.fetch("/");`, /fetch: network/],
  ["cli/a.ts", `const f = () => new WebSocket("ws://x");`, /WebSocket: network/],
  ["cli/a.ts", `const f = (send = fetch) => send;`, /fetch: network/],
  ["custody/a.ts", `const f = () => new XMLHttpRequest();`, /XMLHttpRequest: network/],
  ["custody/a.ts", `const f = (name) => new BroadcastChannel(name);`, /BroadcastChannel: peers/],
  ["vault/a.ts", `const f = (key) => globalThis.postMessage(key);`, /postMessage: peers/],
  ["vault/a.ts", `const f = () => globalThis.process?.getBuiltinModule?.("fs");`, /getBuiltinModule: modules/],
  ["recovery/a.ts", `import slip39 from "slip39";`, /package slip39/],
  ["vault/a.ts", `const f = (key) => console.log(key);`, /console: console/],
  ["vault/a.ts", `const f = () => eval("1");`, /uses eval/],
  ["audit/a.ts", `import { ed25519 } from "@noble/curves/ed25519.js";\nconst f = (m, k) => ed25519.sign(m, k);`, /only keys sign/],
  [
    "chains/evm/a.ts",
    `import { Transaction } from "micro-eth-signer";\nconst f = (k) => Transaction.fromHex("").signBy(k);`,
    /only keys sign/,
  ],
];

const INNOCENT: readonly (readonly [path: string, text: string])[] = [
  [
    "chains/evm/a.ts",
    `import type { Chain } from "../chain.ts";\nimport { Transaction } from "micro-eth-signer";\nimport { x } from "./b.ts";`,
  ],
  ["policy/analyze/a.ts", `import type { Policy } from "../core.ts";`],
  ["policy/a.ts", `export const f = (at: number) => new Date(at).toISOString(); // not Date.now()`],
  ["policy/a.ts", `export const f = (row: { fetch: number; console: string }) => row.fetch + row.console.length;`],
  ["vault/a.ts", `export function f(fetch: () => void) { fetch(); }`],
  ["stores/lmdb/a.ts", `import { open } from "lmdb";\nexport const now = () => Date.now();`],
  ["audit/a.ts", `import { ed25519 } from "@noble/curves/ed25519.js";\nexport const f = (s, m, k) => ed25519.verify(s, m, k);`],
  ["keys/random.ts", `export const f = (b: Uint8Array) => crypto.getRandomValues(b);`],
  ["policy/index.ts", `export { type Policy, evaluate } from "./core.ts";\nexport type { Rule } from "./core.ts";`],
];

describe("the checker itself", () => {
  test.each(PLANTED)("finds what is planted in %s: %s", (path, text, says) => {
    expect(offences(path, text).join("\n")).toMatch(says);
  });

  test.each(INNOCENT)("lets the innocent %s pass: %s", (path, text) => {
    expect(offences(path, text)).toEqual([]);
  });
});
