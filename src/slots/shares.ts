import { combine, split } from "shamir-secret-sharing";
import { equal, secretCopy, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { copyList, readOptions } from "../base/plain.ts";
import { visible } from "../base/visible.ts";
import { throwIfAborted } from "../vault/kdf.ts";
import type { Enrolment, Slot, SlotContext } from "../vault/slot.ts";
import { digestOf, isThreshold, judge, MOST_SHARES, marksOf, readSet, type ShareSet } from "./share-set.ts";
import { type Share, writeShare } from "./share-text.ts";

export const SHARES_KIND = "shares";

const SECRET_BYTES = 32;
const LONGEST_HOLDER = 64;
/** More than there can be of one set, so that a pile of several can be given and each one named. */
const MOST_COLLECTED = 64;

/** One share as it is handed out, once. */
export interface RecoveryShare {
  /** 1–`of`. */
  readonly number: number;
  readonly of: number;
  readonly threshold: number;
  /** As it was given in `holders`. It stands on the card and is kept nowhere: a name in the header would be there in clear. */
  readonly holder: string;
  /** First 8 hexadecimal digits of the vault's id. */
  readonly vault: string;
  /** What must not be lost: 90 characters in groups of four, which {@link shares} reads again. A string, so nothing can erase it. */
  readonly text: string;
  /** Three lines to print: what it is, what it is good for, and `text`. It can be given back whole. */
  readonly card: string;
}

export interface NewShares {
  /** So many open the vault: 2 to the number of holders. Fewer tell nothing. */
  readonly threshold: number;
  /** Who or where each share goes, 2–16 short texts: `["Ana", "Ben", "safe at the bank"]`. */
  readonly holders: readonly string[];
  /** Called once with all shares. The slot counts only when it is done: if it throws, nothing is enrolled. */
  readonly give: (shares: readonly RecoveryShare[]) => void | Promise<void>;
}

export interface CollectedShares {
  /** Texts or whole cards, in any order: as many as are needed, or more. */
  readonly collected: readonly string[];
}

/**
 * A slot that opens with `threshold` of several recovery shares (Shamir), each of them kept by someone else or somewhere else.
 *
 * A random secret is split when the slot is enrolled; every share is looked at by itself before any two are combined, so a share that is
 * mistyped, foreign, altered or given twice is named. Shares are strings in the end: keep the time short in which a program has them.
 *
 * @throws `request/malformed` for options that are none; at enrolment what `give` throws; on opening `slot/share-damaged`,
 *   `slot/share-foreign`, `slot/share-altered`, `slot/share-twice` and `slot/too-few-shares`.
 */
export function shares(options: NewShares | CollectedShares): Slot {
  const { threshold, holders, give, collected }: Partial<NewShares & CollectedShares> = readOptions(options, "shares");
  if (collected !== undefined) return { kind: SHARES_KIND, enrol: async () => notNew(), open: openWith(readTexts(collected)) };
  const names = copyList(holders, MOST_SHARES, "shares") ?? [];
  if (!names.every(isHolder) || !isThreshold(threshold, names.length) || typeof give !== "function") {
    const wanted = `a threshold from 2, at most ${MOST_SHARES} holders of 1–${LONGEST_HOLDER} characters, and a function give`;
    throw new CustodyError("request/malformed", `shares: expected ${wanted}`);
  }
  return { kind: SHARES_KIND, enrol: (context) => handOut({ threshold, holders: names, give }, context), open: openWith([]) };
}

/** @throws `request/malformed` */
export function readTexts(given: unknown): readonly string[] {
  const texts = copyList(given, MOST_COLLECTED, "shares");
  if (texts?.every((text): text is string => typeof text === "string")) return texts;
  throw new CustodyError("request/malformed", `shares: expected a list of at most ${MOST_COLLECTED} texts`);
}

/** The secret that shares of one set hide. @returns 32 bytes that the caller wipes. */
export async function join(points: readonly Share[]): Promise<Uint8Array> {
  // Exactly these bytes: the library takes plain arrays of its own realm, and all of the same length.
  const combined = await combine(points.map(({ point }) => point));
  try {
    return secretCopy(combined);
  } finally {
    wipe(combined);
  }
}

async function handOut({ threshold, holders, give }: NewShares, context: SlotContext): Promise<Enrolment> {
  const secret = context.random(SECRET_BYTES);
  let points: readonly Uint8Array[] = [];
  try {
    points = (await split(secret, holders.length, threshold)).map((point) => moved(point));
    await checkSplit(points, secret, threshold);
    const { vaultId, slotId } = context;
    const digests = points.map((point, at) => digestOf({ number: at + 1, point }, context));
    const set: ShareSet = { vaultId, slotId, threshold, digests };
    await give(Object.freeze(points.map((point, at) => written({ ...marksOf(set), number: at + 1, point }, holders[at] ?? ""))));
    throwIfAborted(context.signal);
    return { parameters: { threshold, shares: digests }, secret: secretCopy(secret) };
  } finally {
    wipe(secret, ...points);
  }
}

/**
 * The library draws its own randomness, and says nothing if that is broken: all shares would then be the secret itself, or differ by what
 * can be guessed. And no set is handed out that does not come together again.
 */
async function checkSplit(points: readonly Uint8Array[], secret: Uint8Array, threshold: number): Promise<void> {
  const values = [secret, ...points.map((point) => point.subarray(0, SECRET_BYTES))];
  const alike = values.some((value, at) => values.some((other, after) => after > at && agree(value, other)));
  if (alike) throw new CustodyError("keys/no-randomness", "shares: expected shares that differ, the platform's source is stuck");
  for (const some of [points.slice(0, threshold), points.slice(-threshold)]) {
    const again = await combine([...some]);
    const same = equal(again, secret);
    wipe(again);
    if (!same) throw new Error("unreachable: shares that do not give the secret");
  }
}

/** Whether two have eight bytes in a row in common: 2⁻⁶⁴ by chance at each place. */
function agree(a: Uint8Array, b: Uint8Array): boolean {
  let run = 0;
  return a.some((byte, at) => {
    run = byte === b[at] ? run + 1 : 0;
    return run === 8;
  });
}

function written(share: Share, holder: string): RecoveryShare {
  const { number, of, threshold, vault } = share;
  const text = writeShare(share);
  const card = `Keyward recovery share ${number} of ${of}: ${holder}\nAny ${threshold} of them open vault ${vault}\n${text}`;
  return Object.freeze({ number, of, threshold, holder, vault, text, card });
}

function openWith(texts: readonly string[]): Slot["open"] {
  return async (parameters, context) => {
    const set = readSet(parameters, context);
    const judged = judge(texts, set);
    const found = judged.flatMap(({ share }) => share ?? []);
    try {
      const bad = judged.find(({ problem }) => problem)?.problem;
      if (bad) throw bad;
      if (found.length < set.threshold) throw tooFew(found.length, set);
      throwIfAborted(context.signal);
      // Each one is the very share that was handed out, so any of them give the same secret.
      return await join(found.slice(0, set.threshold));
    } finally {
      wipe(...found.map(({ point }) => point));
    }
  };
}

function tooFew(count: number, { threshold, digests }: ShareSet): CustodyError {
  const more = threshold - count;
  return new CustodyError("slot/too-few-shares", `shares: expected ${threshold} of ${digests.length}, got ${count}; ${more} more needed`);
}

/** Into memory that is ours to erase; see {@link secretCopy}. */
function moved(bytes: Uint8Array): Uint8Array {
  const copy = secretCopy(bytes);
  wipe(bytes);
  return copy;
}

function isHolder(name: unknown): name is string {
  return typeof name === "string" && name.length > 0 && name.length <= LONGEST_HOLDER && name.isWellFormed() && visible(name) === name;
}

function notNew(): never {
  throw new CustodyError("request/malformed", "shares: these were collected; new ones need threshold, holders and give");
}
