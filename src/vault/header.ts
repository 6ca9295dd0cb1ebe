import { sha256 } from "@noble/hashes/sha2.js";
import { equal, toHex } from "../base/bytes.ts";
import { canonicalBytes, type Json, type JsonObject } from "../base/canonical.ts";
import { isObject } from "../base/shape.ts";
import { damaged, isHex, isInteger, parseCanonical } from "./parse.ts";
import { FORMAT, type SuiteName, suiteNames } from "./seal.ts";
import type { SlotRecord } from "./slot.ts";

/** Where the header lies in the store. */
export const HEADER_KEY = "vault";

const LARGEST_BYTES = 128 * 1024;
export const MOST_SLOTS = 16;

/** The one record in clear: what is needed to find a key. Nothing in it is believed before the root has confirmed it. */
export interface Header {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly suite: SuiteName;
  readonly keyEpoch: number;
  /** 1–16. */
  readonly slots: readonly SlotRecord[];
}

export function encodeHeader(header: Header): Uint8Array {
  const slots = header.slots.map((slot): JsonObject => ({ ...slot }));
  return canonicalBytes({ format: FORMAT, id: header.id, suite: header.suite, keyEpoch: header.keyEpoch, slots });
}

/** What the root says about the header. */
export function headerDigest(bytes: Uint8Array): string {
  return toHex(sha256(bytes));
}

/** @throws `vault/damaged` unless the bytes are what {@link encodeHeader} writes. */
export function decodeHeader(bytes: Uint8Array): Header {
  if (bytes.length > LARGEST_BYTES) throw damaged("header");
  const value = parseCanonical(bytes, "header");
  const { format, id, suite: name, keyEpoch, slots } = isObject(value) ? value : {};
  const suite = suiteNames.find((known) => known === name);
  if (format !== FORMAT || !isHex(id, 32) || !suite || !isInteger(keyEpoch, 1) || !Array.isArray(slots)) throw damaged("header");
  const records = slots.filter(isSlot);
  if (records.length !== slots.length || records.length === 0 || records.length > MOST_SLOTS) throw damaged("header");
  const header: Header = { id, suite, keyEpoch, slots: records };
  // What we would not have written, an added member for instance, is not ours.
  if (!equal(encodeHeader(header), bytes)) throw damaged("header");
  return header;
}

function isSlot(value: Json): value is Json & SlotRecord {
  if (!isObject(value)) return false;
  const { id, kind, parameters, publicKey, view, sign, pin } = value;
  const named = isHex(id, 16) && typeof kind === "string" && isObject(parameters) && isHex(publicKey, 64);
  return named && typeof view === "string" && (typeof sign === "string" || sign === null) && typeof pin === "string";
}
