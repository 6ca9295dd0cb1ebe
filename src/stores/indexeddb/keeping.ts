import type { Keeping } from "../store.ts";

/** What this browser says of how it keeps what this origin has written. */
export async function keepingHere(): Promise<Keeping> {
  const persisted = await asked(() => storage()?.persisted?.());
  const estimate = await asked(() => storage()?.estimate?.());
  const { quota, usage } = estimate ?? {};
  return { persisted, freeBytes: quota === undefined || usage === undefined ? undefined : Math.max(0, quota - usage) };
}

/** Asks the browser not to remove it by itself. @returns whether it promises that; `undefined` if it cannot be asked. */
export async function askToKeep(): Promise<boolean | undefined> {
  return asked(() => storage()?.persist?.());
}

/** Absent in insecure pages and old browsers, also where the types say otherwise. */
function storage(): Partial<StorageManager> | undefined {
  return (globalThis as { navigator?: { storage?: StorageManager } }).navigator?.storage;
}

async function asked<T>(ask: () => Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    // A page without an origin of its own is refused an answer: then nobody says.
    return undefined;
  }
}
