import { writeSync } from "node:fs";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { increment } from "../contracts/store.ts";

/** A process of its own on the store at `path`. It says each acknowledged commit on a line of its own. */
const [task, path = "", count = "0"] = process.argv.slice(2);

async function race(): Promise<void> {
  const store = lmdbStore(path);
  for (let i = 0; i < Number(count); i++) await increment(store, "counter");
  await store.close();
}

/** Commits without end: each replaces the root and writes three records, or none of it. */
async function write(): Promise<void> {
  const store = lmdbStore(path);
  for (let serial = Number(count); ; serial++) {
    const from = (await store.get("root")) ?? null;
    const to = new Uint8Array(5000).fill(serial % 251);
    const records = ["a", "b", "c"].map((name) => ({ key: `${serial}/${name}`, from: null, to }));
    await store.commit([{ key: "root", from, to: new TextEncoder().encode(String(serial)) }, ...records]);
    process.stdout.write(`${serial}\n`);
  }
}

/** Fills the store until the platform refuses, and says with which code, then what of the refused commit is there. */
async function fill(): Promise<void> {
  const store = lmdbStore(path);
  for (let serial = 0; ; serial++) {
    try {
      const to = new Uint8Array(100_000).fill(1);
      await store.commit(["a", "b", "c", "d"].map((name) => ({ key: `${serial}/${name}`, from: null, to })));
    } catch (error) {
      const there: string[] = [];
      for await (const key of store.keys()) there.push(key);
      const small = await store.commit([{ key: "0/a", to: null }]).then(
        () => "written",
        (cause) => cause.code,
      );
      console.log(JSON.stringify({ code: (error as { code?: string }).code, serial, there, small }));
      await store.close();
      return;
    }
  }
}

/** One commit between two marks, for whoever traces this process. */
async function mark(): Promise<void> {
  const store = lmdbStore(path);
  await store.get("a");
  writeSync(1, "MARK\n");
  await store.commit([{ key: "a", to: new Uint8Array(100_000).fill(1) }]);
  writeSync(1, "MARK\n");
  await store.close();
}

const tasks: { readonly [name: string]: () => Promise<void> } = { race, write, fill, mark };
await tasks[task ?? ""]?.();
