import { keccak_256 } from "@noble/hashes/sha3.js";
import { bech32 } from "@scure/base";
import { toHex, utf8 } from "../../src/base/bytes.ts";
import { CustodyError } from "../../src/base/errors.ts";
import type { ParseAddress } from "../../src/policy/core.ts";

/** A parser of addresses for tests of the language, which is handed one: EIP-55 and version 0 SegWit. */
export const parseAddress: ParseAddress = (chain, text) => {
  if (chain.startsWith("eip155:") && /^0x[0-9a-fA-F]{40}$/.test(text)) {
    const digits = text.slice(2).toLowerCase();
    const hash = toHex(keccak_256(utf8(digits)));
    const checked = `0x${[...digits].map((digit, index) => (Number.parseInt(hash.charAt(index), 16) >= 8 ? digit.toUpperCase() : digit)).join("")}`;
    if (text === checked || text === text.toLowerCase()) return checked;
  }
  if (chain.startsWith("bip122:") && bech32.decodeUnsafe(text)?.prefix === "bc") return text;
  throw new CustodyError("chain/malformed", "address: expected its checksum");
};
