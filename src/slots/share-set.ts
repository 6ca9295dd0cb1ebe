import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equal, fromHex, toHex, utf8, wipe } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { isHex } from "../vault/parse.ts";
import { cannotOpen } from "../vault/slot-keys.ts";
import { readShare, type Share } from "./share-text.ts";

export const MOST_SHARES = 16;
const DIGITS = 32;

/** Which slot of which vault: ids in hexadecimal, of 16 and 8 bytes. */
export interface Place {
  readonly vaultId: string;
  readonly slotId: string;
}

/**
 * What the header says of a set of shares: how many are needed, and one digest for each, so that each share can be told from a wrong one
 * by itself, before any two come together.
 *
 * Why the digests give nothing away: of a secret of 256 random bits, any shares below the threshold tell nothing, and a digest is
 * SHA-256 over the whole 32 bytes of a share. To find a share or the secret by them, somebody must try all 32 bytes at once, as with
 * the slot's public key, which is there anyway. A digest for each byte, or a linear checksum such as bech32m's, would be
 * another thing: secrets are split byte by byte. That checksum therefore stands on the paper of its share and nowhere else.
 */
export interface ShareSet extends Place {
  readonly threshold: number;
  /** Hexadecimal, 16 bytes each; the first is that of share 1. */
  readonly digests: readonly string[];
}

/** @throws `vault/cannot-open` for what is no parameters of ours */
export function readSet(parameters: JsonObject, { vaultId, slotId }: Place): ShareSet {
  const { threshold, shares, ...others } = parameters;
  if (Object.keys(others).length > 0 || !Array.isArray(shares) || shares.length > MOST_SHARES) throw cannotOpen();
  const digests = shares.filter((digest) => isHex(digest, DIGITS));
  if (digests.length !== shares.length || !isThreshold(threshold, digests.length)) throw cannotOpen();
  return { vaultId, slotId, threshold, digests };
}

/** One share alone would be a copy of the secret. */
export function isThreshold(value: unknown, of: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 2 && value <= of && of <= MOST_SHARES;
}

/** In the header. The point is random, so the same digest never comes twice. */
export function digestOf(share: Pick<Share, "number" | "point">, { vaultId, slotId }: Place): string {
  const place = concat(utf8("keyward/v1/share"), fromHex(vaultId), fromHex(slotId), Uint8Array.of(share.number));
  return toHex(sha256.create().update(place).update(share.point).digest()).slice(0, DIGITS);
}

/** On every share: all that the shares of one set have in common. */
export function marksOf({ vaultId, slotId, threshold, digests }: ShareSet): Pick<Share, "vault" | "slot" | "set" | "threshold" | "of"> {
  const all = concat(utf8("keyward/v1/share set"), fromHex(vaultId), fromHex(slotId), Uint8Array.of(threshold), fromHex(digests.join("")));
  return { vault: short(vaultId), slot: short(slotId), set: short(toHex(sha256(all))), threshold, of: digests.length };
}

/** A text that somebody gave for a share, and what it turned out to be: `problem` is absent if it is one of the set. */
export interface Judged {
  /** Where it could be read. `point` is wiped where there is a problem; otherwise by the caller. */
  readonly share?: Share;
  readonly problem?: CustodyError;
}

/** Looks at each text by itself; none is combined with another. In the order given. */
export function judge(texts: readonly string[], set: ShareSet): readonly Judged[] {
  const seen = new Set<number>();
  return texts.map((text, at) => {
    const which = `share ${at + 1} of those given`;
    let share: Share;
    try {
      share = readShare(text, which);
    } catch (problem) {
      if (problem instanceof CustodyError) return { problem };
      throw problem;
    }
    const problem = problemOf(share, set, which) ?? (seen.has(share.number) ? twice(share, which) : undefined);
    if (problem) wipe(share.point);
    else seen.add(share.number);
    return { share, ...(problem && { problem }) };
  });
}

function problemOf(share: Share, set: ShareSet, which: string): CustodyError | undefined {
  const { number } = share;
  const wanted = marksOf(set);
  const foreign = (what: string) => new CustodyError("slot/share-foreign", `${which}, number ${number}: ${what}`);
  if (share.vault !== wanted.vault) return foreign(`expected one of vault ${wanted.vault}, got one of vault ${share.vault}`);
  if (share.slot !== wanted.slot) return foreign(`expected one of slot ${wanted.slot}, got one of slot ${share.slot} of the same vault`);
  if (share.set !== wanted.set) return foreign("it is of this slot and of another set");
  const digest = set.digests[number - 1] ?? "";
  if (share.threshold === wanted.threshold && share.of === wanted.of && equal(fromHex(digest), fromHex(digestOf(share, set))))
    return undefined;
  return new CustodyError(
    "slot/share-altered",
    `${which}, number ${number}: it reads well and is not what was handed out under this number`,
  );
}

function twice({ number }: Share, which: string): CustodyError {
  return new CustodyError("slot/share-twice", `${which}: expected another one, number ${number} is there already`);
}

function short(hex: string): string {
  return hex.slice(0, 8);
}
