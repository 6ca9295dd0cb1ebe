import { concat, equal, fromHex, toHex, utf8, wipe } from "../base/bytes.ts";
import { canonicalBytes, type JsonObject } from "../base/canonical.ts";
import { CustodyError, unreachable } from "../base/errors.ts";
import { readOptions } from "../base/plain.ts";
import { throwIfAborted } from "../vault/kdf.ts";
import { isHex } from "../vault/parse.ts";
import type { Slot, SlotContext } from "../vault/slot.ts";
import { derive } from "../vault/subkeys.ts";
import { askPasskeys, createPasskey, forgetPasskey, type HeldPasskey } from "./webauthn.ts";

export interface PasskeyOptions {
  /** The domain that the passkey belongs to: the page's own by default, or one above it (`example.com` for `app.example.com`). */
  readonly rpId?: string;
  /** Who asks, as the browser shows it when a passkey is made; the domain by default. */
  readonly rpName?: string;
  /** What the passkey is called where the user looks them up; "vault" by default. */
  readonly userName?: string;
}

/** A slot that asks a person, and asks once for all the vault's slots of its kind. */
export type PasskeySlot = Slot & Required<Pick<Slot, "openAny">>;

const SALT_BYTES = 32;

/**
 * A slot that opens with a passkey: a secret that the authenticator computes for this one credential and salt, after it has
 * verified its user (WebAuthn PRF). Nothing else of a passkey is secret, so one that gives none is refused at enrolment.
 *
 * It asks the user: at enrolment once, or twice where the authenticator gives the secret only afterwards; for opening once. Made
 * anywhere, used in a page (TLS or localhost). Whoever controls the passkey's domain can ask for its secret.
 *
 * @throws `request/malformed` for options that are none. At enrolment and opening `slot/unavailable`, `slot/not-allowed`,
 * `slot/no-prf`, `slot/wrong-site`, `vault/aborted`; at opening `vault/cannot-open` as well.
 * @see WebAuthn Level 3, §10.1.4; CTAP 2.1, §12.5 (hmac-secret)
 */
export function passkey(options: PasskeyOptions = {}): PasskeySlot {
  const wanted = readPasskeyOptions(options);
  const slot: PasskeySlot = {
    kind: "passkey",
    async enrol(context) {
      const { random, signal } = context;
      throwIfAborted(signal);
      const rpId = wanted.rpId ?? pageDomain();
      const salt = random(SALT_BYTES);
      // A user handle of its own each time: a second passkey under the same one would take the place of the first.
      const user = { id: random(32), name: wanted.userName };
      const made = await createPasskey({ rp: { id: rpId, name: wanted.rpName ?? rpId }, user, salt, challenge: random(32), signal });
      try {
        const ask = () => askPasskeys({ rpId, passkeys: [{ ...made, salt }], challenge: random(32), signal });
        const output = made.output ?? (await ask()).output;
        const parameters = { credential: toHex(made.id), rp: rpId, salt: toHex(salt), transports: made.transports };
        return { parameters, secret: secretOf(output, parameters, context) };
      } catch (cause) {
        await forgetPasskey(rpId, made.id);
        throw cause;
      }
    },
    async open(parameters, context) {
      return (await slot.openAny([{ id: context.slotId, parameters }], context)).secret;
    },
    async openAny(slots, context) {
      const { random, signal } = context;
      throwIfAborted(signal);
      const held = slots.flatMap(({ id, parameters }) => {
        const read = readParameters(parameters);
        return read === undefined ? [] : [{ ...read, slotId: id, parameters }];
      });
      if (held.length === 0) throw new CustodyError("vault/cannot-open", "passkey: no slot of this vault is a passkey as we write it");
      const rpId = wanted.rpId ?? pageDomain();
      // Each passkey once: we never write one twice, and its answer could not tell which of two slots it is for.
      const here = held.filter(({ rp }) => rp === rpId).filter((one, at, all) => all.findIndex(({ id }) => equal(id, one.id)) === at);
      if (here.length === 0)
        throw new CustodyError("slot/wrong-site", `passkey: made for ${held[0]?.rp}, this is ${rpId}; open the vault there`);
      const { id, output } = await askPasskeys({ rpId, passkeys: here, challenge: random(32), signal });
      const chosen = here.find((one) => equal(one.id, id)) ?? unreachable("a passkey that nobody was asked for");
      return { id: chosen.slotId, secret: secretOf(output, chosen.parameters, { ...context, slotId: chosen.slotId }) };
    },
  };
  return slot;
}

/**
 * The slot's secret, out of the authenticator's answer, which is wiped: one for this slot of this vault with these parameters, and for
 * no other use.
 */
function secretOf(output: Uint8Array, parameters: JsonObject, { vaultId, slotId }: Pick<SlotContext, "vaultId" | "slotId">): Uint8Array {
  try {
    return derive(output, fromHex(vaultId), concat(utf8("keyward/v1/passkey"), fromHex(slotId), canonicalBytes(parameters)));
  } finally {
    wipe(output);
  }
}

interface Kept extends HeldPasskey {
  readonly rp: string;
}

/** Credential ids have 16–1023 bytes (WebAuthn Level 3, §4). */
const ID_BYTES = { least: 16, most: 1023 };
const MOST_TRANSPORTS = 8;

/** What {@link passkey} wrote, or nothing: parameters come from a file that may be hostile, and go to the browser. */
function readParameters(parameters: JsonObject): Kept | undefined {
  const { credential, rp, salt, transports, ...others } = parameters;
  if (Object.keys(others).length > 0 || !isDomain(rp) || !isHex(salt, 2 * SALT_BYTES)) return undefined;
  if (typeof credential !== "string" || credential.length % 2 !== 0 || !isHex(credential, credential.length)) return undefined;
  const bytes = credential.length / 2;
  if (bytes < ID_BYTES.least || bytes > ID_BYTES.most) return undefined;
  if (!Array.isArray(transports) || transports.length > MOST_TRANSPORTS || !transports.every(isTransport)) return undefined;
  return { id: fromHex(credential), rp, salt: fromHex(salt), transports };
}

/** A name of ASCII letters, digits and hyphens, as browsers write every domain. */
function isDomain(value: unknown): value is string {
  return typeof value === "string" && value.length <= 253 && /^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/.test(value);
}

function isTransport(value: unknown): value is string {
  return typeof value === "string" && /^[a-z-]{1,32}$/.test(value);
}

function readPasskeyOptions(options: PasskeyOptions): PasskeyOptions & { readonly userName: string } {
  const { rpId, rpName, userName = "vault" } = readOptions(options, "passkey");
  if (rpId !== undefined && !isDomain(rpId))
    throw new CustodyError("request/malformed", "passkey: expected rpId to be a domain in lower case");
  for (const name of [rpName, userName]) {
    if (name === undefined || (typeof name === "string" && name.length >= 1 && name.length <= 64 && name.isWellFormed())) continue;
    throw new CustodyError("request/malformed", "passkey: expected names of 1–64 characters");
  }
  return { ...(rpId !== undefined && { rpId }), ...(rpName !== undefined && { rpName }), userName };
}

/** @throws `slot/unavailable` where there is no page */
function pageDomain(): string {
  const { hostname } = (globalThis as { location?: { hostname?: string } }).location ?? {};
  if (hostname !== undefined && hostname !== "") return hostname;
  throw new CustodyError("slot/unavailable", "passkey: expected a page of a site, there is none; open the vault by another way");
}
