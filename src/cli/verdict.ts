import type { JsonObject } from "../base/canonical.ts";
import type { Judgement } from "../intent/verdict.ts";
import type { Change, Explanation } from "../policy/explain.ts";
import { verdictOf } from "../policy/verdict.ts";
import type { Answer } from "./command.ts";
import { EXIT, type Exit } from "./exit.ts";
import { effectLines, type Names, needLines, needToJson, reasonLines, reasonToJson } from "./show.ts";
import { plain, type Style } from "./style.ts";

export type Explained = Explanation & { readonly intent: JsonObject };
type Verdict = "allow" | "pending" | "deny";

const EXITS: { readonly [V in Verdict]: Exit } = { allow: EXIT.done, pending: EXIT.pending, deny: EXIT.denied };

/** The documented object: verdict, assumed, reasons, needs, intent. */
export function explainedToJson({ judgement, assumed, intent }: Explained): JsonObject {
  const { reasons, needs } = judgement;
  return { verdict: verdict(judgement), assumed, reasons: reasons.map(reasonToJson), needs: needs.map(needToJson), intent };
}

export function explainedAnswer(explained: Explained, names: Names): Answer {
  return {
    exit: EXITS[verdict(explained.judgement)],
    json: explainedToJson(explained),
    text: (style) => [...intentLines(explained.intent, names, style), "", ...verdictLines(explained, style)].join("\n"),
  };
}

/** Whose request it is, and what it would do. */
export function intentLines(intent: JsonObject, names: Names, style: Style): string[] {
  const { chain, account, kind, effects } = intent;
  const whose = account === "" ? "" : ` of ${plain(String(account))}`;
  const head =
    kind === undefined ? style.bold("effects, as they are stated") : `${style.bold(String(kind))} on ${plain(String(chain))}${whose}`;
  return [head, ...effectLines(effects as readonly JsonObject[], names, style)];
}

function verdictLines({ judgement, changes, assumed }: Explained, style: Style): string[] {
  const lines = [...headline(judgement, style), ...changeLines(changes, style)];
  return assumed.length === 0 ? lines : [...lines, style.dim(`assumed: ${assumed.join(", ")}`)];
}

function headline(judgement: Judgement, style: Style): string[] {
  switch (verdict(judgement)) {
    case "allow":
      return [style.good("allowed")];
    case "pending":
      return [style.wait("allowed once these are met:"), ...needLines(judgement.needs, style)];
    case "deny":
      return [style.bad("denied"), ...reasonLines(judgement.reasons, style)];
  }
}

/** What would pass: the next step of whoever was denied. Approvals stand among the needs already. */
export function changeLines(changes: readonly Change[], style: Style): string[] {
  const offered = changes.filter(({ change }) => change !== "approvals");
  if (offered.length === 0) return [];
  return ["what would pass:", ...offered.map(({ text }) => `  ${style.good("→")} ${plain(text)}`)];
}

function verdict(judgement: Judgement): Verdict {
  return verdictOf(judgement, () => false).verdict;
}
