import { hash160 } from "@scure/btc-signer/utils.js";
import { address as bitcoinjs, script as bitcoinjsScript } from "bitcoinjs-lib";
import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { addressOfScript, scriptOf } from "../../src/chains/bitcoin/address.ts";
import { bitcoin } from "../../src/chains/bitcoin/index.ts";
import { isPoint } from "../../src/chains/bitcoin/point.ts";
import { TEMPLATES } from "../../src/chains/bitcoin/template.ts";
import { aboutScript, dataOf } from "../../src/chains/bitcoin/unaddressed.ts";
import { checkPrivateKey } from "../../src/keys/derive.ts";
import { secp256k1 } from "../../src/keys/secp256k1.ts";
import { MAIN, REGTEST, TEST3 } from "../chains/bitcoin/wallet.ts";
import { sharedFile } from "../shared.ts";
import type { Rows, VectorSet } from "./set.ts";

/** Addresses and output scripts. */
export const BITCOIN_ADDRESSES: readonly VectorSet[] = [
  { file: "bitcoin/address/bip173-bip350.json", what: "segwit addresses of both BIPs", minimum: 8, run: segwit },
  { file: "bitcoin/address/core-rpc_bip67.json", what: "addresses of several keys", minimum: 4, run: multisig },
  { file: "bitcoin/core/core-key_io_valid-2021.json", what: "Core: addresses; private keys are none", minimum: 32, run: coreValid },
  {
    file: "bitcoin/core/core-key_io_invalid-2021.json",
    what: "Core: texts that are no addresses",
    minimum: 0,
    run: (rows) => coreInvalid(rows, "core/core-key_io_invalid-2021"),
  },
  { file: "bitcoin/core/core-base58_encode_decode.json", what: "base58 without a checksum: no addresses", minimum: 0, run: base58 },
  {
    file: "bitcoin/bitcoinjs/bitcoinjs-core-base58_keys_valid.json",
    what: "older Core: addresses and their hashes",
    minimum: 26,
    run: olderCore,
  },
  {
    file: "bitcoin/bitcoinjs/bitcoinjs-core-base58_keys_invalid.json",
    what: "older Core: texts that are no addresses",
    minimum: 0,
    run: (rows) => coreInvalid(rows, "bitcoinjs/bitcoinjs-core-base58_keys_invalid"),
  },
  { file: "bitcoin/bitcoinjs/bitcoinjs-address.json", what: "bitcoinjs: addresses and scripts", minimum: 12, run: addresses },
  { file: "bitcoin/bitcoinjs/bitcoinjs-ecpair.json", what: "bitcoinjs: keys and their addresses", minimum: 5, run: keyPairs },
  ...(["p2pkh", "p2sh", "p2wpkh", "p2wsh"] as const).map((form) => ({
    file: `bitcoin/bitcoinjs/bitcoinjs-${form}.json`,
    what: `bitcoinjs: ${form.toUpperCase()}`,
    minimum: { p2pkh: 6, p2sh: 11, p2wpkh: 6, p2wsh: 11 }[form],
    run: (rows: Rows) => payments(rows, form),
  })),
  {
    file: "bitcoin/bitcoinjs/bitcoinjs-p2pk.json",
    what: "bitcoinjs: bare keys have no address",
    minimum: 5,
    run: (rows) => bare(rows, "p2pk"),
  },
  {
    file: "bitcoin/bitcoinjs/bitcoinjs-p2ms.json",
    what: "bitcoinjs: several bare keys have no address",
    minimum: 7,
    run: (rows) => bare(rows, "p2ms"),
  },
  { file: "bitcoin/bitcoinjs/bitcoinjs-embed.json", what: "bitcoinjs: data is shown, and has no address", minimum: 2, run: embedded },
];

const ALL = [MAIN, TEST3, REGTEST];
const AT: { readonly [network: string]: string | undefined } = { bitcoin: MAIN, main: MAIN, testnet: TEST3, test: TEST3, regtest: REGTEST };
const file = <T>(path: string): T => sharedFile<T>(`vectors/bitcoin/${path}.json`);
const asm = (text: string): string => toHex(bitcoinjsScript.fromASM(text));

/** The five forms that have an address. */
const FORMS = /^(76a914.{40}88ac|a914.{40}87|0014.{40}|0020.{64}|5120.{64})$/;

/** Address to script and back, as published. */
async function addressed(rows: Rows, { chain, address, script }: { chain: string; address: string; script: string }): Promise<void> {
  const whole = address.toLowerCase() === address || address.toUpperCase() === address ? address.toLowerCase() : address;
  if (!FORMS.test(script)) {
    await rows.declines("later-witness-versions", address, () => addressOfScript(chain, fromHex(script)) ?? scriptOf(chain, address));
    return;
  }
  await rows.valid(address, () => {
    const same = toHex(scriptOf(chain, address)) === script && addressOfScript(chain, fromHex(script)) === whole;
    return same && bitcoin.parseAddress(chain, address) === whole;
  });
}

/** On no chain an address. */
async function nowhere(rows: Rows, text: string): Promise<void> {
  await rows.invalid(text, () => readAnywhere(text));
}

function readAnywhere(text: string): string | undefined {
  for (const chain of ALL) {
    try {
      return bitcoin.parseAddress(chain, text);
    } catch (error) {
      if (!(error instanceof CustodyError)) throw error;
    }
  }
  return undefined;
}

const chainOfSegwit = (address: string) => (address.toLowerCase().startsWith("bc") ? MAIN : TEST3);

async function segwit(rows: Rows): Promise<void> {
  type Segwit = { valid_segwit: { address: string; script: string }[]; invalid_segwit: { address: string }[] };
  const { bip173, bip350 } = file<{ bip173: Segwit; bip350: Segwit }>("address/bip173-bip350");
  for (const row of bip350.valid_segwit) await addressed(rows, { ...row, chain: chainOfSegwit(row.address) });
  for (const { address } of [...bip350.invalid_segwit, ...bip173.invalid_segwit]) await nowhere(rows, address);
  for (const row of bip173.valid_segwit) {
    if (row.script.startsWith("00")) await addressed(rows, { ...row, chain: chainOfSegwit(row.address) });
    // What the older BIP wrote in Bech32 for versions above 0 is invalid since the newer one.
    else await nowhere(rows, row.address);
  }
}

async function multisig(rows: Rows): Promise<void> {
  for (const { script, address } of file<{ script: string; address: string }[]>("address/core-rpc_bip67")) {
    await addressed(rows, { chain: TEST3, address, script: `a914${toHex(hash160(fromHex(script)))}87` });
    // The script itself has no address: nothing of ours pays to it or signs for it.
    await rows.invalid(script, () => addressOfScript(TEST3, fromHex(script)));
  }
}

async function coreValid(rows: Rows): Promise<void> {
  type Row = [text: string, script: string, about: { isPrivkey: boolean; chain: string }];
  for (const [text, script, { isPrivkey, chain }] of file<Row[]>("core/core-key_io_valid-2021"))
    if (isPrivkey) await nowhere(rows, text);
    else await addressed(rows, { chain: AT[chain] ?? chain, address: text, script });
}

async function coreInvalid(rows: Rows, set: string): Promise<void> {
  for (const [text] of file<[string][]>(set)) await nowhere(rows, text);
}

async function base58(rows: Rows): Promise<void> {
  for (const [, text] of file<[string, string][]>("core/core-base58_encode_decode")) await nowhere(rows, text);
}

async function olderCore(rows: Rows): Promise<void> {
  type Row = [text: string, hash: string, about: { addrType?: "pubkey" | "script"; isPrivkey: boolean; isTestnet: boolean }];
  for (const [address, hash, at] of file<Row[]>("bitcoinjs/bitcoinjs-core-base58_keys_valid")) {
    const script = at.addrType === "script" ? `a914${hash}87` : `76a914${hash}88ac`;
    if (at.isPrivkey) await nowhere(rows, address);
    else await addressed(rows, { chain: at.isTestnet ? TEST3 : MAIN, address, script });
  }
}

async function addresses(rows: Rows): Promise<void> {
  type Standard = { network: string; base58check?: string; bech32?: string; script: string };
  type Invalid = { [set: string]: { address?: string; script?: string; outputScript?: string }[] };
  const { standard, invalid } = file<{ standard: Standard[]; invalid: Invalid }>("bitcoinjs/bitcoinjs-address");
  for (const { network, base58check, bech32, script } of standard) {
    const [chain, address] = [AT[network], base58check ?? bech32 ?? ""];
    if (chain === undefined) await rows.declines("other-networks", address, () => readAnywhere(address));
    else await addressed(rows, { chain, address, script: asm(script) });
  }
  for (const { address, script } of Object.values(invalid).flat()) {
    if (address !== undefined) await nowhere(rows, address);
    else if (script !== undefined) await rows.invalid(script, () => addressOfScript(MAIN, fromHex(asm(script))));
  }
}

async function keyPairs(rows: Rows): Promise<void> {
  interface File {
    valid: { d: string; Q: string; compressed: boolean; network: string; address: string; WIF: string }[];
    invalid: {
      fromPrivateKey: { d: string; options?: unknown }[];
      fromPublicKey: { Q: string; options?: { network?: unknown } }[];
      fromWIF: { WIF: string }[];
    };
  }
  const { valid, invalid } = file<File>("bitcoinjs/bitcoinjs-ecpair");
  for (const { d, Q, compressed, network, address } of valid) {
    if (!compressed) {
      rows.lack("uncompressed-keys");
      continue;
    }
    await rows.valid(address, () => {
      const point = secp256k1.publicKey(fromHex(d));
      const key = concat(Uint8Array.of(2 + ((point.at(-1) ?? 0) % 2)), point.slice(1, 33));
      return toHex(key) === Q && addressOfScript(AT[network] ?? network, TEMPLATES.pkh.script(key)) === address;
    });
  }
  for (const { d, options } of invalid.fromPrivateKey)
    if (options !== undefined) rows.lack("arguments-of-a-library");
    else
      await rows.invalid(d, () => {
        checkPrivateKey(fromHex(d));
        return "taken";
      });
  for (const { Q, options } of invalid.fromPublicKey)
    if (options?.network !== undefined) rows.lack("arguments-of-a-library");
    else await rows.invalid(`key ${Q}`, () => isPoint(fromHex(Q)));
  for (const { WIF: text } of invalid.fromWIF) await nowhere(rows, text);
}

interface Payment {
  readonly arguments: { address?: string; output?: string; network?: string; redeem?: { network?: string } };
  readonly expected: { address?: string; output?: string };
}

async function payments(rows: Rows, form: "p2pkh" | "p2sh" | "p2wpkh" | "p2wsh"): Promise<void> {
  const shape = { p2pkh: /^76a914.{40}88ac$/, p2sh: /^a914.{40}87$/, p2wpkh: /^0014.{40}$/, p2wsh: /^0020.{64}$/ }[form];
  const { valid, invalid } = file<{ valid: Payment[]; invalid: Payment[] }>(`bitcoinjs/bitcoinjs-${form}`);
  for (const { arguments: given } of invalid) {
    // The other rows contradict themselves, or have signatures: arguments for a builder that we do not have.
    if (Object.keys(given).length !== 1 || (given.address === undefined && given.output === undefined)) {
      rows.lack("arguments-of-a-library");
      continue;
    }
    await rows.invalid(JSON.stringify(given), () => {
      const script = given.address === undefined ? fromHex(asm(given.output ?? "")) : scriptOf(MAIN, given.address);
      return shape.test(toHex(script)) && addressOfScript(MAIN, script) !== undefined;
    });
  }
  for (const { arguments: given, expected } of valid) {
    const script = asm(given.output ?? expected.output ?? "");
    const chain = AT[given.network ?? given.redeem?.network ?? "bitcoin"] ?? "";
    // Where a row has no address of its own, bitcoinjs says it.
    const address = given.address ?? expected.address ?? bitcoinjs.fromOutputScript(fromHex(script));
    await addressed(rows, { chain, address, script });
  }
}

async function bare(rows: Rows, form: "p2pk" | "p2ms"): Promise<void> {
  const about = { p2pk: "a public key without an address", p2ms: "several public keys without an address" }[form];
  const { valid, invalid } = file<{ valid: Payment[]; invalid: Payment[] }>(`bitcoinjs/bitcoinjs-${form}`);
  for (const [at, { arguments: given, expected }] of valid.entries()) {
    const script = fromHex(asm(given.output ?? expected.output ?? ""));
    await rows.valid(`${form} ${at}`, () => addressOfScript(MAIN, script) === undefined && aboutScript(script) === about);
  }
  for (const { arguments: given } of invalid)
    if (Object.keys(given).length === 1 && given.output !== undefined)
      await rows.invalid(given.output, () => addressOfScript(MAIN, fromHex(asm(given.output ?? ""))));
    else rows.lack("arguments-of-a-library");
}

async function embedded(rows: Rows): Promise<void> {
  type Row = { arguments: { output?: string; data?: string[] }; expected: { data: string[]; output: string } };
  const { valid, invalid } = file<{ valid: Row[]; invalid: Row[] }>("bitcoinjs/bitcoinjs-embed");
  for (const { expected } of valid)
    await rows.valid(expected.output, () => {
      const script = fromHex(asm(expected.output));
      const shown = dataOf(script).includes(expected.data.join(""));
      return shown && addressOfScript(MAIN, script) === undefined && aboutScript(script).includes("data");
    });
  for (const { arguments: given } of invalid)
    if (Object.keys(given).length === 1 && given.output !== undefined)
      await rows.invalid(given.output, () => addressOfScript(MAIN, fromHex(asm(given.output ?? ""))));
    else rows.lack("arguments-of-a-library");
}
