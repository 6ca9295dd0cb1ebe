import { isBytes, toHex } from "./bytes.ts";
import type { Json } from "./canonical.ts";
import { CustodyError } from "./errors.ts";
import { ownMembers } from "./own.ts";
import { checkRealm } from "./realm.ts";

// What an app gives is read once, here, before anything is made of it.

const MAX_DEPTH = 64;
const MAX_NODES = 50_000;
const MAX_TEXT = 4 * 1024 * 1024;

/**
 * A deep copy of plain data, bounded. Members that are `undefined` are left out.
 *
 * @param what - begins the message of an error.
 * @throws `request/malformed` for functions, symbols, class instances other than byte arrays, cycles (as too deep), bigints
 * beyond JSON, and anything that throws while it is read; `realm/polluted`.
 */
export function copyPlain(input: unknown, what = "request"): Json {
  const malformed = (problem: string) => new CustodyError("request/malformed", `${what}: ${problem}`);
  checkRealm();
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
    if (isBytes(value)) {
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
    throw new CustodyError("request/malformed", `${what}: could not be read`, { cause });
  }
}

/**
 * A copy of a list of at most so many items; nothing for anything else.
 *
 * @throws `request/malformed` for what throws while it is read
 */
export function copyList(given: unknown, most: number, what: string): readonly unknown[] | undefined {
  try {
    // Its length is read before its items: a list can say that it is as long as it likes.
    return Array.isArray(given) && given.length <= most ? Array.from(given) : undefined;
  } catch (cause) {
    throw new CustodyError("request/malformed", `${what}: could not be read`, { cause });
  }
}

/**
 * The members of an options object, each read once, and none that it inherits.
 *
 * @throws `request/malformed` for anything that is no object, and for what throws while it is read; `realm/polluted`.
 */
export function readOptions<T extends object>(options: T, what: string): T {
  checkRealm();
  if (typeof options !== "object" || options === null) throw new CustodyError("request/malformed", `${what}: expected an object`);
  try {
    return ownMembers(options);
  } catch (cause) {
    throw new CustodyError("request/malformed", `${what}: could not be read`, { cause });
  }
}
