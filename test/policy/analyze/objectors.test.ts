import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answer } from "../../../src/policy/analyze/question.ts";
import { type Draft, full, parse } from "../documents.ts";
import { FROM, objecting, passingOf, SETS, waitingPolicies } from "./small.ts";

describe("who could object", () => {
  test("is nobody who could be avoided, tried in every way that the request can be asked", () => {
    const count = { all: 0, avoided: 0, some: 0, left: 0 };
    fc.assert(
      fc.property(
        waitingPolicies,
        fc.constantFrom(...SETS.slice(1)),
        fc.constantFrom("policyEdit", "export", "unknown"),
        (policy, people, kind) => {
          const found = answer(policy, { kinds: [kind], by: new Set(people), from: FROM });
          if (found.kind !== "yes" || found.delayMs === 0) return;
          const request = passingOf(policy, found.witness);
          expect(request).toBeDefined();
          if (request === undefined) return;
          const able = objecting(request, people);
          expect(able).toEqual(expect.arrayContaining([...found.objectors]));
          const named = new Set(request.asked.flat(2).flatMap(({ members }) => members.map(({ person }) => person)));
          const others = [...named].filter((person) => person !== "bot" && person !== request.asker && !people.includes(person));
          if (others.length === 0) return;
          if (able.length === 0) count.avoided++;
          else if (able.length === found.objectors.length) count[able.length === others.length ? "all" : "some"]++;
          else count.left++;
        },
      ),
      { numRuns: 1500 },
    );
    // Most of those who cannot be avoided are told.
    expect(count.all).toBeGreaterThan(10);
    expect(count.avoided).toBeGreaterThan(10);
    expect(count.left).toBeLessThan(count.all + count.some);
  });

  const DAY_MS = 86_400_000;
  /** Of finance, who could end what cyd asks for with dee's yes. */
  const able = (change: (document: Draft) => void, kind: "transfer" | "policyEdit" = "transfer") => {
    const document = full();
    document.rules = [
      { id: "pay", allow: ["transfer"], when: { asset: "USDC", requester: "role:finance" } },
      { id: "fees", allow: ["fee"], when: { asset: "ETH" } },
      { id: "edit", allow: ["policyEdit"], when: { requester: "role:finance" } },
      { id: "keys", forbid: ["policyEdit"], when: { part: ["people", "roles"] } },
      { id: "slow", require: ["transfer", "policyEdit"], delay: "24h" },
      { id: "ask", require: ["transfer", "policyEdit"], approvals: [{ of: "finance", atLeast: 1 }] },
    ];
    change(document);
    const found = answer(parse(document), { kinds: [kind], by: new Set(["cyd", "dee"]), from: Date.parse("2026-01-05") });
    if (found.kind !== "yes") throw new Error(`expected a yes, got ${found.kind}`);
    expect(found.delayMs).toBe(DAY_MS);
    return found.objectors;
  };
  const rule = ({ rules }: Draft, id: string) => rules.find((each: Draft) => each.id === id);

  test("is whoever the rules name whatever passes meanwhile", () => {
    expect(able(() => {})).toEqual(["eve"]);
  });

  test.each([
    ["a date", { date: { from: "2025-01-01" } }],
    ["the age of a recipient", { recipientAge: { max: "2d" } }],
    ["a total, which fees are part of", { asset: "USDC", total: { max: "5 USDC" } }],
    ["a mode", { mode: "normal" }],
  ])("is nobody whom a rule names that looks at %s", (_, when) => {
    expect(able((document) => Object.assign(rule(document, "ask"), { when, require: ["transfer"] }))).toEqual([]);
    // Of its own delay nothing runs before it has named them.
    expect(able((document) => Object.assign(rule(document, "ask"), { when, require: ["transfer"], delay: "24h" }))).toEqual(["eve"]);
  });

  test("is nobody whom a rule names for some kinds of session, if whoever asks has others", () => {
    const keyed = (document: Draft) => Object.assign(rule(document, "ask"), { when: { session: "secp256k1" } });
    expect(able(keyed)).toEqual(["eve"]);
    const other = { kind: "eip712", address: `0x${"1".repeat(40)}` };
    expect(
      able((document) => {
        keyed(document);
        for (const person of ["cyd", "dee"])
          document.people[person].push({ ...other, address: other.address.replace(/1$/, person === "cyd" ? "2" : "3") });
      }),
    ).toEqual([]);
  });

  test("is nobody of an edit that may also take their key or their place in a role", () => {
    expect(able(() => {}, "policyEdit")).toEqual(["eve"]);
    const free = (part: string) => (document: Draft) => {
      rule(document, "keys").when = { part };
    };
    expect(able(free("roles"), "policyEdit")).toEqual([]);
    expect(able(free("people"), "policyEdit")).toEqual([]);
    const plain = (part: string) => (document: Draft) => {
      free(part)(document);
      rule(document, "ask").approvals = { any: [[{ of: "finance", atLeast: 1 }], [{ of: "owner", atLeast: 1 }]] };
    };
    // Only keys can be taken from whoever is in no role.
    expect(able(plain("people"), "policyEdit")).toEqual(["owner"]);
    expect(able(plain("roles"), "policyEdit")).toEqual([]);
  });
});
