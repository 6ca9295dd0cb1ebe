import { fromHex, fromUtf8, isBytes, secretCopy, toHex, utf8, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { readOptions } from "../base/plain.ts";
import { argon2id, checkCost, DEFAULT_COST, type Kdf, type KdfCost, raised } from "./kdf.ts";
import type { Renewal } from "./renewal.ts";
import type { Enrolment, Slot, SlotContext } from "./slot.ts";
import { cannotOpen } from "./slot-keys.ts";

/** Shorter ones are refused for new slots. It is a floor against accidents, not a measure of strength. */
const SHORTEST = 8;

const SALT_BYTES = 16;

/**
 * A slot that opens with a passphrase, through Argon2id.
 *
 * @param phrase - text, or its UTF-8 bytes; NFKD is applied to both, so that every keyboard writes the same passphrase. New
 *   ones need eight characters. A string cannot be erased from a JavaScript heap; bytes stay the caller's, who wipes them
 *   when the vault is open. Bytes beyond ASCII pass through a string to be normalised.
 * @param options - `cost` of new slots (default 64 MiB, three passes, one lane), to which one that costs less is raised once it has
 *   opened to sign; `kdf` to derive natively.
 * @throws `vault/weak-passphrase` and `vault/kdf-out-of-bounds` at enrolment; opening never says what was wrong.
 */
export function passphrase(phrase: string | Uint8Array, options: { readonly cost?: KdfCost; readonly kdf?: Kdf } = {}): Slot {
  if (typeof phrase !== "string" && !isBytes(phrase))
    throw new CustodyError("vault/weak-passphrase", `passphrase: expected text or bytes, got ${typeof phrase}`);
  const { kdf = argon2id, cost: given = DEFAULT_COST } = readOptions(options, "passphrase");
  if (typeof kdf !== "function") throw new CustodyError("request/malformed", "passphrase: expected kdf to be a function");
  const wanted = readOptions(given, "passphrase: cost");
  return {
    kind: "passphrase",
    async enrol(context) {
      const cost = checkCost(wanted);
      const normal = normalised(phrase);
      try {
        checkLength(normal);
        return await enrolled(normal, { cost, kdf }, context);
      } finally {
        wipe(normal);
      }
    },
    async open(parameters, context) {
      const cost = checkCost(parameters);
      const { salt } = parameters;
      if (typeof salt !== "string" || salt.length !== 2 * SALT_BYTES) throw cannotOpen();
      const normal = normalised(phrase);
      try {
        const better = context.offer && raised(cost, wanted);
        if (better) context.offer?.(renewal(secretCopy(normal), { cost: better, kdf }));
        return await kdf(normal, fromHex(salt, "vault/cannot-open"), cost, context);
      } finally {
        wipe(normal);
      }
    },
  };
}

interface Derivation {
  readonly cost: KdfCost;
  readonly kdf: Kdf;
}

async function enrolled(normal: Uint8Array, { cost, kdf }: Derivation, context: SlotContext): Promise<Enrolment> {
  const salt = context.random(SALT_BYTES);
  return { parameters: { salt: toHex(salt), ...cost }, secret: await kdf(normal, salt, cost, context) };
}

/**
 * INVARIANT: of the very bytes that open the slot now. The caller may wipe theirs as soon as the vault is open, and whoever enrolled those
 * would be locked out.
 */
function renewal(normal: Uint8Array, derivation: Derivation): Renewal {
  return { enrol: (context) => enrolled(normal, derivation, context), end: () => wipe(normal) };
}

/** NFKD as UTF-8 in a buffer of our own. ASCII is its own normal form and never becomes a string here. */
function normalised(phrase: string | Uint8Array): Uint8Array {
  if (typeof phrase !== "string" && phrase.every((byte) => byte < 0x80)) return secretCopy(phrase);
  const text = typeof phrase === "string" ? phrase : fromUtf8(phrase, "vault/weak-passphrase");
  // Lone surrogates would all become U+FFFD, and different passphrases the same one.
  if (!text.isWellFormed()) throw new CustodyError("vault/weak-passphrase", "passphrase: expected well-formed text");
  return secretCopy(utf8(text.normalize("NFKD")));
}

function checkLength(normal: Uint8Array): void {
  // Every byte that does not continue a UTF-8 sequence begins a character.
  const characters = normal.reduce((count, byte) => ((byte & 0xc0) === 0x80 ? count : count + 1), 0);
  if (characters >= SHORTEST) return;
  throw new CustodyError("vault/weak-passphrase", `passphrase: expected at least ${SHORTEST} characters`);
}
