import { hmac } from "@noble/hashes/hmac.js";
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { CustodyError } from "../base/errors.ts";

// Stands in for Node's `crypto` inside the worker (scripts/slip39-worker.ts): the three functions that the library calls, for SHA-256
// alone. So the same code runs in browsers, and randomness comes from where all of ours comes from.

export { randomBytes } from "../keys/random.ts";

export function pbkdf2Sync(password: Uint8Array, salt: Uint8Array, rounds: number, length: number, digest: string): Uint8Array {
  onlySha256(digest);
  return pbkdf2(sha256, password, salt, { c: rounds, dkLen: length });
}

export function createHmac(digest: string, key: Uint8Array): { update(data: Uint8Array): void; digest(): Uint8Array } {
  onlySha256(digest);
  const state = hmac.create(sha256, key);
  return { update: (data) => void state.update(data), digest: () => state.digest() };
}

function onlySha256(digest: string): void {
  if (digest !== "sha256") throw new CustodyError("recovery/no-realm", "the library asked for another hash than SHA-256");
}
