import type { Policy } from "../core.ts";
import { isProvenNarrower } from "./diff.ts";
import type { Finding, Severity, Suggestion } from "./finding.ts";
import { onePersonMissing } from "./findings/absence.ts";
import { editAlone, editAtOnce, keyAlone, modeWithoutExit } from "./findings/acts.ts";
import {
  arbitraryCall,
  blindSignature,
  chainNotPinned,
  foreignControl,
  operatorAllowance,
  replayable,
  standingAllowance,
  unlimitedAllowance,
} from "./findings/allowances.ts";
import { onlyNarrows, redrafted } from "./findings/change.ts";
import { delayUnwatched } from "./findings/delays.ts";
import { type Check, Evidence, type EvidenceOptions, type Found } from "./findings/evidence.ts";
import { feesDrain } from "./findings/fees.ts";
import { assetWithoutLimit, capLifted, feesWithoutLimit, limitMultiplied, limitNeverBinds } from "./findings/limits.ts";
import { endsSoon } from "./findings/moments.ts";
import { lookAlikes } from "./findings/names.ts";
import { idlePerson, loneMember, onePersonQuorum, requesterNotPinned, servicePays } from "./findings/people.ts";
import { anyRecipient, newRecipient } from "./findings/recipients.ts";
import { deadRule, mixedKinds, negatedUnknown } from "./findings/rules.ts";
import { feeAboveTier, tierSplit } from "./findings/tiers.ts";
import { Inconclusive } from "./inconclusive.ts";
import type { Loss } from "./loss.ts";
import { maximumLoss } from "./loss.ts";

/** Everything that is looked for, what costs most first. */
export const CATALOGUE: readonly Check[] = [
  blindSignature,
  foreignControl,
  operatorAllowance,
  unlimitedAllowance,
  standingAllowance,
  arbitraryCall,
  assetWithoutLimit,
  feesWithoutLimit,
  limitMultiplied,
  capLifted,
  tierSplit,
  feeAboveTier,
  feesDrain,
  limitNeverBinds,
  anyRecipient,
  newRecipient,
  requesterNotPinned,
  onePersonQuorum,
  servicePays,
  chainNotPinned,
  replayable,
  keyAlone,
  editAlone,
  editAtOnce,
  delayUnwatched,
  modeWithoutExit,
  onePersonMissing,
  endsSoon,
  lookAlikes,
  deadRule,
  mixedKinds,
  negatedUnknown,
  loneMember,
  idlePerson,
];

export interface FindingContext extends EvidenceOptions {
  /** All of the policy where it is absent. */
  readonly modes?: readonly string[];
  /** Losses of the report: those that a suggestion changes are shown beside it. */
  readonly losses?: readonly Loss[];
  /** With which those were asked. */
  readonly detectionMs?: number;
  /** How many losses may be computed anew for suggestions, over all of them; 30 where it is not said. */
  readonly recomputed?: number;
}

/**
 * What the policy lets happen, or prevents, and its author probably did not mean: each finding with a request that shows it, and
 * where there is a sensible change, the document with that change. A suggestion that is not proven to loosen nothing is not made.
 */
export function findingsOf(policy: Policy, context: FindingContext): readonly Finding[] {
  return inOrder([...findingSteps(policy, context)].flatMap((step) => step.run()));
}

/** One check of the catalogue in one mode: for whoever wants to do something else between them. */
export interface FindingStep {
  readonly what: string;
  readonly run: () => readonly Finding[];
}

export function* findingSteps(policy: Policy, context: FindingContext): Generator<FindingStep> {
  const left = { losses: context.recomputed ?? 30, diffs: MOST_DIFFS, documents: MOST_DOCUMENTS };
  const modes = new Map((context.modes ?? ["normal", ...policy.modes.keys()]).map((mode) => [mode, new Evidence(policy, mode, context)]));
  const normal = modes.get("normal") ?? new Evidence(policy, "normal", context);
  for (const check of CATALOGUE) {
    for (const evidence of check.scope === "document" ? [normal] : modes.values()) {
      yield { what: `${check.id} in ${evidence.mode}`, run: () => found(check, evidence, context, left) };
    }
  }
}

const SEVERITIES: readonly Severity[] = ["error", "warning", "note"];

/** The worst first, otherwise in the order of the catalogue. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  return SEVERITIES.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}

interface Left {
  losses: number;
  diffs: number;
  documents: number;
}

/** So many suggestions are read as documents of their own. What is found stays, with or without one. */
const MOST_DOCUMENTS = 100;

/** So many suggestions are compared region by region. */
const MOST_DIFFS = 12;

function found(check: Check, evidence: Evidence, context: FindingContext, left: Left): readonly Finding[] {
  try {
    return check.find(evidence).map((one) => findingOf(check, one, evidence, context, left));
  } catch (cause) {
    if (!(cause instanceof Inconclusive)) throw cause;
    evidence.undecided(`${check.id} in mode ${evidence.mode}`, cause.message);
    return [];
  }
}

function findingOf(check: Check, one: Found, evidence: Evidence, context: FindingContext, left: Left): Finding {
  const suggestion = one.change && suggestionOf(one.change, one.asset, evidence, context, left);
  return {
    id: check.id,
    severity: one.severity ?? check.severity,
    mode: evidence.mode,
    rule: one.rule,
    text: one.text,
    ...(one.witness && { witness: one.witness }),
    ...(one.sequence && { sequence: one.sequence }),
    ...(suggestion && { suggestion }),
  };
}

function suggestionOf(
  change: NonNullable<Found["change"]>,
  asset: string | undefined,
  { policy }: Evidence,
  context: FindingContext,
  left: Left,
): Suggestion | undefined {
  const narrows = onlyNarrows(policy.document, change.document);
  // Reading a document is work as well: not where nothing could be proven any more.
  if ((!narrows && left.diffs <= 0) || left.documents <= 0) return undefined;
  left.documents--;
  const after = redrafted(policy.document, change.document);
  if (after === undefined || !(narrows || neverLooser(policy, after, context, left))) return undefined;
  return { ...change, effect: effectOf(after, asset, context, left) };
}

/** INVARIANT: what is suggested was proven to allow nothing new and to ask and count no less. */
function neverLooser(policy: Policy, after: Policy, { work, signal }: FindingContext, left: Left): boolean {
  left.diffs--;
  return isProvenNarrower(policy, after, { ...(work !== undefined && { work }), ...(signal && { signal }) });
}

/** So many losses of the table are computed anew for one suggestion. */
const PER_SUGGESTION = 6;

function effectOf(after: Policy, asset: string | undefined, context: FindingContext, left: Left): Suggestion["effect"] {
  const { losses = [], from, detectionMs, work, signal, examples } = context;
  const some: Loss[] = [];
  for (const loss of losses) {
    if (left.losses === 0 || some.length === PER_SUGGESTION) break;
    const { amount, what } = loss;
    if (amount === 0n || (asset !== undefined && "asset" in what && what.asset !== asset)) continue;
    some.push(loss);
    left.losses--;
  }
  return some.flatMap((before) => {
    const { stolen, mode, horizonMs, what } = before;
    const attack = { stolen: new Set(stolen), mode, horizonMs, from, ...(detectionMs !== undefined && { detectionMs }) };
    const loss = maximumLoss(after, attack, what, {
      ...(work !== undefined && { work }),
      ...(signal && { signal }),
      ...(examples && { examples }),
    });
    return loss.amount === before.amount && loss.status === before.status ? [] : [{ before, after: loss }];
  });
}
