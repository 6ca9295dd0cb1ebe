import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { scryptAsync } from "@noble/hashes/scrypt.js";
import { base64nopad } from "@scure/base";
import type { Identity, Recipient, Stanza } from "age-encryption";
import { concat, fromUtf8, isBytes, secretCopy, utf8, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { randomBytes } from "../keys/random.ts";
import { behindOtherWork, type KdfOptions } from "../vault/kdf.ts";
import { abortedBy } from "./chunks.ts";
import { damaged } from "./head.ts";

// The passphrase of an age file, plugged into the library as recipient and identity: its own derive in one go, with the page standing
// still for a second and more, and keep the passphrase as text.

const SHORTEST = 8;
const DEFAULT = 18;
/** Nothing cheaper is written. */
const FLOOR = 17;
/** Nothing dearer is tried, which `age` does not write by itself: 2²⁰ takes 1 GiB. The header is whoever's who wrote the file. */
const CEILING = 20;

const SALT_BYTES = 16;

/** @throws `backup/kdf-out-of-bounds` */
export function checkWorkFactor(given: unknown = DEFAULT): number {
  if (typeof given === "number" && Number.isInteger(given) && given >= FLOOR && given <= CEILING) return given;
  throw new CustodyError("backup/kdf-out-of-bounds", `workFactor: expected an integer from ${FLOOR} to ${CEILING}`);
}

/**
 * UTF-8 in a buffer of our own, which the caller wipes.
 *
 * @throws `backup/weak-passphrase` for a new one of less than eight characters, and for what is no well-formed text
 */
export function copyPassphrase(given: unknown, use: "new" | "any"): Uint8Array {
  const bytes = typeof given === "string" && given.isWellFormed() ? utf8(given) : isBytes(given) ? secretCopy(given) : undefined;
  if (bytes === undefined) throw new CustodyError("backup/weak-passphrase", "passphrase: expected well-formed text, or bytes");
  // Counts characters; bytes that are no UTF-8 are refused, for nobody could type them.
  const characters = [...fromUtf8(bytes, "backup/weak-passphrase")].length;
  if (use === "any" || characters >= SHORTEST) return bytes;
  wipe(bytes);
  throw new CustodyError("backup/weak-passphrase", `passphrase: expected at least ${SHORTEST} characters`);
}

/** @param passphrase - the caller's, who wipes it when the file's header was made */
export function passphraseRecipient(passphrase: Uint8Array, workFactor: number, options: KdfOptions, StanzaOf: typeof Stanza): Recipient {
  return {
    async wrapFileKey(fileKey) {
      const salt = randomBytes(SALT_BYTES);
      const key = await derive(passphrase, salt, workFactor, options);
      try {
        // The key is used once, so its nonce may be zeros. @see age-encryption.org/v1, "The scrypt recipient type"
        const body = chacha20poly1305(key, new Uint8Array(12)).encrypt(fileKey);
        return [new StanzaOf(["scrypt", base64nopad.encode(salt), String(workFactor)], body)];
      } finally {
        wipe(key);
      }
    },
  };
}

/** @param passphrase - the caller's, who wipes it when the file's header was opened */
export function passphraseIdentity(passphrase: Uint8Array, options: KdfOptions): Identity {
  return {
    async unwrapFileKey(stanzas) {
      const stanza = stanzas.find(({ args: [kind] }) => kind === "scrypt");
      if (stanza === undefined) return null;
      // A file for a passphrase is from somebody who knows it. With a second key it could be from anybody who has that one.
      if (stanzas.length !== 1) throw damaged("expected a passphrase to be the only key");
      const { salt, workFactor } = readStanza(stanza);
      const key = await derive(passphrase, salt, workFactor, options);
      try {
        return chacha20poly1305(key, new Uint8Array(12)).decrypt(stanza.body);
      } catch {
        // Wrong passphrase; nothing tells it from a changed stanza.
        return null;
      } finally {
        wipe(key);
      }
    },
  };
}

/** Everything that it says is checked before any work is done. */
function readStanza({ args, body }: Stanza): { readonly salt: Uint8Array; readonly workFactor: number } {
  const [, saltText = "", factorText = ""] = args;
  if (args.length !== 3 || body.length !== 32 || !/^[1-9][0-9]*$/.test(factorText)) throw damaged("expected salt and work factor");
  const workFactor = Number(factorText);
  if (workFactor > CEILING) {
    throw new CustodyError("backup/kdf-out-of-bounds", `work factor: expected at most ${CEILING}, got ${factorText.slice(0, 10)}`);
  }
  const salt = base64nopad.decode(saltText);
  if (salt.length !== SALT_BYTES) throw damaged("expected a salt of 16 bytes");
  return { salt, workFactor };
}

async function derive(passphrase: Uint8Array, salt: Uint8Array, workFactor: number, options: KdfOptions): Promise<Uint8Array> {
  const { signal, onProgress } = options;
  const check = () => {
    if (signal?.aborted) throw abortedBy(signal);
  };
  check();
  return await behindOtherWork(() =>
    scryptAsync(passphrase, concat(utf8("age-encryption.org/v1/scrypt"), salt), {
      N: 2 ** workFactor,
      r: 8,
      p: 1,
      dkLen: 32,
      asyncTick: 16,
      onProgress: (done) => {
        check();
        onProgress?.(done);
      },
    }),
  );
}
