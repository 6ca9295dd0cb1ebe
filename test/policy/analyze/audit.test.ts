import { describe, expect, test } from "vitest";
import { canonical } from "../../../src/base/canonical.ts";
import { DAY_MS } from "../../../src/base/time.ts";
import { auditToJson } from "../../../src/policy/analyze/audit-json.ts";
import { type Loss, maximumLoss } from "../../../src/policy/analyze/loss.ts";
import { type AuditOptions, audit } from "../../../src/policy/analyze/report.ts";
import type { Sequence } from "../../../src/policy/analyze/sequence.ts";
import { type Draft, parse, person, VITALIK } from "../documents.ts";

const FROM = Date.UTC(2026, 10, 23, 12);
const ETH = "eip155:1/native";

function pocket(): Draft {
  return {
    keyward: "policy/1",
    name: "pocket",
    assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 } },
    book: { acme: { chain: "eip155:1", address: VITALIK } },
    people: { ana: person("a"), ben: person("b"), cyd: person("c") },
    roles: { ops: ["ana"], board: ["ben", "cyd"] },
    rules: [
      { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "acme", requester: "role:ops" } },
      { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.05 ETH" }, requester: "role:ops" } },
      { id: "large", require: ["transfer"], when: { asset: "ETH", total: { min: "1 ETH" } }, approvals: [{ of: "board", atLeast: 1 }] },
      { id: "day", limit: ["outflow"], when: { asset: "ETH" }, max: "4 ETH", per: "24h" },
      { id: "edit", allow: ["policyEdit", "export"], when: { requester: "role:board" } },
    ],
  };
}

/** All of a loss but functions, of which every answer makes its own. */
const told = ({ status, amount, shown, fees, channel, sequence, horizonMs }: Loss) => ({
  ...{ status, amount, shown, fees, horizonMs, text: channel?.text, from: sequence.from },
  steps: sequence.steps.map(({ witness: { effects, circumstances }, ...step }) => ({ ...step, effects, now: circumstances.now })),
});

const run = (options: Partial<AuditOptions> = {}, document = pocket()) => audit(parse(document), { from: FROM, ...options });

describe("an audit", () => {
  test("has a loss for every stolen set, asset, horizon and mode", async () => {
    const found = await run({ horizonsMs: [DAY_MS, 2 * DAY_MS] });
    expect(found.losses.length).toBe(found.stolen.length * 2 * 2);
    const of = (people: readonly string[], days: number) =>
      found.losses.find(
        ({ stolen, horizonMs, mode }) => stolen.join() === people.join() && horizonMs === days * DAY_MS && mode === "normal",
      );
    expect(of(["ana"], 1)).toMatchObject({ what: { asset: ETH }, status: "exact", amount: 4n * 10n ** 18n });
    expect(of(["ana"], 2)).toMatchObject({ status: "exact", amount: 8n * 10n ** 18n });
    expect(of(["ben"], 2)).toMatchObject({ status: "exact", amount: 0n });
    expect(found.losses.filter(({ mode }) => mode === "frozen").every(({ amount }) => amount === 0n)).toBe(true);
  });

  test("says of each length of time what is said when that alone is asked, also where what has no bound has to wait", async () => {
    const document = pocket();
    document.rules = [
      ...document.rules.filter(({ id }: Draft) => id !== "day"),
      { id: "slow", require: ["transfer"], delay: "24h", expires: "7d" },
      { id: "burnt", limit: ["fee"], when: { asset: "ETH" }, max: "1 ETH", per: "24h" },
    ];
    const { losses } = await run({ horizonsMs: [1000, DAY_MS, DAY_MS + 1, 2 * DAY_MS] }, document);
    for (const loss of losses) {
      const attack = { stolen: new Set(loss.stolen), mode: loss.mode, horizonMs: loss.horizonMs, from: FROM };
      expect(told(loss)).toEqual(told(maximumLoss(parse(document), attack, loss.what)));
    }
    const ana = losses.filter(({ stolen, mode }) => stolen.join() === "ana" && mode === "normal");
    expect(ana.map(({ amount }) => amount)).toEqual([10n ** 18n, 10n ** 18n, undefined, undefined]);
  });

  test("says who takes the key, what was found, and what the suggestion changes", async () => {
    const found = await run();
    expect(found.channels.find(({ kind, stolen }) => kind === "key" && stolen.includes("ben"))).toMatchObject({ rule: "edit" });
    const split = found.findings.find(({ id }) => id === "tier-split");
    expect(split?.suggestion?.effect[0]).toMatchObject({ before: { amount: 4n * 10n ** 18n }, after: { amount: 10n ** 18n } });
    expect(found.findings.map(({ severity }) => severity)).toEqual(
      [...found.findings].map(({ severity }) => severity).sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)),
    );
    expect(found.inconclusive).toEqual([]);
  });

  test("is the same bytes again", async () => {
    const [first, second] = await Promise.all([run(), run()]);
    expect(canonical(auditToJson(first))).toBe(canonical(auditToJson(second)));
  });

  test("is the JSON that scripts rely on, with shares and copies", async () => {
    const found = await run({
      stolen: [{ name: "role:ops", people: ["ana"] }],
      horizonsMs: [DAY_MS],
      copies: 3,
      holdings: new Map([[ETH, 16n * 10n ** 18n]]),
    });
    const json = auditToJson(found);
    expect(Object.keys(json).slice(0, 5)).toEqual(["policy", "name", "options", "findings", "unbounded"]);
    expect(json.loss).toMatchObject([
      {
        stolen: ["role:ops"],
        asset: "ETH",
        horizon: "24h",
        amount: "4000000000000000000",
        status: "exact",
        amountOfCopies: "12000000000000000000",
        share: "0.7500",
      },
      { mode: "frozen", amount: "0", sequence: [] },
    ]);
    expect(json.options).toMatchObject({
      from: "2026-11-23T12:00:00.000Z",
      horizons: ["24h"],
      copies: 3,
      holdings: { [ETH]: "16000000000000000000" },
    });
  });

  test("names what was not decided, and no number of it is zero or exact", async () => {
    const found = await run({ work: 1 });
    expect(found.inconclusive.length).toBeGreaterThan(0);
    for (const { status, stolen } of found.losses) if (stolen.includes("ana")) expect(status).not.toBe("upper bound");
    const paying = found.losses.filter(({ stolen, mode }) => mode === "normal" && stolen.includes("ana"));
    for (const { status, amount } of paying) if (status === "exact") expect(amount).not.toBe(0n);
  });

  test("shows nothing that the evaluator refuses, and calls that inconclusive", async () => {
    const found = await run({ replay: () => false, stolen: [{ name: "ana", people: ["ana"] }], horizonsMs: [DAY_MS], modes: ["normal"] });
    expect(found.losses).toMatchObject([{ status: "inconclusive", shown: 0n, sequence: { steps: [] } }]);
    expect(found.inconclusive).toContainEqual(expect.stringContaining("refuses the sequence"));
    const accepted = await run({
      replay: async () => true,
      stolen: [{ name: "ana", people: ["ana"] }],
      horizonsMs: [DAY_MS],
      modes: ["normal"],
    });
    expect(accepted.losses).toMatchObject([{ status: "exact" }]);
    const unasked = await run({
      replay: () => "unasked",
      stolen: [{ name: "ana", people: ["ana"] }],
      horizonsMs: [DAY_MS],
      modes: ["normal"],
    });
    const [{ amount } = { amount: undefined }] = accepted.losses;
    expect(unasked.losses).toMatchObject([{ status: "upper bound", amount, shown: 0n, sequence: { steps: [] } }]);
  });

  test("shows no channel and no escalation that one of the evaluators refuses, and calls them open", async () => {
    const board = { stolen: [{ name: "role:board", people: ["ben", "cyd"] }], modes: ["normal"], horizonsMs: [DAY_MS] };
    const seen: Sequence[] = [];
    const shown = await run({ ...board, replay: (_, sequence) => seen.push(sequence) > 0 });
    const claims = [...shown.channels, ...shown.escalations.flatMap(({ acts }) => acts)];
    expect(claims.length).toBeGreaterThan(2);
    for (const { witness, approvers, delayMs } of claims) {
      const played = seen.filter(({ steps }) => steps.length === 1 && steps[0]?.witness === witness);
      expect(played).toMatchObject([{ steps: [{ askedMs: 0, signedMs: delayMs, approvers }] }]);
    }
    expect(shown.inconclusive).toEqual([]);

    const acts = (sequence: Sequence) => sequence.steps.some(({ witness }) => witness.effects.some(({ kind }) => kind === "export"));
    const refused = await run({ ...board, replay: (_, sequence) => !acts(sequence) });
    expect(refused.channels.filter(({ kind }) => kind === "key")).toMatchObject([
      { rule: "edit", witness: undefined, approvers: [], delayMs: 0, undecided: true },
    ]);
    expect(refused.channels.filter(({ kind }) => kind !== "key")).toEqual(shown.channels.filter(({ kind }) => kind !== "key"));
    expect(refused.inconclusive).toContainEqual(expect.stringMatching(/^channels of role:board in mode normal: .*refuses/));

    const edits = await run({ ...board, replay: () => "unasked" });
    expect(edits.escalations.length).toBeGreaterThan(0);
    for (const one of edits.escalations) expect(one).toMatchObject({ acts: [], everything: false, undecided: true });
    expect(edits.inconclusive).toContainEqual(expect.stringMatching(/^escalations of role:board in mode normal: .*refuses/));
  });

  test("shows no request of what has no bound that the evaluator refuses", async () => {
    const document = pocket();
    document.rules = document.rules.filter(({ id }: { id: string }) => id !== "day");
    const asking = { stolen: [{ name: "ana", people: ["ana"] }], horizonsMs: [DAY_MS], modes: ["normal"] };
    const open = await run(asking, document);
    expect(open.losses).toMatchObject([{ status: "exact", amount: undefined, channel: { kind: "asset without a limit" } }]);
    for (const replay of [() => false, () => "unasked" as const]) {
      const refused = await run({ ...asking, replay }, document);
      expect(refused.losses).toMatchObject([
        { status: "inconclusive", amount: undefined, channel: { witness: undefined, undecided: true } },
      ]);
    }
  });

  test("names escalations that were not decided", async () => {
    const found = await run({ work: 1 });
    expect(found.escalations.filter(({ undecided }) => undecided).length).toBeGreaterThan(0);
    expect(found.inconclusive.filter((text) => text.startsWith("escalations of ")).length).toBeGreaterThan(0);
  });

  test("tells how far it is, pauses between steps, and ends with the reason of an abort", async () => {
    const told: number[] = [];
    let pauses = 0;
    await run({ progress: (done, total) => told.push(done / total), pause: async () => void pauses++ });
    expect(told[0]).toBe(0);
    expect(told.at(-1)).toBe(1);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(pauses).toBe(told.length - 1);

    const controller = new AbortController();
    const stopped = run({ signal: controller.signal, progress: (done) => done === 3 && controller.abort(new Error("enough")) });
    await expect(stopped).rejects.toThrow("enough");
  });
});

const ORDER = ["error", "warning", "note"];
