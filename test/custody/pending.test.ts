import { describe, expect, test } from "vitest";
import { MOST_PENDING } from "../../src/custody/pending.ts";
import { openVault } from "../../src/vault/open.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

async function setting(rules: readonly object[] = [g.large(g.twoOfFinance)], more: object = {}) {
  const clock = g.timed();
  return { ...(await f.openCustody({ policy: g.team([g.edit, ...rules], more), store: clock.store, as: g.owner })), clock };
}

test("what waits is listed with what it needs, who answered and when it runs out", async () => {
  const { custody, me, clock } = await setting();
  expect(await me.pending()).toEqual([]);
  const asked = await me.sign(g.payment());
  const id = g.asked(asked);
  await g.vote(custody, id, f.ana);
  const ana = await g.sessionOf(custody, f.ana);
  const [shown, ...others] = await ana.pending();
  expect(others).toEqual([]);
  expect(shown).toMatchObject({
    id,
    submitters: ["owner"],
    since: clock.now(),
    expires: clock.now() + 72 * g.HOUR,
    missing: [{ kind: "approvals", rule: "large" }],
    answers: [{ person: "ana", answer: "yes", at: clock.now() }],
    used: false,
  });
  expect(asked).toMatchObject({ expires: clock.now() + 72 * g.HOUR });
  expect(shown?.ready).toBeUndefined();
  await g.vote(custody, id, f.ben);
  expect((await me.pending())[0]).toMatchObject({ missing: [], ready: clock.now() });
  await me.resume(id);
  expect((await me.pending())[0]?.used).toBe(true);
});

test("its submitter takes it back, and then nothing of it counts", async () => {
  const { custody, me } = await setting();
  const id = g.asked(await me.sign(g.payment()));
  await g.vote(custody, id, f.ana);
  await me.withdraw(id);
  expect(await me.pending()).toEqual([]);
  for (const late of [me.withdraw(id), me.resume(id), g.vote(custody, id, f.ben)]) {
    expect(await f.codeOf(late)).toBe("pending/no-such-request");
  }
  expect((await f.checkedLog(custody)).at(-1)).toMatchObject({ kind: "withdrawn", pending: id, person: "owner" });
});

test("nobody else can take it back or take it up", async () => {
  const { custody, me } = await setting();
  const id = g.asked(await me.sign(g.payment()));
  for (const person of [f.ana, f.dee]) {
    const session = await g.sessionOf(custody, person);
    expect(await f.codeOf(session.withdraw(id))).toBe("pending/not-yours");
    expect(await f.codeOf(session.resume(id))).toBe("pending/not-yours");
  }
  expect(await f.codeOf(me.resume("ffffffffffffffff"))).toBe("pending/no-such-request");
  expect(await me.pending()).toHaveLength(1);
});

test("the same request asked by another person is another request, with its own approvals", async () => {
  const { custody, me } = await setting();
  const id = g.asked(await me.sign(g.payment()));
  for (const person of [f.ana, f.ben]) await g.vote(custody, id, person);
  const dee = await g.sessionOf(custody, f.dee);
  const other = g.asked(await dee.sign(g.payment()));
  expect(other).not.toBe(id);
  expect((await dee.resume(other)).kind).toBe("pending");
  expect((await me.resume(id)).kind).toBe("signed");
});

test("asked twice it waits once", async () => {
  const { me } = await setting();
  const ids = [await me.sign(g.payment()), await me.sign(g.payment()), await me.sign(g.payment(3))].map(g.asked);
  expect(new Set(ids).size).toBe(1);
  expect(await me.pending()).toHaveLength(1);
});

describe("a request runs out", () => {
  test("after 72 hours, with what was approved", async () => {
    const { custody, me, clock } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    for (const person of [f.ana, f.ben]) await g.vote(custody, id, person, { lastsMs: 10 * g.DAY });
    clock.pass(72 * g.HOUR);
    expect(await f.codeOf(g.vote(custody, id, f.cyd))).toBe("pending/no-such-request");
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
    expect(await f.codeOf(me.withdraw(id))).toBe("pending/no-such-request");
    expect(await me.pending()).toEqual([]);
    expect(g.asked(await me.sign(g.payment()))).not.toBe(id);
    expect((await f.checkedLog(custody)).filter(({ kind }) => kind === "expired")).toMatchObject([{ pending: id }]);
  });

  test("when the rule says so", async () => {
    const { me, clock } = await setting([g.large(g.twoOfFinance, { expires: "2h" })]);
    const asked = await me.sign(g.payment());
    expect(asked).toMatchObject({ expires: clock.now() + 2 * g.HOUR });
    clock.pass(2 * g.HOUR);
    expect(await f.codeOf(me.resume(g.asked(asked)))).toBe("pending/no-such-request");
  });
});

test("a wait is never shorter than the longest delay among its rules", async () => {
  const slow = { id: "slow", require: ["transfer"], when: { asset: "ETH" }, delay: "100h", expires: "14d" };
  const { me, clock } = await setting([g.large(g.twoOfFinance), slow]);
  expect(await me.sign(g.payment())).toMatchObject({ kind: "pending", expires: clock.now() + 14 * g.DAY });
});

test("one person's flood leaves the others their places", async () => {
  const { custody, me } = await setting();
  const ana = await g.sessionOf(custody, f.ana);
  const asked = async (session: typeof me, n: number) => g.reasonOf(await session.sign(g.payment(n, { value: BigInt(n + 3) * f.ETHER })));
  for (let n = 0; n < 100; n++) expect(await asked(me, n)).toBe("pending");
  expect(await asked(me, 100)).toBe("pending/too-many");
  expect(await asked(ana, 101)).not.toBe("pending/too-many");
});

test("a flood is refused at its ceiling, what needs nothing is still signed, and used requests do not count", async () => {
  expect(MOST_PENDING).toBe(1000);
  const { custody, me, store } = await setting();
  const id = g.asked(await me.sign(g.payment()));
  custody.lock();
  const vault = await openVault({ store, slot: f.slot });
  await vault.transact((tx) => {
    const one = tx.get(`pending/${id}`) as object;
    for (let n = 1; n < MOST_PENDING; n++)
      tx.put(`pending/${String(n).padStart(16, "0")}`, { ...one, id: String(n), submitters: [`dee${n % 20}`] } as never);
  });
  vault.lock();
  const again = await f.reopen(store);
  expect(g.reasonOf(await again.me.sign(g.payment(1, { value: 3n * f.ETHER })))).toBe("pending/too-many");
  expect((await again.me.sign(g.payment(2, { value: 1n }))).kind).toBe("signed");
  expect(g.asked(await again.me.sign(g.payment()))).toBe(id);
  for (const person of [f.ana, f.ben]) await g.vote(again.custody, id, person);
  expect((await again.me.resume(id)).kind).toBe("signed");
  expect((await again.me.sign(g.payment(3, { value: 3n * f.ETHER }))).kind).toBe("pending");
  await f.checkedLog(again.custody);
});

test("taken up again and again without news, it leaves one entry in the log", async () => {
  const { custody, me } = await setting();
  const first = await me.sign(g.payment());
  for (let n = 0; n < 5; n++) expect(await me.resume(g.asked(first))).toEqual(first);
  await g.vote(custody, g.asked(first), f.ana);
  for (let n = 0; n < 5; n++) expect((await me.resume(g.asked(first))).kind).toBe("pending");
  const log = await f.checkedLog(custody);
  expect(log.filter(({ kind }) => kind === "pending")).toHaveLength(1);
});

describe("taken up twice at once", () => {
  async function ready() {
    const opened = await setting();
    const id = g.asked(await opened.me.sign(g.payment()));
    for (const person of [f.ana, f.ben]) await g.vote(opened.custody, id, person);
    return { ...opened, id };
  }
  const settled = async (runs: readonly Promise<{ readonly kind: string }>[]) =>
    (await Promise.allSettled(runs)).map((run) => (run.status === "fulfilled" ? run.value.kind : (run.reason as { code: string }).code));

  test("one custody signs it once", async () => {
    const { custody, me, id } = await ready();
    const ends = await settled([me.resume(id), me.resume(id), me.resume(id)]);
    expect(ends).toContain("signed");
    expect(ends.filter((end) => end !== "signed" && end !== "vault/reservation-taken")).toEqual([]);
    expect((await f.checkedLog(custody)).filter(({ kind }) => kind === "signed")).toHaveLength(1);
  });

  test("two custodies over one store sign it once, and with two nonces still once", async () => {
    const { custody, me, id, store } = await ready();
    const second = await f.reopen(store);
    const ends = await settled([me.resume(id), second.me.resume(id, { request: g.payment(1) })]);
    expect(ends.sort()).toEqual(["pending", "signed"]);
    expect((await f.checkedLog(custody)).filter(({ kind }) => kind === "signed")).toHaveLength(1);
  });

  test("an act is done once", async () => {
    const slow = { id: "slow", require: ["policyEdit"], approvals: [{ of: "finance", atLeast: 1 }] };
    const { custody, me } = await setting([slow]);
    const id = g.asked(await me.submit({ act: "policyEdit", policy: g.team([g.edit]) }));
    await g.vote(custody, id, f.ana);
    const ends = await settled([me.resume(id), me.resume(id)]);
    expect(ends.filter((end) => end === "done")).toHaveLength(1);
    expect((await custody.policy()).version).toBe(2);
  });
});

test("presence that a rule asks for and nobody shows: the request waits, whatever else is met, and is never signed", async () => {
  const { custody, me, clock } = await setting([g.large(g.twoOfFinance, { confirm: true, delay: "1h" })]);
  const id = g.asked(await me.sign(g.payment()));
  for (const person of [f.ana, f.ben]) await g.vote(custody, id, person, { lastsMs: 5 * g.DAY });
  clock.pass(2 * g.HOUR);
  expect(await me.resume(id)).toMatchObject({ kind: "pending", needs: [{ kind: "confirm", rule: "large" }] });
  expect((await me.pending())[0]).toMatchObject({ missing: [{ kind: "confirm" }] });
  clock.pass(72 * g.HOUR);
  expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
  expect((await f.checkedLog(custody)).some(({ kind }) => kind === "signed" || kind === "reserved")).toBe(false);
});

test("a payment that is delayed is signed when its time has come, not a moment earlier", async () => {
  const { custody, me, clock } = await setting([{ id: "slow", require: ["transfer"], when: { asset: "ETH" }, delay: "1h" }]);
  const id = g.asked(await me.sign(g.payment()));
  clock.pass(g.HOUR - 1);
  expect((await me.resume(id)).kind).toBe("pending");
  expect((await me.sign(g.payment())).kind).toBe("pending");
  clock.pass(1);
  expect((await me.resume(id, { request: g.payment(4) })).kind).toBe("signed");
  expect((await me.sign(g.payment(5))).kind).toBe("pending");
  await f.checkedLog(custody);
});
