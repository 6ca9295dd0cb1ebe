import { get, promisifyRequest, type UseStore } from "idb-keyval";
import { concat, fromHex, toHex, utf8, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { readOptions } from "../base/plain.ts";
import { SECOND_MS } from "../base/time.ts";
import { failure, openDatabase, RECORDS, runTransaction } from "../stores/indexeddb/connection.ts";
import { throwIfAborted } from "../vault/kdf.ts";
import { isHex } from "../vault/parse.ts";
import type { Slot, SlotContext } from "../vault/slot.ts";

const SALT_BYTES = 32;
const PATIENCE_MS = 10 * SECOND_MS;

/**
 * A slot that opens by itself in this browser: with a key that scripts can use and cannot read, kept in IndexedDB.
 *
 * What scripts cannot read lies in clear in the files of the browser's profile, so whoever copies those has it: alone this slot is
 * good for viewing only. It is gone with the site's data.
 *
 * @param options.name - of the database with the keys of this origin's vaults; it holds nothing else. By default
 * `keyward-device-keys`.
 * @throws `request/malformed` for options that are none. At enrolment and opening `slot/unavailable`, `store/…`, `vault/aborted`; at
 * opening `vault/cannot-open` where there is no such key (any more).
 */
export function deviceKey(options: { readonly name?: string } = {}): Slot {
  const { name = "keyward-device-keys" } = readOptions(options, "deviceKey");
  if (typeof name !== "string") throw new CustodyError("request/malformed", "deviceKey: expected the database's name as text");
  return {
    kind: "device-key",
    access: "view",
    async enrol(context) {
      throwIfAborted(context.signal);
      checkPlatform();
      const salt = context.random(SALT_BYTES);
      await keep(name, placeOf(context), await newKey(context));
      // By the key as it will be found, so that no slot is made that cannot be opened.
      return { parameters: { salt: toHex(salt) }, secret: await secretOf(await find(name, context), salt, context) };
    },
    async open(parameters, context) {
      throwIfAborted(context.signal);
      const { salt, ...others } = parameters;
      if (!isHex(salt, 2 * SALT_BYTES) || Object.keys(others).length > 0) throw noKey();
      checkPlatform();
      return secretOf(await find(name, context), fromHex(salt), context);
    },
  };
}

async function newKey({ random }: SlotContext): Promise<CryptoKey> {
  const bytes = random(32);
  try {
    return await crypto.subtle.importKey("raw", Uint8Array.from(bytes), "HKDF", false, ["deriveBits"]);
  } finally {
    wipe(bytes);
  }
}

/** HKDF-SHA-256, by the browser, which alone has the key: one secret for this slot of this vault. */
async function secretOf(key: CryptoKey, salt: Uint8Array, { vaultId, slotId, signal }: SlotContext): Promise<Uint8Array> {
  const info = concat(utf8("keyward/v1/device key"), fromHex(vaultId), fromHex(slotId));
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: Uint8Array.from(salt), info: Uint8Array.from(info) };
  const secret = new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 256));
  if (signal?.aborted) wipe(secret);
  throwIfAborted(signal);
  return secret;
}

/** By vault and slot, not by anything that the parameters could say. */
function placeOf({ vaultId, slotId }: SlotContext): string {
  return `${vaultId}/${slotId}`;
}

async function keep(name: string, place: string, key: CryptoKey): Promise<void> {
  await inDatabase(name, (use) => use("readwrite", (records) => promisifyRequest(records.put(key, place))));
}

async function find(name: string, context: SlotContext): Promise<CryptoKey> {
  const found = await inDatabase(name, (use) => get<unknown>(placeOf(context), use));
  // Whatever script of this origin can write there.
  if (found instanceof CryptoKey && found.algorithm.name === "HKDF" && found.usages.includes("deriveBits")) return found;
  throw noKey();
}

/** Opens the database for one piece of work and lets it go, so that nobody who deletes it has to wait. */
async function inDatabase<T>(name: string, work: (use: UseStore) => Promise<T>): Promise<T> {
  try {
    const database = await openDatabase(name, PATIENCE_MS);
    try {
      return await work((mode, callback) =>
        runTransaction(database.transaction(RECORDS, mode, { durability: "strict" }), callback, PATIENCE_MS),
      );
    } finally {
      database.close();
    }
  } catch (cause) {
    throw failure(name, cause);
  }
}

function checkPlatform(): void {
  const { indexedDB, crypto } = globalThis as { indexedDB?: IDBFactory; crypto?: Partial<Crypto> };
  if (indexedDB !== undefined && crypto?.subtle !== undefined) return;
  throw new CustodyError(
    "slot/unavailable",
    "deviceKey: expected a browser with IndexedDB and a page with TLS; open the vault by another way",
  );
}

function noKey(): CustodyError {
  return new CustodyError(
    "vault/cannot-open",
    "deviceKey: this browser has no key for this vault; open it by another way and add a new device key",
  );
}
