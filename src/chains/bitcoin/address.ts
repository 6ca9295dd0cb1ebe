import { sha256 } from "@noble/hashes/sha2.js";
import { bech32, bech32m, createBase58check } from "@scure/base";
import { concat } from "../../base/bytes.ts";
import { CustodyError } from "../../base/errors.ts";
import type { Address, ChainId } from "../../intent/effect.ts";
import { type Network, networkOf } from "./network.ts";
import { isPoint } from "./point.ts";
import { FORM_NAMES, FORMS, type Form, type Payee, readScript, writeScript } from "./script.ts";

/**
 * The checked form of a Bitcoin address: base58check as it is, segwit in lowercase. P2PKH, P2SH, P2WPKH, P2WSH and P2TR are
 * read; segwit programs of other versions or lengths are refused, because nobody can say yet what they will mean, and so is
 * taproot without a point behind it: nobody can ever spend what is paid there.
 *
 * @throws `chain/unknown` for a chain that is none of Bitcoin's; `chain/malformed`
 * @see BIP-13, BIP-173, BIP-350
 */
export function parseAddress(chain: ChainId, text: string): Address {
  const network = networkOf(chain);
  return writeAddress(readAddress(text, network), network);
}

/** The output script that an address stands for. @throws `chain/unknown`, `chain/malformed` */
export function scriptOf(chain: ChainId, address: Address): Uint8Array {
  return writeScript(readAddress(address, networkOf(chain)));
}

/** The address of an output script, in its checked form; nothing for a script that has none. @throws `chain/unknown` */
export function addressOfScript(chain: ChainId, script: Uint8Array): Address | undefined {
  const network = networkOf(chain);
  const payee = readScript(script);
  return payee !== undefined && isSpendable(payee) ? writeAddress(payee, network) : undefined;
}

function readAddress(text: string, network: Network): Payee {
  const payee = readSegwit(text, network) ?? readBase58(text, network);
  if (payee === undefined || !isSpendable(payee))
    throw new CustodyError("chain/malformed", `address: expected one of ${network.coin === 0 ? "Bitcoin" : "a Bitcoin test network"}`);
  return payee;
}

function isSpendable({ form, program }: Payee): boolean {
  return form !== "tr" || isPoint(program);
}

// Version 0 is written in Bech32, every later one in Bech32m; the other way round is a mistake (BIP-350).
const codings = { 0: bech32, 1: bech32m } as const;

function readSegwit(text: string, network: Network): Payee | undefined {
  const lower = text.toLowerCase();
  if (text.length > 90 || (text !== lower && text !== text.toUpperCase()) || !lower.startsWith(`${network.bech32}1`)) return undefined;
  for (const expected of [0, 1] as const) {
    const decoded = codings[expected].decodeUnsafe(lower as `${string}1${string}`);
    const [version, ...words] = decoded?.words ?? [];
    if (decoded?.prefix !== network.bech32 || version !== expected) continue;
    const program = codings[expected].fromWordsUnsafe(words);
    if (!program) continue;
    const form = FORM_NAMES.find((name) => FORMS[name].version === version && FORMS[name].bytes === program.length);
    if (form !== undefined) return { form, program };
  }
  return undefined;
}

const base58check = /* @__PURE__ */ createBase58check(sha256);

function readBase58(text: string, network: Network): Payee | undefined {
  if (text.length > 40 || !/^[1-9A-HJ-NP-Za-km-z]+$/.test(text)) return undefined;
  try {
    const bytes = base58check.decode(text);
    const form = (
      [
        ["pkh", network.pubKeyHash],
        ["sh", network.scriptHash],
      ] as const
    ).find(([, version]) => version === bytes[0])?.[0];
    return bytes.length === 21 && form !== undefined ? { form, program: bytes.slice(1) } : undefined;
  } catch {
    // A wrong checksum: no address, which the caller says.
    return undefined;
  }
}

function writeAddress({ form, program }: Payee, network: Network): Address {
  const { version } = FORMS[form];
  if (version === undefined) return base58check.encode(concat(Uint8Array.of(versionByte(form, network)), program));
  const coding = codings[version];
  return coding.encode(network.bech32, [version, ...coding.toWords(program)]);
}

function versionByte(form: Form, network: Network): number {
  return form === "pkh" ? network.pubKeyHash : network.scriptHash;
}
