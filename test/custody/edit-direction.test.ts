import { describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { type Custody, checkApprovalRequest, type Session } from "../../src/index.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

/** An edit that is proven to be narrower needs one of finance, every other needs two and a day. */
const governed = [
  g.edit,
  { id: "seen", require: ["policyEdit"], approvals: [{ of: "finance", atLeast: 1 }] },
  {
    id: "slow",
    require: ["policyEdit"],
    when: { not: { direction: "tightens" } },
    approvals: g.twoOfFinance,
    delay: "24h",
  },
  { id: "calm", limit: ["transfer"], when: { asset: "ETH" }, max: "20 ETH", per: "24h" },
];

async function setting() {
  const clock = g.timed();
  const opened = await f.openCustody({ policy: g.team(governed), store: clock.store, as: g.owner });
  return { ...opened, clock };
}

// biome-ignore lint/suspicious/noExplicitAny: whatever a test puts into it.
type Draft = any;
type Change = (document: Draft) => void;

async function edit(custody: Custody, me: Session, change: Change) {
  return me.submit({ act: "policyEdit", policy: await g.changed(custody, change) } as never);
}

const calm = (document: Draft) => document.rules.find(({ id }: { id: string }) => id === "calm");
const narrower: Change = (document) => {
  calm(document).max = "10 ETH";
};
const max = async (custody: Custody) => calm((await custody.policy()).document).max;

function needed(outcome: { readonly kind: string }): readonly string[] {
  return (outcome as Draft).needs.map(({ rule, kind }: Draft) => `${rule} ${kind}`);
}

describe("an edit that only tightens", () => {
  test("passes with the one approval that its rule asks for, at once", async () => {
    const { custody, me } = await setting();
    const asked = await edit(custody, me, narrower);
    expect(needed(asked)).toEqual(["seen approvals"]);
    const id = g.asked(asked);
    await g.vote(custody, id, f.ana);
    expect(await me.resume(id)).toMatchObject({ kind: "done" });
    expect(await max(custody)).toBe("10 ETH");
  });

  test("is explained as such, and told in the log", async () => {
    const { custody, me } = await setting();
    const policy = await g.changed(custody, narrower);
    const { intent, judgement } = (await me.explain({
      chain: "",
      account: "",
      kind: "act",
      payload: { act: "policyEdit", policy },
    })) as Draft;
    expect(intent.effects).toEqual([{ kind: "policyEdit", part: "rules", direction: "tightens", at: [] }]);
    expect(judgement.needs.map(({ rule }: { rule: string }) => rule)).toEqual(["seen"]);
    await edit(custody, me, narrower);
    const entry = (await f.checkedLog(custody)).find(({ kind }) => kind === "pending") as Draft;
    expect(entry.effects).toEqual([{ kind: "policyEdit", part: "rules", direction: "tightens", at: [] }]);
  });

  test("is found to be one by the approver's own machine", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await edit(custody, me, narrower));
    const request = JSON.parse(JSON.stringify(await custody.approvalRequest(id)));
    const chains = [evm];
    expect(checkApprovalRequest(request, { chains }).effects).toMatchObject([{ part: "rules", direction: "tightens" }]);
    request.effects[0].direction = "loosens";
    expect(() => checkApprovalRequest(request, { chains })).toThrow(/other effects/);
  });
});

describe("an edit that only looks so", () => {
  test.each<[string, Change]>([
    [
      "a smaller maximum over a shorter window",
      (document) => {
        narrower(document);
        calm(document).per = "12h";
      },
    ],
    [
      "a smaller maximum, by who asks",
      (document) => {
        narrower(document);
        calm(document).by = "requester";
      },
    ],
    [
      "a smaller maximum beside another key of a person",
      (document) => {
        narrower(document);
        document.people.ana = document.people.ana.map((credential: Draft) => ({ ...credential, publicKey: STRANGER }));
      },
    ],
    [
      "a smaller maximum of an asset that has other decimals",
      (document) => {
        calm(document).max = "19 ETH";
        document.assets.ETH.decimals = 17;
      },
    ],
    [
      "more approvals for what loosens, and none for what is said to govern",
      (document) => {
        const slow = document.rules.find(({ id }: { id: string }) => id === "slow");
        slow.when = { direction: "loosens" };
        slow.approvals = [{ of: "finance", atLeast: 3 }];
      },
    ],
  ])("waits for two and a day: %s", async (_, change) => {
    const { custody, me, clock } = await setting();
    const before = (await custody.policy()).id;
    const asked = await edit(custody, me, change);
    expect(needed(asked)).toEqual(["seen approvals", "slow approvals", "slow delay"]);
    const id = g.asked(asked);
    await g.vote(custody, id, f.ana);
    expect(await me.resume(id)).toMatchObject({ kind: "pending" });
    await g.vote(custody, id, f.ben);
    clock.pass(g.DAY - 1);
    expect(await me.resume(id)).toMatchObject({ kind: "pending" });
    expect((await custody.policy()).id).toBe(before);
  });
});

describe("an edit is judged against the policy in force when it takes effect", () => {
  test("one that tightened when it was asked, and was approved, loosens over what has passed meanwhile", async () => {
    const { custody, me } = await setting();
    const document = await g.changed(custody, narrower);
    const first = g.asked(await me.submit({ act: "policyEdit", policy: document } as never));
    await g.vote(custody, first, f.ana);
    // Another one passes first, and is tighter.
    const second = g.asked(
      await edit(custody, me, (other) => {
        calm(other).max = "5 ETH";
      }),
    );
    await g.vote(custody, second, f.ben);
    expect(await me.resume(second)).toMatchObject({ kind: "done" });

    // Now 10 ETH would be more than 5: what was agreed to does not cover it.
    const again = await me.resume(first).catch((cause: { code: string }) => ({ kind: cause.code }));
    expect(again.kind).not.toBe("done");
    const anew = await me.submit({ act: "policyEdit", policy: document } as never);
    expect(needed(anew)).toEqual(["seen approvals", "slow approvals", "slow delay"]);
    expect(g.asked(anew)).not.toBe(first);
    expect(await max(custody)).toBe("5 ETH");
  });

  test("one that has waited out its delay does so no more, once a tightening has passed", async () => {
    const { custody, me, clock } = await setting();
    const document = await g.changed(custody, (d: Draft) => {
      calm(d).max = "21 ETH";
    });
    const wide = g.asked(await me.submit({ act: "policyEdit", policy: document } as never));
    await g.vote(custody, wide, f.ana);
    await g.vote(custody, wide, f.ben);
    const tight = g.asked(await edit(custody, me, narrower));
    await g.vote(custody, tight, f.cyd);
    expect(await me.resume(tight)).toMatchObject({ kind: "done" });
    clock.pass(g.DAY + 1);
    const again = await me.resume(wide).catch((cause: { code: string }) => ({ kind: cause.code }));
    expect(again.kind).not.toBe("done");
    expect(await max(custody)).toBe("10 ETH");
  });

  test("small steps each count for themselves: none of them may be the one that widens", async () => {
    const { custody, me } = await setting();
    const steps: Change[] = [
      (d) => d.rules.push({ ...calm(d), id: "week", max: "30 ETH", per: "7d" }),
      (d) => {
        d.rules = d.rules.filter(({ id }: { id: string }) => id !== "calm");
      },
    ];
    const directions: string[] = [];
    for (const step of steps) {
      const outcome = await edit(custody, me, step);
      directions.push(needed(outcome).includes("slow delay") ? "waits" : "passes");
      const id = g.asked(outcome);
      await g.vote(custody, id, f.ana);
      if (directions.at(-1) === "passes") expect(await me.resume(id)).toMatchObject({ kind: "done" });
    }
    expect(directions).toEqual(["passes", "waits"]);
  });
});

const STRANGER = "02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9";
