import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { keyward, passphrase } from "../../src/index.ts";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { ETHER, ethLimit, KEY, MALLORY, payments, request, transaction } from "../custody/fixture.ts";
import { type Draft, PHRASE } from "./shell.ts";

/** The command as a process of its own, from the sources of now: exit codes, pipes and signals as a shell sees them. */
const project = fileURLToPath(new URL("../../", import.meta.url));
const built = join(project, "node_modules/.cache", `keyward-cli-${process.pid}`);
const home = mkdtempSync(join(tmpdir(), "keyward-cli-process-"));
const path = (name: string) => join(home, name);
const vault = ["--vault", path("v"), "--passphrase-file", path("phrase")];

beforeAll(async () => {
  mkdirSync(built, { recursive: true });
  const options = { bundle: true, format: "esm", platform: "node", packages: "external", target: "node20" } as const;
  await build({ ...options, entryPoints: [join(project, "src/cli/main.ts")], outfile: join(built, "cli.js") });
  writeFileSync(path("phrase"), `${PHRASE}\n`, { mode: 0o600 });
  writeFileSync(path("policy.json"), JSON.stringify(payments([ethLimit("1 ETH")])));
  const store = lmdbStore(path("v"));
  const custody = keyward({ store, chains: [evm] });
  // The cheapest cost that a vault may have: the KDF is not the point here.
  const slot = passphrase(PHRASE, { cost: { memoryKiB: 19 * 1024, passes: 2, lanes: 1 } });
  const ways = { id: "ways", allow: ["slotChange", "rotate"] };
  await custody.create({ slot, policy: payments([ethLimit("1 ETH"), ways]), wallet: { from: "privateKey", privateKey: KEY } });
  await (await custody.session({ person: "owner" })).accounts.derive({ chain: "eip155:1", name: "Main" });
  custody.lock();
  await store.close();
}, 60_000);

afterAll(() => {
  rmSync(built, { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
});

interface Ended {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

function start(argv: readonly string[], stdin?: string): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [join(built, "cli.js"), ...argv], { stdio: "pipe", env: { PATH: process.env.PATH, HOME: home } });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  if (stdin !== undefined) child.stdin.end(stdin);
  return { child, ended: new Promise((resolve) => child.on("close", (exit) => resolve({ exit, out, err }))) };
}

const run = (argv: readonly string[], stdin = "") => start(argv, stdin).ended;
const asked = (fields: Parameters<typeof transaction>[0]) => JSON.stringify(request(transaction(fields)));

describe("the process", () => {
  test("ends with the exit code of its answer, and says errors where they belong", async () => {
    const explain = ["explain", "--policy", path("policy.json"), "--json"];
    const allowed = await run(explain, asked({ value: 1n }));
    expect([allowed.exit, JSON.parse(allowed.out).verdict]).toEqual([0, "allow"]);
    expect((await run(explain, asked({ to: MALLORY }))).exit).toBe(1);
    const wrong = await run(explain, "{");
    expect([wrong.exit, JSON.parse(wrong.out).error.code, wrong.err]).toEqual([2, "json/malformed", ""]);
    expect(await run(["explian"])).toMatchObject({ exit: 2, out: "", err: expect.stringContaining("did you mean explain?") });
    expect((await run(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("answers lines while they come", async () => {
    const { child, ended } = start(["decode", "--lines"]);
    const first = new Promise((resolve) => child.stdout?.once("data", resolve));
    child.stdin?.write(`${asked({})}\n`);
    expect(String(await first)).toContain('"intent"');
    child.stdin?.end(`${asked({ nonce: 1 })}\n`);
    expect((await ended).out.trim().split("\n")).toHaveLength(2);
  });

  test("without a terminal it does not hang at a prompt", async () => {
    const { exit, err } = await run(["account", "list", "--vault", path("v")]);
    expect(exit).toBe(2);
    expect(err).toContain("--passphrase-file");
  });

  test("takes the passphrase from a descriptor", async () => {
    const fd = openSync(path("phrase"), "r");
    const argv = [join(built, "cli.js"), "address", "Main", "--vault", path("v"), "--passphrase-fd", "3"];
    const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit", fd] });
    let out = "";
    child.stdout?.on("data", (chunk) => {
      out += chunk;
    });
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
    expect(out).toMatch(/^0x[0-9a-fA-F]{40}\n$/);
  });

  test("Ctrl-C while the passphrase is stretched ends it with 130, and no vault is left", async () => {
    const { child, ended } = start(
      ["init", "--policy", path("policy.json"), "--vault", path("new"), "--passphrase-file", path("phrase")],
      "",
    );
    // The default cost takes longer than this; the store is made right before it.
    await until(() => existsSync(path("new/data.mdb")));
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ exit: 130, out: "" });
    const after = await run(["account", "list", "--vault", path("new"), "--passphrase-file", path("phrase"), "--json"]);
    expect(JSON.parse(after.out).error.code).toBe("vault/absent");
  });

  test("Ctrl-C in the middle of a long audit ends it at once, by the signal itself", async () => {
    const worked = join(project, "examples/policies/cold-wallet-fund.json");
    const horizons = Array.from({ length: 200 }, (_, at) => ["--horizon", `${at + 1}d`]).flat();
    const { child, ended } = start(["audit", worked, "--people", "4", ...horizons]);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect(child.exitCode).toBe(null);
    const asked = Date.now();
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ exit: null, out: "" });
    expect(child.signalCode).toBe("SIGINT");
    expect(Date.now() - asked).toBeLessThan(1500);
  });

  test("Ctrl-C while it waits for a request ends it with 130", async () => {
    // A Ctrl-C before it has begun is the system's to answer. How long that takes depends on what else this machine does.
    let exit: number | null = null;
    for (let patience = 700; exit === null && patience < 20_000; patience *= 2) {
      const { child, ended } = start(["sign", ...vault]);
      await new Promise((resolve) => setTimeout(resolve, patience));
      child.kill("SIGINT");
      exit = (await ended).exit;
    }
    expect(exit).toBe(130);
  });
});

const SCRIPT = "/usr/bin/script";
const hasTerminal = process.platform === "linux" && existsSync(SCRIPT);

describe.skipIf(!hasTerminal)(hasTerminal ? "at a terminal" : "at a terminal (LEFT OUT: script of util-linux is not here)", () => {
  /** Runs the command in a terminal of its own and answers its prompts, one after the other. */
  async function at(argv: readonly string[], prompts: readonly [prompt: RegExp, keys: string][]): Promise<Ended> {
    const command = [process.execPath, join(built, "cli.js"), ...argv].map((word) => `'${word}'`).join(" ");
    const child = spawn(SCRIPT, ["-qefc", command, "/dev/null"], {
      stdio: "pipe",
      env: { PATH: process.env.PATH, HOME: home, NO_COLOR: "1" },
    });
    let out = "";
    let seen = 0;
    const left = [...prompts];
    child.stdout.on("data", (chunk) => {
      out += chunk;
      const [next] = left;
      if (next === undefined || !next[0].test(out.slice(seen))) return;
      seen = out.length;
      left.shift();
      // Raw mode is set right after the question.
      setTimeout(() => child.stdin.write(next[1]), 100);
    });
    return new Promise((resolve) => child.on("close", (exit) => resolve({ exit, out, err: "" })));
  }

  test("a new passphrase is asked for twice and never shown, and the work on it is", async () => {
    const argv = ["init", "--policy", path("policy.json"), "--vault", path("typed")];
    const { exit, out } = await at(argv, [
      [/New passphrase/, `${PHRASE}\r`],
      [/Once more/, `${PHRASE}\r`],
    ]);
    expect(exit).toBe(0);
    expect(out).toContain("made the vault");
    expect(out).toMatch(/stretching the passphrase \d+%/);
    expect(out).not.toContain("horse");
  });

  test("a prompt is answered although the request comes from a file, and Ctrl-C at it ends with 130", async () => {
    const argv = ["decode", "--vault", path("v"), path("request.json")];
    writeFileSync(path("request.json"), asked({ nonce: 50 }));
    const decoded = await at(argv, [[/Passphrase/, `${PHRASE}\r`]]);
    expect([decoded.exit, decoded.out.includes("transfer")]).toEqual([0, true]);
    expect((await at(argv, [[/Passphrase/, "corr\u0003"]])).exit).toBe(130);
  });
});

describe("two processes on one vault", () => {
  test("sign together what the limit allows, and not one more", async () => {
    // 1 ETH a day, 0.4 ETH each: two of four, however they interleave.
    const all = await Promise.all(
      [0, 1, 2, 3].map((nonce) => run(["sign", "--json", ...vault], asked({ nonce, value: (4n * ETHER) / 10n }))),
    );
    const kinds = all.map(({ out }) => JSON.parse(out) as Draft).map(({ kind, error }) => kind ?? error.code);
    expect(kinds.filter((kind) => kind === "signed")).toHaveLength(2);
    expect(kinds.filter((kind) => kind === "denied")).toHaveLength(2);
    expect(all.map(({ exit }) => exit).sort()).toEqual([0, 0, 1, 1]);
    const { exit, out } = await run(["log", "verify", "--json", ...vault]);
    expect([exit, JSON.parse(out).counts]).toEqual([0, expect.objectContaining({ signed: 2, denied: 2 })]);
    // The first that opens it raises what its passphrase costs, and all of them may be the first.
  }, 120_000);
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("ways in", () => {
  test("shares of a vault open it in another process, and without a keychain its absence is said", async () => {
    // Only the vault's directory is shared: what one process wrote to files opens it in the next.
    const shares = ["--kind", "shares", "--threshold", "2", "--holder", "Ana", "--holder", "Ben", "--shares-to", path("shares")];
    const added = await run(["slot", "add", "recovery", ...shares, "--json", ...vault]);
    expect([added.exit, JSON.parse(added.out).kind]).toEqual([0, "done"]);
    const files = (JSON.parse(added.out).files as readonly string[]).flatMap((file) => ["--share", file]);
    const place = ["--vault", path("v")];
    expect(await run(["slot", "rehearse", ...place, ...files])).toMatchObject({ exit: 0, out: expect.stringContaining("enough") });
    expect((await run(["address", "Main", ...place, ...files])).out).toMatch(/^0x[0-9a-fA-F]{40}\n$/);
    const none = await run(["slot", "add", "service", "--kind", "keychain", "--json", ...vault]);
    expect([none.exit, JSON.parse(none.out).error.code]).toEqual([5, "slot/no-keychain"]);
    expect((await run(["slot", "remove", "recovery", ...vault])).exit).toBe(0);
    expect((await run(["address", "Main", ...place, ...files, "--json"])).exit).toBe(2);
  });
});
