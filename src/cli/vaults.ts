import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { HOUR_MS } from "../base/time.ts";
import type { KeySigner } from "../custody/credentials.ts";
import { type Custody, keyward } from "../custody/keyward.ts";
import type { Session } from "../custody/session.ts";
import { lmdbStore } from "../stores/lmdb/lmdb.ts";
import type { Access } from "../vault/slot.ts";
import { CHAINS } from "./chains.ts";
import type { Call, Option } from "./command.ts";
import { usage } from "./exit.ts";
import { readNote } from "./files.ts";
import type { Io } from "./io.ts";
import { withKeyFile } from "./keyfile.ts";
import { WAY, withWay } from "./ways.ts";

export const PLACE: { readonly [name: string]: Option } = {
  vault: { value: "DIR", about: "the vault; KEYWARD_VAULT or ~/.keyward where it is not said" },
};

/** A vault that is opened. */
export const VAULT: { readonly [name: string]: Option } = {
  ...PLACE,
  ...WAY,
  "at-least": { value: "FILE", about: "a checkpoint that you kept: a vault that does not continue it is not opened" },
};

export const PERSON: { readonly [name: string]: Option } = {
  person: { value: "NAME", about: "who asks; the one person who unlocks where it is not said" },
  "key-file": { value: "FILE", about: "that person's key, as keygen makes it" },
};

/** A command on a vault lasts no longer; a session that a crash leaves behind ends by then. */
const SESSION_MS = HOUR_MS;

export function vaultDirectory({ io, value }: Call): string {
  const named = value("vault") ?? io.env.KEYWARD_VAULT;
  return resolve(named === undefined || named === "" ? join(homedir(), ".keyward") : named);
}

/** Custody over the store of a directory, which is closed when `use` is done. */
export async function withStore<T>(directory: string, use: (custody: Custody) => Promise<T>): Promise<T> {
  const store = lmdbStore(directory);
  const custody = keyward({ store, chains: CHAINS, autoLockMs: Number.POSITIVE_INFINITY });
  try {
    return await use(custody);
  } finally {
    custody.lock();
    await store.close();
  }
}

/**
 * Opens the vault that the call names. `view` is enough for whatever signs and changes nothing.
 *
 * @throws `vault/absent` before anything is made or asked; what unlocking throws
 */
export async function withVault<T>(call: Call, access: Access, use: (custody: Custody) => Promise<T>): Promise<T> {
  const directory = vaultDirectory(call);
  if (!hasStore(directory)) throw absent(directory);
  return withStore(directory, async (custody) => {
    if ((await custody.status()) === "absent") throw absent(directory);
    const { io } = call;
    const kept = call.value("at-least");
    const options = { access, signal: io.signal, ...(kept !== undefined && { atLeast: await readNote(kept) }) };
    await withWay(call, (way) => stretching(io, (onProgress) => custody.unlock(way, { ...options, onProgress })));
    const done = await use(custody);
    await retuned(custody);
    return done;
  });
}

/** A command is over long before a passphrase that costs too little by now is stretched anew: it waits. What fails is tried at the next. */
async function retuned(custody: Custody): Promise<void> {
  try {
    await custody.finishRetuning();
  } catch (cause) {
    if (!(cause instanceof CustodyError)) throw cause;
  }
}

export function absent(directory: string): CustodyError {
  return new CustodyError("vault/absent", `vault: there is none in ${directory}; make one with keyward init`);
}

export function hasStore(directory: string): boolean {
  return existsSync(join(directory, "data.mdb"));
}

/** Shows on a terminal how far the passphrase is stretched. */
export async function stretching<T>(io: Io, work: (onProgress: (done: number) => void) => Promise<T>): Promise<T> {
  if (!io.stderr.isTTY) return work(() => undefined);
  let shown = "";
  const show = (text: string) => {
    if (text !== shown) void io.stderr.write(`\r${text.padEnd(shown.length)}`);
    shown = text;
  };
  try {
    return await work((done) => show(`stretching the passphrase ${Math.round(done * 100)}%`));
  } finally {
    await io.stderr.write(`\r${" ".repeat(shown.length)}\r`);
  }
}

/** Opens the vault and begins a session of the person that the call names; ends it when `use` is done. */
export async function withSession<T>(call: Call, use: (me: Session, custody: Custody) => Promise<T>): Promise<T> {
  return withVault(call, "sign", (custody) => inSession(custody, call, (me) => use(me, custody)));
}

export async function inSession<T>(custody: Custody, call: Call, use: (me: Session) => Promise<T>): Promise<T> {
  return withCredential(call, async (credential) => {
    const person = await personOf(custody, call, credential);
    const me = await custody.session({ person, lastsMs: SESSION_MS, ...(credential !== undefined && { credential }) });
    try {
      return await use(me);
    } finally {
      await end(me);
    }
  });
}

/** Lends the key of `--key-file`, if there is one. */
export function withCredential<T>(call: Call, use: (credential: KeySigner | undefined) => Promise<T>): Promise<T> {
  const file = call.value("key-file");
  return file === undefined ? use(undefined) : withKeyFile(file, use);
}

/** Who asks: as named, or whose key it is, or the one person who unlocks. */
async function personOf(custody: Custody, { value }: Call, credential: KeySigner | undefined): Promise<string> {
  const named = value("person");
  if (named !== undefined) return named;
  const people = Object.entries(((await custody.policy()).document.people ?? {}) as PeopleTable);
  const theirs = people.filter(([, credentials]) =>
    credentials.some(({ kind, publicKey }) => (credential === undefined ? kind === "unlock" : publicKey === credential.publicKey)),
  );
  const [only] = theirs;
  if (only !== undefined && theirs.length === 1) return only[0];
  const names = people.map(([name]) => name).join(", ") || "nobody";
  throw usage(`--person: expected who asks, the policy knows ${names}`);
}

interface PeopleTable {
  readonly [name: string]: readonly JsonObject[];
}

// A session that cannot be ended runs out by itself, and what went wrong before is the error to show.
async function end(me: Session): Promise<void> {
  try {
    await me.end();
  } catch (cause) {
    if (!(cause instanceof CustodyError)) throw cause;
  }
}
