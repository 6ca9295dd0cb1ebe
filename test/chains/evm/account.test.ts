import { expect, test } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { ACCOUNT, code } from "./fixtures.ts";

// The generator of the curve: the public key whose private key is 1.
const GENERATOR = fromHex(
  "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
);
const publicKey = () => GENERATOR;

test("an account has the address of its own key, and no keys below it", () => {
  expect(evm.address("eip155:1", { publicKey }, [])).toBe("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
  for (const run of [
    () => evm.address("eip155:1", { publicKey }, [0]),
    () => evm.address("eip155:1", {}, []),
    () => evm.address("eip155:1", { publicKey: () => GENERATOR.subarray(1) }, []),
    () => evm.address("eip155:1", { publicKey: () => new Uint8Array(65).fill(4) }, []),
  ])
    expect(code(run)).toBe("chain/malformed");
  expect(code(() => evm.address("bip122:1", { publicKey }, []))).toBe("request/malformed");
});

test("a request names an account by its address, in lowercase or with its checksum", () => {
  expect(evm.readAccount("eip155:1", ACCOUNT)).toEqual({ address: ACCOUNT });
  expect(evm.readAccount("eip155:1", ACCOUNT.toLowerCase())).toEqual({ address: ACCOUNT });
  for (const text of ["", "Main", ACCOUNT.slice(2), ACCOUNT.toUpperCase(), ACCOUNT.replace("d8A", "D8A"), `wpkh(${ACCOUNT})`])
    expect(code(() => evm.readAccount("eip155:1", text))).toBe("request/malformed");
  expect(code(() => evm.readAccount("eip155:0", ACCOUNT))).toBe("request/malformed");
});

test("a wallet's accounts are counted by the last step of BIP-44, unless a path is wished for", () => {
  expect(evm.place("eip155:137", { index: 0 })).toEqual({ path: "m/44'/60'/0'/0/0" });
  expect(evm.place("eip155:137", { index: 7 })).toEqual({ path: "m/44'/60'/0'/0/7" });
  expect(evm.place("eip155:1", { index: 7, path: "m/44'/60'/7'/0/0" })).toEqual({ path: "m/44'/60'/7'/0/0" });
  expect(code(() => evm.place("eip155:1", { index: 0, type: "wpkh" }))).toBe("request/malformed");
  expect(code(() => evm.place("solana:1", { index: 0 }))).toBe("request/malformed");
});
