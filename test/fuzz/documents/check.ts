import { isDeepStrictEqual } from "node:util";

/** What must hold of an input; otherwise it is a finding. Not a `CustodyError`, which would count as a refusal. */
export function check(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

export function same(got: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(got, expected)) throw new Error(`${what}: got ${shown(got)}, expected ${shown(expected)}`);
}

/** Short enough to read in a report. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part)) ?? String(value);
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}

/** Made at the first use, once: fixtures cost more than inputs. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
