import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { document, ETHER, payRules, request, transaction } from "../custody/fixture.ts";
import { PHRASE, Shell } from "./shell.ts";

/** `keyward confirm`: the passphrase once more, or the key. */
const shell = new Shell();
const vault = () => ["--vault", shell.path("v")];

beforeAll(async () => {
  const { json } = await shell.run(["keygen", shell.path("ana.json"), "--json"]);
  const people = [{ name: "ana", publicKey: json.publicKey as string, credential: undefined as never }];
  const present = { id: "present", require: ["transfer"], when: { asset: "ETH", total: { min: "1 ETH" } }, confirm: true };
  await shell.vault(document([...payRules, present], { people }));
});
afterAll(() => shell.remove());

let nonce = 0;
async function waiting(more: readonly string[] = []): Promise<string> {
  const stdin = JSON.stringify({ ...request(transaction({ nonce: nonce++, value: 2n * ETHER })), account: "Main" });
  const { exit, json } = await shell.on(["sign", "--json", ...more], { stdin });
  expect([exit, json.needs]).toEqual([3, [{ kind: "confirm", rule: "present" }]]);
  return json.id;
}
const resumed = async (id: string, more: readonly string[] = []) =>
  (await shell.on(["pending", "resume", id, "--json", ...more])).json.kind;

describe("keyward confirm", () => {
  test("shows the request, asks for the passphrase once more, and then it can be signed", async () => {
    const id = await waiting();
    const asked = await shell.on(["pending", "resume", id]);
    expect(asked.out).toContain(`keyward confirm ${id}`);
    const { exit, out, err } = await shell.run(["confirm", id, ...vault()], { typed: [PHRASE, PHRASE], tty: true });
    expect(exit).toBe(0);
    expect(err).toContain("2 ETH (2000000000000000000)");
    expect(err).toContain("these exact bytes");
    expect(out).toContain(`next: keyward pending resume ${id}`);
    expect(shell.handedOut.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
    const shown = await shell.on(["pending", "show", id]);
    expect(shown.out).toContain("owner confirmed these bytes at");
    expect(shown.out).toContain("ready: keyward pending resume");
    expect(await resumed(id)).toBe("signed");
  });

  test("a wrong passphrase the second time is exit 2 and confirms nothing", async () => {
    const id = await waiting();
    const wrong = await shell.run(["confirm", id, "--json", ...vault()], { typed: [PHRASE, "incorrect horse"] });
    expect([wrong.exit, wrong.json.error.code]).toEqual([2, "vault/cannot-open"]);
    expect(shell.handedOut.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
    expect(await resumed(id)).toBe("pending");
  });

  test("in a script the passphrase file serves both times, and a descriptor cannot", async () => {
    const id = await waiting();
    const fd = await shell.run(["confirm", id, "--json", ...vault(), "--passphrase-fd", "0"]);
    expect([fd.exit, fd.json.error.code]).toEqual([2, "cli/usage"]);
    const done = await shell.on(["confirm", id, "--json"]);
    expect([done.exit, done.json]).toEqual([0, { kind: "done", pending: id, entry: expect.any(Number) }]);
    expect(await resumed(id)).toBe("signed");
    const late = await shell.on(["confirm", "0000000000000000", "--json"]);
    expect([late.exit, late.json.error.code]).toEqual([2, "pending/no-such-request"]);
  });

  test("on a terminal a passphrase file alone confirms nothing: somebody says yes, or --yes", async () => {
    const id = await waiting();
    const refused = await shell.on(["confirm", id], { tty: true, says: false });
    expect([refused.exit, refused.out]).toEqual([2, ""]);
    expect(refused.err).toContain("nothing was signed");
    expect(await resumed(id)).toBe("pending");
    expect((await shell.on(["confirm", id, "--yes"], { tty: true, says: false })).exit).toBe(0);
    expect(await resumed(id)).toBe("signed");
  });

  test("a person with a key confirms with it, after a yes where they look, and only their own", async () => {
    const key = ["--person", "ana", "--key-file", shell.path("ana.json")];
    const id = await waiting(key);
    const refused = await shell.on(["confirm", id, ...key], { tty: true, says: false });
    expect([refused.exit, refused.out]).toEqual([2, ""]);
    expect(await resumed(id, key)).toBe("pending");
    const owner = await shell.on(["confirm", id, "--json"]);
    expect([owner.exit, owner.json.error.code]).toEqual([2, "pending/not-yours"]);
    expect((await shell.on(["confirm", id, ...key], { tty: true, says: true })).exit).toBe(0);
    expect(await resumed(id, key)).toBe("signed");
  });
});
