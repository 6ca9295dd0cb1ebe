import { describe, expect, test } from "vitest";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const lifetime = (id: string, max: string) => ({ id, limit: ["transfer"], when: { asset: "ETH" }, max, ever: true });
const policy = (...rules: object[]) => f.payments([g.edit, ...rules], { more: { immutable: false } });

/** Signs one payment of so many ETH, or says why not. */
async function pay(me: Awaited<ReturnType<typeof f.openCustody>>["me"], nonce: number, ether: bigint): Promise<string> {
  const outcome = await me.sign(f.request(f.transaction({ nonce, value: ether * f.ETHER })));
  return outcome.kind === "denied" ? (outcome.reasons[0]?.code ?? "") : outcome.kind;
}

async function holds(custody: { diagnose(): Promise<string> }): Promise<string | undefined> {
  return /holds (\d+)/.exec(await custody.diagnose())?.[1];
}

describe("holds that have left every window", () => {
  test("are forgotten at an opening, and a lifetime limit still counts them", async () => {
    const clock = g.timed();
    const { custody, me } = await f.openCustody({ store: clock.store, as: g.owner, policy: policy(lifetime("ever", "10 ETH")) });
    expect([await pay(me, 0, 4n), await pay(me, 1, 4n)]).toEqual(["signed", "signed"]);
    expect(await holds(custody)).toBe("2");
    custody.lock();
    clock.pass(34 * g.DAY);
    await custody.unlock(f.slot);
    expect(await holds(custody)).toBe("2");
    custody.lock();
    clock.pass(2 * g.DAY);
    const again = await f.reopen(clock.store);
    expect(await holds(again.custody)).toBe("0");
    expect([await pay(again.me, 2, 3n), await pay(again.me, 3, 2n), await pay(again.me, 4, 1n)]).toEqual([
      "limit/exceeded",
      "signed",
      "limit/exceeded",
    ]);
    await f.checkedLog(again.custody);
  });

  test("count under a policy that comes later, whatever its limits are called and cover", async () => {
    const clock = g.timed();
    const { custody, me } = await f.openCustody({ store: clock.store, as: g.owner, policy: policy() });
    expect([await pay(me, 0, 4n), await pay(me, 0, 5n), await pay(me, 1, 1n)]).toEqual(["signed", "signed", "signed"]);
    custody.lock();
    clock.pass(36 * g.DAY);
    const again = await f.reopen(clock.store);
    expect(await holds(again.custody)).toBe("0");
    // 5 ETH of nonce 0, once at its larger amount, and 1 of nonce 1.
    expect(await again.me.submit({ act: "policyEdit", policy: policy(lifetime("first", "10 ETH")) })).toMatchObject({ kind: "done" });
    expect([await pay(again.me, 2, 5n), await pay(again.me, 3, 4n)]).toEqual(["limit/exceeded", "signed"]);
    // Renamed and raised, it has counted all of it: 10 of 11.
    expect(await again.me.submit({ act: "policyEdit", policy: policy(lifetime("second", "11 ETH")) })).toMatchObject({ kind: "done" });
    expect([await pay(again.me, 4, 2n), await pay(again.me, 5, 1n)]).toEqual(["limit/exceeded", "signed"]);
    await f.checkedLog(again.custody);
  });

  test("count acts too", async () => {
    const clock = g.timed();
    const acts = { id: "edits", limit: ["policyEdit"], max: 3, ever: true };
    const { custody, me } = await f.openCustody({ store: clock.store, as: g.owner, policy: policy(acts) });
    const edited = (name: string) => ({ act: "policyEdit" as const, policy: policy(acts, { id: name, forbid: ["deploy"] }) });
    const first = await me.submit(edited("a"));
    expect(first.kind).toBe("done");
    custody.lock();
    clock.pass(36 * g.DAY);
    const again = await f.reopen(clock.store);
    const kinds: string[] = [];
    for (const name of ["b", "c", "d", "e"]) kinds.push((await again.me.submit(edited(name))).kind);
    expect(kinds).toContain("denied");
    expect(kinds.filter((kind) => kind === "done").length).toBeLessThan(3);
  });

  test("an edit that is no policy is refused as such, with forgotten holds too", async () => {
    const clock = g.timed();
    const { custody, me } = await f.openCustody({ store: clock.store, as: g.owner, policy: policy() });
    await pay(me, 0, 1n);
    custody.lock();
    clock.pass(36 * g.DAY);
    const again = await f.reopen(clock.store);
    expect(await f.codeOf(again.me.submit({ act: "policyEdit", policy: { keyward: "policy/1" } }))).toBe("policy/invalid");
    expect(f.kindsOf(await f.checkedLog(again.custody))).toContain("denied");
  });
});
