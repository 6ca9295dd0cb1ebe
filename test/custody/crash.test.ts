import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import type { LoggedEntry } from "../../src/index.ts";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { checkedLog, ETHER, ethLimit, kindsOf, payments, reopen, request, transaction } from "./fixture.ts";
import { child, type Line, withVault } from "./processes.ts";

const policy = payments([ethLimit("10 ETH")]);

/** A signature that somebody has seen and the log does not know. */
function unlogged(lines: readonly Line[], entries: readonly LoggedEntry[]): readonly Line[] {
  const digests = new Set(entries.filter(({ kind }) => kind === "signed").map(({ result }) => (result as { digest: string }).digest));
  return lines.filter(({ kind, bytes }) => kind === "signed" && !digests.has(toHex(sha256(fromHex(bytes ?? "")))));
}

/** What the limit has let out, by the log. */
function spent(entries: readonly LoggedEntry[]): bigint {
  const reserved = new Map(entries.filter(({ kind }) => kind === "reserved").map((entry) => [entry.seq, entry]));
  return entries
    .filter(({ kind }) => kind === "signed")
    .flatMap((entry) => reserved.get(entry.reservation as number)?.effects as readonly { kind: string; amount: string }[])
    .reduce((sum, effect) => (effect.kind === "transfer" ? sum + BigInt(effect.amount) : sum), 0n);
}

// At each commit of each operation: `test/crash`.
describe("a process that is killed", () => {
  test("at any moment of signing without end has shown nothing that is not in the log", { timeout: 60_000 }, async () => {
    await withVault(payments([ethLimit("1000 ETH")]), async (path) => {
      const signer = child("stream", path);
      await signer.printed(12);
      signer.process.kill("SIGKILL");
      const { lines } = await signer.ended;
      const store = lmdbStore(path);
      const { custody } = await reopen(store);
      const entries = await checkedLog(custody);
      expect(lines.length).toBeGreaterThanOrEqual(12);
      expect(unlogged(lines, entries)).toEqual([]);
      custody.lock();
      await store.close();
    });
  });
});

describe("a process that is stopped for longer than its lease", () => {
  const SHORT_MS = 1500;

  async function stopped(meanwhile: (path: string) => Promise<void>): Promise<{ lines: readonly Line[]; entries: readonly LoggedEntry[] }> {
    return withVault(policy, async (path) => {
      const late = child("pause", path, "6", String(SHORT_MS));
      await late.printed(1);
      late.process.kill("SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, SHORT_MS + 50));
      await meanwhile(path);
      late.process.stdin.write("go\n");
      late.process.kill("SIGCONT");
      const { lines } = await late.ended;
      const store = lmdbStore(path);
      const { custody } = await reopen(store);
      const entries = await checkedLog(custody);
      custody.lock();
      await store.close();
      return { lines: lines.slice(1), entries };
    });
  }

  test("wakes too late: nothing leaves, whether or not its headroom was given to somebody else", { timeout: 90_000 }, async () => {
    const [alone, overtaken] = await Promise.all([
      stopped(async () => undefined),
      stopped(async (path) => {
        const store = lmdbStore(path);
        const { custody, me } = await reopen(store);
        const outcome = await me.sign(request(transaction({ nonce: 1, value: 6n * ETHER })));
        expect(outcome.kind).toBe("signed");
        custody.lock();
        await store.close();
      }),
    ]);
    for (const { lines } of [alone, overtaken]) {
      expect(lines).toHaveLength(1);
      expect(lines[0]?.code).toMatch(/^(store\/expired|vault\/reservation-lost)$/);
    }
    expect(kindsOf(alone.entries)).not.toContain("signed");
    expect(kindsOf(overtaken.entries)).toMatch(/ reserved opened session lapsed reserved signed opened session$/);
    expect(spent(overtaken.entries)).toBe(6n * ETHER);
  });
});
