import { toHex } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import type { ActOutcome, SignOutcome } from "../custody/outcome.ts";
import type { Change } from "../policy/explain.ts";
import type { Answer } from "./command.ts";
import { EXIT } from "./exit.ts";
import { needLines, needToJson, reasonLines, reasonToJson, timeText } from "./show.ts";
import { changeLines } from "./verdict.ts";

/**
 * What became of a request or an act; `changes` is what would pass instead, where it was denied, and `collect` how to go on once
 * everything is met, where that is not `pending resume`.
 */
export function outcomeAnswer(outcome: SignOutcome | ActOutcome, changes: readonly Change[] = [], collect?: string): Answer {
  switch (outcome.kind) {
    case "signed": {
      const bytes = `0x${toHex(outcome.bytes)}`;
      const { hash, entry, complete } = outcome;
      return {
        exit: EXIT.done,
        // Scripts find what is whole without being told so, and what is not with `complete: false`.
        json: { kind: "signed", bytes, hash, ...(!complete && { complete }), entry },
        text: (style) => {
          const done = complete ? "" : `  ${style.wait("in part: others have to sign it as well")}`;
          return [`${style.good("signed")}  ${hash}${done}  ${style.dim(`log entry ${entry}`)}`, bytes].join("\n");
        },
      };
    }
    case "done": {
      const { entry, result } = outcome;
      return {
        exit: EXIT.done,
        json: { kind: "done", entry, result },
        text: (style) => `${style.good("done")}  ${resultText(result)}  ${style.dim(`log entry ${entry}`)}`,
      };
    }
    case "pending": {
      const { id, needs, expires, entry } = outcome;
      return {
        exit: EXIT.pending,
        json: { kind: "pending", verdict: "pending", id, reasons: [], needs: needs.map(needToJson), expires, entry },
        text: (style) =>
          [
            `${style.wait("pending")}  ${id}  ${style.dim(`until ${timeText(expires)}, log entry ${entry}`)}`,
            ...needLines(needs, style),
            "next:",
            `  keyward pending show ${id}      what approvers see (with --json: what they sign)`,
            ...(needs.some(({ kind }) => kind === "confirm") ? [`  keyward confirm ${id}           shows that you are there`] : []),
            collect ?? `  keyward pending resume ${id}    once everything is met`,
          ].join("\n"),
      };
    }
    case "denied": {
      const { reasons, entry } = outcome;
      return {
        exit: EXIT.denied,
        json: { kind: "denied", verdict: "deny", reasons: reasons.map(reasonToJson), needs: [], ...(entry !== undefined && { entry }) },
        text: (style) => {
          const place = entry === undefined ? "" : `  ${style.dim(`log entry ${entry}`)}`;
          return [`${style.bad("denied")}${place}`, ...reasonLines(reasons, style), ...nextLines(changes, style)].join("\n");
        },
      };
    }
  }
}

function nextLines(changes: readonly Change[], style: Parameters<typeof changeLines>[1]): string[] {
  const offered = changeLines(changes, style);
  return offered.length > 0 ? offered : ["next: keyward policy show, or ask for a change of it with keyward policy set"];
}

function resultText(result: JsonObject): string {
  return Object.entries(result)
    .map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("  ");
}
