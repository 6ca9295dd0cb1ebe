import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, type Pending } from "../../src/approvals/decide.ts";
import type { Approval } from "../../src/approvals/statement.ts";
import { anyNeed, anyPeople, approval, clause, hash, meets, need } from "./sample.ts";

const NOW = 1_000;
const finance = need([clause("finance", ["cyd", "dee", "eve"], 2)]);
const legal = { ...need([clause("legal", ["eve", "lou"], 1)]), rule: "legal" };
const pending: Pending = {
  vault: "vault-1",
  policy: hash("policy"),
  semantics: 1,
  book: hash("book"),
  subject: hash("subject"),
  submitters: ["ana"],
  isService: (person) => person === "bot",
  needs: [finance],
  named: [],
  earlierNeeds: () => undefined,
};
const state = (answers: readonly Approval[], changes: Partial<Pending> = {}) => decide({ ...pending, ...changes }, answers, NOW).state;

describe("a request is approved", () => {
  test("once every need is met, and the approvals to consume are said", () => {
    const [cyd, dee, eve] = [approval("cyd"), approval("dee"), approval("eve")];
    expect(decide(pending, [cyd], NOW)).toEqual({
      state: "waiting",
      missing: [{ rule: "four-eyes", alternatives: [[{ of: "finance", missing: 1, candidates: ["dee", "eve"] }]] }],
    });
    expect(decide(pending, [cyd, dee], NOW)).toEqual({ state: "met", approvals: [cyd, dee] });
    expect(decide(pending, [cyd, dee, eve], NOW)).toEqual({ state: "met", approvals: [cyd, dee] });
    expect(decide({ ...pending, needs: [] }, [], NOW)).toEqual({ state: "met", approvals: [] });
  });

  test("with the same approval counting for several needs", () => {
    const [cyd, eve] = [approval("cyd"), approval("eve")];
    expect(decide({ ...pending, needs: [finance, legal] }, [cyd, eve], NOW)).toEqual({ state: "met", approvals: [cyd, eve] });
    expect(decide({ ...pending, needs: [finance, legal] }, [cyd, approval("dee")], NOW)).toMatchObject({
      state: "waiting",
      missing: [{ rule: "legal" }],
    });
  });

  test("consuming one approval where one person gave two", () => {
    const answers = [approval("eve"), approval("eve", { nonce: "11".repeat(16) }), approval("cyd")];
    expect(decide({ ...pending, needs: [finance, legal] }, answers, NOW)).toMatchObject({ state: "met", approvals: { length: 2 } });
  });

  test("never by the same person twice, nor by a submitter", () => {
    expect(state([approval("cyd"), approval("cyd", { nonce: "11".repeat(16) })])).toBe("waiting");
    const submitters = ["ana", "dee"];
    expect(state([approval("cyd", { submitters }), approval("dee", { submitters })], { submitters })).toBe("waiting");
    expect(state([approval("cyd", { submitters }), approval("eve", { submitters })], { submitters })).toBe("met");
  });

  test("only by approvals over exactly this", () => {
    const others = [
      { vault: "vault-2" },
      { subject: hash("another") },
      { submitters: ["ben"] },
      { submitters: ["ana", "ben"] },
      { semantics: 2 },
      { book: hash("another") },
      { policy: hash("another") },
      { expiresMs: NOW },
      { expiresMs: 0 },
    ];
    expect(state([approval("cyd"), approval("dee", { expiresMs: NOW + 1 })])).toBe("met");
    for (const other of others) expect(state([approval("cyd"), approval("dee", other)]), JSON.stringify(other)).toBe("waiting");
  });

  test("exactly where counting by hand says so", () => {
    fc.assert(
      fc.property(fc.array(anyNeed, { maxLength: 3 }), anyPeople, (needs, people) => {
        const submitters = ["a"];
        const answers = people.map((person) => approval(person, { submitters }));
        const decision = decide({ ...pending, needs, submitters }, answers, NOW);
        expect(decision.state === "met").toBe(needs.every((one) => meets(one, people, submitters, NOW)));
        if (decision.state !== "met") return;
        const consumed = decision.approvals.map(({ person }) => person);
        expect(needs.every((one) => meets(one, consumed, submitters, NOW))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("after the policy changed", () => {
  const old = hash("old policy");
  const earlier = (...needs: (typeof finance)[]) => ({
    earlierNeeds: ({ statement }: Approval) => (statement.policy === old ? needs : undefined),
  });
  const answers = [approval("cyd", { policy: old }), approval("dee")];

  test("an approval counts where the old need implies the new one", () => {
    expect(state(answers, earlier(finance))).toBe("met");
    expect(state(answers, earlier(legal, finance))).toBe("met");
  });

  test("an approval does not count where the new need is stricter, other, or the old one is not known", () => {
    expect(state(answers, earlier(need([clause("finance", ["cyd", "dee", "eve"], 1)])))).toBe("waiting");
    expect(state(answers, earlier(need([clause("finance", ["cyd", "dee", "eve", "fay"], 2)])))).toBe("waiting");
    expect(state(answers, earlier())).toBe("waiting");
    expect(state(answers)).toBe("waiting");
  });

  test("what counts for one need need not count for another", () => {
    const eve = approval("eve", { policy: old });
    expect(decide({ ...pending, needs: [finance, legal], ...earlier(finance) }, [approval("cyd"), eve], NOW)).toMatchObject({
      state: "waiting",
      missing: [{ rule: "legal" }],
    });
    const again = approval("eve", { nonce: "11".repeat(16) });
    expect(decide({ ...pending, needs: [legal, finance], ...earlier(finance) }, [eve, again, approval("cyd")], NOW)).toMatchObject({
      state: "met",
      approvals: { length: 2 },
    });
  });
});

describe("one no", () => {
  const yes = [approval("cyd"), approval("dee")];

  test("by somebody who could approve ends the request, even when enough others said yes", () => {
    expect(decide(pending, [...yes, approval("eve", { answer: "no" })], NOW)).toEqual({ state: "refused", by: "eve" });
    expect(decide(pending, [...yes, approval("cyd", { answer: "no", nonce: "11".repeat(16) })], NOW)).toEqual({
      state: "refused",
      by: "cyd",
    });
  });

  test("counts under any policy, book, semantics and submitters", () => {
    for (const other of [{ policy: hash("p") }, { book: hash("b") }, { semantics: 9 }, { submitters: ["ben"] }]) {
      expect(state([...yes, approval("eve", { answer: "no", ...other })])).toBe("refused");
    }
  });

  test("by somebody whom the request waited for earlier counts as well, within their dates", () => {
    const fay = [...yes, approval("fay", { answer: "no" })];
    expect(state(fay)).toBe("met");
    expect(state(fay, { named: [{ person: "fay" }] })).toBe("refused");
    expect(state(fay, { named: [{ person: "fay" }], submitters: ["ana", "fay"] })).not.toBe("refused");
    expect(state(fay, { named: [{ person: "fay", until: NOW }] })).toBe("met");
  });

  test("by a stranger, a submitter, over something else or expired changes nothing", () => {
    expect(state([...yes, approval("mallory", { answer: "no" })])).toBe("met");
    expect(state([...yes, approval("ana", { answer: "no" })])).toBe("met");
    expect(
      state([approval("eve", { answer: "no" }), ...yes.map(({ person }) => approval(person, { submitters: ["eve"] }))], {
        submitters: ["eve"],
      }),
    ).toBe("met");
    for (const other of [{ vault: "vault-2" }, { subject: hash("another") }, { expiresMs: NOW }]) {
      expect(state([...yes, approval("eve", { answer: "no", ...other })])).toBe("met");
    }
  });
});

describe("a service", () => {
  const needs = [need([clause("finance", ["cyd", "bot"], 1)])];

  test("counts for nothing, not even where a clause names it", () => {
    expect(state([approval("bot")], { needs })).toBe("waiting");
    expect(state([approval("bot", { answer: "no" })], { needs })).toBe("waiting");
    expect(state([approval("bot"), approval("cyd")], { needs })).toBe("met");
    expect(state([approval("bot")], { needs, isService: () => false })).toBe("met");
  });
});
