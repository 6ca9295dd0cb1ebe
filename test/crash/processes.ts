import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { restore } from "../vault/setting.ts";
import type { Said, Told } from "./child.ts";
import { type Clock, type Disk, diskOf } from "./vault.ts";

/** A folder for one test file, with the script of its processes: bundled once, they start in a fifth of the time. */
export interface Workshop {
  readonly folder: string;
  readonly script: string;
}

export async function openWorkshop(): Promise<Workshop> {
  const folder = mkdtempSync(join(tmpdir(), "keyward-crash-"));
  const script = join(folder, "child.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("child.ts", import.meta.url))],
    outfile: script,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "error",
    // What is not of ES modules inside wants it.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    plugins: [
      {
        // Native code lies where the package does.
        name: "lmdb",
        setup: ({ onResolve }) => onResolve({ filter: /^lmdb$/ }, () => ({ path: import.meta.resolve("lmdb"), external: true })),
      },
    ],
  });
  return { folder, script };
}

export function closeWorkshop({ folder }: Workshop): void {
  rmSync(folder, { recursive: true, force: true });
}

/** A vault on a disk of its own, and a clock that its processes share. */
export interface Place {
  readonly path: string;
  readonly clockFile: string;
  readonly clock: Clock;
  readonly workshop: Workshop;
}

let places = 0;

export async function placeOf(workshop: Workshop, scene: { readonly disk: Disk; readonly now: number }): Promise<Place> {
  const path = join(workshop.folder, `vault-${places++}`);
  const clockFile = `${path}.time`;
  let now = scene.now;
  const clock = {
    get now() {
      return now;
    },
    set now(time: number) {
      now = time;
      writeFileSync(clockFile, String(time));
    },
  };
  clock.now = scene.now;
  const place = { path, clockFile, clock, workshop };
  if (scene.disk.size > 0) await onDisk(place, (store) => restore(store, scene.disk));
  return place;
}

/** Opens the store for as long as `use` takes. */
export async function onDisk<T>({ path, clock }: Place, use: (store: ReturnType<typeof lmdbStore>) => Promise<T>): Promise<T> {
  const store = lmdbStore(path, { now: () => clock.now });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

export function readDisk(place: Place): Promise<Disk> {
  return onDisk(place, diskOf);
}

export interface Child {
  readonly process: ChildProcess;
  /** Everything it said, and how it ended. Fails with what it wrote to stderr, unless it was killed. */
  readonly ended: Promise<{ readonly said: readonly Said[]; readonly signal: NodeJS.Signals | null }>;
  /** Resolves when it has said so much. */
  said(count: number): Promise<void>;
}

/** @param limit - a shell's command that bounds the process, such as `ulimit -f 100`. */
export function start({ path, clockFile, workshop }: Place, told: Omit<Told, "path" | "clock">, limit?: string): Child {
  const command = [process.execPath, workshop.script, JSON.stringify({ ...told, path, clock: clockFile } satisfies Told)];
  const started =
    limit === undefined ? spawn(command[0] as string, command.slice(1)) : spawn("sh", ["-c", `${limit}; exec "$@"`, "sh", ...command]);
  const said: Said[] = [];
  const waiting = new Set<() => void>();
  let errors = "";
  started.stderr.on("data", (data) => {
    errors += data;
  });
  const reader = createInterface({ input: started.stdout });
  reader.on("line", (line) => {
    said.push(JSON.parse(line) as Said);
    for (const look of waiting) look();
  });
  const read = new Promise<void>((resolve) => reader.once("close", resolve));
  const exited = new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    started.once("close", (code, signal) => resolve([code, signal])),
  );
  const ended = exited.then(async ([code, signal]) => {
    await read;
    for (const look of waiting) look();
    if (signal === null && code !== 0) throw new Error(`${told.operation} ended with ${code}: ${errors}`);
    return { said, signal };
  });
  const saidSo = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (said.length >= count) resolve();
        else if (started.exitCode !== null || started.signalCode !== null) reject(new Error(`it ended early: ${errors}`));
      };
      waiting.add(look);
      look();
    });
  return { process: started, ended, said: saidSo };
}

/** Lets everybody who waits at their point go on at once, at the same time of the clock. */
export function release({ clockFile, clock }: Place): void {
  writeFileSync(clockFile, `${clock.now} `);
}

/** Stops a process that has come to its point. It goes on when the clock was moved and it has had its `SIGCONT`. */
export async function stop({ process, said }: Child): Promise<void> {
  await said(1);
  process.kill("SIGSTOP");
}

/** Works through what there is to do, two at a time: more would only wait for each other. */
export async function twoAtATime<T>(work: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  const left = [...work];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await each(next);
  };
  await Promise.all([worker(), worker()]);
}
