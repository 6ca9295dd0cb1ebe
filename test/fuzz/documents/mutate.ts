import type { Random } from "../random.ts";

/** How often each number of changes comes: none, so that enough is accepted; mostly one, so that most of the input stays right. */
const CHANGES = [
  { times: 0, weight: 3 },
  { times: 1, weight: 8 },
  { times: 2, weight: 2 },
  { times: 5, weight: 1 },
] as const;

export function changes(random: Random): number {
  return random.weighted(CHANGES).times;
}

/** Characters and pieces that readers stumble over. */
const PIECES: readonly string[] = [
  ...'"\\{}[],:0123456789.eE+- \n\t\r/utfn',
  "\u0000",
  "\u001f",
  "\u007f",
  "\u2028",
  "\u202e",
  "\u200b",
  "\ufeff",
  "\ud800",
  "\udfff",
  "😀",
  "\u0430",
  "\\u0000",
  "\\ud800",
  "\\udc00\\ud800",
  "\\u0061",
  "null",
  "true",
  "-0",
  "1e3",
  "1.0",
  "9007199254740991",
  "9007199254740992",
  "-9007199254740992",
  "1".repeat(400),
  '"__proto__":{},',
  '"constructor":0,',
  '"":0,',
  "[[[[[[[[",
  "{}",
  "\r\n",
  "—",
];

/** A text with some small changes: characters and tokens flipped, put in, taken out, doubled, swapped, or taken from `others`. */
export function mutateText(random: Random, text: string, others: readonly string[] = []): string {
  let out = text;
  for (let left = changes(random); left > 0; left--) out = changeText(random, out, others);
  return out;
}

function changeText(random: Random, text: string, others: readonly string[]): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + 1 + random.below(random.oneIn(4) ? 64 : 4));
  const put = (middle: string, from = at, to = at) => text.slice(0, from) + middle + text.slice(to);
  switch (random.below(12)) {
    case 0:
      return put(String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(8))), at, at + 1);
    case 1:
      return put(random.pick(PIECES));
    case 2:
      return put(random.pick(PIECES), at, at + 1);
    case 3:
      return put("", at, end);
    case 4:
      return put(text.slice(at, end));
    case 5: {
      const other = others.length === 0 ? text : random.pick(others);
      return text.slice(0, at) + other.slice(random.oneIn(2) ? at : random.below(other.length + 1));
    }
    case 6:
      return random.oneIn(2) ? text.slice(0, at) : text.slice(at);
    case 7:
      return random.oneIn(50) ? text + random.pick(PIECES).slice(0, 8).repeat(10_000) : text + random.pick(PIECES);
    case 8:
      return random.pick(PIECES) + text;
    default:
      return changeTokens(random, text);
  }
}

/** The same with whole tokens of JSON: most of what comes out is still JSON. */
function changeTokens(random: Random, text: string): string {
  if (text.length > 50_000) return text;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[\w.+-]+|\s+|./gs) ?? [];
  const [one, other] = [random.below(tokens.length), random.below(tokens.length)];
  const [a = "", b = ""] = [tokens[one], tokens[other]];
  switch (random.below(6)) {
    case 0:
      tokens[one] = b;
      tokens[other] = a;
      break;
    case 1:
      tokens[one] = b;
      break;
    case 2:
      tokens.splice(one, 1 + random.below(4));
      break;
    case 3:
      tokens.splice(other, 0, ...tokens.slice(one, one + 1 + random.below(8)));
      break;
    case 4:
      tokens[one] = changeWord(random, a);
      break;
    default:
      tokens.splice(one, 0, random.pick([" ", "\n", "\t", "\r\n", ",", "0"]));
  }
  return tokens.join("");
}

const LOOKALIKES: ReadonlyMap<string, string> = new Map(Object.entries({ a: "а", e: "е", o: "о", c: "с", p: "р", i: "і", 0: "O", 1: "l" }));

/** A name or number that looks like another one, or is its neighbour. */
function changeWord(random: Random, word: string): string {
  const at = random.below(word.length);
  const put = (middle: string) => word.slice(0, at) + middle + word.slice(at + 1);
  switch (random.below(8)) {
    case 0:
      return put(LOOKALIKES.get(word.charAt(at)) ?? "x");
    case 1:
      return random.oneIn(2) ? word.toUpperCase() : word.toLowerCase();
    case 2:
      return put(word.charAt(at) + random.pick(["\u200b", "\u0301", "\u00a0", " "]));
    case 3:
      return put("");
    case 4:
      return put(word.charAt(at).repeat(2));
    case 5:
      return /^\d{1,15}$/.test(word) ? String(Number(word) + (random.oneIn(2) ? 1 : -1)) : put(String(random.below(10)));
    case 6:
      return random.pick(NUMBERS).toString();
    default:
      return random.pick(NAMES);
  }
}

const NUMBERS: readonly (number | bigint)[] = [
  0,
  1,
  -1,
  255,
  256,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2n ** 53n,
  8.64e15,
  2n ** 64n,
  2n ** 256n,
];
const NAMES: readonly string[] = [
  "",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "length",
  "x",
  "a".repeat(201),
  "null",
  "@",
  "role:",
];

/** Bytes with some small changes. */
export function mutateBytes(random: Random, bytes: Uint8Array, others: readonly Uint8Array[] = []): Uint8Array {
  let out = bytes;
  for (let left = changes(random); left > 0; left--) out = changeBytes(random, out, others);
  return out;
}

export function changeBytes(random: Random, bytes: Uint8Array, others: readonly Uint8Array[] = []): Uint8Array {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.below(16));
  const put = (middle: Uint8Array, from = at, to = at) => Uint8Array.from([...bytes.subarray(0, from), ...middle, ...bytes.subarray(to)]);
  switch (random.below(8)) {
    case 0:
    case 1:
      return put(Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.below(8))), at, at + 1);
    case 2:
      return put(random.bytes(1 + random.below(4)), at, end);
    case 3:
      return put(new Uint8Array(0), at, end);
    case 4:
      return put(bytes.subarray(at, end));
    case 5:
      return bytes.slice(0, at);
    case 6: {
      const other = others.length === 0 ? bytes : random.pick(others);
      return put(other.subarray(at), at, bytes.length);
    }
    default:
      return put(random.oneIn(2) ? Uint8Array.of(0) : random.bytes(1 + random.below(40)), bytes.length, bytes.length);
  }
}

/** A value that can be changed. Objects have no prototype, so `__proto__` is a member like others. */
// biome-ignore lint/suspicious/noExplicitAny: whatever a document may hold, and what it must not.
export type Draft = any;

export function draftOf(value: unknown): Draft {
  if (Array.isArray(value)) return value.map(draftOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.assign(Object.create(null), Object.fromEntries(Object.entries(value).map(([name, member]) => [name, draftOf(member)])));
}

/** A copy of a JSON value with some small changes: members and items replaced, swapped, doubled, renamed, left out, or taken from `others`. */
export function mutateJson(random: Random, value: unknown, others: readonly unknown[] = []): Draft {
  const top = { it: draftOf(value) };
  for (let left = changes(random); left > 0; left--) changeJson(random, top, others);
  return top.it === undefined ? null : top.it;
}

interface Place {
  readonly holder: Draft;
  readonly key: string | number;
}

export function changeJson(random: Random, top: { it: Draft }, others: readonly unknown[] = []): void {
  const { holder, key } = random.pick(placesIn(top));
  const value = holder[key];
  const inList = Array.isArray(holder);
  switch (random.below(13)) {
    case 0:
      if (inList) holder.splice(Number(key), 1);
      else delete holder[key];
      return;
    case 1:
      if (inList) holder.splice(Number(key), 0, draftOf(value));
      else holder[random.pick(NAMES)] = draftOf(value);
      return;
    case 2: {
      const other = random.pick([key, ...Object.keys(holder)]);
      [holder[key], holder[other]] = [holder[other], value];
      return;
    }
    case 3: {
      const place = random.pick(placesIn(top));
      holder[key] = draftOf(place.holder[place.key]);
      return;
    }
    case 4: {
      if (others.length === 0) return;
      // What stands there, or anywhere, in another document.
      const other = { it: draftOf(random.pick(others)) };
      const places = placesIn(other);
      const place = places.find((candidate) => candidate.key === key) ?? random.pick(places);
      holder[key] = place.holder[place.key];
      return;
    }
    case 5:
      if (!inList) {
        delete holder[key];
        holder[random.oneIn(2) ? changeWord(random, String(key)) : random.pick(NAMES)] = value;
      }
      return;
    case 6:
      holder[key] = random.oneIn(2) ? [value] : draftOf({ [random.pick(NAMES)]: value });
      return;
    case 7:
      holder[key] = odd(random);
      return;
    case 8:
      if (typeof value === "object" && value !== null) {
        if (Array.isArray(value)) value.push(odd(random));
        else value[random.pick(NAMES)] = odd(random);
      }
      return;
    default:
      if (typeof value === "string") holder[key] = changeWord(random, value);
      else if (typeof value === "number") holder[key] = random.oneIn(2) ? value + random.pick([1, -1]) : Number(random.pick(NUMBERS));
      else if (typeof value === "boolean") holder[key] = !value;
      else holder[key] = odd(random);
  }
}

/** A value that hardly any place expects. */
function odd(random: Random): Draft {
  return random.pick<() => Draft>([
    () => null,
    () => true,
    () => false,
    () => Number(random.pick(NUMBERS)),
    () => random.pick(NUMBERS).toString(),
    () => random.pick(NAMES),
    () => random.pick(PIECES),
    () => [],
    () => Object.create(null),
    () => draftOf([[]]),
    () => draftOf({ "": { "": 1 } }),
    () => "x".repeat(random.oneIn(20) ? 100_000 : 300),
    () => "0x",
    () => Buffer.from(random.bytes(random.pick([0, 1, 16, 20, 32, 33, 64, 65]))).toString("hex"),
    () => nested(random.pick([10, 70, 300])),
  ])();
}

function nested(depth: number): Draft {
  let value: Draft = [];
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Every place of a value, the top itself among them. */
function placesIn(top: { it: Draft }): readonly Place[] {
  const places: Place[] = [];
  const visit = (holder: Draft, key: string | number) => {
    places.push({ holder, key });
    const value = holder[key];
    if (Array.isArray(value)) for (const at of value.keys()) visit(value, at);
    else if (typeof value === "object" && value !== null) for (const name of Object.keys(value)) visit(value, name);
  };
  visit(top, "it");
  return places;
}

/** JSON as some other program would write it: spaces, escapes and order of members are as they come, and a member may come twice. */
export function writeJson(random: Random, value: unknown, twiceIn = 12): string {
  const style = random.below(4);
  if (style === 0) return JSON.stringify(value);
  if (style === 1) return JSON.stringify(value, null, random.pick([1, 2, "\t", " \n"]));
  const space = () => (random.oneIn(4) ? random.pick([" ", "\n", "\t", "\r\n", "  "]) : "");
  const text = (of: string) => {
    const written = JSON.stringify(of);
    return random.oneIn(12) ? written.replace(/[!#-[\]-~]/g, (character) => (random.oneIn(6) ? escaped(character) : character)) : written;
  };
  let twice = random.oneIn(twiceIn);
  const write = (part: unknown): string => {
    if (typeof part === "string") return space() + text(part) + space();
    if (Array.isArray(part)) return `${space()}[${space()}${part.map(write).join()}]${space()}`;
    if (typeof part !== "object" || part === null) return space() + JSON.stringify(part) + space();
    const members = Object.entries(part).map(([name, member]) => `${space()}${text(name)}${space()}:${write(member)}`);
    if (random.oneIn(2)) members.reverse();
    if (twice && members.length > 0 && random.oneIn(4)) {
      members.push(random.pick(members));
      twice = false;
    }
    return `${space()}{${space()}${members.join()}}${space()}`;
  };
  return write(value);
}

function escaped(character: string): string {
  if (character === "/") return "\\/";
  // What is behind a backslash is part of an escape already.
  return character === "\\" || /[bfnrtu0-9a-f"]/.test(character)
    ? character
    : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
