import { deadRules } from "../../src/policy/analyze/dead.ts";
import { diffPolicies } from "../../src/policy/analyze/diff.ts";
import { maximumLoss } from "../../src/policy/analyze/loss.ts";
import { answer, type Question } from "../../src/policy/analyze/question.ts";
import { audit } from "../../src/policy/analyze/report.ts";
import type { Policy } from "../../src/policy/core.ts";
import { readRealistic, realisticDocument, realisticPolicy } from "../../test/policy/analyze/realistic.ts";
import { openZ3, type Z3 } from "../../test/policy/analyze/z3.ts";
import { questionScript } from "../../test/policy/analyze/z3-questions.ts";
import { race } from "../race.ts";

/** So large that no rule allows as much; and any amount. */
const QUESTIONS: { readonly [name: string]: Question } = {
  yes: { kinds: ["transfer"], fewerThan: 1 },
  no: { kinds: ["transfer"], when: { op: "within", field: "amount", intervals: [[10n ** 23n, 2n ** 255n]] }, fewerThan: 1 },
};
const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 22);

/** The audit of policies of more and more realistic rules, beside z3 where the question is one that can be put to it. */
export async function run({ rounds }: { readonly rounds: number }): Promise<void> {
  const sizes = rounds === 1 ? [10, 100] : [10, 100, 1_000, 10_000];
  const z3 = await openZ3();
  for (const size of sizes) {
    const options = { rounds: size < 1_000 ? rounds : Math.min(rounds, 3) };
    const text = realisticDocument(size);
    const policy = readRealistic(text);
    for (const [name, question] of Object.entries(QUESTIONS))
      await race(`${size} rules: is it possible? ${name}`, contenders(policy, question, z3), options);
    await race(`${size} rules: read`, { keyward: () => String(readRealistic(text).rules.length) }, options);
    await race(`${size} rules: all dead rules`, { keyward: () => said(deadRules({ ...policy })) }, options);
    const edited = readRealistic({ ...text, rules: text.rules.filter((_, index) => index !== 2) });
    await race(`${size} rules: one rule less`, { keyward: () => said(diffPolicies({ ...policy }, edited)) }, options);
    await race(`${size} rules: loss of one asset in a day`, { keyward: () => lossOf({ ...policy }) }, options);
    // It takes long: a check of the bench goes without it.
    if (rounds > 1 && size <= 100)
      await race(
        `${size} rules: whole report`,
        { keyward: async () => String((await audit({ ...policy }, { from: NOW })).losses.length) },
        { rounds: 1 },
      );
  }
  await z3.close();
  const lists = Object.fromEntries([1, 10_000].map((payees) => [`lists of ${payees}`, realisticPolicy(100, { payees })]));
  const once = Object.entries(lists).map(([name, policy]) => [name, () => answer({ ...policy }, QUESTIONS.no as Question).kind] as const);
  await race("100 rules, by how long their lists are", Object.fromEntries(once), { rounds });
}

function contenders(policy: Policy, question: Question, z3: Z3) {
  return {
    "keyward, asked again": () => answer(policy, question).kind,
    "keyward, just read": () => answer({ ...policy }, question).kind,
    z3: async () => ((await z3.isSatisfiable(questionScript(policy, question))) ? "yes" : "no"),
  };
}

function lossOf(policy: Policy): string {
  const attack = { stolen: new Set(["p0", "p1"]), mode: "normal", horizonMs: DAY_MS, from: NOW };
  const { status, amount } = maximumLoss(policy, attack, { asset: "eip155:1/native" });
  return `${status} ${amount}`;
}

function said({ kind }: { readonly kind: string }): string {
  if (kind !== "exact") throw new Error(`expected an exact answer, got ${kind}`);
  return kind;
}
