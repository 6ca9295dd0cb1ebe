import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UNLIMITED } from "../../../src/intent/effect.ts";
import { channelsOf } from "../../../src/policy/analyze/channels.ts";
import { PROBES, type Probe } from "../../../src/policy/analyze/probes.ts";
import { compileCondition, TRUE } from "../../../src/policy/condition.ts";
import type { Policy, Rule } from "../../../src/policy/core.ts";
import { factsOf } from "../../../src/policy/facts.ts";
import { full, parse } from "../documents.ts";
import { can, EFFECTS, FROM, objecting, openPolicies, type Passing, passing, passingOf, SETS, smallPolicies } from "./small.ts";

const OPENING = EFFECTS.filter(({ kind, amount }) => kind !== "transfer" && (kind !== "allowance" || amount === UNLIMITED));
const at = { horizonMs: 1e9, from: FROM, mode: "normal" };

function isOf({ kinds, when }: Probe, { effect, mode, asker, now }: Passing): boolean {
  const [facts] = factsOf({ effects: [effect] }, { mode, requester: asker, now });
  return kinds.includes(effect.kind) && facts !== undefined && compileCondition(when)(facts) === TRUE;
}

describe("channels that no limit bounds", () => {
  test("are exactly those that some request opens, tried one by one", () => {
    const count = { told: 0, undecided: 0 };
    fc.assert(
      fc.property(
        fc.oneof(smallPolicies, openPolicies),
        fc.constantFrom("normal", "emergency"),
        fc.constantFrom(undefined, 1, 3, 1000),
        fc.constantFrom(2, 1000, 1e9),
        (policy, mode, detectionMs, horizonMs) => {
          const requests = passing(policy, mode, OPENING);
          const byProbe = PROBES.map((probe) => ({ probe, of: requests.filter((request) => isOf(probe, request)) }));
          const allows = [...policy.rules, ...(policy.modes.get(mode)?.rules ?? [])].filter(({ type }) => type === "allow");
          for (const people of SETS) {
            const attack = { stolen: new Set(people), mode, from: FROM, horizonMs, ...(detectionMs !== undefined && { detectionMs }) };
            const works = (request: Passing) =>
              request.delayMs < horizonMs &&
              can(request, people) &&
              !(detectionMs !== undefined && request.delayMs >= detectionMs && objecting(request, people).length > 0);
            const channels = channelsOf(policy, attack);
            for (const { probe, of } of byProbe) {
              const all = channels.filter(({ text }) => text.startsWith(`${probe.says}: `));
              const found = all.filter(({ undecided }) => !undecided);
              if (found.length < all.length) {
                count.undecided++;
                continue;
              }
              const rules = new Set(found.map(({ rule }) => rule));
              for (const request of of.filter(works))
                for (const { id } of allows) if (request.hits.includes(id)) expect(rules, `${people} ${probe.says}`).toContain(id);
              for (const { rule, witness, approvers, delayMs, objectors = [] } of found) {
                count.told++;
                const request = passingOf(policy, witness) as Passing;
                expect(request, `${people} ${probe.says}`).toBeDefined();
                expect(isOf(probe, request) && request.delayMs < horizonMs && can(request, [request.asker, ...approvers])).toBe(true);
                // Nobody is said to be able to stop it who could be avoided.
                const able = objecting(request, people);
                expect(able).toEqual(expect.arrayContaining([...objectors]));
                expect(detectionMs !== undefined && delayMs >= detectionMs && objectors.length > 0).toBe(false);
                expect(request.hits).toContain(rule);
                expect(request.delayMs).toBe(delayMs);
              }
            }
          }
        },
      ),
      { numRuns: 40 },
    );
    expect(count.undecided).toBeLessThan(count.told / 20);
    expect(count.told).toBeGreaterThan(300);
  }, 120_000);

  test("name the allow, who asks and approves, the delay and who objects", () => {
    const document = full();
    document.rules.push({ id: "blind", allow: ["unknown"], when: { requester: "ana", class: "U2" } });
    const policy = parse(document);
    const channels = (people: readonly string[], detectionMs?: number) =>
      channelsOf(policy, { ...at, stolen: new Set(people), ...(detectionMs !== undefined && { detectionMs }) });
    expect(channels(["ana"]).map(({ kind, rule, approvers, delayMs }) => ({ kind, rule, approvers, delayMs }))).toEqual([
      { kind: "unread", rule: "blind", approvers: [], delayMs: 0 },
    ]);
    expect(channels(["cyd", "dee"])).toEqual([]);
    const [edit] = channels(["cyd", "dee", "eve"]);
    expect(edit).toMatchObject({ kind: "policy", rule: "edit", approvers: ["dee", "eve"], delayMs: 86_400_000 });
    expect(edit?.text).toContain("asked for by cyd, approved by dee and eve, after 24h");
  });

  test("that take a delay are stopped only by somebody whom their approvals name", () => {
    const document = full();
    const [loose] = document.rules.filter(({ id }: { id: string }) => id === "edit-slow");
    loose.approvals = [{ of: "finance", atLeast: 1 }];
    const keys = { id: "keys", forbid: ["policyEdit"], when: { part: ["people", "roles"] } };
    document.rules.push(keys);
    const edits = (people: readonly string[], detectionMs: number) =>
      channelsOf(parse(document), { ...at, stolen: new Set(people), detectionMs }).filter(({ kind }) => kind === "policy").length;
    expect(edits(["cyd", "dee"], 86_400_000)).toBe(0);
    expect(edits(["cyd", "dee"], 86_400_001)).toBe(2);
    expect(edits(["cyd", "dee", "eve"], 1)).toBe(2);
    // The same edit could take eve's key, and with it her no.
    document.rules.pop();
    expect(edits(["cyd", "dee"], 86_400_000)).toBe(2);
    document.rules.push(keys);
    delete loose.approvals;
    expect(edits(["cyd"], 1)).toBe(2);
  });

  test("are not opened by a machine that would have to approve or confirm", () => {
    const document = full();
    document.people.bot = [{ kind: "service", publicKey: `02${"7".repeat(64)}` }];
    document.rules.push({ id: "spend", allow: ["unknown"], when: { requester: ["bot", "ana"] } });
    document.rules.push({ id: "present", require: ["unknown"], confirm: true });
    const channels = (people: readonly string[]) => channelsOf(parse(document), { ...at, stolen: new Set(people) });
    expect(channels(["bot"])).toEqual([]);
    expect(channels(["ana"]).map(({ rule }) => rule)).toEqual(["spend", "spend", "spend"]);
  });

  test("are not opened by a machine's approval, though a clause names it", () => {
    const document = full();
    document.people.bot = [{ kind: "service", publicKey: `02${"7".repeat(64)}` }];
    document.rules.push({ id: "blind", allow: ["unknown"], when: { requester: "ana" } });
    const policy = parse(document);
    const asked = (person: string): Policy => {
      const approvals = [[{ of: "those", members: [{ person }], atLeast: 1 }]];
      const ask = {
        id: "ask",
        type: "require",
        kinds: ["unknown"],
        when: { op: "always" },
        approvals,
        delayMs: 0,
        confirm: false,
        expiresMs: 1,
      };
      return { ...policy, rules: [...policy.rules, ask as Rule] };
    };
    expect(channelsOf(asked("bot"), { ...at, stolen: new Set(["ana", "bot"]) })).toEqual([]);
    expect(channelsOf(asked("ben"), { ...at, stolen: new Set(["ana", "ben"]) }).map(({ approvers }) => approvers)).toEqual([
      ["ben"],
      ["ben"],
      ["ben"],
    ]);
  });

  test("take in what happens beside the policy, and modes in which more may be signed", () => {
    const document = full();
    document.rules.push({ id: "break-glass", allow: ["modeChange"], when: { requester: "ana" } });
    const policy = parse(document);
    const slots = [{ name: "the safe", opens: ["ben"], backup: true }];
    expect(channelsOf(policy, { ...at, stolen: new Set(["ben"]) }, { slots }).map(({ kind, rule }) => ({ kind, rule }))).toEqual([
      { kind: "slot", rule: undefined },
    ]);
    const [change] = channelsOf(policy, { ...at, stolen: new Set(["ana"]) }, { slots });
    expect(change).toMatchObject({ kind: "policy", rule: "break-glass" });
    expect(change?.text).toContain("The mode becomes emergency");
    expect(channelsOf(policy, { ...at, mode: "emergency", stolen: new Set(["ana"]) }).map(({ text }) => text)[0]).toContain(
      "becomes normal",
    );
  });

  test("are an allowance without a bound, where no limit and no amount stands against it", () => {
    const allowances = (rule: object, limit?: object) => {
      const document = full();
      document.rules = [
        ...document.rules.filter(({ id }: { id: string }) => id !== "daily"),
        { id: "let", allow: ["allowance"], ...rule },
        ...(limit ? [limit] : []),
      ];
      return channelsOf(parse(document), { ...at, stolen: new Set(["ana"]) }).filter(({ kind }) => kind === "unlimited allowance");
    };
    const [open] = allowances({ when: { asset: "USDC" } });
    expect(open?.witness?.effects[0]?.amount).toBe(UNLIMITED);
    expect(allowances({ when: { asset: "USDC", amount: { max: "5 USDC" } } })).toEqual([]);
    expect(
      allowances({ when: { asset: "USDC" } }, { id: "day", limit: ["outflow"], when: { asset: "USDC" }, max: "5 USDC", per: "24h" }),
    ).toEqual([]);
  });
});
