import type { Io } from "./io.ts";
import { plain } from "./style.ts";

/** A screen is not painted more often. */
const EVERY_MS = 100;

/** How far a long command has come: one line on standard error that is painted over, where a person looks. */
export class Progress {
  readonly #io: Io;
  #text = "";
  #shownAt = 0;
  #shown = false;

  constructor(io: Io) {
    this.#io = io;
  }

  set(done: number, total: number, what: string): void {
    this.#text = `${done}/${total}  ${plain(what)}`.slice(0, 78);
  }

  async show(): Promise<void> {
    const now = this.#io.now();
    if (!this.#io.stderr.isTTY || now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    this.#shown = true;
    await this.#io.stderr.write(`\r\u001b[K${this.#text}`);
  }

  async clear(): Promise<void> {
    if (this.#shown) await this.#io.stderr.write("\r\u001b[K");
    this.#shown = false;
  }
}

/** Shows on a terminal how much of some work is done. */
export async function following<T>(
  { io }: { readonly io: Io },
  what: string,
  work: (onProgress: (done: number) => void) => Promise<T>,
): Promise<T> {
  const progress = new Progress(io);
  try {
    return await work((done) => {
      progress.set(Math.floor(100 * done), 100, what);
      void progress.show();
    });
  } finally {
    await progress.clear();
  }
}
