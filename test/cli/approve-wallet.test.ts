import { readFileSync } from "node:fs";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TypedData } from "../../src/approvals/typed-data.ts";
import { document, ETHER, payRules, request, transaction } from "../custody/fixture.ts";
import { Shell } from "./shell.ts";

/** The vault's machine, and that of cyd, who has nothing but a wallet. */
const shell = new Shell();
const elsewhere = new Shell();
const wallet = privateKeyToAccount(`0x${"11".repeat(32)}`);
const thief = privateKeyToAccount(`0x${"33".repeat(32)}`);
let bot = "";
let nonce = 0;

beforeAll(async () => {
  const { json } = await elsewhere.run(["keygen", elsewhere.path("bot.json"), "--service", "--json"]);
  expect(json.kind).toBe("service");
  bot = shell.file("bot.json", readFileSync(elsewhere.path("bot.json"), "utf8"));
  const approvals = [{ of: "guards", atLeast: 1 }];
  const four = { id: "four-eyes", require: ["transfer"], when: { asset: "ETH", total: { min: "1 ETH" } }, approvals };
  const people = {
    owner: [{ kind: "unlock" }],
    cyd: [{ kind: "eip712", address: wallet.address }],
    bot: [{ kind: "service", publicKey: json.publicKey }],
  };
  await shell.vault(document([...payRules, four], { more: { people, roles: { guards: ["cyd", "bot", "owner"] } } }));
});
afterAll(() => {
  shell.remove();
  elsewhere.remove();
});

/** Asks for 2 ETH, which waits. @returns the id, and the approval request as a file for the other machine */
async function waiting(): Promise<{ id: string; file: string }> {
  const payload = transaction({ nonce: nonce++, value: 2n * ETHER });
  const pending = await shell.on(["sign", "--json"], { stdin: JSON.stringify(request(payload)) });
  const shown = await shell.on(["pending", "show", pending.json.id, "--json"]);
  return { id: pending.json.id, file: elsewhere.file(`${pending.json.id}.json`, shown.out) };
}

const approve = (file: string, ...more: string[]) => elsewhere.run(["approve", "--request", file, "--person", "cyd", ...more]);
const sign = ({ domain, types, primaryType, message }: TypedData, by = wallet) => by.signTypedData({ domain, types, primaryType, message });
const code = async (run: ReturnType<typeof approve>) => (await run).json.error.code as string;

describe("an approver with a wallet", () => {
  test("has it sign what is printed, and the answer travels as a file", async () => {
    const { id, file } = await waiting();
    const printed = await approve(file, "--typed-data");
    expect(printed.exit).toBe(0);
    expect(printed.err).toContain("2 ETH (2000000000000000000)");
    const typedData: TypedData = printed.json;
    expect(typedData).toMatchObject({ domain: { name: "Keyward", version: "1" }, message: { answer: "yes", submitters: ["owner"] } });
    const given = await approve(file, "--signature", await sign(typedData));
    expect(given.exit).toBe(0);
    expect(given.json).toMatchObject({ person: "cyd", address: wallet.address });
    const approval = shell.file("approval.json", given.out);
    expect((await shell.on(["approve", id, "--approval", approval, "--json"])).json).toMatchObject({ kind: "done", answer: "yes" });
    expect((await shell.on(["pending", "resume", id, "--json"])).json).toMatchObject({ kind: "signed" });
  });

  test("says no in the same way, and a yes is no signature of a no", async () => {
    const { id, file } = await waiting();
    const no: TypedData = (await approve(file, "--typed-data", "--no")).json;
    expect(no.message.answer).toBe("no");
    const signature = await sign(no);
    expect(await code(approve(file, "--signature", signature, "--json"))).toBe("approval/bad-signature");
    const given = await approve(file, "--signature", signature, "--no");
    const approval = shell.file("no.json", given.out);
    expect((await shell.on(["approve", id, "--approval", approval, "--json"])).json).toMatchObject({ answer: "no" });
    expect((await shell.on(["pending", "resume", id, "--json"])).json.error.code).toBe("pending/no-such-request");
  });

  test("is told at once about another wallet, a contract's signature and what is none", async () => {
    const { file } = await waiting();
    const typedData: TypedData = (await approve(file, "--typed-data")).json;
    const stranger = await approve(file, "--signature", await sign(typedData, thief));
    expect(stranger).toMatchObject({ exit: 2, out: "" });
    expect(stranger.err).toContain(`no wallet ${thief.address}`);
    const contract = await approve(file, "--signature", `0x${"00".repeat(97)}`);
    expect(contract).toMatchObject({ exit: 2, out: "", err: expect.stringContaining("EIP-1271") });
    expect(await code(approve(file, "--signature", "0xzz", "--json"))).toBe("approval/malformed");
    expect(await code(approve(file, "--signature", `0x${"00".repeat(65)}`, "--json"))).toBe("approval/bad-signature");
  });

  test("is shown nothing to sign for somebody without a wallet, nor without the request", async () => {
    const { id, file } = await waiting();
    const asked = (person: string) => elsewhere.run(["approve", "--request", file, "--person", person, "--typed-data", "--json"]);
    expect(await code(asked("owner"))).toBe("approval/not-an-approver");
    expect(await code(asked("bot"))).toBe("approval/not-an-approver");
    expect(await code(asked("ghost"))).toBe("approval/bad-signature");
    expect((await elsewhere.run(["approve", id, "--typed-data"])).err).toContain("--request FILE");
    expect((await approve(file, "--typed-data", "--signature", "0x00")).err).toContain("expected one of");
  });

  test("signs nothing where a person looks and says no", async () => {
    const { file } = await waiting();
    const argv = ["approve", "--request", file, "--person", "cyd", "--typed-data"];
    expect(await elsewhere.run(argv, { tty: true, says: false })).toMatchObject({ exit: 2, out: "" });
    expect((await elsewhere.run(argv, { tty: true, says: true })).out).toContain('"primaryType"');
  });
});

describe("a service", () => {
  test("asks with its key file, and approves nothing with it", async () => {
    const asked = await shell.on(["sign", "--key-file", bot, "--json"], {
      stdin: JSON.stringify(request(transaction({ nonce: nonce++, value: 2n * ETHER }))),
    });
    expect(asked.exit).toBe(3);
    const shown = await shell.on(["pending", "show", asked.json.id, "--json"]);
    const { file } = await waiting();
    const answer = (path: string) => shell.run(["approve", "--request", path, "--person", "bot", "--key-file", bot, "--json"]);
    expect(await code(answer(file))).toBe("approval/not-an-approver");
    expect(await code(answer(shell.file("own.json", shown.out)))).toBe("approval/not-an-approver");
    expect((await shell.on(["approve", asked.json.id, "--person", "owner", "--json"])).json).toMatchObject({ kind: "done", answer: "yes" });
    expect((await shell.on(["pending", "resume", asked.json.id, "--key-file", bot, "--json"])).json).toMatchObject({ kind: "signed" });
  });

  test("has its line for the policy printed by keygen", async () => {
    const { out } = await elsewhere.run(["keygen", elsewhere.path("other.json"), "--service"]);
    expect(out).toContain('"kind": "service"');
  });
});
