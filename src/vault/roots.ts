import { secretCopy, wipe } from "../base/bytes.ts";
import * as ed25519 from "../keys/ed25519.ts";
import type { Random } from "./seal.ts";
import { subkey } from "./subkeys.ts";

/** What the slots seal. Each 32 bytes. */
export interface Roots {
  readonly view: Uint8Array;
  /** Names in the store. Survives rotation. */
  readonly naming: Uint8Array;
  /** Ed25519 key that the state root is signed with. */
  readonly statePublicKey: Uint8Array;
  /** Ed25519 key that checkpoints are signed with. */
  readonly checkpointPublicKey: Uint8Array;
  readonly sign?: Uint8Array;
  /** Roots from before rotations, the latest first, as long as something may still be sealed under them. */
  readonly earlier: readonly EarlierRoots[];
}

export type EarlierRoots = Pick<Roots, "view" | "sign">;

/** Rotations that may be under way at once: boxes stay small, and an opening derives few keys. */
export const MOST_EARLIER = 7;

/** Fresh roots, with the public halves that follow from the sign root. The caller wipes them. */
export function newRoots(vaultId: Uint8Array, random: Random, kept: Partial<Pick<Roots, "naming" | "earlier">> = {}): Required<Roots> {
  const sign = random(32);
  const state = subkey(sign, vaultId, "state signature");
  const checkpoint = subkey(sign, vaultId, "checkpoint signature");
  const publicKeys = { statePublicKey: ed25519.publicKey(state), checkpointPublicKey: ed25519.publicKey(checkpoint) };
  wipe(state, checkpoint);
  const { naming, earlier = [] } = kept;
  return { view: random(32), naming: naming ? secretCopy(naming) : random(32), sign, earlier: earlier.map(copyEarlier), ...publicKeys };
}

/** The same roots in buffers of their own, with these earlier ones. */
export function copyRoots(roots: Roots, earlier: readonly EarlierRoots[] = roots.earlier): Roots {
  const { statePublicKey, checkpointPublicKey } = roots;
  return {
    ...copyEarlier(roots),
    naming: secretCopy(roots.naming),
    statePublicKey,
    checkpointPublicKey,
    earlier: earlier.map(copyEarlier),
  };
}

/** Overwrites the secret roots. */
export function wipeRoots(roots: Roots): void {
  wipe(roots.view, roots.naming, roots.sign, ...roots.earlier.flatMap(({ view, sign }) => [view, sign]));
}

function copyEarlier({ view, sign }: EarlierRoots): EarlierRoots {
  return { view: secretCopy(view), ...(sign && { sign: secretCopy(sign) }) };
}
