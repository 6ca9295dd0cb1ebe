import { CustodyError } from "../base/errors.ts";
import { copyList, readOptions } from "../base/plain.ts";

/** `threshold` of `shares` open the group. A group of threshold 1 has one share: copies of one share are the same share. */
export interface Slip39Group {
  readonly threshold: number;
  readonly shares: number;
}

/** How a secret is split: everything that decides it but the secret and its passphrase. */
export interface Splitting {
  readonly groups: readonly Slip39Group[];
  readonly groupThreshold: number;
  readonly iterationExponent: number;
  readonly extendable: boolean;
}

/** Groups, members and thresholds of SLIP-39 are four bits each. */
export const MOST = 16;

/**
 * Reads how a secret is to be split; what is left out is as `SplitOptions` says.
 *
 * @throws `recovery/bad-groups` for what SLIP-39 does not have; `request/malformed`
 */
export function readSplitting(given: { readonly [member in keyof Splitting]?: unknown }): Splitting {
  const { iterationExponent = 1, extendable = true } = given;
  const groups = readGroups(given.groups);
  const groupThreshold = count(given.groupThreshold ?? groups.length, groups.length, "groupThreshold");
  if (!isExponent(iterationExponent)) throw new CustodyError("recovery/bad-groups", "iterationExponent: expected an integer from 0 to 15");
  if (typeof extendable !== "boolean") throw new CustodyError("request/malformed", "extendable: expected true or false");
  return { groups, groupThreshold, iterationExponent, extendable };
}

function readGroups(given: unknown): readonly Slip39Group[] {
  const list = copyList(given, MOST, "groups");
  if (list === undefined || list.length === 0) throw new CustodyError("recovery/bad-groups", `groups: expected a list of 1–${MOST}`);
  return list.map((group, at) => {
    const { threshold, shares } = readOptions(group as Slip39Group, `group ${at + 1}`);
    const most = count(shares, MOST, `group ${at + 1}: shares`);
    const needed = count(threshold, most, `group ${at + 1}: threshold`);
    if (needed === 1 && most > 1) {
      throw new CustodyError("recovery/bad-groups", `group ${at + 1}: expected one share where one is enough, it can be copied`);
    }
    return { threshold: needed, shares: most };
  });
}

function count(value: unknown, most: number, name: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new CustodyError("recovery/bad-groups", `${name}: expected an integer from 1 to ${most}`);
}

function isExponent(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 15;
}
