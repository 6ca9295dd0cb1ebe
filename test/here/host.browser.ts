/** What a script can show of a value at most: hidden properties too, nine deep, and in place of them the value's own words for it. */
export function printed(value: unknown, depth = 9): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (typeof value !== "object" || value === null || depth === 0) return String(value);
  const own: unknown = Reflect.get(value, Symbol.for("nodejs.util.inspect.custom"));
  if (typeof own === "function") return String(own.call(value));
  const parts = Reflect.ownKeys(value).map((key) => `${String(key)}: ${printed(Reflect.get(value, key), depth - 1)}`);
  return `${Object.prototype.toString.call(value)} { ${parts.join(", ")} }`;
}

/** What nobody catches while `run` runs, and right after it; none of it fails the test. */
export async function uncaught(run: () => Promise<unknown>): Promise<readonly unknown[]> {
  const thrown: unknown[] = [];
  const take = (event: ErrorEvent) => {
    thrown.push(event.error);
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  // In the capture phase, which comes before the test runner's own listener.
  addEventListener("error", take, { capture: true });
  try {
    await run();
    await new Promise((resolve) => setTimeout(resolve, 5));
  } finally {
    removeEventListener("error", take, { capture: true });
  }
  return thrown;
}
