import type { Json, JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { readJson } from "../base/json.ts";
import { parseTime, type Time } from "../base/time.ts";
import { readRequest } from "../custody/door.ts";
import type { Request } from "../intent/intent.ts";
import { usage } from "./exit.ts";
import { readBytes } from "./files.ts";
import type { Io } from "./io.ts";

/** A request with its hex is at most 4 MiB of text (`custody/door.ts`); nothing longer is read. */
export const MOST_REQUEST_BYTES = 5 * 1024 * 1024;

/** A request as it is asked without a vault: who asks, and when, may be said. */
export interface LooseRequest {
  readonly request: Request;
  readonly requester?: string;
  readonly now?: Time;
}

/** The JSON of a request file, or of standard input where no file (or `-`) is named. */
export async function readRequestJson(io: Io, path: string | undefined): Promise<Json> {
  const bytes = path === undefined || path === "-" ? await readStdin(io) : await readBytes(path, MOST_REQUEST_BYTES);
  if (bytes.length === 0) throw usage("request: expected a file, or a request on standard input, got nothing");
  return readRequestText(bytes);
}

export function readRequestText(bytes: Uint8Array): Json {
  return readJson(bytes, { maxBytes: MOST_REQUEST_BYTES }).value;
}

/** @throws `request/malformed`, as a vault would for the rest of it */
export function readLoose(json: Json): LooseRequest {
  if (json === null || typeof json !== "object" || Array.isArray(json)) return { request: readRequest(json) };
  const { requester, now, ...rest } = json as JsonObject;
  const request = readRequest(rest);
  if (requester !== undefined && typeof requester !== "string") throw malformed("requester: expected the name of a person");
  if (now !== undefined && typeof now !== "string") throw malformed("now: expected a time such as 2026-11-22T12:00:00Z");
  return { request, ...(requester !== undefined && { requester }), ...(now !== undefined && { now: parseTime(now) }) };
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

function malformed(what: string): CustodyError {
  return new CustodyError("request/malformed", `request: ${what}`);
}
