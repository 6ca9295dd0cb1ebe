import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PHRASE } from "./shell.ts";

// The command as a service would use it: a GNOME Keyring in a session of its own. Needs dbus, gnome-keyring and libsecret-tools; where
// one is missing, this fails.

const project = fileURLToPath(new URL("../../", import.meta.url));
const built = join(project, "node_modules/.cache", `keyward-cli-keychain-${process.pid}`);
const home = mkdtempSync(join(tmpdir(), "keyward-cli-keychain-"));

const POLICY = {
  keyward: "policy/1",
  name: "a service",
  immutable: true,
  people: { owner: [{ kind: "unlock" }] },
  rules: [{ id: "ways", allow: ["slotChange"] }],
};

/** Each line of the answers is one object. */
const SCRIPT = `
set -eu
printf 'the login password' | gnome-keyring-daemon --unlock --components=secrets --foreground > /dev/null 2>&1 &
daemon=$!
# To ask the service itself would start another one, which is locked.
owned() {
  dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets
}
for try in $(seq 200); do
  owned | grep -q true && break
  sleep 0.1
done
keyward() { "$NODE" "$CLI" "$@" --vault "$HOME/v" --json || true; }
keyward init --policy "$HOME/policy.json" --passphrase-file "$HOME/phrase"
keyward slot add service --kind keychain --passphrase-file "$HOME/phrase"
keyward account derive Main --slot keychain
secret-tool search --all service keyward 2>&1 | grep -c attribute.username | sed 's/.*/{"entries":&}/'
keyward slot remove service --passphrase-file "$HOME/phrase"
{ secret-tool search --all service keyward 2>&1 || true; } | { grep -c attribute.username || true; } | sed 's/.*/{"entries":&}/'
keyward address Main --slot keychain
kill $daemon
`;

beforeAll(async () => {
  mkdirSync(built, { recursive: true });
  const options = { bundle: true, format: "esm", platform: "node", packages: "external", target: "node20" } as const;
  await build({ ...options, entryPoints: [join(project, "src/cli/main.ts")], outdir: built, entryNames: "cli", splitting: true });
  for (const folder of ["data", "run", "config", "cache"]) mkdirSync(join(home, folder), { mode: 0o700 });
  writeFileSync(join(home, "policy.json"), JSON.stringify(POLICY));
  writeFileSync(join(home, "phrase"), `${PHRASE}\n`, { mode: 0o600 });
}, 60_000);

afterAll(() => {
  rmSync(built, { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
});

test("a service opens its vault by the desktop's keychain, with nothing typed, until its way in is removed", {
  timeout: 120_000,
}, async () => {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    NODE: process.execPath,
    CLI: join(built, "cli.js"),
    XDG_DATA_HOME: join(home, "data"),
    XDG_RUNTIME_DIR: join(home, "run"),
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_CACHE_HOME: join(home, "cache"),
  };
  const out = await new Promise<string>((resolve, reject) => {
    execFile("dbus-run-session", ["--", "bash", "-c", SCRIPT], { env }, (error, said, err) =>
      error ? reject(new Error(`${error.message}\n${err}`)) : resolve(said),
    );
  });
  const [made, added, derived, there, removed, gone, last] = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(made).toMatchObject({ vault: expect.stringMatching(/^[0-9a-f]{32}$/) });
  expect(added).toMatchObject({ kind: "done" });
  expect(derived).toMatchObject({ name: "Main", address: expect.stringMatching(/^0x[0-9a-fA-F]{40}$/) });
  expect(there).toEqual({ entries: 1 });
  expect(removed).toMatchObject({ kind: "done" });
  expect(removed).not.toHaveProperty("left");
  expect(gone).toEqual({ entries: 0 });
  expect(last).toMatchObject({ error: { code: "vault/cannot-open" } });
});
