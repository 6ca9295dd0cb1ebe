import { type ChildProcess, spawn } from "node:child_process";
import { hkdfSync } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { parsePath, withPrivateKey } from "../../src/keys/derive.ts";
import { entropyToMnemonic } from "../../src/keys/mnemonic.ts";
import { randomBytes } from "../../src/keys/random.ts";
import { entropyToSeed } from "../../src/keys/seed.ts";
import { english } from "../../src/keys/wordlist.ts";

// Reads the memory of another process of ours (Linux: /proc/<pid>/mem). Where that cannot be done the tests fail: a scan that
// finds nothing because it read nothing is no evidence.

const script = fileURLToPath(new URL("memory-process.ts", import.meta.url));
const MASK = 0xa5;
const PHRASE = utf8(`memory ${toHex(randomBytes(12))}`);
const KEY = randomBytes(32);

const mask = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ MASK);
const unmask = (text: string): Uint8Array => mask(fromHex(text));

let child: ChildProcess;
let lines: AsyncIterator<string>;

/** Has the child do something. @returns the secrets it has by then. */
async function step(line: string): Promise<{ readonly [name: string]: Uint8Array }> {
  child.stdin?.write(`${line}\n`);
  const { value, done } = await lines.next();
  if (done) throw new Error("the process ended");
  const told = Object.entries(JSON.parse(value) as Record<string, string | number>);
  return Object.fromEntries(told.flatMap(([name, text]) => (typeof text === "string" ? [[name, unmask(text)]] : [])));
}

interface Hits {
  readonly megabytes: number;
  /** How often each needle stands in memory: as bytes, as bytes in the opposite order, as hexadecimal text. */
  readonly hits: { readonly [name: string]: readonly [raw: number, reversed: number, hex: number] };
}

function scan(needles: { readonly [name: string]: Uint8Array }): Hits {
  const forms = Object.entries(needles).map(([name, bytes]) => {
    const raw = Buffer.from(bytes);
    // The C library writes over the first 16 bytes of what is given back to it: the rest is what somebody would find.
    return { name, forms: [raw.subarray(16), Buffer.from(raw).reverse(), Buffer.from(toHex(bytes))], hits: [0, 0, 0] };
  });
  let read = 0;
  const memory = openSync(`/proc/${child.pid}/mem`, "r");
  try {
    for (const line of readFileSync(`/proc/${child.pid}/maps`, "utf8").split("\n")) {
      const match = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
      if (!match || /\[v(var|dso|syscall)/.test(line)) continue;
      const [start, end] = [BigInt(`0x${match[1]}`), BigInt(`0x${match[2]}`)];
      // Chunks overlap by the longest needle.
      for (let at = start; at < end; at += BigInt(CHUNK)) {
        const wanted = Number(end - at < BigInt(CHUNK + OVERLAP) ? end - at : BigInt(CHUNK + OVERLAP));
        const bytes = readAt(memory, at, wanted);
        read += Math.min(bytes.length, CHUNK);
        for (const { forms: written, hits } of forms) {
          written.forEach((form, which) => {
            hits[which] = (hits[which] ?? 0) + count(bytes, form);
          });
        }
      }
    }
  } finally {
    closeSync(memory);
  }
  return {
    megabytes: Math.round(read / 2 ** 20),
    hits: Object.fromEntries(forms.map(({ name, hits }) => [name, hits as unknown as [number, number, number]])),
  };
}

const CHUNK = 16 * 2 ** 20;
const OVERLAP = 256;
const buffer = Buffer.alloc(CHUNK + OVERLAP);

function readAt(memory: number, at: bigint, wanted: number): Buffer {
  let length = 0;
  try {
    while (length < wanted) {
      const got = readSync(memory, buffer, length, wanted - length, at + BigInt(length));
      if (got === 0) break;
      length += got;
    }
  } catch (cause) {
    // A mapping that went away meanwhile, or that nobody may read: the amount read is checked by the caller.
    if ((cause as NodeJS.ErrnoException).code !== "EIO" && (cause as NodeJS.ErrnoException).code !== "EFAULT") throw cause;
  }
  return buffer.subarray(0, length);
}

function count(bytes: Buffer, needle: Buffer): number {
  let hits = 0;
  for (let at = bytes.indexOf(needle); at >= 0 && at < CHUNK; at = bytes.indexOf(needle, at + 1)) hits++;
  return hits;
}
/** What was found after each step, and what the needles are called. */
const found: { readonly step: string; readonly megabytes: number; readonly hits: Hits["hits"] }[] = [];

beforeAll(async () => {
  child = spawn(process.execPath, ["--expose-gc", "--import", "tsx", script], { stdio: ["pipe", "pipe", "inherit"] });
  lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const phrase = toHex(mask(PHRASE));
  for (const line of [`create ${phrase}`, "lock", `unlock ${phrase}`, `import ${toHex(mask(KEY))}`, "sign", "lock"]) {
    const needles = await secretsOf(await step(line));
    found.push({ step: line.split(" ")[0] ?? "", ...scan(needles) });
  }
}, 120_000);

afterAll(async () => {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
});

/** All secrets that follow from those that the child has told. */
async function secretsOf(told: { readonly [name: string]: Uint8Array }): Promise<{ readonly [name: string]: Uint8Array }> {
  const { stays, wiped, entropy, view, sign, naming, slot, vault } = told as { readonly [name in Told]: Uint8Array };
  const key = (root: Uint8Array, purpose: string) =>
    new Uint8Array(hkdfSync("sha256", root, vault.subarray(0, 16), `keyward/v1/${purpose}`, 32));
  const keys = (root: Uint8Array, purposes: readonly string[]) =>
    Object.fromEntries(purposes.map((purpose) => [purpose, key(root, purpose)]));
  const seed = await entropyToSeed(entropy, english);
  let account = new Uint8Array(0);
  await withPrivateKey(seed, parsePath("m/44'/60'/0'/0/0"), (privateKey) => {
    account = privateKey.slice();
  });
  return {
    ...{ stays, wiped, entropy, view, sign, naming, slot, seed, account, imported: KEY, passphrase: PHRASE },
    ...{ pin: key(slot, "slot pin"), "slot key": key(slot, "slot"), words: utf8(entropyToMnemonic(entropy, english)).slice(0, 40) },
    ...keys(view, VIEW),
    ...keys(sign, SIGN),
  };
}

type Told = "stays" | "wiped" | "entropy" | "view" | "sign" | "naming" | "slot" | "vault";
const VIEW = ["root", "record", "node", "blob"];
const SIGN = ["secret", "state signature", "checkpoint signature"];

/** Used by an operation and wiped by its end: nobody needs them while the vault is open. */
const PASSING = ["entropy", "slot", "pin", "passphrase", "seed"];
/** Ours while the vault is open, and wiped by `lock`: the roots too, which are sealed to every way in that comes. */
const LASTING = ["view", "sign", "naming", ...VIEW, "secret"];
/** What goes through the curve code, which keeps numbers and texts that nobody can wipe, and through WebCrypto: written down, not judged. */
const MEASURED = ["account", "imported", "words", "slot key", "state signature", "checkpoint signature"];

const NONE = [0, 0, 0];

describe("the memory of a process that uses a vault", () => {
  test("is what the scan reads: it finds what is there, once, and not what was wiped", () => {
    expect(found.map(({ step }) => step)).toEqual(["create", "lock", "unlock", "import", "sign", "lock"]);
    for (const { megabytes, hits } of found) {
      expect(megabytes).toBeGreaterThan(50);
      expect([hits.stays, hits.wiped]).toEqual([[1, 0, 0], NONE]);
    }
  });

  test("has the vault's keys while it is open", () => {
    for (const { step, hits } of found.filter((at) => at.step !== "lock"))
      for (const name of LASTING)
        expect([step, name, hits[name]?.[0]]).toEqual([step, name, expect.toSatisfy((count: number) => count > 0)]);
  });

  test("has none of them after lock, in no form", () => {
    const locked = found.filter(({ step }) => step === "lock");
    expect(locked).toHaveLength(2);
    for (const { hits } of locked) for (const name of LASTING) expect([name, hits[name]]).toEqual([name, NONE]);
  });

  test("has no entropy, seed, slot secret or passphrase once the operation is over that needed it", () => {
    for (const { step, hits } of found) for (const name of PASSING) expect([step, name, hits[name]]).toEqual([step, name, NONE]);
  });

  test("has traces of what the curve code and WebCrypto worked with, as written down here", () => {
    for (const { step, hits } of found) {
      const traces = MEASURED.flatMap((name) => (hits[name]?.some((count) => count > 0) ? [`${name} ${hits[name]?.join("/")}`] : []));
      console.log(`after ${step}, as bytes/reversed/hex: ${traces.join(", ") || "nothing"}`);
    }
    for (const { hits } of found) for (const name of MEASURED) expect(hits[name]).toHaveLength(3);
  });
});
