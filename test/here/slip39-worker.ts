import { Worker } from "node:worker_threads";
import type { RealmOptions } from "../../src/recovery/realm.ts";
import { makeWorker } from "../recovery/plugin.ts";

/** The worker made of the sources, for scripts too: beside the sources lies none that could run. */
const path = await makeWorker();

export const slip39Worker: Pick<RealmOptions, "worker"> = { worker: () => new Worker(path) };
