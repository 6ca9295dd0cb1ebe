import type { Condition, RequireRule } from "../../core.ts";
import { actorsOf } from "../actors.ts";
import { othersOf } from "./acts.ts";
import { withChanged } from "./change.ts";
import { type Alteration, asForbid, both, type Check, type Evidence, type Found, type Yes } from "./evidence.ts";
import { membersOf } from "./people.ts";
import { durationText, listText } from "./words.ts";

export const delayUnwatched: Check = {
  id: "delay-unwatched",
  severity: "warning",
  about:
    "A delay during which nobody can object: no rule asks anybody for an approval, or whoever gets a request through can edit those away who could",
  advice:
    "Ask for an approval in the same rule: whoever may give it can object until the delay is over. Let edits of `people` and `roles` ask for others",
  scope: "mode",
  find: (evidence) =>
    evidence.own.flatMap((rule): readonly Found[] => {
      if (rule.type !== "require" || rule.delayMs === 0) return [];
      const found = rule.approvals.length === 0 ? unasked(evidence, rule) : outvoted(evidence, rule);
      return found === undefined ? [] : [{ ...found, rule: rule.id, severity: evidence.isOnePersons ? "note" : "warning" }];
    }),
};

/** What the rule delays without any rule that asks for an approval. */
function unasked(evidence: Evidence, rule: RequireRule): Found | undefined {
  const what = `who can object to what ${rule.id} delays`;
  const found = evidence.yes({ kinds: rule.kinds, when: rule.when }, { policy: evidence.altered(withoutApprovals), what });
  if (found === undefined) return undefined;
  const others = othersOf(evidence, found.witness.circumstances.requester ?? "");
  const document = withChanged(evidence.policy.document, rule.id, (written) => ({
    ...written,
    approvals: [{ of: others ?? "", atLeast: 1 }],
  }));
  return {
    text: `${rule.id} delays by ${durationText(rule.delayMs)}, but nobody is asked and so nobody can object: ${evidence.words.request(found.witness)}`,
    witness: found.witness,
    ...(others !== undefined && { change: { text: `ask for an approval of ${others}, who can then object`, document } }),
  };
}

const withoutApprovals: Alteration = (rule) => (rule.type === "require" && rule.approvals.length > 0 ? asForbid(rule) : rule);

type Asking = Parameters<Evidence["yes"]>[0];
type How = Parameters<Evidence["yes"]>[1];

const EDIT = ["policyEdit"] as const;
const PARTS = ["people", "roles"] as const;
type Part = (typeof PARTS)[number];

/**
 * As few people as get through what the rule delays, other than such an edit, can also edit who the people are, or who is in the
 * roles, no later than it is over: in the same edit, where it is one. Whoever loses a credential or a role by that cannot object to
 * it, nor to anything after it.
 */
function outvoted(evidence: Evidence, rule: RequireRule): Found | undefined {
  const others = rule.kinds.filter((kind) => kind !== "policyEdit");
  const edits = rule.kinds.length > others.length;
  const delayed: readonly Asking[] = [
    ...(edits ? [{ kinds: EDIT, when: both(rule.when, { op: "not", of: partIn(PARTS) }) }] : []),
    ...(others.length > 0 ? [{ kinds: others, when: rule.when }] : []),
  ];
  const what = `who can take from others their say in what ${rule.id} delays`;
  const inTime = { what, policy: evidence.altered((one) => (one.type === "require" && one.delayMs > rule.delayMs ? asForbid(one) : one)) };
  const editors = new Map<Part, Yes | undefined>();
  for (const asking of delayed) {
    const first = fewest(evidence, asking, { what });
    if (first === undefined) continue;
    for (const part of PARTS) {
      if (!editors.has(part)) editors.set(part, fewest(evidence, editOf(part), inTime));
      const editing = editors.get(part);
      if (editing === undefined) continue;
      const found = editedAway(evidence, { rule, asking, part, inTime }, [teamOf(first), teamOf(editing)]);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** @param teams - as few as get it through, and as few as can edit that part in time. */
function editedAway(
  evidence: Evidence,
  { rule, asking, part, inTime }: { readonly rule: RequireRule; readonly asking: Asking; readonly part: Part; readonly inTime: How },
  teams: readonly [delayed: readonly string[], editing: readonly string[]],
): Found | undefined {
  const [delayed] = teams;
  for (const team of teams.filter(({ length }) => length <= delayed.length)) {
    const by = new Set(team);
    const others = othersNamed(evidence, rule, by);
    if (others.length === 0 || (part === "roles" && others.some((person) => !isOnlyInRoles(evidence, rule, person)))) continue;
    const edited = evidence.yes({ ...asking, by }, { what: inTime.what }) && evidence.yes({ ...editOf(part), by }, inTime);
    if (edited === undefined) continue;
    const when = asking.kinds === EDIT ? "in the same edit" : "meanwhile";
    const text = `${rule.id} delays by ${durationText(rule.delayMs)}, but ${listText(team)}, who get it through, can edit ${part} ${when}, and so keep ${listText(others)} from objecting`;
    return { text, witness: edited.witness };
  }
  return undefined;
}

function editOf(part: Part): Asking {
  return { kinds: EDIT, when: partIn([part]) };
}

function partIn(parts: readonly string[]): Condition {
  return { op: "in", field: "part", values: new Set(parts) };
}

/** With as few approvals as can be. */
function fewest(evidence: Evidence, question: Asking, how: How): Yes | undefined {
  let found = evidence.yes(question, how);
  for (let next = found; next !== undefined && next.approvers.length > 0; found = next ?? found)
    next = evidence.yes({ ...question, fewerThan: next.approvers.length }, how);
  return found;
}

function teamOf({ witness, approvers }: Yes): readonly string[] {
  const { requester } = witness.circumstances;
  return requester === undefined ? approvers : [requester, ...approvers];
}

/** Whom the rule names beside these, and who can object at all. */
function othersNamed({ policy }: Evidence, rule: RequireRule, people: ReadonlySet<string>): readonly string[] {
  const actors = actorsOf(policy);
  return [...new Set(membersOf(rule.approvals))].filter((person) => !people.has(person) && actors.answers(person)).sort();
}

/** Whether all clauses that name somebody name a role. */
function isOnlyInRoles({ policy }: Evidence, rule: RequireRule, person: string): boolean {
  const clauses = rule.approvals.flat().filter(({ members }) => members.some((member) => member.person === person));
  return clauses.every(({ of }) => policy.roles.has(of.replace(/^role:/, "")));
}
