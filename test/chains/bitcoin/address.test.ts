import { describe, expect, test } from "vitest";
import { CustodyError } from "../../../src/base/errors.ts";
import { bitcoin } from "../../../src/chains/bitcoin/index.ts";
import { shared, sharedFile, Tally, vectorSuite } from "../../shared.ts";

const MAIN = "bip122:000000000019d6689c085ae165831e93";
const TEST = "bip122:000000000933ea01ad0ee984209779ba";

function parses(chain: string, text: string): string | undefined {
  try {
    return bitcoin.parseAddress(chain, text);
  } catch (cause) {
    expect(cause).toBeInstanceOf(CustodyError);
    return undefined;
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
    expect(parses(TEST, address)).toBeUndefined();
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

  test("a chain that is none of Bitcoin's has its own code, and requests are refused so far", () => {
    expect(() => bitcoin.parseAddress("bip122:ff", "x")).toThrow(expect.objectContaining({ code: "chain/unknown" }));
    expect(() => bitcoin.address(MAIN, new Uint8Array(65))).toThrow(expect.objectContaining({ code: "request/unsupported" }));
  });
});

describe.skipIf(!shared)(vectorSuite("BIP-173 and BIP-350"), () => {
  type Set = { valid_segwit: { address: string; script: string }[]; invalid_segwit: { address: string }[] };

  test("version 0 and taproot are read, later versions refused on purpose, invalid addresses refused", () => {
    const { bip350 } = sharedFile<{ bip350: Set }>("vectors/bitcoin/address/bip173-bip350.json");
    const tally = new Tally();
    for (const { address, script } of bip350.valid_segwit) {
      const got = parses(address.toLowerCase().startsWith("bc") ? MAIN : TEST, address);
      if (got === address.toLowerCase()) tally.match++;
      else if (got === undefined && !/^(0014|0020|5120)/.test(script)) tally.unsupported++;
      else tally.wrong.push(address);
    }
    for (const { address } of bip350.invalid_segwit) {
      if (parses(MAIN, address) === undefined && parses(TEST, address) === undefined) tally.refused++;
      else tally.accepted.push(address);
    }
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect(tally).toMatchObject({ match: 5, unsupported: 3, refused: 15 });
  });
});
