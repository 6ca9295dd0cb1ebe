import { afterAll, describe, expect, test } from "vitest";
import type { Json } from "../../src/base/canonical.ts";
import { ana, ETHER, ethLimit, FRIEND, payments, request, transaction } from "../custody/fixture.ts";
import { type Draft, Shell } from "./shell.ts";

const shell = new Shell();
afterAll(() => shell.remove());

const young = { id: "young", forbid: ["transfer"], when: { asset: "USDC", recipientAge: { max: "1d" } } };
const own = { id: "own", forbid: ["transfer"], when: { asset: "USDC", not: { ownRecipient: true } } };
const desk = { id: "desk", require: ["transfer"], when: { asset: "ETH", origin: "https://desk.example" }, confirm: true };
const modes = { careful: { rules: [{ id: "careful-fees", allow: ["fee"] }] } };
const file = shell.file("policy.json", payments([ethLimit("5 ETH"), young, own, desk], { people: [ana], more: { modes } }));
const explain = async (json: object, ...more: readonly string[]) => {
  const { exit, json: explained } = await shell.run(["explain", "--policy", file, "--json", ...more], { stdin: JSON.stringify(json) });
  return { exit, ...explained };
};
const pay = { ...request(transaction({ value: ETHER })), requester: "ana", origin: "https://other.example", now: "2026-01-05T12:00:00Z" };
const usdc = { effects: [{ kind: "transfer", asset: "USDC", to: "friend", amount: "5 USDC" }], requester: "ana" };

describe("keyward explain without a vault", () => {
  test("judges in the mode that is asked for, by an option or by the request, which stands above it", async () => {
    expect(await explain(pay)).toMatchObject({ verdict: "allow", exit: 0, assumed: expect.arrayContaining(["mode-normal"]) });
    for (const [json, ...option] of [
      [pay, "--mode", "careful"],
      [{ ...pay, mode: "careful" }],
      [{ ...pay, mode: "frozen" }, "--mode", "normal"],
    ] as const) {
      const { verdict, exit, assumed } = await explain(json, ...option);
      expect([verdict, exit]).toEqual(["deny", 1]);
      expect(assumed).not.toContain("mode-normal");
    }
    expect((await explain({ ...pay, mode: "normal" }, "--mode", "frozen")).verdict).toBe("allow");
  });

  test("refuses a mode that the policy does not know, and says which it knows", async () => {
    const { err } = await shell.run(["explain", "--policy", file, "--mode", "carefull"], { stdin: JSON.stringify(pay) });
    expect(err).toContain('--mode: expected one of normal, frozen, careful, got "carefull" (did you mean careful?)');
    expect(await shell.run(["explain", "--vault", shell.path("v"), "--mode", "normal"])).toMatchObject({
      exit: 2,
      err: expect.stringContaining("expected --mode beside --policy"),
    });
  });

  test("takes the other circumstances of a case: origin, the age of the recipient, whose it is", async () => {
    expect(await explain({ ...pay, origin: "https://desk.example" })).toMatchObject({ verdict: "pending", exit: 3 });
    expect((await explain(usdc)).assumed).toEqual([
      "counters-empty",
      "now",
      "recipient-age-unknown",
      "own-accounts-unknown",
      "origin-unknown",
      "mode-normal",
    ]);
    const known = { ...usdc, now: "2026-01-05T12:00:00Z", origin: "x", mode: "normal", own: ["friend"], listed: { friend: "2026-01-01" } };
    expect(await explain(known)).toMatchObject({ verdict: "allow", assumed: ["counters-empty"] });
    expect((await explain({ ...known, listed: { [`eip155:1:${FRIEND}`]: "2026-01-05" } })).verdict).toBe("deny");
    expect((await explain({ ...known, own: [] })).verdict).toBe("deny");
  });

  test("shows effects that are stated, as text and as JSON", async () => {
    expect((await explain(usdc)).intent).toEqual({ effects: [expect.objectContaining({ kind: "transfer", amount: "5000000" })] });
    const { out } = await shell.run(["explain", "--policy", file], { stdin: JSON.stringify(usdc) });
    expect(out).toMatch(/^effects, as they are stated\n {2}transfer +5 USDC/);
  });

  test.each([
    [{ ...pay, effects: [] }, "expected one of request and effects"],
    [{ ...pay, requestor: "ana" }, "request: expected only the members"],
    [{ ...pay, approvers: [] }, "expected the effects of a witness"],
    [{ ...pay, mode: 5 }, "mode: expected a text"],
    [{ ...pay, now: "noon" }, "now: expected a time such as"],
    [{ ...pay, listed: { mallory: "2026-01-01" } }, "listed: the book has no mallory"],
    [[pay], "request: expected an object"],
  ])("refuses %j", async (json, says) => {
    const { exit, error } = await explain(json);
    expect([exit, error.message]).toEqual([2, expect.stringContaining(says)]);
  });
});

const worked = (name: string) => new URL(`../../examples/policies/${name}.json`, import.meta.url).pathname;

/** Every object of a report that states effects and a moment. */
function witnessesIn(json: Json): Draft[] {
  if (json === null || typeof json !== "object") return [];
  const found = Array.isArray(json) ? [] : ["effects" in json && "now" in json ? [json] : []].flat();
  return [...found, ...Object.values(json).flatMap((member) => witnessesIn(member as Json))];
}

describe("a witness, as it was printed", () => {
  test.each(["hot-wallet", "btc-sweep", "spending-agent"])("by the audit of %s passes, and so do its bytes", async (name) => {
    const asked = ["--from", "2026-12-01", "--horizon", "24h", "--people", "1"];
    const { json } = await shell.run(["audit", worked(name), ...asked, "--json"]);
    const witnesses = witnessesIn(json);
    expect(witnesses.length).toBeGreaterThan(10);
    const lines = witnesses.flatMap((each) => [each, ...(each.request === undefined ? [] : [each.request])]);
    expect(lines.length).toBeGreaterThan(witnesses.length);
    const stdin = lines.map((line) => JSON.stringify(line)).join("\n");
    const { out } = await shell.run(["explain", "--policy", worked(name), "--lines"], { stdin });
    const answers: Draft[] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    for (const [at, { verdict, error }] of answers.entries())
      expect(["allow", "pending"], JSON.stringify([lines[at], error])).toContain(verdict);
  });

  test("by a diff is judged by both policies as the diff says", async () => {
    const both = ["hot-wallet", "hot-wallet-edited"];
    const { json } = await shell.run(["diff", ...both.map(worked), "--json"]);
    for (const region of json.regions)
      for (const [at, side] of ["from", "to"].entries()) {
        const given = ["explain", "--policy", worked(both[at] ?? ""), "--json"];
        const { json: explained } = await shell.run(given, { stdin: JSON.stringify(region.witness) });
        const said: string = region[side];
        expect(explained.verdict).toBe(said.startsWith("denied") ? "deny" : said.startsWith("allowed with approval") ? "pending" : "allow");
      }
  });
});
