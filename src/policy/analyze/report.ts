import type { JsonObject } from "../../base/canonical.ts";
import { DAY_MS, formatTime, type Time } from "../../base/time.ts";
import type { Policy } from "../core.ts";
import { Accepted, type Replay, withheld } from "./accepted.ts";
import type { StolenSet } from "./attack.ts";
import type { Audit } from "./audit.ts";
import { authorityOf } from "./authorities.ts";
import type { Authority, Escalation, LockOut } from "./authority.ts";
import { findingSteps, inOrder } from "./catalogue.ts";
import type { Channel } from "./channel.ts";
import { type ChannelOptions, channelsOf } from "./channels.ts";
import { type DeadRule, deadRules } from "./dead.ts";
import { escalationsOf } from "./escalations.ts";
import type { Finding } from "./finding.ts";
import { durationText, Words } from "./findings/words.ts";
import { lockOutsOf } from "./lockouts.ts";
import { type Loss, maximumLoss, reachableOf } from "./loss.ts";
import type { AnswerOptions } from "./question.ts";
import { leftOut, stolenSets } from "./stolen.ts";

export interface AuditOptions extends AnswerOptions {
  /** The moment of the audit: nothing here reads a clock. An attack begins then, or at any later moment that suits it better. */
  readonly from: Time;
  /** Whom a thief may have robbed: these sets, or every person, role, pair of roles and every so many people; 1 where it is absent. */
  readonly stolen?: readonly StolenSet[] | number;
  /** Over how long losses are asked; a day, a week and thirty days where it is absent. */
  readonly horizonsMs?: readonly number[];
  /** Every mode of the policy where it is absent. */
  readonly modes?: readonly string[];
  /** After so long somebody who was not robbed objects to what waits; nobody does where it is absent. */
  readonly detectionMs?: number;
  /** Smallest units by qualified asset, for shares. */
  readonly holdings?: ReadonlyMap<string, bigint>;
  /** How many copies of the vault are alive, each of which counts for itself; 1 where it is absent. */
  readonly copies?: number;
  readonly slots?: ChannelOptions["slots"];
  readonly progress?: (done: number, total: number, what: string) => void;
  /**
   * Is awaited between steps, so that the caller's other work goes on and an abort is seen: `() => new Promise(setImmediate)`.
   * Where it is absent only what waits for promises goes on.
   */
  readonly pause?: () => Promise<void>;
  /**
   * The evaluator that signs, with its counters and holds: whether it lets a whole sequence pass, or refuses of it only what it
   * denies when it is asked for already. What it refuses of losses, channels and escalations is not shown.
   */
  readonly replay?: Replay;
}

/**
 * The whole audit of one policy, in small steps. The same policy and options give the same audit. What could not be decided within
 * the work of a step is named in `inconclusive`, and nothing that rests on it passes for safe.
 *
 * @throws the reason of `signal` when it is aborted.
 */
export async function audit(policy: Policy, options: AuditOptions): Promise<Audit> {
  const { signal, progress, pause } = options;
  const report = new Report(policy, options);
  const steps = report.steps();
  for (const [done, { what, run }] of steps.entries()) {
    signal?.throwIfAborted();
    progress?.(done, steps.length, what);
    await run();
    await pause?.();
  }
  signal?.throwIfAborted();
  progress?.(steps.length, steps.length, "done");
  return report.audit();
}

/** Whether what has no bound in a longer time is over within this one: it is one request that waits for its delay. */
function isWithin({ status, amount, channel }: Loss, horizonMs: number): boolean {
  return status === "exact" && amount === undefined && channel !== undefined && channel.delayMs < horizonMs;
}

interface Step {
  readonly what: string;
  readonly run: () => void | Promise<void>;
}

/** Of so many sets, modes and things that can be lost one after the other, whoever reads the report has enough. */
const MOST_ASKED = 20_000;

const DEFAULT_HORIZONS_MS = [DAY_MS, 7 * DAY_MS, 30 * DAY_MS] as const;

class Report {
  readonly #policy: Policy;
  readonly #options: AuditOptions;
  readonly #stolen: readonly StolenSet[];
  readonly #horizonsMs: readonly number[];
  readonly #modes: readonly string[];
  readonly #channels: Channel[] = [];
  readonly #losses: Loss[] = [];
  readonly #authority: Authority[] = [];
  readonly #lockOuts: LockOut[] = [];
  readonly #escalations: Escalation[] = [];
  readonly #buried = new Map<string, readonly DeadRule[]>();
  readonly #findings: Finding[] = [];
  readonly #inconclusive = new Set<string>();
  readonly #accepted: Accepted;

  constructor(policy: Policy, options: AuditOptions) {
    this.#policy = policy;
    this.#options = options;
    this.#accepted = new Accepted(policy, options.replay);
    const { stolen = 1, horizonsMs = DEFAULT_HORIZONS_MS, modes = ["normal", ...policy.modes.keys()] } = options;
    const sets = typeof stolen === "number" ? stolenSets(policy, { k: stolen }) : stolen;
    this.#horizonsMs = [...new Set(horizonsMs)].sort((a, b) => a - b);
    this.#modes = [...new Set(modes)];
    const each = this.#modes.length * (1 + reachableOf(policy).length);
    this.#stolen = sets.slice(0, Math.max(1, Math.floor(MOST_ASKED / each)));
    if (this.#stolen.length < sets.length)
      this.#inconclusive.add(`stolen sets: only the first ${this.#stolen.length} of ${sets.length} were looked at, ${each} times each`);
    const more = typeof stolen === "number" ? leftOut(policy, { k: stolen }) : undefined;
    if (more !== undefined) this.#inconclusive.add(more);
  }

  /** Losses before findings, which show what a suggestion does to them. */
  steps(): readonly Step[] {
    const policy = this.#policy;
    const work = this.#work;
    const { from } = this.#options;
    const each = this.#stolen.flatMap((set) => this.#modes.map((mode) => ({ set, mode })));
    return [
      ...each.map(({ set, mode }): Step => ({ what: `channels: ${set.name} in ${mode}`, run: () => this.#open(set, mode) })),
      ...each.flatMap(({ set, mode }) =>
        reachableOf(policy).map((what): Step => ({ what: `losses: ${set.name} in ${mode}`, run: () => this.#lose(set, mode, what) })),
      ),
      { what: "authority", run: () => this.#hold(authorityOf(policy, { ...work, from: this.#options.from })) },
      { what: "lock-outs", run: () => this.#lock(lockOutsOf(policy, { ...work, from })) },
      ...this.#stolen.map((set): Step => ({ what: `escalations: ${set.name}`, run: () => this.#escalate(set) })),
      ...this.#modes.map((mode): Step => ({ what: `rules of ${mode}`, run: () => this.#bury(mode) })),
      ...[...findingSteps(policy, this.#evidence)].map(
        ({ what, run }): Step => ({ what: `findings: ${what}`, run: () => void this.#findings.push(...run()) }),
      ),
    ];
  }

  audit(): Audit {
    const { id, name, document } = this.#policy;
    return {
      policy: { id, name, document },
      options: this.#asked(),
      stolen: this.#stolen,
      channels: this.#channels,
      losses: this.#losses,
      authority: this.#authority,
      lockOuts: this.#lockOuts,
      escalations: this.#escalations,
      dead: [...this.#buried.values()].flat(),
      findings: inOrder(this.#findings),
      inconclusive: [...this.#inconclusive],
    };
  }

  async #open(set: StolenSet, mode: string): Promise<void> {
    const { slots } = this.#options;
    const [horizonMs = DAY_MS] = this.#horizonsMs.slice(-1);
    const found = channelsOf(this.#policy, this.#attack(set, mode, horizonMs), { ...this.#work, ...(slots !== undefined && { slots }) });
    for (const one of found) {
      const channel = await this.#accepted.channel(one);
      if (channel.undecided) this.#inconclusive.add(`channels of ${set.name} in mode ${mode}: ${channel.text}`);
      this.#channels.push(channel);
    }
  }

  async #lose(set: StolenSet, mode: string, what: Loss["what"]): Promise<void> {
    const [longest = DAY_MS] = this.#horizonsMs.slice(-1);
    const most = await this.#loss(set, mode, longest, what);
    // What cannot happen in the longest time cannot in a shorter one, and what has no bound in a time has none in a longer one.
    const nothing = most.status === "exact" && most.amount === 0n ? most : undefined;
    let endless: Loss | undefined;
    for (const horizonMs of this.#horizonsMs) {
      const isSame = horizonMs === longest || isWithin(most, horizonMs);
      const known = nothing ?? endless ?? (isSame ? most : undefined);
      const loss = known === undefined ? await this.#loss(set, mode, horizonMs, what) : { ...known, horizonMs };
      if (loss.amount === undefined && loss.status === "exact") endless = loss;
      if (loss.status === "inconclusive")
        this.#inconclusive.add(`${this.#says(loss)} of ${set.name} within ${durationText(horizonMs)} in mode ${mode}: ${loss.why ?? ""}`);
      this.#losses.push(loss);
    }
  }

  async #loss(set: StolenSet, mode: string, horizonMs: number, what: Loss["what"]): Promise<Loss> {
    const loss = maximumLoss(this.#policy, this.#attack(set, mode, horizonMs), what, this.#work);
    const { replay } = this.#options;
    const passed = replay === undefined || loss.sequence.steps.length === 0 || (await replay(this.#policy, loss.sequence));
    if (passed === true) return loss;
    // INVARIANT: what the evaluator refuses is not shown.
    const { channel } = loss;
    const refused = { ...loss, shown: 0n, fees: 0n, sequence: { from: 0, steps: [] }, ...(channel && { channel: withheld(channel) }) };
    // The bound is of what can be signed, whatever was said of it when it was asked for: who is told no then can take no more.
    if (passed === "unasked" && loss.amount !== undefined && loss.status !== "inconclusive")
      return { ...refused, status: "upper bound", why: "the sequence that takes it is denied when it is asked for" };
    // The bound was proven without the evaluator, but one of the two is wrong.
    return { ...refused, status: "inconclusive", why: "the evaluator that signs refuses the sequence that the interpreter lets pass" };
  }

  #hold(found: readonly Authority[]): void {
    for (const { mode, text, status } of found) if (status === "inconclusive") this.#inconclusive.add(`authority in mode ${mode}: ${text}`);
    this.#authority.push(...found);
  }

  #lock(found: readonly LockOut[]): void {
    for (const { mode, what, status } of found)
      if (status === "inconclusive") this.#inconclusive.add(`whose absence blocks this in mode ${mode}: ${what}`);
    this.#lockOuts.push(...found);
  }

  async #escalate(set: StolenSet): Promise<void> {
    for (const mode of this.#modes) {
      for (const one of escalationsOf(this.#policy, set, { ...this.#work, mode, from: this.#options.from })) {
        const escalation = await this.#accepted.escalation(one);
        if (escalation.undecided) this.#inconclusive.add(`escalations of ${set.name} in mode ${mode}: ${escalation.text}`);
        this.#escalations.push(escalation);
      }
    }
  }

  #bury(mode: string): void {
    const found = deadRules(this.#policy, { ...this.#work, mode });
    this.#buried.set(mode, found.kind === "exact" ? found.dead : []);
    if (found.kind === "inconclusive") this.#inconclusive.add(`rules of mode ${mode} that never matter: ${found.why}`);
  }

  #attack({ people }: StolenSet, mode: string, horizonMs: number) {
    const { from, detectionMs } = this.#options;
    return { stolen: new Set(people), mode, horizonMs, from, ...(detectionMs !== undefined && { detectionMs }) };
  }

  #says({ what }: Loss): string {
    return `loss of ${"unit" in what ? what.unit : new Words(this.#policy).asset(what.asset)}`;
  }

  get #work(): AnswerOptions {
    const { work, signal, examples } = this.#options;
    return { ...(work !== undefined && { work }), ...(signal && { signal }), ...(examples && { examples }) };
  }

  get #evidence() {
    const { from, detectionMs } = this.#options;
    return {
      ...this.#work,
      from,
      ...(detectionMs !== undefined && { detectionMs }),
      modes: this.#modes,
      losses: this.#losses,
      dead: (mode: string) => this.#buried.get(mode),
      lockOuts: () => this.#lockOuts,
      inconclusive: (what: string) => void this.#inconclusive.add(what),
    };
  }

  /** So that it can be done again. */
  #asked(): JsonObject {
    const { from, detectionMs, holdings, copies, slots, work } = this.#options;
    return {
      from: formatTime(from),
      stolen: this.#stolen.map(({ name, people }) => ({ name, people: [...people] })),
      horizons: this.#horizonsMs.map(durationText),
      modes: this.#modes,
      ...(detectionMs !== undefined && { detection: durationText(detectionMs) }),
      ...(holdings && { holdings: Object.fromEntries([...holdings].map(([asset, amount]) => [asset, `${amount}`])) }),
      ...(copies !== undefined && { copies }),
      ...(slots && { slots: slots.map(({ name, opens, backup = false }) => ({ name, opens: [...opens], backup })) }),
      ...(work !== undefined && { work }),
    };
  }
}
