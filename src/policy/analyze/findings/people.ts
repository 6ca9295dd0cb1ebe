import { DAY_MS } from "../../../base/time.ts";
import { OUTFLOW } from "../../../intent/fields.ts";
import type { Clause } from "../../../intent/verdict.ts";
import type { RequireRule, Rule } from "../../core.ts";
import { isService } from "../../credentials.ts";
import { everyRule } from "../dimensions.ts";
import { narrowed, withChanged, writtenRule } from "./change.ts";
import { both, type Check, type Evidence, type Found, listed, signing } from "./evidence.ts";
import { approvalsText, listText } from "./words.ts";

export const requesterNotPinned: Check = {
  id: "requester-not-pinned",
  severity: "warning",
  about: "An `allow` that pays and does not say who may ask: approvers ask as well",
  advice: "Add `requester` to its `when`",
  scope: "mode",
  find: (evidence) => {
    const { people } = evidence.policy;
    if (people.size < 2) return [];
    return evidence.allows.flatMap((rule): readonly Found[] => {
      const kinds = signing(rule.kinds).filter((kind) => kind !== "fee");
      if (kinds.length === 0 || listed(evidence, rule, "requester") !== undefined) return [];
      const approvers = new Set(asking(evidence.own).flatMap((one) => membersOf(one.approvals)));
      const by = { op: "in", field: "requester", values: approvers.size > 0 ? approvers : new Set(people.keys()) } as const;
      const found = evidence.yes({ kinds, when: both(rule.when, by) }, { what: `who may ask for what ${rule.id} allows` });
      const requester = found?.witness.circumstances.requester;
      if (found === undefined || requester === undefined) return [];
      const self = approvers.has(requester) ? ", whom its approvals name too" : "";
      const also = found.approvers.length > 0 ? `, with an approval by ${listText(found.approvers)}` : "";
      const text = `${rule.id} does not say who may ask, so everybody may: ${evidence.words.request(found.witness)}${self}${also}`;
      return [{ rule: rule.id, text, witness: found.witness, change: pinned(evidence, rule) }];
    });
  },
};

/** Asked for by those who approve nothing, where there is a role of such people. */
function pinned({ policy, own }: Evidence, rule: Rule): Found["change"] {
  const approvers = new Set(asking(own).flatMap(({ approvals }) => membersOf(approvals)));
  const role = [...policy.roles].find(([, members]) => members.length > 0 && members.every(({ person }) => !approvers.has(person)))?.[0];
  const written = writtenRule(policy.document, rule.id);
  if (role === undefined || written === undefined) return undefined;
  const document = withChanged(policy.document, rule.id, (one) => narrowed(one, { requester: `role:${role}` }));
  return { text: `let only ${role} ask for what ${rule.id} allows`, document };
}

export const onePersonQuorum: Check = {
  id: "one-person-quorum",
  severity: "warning",
  about: "Approvals that look like two people's and that one person can give: through an alternative, or in two roles",
  advice: "Ask for both in one rule, in which each person fills one seat",
  scope: "mode",
  find: (evidence) => {
    const rules = asking(evidence.own);
    return [...rules.flatMap((rule) => byAlternative(evidence, rule)), ...byTwoRoles(evidence, rules)];
  },
};

function byAlternative(evidence: Evidence, rule: RequireRule): readonly Found[] {
  const seats = rule.approvals.map((clauses) => clauses.reduce((sum, { atLeast }) => sum + atLeast, 0));
  if (Math.max(...seats) < 2 || Math.min(...seats) > 1) return [];
  const found = evidence.yes({ kinds: rule.kinds, when: rule.when, fewerThan: 2 }, { what: `who can answer ${rule.id} alone` });
  const [person] = found?.approvers ?? [];
  if (found === undefined || person === undefined) return [];
  return [
    {
      rule: rule.id,
      text: `${rule.id} asks for ${approvalsText(rule.approvals)}, and ${person} alone is enough: ${evidence.words.request(found.witness)}`,
      witness: found.witness,
    },
  ];
}

/** So many pairs of rules are looked at. */
const MOST_PAIRS = 60;

/** Over several rules the same approval counts, so whoever is in both roles answers both. */
function byTwoRoles(evidence: Evidence, rules: readonly RequireRule[]): readonly Found[] {
  const pairs = rules.flatMap((first, index) =>
    rules.slice(index + 1).flatMap((second) => (alike(first, second) ? [] : [[first, second] as const])),
  );
  if (pairs.length > MOST_PAIRS)
    evidence.undecided("who answers two rules at once", `only ${MOST_PAIRS} of ${pairs.length} pairs of rules were looked at`);
  return pairs.slice(0, MOST_PAIRS).flatMap(([first, second]): readonly Found[] => {
    const kinds = first.kinds.filter((kind) => second.kinds.includes(kind));
    const found = evidence.yes(
      { kinds, when: both(first.when, second.when), fewerThan: 2 },
      { what: `who answers ${first.id} and ${second.id} alone` },
    );
    const [person] = found?.approvers ?? [];
    if (found === undefined || person === undefined) return [];
    const text = `${first.id} asks for ${approvalsText(first.approvals)} and ${second.id} for ${approvalsText(second.approvals)}, and ${person} alone answers both: ${evidence.words.request(found.witness)}`;
    const together = evidence.policy.document;
    const [asked] = first.approvals.length === 1 ? first.approvals : [];
    const written = writtenRule(together, second.id)?.approvals;
    // Asked for in one rule as well, each of them takes a person of their own.
    const document =
      asked === undefined || !Array.isArray(written)
        ? undefined
        : withChanged(together, second.id, (rule) => ({
            ...rule,
            approvals: [...written, ...asked.map(({ of, atLeast }) => ({ of, atLeast }))],
          }));
    const change = document && {
      text: `let ${second.id} ask for ${approvalsText(first.approvals)} beside its own, so that it takes different people`,
      document,
    };
    return [{ rule: second.id, text, witness: found.witness, change }];
  });
}

/** Whether the rules ask the same people, or one of them alone could not be met by one person anyway. */
function alike(first: RequireRule, second: RequireRule): boolean {
  const names = ({ approvals }: RequireRule) => new Set(approvals.flat().map(({ of }) => of));
  const few = [first, second].every(({ approvals }) => approvals.some((clauses) => clauses.length === 1 && clauses[0]?.atLeast === 1));
  const [one, other] = [names(first), names(second)];
  const shared = membersOf(first.approvals).some((person) => membersOf(second.approvals).includes(person));
  return !few || !shared || [...one].every((name) => other.has(name)) || [...other].every((name) => one.has(name));
}

const PAYMENTS = OUTFLOW.filter((kind) => kind !== "fee");

export const servicePays: Check = {
  id: "service-pays",
  severity: "error",
  about: "What a machine can pay, or burn as fees, alone within a day; an error where nothing bounds it",
  advice: "Give the service limits of its own",
  scope: "mode",
  find: (evidence) => {
    const { policy, words } = evidence;
    const services = [...policy.people].filter(([, credentials]) => isService(credentials)).map(([name]) => name);
    return services.flatMap((service): readonly Found[] => {
      const by = new Set([service]);
      const when = { op: "in", field: "requester", values: by } as const;
      const assets = evidence.allowedNames("asset");
      return assets.flatMap((asset): readonly Found[] => {
        const what = `what ${service} can pay alone`;
        const within = both(when, { op: "in", field: "asset", values: new Set([asset]) });
        const pays = evidence.yes({ kinds: PAYMENTS, when: within, by }, { what });
        const found = pays ?? evidence.yes({ kinds: ["fee"], when: within, by }, { what });
        if (found === undefined) return [];
        const loss = evidence.loss([service], asset, DAY_MS);
        if (loss.status === "inconclusive") evidence.undecided(what, loss.why ?? "the loss is not known");
        const unbounded = loss.amount === undefined;
        if (loss.status === "inconclusive" || (!unbounded && loss.shown === 0n)) return [];
        const much = unbounded ? `all ${words.asset(asset)} there is` : words.amount(asset, loss.amount);
        const pay = unbounded || loss.fees === 0n ? "pay" : "pay, or burn as fees,";
        const does = pays === undefined ? `burn ${much} as fees` : `${pay} ${much}`;
        const text = `${service} is a machine and can ${does} within 24h, with nobody asked`;
        const severity = unbounded ? "error" : "note";
        return [
          { rule: evidence.blamed(found.witness), severity, text, witness: found.witness, ...(!unbounded && { sequence: loss.sequence }) },
        ];
      });
    });
  },
};

export const loneMember: Check = {
  id: "lone-member",
  severity: "note",
  about: "A role that rules rely on and that has one member",
  advice: "Name somebody who can stand in",
  scope: "document",
  find: ({ policy }) => {
    const text = JSON.stringify(policy.document.rules ?? []) + JSON.stringify(policy.document.modes ?? {});
    return [...policy.roles].flatMap(([role, members]): readonly Found[] => {
      const people = new Set(members.map(({ person }) => person));
      const [only] = people;
      if (people.size !== 1 || !(text.includes(`"role:${role}"`) || text.includes(`"of":${JSON.stringify(role)}`))) return [];
      return [{ text: `${role} has one member, ${only}: what needs ${role} waits for that one person` }];
    });
  },
};

export const idlePerson: Check = {
  id: "idle-person",
  severity: "note",
  about: "Somebody with credentials whom no role and no rule names",
  advice: "Remove them, or say what they are for",
  scope: "document",
  find: ({ policy }) => {
    const named = new Set([...policy.roles.values()].flat().map(({ person }) => person));
    for (const rule of everyRule(policy)) {
      if (rule.type === "require") for (const person of membersOf(rule.approvals)) named.add(person);
      if (rule.type === "limit") for (const person of membersOf(rule.beyond)) named.add(person);
    }
    const text = JSON.stringify([policy.document.rules, policy.document.modes]);
    return [...policy.people.keys()]
      .filter((person) => policy.people.size > 1 && !named.has(person) && !text.includes(JSON.stringify(person)))
      .map((person) => ({ text: `no role and no rule names ${person}, who can still ask for whatever is allowed to everybody` }));
  },
};

function asking(rules: readonly Rule[]): readonly RequireRule[] {
  return rules.filter((rule) => rule.type === "require").filter(({ approvals }) => approvals.length > 0);
}

export function membersOf(approvals: readonly (readonly Clause[])[]): readonly string[] {
  return approvals.flat().flatMap(({ members }) => members.map(({ person }) => person));
}
