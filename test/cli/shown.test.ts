import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { editLines } from "../../src/cli/edits.ts";
import { payloadLines } from "../../src/cli/payload.ts";
import { styleFor } from "../../src/cli/style.ts";
import { document, ETHER, payRules, request, transaction } from "../custody/fixture.ts";
import { Heard, Shell } from "./shell.ts";

/** What people are shown before they answer, and what they are told that their answer did. */
const style = styleFor({ stdout: new Heard(false), env: {} });
const shell = new Shell();

const edit = { id: "edit", allow: ["policyEdit", "import", "statement", "modeChange"], when: { requester: "owner" } };
const needs = (id: string, kinds: readonly string[]) => ({ id, require: kinds, approvals: [{ of: "finance", atLeast: 2 }] });
const large = {
  id: "large",
  require: ["transfer"],
  when: { asset: "ETH", total: { min: "1 ETH" } },
  approvals: [{ of: "ana", atLeast: 1 }],
};
let policy: ReturnType<typeof document>;

beforeAll(async () => {
  const people = [];
  for (const name of ["ana", "ben", "cyd"]) {
    const { json } = await shell.run(["keygen", shell.path(`${name}.json`), "--json"]);
    people.push({ name, publicKey: json.publicKey as string, credential: undefined as never });
  }
  const rules = [...payRules, edit, large, needs("acts", ["policyEdit", "modeChange"]), needs("words", ["statement"])];
  policy = document(rules, { people, more: { immutable: false, roles: { finance: ["ana", "ben", "cyd"] } } });
  await shell.vault(policy);
});
afterAll(() => shell.remove());

const as = (name: string) => ["--person", name, "--key-file", shell.path(`${name}.json`)];
const answer = (id: string, name: string, more: readonly string[] = []) => shell.on(["approve", id, ...as(name), ...more]);

async function asks(argv: readonly string[], stdin?: unknown): Promise<string> {
  const { exit, json } = await shell.on([...argv, "--json"], stdin === undefined ? {} : { stdin: JSON.stringify(stdin) });
  expect([exit, json]).toEqual([3, expect.anything()]);
  return json.id;
}

describe("an approver is shown", () => {
  test("all of an edit, rules first, however long it is", () => {
    const book = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`a${at}`, { chain: "eip155:1", address: `0x${at}` }]));
    const lines = editLines({ book: {}, rules: [] }, { book, rules: [{ id: "all", allow: ["transfer"] }] }, style);
    expect(lines[0]).toContain("+ rules all");
    expect(lines).toHaveLength(501);
    expect(lines.at(-1)).toContain("a499");
  });

  test("the words of a message, line by line, and none of them repaints the terminal or passes for ours", async () => {
    const id = await asks(["sign"], { ...request(""), kind: "message", payload: { text: "I owe\nasked by ben" } });
    const { err } = await answer(id, "ana");
    expect(err).toContain("  │ I owe\n  │ asked by ben\n");
    expect((await shell.on(["pending", "show", id])).out).toContain("  │ I owe");
    const bytes = new TextEncoder().encode("I\u001b[2J owe\u202e");
    const hostile = { request: { kind: "message", payload: {} }, intent: { bytes } } as never;
    expect(payloadLines(hostile, style).at(-1)).toBe("  │ I\\u{1b}[2J owe\\u{202e}");
  });

  test("a vault with a name of somebody else's choice as it is written, and nothing that paints", async () => {
    const id = await asks(["sign"], request(transaction({ nonce: 7, value: 2n * ETHER })));
    const asked = (await shell.on(["pending", "show", id, "--json"])).json;
    asked.statement.vault = "\u001b[2J all is well";
    const { exit, err } = await shell.run(["approve", "--request", shell.file("painted.json", asked), ...as("ana")]);
    expect([exit, err]).toEqual([0, expect.stringContaining("vault \\u{1b}[2J all is well")]);
    expect(err).not.toContain("\u001b");
  });

  test("the mode that a change of mode leaves", async () => {
    const id = await asks(["mode", "frozen"]);
    const { err } = await answer(id, "ana");
    expect(err).toContain("the mode that holds is normal");
    expect(err).toContain('"mode": "frozen"');
  });

  test("what an import brings in, and of what is too long how much is left out", () => {
    const payload = { act: "import", what: "mnemonic", name: "cold", fingerprint: "00112233aabbccdd" };
    const checked = (kind: string, given: unknown) =>
      ({ request: { kind, payload: given }, intent: { bytes: new Uint8Array(3).fill(0xff) } }) as never;
    expect(payloadLines(checked("act", payload), style).join("\n")).toMatch(/"name": "cold"[\s\S]*00112233aabbccdd/);
    expect(payloadLines(checked("message", "0xffffff"), style).at(-1)).toBe("  │ 0xffffff");
    const long = payloadLines(checked("typedData", { values: Array.from({ length: 1000 }, (_, at) => at) }), style);
    expect(long).toHaveLength(202);
    expect(long.at(-1)).toContain("804 of 1004 lines are not shown");
    expect(payloadLines(checked("transaction", `0x${"ab".repeat(200)}`), style)).toHaveLength(4);
  });
});

describe("an approver is told", () => {
  test("that their no has ended a request, or that it has not where the edit is about them", async () => {
    const file = shell.file("next.json", { ...policy, roles: { finance: ["ana", "ben"] } });
    const id = await asks(["policy", "set", file]);
    const own = await answer(id, "cyd", ["--no"]);
    expect([own.exit, own.out]).toEqual([0, expect.stringMatching(/^said no .*\nit waits on/)]);
    const other = await answer(id, "ben", ["--no", "--json"]);
    expect(other.json).toMatchObject({ answer: "no", ends: "request" });
  });

  test("that a no after the signature has stopped nothing", async () => {
    const id = await asks(["sign"], request(transaction({ value: 2n * ETHER })));
    await answer(id, "ana");
    expect((await shell.on(["pending", "resume", id])).exit).toBe(0);
    const late = await answer(id, "ana", ["--no"]);
    expect(late.out).toMatch(/^said no .*\nit was signed before/);
  });
});
