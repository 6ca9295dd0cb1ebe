import { hash160 } from "@scure/btc-signer/utils.js";
import { address as bitcoinjs, script as bitcoinjsScript, type Network, networks } from "bitcoinjs-lib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, fromHex, toHex } from "../../../src/base/bytes.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { addressOfScript, scriptOf } from "../../../src/chains/bitcoin/address.ts";
import { bitcoin } from "../../../src/chains/bitcoin/index.ts";
import { shared, sharedFile, Tally, vectorSuite } from "../../shared.ts";
import { MAIN, REGTEST, TEST3 } from "./wallet.ts";

const ALL = [MAIN, TEST3, REGTEST];

/** Nothing where it is refused; any other error than ours is a crash. */
function unless<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (cause) {
    expect(cause).toBeInstanceOf(CustodyError);
    return undefined;
  }
}

const parses = (chain: string, text: string): string | undefined => unless(() => bitcoin.parseAddress(chain, text));
const scriptFor = (chain: string, text: string): string | undefined => unless(() => toHex(scriptOf(chain, text)));
const nowhere = (text: string): boolean => ALL.every((chain) => parses(chain, text) === undefined);

/** Address to script and back, as published. */
function check(tally: Tally, row: { chain: string; address: string; script: string }): void {
  const { chain, address, script } = row;
  const checked = address.toLowerCase() === address || address.toUpperCase() === address ? address.toLowerCase() : address;
  const form = /^(76a914.{40}88ac|a914.{40}87|0014.{40}|0020.{64}|5120.{64})$/.test(script);
  try {
    const got = [scriptFor(chain, address), addressOfScript(chain, fromHex(script))];
    if (!form && got.every((one) => one === undefined)) tally.unsupported++;
    else if (got[0] === script && got[1] === checked && parses(chain, address) === checked) tally.match++;
    else tally.wrong.push(address);
  } catch {
    tally.crashed.push(address);
  }
}

describe("Bitcoin addresses", () => {
  test.each([
    ["P2PKH", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"],
    ["P2SH", "3P14159f73E4gFr7JterCCQh9QjiTjiZrG"],
    ["P2WPKH", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"],
    ["P2TR", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"],
  ])("%s is read as it is, and no neighbour of it is", (_name, address) => {
    expect(parses(MAIN, address)).toBe(address);
    expect(parses(TEST3, address)).toBeUndefined();
    expect(addressOfScript(MAIN, scriptOf(MAIN, address))).toBe(address);
    for (let at = 0; at < address.length; at++) {
      const other = address[at] === "q" ? "p" : "q";
      expect(parses(MAIN, address.slice(0, at) + other + address.slice(at + 1))).toBeUndefined();
      expect(parses(MAIN, address.slice(0, at))).toBeUndefined();
    }
  });

  test("segwit in capitals is the same address, in mixed case it is none", () => {
    const address = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
    expect(parses(MAIN, address.toUpperCase())).toBe(address);
    expect(parses(MAIN, address.replace("q", "Q"))).toBeUndefined();
  });

  test("taproot without a point behind it is no address: what is paid there is lost", () => {
    const script = concat(Uint8Array.of(0x51, 0x20), fromHex("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"));
    expect(addressOfScript(MAIN, script)).toBeUndefined();
    expect(parses(MAIN, "bc1pllllllllllllllllllllllllllllllllllllllllllllallllshsdfvw2y")).toBeUndefined();
  });

  test("a chain that is none of Bitcoin's has its own code", () => {
    for (const chain of ["bip122:ff", "toString", "eip155:1"]) {
      expect(() => bitcoin.parseAddress(chain, "x")).toThrow(expect.objectContaining({ code: "chain/unknown" }));
      expect(() => addressOfScript(chain, new Uint8Array(0))).toThrow(expect.objectContaining({ code: "chain/unknown" }));
    }
  });

  test("the script of an address and the address of a script say the same, on every network and as bitcoinjs says it", () => {
    const forms = fc.constantFrom(
      ["76a914", 20, "88ac"] as const,
      ["a914", 20, "87"] as const,
      ["0014", 20, ""] as const,
      ["0020", 32, ""] as const,
      ["5120", 32, ""] as const,
    );
    const theirs: { [chain: string]: Network } = { [MAIN]: networks.bitcoin, [TEST3]: networks.testnet, [REGTEST]: networks.regtest };
    fc.assert(
      fc.property(
        forms,
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.constantFrom(...ALL),
        ([before, bytes, after], hash, chain) => {
          const script = concat(fromHex(before), hash.slice(0, bytes), fromHex(after));
          const address = addressOfScript(chain, script);
          if (address === undefined) {
            // Half of all x have no point.
            expect(before).toBe("5120");
            return;
          }
          expect(toHex(scriptOf(chain, address))).toBe(toHex(script));
          expect(parses(chain, address)).toBe(address);
          if (before !== "5120") expect(bitcoinjs.fromOutputScript(script, theirs[chain])).toBe(address);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a script with a byte more, a byte less or another opcode has no address or another one", () => {
    for (const script of ["76a914%88ac", "a914%87", "0014%", "0020%%", "5120%%"]) {
      const bytes = fromHex(
        script.replaceAll("%%", "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798").replaceAll("%", "11".repeat(20)),
      );
      const address = addressOfScript(MAIN, bytes);
      expect(address).toBeDefined();
      expect(addressOfScript(MAIN, concat(bytes, Uint8Array.of(0)))).toBeUndefined();
      for (let at = 0; at < bytes.length; at++) {
        expect(addressOfScript(MAIN, bytes.slice(0, at))).toBeUndefined();
        for (const flip of [1, 0x80]) {
          const other = bytes.slice();
          other[at]! ^= flip;
          expect(addressOfScript(MAIN, other)).not.toBe(address);
        }
      }
    }
  });
});

describe.skipIf(!shared)(vectorSuite("published Bitcoin addresses"), () => {
  type Segwit = { valid_segwit: { address: string; script: string }[]; invalid_segwit: { address: string }[] };

  test("BIP-173 and BIP-350: version 0 and taproot are read, later versions refused on purpose, invalid addresses refused", () => {
    const { bip173, bip350 } = sharedFile<{ bip173: Segwit; bip350: Segwit }>("vectors/bitcoin/address/bip173-bip350.json");
    const tally = new Tally();
    for (const { address, script } of bip350.valid_segwit)
      check(tally, { chain: address.toLowerCase().startsWith("bc") ? MAIN : TEST3, address, script });
    for (const { address } of bip350.invalid_segwit) nowhere(address) ? tally.refused++ : tally.accepted.push(address);
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect(tally).toMatchObject({ match: 5, unsupported: 3, refused: 15 });

    // What the older BIP wrote in Bech32 for versions above 0 is invalid since the newer one.
    const older = new Tally();
    for (const { address, script } of bip173.valid_segwit) {
      const chain = address.toLowerCase().startsWith("bc") ? MAIN : TEST3;
      if (script.startsWith("00")) check(older, { chain, address, script });
      else nowhere(address) ? older.refused++ : older.accepted.push(address);
    }
    for (const { address } of bip173.invalid_segwit) nowhere(address) ? older.refused++ : older.accepted.push(address);
    expect(older.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect(older).toMatchObject({ match: 3, unsupported: 0, refused: 3 + 10 });
  });

  test("Bitcoin Core's keys: addresses are read, private keys and all invalid ones are no addresses", () => {
    type Row = [text: string, script: string, about: { isPrivkey: boolean; chain: "main" | "test" | "regtest" }];
    const chains = { main: MAIN, test: TEST3, regtest: REGTEST };
    const tally = new Tally();
    for (const [text, script, { isPrivkey, chain }] of sharedFile<Row[]>("vectors/bitcoin/core/core-key_io_valid-2021.json")) {
      if (!isPrivkey) check(tally, { chain: chains[chain], address: text, script });
      else nowhere(text) ? tally.refused++ : tally.accepted.push(text);
    }
    for (const set of ["core/core-key_io_invalid-2021", "bitcoinjs/bitcoinjs-core-base58_keys_invalid"])
      for (const [text] of sharedFile<[string][]>(`vectors/bitcoin/${set}.json`))
        nowhere(text) ? tally.refused++ : tally.accepted.push(text);
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    // 27 private keys, 63 and 50 invalid texts.
    expect(tally).toMatchObject({ match: 32, unsupported: 0, refused: 27 + 63 + 50 });
  });

  test("base58 keys of the older set carry the hashes that it names; base58 texts without a checksum are no addresses", () => {
    type Row = [text: string, hash: string, about: { addrType?: "pubkey" | "script"; isPrivkey: boolean; isTestnet: boolean }];
    const tally = new Tally();
    for (const [address, hash, at] of sharedFile<Row[]>("vectors/bitcoin/bitcoinjs/bitcoinjs-core-base58_keys_valid.json")) {
      const script = at.addrType === "script" ? `a914${hash}87` : `76a914${hash}88ac`;
      if (!at.isPrivkey) check(tally, { chain: at.isTestnet ? TEST3 : MAIN, address, script });
      else nowhere(address) ? tally.refused++ : tally.accepted.push(address);
    }
    for (const [, text] of sharedFile<[string, string][]>("vectors/bitcoin/core/core-base58_encode_decode.json"))
      nowhere(text) ? tally.refused++ : tally.accepted.push(text);
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect(tally.match).toBeGreaterThanOrEqual(20);
    expect(tally.match + tally.refused).toBe(50 + 14);
  });

  test("Bitcoin Core's multisig addresses stand for the hashes of their scripts, which nothing of ours can sign", () => {
    const rows = sharedFile<{ script: string; address: string }[]>("vectors/bitcoin/address/core-rpc_bip67.json");
    const tally = new Tally();
    for (const { script, address } of rows) {
      check(tally, { chain: TEST3, address, script: `a914${toHex(hash160(fromHex(script)))}87` });
      if (addressOfScript(TEST3, fromHex(script)) !== undefined) tally.wrong.push(script);
    }
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect(tally.match).toBe(4);
  });

  test("bitcoinjs' addresses and outputs: the five forms match, other networks and versions are refused, invalid ones too", () => {
    const asm = (text: string): string => toHex(bitcoinjsScript.fromASM(text));
    const at: { [network: string]: string } = { bitcoin: MAIN, testnet: TEST3, regtest: REGTEST };
    interface Standard {
      readonly network: string;
      readonly base58check?: string;
      readonly bech32?: string;
      readonly script: string;
    }
    type Invalid = { [set: string]: { address?: string; script?: string; network?: unknown }[] };
    const all = sharedFile<{ standard: Standard[]; invalid: Invalid }>("vectors/bitcoin/bitcoinjs/bitcoinjs-address.json");
    const tally = new Tally();
    for (const { network, base58check, bech32, script } of all.standard) {
      const address = base58check ?? bech32 ?? "";
      const chain = at[network];
      if (chain !== undefined) check(tally, { chain, address, script: asm(script) });
      // Litecoin.
      else nowhere(address) ? tally.unsupported++ : tally.accepted.push(address);
    }
    for (const { address, script } of Object.values(all.invalid).flat()) {
      if (address !== undefined) nowhere(address) ? tally.refused++ : tally.accepted.push(address);
      else if (script !== undefined) addressOfScript(MAIN, fromHex(asm(script))) ? tally.accepted.push(script) : tally.refused++;
    }
    const forms = { p2pkh: /^76a914.{40}88ac$/, p2sh: /^a914.{40}87$/, p2wpkh: /^0014.{40}$/ };
    for (const [set, form] of Object.entries(forms)) {
      type Row = {
        arguments: { address?: string; output?: string; network?: string; redeem?: { network?: string } };
        expected: { address?: string; output?: string };
      };
      const rows = sharedFile<{ valid: Row[]; invalid: Row[] }>(`vectors/bitcoin/bitcoinjs/bitcoinjs-${set}.json`);
      for (const { arguments: given } of rows.invalid) {
        // The other rows contradict themselves, or have signatures.
        if (Object.keys(given).length !== 1 || (given.address === undefined && given.output === undefined)) continue;
        const script = given.address ? scriptFor(MAIN, given.address) : asm(given.output ?? "");
        const known = script !== undefined && addressOfScript(MAIN, fromHex(script)) !== undefined && form.test(script);
        known ? tally.accepted.push(`${set} ${JSON.stringify(given)}`) : tally.refused++;
      }
      for (const row of rows.valid) {
        const address = row.arguments.address ?? row.expected.address;
        const output = row.arguments.output ?? row.expected.output;
        const chain = at[row.arguments.network ?? row.arguments.redeem?.network ?? "bitcoin"];
        if (address && output && chain) check(tally, { chain, address, script: asm(output) });
        else tally.unsupported++;
      }
    }
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    // Two of Litecoin, one each of versions 2 and 16.
    expect(tally).toMatchObject({ match: 35, unsupported: 4, refused: 56 });
  });
});
