import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { document, ETHER, request, transaction } from "../custody/fixture.ts";
import { type Draft, Shell } from "./shell.ts";

/** Who asked stands in no byte of the request: an approver's machine asks the policy whether it could be them. */
const shell = new Shell();
let asked: Draft;

beforeAll(async () => {
  const people = [];
  for (const name of ["ana", "dee", "eve"]) {
    const { json } = await shell.run(["keygen", shell.path(`${name}.json`), "--json"]);
    people.push({ name, publicKey: json.publicKey as string, credential: undefined as never });
  }
  const when = { asset: "ETH", requester: ["owner", "dee"] };
  const rules = [
    { id: "pay", allow: ["transfer"], when: { ...when, to: "@book" } },
    { id: "fees", allow: ["fee"], when },
    // Known to the vault alone: how old the entry is must not speak against anybody.
    { id: "old", allow: ["transfer"], when: { asset: "ETH", recipientAge: { min: "30d" }, requester: "ana" } },
    { id: "two", require: ["transfer"], approvals: [{ of: "ana", atLeast: 1 }] },
  ];
  await shell.vault(document(rules, { people }));
  const stdin = JSON.stringify({ ...request(transaction({ value: 2n * ETHER })), account: "Main" });
  const { json } = await shell.on(["sign", "--json"], { stdin });
  asked = (await shell.on(["pending", "show", json.id, "--json"])).json;
});
afterAll(() => shell.remove());

async function answered(submitters: readonly string[], change: (draft: Draft) => void = () => undefined): Promise<string> {
  const draft = structuredClone(asked);
  draft.statement.submitters = submitters;
  change(draft);
  const argv = ["approve", "--request", shell.file("changed.json", draft), "--person", "ana", "--key-file", shell.path("ana.json")];
  const { exit, json } = await shell.run([...argv, "--json"]);
  return exit === 0 ? "signed" : json.error.code;
}

describe("a submitter", () => {
  test.each([[["eve"]], [["mallory"]], [["eve", "owner"]], [["mallory", "owner"]]])(
    "%j is refused where the policy lets them ask for nothing of the kind",
    async (submitters) => {
      expect(await answered(submitters)).toBe("approval/mismatch");
    },
  );

  test("who could have asked is signed, and then refused by the vault, where they did not", async () => {
    expect(await answered(["owner"])).toBe("signed");
    expect(await answered(["dee"])).toBe("signed");
    const draft = { ...structuredClone(asked), statement: { ...asked.statement, submitters: ["dee"] } };
    const argv = ["approve", "--request", shell.file("dee.json", draft), "--person", "ana", "--key-file", shell.path("ana.json"), "--json"];
    const { out } = await shell.run(argv);
    const handed = await shell.on(["approve", asked.id, "--approval", shell.file("answer.json", out), "--json"]);
    expect([handed.exit, handed.json.error.code]).toEqual([2, "approval/mismatch"]);
  });
});
