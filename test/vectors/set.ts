import { CustodyError } from "../../src/base/errors.ts";
import { Tally } from "../shared.ts";
import type { Declined, Unsupported } from "./refusals.ts";

/** One published file, and how its rows are put to our code. A row may be put in several ways: each is a check of its own. */
export interface VectorSet {
  /** Below `../shared/vectors`. */
  readonly file: string;
  /** A few words for the table. */
  readonly what: string;
  /** How many checks have to match at least. A run that checks less has lost something, even if nothing is wrong. */
  readonly minimum: number;
  readonly run: (rows: Rows) => void | Promise<void>;
}

/** A published file that no code of ours has anything to do with. */
export interface OutOfScope {
  readonly file: string;
  readonly why: string;
}

type Answer = boolean | string | undefined;

/** Counts what became of each check. One ends in exactly one place. */
export class Rows extends Tally {
  /** Valid rows that are refused on purpose, by reason: no faults, and each has its line in the docs. */
  readonly declined = new Map<Declined, number>();
  private readonly lacking = new Map<Unsupported, number>();

  /** Rows that ask for what this package does not do, by reason. */
  get lacks(): ReadonlyMap<Unsupported, number> {
    return this.lacking;
  }

  /** A row that has to come out as published: `true`, or what came out instead. A refusal is as wrong as another result. */
  async valid(name: string, run: () => Answer | Promise<Answer>): Promise<void> {
    try {
      const answer = await run();
      if (answer === true) this.match++;
      else this.wrong.push(typeof answer === "string" ? `${name}: ${answer}` : name);
    } catch (error) {
      if (error instanceof CustodyError) this.wrong.push(`${name}: ${error.message}`);
      else this.crashed.push(`${name}: ${error}`);
    }
  }

  /** A row that must not pass. It is refused by a `CustodyError`, `false` or nothing; whatever else comes out was accepted. */
  async invalid(name: string, run: () => unknown): Promise<void> {
    if (await this.refuses(name, run)) this.refused++;
  }

  /** A valid row that is refused on purpose. One that passes nevertheless is wrong: then the list of reasons is. */
  async declines(reason: Declined, name: string, run: () => unknown): Promise<void> {
    try {
      const answer = await run();
      if (answer === false || answer === undefined) this.decline(reason);
      else this.wrong.push(`${name}: passes, although it is on the list of refusals`);
    } catch (error) {
      if (error instanceof CustodyError) this.decline(reason);
      else this.crashed.push(`${name}: ${error}`);
    }
  }

  decline(reason: Declined): void {
    this.declined.set(reason, (this.declined.get(reason) ?? 0) + 1);
  }

  lack(reason: Unsupported, rows = 1): void {
    if (rows === 0) return;
    this.unsupported += rows;
    this.lacking.set(reason, (this.lacking.get(reason) ?? 0) + rows);
  }

  private async refuses(name: string, run: () => unknown): Promise<boolean> {
    try {
      const answer = await run();
      if (answer === false || answer === undefined) return true;
      this.accepted.push(name);
    } catch (error) {
      if (error instanceof CustodyError) return true;
      this.crashed.push(`${name}: ${error}`);
    }
    return false;
  }
}

/** What became of a set. */
export interface Outcome {
  readonly set: VectorSet;
  readonly rows: Rows;
  readonly ms: number;
}

/** Runs a set to its end. Never throws: what escapes from the set itself is a crash of one row. */
export async function runSet(set: VectorSet): Promise<Outcome> {
  const rows = new Rows();
  const start = performance.now();
  try {
    await set.run(rows);
  } catch (error) {
    rows.crashed.push(`the set itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  return { set, rows, ms: performance.now() - start };
}

/** What is wrong with an outcome, one line each; empty if nothing is. */
export function faultsOf({ set, rows }: Outcome): readonly string[] {
  const tooFew = rows.match < set.minimum ? [`${rows.match} matches, expected at least ${set.minimum}`] : [];
  return [
    ...rows.wrong.map((row) => `wrong: ${row}`),
    ...rows.accepted.map((row) => `accepted though invalid: ${row}`),
    ...rows.crashed.map((row) => `crashed: ${row}`),
    ...tooFew,
  ];
}
