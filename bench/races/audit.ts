import { deadRules } from "../../src/policy/analyze/dead.ts";
import { diffPolicies } from "../../src/policy/analyze/diff.ts";
import { maximumLoss } from "../../src/policy/analyze/loss.ts";
import { answer, type Question } from "../../src/policy/analyze/question.ts";
import { audit } from "../../src/policy/analyze/report.ts";
import type { Policy } from "../../src/policy/core.ts";
import { readRealistic, realisticDocument, realisticPolicy } from "../../test/policy/analyze/realistic.ts";
import { openZ3, type Z3 } from "../../test/policy/analyze/z3.ts";
import { robbery } from "../../test/policy/analyze/z3-loss.ts";
import { differenceScripts, mattersScripts, questionScript } from "../../test/policy/analyze/z3-questions.ts";
import { type Contender, race } from "../race.ts";

/** So large that no rule allows as much; and any amount. */
const QUESTIONS: { readonly [name: string]: Question } = {
  yes: { kinds: ["transfer"], fewerThan: 1 },
  no: { kinds: ["transfer"], when: { op: "within", field: "amount", intervals: [[10n ** 23n, 2n ** 255n]] }, fewerThan: 1 },
};
const HOUR_MS = 3_600_000;
const FROM = Date.UTC(2026, 10, 22);
const ATTACK = { stolen: new Set(["p0", "p1"]), mode: "normal", from: FROM };
const ASSET = { asset: "eip155:2/native" };

/** What takes z3 longer is left out, there and at greater sizes. */
const PATIENCE_MS = 30_000;
/** What takes longer is asked once, as it is far from what a round could change. */
const ONCE_MS = 2_000;

/** The audit of policies of more and more realistic rules, beside z3 that is asked the same. */
export async function run({ rounds }: { readonly rounds: number }): Promise<void> {
  const z3 = await openZ3();
  // Its first word is late: it starts its threads.
  for (const question of Object.values(QUESTIONS)) await z3.isSatisfiable(questionScript(realisticPolicy(10), question));
  const beside = new Beside(z3, rounds);
  for (const size of rounds === 1 ? [10, 30] : [10, 100, 1_000, 10_000]) {
    const text = realisticDocument(size);
    const policy = readRealistic(text);
    const edited = readRealistic({ ...text, rules: text.rules.filter((_, index) => index !== 2) });
    await race(`${size} rules: read`, { keyward: () => String(readRealistic(text).rules.length) }, { rounds: Math.min(rounds, 3) });
    for (const [name, question] of Object.entries(QUESTIONS))
      await beside.race(size, `is it possible? ${name}`, possible(policy, question));
    await beside.race(size, "all dead rules", dead(policy));
    await beside.race(size, "one rule less", difference(policy, edited));
    for (const hours of [1, 4]) await beside.race(size, `loss of one asset in ${hours} h`, loss(policy, hours));
    // It takes long: a check of the bench goes without it.
    if (rounds > 1 && size <= 100) await beside.race(size, "whole report", { ours: () => report(policy) });
  }
  await z3.close();
  const lists = Object.fromEntries([1, 10_000].map((payees) => [`lists of ${payees}`, realisticPolicy(100, { payees })]));
  const once = Object.entries(lists).map(([name, policy]) => [name, () => answer({ ...policy }, QUESTIONS.no as Question).kind] as const);
  await race("100 rules, by how long their lists are", Object.fromEntries(once), { rounds });
}

/** The same question to both. Ours is asked of a policy that was just read, so that it remembers nothing. */
interface Asked {
  readonly ours: Contender;
  readonly again?: Contender;
  readonly theirs?: (ask: Ask) => Promise<string>;
}

/** z3's last word on a script; more is said in the same context. */
type Ask = (script: string) => Promise<string>;

class Beside {
  readonly #z3: Z3;
  readonly #rounds: number;
  /** Questions that took z3 too long at a smaller size. */
  readonly #leftOut = new Set<string>();

  constructor(z3: Z3, rounds: number) {
    this.#z3 = z3;
    this.#rounds = rounds;
  }

  async race(size: number, name: string, { ours, again, theirs }: Asked): Promise<void> {
    const title = `${size} rules: ${name}`;
    const options = { rounds: size < 10_000 && name !== "whole report" ? this.#rounds : 1 };
    const alone = { keyward: ours, ...(again !== undefined && { "keyward, asked again": again }) };
    const trial = theirs === undefined || this.#leftOut.has(name) ? undefined : await this.#trial(theirs);
    if (theirs !== undefined && trial !== undefined && trial.tookMs <= ONCE_MS) {
      await race(title, { ...alone, z3: async () => (await this.#trial(theirs))?.answer ?? "too late" }, options);
      return;
    }
    const [row] = await race(title, alone, options);
    if (theirs === undefined) return;
    if (trial === undefined) {
      this.#leftOut.add(name);
      console.log(`  z3 left out: over ${PATIENCE_MS / 1000} s, here or at fewer rules`);
      return;
    }
    if (trial.tookMs > PATIENCE_MS) this.#leftOut.add(name);
    const answer = await ours();
    if (trial.answer !== answer) throw new Error(`${title}: expected z3 to answer ${answer}, got ${trial.answer}`);
    console.log(`  z3, asked once  ${trial.tookMs.toFixed(4)} ms  ×${(trial.tookMs / (row?.medianMs ?? Number.NaN)).toFixed(2)}`);
  }

  /** Nothing where it takes too long. */
  async #trial(theirs: (ask: Ask) => Promise<string>): Promise<{ readonly answer: string; readonly tookMs: number } | undefined> {
    const session = this.#z3.session();
    const start = performance.now();
    const ask: Ask = async (script) => {
      const left = Math.ceil(PATIENCE_MS - (performance.now() - start));
      if (left <= 0) throw new TooLate();
      const said = await session.run(`(set-option :timeout ${left})\n${script}`);
      if (said === "unknown" || said === "timeout") throw new TooLate();
      return said;
    };
    try {
      const answer = await theirs(ask);
      return { answer, tookMs: performance.now() - start };
    } catch (cause) {
      if (cause instanceof TooLate) return undefined;
      throw cause;
    } finally {
      session.end();
    }
  }
}

class TooLate extends Error {}

/** Asked as one of many to come, as that takes it half as long. */
async function isThere(ask: Ask, script: string): Promise<boolean> {
  const said = await ask(`(push)\n${script}\n(check-sat)\n(pop)`);
  if (said !== "sat" && said !== "unsat") throw new Error(`z3: expected sat or unsat, got ${said.slice(0, 300)}`);
  return said === "sat";
}

function possible(policy: Policy, question: Question): Asked {
  return {
    ours: () => answer({ ...policy }, question).kind,
    again: () => answer(policy, question).kind,
    theirs: async (ask) => ((await isThere(ask, questionScript(policy, question))) ? "yes" : "no"),
  };
}

/** One question for each rule. */
function dead(policy: Policy): Asked {
  return {
    ours: () => {
      const found = deadRules({ ...policy });
      if (found.kind !== "exact") throw new Error(`expected an exact answer, got ${found.kind}`);
      return found.dead.map(({ rule }) => rule).join(" ");
    },
    theirs: async (ask) => {
      const { common, of } = mattersScripts(policy);
      await ask(common);
      const out: string[] = [];
      for (const rule of policy.rules) if (!(await isThere(ask, of(rule)))) out.push(rule.id);
      return out.join(" ");
    },
  };
}

/** Whether more is allowed, or less: ours says where as well, and what is asked otherwise. */
function difference(before: Policy, after: Policy): Asked {
  return {
    ours: () => {
      const found = diffPolicies({ ...before }, after);
      if (found.kind !== "exact") throw new Error(`expected an exact answer, got ${found.kind}`);
      const changes = found.differences.map(({ change }) => change);
      return `${changes.includes("newlyAllowed")} ${changes.includes("newlyDenied")}`;
    },
    theirs: async (ask) => {
      const { wider, narrower } = differenceScripts(before, after);
      return `${await isThere(ask, wider)} ${await isThere(ask, narrower)}`;
    },
  };
}

/** z3 is told the number and with how many effects it can be taken, and says whether it can, and no more. */
function loss(policy: Policy, hours: number): Asked {
  const attack = { ...ATTACK, horizonMs: hours * HOUR_MS };
  const { status, amount, sequence } = maximumLoss(policy, attack, ASSET);
  if (status !== "exact" || amount === undefined) throw new Error(`expected an exact number, got ${status}`);
  const many = sequence.steps.reduce((sum, { times, witness }) => sum + Number(times) * witness.effects.length, 0);
  return {
    ours: () => String(maximumLoss({ ...policy }, attack, ASSET).amount),
    theirs: async (ask) => {
      const { script, taken } = robbery(policy, attack, ASSET, many);
      const canTake = (least: bigint) => isThere(ask, `${script}\n(assert (>= ${taken} ${least}))`);
      return (await canTake(amount)) && !(await canTake(amount + 1n)) ? String(amount) : "another number";
    },
  };
}

async function report(policy: Policy): Promise<string> {
  return String((await audit({ ...policy }, { from: FROM })).losses.length);
}
