import { inspect } from "node:util";

/** What printing shows of a value at most: hidden properties too, nine deep. */
export function printed(value: unknown): string {
  return inspect(value, { showHidden: true, depth: 9 });
}

/** What nobody catches while `run` runs, and right after it; none of it fails the test. */
export async function uncaught(run: () => Promise<unknown>): Promise<readonly unknown[]> {
  const thrown: unknown[] = [];
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (cause) => thrown.push(cause));
  try {
    await run();
    await new Promise((resolve) => setTimeout(resolve, 5));
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const other of others) process.on("uncaughtException", other);
  }
  return thrown;
}
