import { readShared, sharedIsHere } from "./here/files.ts";

/** Published vectors and hostile cases lie beside the project, not in it; without them the tests that read them say so. */
export const shared: boolean = sharedIsHere;

/** What a suite's name says where the vectors are absent: `describe.skipIf(!shared)(vectorSuite("BIP-39"), …)`. */
export function vectorSuite(name: string): string {
  return shared ? name : `${name} (LEFT OUT: ../shared with the published vectors is not here)`;
}

/** Text of a file below `../shared`, such as `vectors/bip39/trezor-english.json`. */
export function sharedText(path: string): string {
  return readShared(path);
}

export function sharedFile<T = unknown>(path: string): T {
  return JSON.parse(sharedText(path)) as T;
}

/** Counts what became of each row of a vector set. Every row ends in exactly one of these. */
export class Tally {
  match = 0;
  refused = 0;
  unsupported = 0;
  readonly wrong: string[] = [];
  readonly accepted: string[] = [];
  readonly crashed: string[] = [];

  /** The three that must stay empty, for one `expect`. */
  get bad(): { wrong: string[]; accepted: string[]; crashed: string[] } {
    return { wrong: this.wrong, accepted: this.accepted, crashed: this.crashed };
  }
}
