/** Fails where two readers differ, with what they say. */
export function same(what: string, ours: unknown, theirs: unknown): void {
  const [a, b] = [text(ours), text(theirs)];
  if (a !== b) throw new Error(`${what}: ours ${a}, theirs ${b}`);
}

export function must(what: string, holds: boolean): void {
  if (!holds) throw new Error(what);
}

/** Whether it refuses, whatever it throws. */
export function attempt<T>(run: () => T): { readonly value: T } | { readonly thrown: unknown } {
  try {
    return { value: run() };
  } catch (thrown) {
    return { thrown };
  }
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === "bigint" ? `${member}n` : member instanceof Uint8Array ? Buffer.from(member).toString("hex") : member,
  );
}
