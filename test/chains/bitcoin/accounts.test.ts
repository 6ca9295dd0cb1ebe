import { describe, expect, test } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { bitcoin } from "../../../src/chains/bitcoin/index.ts";
import { publicKeysBelow } from "../../../src/keys/derive.ts";
import { ABOUT, account, MAIN, REGTEST, TEST3, TYPES } from "./wallet.ts";

const seed = fromHex(ABOUT);
const code = (expected: string) => expect.objectContaining({ code: expected });

describe("accounts of Bitcoin", () => {
  test.each([
    ["pkh", "m/44h/0h/0h", "1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA"],
    ["sh-wpkh", "m/49h/0h/0h", "37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf"],
    ["wpkh", "m/84h/0h/0h", "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"],
    ["tr", "m/86h/0h/0h", "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr"],
  ])("%s is at %s and its first address is the one that wallets show", (type, path, address) => {
    expect(bitcoin.place(MAIN, { index: 0, type }).path).toBe(path);
    expect(account({ seed, type }).address).toBe(address);
  });

  test("P2WPKH where no type is wished for, coin 1 on test networks, the index last", () => {
    expect(bitcoin.place(MAIN, { index: 7 }).path).toBe("m/84h/0h/7h");
    for (const chain of [TEST3, REGTEST]) expect(bitcoin.place(chain, { index: 2, type: "tr" }).path).toBe("m/86h/1h/2h");
    expect(account({ seed, chain: REGTEST }).address).toMatch(/^bcrt1q/);
    expect(account({ seed, chain: TEST3, type: "pkh" }).address).toMatch(/^[mn]/);
  });

  test("another path is taken as it is where all of it is hardened and its purpose is that of the type", () => {
    for (const path of ["m/84h/0h/0h", "m/84'/0'/5'", "m/84h/0h/0h/1h", "m/48h/0h/0h/2h", "m/0h"])
      expect(bitcoin.place(MAIN, { index: 0, path }).path).toBe(path);
    const bad = ["", "m/", "84h/0h", "m/84h/0h/0", "m/84/0h/0h", "m/084h", "m/2147483648h", "m/84H", "m/-1h", `m${"/1h".repeat(11)}`];
    for (const path of [...bad, "m/44h/0h/0h", "m/86'/0'/0'"])
      expect(() => bitcoin.place(MAIN, { index: 0, path })).toThrow(code("request/malformed"));
  });

  test("a path of a type's BIP names the coin of the network and an index: other chains' keys are not spent from here", () => {
    for (const [type, purpose] of [
      ["pkh", 44],
      ["sh-wpkh", 49],
      ["wpkh", 84],
      ["tr", 86],
    ] as const) {
      for (const [chain, coin] of [
        [MAIN, 0],
        [TEST3, 1],
      ] as const) {
        const place = (steps: string) => () => bitcoin.place(chain, { index: 0, type, path: `m/${purpose}h${steps}` });
        expect(place(`/${coin}h/3h`)().path).toBe(`m/${purpose}h/${coin}h/3h`);
        for (const steps of [`/${1 - coin}h/0h`, "/60h/0h", "/2h/0h", `/${coin}h`, ""])
          expect(place(steps), `${type} ${steps}`).toThrow(code("request/malformed"));
      }
    }
  });

  test("no path is taken on mainnet and on a test network: what is signed names no network", () => {
    const taken = (chain: string, path: string) => {
      try {
        return bitcoin.place(chain, { index: 0, path }).path === path;
      } catch (error) {
        expect(error).toEqual(code("request/malformed"));
        return false;
      }
    };
    for (const [path, main, tests] of [
      ["m/84h/0h/0h", true, false],
      ["m/84h/1h/0h", false, true],
      ["m/48h/0h/0h/2h", true, false],
      ["m/48h/1h/0h/2h", false, true],
      ["m/48h/2h/0h/2h", true, false],
      ["m/0h", true, false],
      ["m/1h", true, false],
      ["m/0h/1h", false, true],
      ["m/1h/0h", true, false],
    ] as const) {
      expect(taken(MAIN, path), path).toBe(main);
      for (const chain of [TEST3, REGTEST]) expect(taken(chain, path), path).toBe(tests);
    }
  });

  test("a private key alone is no account: there is nothing below it", () => {
    expect(() => bitcoin.place(MAIN, { index: 0, path: "m" })).toThrow(code("request/unsupported"));
  });

  test("a type, an index or a chain that there is not is refused", () => {
    for (const type of ["", "wsh", "toString", "P2TR"])
      expect(() => bitcoin.place(MAIN, { index: 0, type })).toThrow(code("request/malformed"));
    for (const index of [-1, 0.5, Number.NaN, 2 ** 31]) expect(() => bitcoin.place(MAIN, { index })).toThrow(code("request/malformed"));
    expect(() => bitcoin.place("bip122:ff", { index: 0 })).toThrow(code("chain/unknown"));
    expect(() => bitcoin.readAccount("bip122:ff", "x")).toThrow(code("chain/unknown"));
  });

  test("a descriptor with or without its checksum names the same account, whose addresses the keys below it make", () => {
    for (const type of TYPES) {
      const { descriptor, address } = account({ seed, type });
      for (const text of [descriptor, descriptor.slice(0, -9), descriptor.slice(0, -9).replaceAll("h/", "'/").replace("h]", "']")]) {
        const named = bitcoin.readAccount(MAIN, text);
        if (!("descriptor" in named)) throw new Error("expected a descriptor");
        expect(named.descriptor).toBe(descriptor);
        expect(bitcoin.address(MAIN, { descriptor, publicKey: publicKeysBelow(named.extended) }, [0, 0])).toBe(address);
      }
    }
  });

  test("an address alone is an account that is only watched", () => {
    expect(bitcoin.readAccount(MAIN, "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4")).toEqual({
      address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    });
    for (const text of ["", "1BoatSLRHtKNngkdXEeobR76b53LETtpyY", "2N2JD6wb56AfK4tfmM6PwdVmoYk2dCKf4Br"])
      expect(() => bitcoin.readAccount(MAIN, text)).toThrow(code("request/malformed"));
  });

  test("there is an address for receive and change at every index, and for no other path", () => {
    const keys = account({ seed });
    for (const path of [
      [0, 0],
      [1, 0],
      [0, 2 ** 31 - 1],
    ])
      expect(bitcoin.address(MAIN, keys, path)).toMatch(/^bc1q/);
    for (const path of [[], [0], [2, 0], [0, 0, 0], [0, -1], [0, 2 ** 31], [0, 0.5], [2 ** 31, 0]])
      expect(() => bitcoin.address(MAIN, keys, path)).toThrow(code("chain/malformed"));
  });

  test("without a descriptor, without keys or with keys of another form there is no address", () => {
    const { descriptor, publicKey } = account({ seed });
    expect(() => bitcoin.address(MAIN, { publicKey }, [0, 0])).toThrow(code("chain/malformed"));
    expect(() => bitcoin.address(MAIN, { descriptor }, [0, 0])).toThrow(code("chain/malformed"));
    expect(() => bitcoin.address(TEST3, { descriptor, publicKey }, [0, 0])).toThrow(code("request/malformed"));
    for (const bytes of [33, 64, 65])
      expect(() => bitcoin.address(MAIN, { descriptor, publicKey: () => new Uint8Array(bytes) }, [0, 0])).toThrow(code("chain/malformed"));
  });
});
