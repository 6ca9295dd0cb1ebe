import { equal, secretBuffer, secretCopy, wipe } from "../../base/bytes.ts";
import { CustodyError } from "../../base/errors.ts";
import { readOptions } from "../../base/plain.ts";
import { throwIfAborted } from "../../vault/kdf.ts";
import { isHex } from "../../vault/parse.ts";
import type { Slot } from "../../vault/slot.ts";
import { cannotOpen } from "../../vault/slot-keys.ts";
import { partIdsOf } from "../all-of.ts";
import { type Keychain, type KeychainEntry, loadKeychain } from "./package.ts";

const SECRET_BYTES = 32;
const LONGEST_NAME = 200;

export interface KeychainOptions {
  /** Under which the operating system lists the entry; "keyward" by default. */
  readonly service?: string;
  /** The entry's account; by default `vault <id> slot <id>`, so that every slot has its own. */
  readonly account?: string;
}

/** Which slot of which vault, as the vault lists it. */
export interface KeychainPlace {
  readonly vaultId: string;
  readonly slotId: string;
  /** Of the slot: where it is several ways together (`allOf`), each part that is a keychain has an entry of its own. "keychain" by default. */
  readonly kind?: string;
}

const KIND = "keychain";

export interface KeychainSlot extends Slot {
  /**
   * Deletes the entry of a slot that was removed from its vault. An entry that is left behind opens only copies of the vault from before.
   *
   * @returns whether there was one, or one of its parts.
   * @throws `slot/keychain-package`; `slot/no-keychain`; `slot/keychain-locked`
   */
  forget(place: KeychainPlace): Promise<boolean>;
}

/**
 * A slot that opens with a secret in the keychain of the operating system, for Node: Keychain on macOS, Credential Manager on Windows,
 * the Secret Service (GNOME Keyring, KWallet) on Linux. It opens for whoever can use that keychain: the user that is logged in, and
 * every program of theirs.
 *
 * On Linux it is the Secret Service or nothing, never the kernel's keyrings, which forget at the next start. An entry that is there is
 * never written over. The package gives the secret as an array of numbers, of which copies stay in memory until they are collected.
 *
 * Needs the package `@napi-rs/keyring`, which is loaded when the slot is used first.
 *
 * @throws `request/malformed` for options that are none. At enrolment and opening `slot/keychain-package`, `slot/no-keychain`,
 *   `slot/keychain-locked`, `vault/aborted`; at enrolment `slot/entry-exists`; at opening `slot/no-entry`, `vault/cannot-open`.
 */
export function keychain(options: KeychainOptions = {}): KeychainSlot {
  return keychainIn(loadKeychain, options);
}

/** The same over any keychain. */
export function keychainIn(load: () => Promise<Keychain>, options: KeychainOptions): KeychainSlot {
  const { service = "keyward", account } = readOptions(options, "keychain");
  for (const name of account === undefined ? [service] : [service, account]) {
    if (typeof name === "string" && name.length > 0 && name.length <= LONGEST_NAME && /^[\x20-\x7e]+$/.test(name)) continue;
    throw new CustodyError("request/malformed", `keychain: expected names of 1–${LONGEST_NAME} printable ASCII characters`);
  }
  const entryOf = async ({ vaultId, slotId }: KeychainPlace): Promise<KeychainEntry> => {
    const loaded = await load();
    return connected(() => loaded.open(service, account ?? `vault ${vaultId} slot ${slotId}`));
  };
  return {
    kind: KIND,
    async enrol(context) {
      const entry = await entryOf(context);
      throwIfAborted(context.signal);
      const secret = context.random(SECRET_BYTES);
      try {
        await store(entry, secret);
        return { parameters: {}, secret: secretCopy(secret) };
      } finally {
        wipe(secret);
      }
    },
    async open(parameters, context) {
      // Names of ours only: a file that is not to be trusted must not choose what is read from the keychain.
      if (Object.keys(parameters).length > 0) throw cannotOpen();
      throwIfAborted(context.signal);
      const secret = await read(await entryOf(context));
      if (!secret)
        throw new CustodyError("slot/no-entry", `keychain: ${service} has no entry for this slot; open the vault by another way`);
      if (secret.length === SECRET_BYTES) return secret;
      wipe(secret);
      throw cannotOpen();
    },
    async forget(place) {
      const { vaultId, slotId, kind = KIND } = readOptions(place, "keychain: place");
      if (!isHex(vaultId, 32) || !isHex(slotId, 16) || typeof kind !== "string")
        throw new CustodyError("request/malformed", "keychain: expected ids of a vault and a slot, and perhaps the slot's kind");
      const ours = partIdsOf({ id: slotId, kind }).filter((part) => part.kind === KIND);
      let found = false;
      for (const { id } of ours) {
        const entry = await entryOf({ vaultId, slotId: id });
        found = (await unlocked(() => entry.deleteCredential())) || found;
      }
      return found;
    },
  };
}

async function store(entry: KeychainEntry, secret: Uint8Array): Promise<void> {
  await refuseIfThere(entry);
  await unlocked(() => entry.setSecret(secret));
  // Some keychains take what they do not keep, and another process may have chosen the same account meanwhile.
  const kept = await read(entry);
  const same = kept !== undefined && equal(kept, secret);
  wipe(kept);
  if (!same) throw new CustodyError("slot/keychain-locked", "keychain: it took the secret and does not give it back");
}

async function refuseIfThere(entry: KeychainEntry): Promise<void> {
  const there = await read(entry);
  if (!there) return;
  wipe(there);
  throw new CustodyError(
    "slot/entry-exists",
    "keychain: there is an entry under this service and account; choose another, or delete it first",
  );
}

/** @returns bytes that the caller wipes, or nothing where there is no entry. */
async function read(entry: KeychainEntry): Promise<Uint8Array | undefined> {
  const numbers = await unlocked(() => entry.getSecret());
  if (!numbers) return undefined;
  try {
    const secret = secretBuffer(numbers.length);
    secret.set(numbers);
    return secret;
  } finally {
    numbers.fill(0);
  }
}

/** Opening an entry asks for the service alone. */
function connected(open: () => KeychainEntry): KeychainEntry {
  try {
    return open();
  } catch (cause) {
    const next = "log in to a desktop session or start one (on Linux the Secret Service), or open the vault by another way";
    throw new CustodyError("slot/no-keychain", `keychain: this session has none; ${next}`, { cause });
  }
}

/** What the package reports has no codes that tell one refusal from another. */
async function unlocked<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (cause) {
    throw new CustodyError("slot/keychain-locked", "keychain: it is locked, or refused; unlock it and try again", { cause });
  }
}
