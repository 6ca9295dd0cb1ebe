import type { Policy } from "../core.ts";
import type { Attack } from "./attack.ts";
import type { Channel } from "./channel.ts";
import { everyRule } from "./dimensions.ts";
import { durationText, listText } from "./findings/words.ts";
import { Inconclusive } from "./inconclusive.ts";
import { rulesIn } from "./items.ts";
import { signsMore } from "./modes.ts";
import { FOREIGN_WALLET, PROBES, type Probe } from "./probes.ts";
import { Remembered } from "./remembered.ts";
import { speaksOf } from "./speaks.ts";
import type { Topic } from "./walk.ts";
import { cheaper, type Passage, passages, type Way, type WorkOptions, waysOf } from "./ways.ts";

export interface ChannelOptions extends WorkOptions {
  /** Ways to open the vault, or a copy of it, that the policy does not judge: each of those who open one does so alone. */
  readonly slots?: readonly { readonly name: string; readonly opens: readonly string[]; readonly backup?: boolean }[];
}

/**
 * Everything that an attack can get done that no limit bounds, beside assets and fees that no limit counts, worst first: by each
 * allow of the mode that lets it through. What takes a delay is left out where the horizon is over by then, or where somebody who
 * was not robbed sees it in time and can say no.
 */
export function channelsOf(policy: Policy, attack: Attack, options: ChannelOptions = {}): readonly Channel[] {
  const { mode: from, stolen: people } = attack;
  const worth = ({ probe: { toMode: to } }: Probed) => to === undefined || signsMore(policy, { from, to, people }, options);
  const found = probed(policy, attack, options).map((each) => ({ each, channels: opened(policy, attack, each) }));
  return [
    ...besidePolicy(attack, options),
    ...found.filter(({ each, channels }) => channels.length > 0 && worth(each)).flatMap(({ channels }) => channels),
  ];
}

function besidePolicy({ stolen, mode }: Attack, { slots = [] }: ChannelOptions): readonly Channel[] {
  return slots.flatMap(({ name, opens, backup = false }): readonly Channel[] => {
    const by = opens.filter((person) => stolen.has(person));
    if (by.length === 0) return [];
    const where = backup ? "a copy of the vault" : "the vault";
    const text = `${listText(by)} can open ${where} through ${name}: its keys are within reach, past the policy`;
    return [{ kind: "slot", stolen: [...stolen], mode, rule: undefined, text, witness: undefined, approvers: [], delayMs: 0 }];
  });
}

/** What one probe found in a mode, by the allow that lets it through, whoever it is that tries. */
interface Probed {
  readonly probe: Probe;
  readonly rules: readonly { readonly id: string; readonly ways: readonly Way[] }[];
  readonly undecided: string | undefined;
}

function opened(policy: Policy, attack: Attack, { probe, rules, undecided }: Probed): readonly Channel[] {
  const base = { kind: probe.kind, stolen: [...attack.stolen], mode: attack.mode };
  const open = (rule: string | undefined, why: string): Channel => ({
    ...base,
    ...{ rule, text: `${probe.says}: this could not be decided, ${why}`, witness: undefined, approvers: [], delayMs: 0, undecided: true },
  });
  const found: Channel[] = [];
  for (const { id, ways } of rules) {
    try {
      const passage = inTime(policy, ways, attack);
      if (passage === undefined) continue;
      const { approvers, delayMs, objectors, witness } = passage;
      found.push({ ...base, rule: id, text: `${probe.says}: ${passageText(passage)}`, witness, approvers, delayMs, objectors });
    } catch (cause) {
      if (!(cause instanceof Inconclusive)) throw cause;
      found.push(open(id, cause.message));
    }
  }
  return undecided === undefined ? found : [...found, open(undefined, undecided)];
}

/** The cheapest way that is over before the horizon is, and that nobody stops. */
function inTime(policy: Policy, ways: readonly Way[], attack: Attack): Passage | undefined {
  let found: Passage | undefined;
  for (const passage of passages(policy, ways, attack.stolen)) {
    if (passage.delayMs >= attack.horizonMs || isStopped(passage, attack)) continue;
    if (found === undefined || cheaper(passage, found) < 0) found = passage;
  }
  return found;
}

/** Somebody who was not robbed has seen what waits, and may say no. */
export function isStopped({ delayMs, objectors }: Pick<Passage, "delayMs" | "objectors">, { detectionMs }: Pick<Attack, "detectionMs">) {
  return detectionMs !== undefined && delayMs >= detectionMs && objectors.length > 0;
}

/** `asked for by ana, approved by ben, after 24h unless cyd objects`. */
export function passageText({ asker, approvers, delayMs, confirm, objectors }: Passage): string {
  const parts = [
    `asked for by ${asker}`,
    confirm && "who confirms it",
    approvers.length > 0 ? `approved by ${listText(approvers)}` : "with nobody's approval",
    delayMs > 0 && `after ${durationText(delayMs)}${objectors.length > 0 ? ` unless ${listText(objectors)} objects` : ""}`,
  ];
  return parts.filter((part) => part !== false).join(", ");
}

// Whom it is that was robbed does not matter to the walk.
const remembered = new Remembered<readonly Probed[]>();

function probed(policy: Policy, { mode, from }: Attack, options: ChannelOptions): readonly Probed[] {
  return remembered.of(policy, `${mode} ${from}`, options, () =>
    probesIn(policy, mode).map((probe) => look(policy, { probe, mode, from }, options)),
  );
}

function probesIn(policy: Policy, mode: string): readonly Probe[] {
  const trustsOwn = everyRule(policy).some(({ when }) => speaksOf(when, "ownRecipient"));
  const modes = ["normal", ...policy.modes.keys()].filter((to) => to !== mode);
  const changes = modes.map((to): Probe => {
    const says = `The mode becomes ${to}, in which more may be signed than in ${mode}`;
    return { kind: "policy", kinds: ["modeChange"], when: { op: "in", field: "toMode", values: new Set([to]) }, says, toMode: to };
  });
  return [...PROBES, ...changes, ...(trustsOwn ? [FOREIGN_WALLET] : [])];
}

function look(policy: Policy, { probe, mode, from }: { probe: Probe; mode: string; from: number }, options: WorkOptions): Probed {
  const allows = rulesIn(policy, mode).filter(({ type, kinds }) => type === "allow" && kinds.some((kind) => probe.kinds.includes(kind)));
  const topics = allows.map(
    ({ kinds, when }): Topic => ({
      kinds: kinds.filter((kind) => probe.kinds.includes(kind)),
      when: { op: "all", of: [when, probe.when] },
    }),
  );
  if (topics.length === 0) return { probe, rules: [], undecided: undefined };
  const { of, undecided } = waysOf(policy, { topics, mode, from }, options);
  return { probe, rules: allows.map(({ id }, index) => ({ id, ways: of[index] ?? [] })), undecided };
}
