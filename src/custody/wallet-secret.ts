import { secretCopy } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";

export const ENTROPY = 1;
export const KEY = 2;
export const SEED = 3;

/** What the vault keeps of a wallet, in a buffer of its own. The parts stay the caller's. */
// kind(1) || length(1) || entropy, private key or seed(length) || BIP-39 passphrase, NFKD UTF-8 (rest; entropy only)
export function pack(kind: number, body: Uint8Array, rest: Uint8Array = new Uint8Array(0)): Uint8Array {
  return secretCopy(Uint8Array.of(kind, body.length), body, rest);
}

/** Views, not copies: whoever wipes the secret wipes them. @throws `vault/damaged` */
export function unpack(secret: Uint8Array): { readonly kind: number; readonly body: Uint8Array; readonly rest: Uint8Array } {
  const [kind = 0, length = 0] = secret;
  const known = kind === ENTROPY || (kind === KEY && secret.length === 34) || (kind === SEED && secret.length === 2 + length);
  if (!known || secret.length < 2 + length) {
    throw new CustodyError("vault/damaged", "wallet secret: expected BIP-39 entropy, a private key or a seed");
  }
  return { kind, body: secret.subarray(2, 2 + length), rest: secret.subarray(2 + length) };
}
