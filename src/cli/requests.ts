import type { Json } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { readJson } from "../base/json.ts";
import { isObject } from "../base/shape.ts";
import { readRequest } from "../custody/door.ts";
import type { Request } from "../intent/intent.ts";
import { CIRCUMSTANCES } from "./asked.ts";
import { usage } from "./exit.ts";
import { readBytes } from "./files.ts";
import type { Io } from "./io.ts";

/** A request with its hex is at most 4 MiB of text (`custody/door.ts`); nothing longer is read. */
export const MOST_REQUEST_BYTES = 5 * 1024 * 1024;

/** The JSON of a request file, or of standard input where no file (or `-`) is named. */
export async function readRequestJson(io: Io, path: string | undefined): Promise<Json> {
  const bytes = path === undefined || path === "-" ? await readStdin(io) : await readBytes(path, MOST_REQUEST_BYTES);
  if (bytes.length === 0) throw usage("request: expected a file, or a request on standard input, got nothing");
  return readRequestText(bytes);
}

export function readRequestText(bytes: Uint8Array): Json {
  return readJson(bytes, { maxBytes: MOST_REQUEST_BYTES }).value;
}

/** The request alone, of what says who asks and when as well. @throws `request/malformed`, as a vault would for the rest of it */
export function requestIn(json: Json): Request {
  if (!isObject(json)) return readRequest(json);
  const circumstances: readonly string[] = CIRCUMSTANCES;
  return readRequest(Object.fromEntries(Object.entries(json).filter(([name]) => !circumstances.includes(name))));
}

/** All of standard input. @throws `json/too-large`, `vault/aborted` */
export async function readStdin({ stdin, signal }: Io): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    length += chunk.length;
    if (length > MOST_REQUEST_BYTES)
      throw new CustodyError("json/too-large", `standard input: expected at most ${MOST_REQUEST_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (signal.aborted) throw new CustodyError("vault/aborted", "stopped while reading standard input");
  const out = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}
