import { fromUtf8, isBytes, utf8 } from "./bytes.ts";
import type { Json, JsonObject } from "./canonical.ts";
import { CustodyError, type ErrorCode, type Position } from "./errors.ts";

/** Steps from the top of a document: member names and indexes. */
export type Path = readonly (string | number)[];

/** Bounds that are checked before work is done. Defaults: 1 MiB of UTF-8, depth 64, 600,000 values. Depth 256 is the most. */
export interface JsonLimits {
  readonly maxBytes?: number;
  readonly maxDepth?: number;
  readonly maxNodes?: number;
}

/** A JSON text that was read. Places are found only when asked for; what does not exist gives the place of its nearest parent. */
export interface JsonText {
  /** Objects have no prototype, so `__proto__` is an ordinary member. */
  readonly value: Json;
  /** Where the value at `path` begins. */
  at(path: Path): Position;
  /** Where the name of the member at `path` begins; for an item of a list, the item. */
  keyAt(path: Path): Position;
}

/**
 * Reads JSON (RFC 8259) more strictly than `JSON.parse`: duplicate keys, lone surrogates, a byte order mark, and numbers that
 * are not safe integers (fractions, exponents, -0) are refused, because two readers could understand them differently.
 * What is accepted, `JSON.parse` reads the same.
 *
 * @throws `json/malformed`, `json/duplicate-key`, `json/too-large` or `json/too-deep`, each with its position.
 */
export function readJson(text: string | Uint8Array, limits: JsonLimits = {}): JsonText {
  const source = decode(text, limits.maxBytes ?? 2 ** 20);
  // The reader recurses: no limit that a caller gives may let a text reach the end of the stack.
  const depth = Math.min(limits.maxDepth ?? 64, 256);
  const read = (mark?: Mark) => new Reader(source, depth, limits.maxNodes ?? 600_000).document(mark);
  const value = read();
  let marks: Mark | undefined;
  const find = (path: Path): Mark => {
    if (marks === undefined) {
      marks = { key: 0, value: 0 };
      read(marks);
    }
    let mark = marks;
    for (const step of path) {
      const next = mark.members?.get(step);
      if (next === undefined) return mark;
      mark = next;
    }
    return mark;
  };
  return {
    value,
    at: (path) => position(source, find(path).value),
    keyAt: (path) => position(source, find(path).key),
  };
}

/** Offsets of one value and of the name it stands under. */
interface Mark {
  key: number;
  value: number;
  members?: Map<string | number, Mark>;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const ESCAPES: { readonly [letter: string]: string | undefined } = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
const INTEGER = /-?(?:0|[1-9][0-9]*)/y;

class Reader {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #maxNodes: number;
  #at = 0;
  #nodes = 0;

  constructor(text: string, maxDepth: number, maxNodes: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
    this.#maxNodes = maxNodes;
  }

  document(mark: Mark | undefined): Json {
    const value = this.#value(0, mark);
    this.#space();
    if (this.#at < this.#text.length) this.#fail(`expected the end of the text, got ${this.#here()}`);
    return value;
  }

  #value(depth: number, mark: Mark | undefined): Json {
    this.#space();
    if (++this.#nodes > this.#maxNodes) this.#fail(`expected at most ${this.#maxNodes} values`, this.#at, "json/too-large");
    if (mark) mark.value = this.#at;
    switch (this.#text.charCodeAt(this.#at)) {
      case QUOTE:
        return this.#string();
      case 0x7b:
        return this.#object(depth + 1, mark);
      case 0x5b:
        return this.#array(depth + 1, mark);
      case 0x74:
        return this.#word("true", true);
      case 0x66:
        return this.#word("false", false);
      case 0x6e:
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #object(depth: number, mark: Mark | undefined): JsonObject {
    this.#enter(depth);
    const out: { [key: string]: Json } = Object.create(null);
    if (mark) mark.members = new Map();
    if (this.#ends(0x7d)) return out;
    for (;;) {
      this.#space();
      const start = this.#at;
      if (this.#text.charCodeAt(start) !== QUOTE) this.#fail(`expected a member name in double quotes, got ${this.#here()}`);
      const key = this.#string();
      if (key in out) this.#fail("expected each member name once in an object, got it again", start, "json/duplicate-key");
      this.#space();
      if (this.#text.charCodeAt(this.#at) !== 0x3a) this.#fail(`expected ":" after a member name, got ${this.#here()}`);
      this.#at++;
      out[key] = this.#value(depth, mark && member(mark, key, start));
      if (this.#follows(0x7d, "}")) return out;
    }
  }

  #array(depth: number, mark: Mark | undefined): Json[] {
    this.#enter(depth);
    const out: Json[] = [];
    if (mark) mark.members = new Map();
    if (this.#ends(0x5d)) return out;
    for (;;) {
      this.#space();
      out.push(this.#value(depth, mark && member(mark, out.length, this.#at)));
      if (this.#follows(0x5d, "]")) return out;
    }
  }

  #enter(depth: number): void {
    if (depth > this.#maxDepth) this.#fail(`expected at most ${this.#maxDepth} levels`, this.#at, "json/too-deep");
    this.#at++;
  }

  #ends(close: number): boolean {
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== close) return false;
    this.#at++;
    return true;
  }

  /** Steps over `,` or the closing bracket; true where it closed. */
  #follows(close: number, bracket: string): boolean {
    if (this.#ends(close)) return true;
    if (this.#text.charCodeAt(this.#at) !== COMMA) this.#fail(`expected "," or "${bracket}", got ${this.#here()}`);
    this.#at++;
    return false;
  }

  #string(): string {
    const text = this.#text;
    let from = ++this.#at;
    let out = "";
    for (;;) {
      const unit = text.charCodeAt(this.#at);
      if (unit === QUOTE) return out + text.slice(from, this.#at++);
      if (unit === BACKSLASH) {
        out += text.slice(from, this.#at) + this.#escape();
        from = this.#at;
        // NaN, past the end, is not >= 32 either.
      } else if (unit >= 0x20) this.#at++;
      else this.#fail(`expected a closing quote, got ${this.#here()}`);
    }
  }

  #escape(): string {
    const start = this.#at;
    const letter = this.#text.charAt(start + 1);
    this.#at += 2;
    if (letter !== "u") return ESCAPES[letter] ?? this.#fail("expected an escape that JSON knows", start);
    const high = this.#unit(start);
    if (high < 0xd800 || high > 0xdfff) return String.fromCharCode(high);
    if (high < 0xdc00 && this.#text.startsWith("\\u", this.#at)) {
      this.#at += 2;
      const low = this.#unit(start);
      if (low >= 0xdc00 && low <= 0xdfff) return String.fromCharCode(high, low);
    }
    return this.#fail("expected a whole character, got half of a surrogate pair", start);
  }

  #unit(start: number): number {
    const digits = this.#text.slice(this.#at, this.#at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail("expected four hexadecimal digits after \\u", start);
    this.#at += 4;
    return Number.parseInt(digits, 16);
  }

  #number(): number {
    const start = this.#at;
    INTEGER.lastIndex = start;
    const digits = INTEGER.exec(this.#text)?.[0];
    if (digits === undefined) return this.#fail(`expected a value, got ${this.#here()}`);
    const value = Number(digits);
    this.#at += digits.length;
    const integer = !/[.eE0-9]/.test(this.#text.charAt(this.#at)) && Number.isSafeInteger(value) && !Object.is(value, -0);
    return integer ? value : this.#fail("expected an integer of at most 53 bits (amounts are texts)", start);
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail(`expected a value, got ${this.#here()}`);
    this.#at += word.length;
    return value;
  }

  #space(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at++;
    }
  }

  #here(): string {
    const point = this.#text.codePointAt(this.#at);
    if (point === undefined) return "the end of the text";
    // One character at most, and only a printable one: an error text must not carry what it refuses.
    return point > 0x20 && point < 0x7f
      ? JSON.stringify(String.fromCodePoint(point))
      : `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
  }

  #fail(message: string, offset = this.#at, code: ErrorCode = "json/malformed"): never {
    fail(this.#text, offset, message, code);
  }
}

function member(mark: Mark, step: string | number, key: number): Mark {
  const made: Mark = { key, value: key };
  mark.members?.set(step, made);
  return made;
}

function decode(text: string | Uint8Array, maxBytes: number): string {
  const tooLarge = (bytes: number) => fail("", 0, `expected at most ${maxBytes} bytes, got ${bytes}`, "json/too-large");
  if (typeof text !== "string") {
    if (!isBytes(text)) return fail("", 0, "expected a text");
    if (text.length > maxBytes) tooLarge(text.length);
    const source = fromUtf8OrFail(text);
    return source.startsWith("\uFEFF") ? fail(source, 0, "expected no byte order mark") : source;
  }
  // A UTF-16 unit is one to three bytes of UTF-8: most texts need no second look.
  if (text.length > maxBytes) tooLarge(text.length);
  if (text.length * 3 > maxBytes && utf8(text).length > maxBytes) tooLarge(utf8(text).length);
  if (text.startsWith("\uFEFF")) fail(text, 0, "expected no byte order mark");
  if (!text.isWellFormed()) fail(text, loneSurrogate(text), "expected whole characters, got half of a surrogate pair");
  return text;
}

function fromUtf8OrFail(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    // The first byte that does not come back from a lenient reading is in the first bad character.
    const back = utf8(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
    const bad = bytes.findIndex((byte, at) => byte !== back[at]);
    const before = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, bad < 0 ? bytes.length : bad), { stream: true });
    return fail(before, before.length, "expected well-formed UTF-8");
  }
}

function loneSurrogate(text: string): number {
  let at = 0;
  for (const character of text) {
    if (!character.isWellFormed()) return at;
    at += character.length;
  }
  return at;
}

function position(text: string, offset: number): Position {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf("\n"); end >= 0 && end < offset; end = text.indexOf("\n", start)) {
    line++;
    start = end + 1;
  }
  return { line, column: offset - start + 1, offset };
}

function fail(text: string, offset: number, message: string, code: ErrorCode = "json/malformed"): never {
  const where = position(text, offset);
  throw new CustodyError(code, `json ${where.line}:${where.column}: ${message}`, { position: where });
}
