import { createHash } from "node:crypto";

// Second implementations, as plain as they can be: they share nothing with `src`.

/** RFC 8785 of JSON whose numbers are safe integers. */
export function naiveCanonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(naiveCanonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const written = members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => `${JSON.stringify(name)}:${naiveCanonical(member)}`);
  return `{${written.join()}}`;
}

export function naiveSha256(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The root of RFC 6962 §2.1, by its own recursion. */
export function naiveRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return naiveSha256("");
  const [leaf] = leaves;
  if (leaf !== undefined && leaves.length === 1) return naiveSha256(Uint8Array.of(0), leaf);
  let left = 1;
  while (2 * left < leaves.length) left *= 2;
  return naiveSha256(Uint8Array.of(1), naiveRoot(leaves.slice(0, left)), naiveRoot(leaves.slice(left)));
}

/**
 * What `JSON.parse` reads, put together from its single texts, numbers and words: the whole of it is asked only whether it is
 * JSON, because V8 13.6 (Node 24) takes a member `"\""` for `"\\"` where it has read such a one before.
 */
export function parseJson(text: string): ReturnType<typeof JSON.parse> {
  JSON.parse(text);
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{}]|[^\s,:"[\]{}]+/g) ?? [];
  let at = 0;
  const value = (): unknown => {
    const token = tokens[at++] ?? "";
    if (token === "[") return [...until("]", value)];
    // Own members, `__proto__` too; of one that is there twice the last.
    if (token === "{") return Object.fromEntries(until("}", () => [value(), value()]));
    return JSON.parse(token);
  };
  function* until<T>(close: string, next: () => T): Generator<T> {
    while (tokens[at] !== close) yield next();
    at++;
  }
  return value();
}

/** JSON without prototypes, as {@link parseJson} would give it, for comparisons. */
export function plain(value: unknown): unknown {
  return parseJson(JSON.stringify(value));
}
