import { CustodyError } from "../../src/base/errors.ts";
import { type Random, randomOf } from "./random.ts";

/** What became of one input: taken in and checked in every way that the target knows, or refused with a stable code. */
export type Fate = "accepted" | { readonly refused: string };

/** One kind of input, made by a grammar and then, mostly, mutated. */
export interface Target {
  readonly name: string;
  /** Its part of a run, beside those of the others. */
  readonly weight: number;
  /**
   * Makes one input, feeds it in, and checks what came out: that what was accepted is written again to the same bytes, and means what
   * another implementation says it means. A `CustodyError` that it throws counts as refused; anything else is a finding.
   */
  run(random: Random): Fate | Promise<Fate>;
}

/** Something that must not be: an exception of another kind, another meaning, too much work. */
export interface Finding {
  readonly target: string;
  /** `--seed` and `--only` that make it again, with `--target`. */
  readonly seed: number;
  readonly index: number;
  readonly what: string;
}

export interface Score {
  accepted: number;
  refused: number;
  /** How often each code was the answer. */
  readonly codes: Map<string, number>;
  totalMs: number;
  slowestMs: number;
  slowestIndex: number;
}

export interface Report {
  readonly seed: number;
  /** Inputs that were run. */
  readonly count: number;
  readonly scores: ReadonlyMap<string, Score>;
  readonly findings: readonly Finding[];
}

export interface FuzzOptions {
  readonly targets: readonly Target[];
  readonly seed: number;
  /** Indexes from here on, `count` of them. */
  readonly from?: number;
  readonly count: number;
  /** Work of one input that is a finding in itself, in time of the processor: far above what any takes. */
  readonly mostMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called before each input. */
  readonly onInput?: ((index: number) => void) | undefined;
}

/** With so many of them a run ends: somebody has to look. */
export const MOST_FINDINGS = 20;

/** Runs `count` inputs. Each depends on `seed`, its target and its own index only, so one that was found is made again alone. */
export async function fuzz(options: FuzzOptions): Promise<Report> {
  const { targets, seed, from = 0, count, mostMs = 5_000, signal, onInput } = options;
  const scores = new Map(targets.map(({ name }) => [name, newScore()]));
  const findings: Finding[] = [];
  let index = from;
  for (; index < from + count && findings.length < MOST_FINDINGS && !signal?.aborted; index++) {
    onInput?.(index);
    const target = targetOf(targets, seed, index);
    const found = (what: string) => findings.push({ target: target.name, seed, index, what });
    const ms = await one({ target, seed, index, score: scores.get(target.name) ?? newScore(), found });
    // Compiling and clearing up count as well, and happen now or then, so that only what is slow twice is slow.
    if (ms > mostMs) {
      const again = await one({ target, seed, index, score: newScore(), found: () => undefined });
      if (again > mostMs) found(`took ${Math.round(ms)} ms and again ${Math.round(again)} ms, expected less than ${mostMs}`);
    }
    // Lets signals and messages in.
    if (index % 256 === 255) await new Promise((resolve) => setImmediate(resolve));
  }
  return { seed, count: index - from, scores, findings };
}

/** Whose input this index is. Drawn apart from the input, which is the same when its target runs alone. */
export function targetOf(targets: readonly Target[], seed: number, index: number): Target {
  return randomOf(seed + CHOICES, index).weighted(targets);
}

const CHOICES = 2 ** 31;

/** Several parts of one run, as one. */
export function merged(reports: readonly Report[]): Report {
  const scores = new Map<string, Score>();
  for (const [name, part] of reports.flatMap((report) => [...report.scores])) {
    const sum = scores.get(name) ?? newScore();
    sum.accepted += part.accepted;
    sum.refused += part.refused;
    sum.totalMs += part.totalMs;
    for (const [code, times] of part.codes) sum.codes.set(code, (sum.codes.get(code) ?? 0) + times);
    if (part.slowestMs > sum.slowestMs) Object.assign(sum, { slowestMs: part.slowestMs, slowestIndex: part.slowestIndex });
    scores.set(name, sum);
  }
  const count = reports.reduce((sum, report) => sum + report.count, 0);
  return { seed: reports[0]?.seed ?? 0, count, scores, findings: reports.flatMap((report) => report.findings) };
}

/** The accepted share of a target's inputs. Where nearly nothing is accepted the inputs are noise, and show nothing. */
export function acceptedShare({ accepted, refused }: Score): number {
  return accepted + refused === 0 ? 0 : accepted / (accepted + refused);
}

/** What a share must be above. */
export const LEAST_SHARE = 0.01;

/** Targets whose inputs were noise. */
export function noise({ scores }: Report): readonly string[] {
  return [...scores].flatMap(([name, score]) => (acceptedShare(score) > LEAST_SHARE ? [] : [name]));
}

interface One {
  readonly target: Target;
  readonly seed: number;
  readonly index: number;
  readonly score: Score;
  readonly found: (what: string) => void;
}

/** @returns milliseconds of this process, so that it does not matter who else uses the machine. */
async function one({ target, seed, index, score, found }: One): Promise<number> {
  const random = randomOf(seed, index);
  const began = process.cpuUsage();
  try {
    const fate = await target.run(random);
    if (fate === "accepted") score.accepted++;
    else refused(score, fate.refused);
  } catch (cause) {
    if (cause instanceof CustodyError) refused(score, cause.code);
    else found(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
  }
  const { user, system } = process.cpuUsage(began);
  const ms = (user + system) / 1000;
  score.totalMs += ms;
  if (ms > score.slowestMs) Object.assign(score, { slowestMs: ms, slowestIndex: index });
  return ms;
}

function newScore(): Score {
  return { accepted: 0, refused: 0, codes: new Map(), totalMs: 0, slowestMs: 0, slowestIndex: 0 };
}

function refused(score: Score, code: string): void {
  score.refused++;
  score.codes.set(code, (score.codes.get(code) ?? 0) + 1);
}
