import { sha256 } from "@noble/hashes/sha2.js";
import { bech32, bech32m, createBase58check } from "@scure/base";
import { CustodyError } from "../../base/errors.ts";
import type { Address, ChainId } from "../../intent/effect.ts";

interface Network {
  /** Human-readable part of segwit addresses (BIP-173). */
  readonly prefix: string;
  readonly pubkeyHash: number;
  readonly scriptHash: number;
}

const TEST: Network = { prefix: "tb", pubkeyHash: 0x6f, scriptHash: 0xc4 };

/** By CAIP-2 id: `bip122:` and the first 32 hex digits of the genesis block's hash. */
const NETWORKS: { readonly [chain: ChainId]: Network } = {
  "bip122:000000000019d6689c085ae165831e93": { prefix: "bc", pubkeyHash: 0x00, scriptHash: 0x05 },
  // testnet3, testnet4, signet
  "bip122:000000000933ea01ad0ee984209779ba": TEST,
  "bip122:00000000da84f2bafbbc53dee25a72ae": TEST,
  "bip122:00000008819873e925422c1ff0f99f7c": TEST,
  "bip122:0f9188f13cb7b2c71f2a335e3a4fc328": { ...TEST, prefix: "bcrt" },
};

/**
 * The checked form of a Bitcoin address: base58check as it is, segwit in lowercase. P2PKH, P2SH, P2WPKH, P2WSH and P2TR are
 * read; segwit programs of other versions or lengths are refused, because nobody can say yet what they will mean.
 *
 * @throws `chain/unknown` for a chain that is none of Bitcoin's; `chain/malformed`
 * @see BIP-13, BIP-173, BIP-350
 */
export function parseAddress(chain: ChainId, text: string): Address {
  const network = NETWORKS[chain];
  if (network === undefined) throw new CustodyError("chain/unknown", "chain: expected bip122 with the genesis hash of a Bitcoin network");
  const address = readSegwit(text, network) ?? readBase58(text, network);
  if (address === undefined)
    throw new CustodyError("chain/malformed", `address: expected one of ${network.prefix === "bc" ? "Bitcoin" : "a Bitcoin test network"}`);
  return address;
}

function readSegwit(text: string, network: Network): Address | undefined {
  const lower = text.toLowerCase();
  if (text.length > 90 || (text !== lower && text !== text.toUpperCase()) || !lower.startsWith(`${network.prefix}1`)) return undefined;
  // Version 0 is written in Bech32, every later one in Bech32m; the other way round is a mistake (BIP-350).
  for (const [coding, versions] of [
    [bech32, [0]],
    [bech32m, [1]],
  ] as const) {
    const decoded = coding.decodeUnsafe(lower as `${string}1${string}`);
    const [version, ...words] = decoded?.words ?? [];
    if (decoded?.prefix !== network.prefix || version === undefined || !versions.some((known) => known === version)) continue;
    const program = coding.fromWordsUnsafe(words);
    const lengths = version === 0 ? [20, 32] : [32];
    if (program !== undefined && program !== null && lengths.includes(program.length)) return lower;
  }
  return undefined;
}

const base58check = /* @__PURE__ */ createBase58check(sha256);

function readBase58(text: string, network: Network): Address | undefined {
  if (text.length > 40 || !/^[1-9A-HJ-NP-Za-km-z]+$/.test(text)) return undefined;
  try {
    const bytes = base58check.decode(text);
    return bytes.length === 21 && (bytes[0] === network.pubkeyHash || bytes[0] === network.scriptHash) ? text : undefined;
  } catch {
    // A wrong checksum: no address, which the caller says.
    return undefined;
  }
}
