import * as ecc from "@bitcoinerlab/secp256k1";
import { HDKey } from "@scure/bip32";
import { address as bitcoinAddress, initEccLib, networks } from "bitcoinjs-lib";
import { getAddress as ethersAddress, FunctionFragment } from "ethers";
import { getAddress, isAddress, toFunctionSelector } from "viem";
import { toHex } from "../../../src/base/bytes.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { addressOfScript, scriptOf } from "../../../src/chains/bitcoin/address.ts";
import { bitcoin } from "../../../src/chains/bitcoin/index.ts";
import { CHAIN_IDS } from "../../../src/chains/bitcoin/network.ts";
import { evm, parseFunction } from "../../../src/chains/evm/index.ts";
import { randomScript } from "../../chains/bitcoin/made.ts";
import type { Fate, Target } from "../engine.ts";
import { mutatedText } from "../mutate.ts";
import type { Random } from "../random.ts";
import { attempt, same } from "./same.ts";
import { address as evmAddress } from "./typed-schema.ts";

initEccLib(ecc);

/** Addresses of both families. */
export const addresses: Target = {
  name: "names/address",
  weight: 8,
  run: (random) => (random.oneIn(3) ? evmName(random) : bitcoinName(random)),
};

function evmName(random: Random): Fate {
  const whole = evmAddress(random);
  const isWhole = random.oneIn(4);
  const text = isWhole ? whole : mutatedText(random, whole, "0123456789abcdefABCDEFxX ");
  const read = parsed(() => evm.parseAddress("eip155:1", text));
  if (typeof read !== "string") return isWhole ? unexpected(text) : read;
  same("viem", read, getAddress(text));
  same("ethers", read, ethersAddress(text));
  same("viem says that it is one", isAddress(text), true);
  same("read again", evm.parseAddress("eip155:1", read), read);
  return "accepted";
}

const NETWORKS = [
  [CHAIN_IDS.mainnet, networks.bitcoin],
  [CHAIN_IDS.testnet3, networks.testnet],
  [CHAIN_IDS.testnet4, networks.testnet],
  [CHAIN_IDS.signet, networks.testnet],
  [CHAIN_IDS.regtest, networks.regtest],
] as const;

/** Scripts with an address: as many as there are forms, many times; taproot's cost time to make. */
function scripts(): readonly Uint8Array[] {
  if (SCRIPTS.length === 0) {
    let state = 1;
    const next = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state >>> 8) % below;
    };
    while (SCRIPTS.length < 40) SCRIPTS.push(randomScript(next));
  }
  return SCRIPTS;
}

const SCRIPTS: Uint8Array[] = [];
const BASE58_AND_BECH32 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0lIOqp";

function bitcoinName(random: Random): Fate {
  const [, written] = random.pick(NETWORKS);
  const script = random.pick(scripts());
  const whole = bitcoinAddress.fromOutputScript(script, written);
  const how = random.below(8);
  const text = how < 2 ? whole : how === 2 ? whole.toUpperCase() : mutatedText(random, whole, BASE58_AND_BECH32);
  const [chain, network] = random.oneIn(4) ? random.pick(NETWORKS) : (NETWORKS.find(([, one]) => one === written) ?? NETWORKS[0]);
  const read = parsed(() => bitcoin.parseAddress(chain, text));
  if (typeof read !== "string") return how < 2 && network === written ? unexpected(text) : read;
  const paid = toHex(scriptOf(chain, read));
  same(`bitcoinjs-lib on ${text}`, paid, toHex(bitcoinAddress.toOutputScript(text, network)));
  same(
    "written again",
    [read, addressOfScript(chain, scriptOf(chain, read))],
    [bitcoinAddress.fromOutputScript(scriptOf(chain, read), network), read],
  );
  same("read again", bitcoin.parseAddress(chain, read), read);
  return "accepted";
}

/** Descriptors with their extended keys, and addresses that are watched. */
export const descriptors: Target = {
  name: "names/descriptor",
  weight: 6,
  run(random) {
    const { chain, text: whole } = descriptor(random);
    const isWhole = random.oneIn(4);
    const text = isWhole
      ? whole
      : mutatedText(random, random.oneIn(2) ? whole : whole.replace(/#.*$/, ""), "0123456789abcdefhxpubtrwk()[]/<;>*'#,");
    const read = parsed(() => bitcoin.readAccount(chain, text));
    if (read === null || typeof read !== "object" || "refused" in read) return isWhole ? unexpected(text) : (read as Fate);
    if (!("descriptor" in read)) return { refused: "an address" };
    const key = HDKey.fromExtendedKey(read.extended);
    same("the key, written by @scure/bip32", key.publicExtendedKey, read.extended);
    same("no private key", key.privateKey, null);
    const body = read.descriptor.replace(/#.{8}$/, "");
    // The key stands in it as this network writes it, and everything else as it was given.
    const loose = (one: string) =>
      one
        .replace(/#.*$/, "")
        .replaceAll("'", "h")
        .replace(/\[[0-9a-fA-F]{8}/, (origin) => origin.toLowerCase());
    same(`nothing is lost of ${text}`, body, loose(text));
    if (text.includes("#") && loose(text) === text.replace(/#.*$/, "")) same("its checksum", text, read.descriptor);
    const written = HDKey.fromExtendedKey(
      /[xt]pub[1-9A-HJ-NP-Za-km-z]+/.exec(body)?.[0] ?? "",
      body.includes("tpub") ? TEST_VERSIONS : undefined,
    );
    same(
      "the same point and chain code",
      [written.publicKey, written.chainCode, written.depth, written.index],
      [key.publicKey, key.chainCode, key.depth, key.index],
    );
    same("read again", bitcoin.readAccount(chain, read.descriptor), read);
    return "accepted";
  },
};

const TEST_VERSIONS = { private: 0x04358394, public: 0x043587cf };
const MASTER = HDKey.fromMasterSeed(new Uint8Array(32).fill(0x71));
const KEYS = [
  { type: "wpkh", purpose: 84 },
  { type: "tr", purpose: 86 },
  { type: "sh-wpkh", purpose: 49 },
  { type: "pkh", purpose: 44 },
].flatMap(({ type, purpose }) =>
  [0, 1].map((coin) => ({
    type,
    coin,
    path: `m/${purpose}h/${coin}h/3h`,
    extended: MASTER.derive(`m/${purpose}'/${coin}'/3'`).publicExtendedKey,
  })),
);

function descriptor(random: Random): { readonly chain: string; readonly text: string } {
  const { type, coin, path, extended } = random.pick(KEYS);
  const chain = coin === 0 ? CHAIN_IDS.mainnet : random.pick([CHAIN_IDS.testnet3, CHAIN_IDS.regtest]);
  const text = bitcoin.place(chain, { index: 3, type, path }).descriptor?.({ fingerprint: toHex(random.bytes(4)), extended }) ?? "";
  // Also without its origin or its checksum, and with the other sign for what is hardened.
  const bare = text.replace(/#.*$/, "");
  return {
    chain,
    text: random.pick([text, text, bare, bare.replace(/\[.*\]/, (origin) => origin.replaceAll("h", "'")), bare.replace(/\[.*\]/, "")]),
  };
}

/** Functions as policies name them. */
export const functions: Target = {
  name: "names/function",
  weight: 6,
  run(random) {
    const whole = signature(random);
    const isWhole = random.oneIn(3);
    const text = isWhole ? whole : mutatedText(random, whole, "()[],0123456789 uintbyesadrolfxA_$");
    const read = parsed(() => parseFunction(text));
    if ("refused" in (read as object)) return isWhole ? unexpected(text) : (read as Fate);
    const { selector, signature: name } = read as ReturnType<typeof parseFunction>;
    same("read again", parseFunction(name).signature, name);
    const written = attempt(() => FunctionFragment.from(`function ${text}`));
    // ethers takes neither names of Solidity's keywords for arguments nor names with a `$`; what it takes it reads as we do.
    if ("value" in written) same(`ethers on ${text}`, [name, selector], [written.value.format("sighash"), written.value.selector]);
    else if (isWhole) throw written.thrown;
    same(`viem on ${name}`, selector, toFunctionSelector(`function ${name}`));
    return "accepted";
  },
};

function signature(random: Random): string {
  const type = (depth: number): string => {
    const one =
      depth < 3 && random.oneIn(4)
        ? `(${Array.from({ length: 1 + random.below(3) }, () => parameter(depth + 1)).join(", ")})`
        : random.pick(["address", "bool", "string", "bytes", "uint256", "uint", "int", "uint8", "int128", "bytes4", "bytes32"]);
    return one + random.pick(["", "", "", "[]", "[3]", "[][2]"]);
  };
  const parameter = (depth: number) => `${type(depth)}${random.pick(["", " amount", " to_", " x1"])}`;
  return `${random.pick(["deposit", "_f", "a1", "transfer"])}(${Array.from({ length: random.below(5) }, () => parameter(0)).join(random.pick([",", ", "]))})`;
}

function parsed<T>(parse: () => T): T | Fate {
  const read = attempt(parse);
  if ("value" in read) return read.value;
  if (read.thrown instanceof CustodyError) return { refused: read.thrown.code };
  throw read.thrown;
}

function unexpected(text: string): never {
  throw new Error(`a whole one was refused: ${text}`);
}
