import { closeSync, openSync } from "node:fs";
import { ReadStream } from "node:tty";
import { wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { usage } from "./exit.ts";

/** As long as a passphrase from a file may be. What is longer is refused: cut short it would be another one. */
const MOST_BYTES = 4096;
const ESCAPE = 0x1b;

/**
 * One typed line, byte by byte as a terminal in raw mode sends it. The bytes are in one buffer of our own: `take` hands a copy
 * out, `wipe` clears it.
 */
export class TypedLine {
  readonly #buffer = new Uint8Array(MOST_BYTES);
  #length = 0;

  /** @returns what the keys so far have come to. Arrows and function keys, which begin with an escape, are none of the line. */
  type(keys: Uint8Array): "more" | "done" | "stop" | "too long" {
    if (keys[0] === ESCAPE) return "more";
    for (const key of keys) {
      if (key === 0x0d || key === 0x0a) return "done";
      // Ctrl-C, and Ctrl-D on an empty line.
      if (key === 0x03 || (key === 0x04 && this.#length === 0)) return "stop";
      if (key === 0x7f || key === 0x08) this.#back();
      // Ctrl-U
      else if (key === 0x15) this.wipe();
      else if (key >= 0x20) {
        if (this.#length === MOST_BYTES) return "too long";
        this.#buffer[this.#length++] = key;
      }
    }
    return "more";
  }

  take(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  wipe(): void {
    wipe(this.#buffer);
    this.#length = 0;
  }

  /** A character goes with all its bytes. */
  #back(): void {
    while (this.#length > 0) {
      const last = this.#buffer[--this.#length] ?? 0;
      this.#buffer[this.#length] = 0;
      if ((last & 0xc0) !== 0x80) return;
    }
  }
}

/**
 * Asks on the terminal, also where standard input is a file or a pipe.
 *
 * @param hidden - whether nothing of the answer is shown.
 * @returns the line; the caller wipes it.
 * @throws `cli/usage` where there is no terminal; `vault/aborted` on Ctrl-C.
 */
export async function ask(question: string, write: (text: string) => void, signal: AbortSignal): Promise<Uint8Array> {
  const terminal = openTerminal();
  const line = new TypedLine();
  try {
    // Silent before the question is there: whoever types at once is not shown either.
    terminal.stream.setRawMode(true);
    write(question);
    await typing(terminal.stream, line, signal);
    return line.take();
  } finally {
    terminal.stream.setRawMode(false);
    terminal.close();
    line.wipe();
    write("\n");
  }
}

function typing(stream: ReadStream, line: TypedLine, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => end(() => reject(new CustodyError("vault/aborted", "stopped at the prompt")));
    const end = (settle: () => void) => {
      stream.off("data", take);
      signal.removeEventListener("abort", stop);
      settle();
    };
    const take = (keys: Uint8Array) => {
      const state = line.type(keys);
      wipe(keys);
      if (state === "done") end(resolve);
      if (state === "stop") stop();
      if (state === "too long") end(() => reject(usage(`expected an answer of at most ${MOST_BYTES} bytes`)));
    };
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop);
    stream.on("data", take);
    // Standard input was paused after the question before this one, and listening alone does not wake it.
    stream.resume();
  });
}

function openTerminal(): { stream: ReadStream; close: () => void } {
  if (process.stdin.isTTY) return { stream: process.stdin, close: () => process.stdin.pause() };
  let fd: number;
  try {
    fd = openSync("/dev/tty", "r");
  } catch (cause) {
    throw new CustodyError("cli/usage", "passphrase: there is no terminal to ask on; use --passphrase-file FILE or --passphrase-fd N", {
      cause,
    });
  }
  try {
    const stream = new ReadStream(fd);
    return { stream, close: () => stream.destroy() };
  } catch (cause) {
    closeSync(fd);
    throw usage(`passphrase: the terminal cannot be opened (${cause instanceof Error ? cause.message : "unknown"})`);
  }
}
