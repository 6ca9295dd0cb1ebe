import { afterAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { reference } from "../../src/cli/reference.ts";
import { Shell } from "./shell.ts";

const shell = new Shell();
afterAll(() => shell.remove());

describe("the table of commands", () => {
  test.each(COMMANDS.map(({ name }) => name))("%s has a short help with an example", async (name) => {
    const { exit, out } = await shell.run([...name.split(" "), "--help"]);
    expect(exit).toBe(0);
    expect(out.split("\n")[0]).toContain(`keyward ${name}`);
    expect(out).toMatch(/Example: keyward /);
    expect(out.split("\n").length).toBeLessThan(32);
    for (const line of out.split("\n")) if (!line.startsWith("Example")) expect(line.length).toBeLessThan(125);
  });

  test("no command takes a secret as an argument", () => {
    const secret = /passphrase|mnemonic|phrase|private|secret|password/;
    for (const { options } of COMMANDS) {
      for (const [name, { value }] of Object.entries(options)) if (secret.test(name)) expect(`${name} ${value}`).toMatch(/ (FILE|N)$/);
    }
  });

  test("docs/cli.md is what the table says", async () => {
    await expect(reference(COMMANDS)).toMatchFileSnapshot("../../docs/cli.md");
  });

  test("the version is one line, and one object with --json", async () => {
    expect(await shell.run(["--version"])).toMatchObject({ exit: 0, out: "0.0.0-test\n" });
    expect((await shell.run(["--version", "--json"])).json).toEqual({ version: "0.0.0-test" });
  });

  test("help alone is no error; nothing at all is one", async () => {
    expect(await shell.run(["--help"])).toMatchObject({ exit: 0, out: expect.stringContaining("policy check FILE") });
    expect((await shell.run([])).exit).toBe(2);
    expect((await shell.run(["policy"])).exit).toBe(2);
    expect(await shell.run(["policy", "--help"])).toMatchObject({ exit: 0, out: expect.not.stringContaining("sign [REQUEST.json]") });
  });
});

describe("what was mistyped", () => {
  test.each([
    [["deocde"], "did you mean decode?"],
    [["policy", "chek"], "did you mean policy check?"],
    [["policy", "xyzzy"], "there are: new, check, test, schema, show, set"],
    [["decode", "--polcy", "x"], "did you mean --policy?"],
    [["decode", "--policy"], "needs a value (FILE)"],
    [["decode", "--policy", "--json"], "needs a value (FILE)"],
    [["decode", "--policy="], "needs a value (FILE)"],
    [["decode", "--lines=yes"], "takes no value"],
    [["decode", "--policy", "a", "--policy", "b"], "was given twice"],
    [["decode", "a", "b"], "expected [REQUEST.json], got 2 arguments"],
    [["account", "list", "x"], "expected no arguments, got 1 argument"],
    [["explain"], "expected one of --policy FILE and --vault DIR"],
    [["explain", "--policy", "a", "--vault", "b"], "expected one of --policy FILE and --vault DIR"],
    [["policy", "check", "/nowhere/x.json"], "/nowhere/x.json: there is no such file"],
    [["policy", "new", "persnal"], "did you mean personal?"],
    [["log", "prove"], "expected SEQ or --checkpoint FILE"],
    [["log", "verify", "x", "--key", "nonsense"], "--key: expected a log key"],
    [["approve", "--request", "a", "b"], "expected --request alone"],
  ])("%j is exit 2 and says so, as text and as JSON", async (argv, says) => {
    const asJson = argv.some((word) => word.startsWith("--json"));
    if (!asJson) expect(await shell.run(argv)).toMatchObject({ exit: 2, out: "", err: expect.stringContaining(says) });
    const json = await shell.run(asJson ? argv : [...argv, "--json"]);
    expect(json).toMatchObject({ exit: 2, err: "" });
    expect(json.json.error).toEqual({ code: "cli/usage", message: expect.stringContaining(says) });
  });
});
