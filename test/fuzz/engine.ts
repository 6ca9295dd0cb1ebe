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
  /** `--seed` and `--only` that make it again. */
  readonly seed: number;
  readonly index: number;
  readonly what: string;
}

export interface Score {
  accepted: number;
  refused: number;
  /** How often each code was the answer. */
  readonly codes: Map<string, number>;
  slowestMs: number;
  slowestIndex: number;
}

export interface Report {
  readonly seed: number;
  readonly count: number;
  readonly scores: ReadonlyMap<string, Score>;
  readonly findings: readonly Finding[];
}

export interface FuzzOptions {
  readonly targets: readonly Target[];
  readonly seed: number;
  readonly count: number;
  /** Runs the input of this index alone. */
  readonly only?: number | undefined;
  /** Work of one input that is a finding in itself. Far above what any takes, as others use the cores too. */
  readonly mostMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
}

const MOST_FINDINGS = 20;

/** Runs `count` inputs. Each depends on `seed` and its own index only, so one that was found is made again alone. */
export async function fuzz(options: FuzzOptions): Promise<Report> {
  const { targets, seed, count, only, mostMs = 5_000, signal, onProgress } = options;
  const scores = new Map(targets.map(({ name }) => [name, newScore()]));
  const findings: Finding[] = [];
  const [from, to] = only === undefined ? [0, count] : [only, only + 1];
  for (let index = from; index < to && findings.length < MOST_FINDINGS && !signal?.aborted; index++) {
    const random = randomOf(seed, index);
    const target = random.weighted(targets);
    const score = scores.get(target.name) ?? newScore();
    const found = (what: string) => findings.push({ target: target.name, seed, index, what });
    const began = performance.now();
    try {
      const fate = await target.run(random);
      if (fate === "accepted") score.accepted++;
      else refused(score, fate.refused);
    } catch (cause) {
      if (cause instanceof CustodyError) refused(score, cause.code);
      else found(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
    }
    const ms = performance.now() - began;
    if (ms > score.slowestMs) Object.assign(score, { slowestMs: ms, slowestIndex: index });
    if (ms > mostMs) found(`took ${Math.round(ms)} ms, expected less than ${mostMs}`);
    if (index % 256 === 255) onProgress?.((index + 1) / count);
  }
  return { seed, count: to - from, scores, findings };
}

/** The accepted share of a target's inputs. Where nearly nothing is accepted the inputs are noise, and show nothing. */
export function acceptedShare({ accepted, refused }: Score): number {
  return accepted + refused === 0 ? 0 : accepted / (accepted + refused);
}

function newScore(): Score {
  return { accepted: 0, refused: 0, codes: new Map(), slowestMs: 0, slowestIndex: 0 };
}

function refused(score: Score, code: string): void {
  score.refused++;
  score.codes.set(code, (score.codes.get(code) ?? 0) + 1);
}
