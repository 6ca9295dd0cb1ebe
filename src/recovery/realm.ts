import { CustodyError } from "../base/errors.ts";
import type { Answer, Asked } from "./messages.ts";

/** A worker of the web, or of Node's `worker_threads`. */
export type AnyWorker = WebWorker | NodeWorker;

interface WebWorker {
  postMessage(message: unknown, transfer: never): void;
  terminate(): unknown;
  addEventListener(type: string, listener: (event: MessageEvent) => void): void;
}

interface NodeWorker {
  postMessage(message: unknown, transfer: never): void;
  terminate(): unknown;
  on(event: string, listener: (value: unknown) => void): unknown;
}

export interface RealmOptions {
  /** Longest time that the worker may take, in milliseconds; one minute unless said otherwise. Each step of the exponent doubles the work. */
  readonly timeoutMs?: number;
  /** Aborting it ends the worker with `recovery/aborted`. */
  readonly signal?: AbortSignal;
  /**
   * Starts the worker otherwise than by `new Worker(new URL("…/slip39-worker.js", import.meta.url), { type: "module" })`: for pages with
   * Trusted Types, and for bundlers that do not follow that form. It is ended after its one use.
   */
  readonly worker?: () => AnyWorker;
}

export type Ask = (message: Asked, transfer?: readonly ArrayBuffer[]) => Promise<Answer>;

const MINUTE_MS = 60_000;

/**
 * Starts the worker, lends a way to ask it, and ends it when `use` is done, when time is up, or when it is aborted: what it knew is gone
 * with it as far as a worker's memory goes.
 *
 * @throws `recovery/no-realm` if it cannot be started or dies; `recovery/timed-out`; `recovery/aborted`; what `use` throws.
 */
export async function inRealm<T>(options: RealmOptions, use: (ask: Ask) => Promise<T>): Promise<T> {
  const { signal, timeoutMs = MINUTE_MS } = options;
  if (signal?.aborted) throw aborted(signal);
  const worker = start(options.worker ?? ownWorker);
  let end: (error: CustodyError) => void = () => undefined;
  // Never settles unless something ends it early.
  const ended = new Promise<never>((_, reject) => {
    end = reject;
  });
  // It may end when nobody waits any more.
  ended.catch(() => undefined);
  const onAbort = () => signal && end(aborted(signal));
  const timer = setTimeout(
    () => end(new CustodyError("recovery/timed-out", `the worker: expected an answer in ${timeoutMs} ms`)),
    timeoutMs,
  );
  signal?.addEventListener("abort", onAbort);
  // Whoever starts the worker may have aborted it meanwhile.
  if (signal?.aborted) onAbort();
  const waiting: ((answer: Answer) => void)[] = [];
  hear(
    worker,
    (answer) => waiting.shift()?.(answer),
    (error) => end(error),
  );
  const ask: Ask = (message, transfer = []) =>
    Promise.race([
      ended,
      new Promise<Answer>((resolve) => {
        waiting.push(resolve);
        worker.postMessage(message, transfer as never);
      }),
    ]);
  try {
    return await use(ask);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    await worker.terminate();
  }
}

/** The path is true from every folder of the build, and from here: bundlers read this line, and the code may end up in a shared part. */
function ownWorker(): AnyWorker {
  // Node has no `Worker` of the web. Asked first, so that a window with Node in it starts the kind that it can.
  if (typeof Worker === "function") return new Worker(new URL("../recovery/slip39-worker.js", import.meta.url), { type: "module" });
  const threads = globalThis.process?.getBuiltinModule?.("worker_threads");
  if (threads === undefined) throw new CustodyError("recovery/no-realm", "the worker: expected a platform that has workers");
  // Not written as above a second time: bundlers would put the file beside a page twice, or warn that they cannot follow it.
  const [path, here] = ["../recovery/slip39-worker.js", import.meta.url];
  return new threads.Worker(new URL(path, here), { env: {}, stdin: false });
}

function start(make: () => AnyWorker): AnyWorker {
  try {
    const worker = make();
    if (typeof worker.postMessage === "function" && typeof worker.terminate === "function") return worker;
  } catch (cause) {
    throw cause instanceof CustodyError ? cause : noRealm(cause);
  }
  throw noRealm();
}

function hear(worker: AnyWorker, onAnswer: (answer: Answer) => void, end: (error: CustodyError) => void): void {
  if ("on" in worker) {
    worker.on("message", (answer) => onAnswer(answer as Answer));
    worker.on("error", (cause) => end(noRealm(cause)));
    worker.on("exit", () => end(noRealm()));
  } else {
    worker.addEventListener("message", ({ data }) => onAnswer(data));
    worker.addEventListener("error", () => end(noRealm()));
    worker.addEventListener("messageerror", () => end(noRealm()));
  }
}

function noRealm(cause?: unknown): CustodyError {
  return new CustodyError(
    "recovery/no-realm",
    "the worker: expected slip39-worker.js to start and to answer (worker-src of the page's CSP)",
    {
      cause,
    },
  );
}

function aborted({ reason }: AbortSignal): CustodyError {
  return reason instanceof CustodyError ? reason : new CustodyError("recovery/aborted", "aborted by its signal", { cause: reason });
}
