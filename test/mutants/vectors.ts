import type { Mutant } from "../mutants.ts";

const set = (name: string) => ({ file: "vectors/vectors.test.ts", name });

/** That a set of published vectors can fail: by another result, by what is taken, by a crash, and by a refusal that is none. */
export const VECTORS: readonly Mutant[] = [
  {
    name: "an address of taproot is written as the older BIP had it",
    file: "chains/bitcoin/address.ts",
    find: "{ 0: bech32, 1: bech32m }",
    replace: "{ 0: bech32, 1: bech32 }",
    test: set("bitcoin/address/bip173-bip350.json"),
  },
  {
    name: "the second form of a signature passes",
    file: "keys/curves-verifier.ts",
    find: "lowS: true",
    replace: "lowS: false",
    test: set("wycheproof/ecdsa_secp256k1_sha256_p1363.json"),
  },
  {
    name: "a refusal of the library comes out as it is",
    file: "keys/x25519.ts",
    find: 'throw new CustodyError("keys/bad-key", "x25519 public key: expected a point of large order", { cause });',
    replace: "throw cause;",
    test: set("wycheproof/x25519.json"),
  },
  {
    name: "arguments that end early are read",
    file: "chains/evm/arguments.ts",
    find: "if (end > source.data.length) throw",
    replace: "if (end < 0) throw",
    test: set("evm/abi/ethers-abi-dev.json"),
  },
];
