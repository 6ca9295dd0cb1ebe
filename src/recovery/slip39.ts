import { isBytes, secretCopy, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { copyList, readOptions } from "../base/plain.ts";
import { readSignal } from "../base/signal.ts";
import { chooseSets } from "./choose.ts";
import { MOST, readSplitting, type Slip39Group, type Splitting } from "./groups.ts";
import { type Ask, inRealm, type RealmOptions } from "./realm.ts";
import { readShare, readWords, type Share, type Words } from "./share.ts";

export interface SplitOptions extends RealmOptions {
  /** 1–16 groups of 1–16 shares. One group is the usual case: `[{ threshold: 2, shares: 3 }]`. */
  readonly groups: readonly Slip39Group[];
  /** How many groups are needed; all of them unless said otherwise. */
  readonly groupThreshold?: number;
  /** Printable ASCII, at most 256 characters. Empty unless said otherwise. */
  readonly passphrase?: string;
  /** 0–15: PBKDF2 takes 10,000·2ᵉ rounds. 1 unless said otherwise. */
  readonly iterationExponent?: number;
  /** Whether further shares of the same secret can be made later that have the same passphrase behaviour; true unless said otherwise. */
  readonly extendable?: boolean;
}

export interface CombineOptions extends RealmOptions {
  readonly passphrase?: string;
}

const LONGEST_PASSPHRASE = 256;
/** The longest share is 33 words of at most eight letters. */
const LONGEST_TEXT = 1000;

/**
 * Splits a secret into shares of words by SLIP-39. The library that does it runs in a worker of its own, which ends with the call.
 * What it made is read by our own reader and put together again, every share at least once, before it is handed out.
 *
 * @param secret - 16–32 bytes, an even number: the entropy of a wallet. Neither kept nor wiped, it is the caller's.
 * @returns the groups in the order asked for, each a list of shares: texts of 20–33 words, which nobody can wipe.
 * @throws `recovery/bad-secret`, `recovery/bad-groups`, `recovery/bad-passphrase`, `request/malformed`; `keys/no-randomness` comes out as
 *   `recovery/failed`; `recovery/no-realm`, `recovery/timed-out`, `recovery/aborted`.
 * @see SLIP-39
 */
export async function splitSlip39(secret: Uint8Array, options: SplitOptions): Promise<readonly (readonly string[])[]> {
  const { groups: given, groupThreshold, passphrase = "", iterationExponent, extendable, ...rest } = readOptions(options, "slip39");
  const realm = checkRealmOptions(rest);
  checkPassphrase(passphrase);
  const splitting = readSplitting({ groups: given, groupThreshold, iterationExponent, extendable });
  const { groups } = splitting;
  const ours = copySecret(secret);
  try {
    return await inRealm(realm, async (ask) => {
      const lent = secretCopy(ours);
      const pairs = groups.map(({ threshold, shares }) => [threshold, shares] as const);
      const asked = { ask: "split", secret: lent, passphrase, ...splitting, groups: pairs } as const;
      // Moved, not copied: nothing of it stays on this side.
      const answer = await ask(asked, [lent.buffer]);
      if (answer.kind !== "shares") throw failed();
      const made = answer.groups.map((shares) => [...shares]);
      await checkMade(ask, made, { ...splitting, passphrase, secret: ours });
      return made;
    });
  } finally {
    wipe(ours);
  }
}

/**
 * The secret behind shares of SLIP-39. More shares than are needed may be given; then every one of them has to agree.
 *
 * A wrong passphrase gives another secret, by the design of SLIP-39, and nothing here can tell. Compare what comes out with something
 * kept: the fingerprint of the wallet, or an address.
 *
 * @param mnemonics - the shares in any order, each a text of 20–33 words.
 * @returns 16–32 bytes, which the caller owns and wipes.
 * @throws `recovery/bad-share` naming share and word by their places; `recovery/mixed-shares`; `recovery/too-few-shares`;
 *   `recovery/bad-passphrase`, `request/malformed`; `recovery/no-realm`, `recovery/timed-out`, `recovery/aborted`.
 */
export async function combineSlip39(mnemonics: readonly string[], options: CombineOptions = {}): Promise<Uint8Array> {
  const { passphrase = "", ...rest } = readOptions(options, "slip39");
  const realm = checkRealmOptions(rest);
  checkPassphrase(passphrase);
  const texts = checkTexts(mnemonics);
  return await inRealm(realm, async (ask) => {
    const words = await askWords(ask);
    return await combine(
      ask,
      texts,
      texts.map((text, at) => readShare(text, words, `share ${at + 1}`)),
      passphrase,
    );
  });
}

async function combine(ask: Ask, texts: readonly string[], shares: readonly Share[], passphrase: string): Promise<Uint8Array> {
  const sets = chooseSets(shares).map((places) => places.map((at) => canonicalText(texts[at] ?? "")));
  const answer = await ask({ ask: "combine", sets, passphrase });
  // Each share is whole by itself, so what is left to be wrong is that they do not belong together.
  if (answer.kind !== "secret" || !isBytes(answer.secret) || answer.secret.length !== shares[0]?.length)
    throw new CustodyError("recovery/mixed-shares", "the shares do not give one secret together: at least one is of another splitting");
  return answer.secret;
}

async function askWords(ask: Ask): Promise<Words> {
  const answer = await ask({ ask: "words" });
  return readWords(answer.kind === "words" && Array.isArray(answer.words) ? answer.words : []);
}

/** As the library wants them: it splits at single spaces. */
function canonicalText(text: string): string {
  return text.trim().toLowerCase().replace(/\s+/g, " ");
}

/** What was made says what was asked for, and gives the secret back. */
async function checkMade(
  ask: Ask,
  made: readonly (readonly string[])[],
  wanted: Splitting & { readonly passphrase: string; readonly secret: Uint8Array },
): Promise<void> {
  const words = await askWords(ask);
  const shares = made.map((texts) => texts.map((text) => readShare(text, words, "a share that was made")));
  const asAsked =
    made.length === wanted.groups.length &&
    wanted.groups.every(({ threshold, shares: count }, group) => {
      const members = shares[group] ?? [];
      return (
        members.length === count &&
        members.every((share, at) => share.groupIndex === group && share.memberIndex === at && share.memberThreshold === threshold)
      );
    }) &&
    shares
      .flat()
      .every(
        (share) =>
          share.groupThreshold === wanted.groupThreshold &&
          share.iterationExponent === wanted.iterationExponent &&
          share.extendable === wanted.extendable,
      );
  if (!asAsked) throw failed();
  const again = await combine(ask, made.flat(), shares.flat(), wanted.passphrase);
  const same = again.length === wanted.secret.length && again.every((byte, at) => byte === wanted.secret[at]);
  wipe(again);
  if (!same) throw failed();
}

function failed(): CustodyError {
  return new CustodyError("recovery/failed", "the shares that were made do not give the secret back: nothing was handed out");
}

function checkRealmOptions({ timeoutMs, signal, worker }: RealmOptions): RealmOptions {
  if (timeoutMs !== undefined && !(Number.isSafeInteger(timeoutMs) && timeoutMs > 0 && timeoutMs < 2 ** 31))
    throw new CustodyError("request/malformed", "timeoutMs: expected whole milliseconds, less than 25 days");
  if (worker !== undefined && typeof worker !== "function") throw new CustodyError("request/malformed", "worker: expected a function");
  const ours = readSignal(signal);
  return { ...(timeoutMs !== undefined && { timeoutMs }), ...(ours && { signal: ours }), ...(worker && { worker }) };
}

/** Nobody's implementation agrees with another about texts beyond it, so neither way takes them. */
function checkPassphrase(passphrase: unknown): void {
  if (typeof passphrase === "string" && passphrase.length <= LONGEST_PASSPHRASE && /^[\x20-\x7e]*$/.test(passphrase)) return;
  throw new CustodyError("recovery/bad-passphrase", `passphrase: expected at most ${LONGEST_PASSPHRASE} characters, all printable ASCII`);
}

function copySecret(secret: unknown): Uint8Array {
  const length = isBytes(secret) ? secret.length : -1;
  if (isBytes(secret) && length >= 16 && length <= 32 && length % 2 === 0) return secretCopy(secret);
  throw new CustodyError("recovery/bad-secret", "secret: expected 16–32 bytes, an even number of them");
}

function checkTexts(given: unknown): readonly string[] {
  const list = copyList(given, MOST * MOST, "shares");
  if (list === undefined) throw new CustodyError("request/malformed", `shares: expected a list of at most ${MOST * MOST} texts`);
  return list.map((text, at) => {
    if (typeof text === "string" && text.length <= LONGEST_TEXT) return text;
    throw new CustodyError("recovery/bad-share", `share ${at + 1}: expected a text of at most ${LONGEST_TEXT} characters`);
  });
}
