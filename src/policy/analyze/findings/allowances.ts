import type { EffectKind } from "../../../intent/effect.ts";
import type { Condition } from "../../core.ts";
import { narrowed, withChanged, withRule } from "./change.ts";
import { AT_TOP, both, type Check, type Evidence, type Found, signing } from "./evidence.ts";
import { listText } from "./words.ts";

const GIVEN: readonly EffectKind[] = ["allowance", "signedAllowance"];

/** One finding for every allow of this mode that lets such an effect pass. */
export function perAllow(
  evidence: Evidence,
  kinds: readonly EffectKind[],
  when: Condition | undefined,
  say: (about: { readonly rule: string; readonly request: string; readonly by: string }) => Omit<Found, "rule" | "witness">,
): readonly Found[] {
  return evidence.allows.flatMap((rule) => {
    const those = kinds.filter((kind) => rule.kinds.includes(kind));
    const condition = when === undefined ? rule.when : both(rule.when, when);
    const found = evidence.yes({ kinds: those, when: condition }, { what: `what ${rule.id} allows` });
    if (found === undefined) return [];
    const by = byText(found.approvers);
    const request = `${evidence.words.request(found.witness)}, ${by}`;
    return [{ ...say({ rule: rule.id, request, by }), rule: rule.id, witness: found.witness }];
  });
}

export function byText(approvers: readonly string[]): string {
  return approvers.length > 0 ? `with an approval by ${listText(approvers)}` : "with nobody asked";
}

export const unlimitedAllowance: Check = {
  id: "unlimited-allowance",
  severity: "error",
  about: "An allowance without a bound: the spender takes everything, at any later time",
  advice: "Forbid `amount: unlimited`, or count allowances in a limit",
  scope: "mode",
  find: (evidence) =>
    perAllow(evidence, GIVEN, { op: "within", field: "amount", intervals: AT_TOP }, ({ rule, request }) => ({
      text: `${rule} lets somebody take without a bound: ${request}`,
      change: {
        text: "forbid allowances without a bound",
        document: withRule(evidence.policy.document, evidence.mode, { id: "no-unlimited", forbid: GIVEN, when: { amount: "unlimited" } }),
      },
    })),
};

export const standingAllowance: Check = {
  id: "standing-allowance",
  severity: "warning",
  about: "An allowance or order that never expires",
  advice: "Forbid what never expires; give allowances for a day",
  scope: "mode",
  find: (evidence) =>
    perAllow(evidence, [...GIVEN, "order"], { op: "within", field: "expiry", intervals: AT_TOP }, ({ rule, request }) => ({
      text: `${rule} allows what never expires, so that it stays in force when the policy is stricter: ${request}`,
      change: {
        text: "forbid allowances and orders that never expire",
        document: withRule(evidence.policy.document, evidence.mode, {
          id: "no-standing",
          forbid: [...GIVEN, "order"],
          when: { expiry: "unlimited" },
        }),
      },
    })),
};

export const operatorAllowance: Check = {
  id: "operator-allowance",
  severity: "error",
  about: "An allowance over everything of a contract",
  advice: "Allow single tokens instead",
  scope: "mode",
  find: (evidence) =>
    perAllow(evidence, ["operatorAllowance"], undefined, ({ rule, request }) => ({
      text: `${rule} hands over everything of a kind, what comes later included, and no limit counts it: ${request}`,
    })),
};

export const blindSignature: Check = {
  id: "blind-signature",
  severity: "error",
  about: "A call, signature or change of control whose meaning was not read (U1, U2, U3)",
  advice: "Name the contracts and their functions, so that they are read",
  scope: "mode",
  find: (evidence) =>
    perAllow(evidence, ["unknown"], undefined, ({ rule, request }) => ({
      text: `${rule} allows signatures over what nobody has read, and they can mean anything: ${request}`,
    })),
};

export const foreignControl: Check = {
  id: "foreign-control",
  severity: "error",
  about: "A delegation (EIP-7702), a delegatecall or a change of who controls the account",
  advice: "Leave it out, or ask for approvals and a delay",
  scope: "mode",
  find: (evidence) =>
    perAllow(evidence, ["delegation", "delegatecall", "accountControl"], undefined, ({ rule, request }) => ({
      text: `${rule} lets code or keys of others act as the account, past every limit: ${request}`,
    })),
};

export const arbitraryCall: Check = {
  id: "arbitrary-call",
  severity: "error",
  about: "A call of any contract, or of any function of one",
  advice: "Pin `contract` and `function`",
  scope: "mode",
  find: (evidence) => {
    const known = (field: "contract" | "selector" | "function"): Condition => ({
      op: "not",
      of: { op: "in", field, values: evidence.mentioned(field) },
    });
    const anywhere = perAllow(evidence, ["call", "deploy"], known("contract"), ({ rule, request }) => ({
      text: `${rule} allows calls of any contract: ${request}`,
    }));
    const blamed = new Set(anywhere.map(({ rule }) => rule));
    const anything = perAllow(evidence, ["call"], both(known("selector"), known("function")), ({ rule, request }) => ({
      severity: "warning",
      text: `${rule} allows every function of the contract, those that move assets included: ${request}`,
    }));
    return [...anywhere, ...anything.filter(({ rule }) => !blamed.has(rule))];
  },
};

export const replayable: Check = {
  id: "replayable",
  severity: "warning",
  about: "A signature that can be used again, elsewhere or later",
  advice: "Add `replayable: false` to the allow",
  scope: "mode",
  find: (evidence) =>
    perAllow(
      evidence,
      ["signedAllowance", "order", "delegation", "typedData"],
      { op: "is", field: "replayable", value: true },
      ({ rule, request }) => {
        const alone = evidence.allows.find(({ id }) => id === rule)?.kinds.every((kind) => REPLAYED.has(kind));
        const document = withChanged(evidence.policy.document, rule, (written) => narrowed(written, { replayable: false }));
        return {
          text: `${rule} allows a signature that can be used again: ${request}`,
          ...(alone && { change: { text: `let ${rule} allow only what can be used once`, document } }),
        };
      },
    ),
};

const REPLAYED: ReadonlySet<EffectKind> = new Set(["signedAllowance", "order", "delegation", "typedData"]);

export const chainNotPinned: Check = {
  id: "chain-not-pinned",
  severity: "warning",
  about: "An `allow` that holds on every chain, those that come later included",
  advice: "Pin `chain`, or an asset or contract, which belongs to one",
  scope: "mode",
  find: (evidence) => {
    const known = new Set([...evidence.mentioned("chain"), ...evidence.chains]);
    const elsewhere: Condition = { op: "not", of: { op: "in", field: "chain", values: known } };
    return evidence.allows.flatMap((rule): readonly Found[] => {
      const kinds = signing(rule.kinds).filter((kind) => kind !== "fee");
      const found = evidence.yes({ kinds, when: both(rule.when, elsewhere) }, { what: `on which chains ${rule.id} holds` });
      if (found === undefined) return [];
      const [only, another] = evidence.chains;
      const document = withChanged(evidence.policy.document, rule.id, (written) => narrowed(written, { chain: evidence.chains }));
      const change =
        only === undefined
          ? undefined
          : { text: `let ${rule.id} hold on ${another === undefined ? only : "the chains that the policy names"} alone`, document };
      return [
        {
          rule: rule.id,
          text: `${rule.id} holds on every chain: ${evidence.words.request(found.witness)}`,
          witness: found.witness,
          change,
        },
      ];
    });
  },
};
