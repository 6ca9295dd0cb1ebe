import { concat } from "../base/bytes.ts";
import type { Json } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { Answer, Call } from "./command.ts";
import { openStream } from "./files.ts";
import type { Io } from "./io.ts";
import { errorToJson } from "./report.ts";
import { MOST_REQUEST_BYTES, readRequestText } from "./requests.ts";

/** The run of a command with `--lines`: over a file or standard input. Exit 0, since every line is answered. */
export async function readLines({ io, operands: [path] }: Call, answer: (json: Json) => Promise<Json>): Promise<Answer> {
  const input = path === undefined || path === "-" ? io.stdin : await openStream(path);
  await answerLines(io, input, answer);
  return {};
}

/**
 * Answers each line of `input` on a line of its own, in order, holding one line at a time. A line that cannot be answered gives
 * its error there, and the run goes on; a last line without a line end counts, an empty rest does not.
 */
async function answerLines(io: Io, input: AsyncIterable<Uint8Array>, answer: (json: Json) => Promise<Json>): Promise<void> {
  for await (const line of cutLines(input)) {
    if (io.signal.aborted) throw new CustodyError("vault/aborted", "stopped between two lines");
    await io.stdout.write(`${JSON.stringify(await answerLine(line, answer))}\n`);
  }
}

async function answerLine(line: Uint8Array | undefined, answer: (json: Json) => Promise<Json>): Promise<Json> {
  try {
    if (line === undefined) throw new CustodyError("json/too-large", `line: expected at most ${MOST_REQUEST_BYTES} bytes`);
    return await answer(readRequestText(line));
  } catch (cause) {
    if (cause instanceof CustodyError && cause.code === "vault/aborted") throw cause;
    return errorToJson(cause);
  }
}

/** Lines without their ends; `undefined` for one that is too long, whose bytes are dropped as they come. */
export async function* cutLines(input: AsyncIterable<Uint8Array>, mostBytes = MOST_REQUEST_BYTES): AsyncGenerator<Uint8Array | undefined> {
  const rest = new Line(mostBytes);
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      rest.add(chunk.subarray(start, end));
      yield rest.take();
      start = end + 1;
    }
    rest.add(chunk.subarray(start));
  }
  if (rest.length > 0) yield rest.take();
}

class Line {
  readonly #most: number;
  #parts: Uint8Array[] = [];
  length = 0;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  add(part: Uint8Array): void {
    this.length += part.length;
    if (this.length > this.#most) this.#parts = [];
    // Not `slice`: that of a Buffer, as streams of Node give them, is no copy.
    else if (part.length > 0) this.#parts.push(Uint8Array.from(part));
  }

  take(): Uint8Array | undefined {
    const line = this.length > this.#most ? undefined : concat(...this.#parts);
    this.#parts = [];
    this.length = 0;
    return line;
  }
}
