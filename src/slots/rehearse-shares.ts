import { toHex, wipe } from "../base/bytes.ts";
import type { Json } from "../base/canonical.ts";
import { CustodyError, type ErrorCode } from "../base/errors.ts";
import { copyPlain } from "../base/plain.ts";
import { isObject } from "../base/shape.ts";
import * as x25519 from "../keys/x25519.ts";
import { isHex } from "../vault/parse.ts";
import type { SlotRecord } from "../vault/slot.ts";
import { slotKeys } from "../vault/slot-keys.ts";
import { partsOf } from "./all-of.ts";
import { type Judged, judge, readSet, type ShareSet } from "./share-set.ts";
import type { Share } from "./share-text.ts";
import { join, readTexts, SHARES_KIND } from "./shares.ts";

/** Of a vault, what lies in clear in its header: {@link rehearseShares} needs no more. */
export interface RehearsedVault {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly slots: readonly Pick<SlotRecord, "id" | "kind" | "parameters" | "publicKey">[];
}

export interface ShareRehearsal {
  /** The slot of the vault that most of the shares are good for. */
  readonly slotId: string;
  /** In the order given. A share is fine where there is no `problem`. */
  readonly shares: readonly RehearsedShare[];
  /** How many are needed in all, and how many more than are fine. */
  readonly threshold: number;
  readonly missing: number;
  /** Whether the fine ones would open the slot or, of a slot made by `allOf`, do their part of it. */
  readonly enough: boolean;
}

export interface RehearsedShare {
  /** Where it could be read: its number, from 1. */
  readonly number?: number;
  readonly problem?: { readonly code: ErrorCode; readonly message: string };
}

/**
 * Says whether shares would open a vault, and opens nothing: no root is decrypted, and nothing of the vault is needed but its header.
 *
 * A share can be rehearsed alone by whoever keeps it; each is compared with its own digest in the header. If enough are there, they are
 * put together for a moment, to see that the secret leads to the slot's public key. Take the header from where the vault
 * is, while it is open or from a backup that was verified: what somebody else has written says nothing.
 *
 * @param texts - as {@link CollectedShares.collected} takes them.
 * @throws `vault/no-such-slot` if the vault has no slot that opens with shares; `request/malformed` for what is no texts or no header
 */
export async function rehearseShares(texts: readonly string[], vault: RehearsedVault): Promise<ShareRehearsal> {
  const given = readTexts(texts);
  const judged = setsOf(readVault(vault)).map((found) => ({ ...found, judged: judge(given, found.set) }));
  try {
    const [best] = [...judged].sort((a, b) => fine(b.judged).length - fine(a.judged).length);
    if (!best) throw new CustodyError("vault/no-such-slot", "rehearsal: this vault has no slot that opens with recovery shares");
    const { slotId, set } = best;
    const missing = Math.max(0, set.threshold - fine(best.judged).length);
    const enough = missing === 0 && (await leadsTo(best));
    return { slotId, shares: best.judged.map(described), threshold: set.threshold, missing, enough };
  } finally {
    for (const { judged: each } of judged) wipe(...each.map(({ share }) => share?.point));
  }
}

function readVault(given: unknown): RehearsedVault {
  const vault = copyPlain(given, "rehearsal");
  const { id, slots } = isObject(vault) ? vault : {};
  if (isHex(id, 32) && Array.isArray(slots) && slots.every(isRecord)) return { id, slots };
  throw new CustodyError("request/malformed", "rehearsal: expected a vault's header, with its id and its slots");
}

function isRecord(value: Json): value is Json & RehearsedVault["slots"][number] {
  if (!isObject(value)) return false;
  const { id, kind, parameters, publicKey } = value;
  return isHex(id, 16) && typeof kind === "string" && isObject(parameters) && isHex(publicKey, 64);
}

interface FoundSet {
  /** Of the slot in the header. */
  readonly slotId: string;
  readonly set: ShareSet;
  /** Of a slot that is nothing but shares: what their secret leads to. */
  readonly publicKey?: string;
}

/** Every set of shares in a header, those that are parts of other slots included. What is no slot of ours is passed over. */
function setsOf({ id: vaultId, slots }: RehearsedVault): readonly FoundSet[] {
  return slots.flatMap((record) => {
    try {
      const sets = partsOf(record).filter(({ kind }) => kind === SHARES_KIND);
      return sets.map(({ id, parameters }) => ({
        slotId: record.id,
        set: readSet(parameters, { vaultId, slotId: id }),
        ...(record.kind === SHARES_KIND && { publicKey: record.publicKey }),
      }));
    } catch (error) {
      if (error instanceof CustodyError) return [];
      throw error;
    }
  });
}

async function leadsTo({ publicKey, set, judged }: FoundSet & { readonly judged: readonly Judged[] }): Promise<boolean> {
  // Of a part, only the whole slot has a public key. Its shares are the very ones that were handed out.
  if (publicKey === undefined) return true;
  const secret = await join(fine(judged).slice(0, set.threshold));
  const { privateKey, pin } = slotKeys(secret, set.vaultId);
  try {
    return toHex(x25519.publicKey(privateKey)) === publicKey;
  } finally {
    wipe(secret, privateKey, pin);
  }
}

function fine(judged: readonly Judged[]): readonly Share[] {
  return judged.flatMap(({ share, problem }) => (share && !problem ? [share] : []));
}

function described({ share, problem }: Judged): RehearsedShare {
  return { ...(share && { number: share.number }), ...(problem && { problem: { code: problem.code, message: problem.message } }) };
}
