import { CustodyError } from "../base/errors.ts";
import { readSignal } from "../base/signal.ts";
import { type ChildSeed, childPath, withChildSeed } from "../keys/bip85.ts";
import { formatPath } from "../keys/derive.ts";
import { randomBytes } from "../keys/random.ts";
import { type Language, loadWordlist } from "../keys/wordlist.ts";
import { readSplitting, type Slip39Group, type Splitting } from "../recovery/groups.ts";
import type { RealmOptions } from "../recovery/realm.ts";
import type { SplitOptions } from "../recovery/slip39.ts";
import { findWallet } from "./accounts.ts";
import type { BackupReceipt } from "./backups.ts";
import type { Desk } from "./desk.ts";
import { copyPlain, readOptions } from "./door.ts";
import { type ExportAct, readChildSeed, readExportAct } from "./export-act.ts";
import { type BackupExport, backupLeaving } from "./export-backup.ts";
import type { WalletRecord } from "./records.ts";
import { type Lease, Phrase, ReleasedChild, type ReleasedShares } from "./released.ts";
import { phraseOf, splittableOf, withSeedOf } from "./wallet-secret.ts";

/** What an app gives to have a secret exported. `wallet` is its id or name. */
export type ExportRequest = PhraseExport | Slip39Export | ChildSeedExport | BackupExport;

/** The words of a wallet. */
export interface PhraseExport {
  readonly what: "phrase";
  readonly wallet: string;
}

/**
 * Shares of a wallet by SLIP-39: `groups` and thresholds as `splitSlip39` takes them. The passphrase is for the shares; it is not kept
 * while the request waits, and approvers see only that there is one.
 */
export interface Slip39Export extends RealmOptions, Partial<Omit<Splitting, "groups">> {
  readonly what: "slip39";
  readonly wallet: string;
  readonly groups: readonly Slip39Group[];
  readonly passphrase?: string;
}

/** A child of a wallet's seed, by BIP-85. */
export type ChildSeedExport = ChildSeed & { readonly what: "childSeed"; readonly wallet: string };

/** What comes out, by what was asked for. */
export interface Released {
  readonly phrase: Phrase;
  readonly slip39: ReleasedShares;
  readonly childSeed: ReleasedChild;
  readonly backup: BackupReceipt;
}

/** An export that was read at the door: what is asked for, and how it is made once the log has it. */
export interface Leaving<T> {
  readonly act: ExportAct;
  /** Makes one of nothing worth keeping, so that what cannot be made uses up no approval. Runs before the request is judged. */
  readonly rehearse: () => Promise<void>;
  /** Makes what leaves. Called once, after the commit that logged it. */
  readonly release: () => Promise<T>;
}

/**
 * Reads what is asked for, before anybody judges it.
 *
 * @throws `vault/no-such-account` for an unknown wallet; `vault/no-phrase`, `vault/no-seed` for one that has no such thing;
 *   `recovery/bad-groups`, `keys/bad-path`, `request/malformed`
 */
export async function readExport<R extends ExportRequest>(given: R, desk: Desk, lease: Lease): Promise<Leaving<Released[R["what"]]>> {
  const request: ExportRequest = readOptions(given, "export");
  // The compiler cannot follow a type parameter through a switch: each case is what its `what` says.
  return (await leavingOf(request, desk, lease)) as Leaving<never>;
}

function leavingOf(request: ExportRequest, desk: Desk, lease: Lease): Promise<Leaving<Released[keyof Released]>> {
  switch (request.what) {
    case "phrase":
      return phraseLeaving(request, desk, lease);
    case "slip39":
      return sharesLeaving(request, desk);
    case "childSeed":
      return childLeaving(request, desk, lease);
    case "backup":
      return backupLeaving(request, desk, lease);
    default:
      throw new CustodyError("request/malformed", "export: expected what to be phrase, slip39, childSeed or backup");
  }
}

async function phraseLeaving({ what, wallet: asked, ...rest }: PhraseExport, desk: Desk, lease: Lease): Promise<Leaving<Phrase>> {
  nothingElse(rest);
  const wallet = await named(desk, asked);
  if (wallet.kind !== "mnemonic") throw noPhrase(wallet);
  return {
    act: checked({ act: "export", what, wallet: wallet.id, name: wallet.name }),
    rehearse: async () => undefined,
    release: async () => {
      const wordlist = await loadWordlist((wallet.language ?? "english") as Language);
      return lend(desk, wallet, async (secret) => new Phrase({ ...phraseOf(secret), wordlist }, lease));
    },
  };
}

async function sharesLeaving(request: Slip39Export, desk: Desk): Promise<Leaving<ReleasedShares>> {
  const { what, wallet: asked, groups, groupThreshold, iterationExponent, extendable, passphrase, ...realm } = request;
  const { timeoutMs, signal, worker, ...rest } = realm;
  nothingElse(rest);
  const wallet = await named(desk, asked);
  if (wallet.kind === "privateKey") throw noSeed(wallet);
  const splitting = readSplitting({ groups, groupThreshold, iterationExponent, extendable });
  const protects = passphrase !== undefined && passphrase !== "";
  // Loaded on demand, and the library that splits only within: pages that never do so have neither.
  const { splitSlip39 } = await import("../recovery/slip39.ts");
  const options: SplitOptions = {
    ...splitting,
    signal: AbortSignal.any([desk.locked, readSignal(signal) ?? []].flat()),
    ...(passphrase !== undefined && { passphrase }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(worker !== undefined && { worker }),
  };
  return {
    act: checked({ act: "export", what, wallet: wallet.id, name: wallet.name, passphrase: protects, ...splitting }),
    rehearse: async () => {
      await splitSlip39(randomBytes(await splitLength(desk, wallet)), options);
    },
    release: () =>
      lend(desk, wallet, async (secret) => {
        const { body, holds, hasPassphrase } = splittableOf(secret);
        const shares = await splitSlip39(body, options);
        const { groups, groupThreshold } = splitting;
        return { shares, groups, groupThreshold, holds, needsMnemonicPassphrase: hasPassphrase };
      }),
  };
}

async function childLeaving({ what, wallet: asked, ...given }: ChildSeedExport, desk: Desk, lease: Lease): Promise<Leaving<ReleasedChild>> {
  const child = readChildSeed(copyPlain(given, "export"));
  const path = formatPath(childPath(child));
  const wallet = await named(desk, asked);
  if (wallet.kind === "privateKey") throw noSeed(wallet);
  return {
    act: checked({ act: "export", what, wallet: wallet.id, name: wallet.name, child, path }),
    rehearse: async () => undefined,
    release: async () => {
      const wordlist = child.application === "bip39" ? await loadWordlist(child.language) : undefined;
      const { application } = child;
      return lend(desk, wallet, (secret) =>
        withSeedOf(wallet, secret, (seed) =>
          withChildSeed(seed, child, (bytes) => new ReleasedChild({ application, path, bytes, wordlist }, lease)),
        ),
      );
    },
  };
}

/** How long a secret will be split: of words it is known, and of a seed alone nothing else says it. */
async function splitLength(desk: Desk, wallet: WalletRecord): Promise<number> {
  if (wallet.words !== undefined) return (wallet.words / 3) * 4;
  return desk.vault.withSecret(`wallet/${wallet.id}`, async (secret) => splittableOf(secret).body.length);
}

/** Lends the secret of a wallet; what was made of it is ended where the custody was locked meanwhile. */
async function lend<T extends object>(desk: Desk, wallet: WalletRecord, make: (secret: Uint8Array) => Promise<T>): Promise<T> {
  let made: T | undefined;
  try {
    return await desk.vault.withSecret(`wallet/${wallet.id}`, async (secret) => {
      made = await make(secret);
      return made;
    });
  } catch (cause) {
    if (made instanceof Phrase || made instanceof ReleasedChild) made.end();
    throw desk.locked.aborted ? desk.locked.reason : cause;
  }
}

/** As it will stand in the log, and be read there by approvers: the one reader says whether it is right. */
function checked(act: ExportAct): ExportAct {
  const { act: _act, ...payload } = copyPlain(act) as { readonly act: string };
  return readExportAct(payload);
}

function named({ vault }: Desk, asked: unknown): Promise<WalletRecord> {
  if (typeof asked !== "string") throw new CustodyError("request/malformed", "export: expected a wallet by its id or name");
  return vault.read((view) => findWallet(view, asked));
}

/** A member that nobody reads may be a slip of one that would have protected what leaves. */
function nothingElse(rest: object): void {
  if (Object.keys(rest).length > 0) throw new CustodyError("request/malformed", "export: got a member that it does not have");
}

function noPhrase({ name, kind }: WalletRecord): CustodyError {
  const is = kind === "seed" ? "a seed" : "a private key";
  return new CustodyError("vault/no-phrase", `wallet ${name}: expected one with a phrase, this one is ${is}`);
}

function noSeed({ name }: WalletRecord): CustodyError {
  return new CustodyError("vault/no-seed", `wallet ${name}: expected one with a seed, this one is a private key`);
}
