import type { Json } from "../../src/base/canonical.ts";
import type { Random } from "./random.ts";

/** Numbers at which something changes: lengths, prefixes of RLP and of compact sizes, signs, opcodes. */
const BOUNDARY_BYTES = [0x00, 0x01, 0x02, 0x7f, 0x80, 0x81, 0xb7, 0xb8, 0xbf, 0xc0, 0xc1, 0xf7, 0xf8, 0xfc, 0xfd, 0xfe, 0xff] as const;

/** One to three small changes; mostly one. `other` is what parts are spliced in from. */
export function mutatedBytes(random: Random, bytes: Uint8Array, other: Uint8Array = bytes): Uint8Array {
  let out = bytes;
  for (let left = random.pick([1, 1, 1, 1, 2, 3]); left > 0; left--) out = changedBytes(random, out, other);
  return out;
}

function changedBytes(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  const length = random.oneIn(4) ? random.below(64) : 1 + random.below(4);
  const replaced = (part: Uint8Array, removed: number) =>
    Uint8Array.from([...bytes.subarray(0, at), ...part, ...bytes.subarray(at + removed)]);
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
      return replaced(Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.below(8))), 1);
    case 3:
      return replaced(Uint8Array.of(random.pick(BOUNDARY_BYTES)), 1);
    case 4:
      return replaced(random.bytes(length), 0);
    case 5:
      return replaced(new Uint8Array(0), length);
    case 6:
      return replaced(bytes.subarray(at, at + length), 0);
    case 7:
      return bytes.slice(0, at);
    case 8: {
      const from = random.below(other.length + 1);
      return replaced(other.subarray(from, from + length), random.oneIn(2) ? length : 0);
    }
    default:
      return replaced(new Uint8Array(length).fill(random.pick([0x00, 0xff])), length);
  }
}

/** The same for text, by UTF-16 units. `alphabet`: what is put in. */
export function mutatedText(random: Random, text: string, alphabet: string): string {
  let out = text;
  for (let left = random.pick([1, 1, 1, 1, 2, 3]); left > 0; left--) out = changedText(random, out, alphabet);
  return out;
}

function changedText(random: Random, text: string, alphabet: string): string {
  const at = random.below(text.length + 1);
  const length = 1 + random.below(random.oneIn(4) ? 24 : 3);
  const letter = () => alphabet.charAt(random.below(alphabet.length));
  switch (random.below(7)) {
    case 0:
    case 1:
      return text.slice(0, at) + letter() + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + letter() + text.slice(at);
    case 3:
      return text.slice(0, at) + text.slice(at + length);
    case 4:
      return text.slice(0, at) + text.slice(at, at + length) + text.slice(at);
    case 5:
      return text.slice(0, at);
    default: {
      const part = text.slice(at, at + length);
      const other = part === part.toUpperCase() ? part.toLowerCase() : part.toUpperCase();
      return text.slice(0, at) + other + text.slice(at + length);
    }
  }
}

/** What stands where something else is expected. */
const JUNK: readonly Json[] = [
  null,
  "",
  "0",
  "0x",
  "-1",
  true,
  false,
  0,
  1,
  -1,
  2 ** 53 - 1,
  2 ** 53,
  1.5,
  "\ud800",
  [],
  {},
  [[]],
  { a: 1 },
];

/** One change somewhere in a JSON value: a value replaced, a member left out, added, renamed or swapped with another, a list made longer. */
export function mutatedJson(random: Random, value: Json): Json {
  const copy = structuredClone(value) as Json;
  const places: { readonly inside: Record<string, Json>; readonly key: string }[] = [];
  const gather = (inside: Json) => {
    if (inside === null || typeof inside !== "object") return;
    for (const [key, item] of Object.entries(inside)) {
      places.push({ inside: inside as unknown as Record<string, Json>, key });
      gather(item as Json);
    }
  };
  gather(copy);
  if (places.length === 0) return random.pick(JUNK);
  const { inside, key } = random.pick(places);
  const other = random.pick(places);
  const old = inside[key] as Json;
  switch (random.below(8)) {
    case 0:
      inside[key] = random.pick(JUNK);
      break;
    case 1:
      if (Array.isArray(inside)) inside.splice(Number(key), 1);
      else delete inside[key];
      break;
    case 2:
      if (Array.isArray(inside)) inside.push(old);
      else inside[`${key}2`] = old;
      break;
    case 3:
      [inside[key], other.inside[other.key]] = [other.inside[other.key] as Json, old];
      break;
    case 4:
      if (!Array.isArray(inside)) {
        delete inside[key];
        inside[random.pick(["a", "__proto__", "constructor", other.key])] = old;
      }
      break;
    default:
      inside[key] = nearby(random, old);
  }
  // Two places can be one inside the other: what goes round is no JSON.
  try {
    JSON.stringify(copy);
    return copy;
  } catch {
    return null;
  }
}

/** A value of the same kind, mostly one that is still good. */
function nearby(random: Random, value: Json): Json {
  if (typeof value === "number") return random.pick([value + 1, value - 1, -value, String(value), Number(random.integer(53))]);
  if (typeof value === "boolean") return !value;
  if (typeof value !== "string") return structuredClone(value);
  if (/^-?[0-9]+$/.test(value))
    return random.pick([
      `0${value}`,
      `-${value}`,
      `0x${BigInt(value).toString(16)}`,
      random.integer(256).toString(),
      (BigInt(value) + 1n).toString(),
    ]);
  if (/^0x[0-9a-fA-F]*$/.test(value))
    return random.pick([value.toLowerCase(), `0x${value.slice(2).toUpperCase()}`, mutatedText(random, value, "0123456789abcdefABCDEF")]);
  return mutatedText(random, value, "abcXYZ019_[](), \u00e9\u{1f600}\u202e");
}
