import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { Chains } from "../../src/custody/desk.ts";
import { Reading } from "../../src/custody/reading.ts";
import { rehearseInCustody } from "../../src/custody/rehearsal.ts";
import { type Custody, CustodyError, type Session } from "../../src/index.ts";
import { rehearse } from "../../src/policy/analyze/rehearse.ts";
import type { Sequence, Step } from "../../src/policy/analyze/sequence.ts";
import type { Policy, Rule } from "../../src/policy/core.ts";
import { freshStore } from "../here/fresh-store.ts";
import { effects, PEOPLE as NAMES, NOW, policies } from "../policy/generate.ts";
import { ana, ben, cyd, dee, ETHER, ethLimit, FEE, openCustody, type Person, payments, person, request, transaction } from "./fixture.ts";

const T0 = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const PEOPLE: readonly Person[] = [ana, ben, cyd, dee];

const reading = new Reading(new Chains([evm]));
const policyOf = (document: object): Policy => reading.policy(JSON.stringify(document));

interface Plan {
  readonly asked: number;
  readonly signed: number;
  /** Halves of an ether. */
  readonly halves: number;
  readonly times: number;
  readonly requester: string;
  readonly approvers: readonly string[];
}

/** Differs from every other by a wei, so that each waits by itself. */
function payload({ halves }: Plan, nonce: number): string {
  return transaction({ nonce, value: (BigInt(halves) * ETHER) / 2n - BigInt(nonce) });
}

function stepOf(policy: Policy, plan: Plan): Step {
  const { effects } = reading.intent(request(payload(plan, 0)) as never, { policy });
  return {
    askedMs: plan.asked * 10 * MINUTE,
    signedMs: plan.signed * 10 * MINUTE,
    witness: { effects, circumstances: { requester: plan.requester, session: "secp256k1", now: T0, mode: "normal" } },
    times: BigInt(plan.times),
    approvers: plan.approvers,
  };
}

function sequenceOf(policy: Policy, plans: readonly Plan[]): Sequence {
  return { from: T0, steps: plans.map((plan) => stepOf(policy, plan)) };
}

const rules = [
  ethLimit("10 ETH", "1h"),
  { id: "four-eyes", require: ["transfer"], when: { asset: "ETH", total: { min: "2.7 ETH" } }, approvals: [{ of: "finance", atLeast: 1 }] },
  {
    id: "slow",
    require: ["transfer"],
    when: { asset: "ETH", total: { min: "4.2 ETH" } },
    approvals: [{ of: "finance", atLeast: 2 }],
    delay: "30m",
    expires: "2h",
  },
  {
    id: "busy",
    limit: ["transfer"],
    when: { asset: "ETH" },
    max: "6 ETH",
    per: "2h",
    by: "requester",
    beyond: { approvals: [{ of: "dee", atLeast: 1 }] },
  },
  { id: "there", require: ["transfer"], when: { asset: "ETH", total: { max: "0.7 ETH" } }, confirm: true },
];
const roles = { finance: ["ben", "cyd", "dee"] };
const document = payments(rules, { people: PEOPLE, more: { roles } });

/** What a real custody lets through, with keys, approvals that are signed, and a clock that is set. */
async function enact(plans: readonly Plan[]): Promise<readonly number[]> {
  const clock = { now: T0 };
  const { custody } = await openCustody({ policy: document, store: freshStore({ now: () => clock.now }) });
  const passed = plans.map(() => 0);
  const denied = new Set<number>();
  let nonces = 0;
  const payloads = plans.map((plan) => Array.from({ length: plan.times }, () => payload(plan, ++nonces)));
  const moments = [
    ...plans.flatMap(({ asked, signed }, index) => (asked < signed ? [{ at: asked, index, what: "ask" }] : [])),
    ...plans.map(({ signed }, index) => ({ at: signed, index, what: "sign" })),
  ].sort((a, b) => a.at - b.at);
  for (const { at, index, what } of moments) {
    clock.now = Math.max(clock.now, T0 + at * 10 * MINUTE);
    const plan = plans[index] as Plan;
    const me = await sessionOf(custody, plan.requester);
    for (const asked of denied.has(index) ? [] : (payloads[index] as string[])) {
      if (what === "ask") {
        const { judgement } = await me.explain(request(asked));
        if (judgement.reasons.length > 0) denied.add(index);
        else if (judgement.needs.length > 0) await answer(custody, plan, await me.sign(request(asked)));
      } else {
        let outcome = await me.sign(request(asked));
        if (outcome.kind === "pending") {
          await answer(custody, plan, outcome);
          if (outcome.needs.some(({ kind }) => kind === "confirm"))
            await me.confirm(outcome.id, { credential: credentialOf(plan.requester) });
          outcome = await me.sign(request(asked));
        }
        if (outcome.kind === "signed") passed[index] = (passed[index] ?? 0) + 1;
      }
    }
  }
  await custody.lock();
  return passed;
}

async function answer(custody: Custody, { approvers }: Plan, outcome: { readonly kind: string; readonly id?: string }): Promise<void> {
  if (outcome.kind !== "pending") return;
  for (const name of approvers) {
    try {
      await (await sessionOf(custody, name)).approve(String(outcome.id), { credential: credentialOf(name) });
    } catch (cause) {
      if (!(cause instanceof CustodyError && ["approval/not-an-approver", "approval/mismatch"].includes(cause.code))) throw cause;
    }
  }
}

const credentialOf = (name: string) => (PEOPLE.find((each) => each.name === name) as Person).credential;
const sessionOf = (custody: Custody, name: string): Promise<Session> => custody.session({ person: name, credential: credentialOf(name) });

const plan: fc.Arbitrary<Plan> = fc
  .record({
    signed: fc.integer({ min: 0, max: 20 }),
    waits: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 14 })),
    halves: fc.integer({ min: 1, max: 10 }),
    times: fc.integer({ min: 1, max: 3 }),
    requester: fc.constantFrom("ana", "ben"),
    approvers: fc.subarray(["ana", "ben", "cyd", "dee"]),
  })
  .map(({ signed, waits, ...rest }) => ({ ...rest, signed, asked: Math.max(0, signed - waits) }));

describe("a rehearsal", () => {
  test("lets through what a real custody lets through, repeat by repeat", async () => {
    const policy = policyOf(document);
    let signed = 0;
    let stopped = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 5 }), async (unordered) => {
        const plans = unordered.toSorted((a, b) => a.signed - b.signed);
        const real = await enact(plans);
        const { steps } = rehearseInCustody(policy, sequenceOf(policy, plans), { commitMs: 1000 });
        expect(steps.map(({ passed }) => Number(passed))).toEqual(real);
        for (const [index, passed] of real.entries()) {
          signed += passed;
          stopped += (plans[index] as Plan).times - passed;
        }
      }),
      { numRuns: 25 },
    );
    // Both were seen, often.
    expect(Math.min(signed, stopped)).toBeGreaterThan(10);
  }, 120_000);

  const simple = (more: readonly object[] = [], options: { more?: object } = {}) =>
    policyOf(payments([ethLimit("1000 ETH"), ...more], { people: PEOPLE, ...options }));
  const halfEther = (more: Partial<Plan> = {}): Plan => ({
    ...{ asked: 0, signed: 0, halves: 1, times: 1, requester: "ana", approvers: [] },
    ...more,
  });

  test("finds the repeat at which a limit is full, however many there are, and says why", () => {
    const policy = simple();
    const many = { ...stepOf(policy, halfEther()), times: 10n ** 30n };
    const { complete, steps, taken } = rehearseInCustody(policy, { from: T0, steps: [many, { ...many, times: 1n }] });
    expect(complete).toBe(false);
    expect(steps.map(({ passed }) => passed)).toEqual([2000n, 0n]);
    expect(steps[1]?.reasons).toMatchObject([{ code: "limit/exceeded", params: { used: String(1000n * ETHER) } }]);
    const fees = 2000n * FEE;
    expect([...taken]).toEqual([["eip155:1/native", { amount: 1000n * ETHER + fees, fees }]]);
  });

  test("what was spent a window ago has left it, and a millisecond before it has not", () => {
    const policy = simple();
    const full = { ...stepOf(policy, halfEther()), times: 2000n };
    const later = (signedMs: number) =>
      rehearseInCustody(policy, { from: T0, steps: [full, { ...full, askedMs: signedMs, signedMs }] }).complete;
    expect(later(24 * HOUR)).toBe(true);
    expect(later(24 * HOUR - 1)).toBe(false);
  });

  test("a delay runs from when it was asked, to the millisecond, and no longer than requests may wait", () => {
    const delayed = { id: "slow", require: ["transfer"], delay: "2h", expires: "3h" };
    const policy = simple([delayed]);
    const waited = (ms: number) =>
      rehearseInCustody(policy, { from: T0, steps: [{ ...stepOf(policy, halfEther()), signedMs: ms }] }).steps[0];
    expect(waited(2 * HOUR - 1)).toMatchObject({ passed: 0n, missing: [{ kind: "delay", rule: "slow" }] });
    expect(waited(2 * HOUR)?.passed).toBe(1n);
    expect(waited(3 * HOUR - 1)?.passed).toBe(1n);
    expect(waited(3 * HOUR)?.passed).toBe(0n);
  });

  test("what is denied when it is asked does not wait, so no delay of it runs", () => {
    const policy = simple([{ id: "slow", require: ["transfer"], delay: "25h" }]);
    const full = { ...stepOf(policy, halfEther()), times: 2000n };
    const delayed = (askedMs: number) => ({ ...full, askedMs, signedMs: askedMs + 25 * HOUR });
    const sequence = (second: number): Sequence => ({
      from: T0,
      steps: [delayed(0), delayed(second)].map((step) => ({ ...step, times: 90n })),
    });
    const narrow = policyOf(payments([ethLimit("45 ETH"), { id: "slow", require: ["transfer"], delay: "25h" }], { people: PEOPLE }));
    const second = (ms: number) => rehearseInCustody(narrow, sequence(ms)).steps[1];
    // Asked a moment after the first was signed, the day is full; asked before, it is not, and over once the second is signed.
    expect(second(25 * HOUR + 1)).toMatchObject({ passed: 0n, reasons: [{ code: "limit/exceeded" }] });
    expect(second(49 * HOUR)?.passed).toBe(90n);
    expect(rehearseInCustody(policy, sequence(25 * HOUR)).complete).toBe(false);
  });

  test("no more requests of one person wait at once than a custody lets wait", () => {
    const policy = simple([{ id: "slow", require: ["transfer"], delay: "2h" }]);
    const many = { ...stepOf(policy, halfEther({ signed: 12, times: 150 })) };
    const { steps } = rehearseInCustody(policy, { from: T0, steps: [many] });
    expect(steps).toMatchObject([{ passed: 100n, reasons: [{ code: "pending/too-many" }] }]);
  });

  test("whoever asks does not approve, a stranger asks nothing, and a program confirms nothing", () => {
    const policy = simple([{ id: "eyes", require: ["transfer"], approvals: [{ of: "ana", atLeast: 1 }] }]);
    const asked = (plan: Partial<Plan>) => rehearseInCustody(policy, sequenceOf(policy, [halfEther(plan)])).steps[0];
    expect(asked({ approvers: ["ana"] })).toMatchObject({ passed: 0n, missing: [{ kind: "approvals", rule: "eyes" }] });
    expect(asked({ requester: "ben", approvers: ["ana"] })?.passed).toBe(1n);
    expect(asked({ requester: "mallory", approvers: ["ana"] })).toMatchObject({
      passed: 0n,
      reasons: [{ code: "session/no-such-person" }],
    });
    const bot = { bot: [{ kind: "service", publicKey: person("bot").publicKey }] };
    const document = payments([{ id: "there", require: ["transfer"], confirm: true }], { people: PEOPLE });
    const confirming = policyOf({ ...document, people: { ...(document.people as object), ...bot } });
    const by = (requester: string) => rehearseInCustody(confirming, sequenceOf(confirming, [halfEther({ requester })])).complete;
    expect(by("ana")).toBe(true);
    expect(by("bot")).toBe(false);
  });

  test("a mode holds until a change of it is signed, and one that lasts runs out", () => {
    const modes = { emergency: { lasts: "1h", rules: [] } };
    const policy = simple([{ id: "switch", allow: ["modeChange"] }], { more: { modes } });
    const pay = stepOf(policy, halfEther());
    const change: Step = {
      ...pay,
      witness: { ...pay.witness, effects: [{ kind: "modeChange", at: [], toMode: "emergency" }] },
    };
    const playedAt = (ms: number) => rehearseInCustody(policy, { from: T0, steps: [pay, change, { ...pay, askedMs: ms, signedMs: ms }] });
    expect(playedAt(HOUR - 1).steps.map(({ passed }) => passed)).toEqual([1n, 1n, 0n]);
    expect(playedAt(HOUR - 1).steps[2]?.reasons).toMatchObject([{ code: "policy/other-mode" }]);
    expect(playedAt(HOUR).complete).toBe(true);
  });

  test("agrees with the plain interpreter on random policies: what it lets through whole, that one lets through, and the reverse", () => {
    let passed = 0;
    const steps = fc.array(
      fc.record({
        effects: fc.array(effects, { minLength: 1, maxLength: 2 }),
        requester: fc.constantFrom(...NAMES),
        approvers: fc.subarray([...NAMES]),
        signedMs: fc.integer({ min: 0, max: 3 }).map((hours) => hours * HOUR),
        waitsMs: fc.constantFrom(0, 0, 999, 1000),
        times: fc.bigInt({ min: 1n, max: 3n }),
      }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(policies.map(bounded), steps, fc.constantFrom("normal", "emergency"), (policy, drawn, mode) => {
        const played: readonly Step[] = drawn
          .toSorted((a, b) => a.signedMs - b.signedMs)
          .map(({ effects, requester, signedMs, waitsMs, ...rest }) => ({
            ...rest,
            ...{ signedMs, askedMs: signedMs - waitsMs },
            witness: { effects: effects.filter(({ kind }) => kind !== "modeChange"), circumstances: { requester, now: NOW, mode } },
          }));
        const sequence = { from: NOW, steps: played };
        const real = rehearseInCustody(policy, sequence);
        const plainly = rehearse(policy, sequence);
        const all = plainly.steps.every(({ kind }) => kind === "passed");
        if (real.complete || played.every(({ askedMs, signedMs }) => askedMs === signedMs)) expect(all).toBe(real.complete);
        if (real.complete) {
          passed++;
          expect(plainly.taken).toEqual(real.taken);
        }
      }),
      { numRuns: 3000 },
    );
    expect(passed).toBeGreaterThan(100);
  }, 120_000);
});

/** As the parser makes them: no limit is the top. */
function bounded(policy: Policy): Policy {
  const bound = (rule: Rule): Rule => (rule.type === "limit" && rule.max > 10n ? { ...rule, max: 10n } : rule);
  const modes = [...policy.modes].map(([name, mode]) => [name, { ...mode, rules: mode.rules.map(bound) }] as const);
  return { ...policy, rules: policy.rules.map(bound), modes: new Map(modes) };
}
