import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { type Draft, Shell } from "./shell.ts";

const shell = new Shell();
afterAll(() => shell.remove());

const policy = (name: string): string => new URL(`../../examples/policies/${name}.json`, import.meta.url).pathname;
const hotWallet = policy("hot-wallet");

/** The hot wallet, edited. */
function edited(change: (document: Draft) => void): string {
  const document: Draft = JSON.parse(readFileSync(hotWallet, "utf8"));
  change(document);
  return shell.file("edited.json", document);
}
const rule = (document: Draft, id: string): Draft => document.rules.find((one: Draft) => one.id === id);

describe("keyward diff", () => {
  test("finds both gaps of the edited hot wallet: exactly 10 ETH, and any address below 1 ETH", async () => {
    const { exit, json } = await shell.run(["diff", hotWallet, policy("hot-wallet-edited"), "--json"]);
    expect(exit).toBe(1);
    expect(json).toMatchObject({ equivalent: false, direction: "loosens", status: "exact", beside: [] });
    expect(json.parts).toEqual([{ part: "rules", direction: "loosens" }]);
    expect(json.regions).toHaveLength(2);
    expect(json.regions).toMatchObject([
      {
        change: "newly-allowed",
        mode: "normal",
        from: "denied: no rule allows this transfer",
        to: "allowed",
        rules: { from: [], to: ["pay"] },
        shown: true,
      },
      {
        change: "weaker",
        from: "allowed with approval of 2 of finance (cyd, dee, eve)",
        to: "allowed",
        rules: { from: ["four-eyes"], to: [] },
        shown: true,
        witness: { effects: [{ kind: "transfer", asset: "native", amount: "10000000000000000000" }], requester: "ana" },
      },
    ]);
    const [{ witness }] = json.regions;
    const document = JSON.parse(readFileSync(hotWallet, "utf8"));
    const paid = Object.values(document.book as Draft).map(({ address }: Draft) => address);
    expect(paid).not.toContain(witness.effects[0].to);
    expect(BigInt(witness.effects[0].amount)).toBeLessThan(10n ** 18n);
  });

  test("tells each as people read it", async () => {
    const { out } = await shell.run(["diff", hotWallet, policy("hot-wallet-edited")]);
    expect(out).toContain("weaker  [four-eyes]");
    expect(out).toMatch(/transfer {5}10 ETH \(10000000000000000000\) {2}to acme 0x3DA8D322CB2435dA26E9C9fEE670f9fB7Fe74E49/);
    expect(out).toContain("before  allowed with approval of 2 of finance (cyd, dee, eve)");
  });

  test("exits with 0 only where nothing is wider: CI fails on a loosening, and on what governs", async () => {
    const of = async (path: string) => {
      const { exit, json } = await shell.run(["diff", hotWallet, path, "--json"]);
      return [exit, json.direction, json.equivalent];
    };
    const at = (change: (document: Draft) => void) => of(edited(change));
    expect(await of(hotWallet)).toEqual([0, "none", true]);
    expect(await at((d) => d.rules.reverse())).toEqual([0, "none", true]);
    expect(await at((d) => Object.assign(rule(d, "day"), { max: "49 ETH" }))).toEqual([0, "tightens", false]);
    expect(await at((d) => Object.assign(rule(d, "day"), { max: "51 ETH" }))).toEqual([1, "loosens", false]);
    expect(await at((d) => Object.assign(rule(d, "edit-together"), { delay: "48h" }))).toEqual([1, "governs", false]);
    expect(await at((d) => Object.assign(rule(d, "edit-together"), { delay: "12h" }))).toEqual([1, "loosens", false]);
    expect(await at((d) => d.people.ana.splice(0, 1, { kind: "unlock" }))).toEqual([1, "governs", false]);
    expect(await at((d) => Object.assign(d.assets.ETH, { decimals: 17 }))).toEqual([1, "loosens", false]);
  });

  test("says what no comparison of rules can: another key, another meaning of an asset", async () => {
    const path = edited((d) => {
      d.people.ana = [{ kind: "unlock" }];
      d.assets.ETH.decimals = 19;
    });
    const { json } = await shell.run(["diff", hotWallet, path, "--json"]);
    expect(json.beside).toEqual([
      { what: "people", names: ["ana"] },
      { what: "decoding", names: ["assets"] },
    ]);
    expect((await shell.run(["diff", hotWallet, path])).out).toContain("people differ, or what they sign with (ana)");
  });

  test("counts what it could not decide as a loosening", async () => {
    const path = edited((d) => {
      const either = (one: string, other: string) => ({
        any: [...Array(20).keys()].map((n) => ({ [one]: { min: `${2 * n}`, max: `${2 * n}` }, [other]: { min: `${n}`, max: `${n}` } })),
      });
      const all = [either("inputs", "outputs"), either("feeRate", "tokenId"), either("gas", "feeRate")].slice(0, 2);
      d.rules.push({
        id: "wide",
        forbid: ["transfer"],
        when: { all: [...all, { any: all[0]?.any.map((one: Draft) => ({ all: [one, { change: "none" }] })) }] },
      });
    });
    const { exit, json } = await shell.run(["diff", hotWallet, path, "--json"]);
    expect([exit, json.direction, json.status]).toEqual([1, "loosens", "inconclusive"]);
    expect(json.why).toMatch(/parts/);
  });

  test("refuses what is no policy", async () => {
    const { exit, json } = await shell.run(["diff", hotWallet, shell.file("wrong.json", {}), "--json"]);
    expect([exit, json.error.code]).toEqual([2, "policy/invalid"]);
  });
});
