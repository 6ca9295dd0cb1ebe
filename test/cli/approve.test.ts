import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Document, document, ETHER, payRules, request, transaction } from "../custody/fixture.ts";
import { type Draft, Shell } from "./shell.ts";

/** The vault's machine, and the approver's: nothing but files goes between them. */
const shell = new Shell();
const elsewhere = new Shell();
let policy: Document;

const keyOf = (name: string) => elsewhere.path(`${name}.json`);

beforeAll(async () => {
  const people = [];
  for (const name of ["ana", "ben", "cyd"]) {
    const { json } = await elsewhere.run(["keygen", keyOf(name), "--json"]);
    people.push({ name, publicKey: json.publicKey as string, credential: undefined as never });
  }
  const four = {
    id: "four-eyes",
    require: ["transfer"],
    when: { asset: "ETH", total: { min: "1 ETH" } },
    approvals: [{ of: "finance", atLeast: 1 }],
  };
  const edit = { id: "edit", allow: ["policyEdit"], when: { requester: "owner" } };
  const slow = { id: "edit-needs", require: ["policyEdit"], approvals: [{ of: "finance", atLeast: 1 }] };
  policy = document([...payRules, four, edit, slow], { people, more: { immutable: false, roles: { finance: ["ana", "ben", "owner"] } } });
  await shell.vault(policy);
});
afterAll(() => {
  shell.remove();
  elsewhere.remove();
});

let nonce = 0;

/** Asks for 2 ETH, which waits. @returns the id, and the approval request as a file for the other machine */
async function waiting(): Promise<{ id: string; file: string; asked: Draft; payload: string }> {
  const payload = transaction({ nonce: nonce++, value: 2n * ETHER });
  const pending = await shell.on(["sign", "--json"], { stdin: JSON.stringify({ ...request(payload), account: "Main" }) });
  expect(pending.exit).toBe(3);
  const { id } = pending.json;
  const shown = await shell.on(["pending", "show", id, "--json"]);
  expect(shown.exit).toBe(0);
  return { id, file: elsewhere.file(`${id}.json`, shown.out), asked: shown.json, payload };
}

const approve = (file: string, more: readonly string[] = [], who = "ana") =>
  elsewhere.run(["approve", "--request", file, "--person", who, "--key-file", keyOf(who), ...more]);

describe("on two machines", () => {
  test("an approval travels as a file, and the request is then signed", async () => {
    const { id, file, payload } = await waiting();
    const given = await approve(file);
    expect(given.exit).toBe(0);
    expect(given.err).toContain("2 ETH (2000000000000000000)");
    expect(given.err).toMatch(/the answer covers these effects, with a fee of at most 0\.\d+ ETH/);
    expect(Object.keys(given.json).sort()).toEqual(["person", "publicKey", "signature", "statement"]);
    const approval = shell.file("approval.json", given.out);
    expect(await shell.on(["approve", id, "--approval", approval, "--json"])).toMatchObject({
      exit: 0,
      json: { kind: "done", pending: id, answer: "yes" },
    });
    expect((await shell.on(["pending", "show", id])).out).toContain("ready: keyward pending resume");
    expect((await shell.on(["pending", "resume", id, "--json"])).json).toMatchObject({ kind: "signed" });
    expect((await shell.on(["sign", "--json"], { stdin: JSON.stringify(request(payload)) })).json).toMatchObject({ kind: "signed" });
    expect((await shell.on(["approve", id, "--approval", approval, "--json"])).json.error.code).toMatch(/^(approval|pending)\//);
  });

  test("a no ends it", async () => {
    const { id, file } = await waiting();
    const { out } = await approve(file, ["--no", "--json"]);
    expect(JSON.parse(out).statement.answer).toBe("no");
    const approval = shell.file("no.json", out);
    expect((await shell.on(["approve", id, "--approval", approval, "--json"])).json).toMatchObject({ answer: "no" });
    expect((await shell.on(["pending", "resume", id, "--json"])).json.error.code).toBe("pending/no-such-request");
  });

  test("where a person looks, nothing is signed before they say yes", async () => {
    const { file } = await waiting();
    const argv = ["approve", "--request", file, "--person", "ana", "--key-file", keyOf("ana")];
    const refused = await elsewhere.run(argv, { tty: true, says: false });
    expect(refused).toMatchObject({ exit: 2, out: "" });
    expect(refused.err).toContain("nothing was signed");
    expect((await elsewhere.run(argv, { tty: true, says: true })).out).toContain('"signature"');
    expect((await elsewhere.run([...argv, "--yes"], { tty: true, says: false })).out).toContain('"signature"');
  });
});

describe("an approval request is believed in nothing", () => {
  let asked: Draft;
  beforeAll(async () => {
    asked = (await waiting()).asked;
  });

  const changed = async (change: (draft: Draft) => void) => {
    const draft = structuredClone(asked);
    change(draft);
    const { exit, out } = await approve(elsewhere.file("changed.json", draft), ["--json"]);
    expect(exit).toBe(2);
    expect(out).not.toContain('signature"');
    return (JSON.parse(out) as Draft).error.code as string;
  };

  test.each<[string, (draft: Draft) => void]>([
    [
      "other bytes under the same effects",
      (draft) => {
        draft.request.payload = transaction({ nonce: 99, value: 3n * ETHER });
      },
    ],
    [
      "other effects above the same bytes",
      (draft) => {
        draft.effects[0].amount = "1";
      },
    ],
    [
      "an effect left out",
      (draft) => {
        draft.effects.pop();
      },
    ],
    [
      "bytes and effects that fit, under another subject",
      (draft) => {
        draft.request.payload = transaction({ nonce: 99, value: 3n * ETHER });
        draft.effects[0].amount = (3n * ETHER).toString();
      },
    ],
    [
      "another subject",
      (draft) => {
        draft.statement.subject = "0".repeat(64);
      },
    ],
    [
      "a lower fee ceiling",
      (draft) => {
        draft.subject.feeCeiling = "1";
      },
    ],
    [
      "a higher fee ceiling",
      (draft) => {
        draft.subject.feeCeiling = `${draft.subject.feeCeiling}0`;
      },
    ],
    [
      "another policy in the file",
      (draft) => {
        draft.policy.name = "another";
      },
    ],
    [
      "another policy in the statement",
      (draft) => {
        draft.statement.policy = "0".repeat(64);
      },
    ],
    [
      "another book in the statement",
      (draft) => {
        draft.statement.book = "0".repeat(64);
      },
    ],
    [
      "other semantics",
      (draft) => {
        draft.statement.semantics = 99;
      },
    ],
    [
      "another account",
      (draft) => {
        draft.request.account = "0x66a9893cC07D91D95644AEDD05D03f95e1dBA8Af";
      },
    ],
  ])("%s is a mismatch", async (_what, change) => {
    expect(await changed(change)).toBe("approval/mismatch");
  });

  test.each<[string, (draft: Draft) => void]>([
    [
      "a member more",
      (draft) => {
        draft.more = 1;
      },
    ],
    [
      "another format",
      (draft) => {
        draft.keyward = "approval-request/2";
      },
    ],
    [
      "no statement",
      (draft) => {
        draft.statement = null;
      },
    ],
    [
      "a fee ceiling that is no number",
      (draft) => {
        draft.subject.feeCeiling = "lots";
      },
    ],
  ])("%s is malformed", async (_what, change) => {
    expect(await changed(change)).toBe("approval/malformed");
  });

  test("an act for another vault is a mismatch", async () => {
    const next = shell.file("next.json", { ...policy, name: "next" });
    const { json } = await shell.on(["policy", "set", next, "--json"]);
    const shown = await shell.on(["pending", "show", json.id, "--json"]);
    const good = await approve(elsewhere.file("act.json", shown.out));
    expect(good.err).toContain('- name  "for tests"');
    expect(good.err).toContain("these exact bytes");
    const draft = JSON.parse(shown.out);
    draft.request.chain = `keyward:${"0".repeat(32)}`;
    expect((await approve(elsewhere.file("act.json", draft), ["--json"])).json.error.code).toBe("approval/mismatch");
  });

  test("another's key, a stranger and whoever asked are told so before they sign", async () => {
    const file = elsewhere.file("good.json", asked);
    const code = async (person: string, key: string) =>
      (await elsewhere.run(["approve", "--request", file, "--person", person, "--key-file", keyOf(key), "--json"])).json.error.code;
    expect(await code("ana", "ben")).toBe("approval/bad-signature");
    expect(await code("ghost", "ana")).toBe("approval/bad-signature");
    expect(await code("owner", "ana")).toBe("approval/not-an-approver");
    expect((await elsewhere.run(["approve", "--request", file, "--person", "ana"])).err).toContain("--key-file FILE");
    expect((await elsewhere.run(["approve", "--request", file, "--key-file", keyOf("ana")])).err).toContain("--person NAME");
  });
});

describe("on the vault's machine", () => {
  test("a person with a key approves, another cannot, and nobody approves twice with one answer", async () => {
    const { id } = await waiting();
    const key = shell.file("ana.json", readFileSync(keyOf("ana"), "utf8"));
    const stranger = shell.file("cyd.json", readFileSync(keyOf("cyd"), "utf8"));
    expect((await shell.on(["approve", id, "--person", "cyd", "--key-file", stranger, "--json"])).json.error.code).toBe(
      "approval/not-an-approver",
    );
    const { exit, json } = await shell.on(["approve", id, "--person", "ana", "--key-file", key, "--json"]);
    expect(exit).toBe(0);
    expect(json).toEqual({ kind: "done", pending: id, answer: "yes", entry: expect.any(Number) });
    expect((await shell.on(["pending", "resume", id, "--json"])).exit).toBe(0);
  });

  test("a session of a person with a key asks, and whoever unlocks answers by session", async () => {
    const key = shell.file("ben.json", readFileSync(keyOf("ben"), "utf8"));
    const payload = transaction({ nonce: nonce++, value: 2n * ETHER });
    const asked = await shell.on(["sign", "--key-file", key, "--json"], { stdin: JSON.stringify(request(payload)) });
    expect(asked.exit).toBe(3);
    expect((await shell.on(["approve", asked.json.id, "--json"])).json).toMatchObject({ kind: "done", answer: "yes" });
    expect((await shell.on(["pending", "resume", asked.json.id, "--json"])).json.error.code).toBe("pending/not-yours");
    expect((await shell.on(["pending", "resume", asked.json.id, "--key-file", key, "--json"])).json.kind).toBe("signed");
  });
});
