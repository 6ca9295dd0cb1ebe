import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const project = fileURLToPath(new URL("../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "keyward-egress-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly code: number;
  readonly out: string;
}

function run(command: string, args: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) =>
    execFile(command, args, { cwd: project }, (error, out, err) => {
      if (error !== null && "syscall" in error) reject(new Error(`${command} is not here: ${error.message}`));
      else resolve({ code: error === null ? 0 : Number(error.code), out: out + err });
    }),
  );
}

/** What a process of its own does, with no interface in its network but a loopback that is down. */
async function alone(args: readonly string[]): Promise<Run> {
  // Root has the right; anybody else only where the system lets them have namespaces of their own.
  const asWhom = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const { code, out } = await run("unshare", [...asWhom, "--net", "true"]);
  if (code !== 0) throw new Error(`no network namespace: this test needs root, or user namespaces that the system allows (${out.trim()})`);
  return run("unshare", [...asWhom, "--net", process.execPath, ...args]);
}

/** The kinds of sockets that a process and its children open, such as `AF_UNIX`, and where they connect to. */
async function sockets(args: readonly string[]): Promise<Run & { readonly families: readonly string[]; readonly calls: number }> {
  const trace = join(folder, "trace");
  const ended = await run("strace", ["-f", "-e", "trace=network,execve", "-o", trace, process.execPath, ...args]);
  const calls = readFileSync(trace, "utf8").split("\n");
  const families = calls.flatMap((call) => /\b(?:socket|socketpair|connect|sendto|bind)\(.*?\b(AF_\w+)/.exec(call)?.[1] ?? []);
  return { ...ended, families: [...new Set(families)].sort(), calls: calls.length };
}

const NET = ["--input-type=module", "--eval"];
/** Says what it is refused. The trap of the tests, which would hide it, is set for none of these. */
const CONNECT = `(await import("node:net")).connect(9, "127.0.0.1").on("error", ({ code }) => { console.log(code); process.exitCode = 3; })`;

const EXAMPLES = ["examples/quickstart.ts", "examples/demo.ts"];
const example = (file: string) => ["--import", "tsx", join(project, file)];

describe("what an app does with us needs no network", () => {
  test("the package that the examples load is built", () => {
    expect(existsSync(join(project, "dist/index.js")), "there is no dist: run `npm run build`").toBe(true);
  });

  test.each(EXAMPLES)("%s ends well where there is none", async (file) => {
    const { code, out } = await alone(example(file));
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("signed") });
  });

  test("where there is none, even this machine is out of reach", async () => {
    expect(await alone([...NET, CONNECT])).toEqual({ code: 3, out: "ENETUNREACH\n" });
  });

  test.each(EXAMPLES)("%s opens no socket that could reach one", async (file) => {
    const { code, families, calls } = await sockets(example(file));
    expect(code).toBe(0);
    expect(calls).toBeGreaterThan(0);
    expect(families.filter((family) => family !== "AF_UNIX")).toEqual([]);
  });

  test("a socket that could would be seen", async () => {
    expect((await sockets([...NET, CONNECT])).families).toContain("AF_INET");
  });
});
