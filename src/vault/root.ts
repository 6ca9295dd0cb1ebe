import { concat, utf8 } from "../base/bytes.ts";
import { canonicalBytes, type Json } from "../base/canonical.ts";
import { isObject } from "../base/shape.ts";
import type { Time } from "../base/time.ts";
import type { Keyring } from "./keyring.ts";
import { frozen } from "./mirror.ts";
import type { Ref } from "./node.ts";
import { damaged, isHex, isInteger, parseCanonical } from "./parse.ts";
import { FORMAT, type Random } from "./seal.ts";

/** Where the root lies in the store. Every commit compares and replaces it. */
export const ROOT_KEY = "root";

const SIGNATURE_BYTES = 64;
const SIGNATURE_LABEL = utf8("keyward/root/v1\n");

/** The whole state of a vault, by hash. */
export interface Root {
  /** Counts commits, from 1. */
  readonly epoch: number;
  /** SHA-256 of the header: slots and their parameters belong to the state. */
  readonly header: string;
  readonly tree: Ref;
  /** When it was committed. Never before the commit it replaced. */
  readonly time: Time;
  readonly state: Json;
}

/** @throws `vault/view-only`: only the sign side can write a root. */
export function sealRoot(root: Root, keyring: Keyring, random: Random): Uint8Array {
  const { vaultId, keyEpoch } = keyring;
  const { epoch, header, tree, time, state } = root;
  const body = canonicalBytes({ format: FORMAT, vault: vaultId, keyEpoch, epoch, header, tree: { ...tree }, time, state });
  // signature(64) || canonical JSON(n), sealed together, so that a store does not see who signs.
  return keyring.seal("root", ROOT_KEY, concat(keyring.signState(concat(SIGNATURE_LABEL, body)), body), random);
}

/** @throws `vault/damaged` unless the sign side of this vault wrote these bytes. */
export function openRoot(bytes: Uint8Array, keyring: Keyring): Root {
  const plain = keyring.open("root", ROOT_KEY, bytes);
  const body = plain.subarray(SIGNATURE_BYTES);
  // A holder of the view key could seal anything; the signature is what a root is believed for.
  const signed = keyring.verifyState(concat(SIGNATURE_LABEL, body), plain.subarray(0, SIGNATURE_BYTES));
  if (!signed) throw damaged("root");
  const value = parseCanonical(body, "root");
  if (!isObject(value)) throw damaged("root");
  const { format, vault, keyEpoch, epoch, header, tree, time, state } = value;
  if (format !== FORMAT || vault !== keyring.vaultId || keyEpoch !== keyring.keyEpoch) throw damaged("root");
  if (!isInteger(epoch, 1) || !isHex(header, 64) || !isInteger(time, Number.MIN_SAFE_INTEGER) || state === undefined) throw damaged("root");
  if (!isObject(tree) || !isHex(tree.hash, 64) || !isInteger(tree.count, 0)) throw damaged("root");
  return { epoch, header, tree: { hash: tree.hash, count: tree.count }, time, state: frozen(state) };
}
