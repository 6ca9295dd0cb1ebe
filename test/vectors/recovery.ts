import { toHex } from "../../src/base/bytes.ts";
import { type ChildSeed, wifInPlainText, withChildSeed, xprvInPlainText } from "../../src/keys/bip85.ts";
import { extendedPublicKey, parsePath, withPrivateKey } from "../../src/keys/derive.ts";
import { entropyToMnemonic } from "../../src/keys/mnemonic.ts";
import { english } from "../../src/keys/wordlist.ts";
import { combineSlip39 } from "../../src/recovery/slip39.ts";
import { slip39Worker } from "../here/slip39-worker.ts";
import { readXprv, readXpub } from "../keys/xprv.ts";
import { sharedFile } from "../shared.ts";
import { seedOf } from "./keys.ts";
import type { Rows, VectorSet } from "./set.ts";

/** Ways back to a seed, and from it to others. */
export const RECOVERY: readonly VectorSet[] = [
  { file: "slip39/slip39-128bit.json", what: "SLIP-39: shares of 128 bits and what comes of them", minimum: 16, run: shares },
  { file: "bip44/bip85.json", what: "BIP-85: seeds below a seed", minimum: 23, run: children },
];

/** Name, shares, secret or nothing where they must be refused, root key of the secret. */
export type ShareRow = readonly [name: string, shares: readonly string[], secretHex: string, xprv: string];

async function shares(rows: Rows): Promise<void> {
  await runShares(rows, sharedFile<ShareRow[]>("vectors/slip39/slip39-128bit.json"));
}

/** All published shares have the same passphrase. */
export async function runShares(rows: Rows, published: readonly ShareRow[]): Promise<void> {
  for (const [name, mnemonics, secretHex, xprv] of published) {
    const combine = () => combineSlip39(mnemonics, { passphrase: "TREZOR", ...slip39Worker });
    if (secretHex === "") {
      await rows.invalid(name, combine);
      continue;
    }
    let secret = new Uint8Array(16);
    await rows.valid(name, async () => {
      secret = Uint8Array.from(await combine());
      return toHex(secret) === secretHex;
    });
    await rows.valid(`${name}: root key`, async () => (await withPrivateKey(secret, [], toHex)) === readXprv(xprv).privateKey);
  }
}

interface ChildRow {
  readonly section: string;
  readonly input: { readonly "MASTER BIP32 ROOT KEY": string; readonly PATH?: string };
  readonly output: { readonly [what: string]: string };
}

/** The phrase behind the root key that all rows have. */
const PHRASE = "install scatter logic circle pencil average fall shoe quantum disease suspect usage";

async function children(rows: Rows): Promise<void> {
  const seed = await seedOf(PHRASE);
  for (const { section, input, output } of sharedFile<ChildRow[]>("vectors/bip44/bip85.json")) {
    const root = input["MASTER BIP32 ROOT KEY"];
    const { PATH: path = root } = input;
    if (root.startsWith("xprv")) {
      await rows.valid(`${section}: the root`, async () => {
        const key = await withPrivateKey(seed, [], toHex);
        return key === readXprv(root).privateKey && readXpub(extendedPublicKey(seed, [])).chainCode === readXprv(root).chainCode;
      });
    }
    const derived = output["DERIVED KEY"];
    if (derived !== undefined) {
      await rows.valid(`${section}: the key at its path`, async () => (await withPrivateKey(seed, parsePath(path), toHex)) === derived);
    }
    const child = childAt(path);
    if (child === undefined) rows.lack("other-children");
    else await rows.valid(section, async () => sameAs(await withChildSeed(seed, child, (bytes) => told(child, bytes)), output));
  }
}

/** Everything that a row says of its child, under the row's own names. */
function told(child: ChildSeed, bytes: Uint8Array): { readonly [what: string]: string } {
  switch (child.application) {
    case "bip39":
      return { "DERIVED ENTROPY": toHex(bytes), "DERIVED BIP39 MNEMONIC": entropyToMnemonic(bytes, english) };
    case "wif":
      return { "DERIVED ENTROPY": toHex(bytes), "DERIVED WIF": wifInPlainText(bytes) };
    case "xprv":
      return { "DERIVED ENTROPY": toHex(bytes.subarray(32)), "DERIVED XPRV": xprvInPlainText(bytes) };
    case "hex":
      return { "DERIVED ENTROPY": toHex(bytes) };
  }
}

function sameAs(got: { readonly [what: string]: string }, published: { readonly [what: string]: string }): boolean {
  return Object.entries(published).every(([what, value]) => got[what] === value);
}

/** The child at a path of a row, of those that we make. */
function childAt(path: string): ChildSeed | undefined {
  const [application, ...rest] = path
    .split("/")
    .slice(2)
    .map((step) => Number.parseInt(step, 10));
  const [first = 0, second = 0, third = 0] = rest;
  if (application === 39 && first === 0) return { application: "bip39", language: "english", words: second as 12, index: third };
  if (application === 2) return { application: "wif", index: first };
  if (application === 32) return { application: "xprv", index: first };
  if (application === 128_169) return { application: "hex", bytes: first, index: second };
  return undefined;
}
