import type { Mutant } from "../mutants.ts";

const fuzzed = (target: string) => ({
  file: "fuzz/chains.test.ts",
  name: `${target}: each is refused with a code or means what others say it means`,
});

/** Breaks that a few hundred random inputs must find: a fuzzer that finds nothing shows nothing. */
export const FUZZ: readonly Mutant[] = [
  {
    name: "among random inputs: an authorization for every chain is one for the transaction's",
    file: "chains/evm/delegations.ts",
    find: "const everywhere = item.chainId === 0n;",
    replace: "const everywhere = false;",
    test: fuzzed("evm/transaction"),
  },
  {
    name: "among random inputs: an offset in call data points anywhere",
    file: "chains/evm/arguments.ts",
    find: "if (offset !== BigInt(tail - base))",
    replace: "if (offset > BigInt(source.data.length))",
    test: fuzzed("evm/call"),
  },
  {
    name: "among random inputs: the greatest integer of a type of typed data is refused",
    file: "chains/evm/encode-data.ts",
    find: 'kind === "uint" ? [0n, (1n << BigInt(bits)) - 1n]',
    replace: 'kind === "uint" ? [0n, (1n << BigInt(bits)) - 2n]',
    test: fuzzed("evm/typed-data"),
  },
  {
    name: "among random inputs: half of 256 bits is no limit for a Permit2 allowance",
    file: "chains/evm/permit-forms.ts",
    find: 'capped(integer(details, "amount"), 160)',
    replace: 'capped(integer(details, "amount"), 256)',
    test: fuzzed("evm/permit"),
  },
  {
    name: "among random inputs: a claim about a coin is believed beside any signature",
    file: "chains/bitcoin/ownership.ts",
    find: "(commitsToAll && spent !== undefined)",
    replace: "spent !== undefined",
    test: fuzzed("bitcoin/psbt"),
  },
  {
    name: "among random inputs: a descriptor with a wrong checksum is read",
    file: "chains/bitcoin/descriptor.ts",
    find: "if (checksum !== undefined && checksum !== expected)",
    replace: "if (checksum === expected && checksum !== expected)",
    test: fuzzed("names/descriptor"),
  },
];
