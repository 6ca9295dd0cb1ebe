import { addr } from "micro-eth-signer";
import { CustodyError } from "../../base/errors.ts";
import type { Address, ChainId } from "../../intent/effect.ts";

/** CAIP-2 of an EVM chain; the reference is the decimal chain id, at most 32 digits, never 0. */
export function parseChain(chain: ChainId): bigint {
  const reference = /^eip155:([1-9][0-9]{0,31})$/.exec(chain)?.[1];
  if (reference === undefined) throw new CustodyError("request/malformed", "chain: expected such as eip155:1");
  return BigInt(reference);
}

/**
 * Reads an address that is all lowercase or carries its EIP-55 checksum; returns it with the checksum. ERC-1191 checksums
 * (by chain) are refused: one address would have two forms.
 *
 * @throws `chain/malformed` for anything else, all capitals included: they carry no checksum.
 */
export function parseAddress(text: string): Address {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text))
    throw new CustodyError("chain/malformed", `address: expected 0x and 40 hexadecimal digits, got ${text.length} characters`);
  const checked = addr.addChecksum(text);
  if (text !== checked && text !== text.toLowerCase()) {
    throw new CustodyError("chain/malformed", `address: expected all lowercase or the EIP-55 checksum ${checked}, got ${text}`);
  }
  return checked;
}

/**
 * The address of a public key: last 20 bytes of its Keccak-256.
 *
 * @param publicKey - 65 bytes, uncompressed (SEC 1).
 * @throws `chain/malformed` if it is no such point.
 */
export function addressOf(publicKey: Uint8Array): Address {
  if (publicKey.length !== 65) throw new CustodyError("chain/malformed", `public key: expected 65 bytes, got ${publicKey.length}`);
  try {
    return addr.fromPublicKey(publicKey);
  } catch (cause) {
    throw new CustodyError("chain/malformed", "public key: expected an uncompressed point of secp256k1", { cause });
  }
}

/** The address that names an account in a request. @throws `request/malformed` */
export function namedAddress(text: string): Address {
  try {
    return parseAddress(text);
  } catch (cause) {
    throw new CustodyError("request/malformed", "account: expected an address, all lowercase or with its EIP-55 checksum", { cause });
  }
}
