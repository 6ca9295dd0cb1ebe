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

/** JSON without prototypes, as `JSON.parse` would give it, for comparisons. */
export function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
