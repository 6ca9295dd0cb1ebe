import { toHex } from "../base/bytes.ts";
import { canonical, type Json } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { REQUEST_KINDS, type Request, type RequestKind } from "../intent/intent.ts";
import type { Slot } from "../vault/slot.ts";

const MAX_DEPTH = 64;
const MAX_NODES = 50_000;
const MAX_TEXT = 4 * 1024 * 1024;
const MAX_NAME = 200;

/**
 * Copies a request once, at the door: each member is read a single time, so that getters, proxies and later changes cannot
 * show the policy one thing and the signer another. Bytes become `0x` hex.
 *
 * @throws `request/malformed` for anything but plain data in the documented shape. `requester` and `now` are refused by
 * name: inside a vault the requester is the person of the session, and the time is the store's.
 */
export function readRequest(input: unknown): Request {
  const copy = copyPlain(input);
  if (copy === null || typeof copy !== "object" || Array.isArray(copy)) throw malformed("expected an object");
  const { chain, account, kind, payload, ...rest } = copy as { readonly [key: string]: Json };
  for (const key of Object.keys(rest)) {
    const why =
      key === "requester" || key === "now"
        ? `\`${key}\` cannot be chosen inside a vault`
        : `unknown member ${JSON.stringify(key.slice(0, 40))}`;
    throw malformed(why);
  }
  if (typeof kind !== "string" || !REQUEST_KINDS.includes(kind as RequestKind))
    throw malformed(`expected a kind out of ${REQUEST_KINDS.join(", ")}`);
  if (payload === undefined) throw malformed("expected a payload");
  if (kind === "act") return { chain: text(chain ?? "", "chain"), account: text(account ?? "", "account"), kind, payload };
  return { chain: text(chain, "chain"), account: text(account, "account"), kind: kind as RequestKind, payload };
}

/**
 * A deep copy of plain data, bounded. Members that are `undefined` are left out.
 *
 * @throws `request/malformed` for functions, symbols, class instances other than byte arrays, cycles (as too deep), bigints
 * beyond JSON, and anything that throws while it is read.
 */
export function copyPlain(input: unknown): Json {
  let nodes = 0;
  let textLeft = MAX_TEXT;
  const copy = (value: unknown, depth: number): Json => {
    if (++nodes > MAX_NODES || depth > MAX_DEPTH) throw malformed(`expected at most ${MAX_NODES} values, ${MAX_DEPTH} deep`);
    switch (typeof value) {
      case "string":
        textLeft -= value.length;
        if (textLeft < 0) throw malformed(`expected at most ${MAX_TEXT} characters`);
        if (!value.isWellFormed()) throw malformed("expected well-formed text");
        return value;
      case "boolean":
        return value;
      case "number":
        if (!Number.isSafeInteger(value) || Object.is(value, -0))
          throw malformed("expected numbers to be safe integers; write larger ones as text");
        return value;
      case "bigint":
        return value.toString();
      case "object":
        break;
      default:
        throw malformed(`expected plain data, got ${value === undefined ? "nothing" : `a ${typeof value}`}`);
    }
    if (value === null) return null;
    if (value instanceof Uint8Array) {
      if (2 * value.length > textLeft) throw malformed(`expected at most ${MAX_TEXT} characters`);
      return copy(`0x${toHex(value)}`, depth);
    }
    if (Array.isArray(value)) {
      const { length } = value;
      if (length > MAX_NODES) throw malformed(`expected at most ${MAX_NODES} values, ${MAX_DEPTH} deep`);
      return Array.from({ length }, (_, index) => copy(value[index], depth + 1));
    }
    // A Map, a Date or a class of the app would pass for an empty object.
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw malformed("expected plain data, got an instance of a class");
    const out: Record<string, Json> = Object.create(null);
    for (const key of Object.keys(value)) {
      const member = (value as Record<string, unknown>)[key];
      if (member !== undefined) out[copy(key, depth) as string] = copy(member, depth + 1);
    }
    return out;
  };
  try {
    return copy(input, 0);
  } catch (cause) {
    if (cause instanceof CustodyError) throw cause;
    throw new CustodyError("request/malformed", "request: could not be read", { cause });
  }
}

/**
 * The members of an options object, each read once.
 *
 * @throws `request/malformed` for anything that is no object, and for what throws while it is read.
 */
export function readOptions<T extends object>(options: T, what: string): T {
  if (typeof options !== "object" || options === null) throw new CustodyError("request/malformed", `${what}: expected an object`);
  try {
    return { ...options };
  } catch (cause) {
    throw new CustodyError("request/malformed", `${what}: could not be read`, { cause });
  }
}

/** A policy as text. One that is a text already stays as it is, so that a mistake is shown where it stands in it. */
export function policyText(policy: unknown): string {
  if (typeof policy === "string") return policy;
  if (policy === undefined) throw new CustodyError("request/malformed", "policy: expected a document, as text or plain data, got nothing");
  return canonical(copyPlain(policy));
}

/** @throws `request/malformed` for what is no way to unlock; what it is instead, perhaps a passphrase, is not repeated. */
export function checkSlot(slot: Slot | undefined): void {
  if (typeof slot?.enrol !== "function" || typeof slot.open !== "function")
    throw new CustodyError("request/malformed", "slot: expected a way to unlock, such as what passphrase() gives");
}

function text(value: Json | undefined, name: string): string {
  // Longer ones name nothing, and would be written to the log of what was refused.
  if (typeof value !== "string" || value.length > MAX_NAME) throw malformed(`expected ${name} as text of at most ${MAX_NAME} characters`);
  return value;
}

function malformed(what: string): CustodyError {
  return new CustodyError("request/malformed", `request: ${what}`);
}
