import { canonical, canonicalBytes, type Json } from "../../../src/base/canonical.ts";
import { CustodyError, type Position } from "../../../src/base/errors.ts";
import { type JsonText, type Path, readJson } from "../../../src/base/json.ts";
import type { Fate, Target } from "../engine.ts";
import type { Random } from "../random.ts";
import { check, same } from "./check.ts";
import { mutateBytes, mutateText, writeJson } from "./mutate.ts";
import { naiveCanonical, parseJson, plain } from "./naive.ts";

/** JSON text through the strict reader, beside `JSON.parse`. */
export const json: Target = {
  name: "json",
  weight: 20,
  run(random) {
    const text = mutateText(random, writeJson(random, jsonValue(random), 3), [writeJson(random, jsonValue(random))]);
    return random.oneIn(4) ? fromBytes(random, text) : fromText(random, text);
  },
};

function fromText(random: Random, text: string): Fate {
  const maxDepth = random.oneIn(8) ? random.below(6) : 64;
  const maxNodes = random.oneIn(8) ? random.below(12) : 600_000;
  let read: JsonText;
  try {
    read = readJson(text, { maxDepth, maxNodes });
  } catch (cause) {
    if (!(cause instanceof CustodyError)) throw cause;
    check(cause.position !== undefined, "a refusal without a place");
    checkPosition(text, cause.position);
    checkRefusal(text, cause.code, { maxDepth, maxNodes });
    return { refused: cause.code };
  }
  const parsed: unknown = parseJson(text);
  same(plain(read.value), parsed, "read otherwise than by JSON.parse");
  check(membersIn(parsed) === membersWritten(text), "accepted with a member twice");
  check(!isStrange(text, parsed), "accepted what two readers could read in two ways");
  check(depthOf(parsed) <= maxDepth && nodesIn(parsed) <= maxNodes, "accepted beyond its bounds");
  const written = canonical(read.value);
  check(written === naiveCanonical(parsed), "another canonical form than the plain one");
  same(canonical(readJson(written).value), written, "the canonical form is not stable");
  checkPlaces(random, text, read, parsed);
  return "accepted";
}

function fromBytes(random: Random, text: string): Fate {
  const bytes = mutateBytes(random, new TextEncoder().encode(text));
  let decoded: string | undefined;
  try {
    decoded = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // No UTF-8: it must be refused below.
  }
  try {
    const { value } = readJson(bytes);
    check(decoded !== undefined, "accepted bytes that are no UTF-8");
    same(plain(value), parseJson(decoded), "read otherwise than by JSON.parse");
    same(new TextDecoder().decode(canonicalBytes(value)), naiveCanonical(parseJson(decoded)), "other canonical bytes");
    return "accepted";
  } catch (cause) {
    if (!(cause instanceof CustodyError)) throw cause;
    check(cause.position !== undefined, "a refusal without a place");
    check(cause.position.offset >= 0 && cause.position.offset <= bytes.length, "a place outside of the text");
    if (decoded !== undefined) {
      checkPosition(decoded, cause.position);
      checkRefusal(decoded, cause.code, { maxDepth: 64, maxNodes: 600_000 });
    }
    return { refused: cause.code };
  }
}

/** Line and column, counted the slow way. */
function checkPosition(text: string, { line, column, offset }: Position): void {
  check(Number.isInteger(offset) && offset >= 0 && offset <= text.length, `a place outside of the text: ${offset} of ${text.length}`);
  const before = text.slice(0, offset).split("\n");
  same({ line, column }, { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }, "line and column");
}

/** What JSON.parse takes is refused only for what the reader says it refuses. */
function checkRefusal(text: string, code: string, { maxDepth, maxNodes }: { readonly maxDepth: number; readonly maxNodes: number }): void {
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch {
    return;
  }
  const twice = membersIn(parsed) < membersWritten(text);
  const why = isStrange(text, parsed) || twice || depthOf(parsed) > maxDepth || nodesIn(parsed) > maxNodes;
  check(why || text.length > 2 ** 18, `refused as ${code} without a reason`);
  if (code === "json/duplicate-key") check(twice, "refused a member twice that is there once");
}

const STRINGS = /"[^"\\]*(?:\\.[^"\\]*)*"/g;

/** Numbers that are no safe integers in their one form, and halves of surrogate pairs. */
function isStrange(text: string, parsed: unknown): boolean {
  const bare = text.replace(STRINGS, "_");
  if (/[0-9][.eE]|-0/.test(bare)) return true;
  if ((bare.match(/-?[0-9]{16,}/g) ?? []).some((digits) => !Number.isSafeInteger(Number(digits)))) return true;
  return text.startsWith("\ufeff") || !text.isWellFormed() || !everyText(parsed, (part) => part.isWellFormed());
}

function membersWritten(text: string): number {
  return (text.replace(STRINGS, "_").match(/:/g) ?? []).length;
}

function membersIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const parts = Object.values(value);
  return (Array.isArray(value) ? 0 : parts.length) + parts.reduce<number>((sum, part) => sum + membersIn(part), 0);
}

function everyText(value: unknown, holds: (text: string) => boolean): boolean {
  if (typeof value === "string") return holds(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([name, part]) => holds(name) && everyText(part, holds));
}

const partsOf = (value: unknown): unknown[] => (typeof value === "object" && value !== null ? Object.values(value) : []);
const isDeep = (value: unknown): boolean => typeof value === "object" && value !== null;

function depthOf(value: unknown): number {
  return isDeep(value) ? 1 + Math.max(0, ...partsOf(value).map(depthOf)) : 0;
}

function nodesIn(value: unknown): number {
  return partsOf(value).reduce<number>((sum, part) => sum + nodesIn(part), 1);
}

/** Places of a random path: the text there is the value, and the name before it. */
function checkPlaces(random: Random, text: string, read: JsonText, parsed: unknown): void {
  const path: (string | number)[] = [];
  let value = parsed;
  while (isDeep(value) && partsOf(value).length > 0 && !random.oneIn(4)) {
    const step: string = random.pick(Object.keys(value as object));
    path.push(Array.isArray(value) ? Number(step) : step);
    value = (value as Record<string, unknown>)[step];
  }
  const there = text.slice(placeOf(text, read.at(path)));
  if (isDeep(value)) check(there.startsWith(Array.isArray(value) ? "[" : "{"), "the place of a value is elsewhere");
  else same(parseJson(/^(?:"[^"\\]*(?:\\.[^"\\]*)*"|[\w.+-]+)/.exec(there)?.[0] ?? "null"), value, "the place of a value");
  const name = path.at(-1);
  if (typeof name === "string") {
    const key = text.slice(placeOf(text, read.keyAt(path)));
    same(parseJson(/^"[^"\\]*(?:\\.[^"\\]*)*"/.exec(key)?.[0] ?? "null"), name, "the place of a name");
  }
  const nowhere: Path = [...path, "no such member", 3];
  placeOf(text, read.at(nowhere));
}

function placeOf(text: string, position: Position): number {
  checkPosition(text, position);
  return position.offset;
}

const WORDS: readonly string[] = [
  "",
  "a",
  "b",
  "__proto__",
  "constructor",
  "toString",
  "é",
  "😀",
  "\u2028",
  '"',
  "\\",
  "/",
  "\u0000",
  "1",
  "10",
  "x".repeat(40),
];
const INTEGERS: readonly number[] = [0, 1, -1, 10, 255, 1e15, 2 ** 53 - 1, 1 - 2 ** 53];

/** A random JSON value that the reader takes. */
export function jsonValue(random: Random, depth = 0): Json {
  const kind = random.below(depth > 4 ? 4 : 8);
  if (kind === 0) return random.pick([null, true, false]);
  if (kind === 1) return random.pick(INTEGERS);
  if (kind === 2) return Number(random.integer(50));
  if (kind === 3) return random.pick(WORDS) + (random.oneIn(2) ? random.pick(WORDS) : "");
  const length = random.below(5);
  if (kind < 6) return Array.from({ length }, () => jsonValue(random, depth + 1));
  const out: { [name: string]: Json } = Object.create(null);
  for (let left = length; left > 0; left--) out[random.pick(WORDS)] = jsonValue(random, depth + 1);
  return out;
}
