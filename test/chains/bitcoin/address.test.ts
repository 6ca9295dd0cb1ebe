import { address as bitcoinjs, type Network, networks } from "bitcoinjs-lib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, fromHex, toHex } from "../../../src/base/bytes.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { addressOfScript, scriptOf } from "../../../src/chains/bitcoin/address.ts";
import { bitcoin } from "../../../src/chains/bitcoin/index.ts";
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
