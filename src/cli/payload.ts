import { fromUtf8, toHex } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { CheckedRequest } from "../custody/approval-request.ts";
import { timeText } from "./show.ts";
import { plain, type Style } from "./style.ts";

/** More than anybody reads; what is left out is counted. */
const MOST_LINES = 200;
const LINE_CHARACTERS = 160;

/**
 * What is signed itself, for the eyes of whoever answers for these very bytes: the text of a message, typed data, the bytes of a
 * transaction with its call data, the mode that is left, what an import brings in. Each line is marked, so that no text of a
 * request passes for a line of ours.
 */
export function payloadLines({ request, intent, mode }: Pick<CheckedRequest, "request" | "intent" | "mode">, style: Style): string[] {
  const { kind, payload } = request;
  const text = kind === "message" ? messageText(intent.bytes) : typeof payload === "string" ? payload : JSON.stringify(payload, null, 2);
  const lines = text.split("\n").flatMap((line) => pieces(plain(line)));
  const more = lines.length - MOST_LINES;
  const held =
    mode === undefined
      ? []
      : [`  the mode that holds is ${plain(mode.name)}${mode.since === undefined ? "" : ` since ${timeText(mode.since)}`}`];
  return [
    ...held,
    style.dim(`what is signed (${intent.bytes.length} bytes):`),
    ...lines.slice(0, MOST_LINES).map((line) => `  │ ${line}`),
    ...(more > 0
      ? [style.wait(`  … ${more} of ${lines.length} lines are not shown: all of it is request.payload of keyward pending show ID --json`)]
      : []),
  ];
}

/** Whether a request is a policy edit, which is shown by what it changes. */
export function isEdit({ request }: Pick<CheckedRequest, "request">): boolean {
  return request.kind === "act" && (request.payload as JsonObject | null)?.act === "policyEdit";
}

function messageText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    if (cause instanceof CustodyError) return `0x${toHex(bytes)}`;
    throw cause;
  }
}

function pieces(line: string): string[] {
  const out: string[] = [];
  for (let at = 0; at === 0 || at < line.length; at += LINE_CHARACTERS) out.push(line.slice(at, at + LINE_CHARACTERS));
  return out;
}
