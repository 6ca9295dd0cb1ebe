import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { openCustody } from "./fixture.ts";

const script = fileURLToPath(new URL("./child.ts", import.meta.url));

/** A line that a process of `child.ts` printed. */
export interface Line {
  readonly kind?: string;
  readonly hash?: string;
  readonly bytes?: string;
  readonly code?: string;
}

export interface Child {
  readonly process: ChildProcessWithoutNullStreams;
  /** Everything it printed, and how it ended. Fails with what it wrote to stderr, unless it was killed. */
  readonly ended: Promise<{ readonly lines: readonly Line[]; readonly signal: NodeJS.Signals | null }>;
  /** Resolves when it has printed so many lines. */
  printed(count: number): Promise<void>;
}

export function child(...args: readonly string[]): Child {
  const started = spawn(process.execPath, ["--import", "tsx", script, ...args]);
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  let errors = "";
  started.stderr.on("data", (data) => {
    errors += data;
  });
  const reader = createInterface({ input: started.stdout });
  reader.on("line", (line) => {
    lines.push(JSON.parse(line) as Line);
    for (const look of waiting) look();
  });
  const read = new Promise<void>((resolve) => reader.once("close", resolve));
  const exited = new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    started.once("close", (code, signal) => resolve([code, signal])),
  );
  const ended = exited.then(async ([code, signal]) => {
    await read;
    for (const look of waiting) look();
    if (signal === null && code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${errors}`);
    return { lines, signal };
  });
  const printed = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (lines.length >= count) resolve();
        else if (started.exitCode !== null || started.signalCode !== null) reject(new Error(`it ended early: ${errors}`));
      };
      waiting.add(look);
      look();
    });
  return { process: started, ended, printed };
}

/** A vault on disk that no process has open, with {@link openCustody}'s account. It is removed after `use`. */
export async function withVault<T>(policy: unknown, use: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "keyward-custody-"));
  try {
    const path = join(folder, "db");
    const { custody, store } = await openCustody({ store: lmdbStore(path), policy });
    custody.lock();
    await store.close();
    return await use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
