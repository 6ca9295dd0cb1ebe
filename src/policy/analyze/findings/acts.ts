import type { EffectKind } from "../../../intent/effect.ts";
import { isAct } from "../../../intent/fields.ts";
import type { Condition } from "../../core.ts";
import { withRule } from "./change.ts";
import { type Alteration, asForbid, type Check, type Evidence, type Found } from "./evidence.ts";
import { durationText, listText } from "./words.ts";

const LOOSENS: Condition = { op: "in", field: "direction", values: new Set(["loosens"]) };
/** Acts that make a key, or a way to it, leave. New keys (`rotate`) do not: they open for all who could open before, and for nobody else. */
const KEYS: readonly EffectKind[] = ["export", "slotChange", "grant", "import", "restore", "erase"];
/** So that a request may wait for its delay, and for people. */
const SLOWLY = { delay: "24h", expires: "7d" } as const;

export const editAlone: Check = {
  id: "edit-alone",
  severity: "error",
  about: "One person alone can edit the policy so that more is allowed",
  advice: "Ask for approvals of somebody else, or at least for a delay",
  scope: "document",
  find: (evidence) => alone(evidence, "policyEdit", LOOSENS, "so that anything is allowed"),
};

export const keyAlone: Check = {
  id: "key-alone",
  severity: "error",
  about: "One person alone can export a key, open another way into the vault, grant a session, or do away with a key",
  advice: "Ask for approvals of somebody else, or at least for a delay",
  scope: "document",
  find: (evidence) => KEYS.flatMap((kind) => alone(evidence, kind, undefined, SAYS[kind] ?? "")),
};

const SAYS: { readonly [kind: string]: string } = {
  export: "and with the key pay past this policy",
  slotChange: "so that somebody else opens the vault",
  grant: "so that somebody else asks in this vault",
  import: "and bring in keys that others have",
  restore: "and bring back a state that was left behind",
  erase: "and do away with what it holds",
};

function alone(evidence: Evidence, kind: EffectKind, when: Condition | undefined, so: string): readonly Found[] {
  const { policy, words, mode } = evidence;
  const what = `who can do this alone: ${kind}`;
  const question = { kinds: [kind], fewerThan: 1, ...(when !== undefined && { when }) };
  const found = evidence.yes(question, { policy: evidence.altered(denyingDelayed), what }) ?? evidence.yes(question, { what });
  const requester = found?.witness.circumstances.requester;
  if (found === undefined || requester === undefined) return [];
  const only = evidence.isOnePersons;
  // Somebody who is alone in a policy can have nobody to ask, and a delay is all there is.
  const severity = found.delayMs === 0 ? "error" : only ? "note" : "warning";
  const after = found.delayMs > 0 ? ` after ${durationText(found.delayMs)}` : " at once";
  const others = othersOf(evidence, requester);
  const slower = found.delayMs === 0 ? SLOWLY : { expires: "7d" };
  const change =
    others !== undefined
      ? {
          text: `ask for an approval of ${others}${found.delayMs === 0 ? ", and wait 24h" : ""}`,
          document: withRule(policy.document, mode, {
            id: `${kind.toLowerCase()}-not-alone`,
            require: [kind],
            ...(when === LOOSENS && { when: { not: { direction: "tightens" } } }),
            approvals: [{ of: others, atLeast: 1 }],
            ...slower,
          }),
        }
      : found.delayMs === 0
        ? { text: "wait 24h", document: withRule(policy.document, mode, { id: `${kind.toLowerCase()}-slow`, require: [kind], ...SLOWLY }) }
        : undefined;
  const text = `${requester} alone can do this${after}, ${so}: ${words.request(found.witness)}`;
  return [{ rule: evidence.blamed(found.witness), severity, text, witness: found.witness, ...(change && { change }) }];
}

/** A role that somebody beside the requester is in, the one that approves already first. */
export function othersOf({ policy, rules }: Evidence, requester: string): string | undefined {
  const asked = rules.flatMap((rule) => (rule.type === "require" ? rule.approvals.flat() : []));
  const roles = [...asked.map(({ of, members }) => [of.replace(/^role:/, ""), members] as const), ...policy.roles];
  const enough = roles.find(([role, members]) => policy.roles.has(role) && new Set(members.map(({ person }) => person)).size >= 2);
  const other = roles.find(([, members]) => members.length > 0 && members.every(({ person }) => person !== requester));
  return (enough ?? other)?.[0];
}

export const editAtOnce: Check = {
  id: "edit-at-once",
  severity: "warning",
  about: "An edit that loosens the policy holds as soon as it is approved: nobody has time to object",
  advice: "Require a delay for edits",
  scope: "document",
  find: (evidence) => {
    const found = evidence.yes(
      { kinds: ["policyEdit"], when: LOOSENS },
      { policy: evidence.altered(denyingDelayed), what: "whether an edit waits" },
    );
    const requester = found?.witness.circumstances.requester;
    if (found === undefined || requester === undefined) return [];
    const by = listText([requester, ...found.approvers]);
    return [
      {
        rule: evidence.blamed(found.witness),
        text: `${by} can edit the policy at once, so that anything is allowed before anybody else sees it`,
        witness: found.witness,
        change: {
          text: "let edits that do not tighten wait 24h",
          document: withRule(evidence.policy.document, "normal", {
            id: "edit-slow",
            require: ["policyEdit"],
            when: { not: { direction: "tightens" } },
            ...SLOWLY,
          }),
        },
      },
    ];
  },
};

export const modeWithoutExit: Check = {
  id: "mode-without-exit",
  severity: "error",
  about: "A mode that can be entered, does not end by itself, and that nobody can leave",
  advice: "Allow `modeChange` out of it, behind approvals and a delay",
  scope: "mode",
  find: (evidence) => {
    const { policy, mode } = evidence;
    if (mode === "normal" || policy.modes.get(mode)?.lastsMs !== undefined) return [];
    const to = (values: readonly string[]): Condition => ({ op: "in", field: "toMode", values: new Set(values) });
    const others = [...new Set(["normal", ...policy.modes.keys()])].filter((other) => other !== mode);
    const entered = others
      .map((other) => evidence.in(other).yes({ kinds: ["modeChange"], when: to([mode]) }, { what: `who can enter mode ${mode}` }))
      .find((found) => found !== undefined);
    if (
      entered === undefined ||
      evidence.yes({ kinds: ["modeChange"], when: to(others) }, { what: `who can leave mode ${mode}` }) !== undefined
    )
      return [];
    return [
      {
        rule: evidence.blamed(entered.witness),
        text: `${entered.witness.circumstances.requester} can change the mode to ${mode}, and nobody can change it back`,
        witness: entered.witness,
      },
    ];
  },
};

const denyingDelayed: Alteration = (rule) =>
  rule.type === "require" && rule.delayMs > 0 && rule.kinds.some(isAct) ? asForbid(rule) : rule;
