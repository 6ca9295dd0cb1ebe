import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import type { LoggedEntry, Store } from "../../src/index.ts";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { checkedLog, ETHER, ethLimit, kindsOf, payments, reopen, request, transaction } from "./fixture.ts";
import { child, type Line, withVault } from "./processes.ts";

/** The lease where nothing else is said. */
const LEASE_MS = 30_000;

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

/** The store on disk, by a clock that stands where the last commit left it until the test moves it. */
function standing(path: string, began: number): { readonly store: Store; pass(ms: number): void } {
  let now = began;
  return {
    store: lmdbStore(path, { now: () => now }),
    pass: (ms) => {
      now = Date.now() + ms;
    },
  };
}

describe("a process that is killed", () => {
  const POINTS = [
    { point: "before commit 1", reserved: false, signed: false },
    { point: "after commit 1", reserved: true, signed: false },
    { point: "after signing", reserved: true, signed: false },
    { point: "before commit 2", reserved: true, signed: false },
    { point: "after commit 2", reserved: true, signed: true },
  ] as const;

  test("anywhere in the line leaves no unlogged signature and no second spend", { timeout: 120_000 }, async () => {
    const check = ({ point, reserved, signed }: (typeof POINTS)[number]) =>
      withVault(policy, async (path) => {
        const began = Date.now();
        const { lines, signal } = await child("die", path, point, "6").ended;
        expect([point, signal, lines]).toEqual([point, "SIGKILL", []]);

        const { store, pass } = standing(path, began);
        const { custody, me } = await reopen(store);
        const ask = async () => (await me.sign(request(transaction({ nonce: 1, value: 6n * ETHER })))).kind;
        const found = kindsOf((await checkedLog(custody)).slice(5));
        const left = [reserved && "reserved", signed && "signed"].filter(Boolean);
        // The child opened the vault and its session, and then came as far as it came.
        expect([point, found]).toEqual([point, ["opened session", ...left, "opened session"].join(" ")]);

        // The limit is 10, the dead process asked for 6: a second 6 fits only if nothing is held.
        expect([point, await ask()]).toEqual([point, reserved ? "denied" : "signed"]);
        pass(LEASE_MS);
        expect([point, await ask()]).toEqual([point, signed ? "denied" : "signed"]);
        const entries = await checkedLog(custody);
        const lapsed = entries.findIndex(({ kind }) => kind === "lapsed");
        expect([point, lapsed >= 0]).toEqual([point, reserved && !signed]);
        if (lapsed >= 0) expect(entries.slice(lapsed).map(({ kind }) => kind)).toEqual(["lapsed", "reserved", "signed"]);
        expect(spent(entries)).toBe(6n * ETHER);

        if (signed) {
          const again = await me.sign(request(transaction({ nonce: 0, value: 6n * ETHER })));
          if (again.kind !== "signed") throw new Error(again.kind);
          expect(unlogged([{ kind: "signed", bytes: toHex(again.bytes) }], entries)).toEqual([]);
        }
        custody.lock();
        await store.close();
      });
    // Two at a time: more would only wait for each other.
    const left = [...POINTS];
    const work = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) await check(next);
    };
    await Promise.all([work(), work()]);
  });

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
