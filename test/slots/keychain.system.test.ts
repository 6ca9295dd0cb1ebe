import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { keychain } from "../../src/slots/keychain/keychain.ts";
import type { SlotContext } from "../../src/vault/slot.ts";
import { newContext, slotContract } from "../contracts/slot.ts";

// A real GNOME Keyring on a bus of its own, which starts nothing by itself. Needs gnome-keyring, dbus, libsecret-tools; where one is
// missing, all of this fails.

const home = mkdtempSync(join(tmpdir(), "keyward-keychain-"));
const before = { ...process.env };
let bus: ChildProcess;
let daemon: ChildProcess | undefined;

const CONFIG = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${home}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>`;

/** Runs a program to its end. @throws if it is not installed */
function run(command: string, ...args: readonly string[]): { readonly status: number | null; readonly stdout: Buffer } {
  const { error, status, stdout } = spawnSync(command, args, { stdio: ["ignore", "pipe", "ignore"] });
  if (error) throw error;
  return { status, stdout };
}

function isThere(): boolean {
  const asked = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner"];
  return run("dbus-send", ...asked, "string:org.freedesktop.secrets").stdout.includes("true");
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 200) throw new Error("the keychain did not come, or did not go");
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function start(password = "the login password"): Promise<void> {
  daemon = spawn("gnome-keyring-daemon", ["--unlock", "--components=secrets", "--foreground"], { stdio: ["pipe", "ignore", "ignore"] });
  await once(daemon, "spawn");
  daemon.stdin?.end(password);
  await until(isThere);
}

async function stop(): Promise<void> {
  if (!daemon) return;
  const ended = once(daemon, "exit");
  daemon.kill();
  await ended;
  daemon = undefined;
  await until(() => !isThere());
}

beforeAll(async () => {
  for (const folder of ["data", "run", "config", "cache"]) mkdirSync(join(home, folder), { mode: 0o700 });
  writeFileSync(join(home, "bus.conf"), CONFIG);
  Object.assign(process.env, {
    HOME: home,
    XDG_DATA_HOME: join(home, "data"),
    XDG_RUNTIME_DIR: join(home, "run"),
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_CACHE_HOME: join(home, "cache"),
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(home, "bus")}`,
  });
  bus = spawn("dbus-daemon", [`--config-file=${join(home, "bus.conf")}`, "--nofork", "--nopidfile"], { stdio: "ignore" });
  await once(bus, "spawn");
  await until(
    () => run("dbus-send", "--session", "--dest=org.freedesktop.DBus", "--print-reply", "/", "org.freedesktop.DBus.ListNames").status === 0,
  );
});

beforeEach(async () => {
  if (!daemon) await start();
});

afterAll(async () => {
  await stop();
  bus.kill();
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  rmSync(home, { recursive: true, force: true });
});

slotContract("the keychain of a desktop", () => {
  const service = `keyward test ${Math.random()}`;
  return { slot: keychain({ service }), again: () => keychain({ service }), wrong: () => keychain({ service: "somebody else's" }) };
});

/** What the desktop's own tool says stands there. */
function lookedUp({ vaultId, slotId }: SlotContext): string | undefined {
  const { status, stdout } = run("secret-tool", "lookup", "service", "keyward", "username", `vault ${vaultId} slot ${slotId}`);
  return status === 0 ? stdout.toString("hex") : undefined;
}

/** Keys of the kernel's keyrings that hold something, as this process sees them. */
function kernelKeys(): string[] {
  const lines = readFileSync("/proc/keys", "utf8").split("\n");
  return lines.filter((line) => / (user|logon|big_key) +/.test(line)).sort();
}

describe("an entry in the keychain of a desktop", () => {
  test("is what the desktop's own tool finds, byte for byte, and is gone when it was forgotten", async () => {
    const context = newContext();
    const { secret } = await keychain().enrol(context);
    expect(lookedUp(context)).toBe(toHex(secret));
    expect([await keychain().forget(context), await keychain().forget(context)]).toEqual([true, false]);
    expect(lookedUp(context)).toBeUndefined();
    await expect(keychain().open({}, context)).rejects.toMatchObject({ code: "slot/no-entry" });
  });

  test("outlives the service that keeps it", async () => {
    const context = newContext();
    const { parameters, secret } = await keychain().enrol(context);
    await stop();
    await start();
    expect(toHex(await keychain().open(parameters, context))).toBe(toHex(secret));
  });

  test("is never written over", async () => {
    const context = newContext();
    const { secret } = await keychain().enrol(context);
    await expect(keychain().enrol(context)).rejects.toMatchObject({ code: "slot/entry-exists" });
    expect(lookedUp(context)).toBe(toHex(secret));
  });

  test("is not given while the keychain is locked, and is again afterwards", async () => {
    const context = newContext();
    const { parameters, secret } = await keychain().enrol(context);
    const path = "/org/freedesktop/secrets/collection/login";
    run(
      "dbus-send",
      "--session",
      "--print-reply",
      "--dest=org.freedesktop.secrets",
      "/org/freedesktop/secrets",
      "org.freedesktop.Secret.Service.Lock",
      `array:objpath:${path}`,
    );
    await expect(keychain().open(parameters, context)).rejects.toMatchObject({ code: "slot/keychain-locked" });
    await expect(keychain().enrol(newContext())).rejects.toMatchObject({ code: "slot/keychain-locked" });
    await expect(keychain().forget(context)).rejects.toMatchObject({ code: "slot/keychain-locked" });
    await stop();
    await start();
    expect(toHex(await keychain().open(parameters, context))).toBe(toHex(secret));
  });
});

describe("without a keychain", () => {
  test("on a bus without one, nothing is enrolled or opened, and nothing lands in the kernel's keyrings", async () => {
    const context = newContext();
    const { parameters } = await keychain().enrol(context);
    await stop();
    const there = kernelKeys();
    await expect(keychain().enrol(newContext())).rejects.toMatchObject({
      code: "slot/no-keychain",
    });
    await expect(keychain().open(parameters, context)).rejects.toMatchObject({
      code: "slot/no-keychain",
    });
    expect(kernelKeys()).toEqual(there);
    expect(readFileSync("/proc/keys", "utf8")).not.toMatch(/keyward|vault /);
  });

  test("in a session without a bus it says that there is none", async () => {
    const script = `
      import { keychain } from ${JSON.stringify(new URL("../../src/slots/keychain/keychain.ts", import.meta.url).href)};
      import { randomBytes } from ${JSON.stringify(new URL("../../src/keys/random.ts", import.meta.url).href)};
      const context = { vaultId: "00".repeat(16), slotId: "00".repeat(8), random: randomBytes };
      for (const act of [() => keychain().enrol(context), () => keychain().open({}, context)])
        await act().then(() => console.log("done"), ({ code }) => console.log(code));`;
    const { DBUS_SESSION_BUS_ADDRESS: _, ...env } = process.env;
    const there = kernelKeys();
    const said = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], { env, encoding: "utf8" });
    expect(said).toBe("slot/no-keychain\nslot/no-keychain\n");
    expect(kernelKeys()).toEqual(there);
  });
});
