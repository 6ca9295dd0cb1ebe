import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { signCheckpoint } from "../../src/audit/checkpoint.ts";
import { commitment, type Entry, entryBody, readEntry } from "../../src/audit/entry.ts";
import { proveConsistency, proveEntry, verifyConsistencyProof, verifyEntryProof } from "../../src/audit/evidence.ts";
import { exportLog, type KeptEntry, originOf, textLines } from "../../src/audit/export.ts";
import { ENTRY_KINDS, type EntryKind } from "../../src/audit/kinds.ts";
import { type Signer, vkeyOf } from "../../src/audit/note.ts";
import { storedHashes, storedReader } from "../../src/audit/stored.ts";
import { append, emptyFrontier, type Frontier, leafHash, rootOf } from "../../src/audit/tree.ts";
import { type LogProblemCode, type LogReport, MAX_PROBLEMS, verifyLog } from "../../src/audit/verify.ts";
import { concat, fromUtf8, toHex, utf8 } from "../../src/base/bytes.ts";
import { canonical, type Json } from "../../src/base/canonical.ts";

const VAULT = "a1b2c3";
const START = Date.parse("2026-11-22T12:00:00.000Z");

/** A log in memory: what a vault does at each commit, without the encryption. Salts come from a seed, to repeat a run. */
class MemoryLog {
  readonly entries: KeptEntry[] = [];
  readonly records: Uint8Array[] = [];
  readonly #secret: Uint8Array;
  readonly signer: Signer;
  readonly vkey: string;
  head: Frontier = emptyFrontier;

  constructor(seed = 7) {
    this.#secret = new Uint8Array(32).fill(seed);
    this.signer = {
      name: originOf(VAULT),
      publicKey: ed25519.getPublicKey(this.#secret),
      sign: (message) => ed25519.sign(message, this.#secret),
    };
    this.vkey = vkeyOf(this.signer.name, this.signer.publicKey);
  }

  /** @returns the sequence number. */
  write(kind: EntryKind, fields: { readonly [name: string]: Json } = {}): number {
    const seq = this.head.size;
    const body = entryBody({ seq, time: START + 1000 * seq, kind, ...DEFAULTS, ...fields } as Entry);
    const salt = sha256(concat(this.#secret, utf8(`salt ${seq}`)));
    const { frontier, completed } = append(this.head, leafHash(commitment(salt, body)));
    this.head = frontier;
    this.entries.push({ seq, salt, body });
    this.records.push(storedHashes(completed));
    return seq;
  }

  sign(hold: string): void {
    const reservation = this.write("reserved", { hold, intent: hold });
    this.write("signed", { hold, intent: hold, reservation });
  }

  erase(seq: number): void {
    const { salt, body } = this.entries[seq] as { salt: Uint8Array; body: Uint8Array };
    this.entries[seq] = { seq, commitment: commitment(salt, body) };
  }

  checkpoint(): Promise<string> {
    return signCheckpoint(
      { origin: this.signer.name, size: this.head.size, root: rootOf(this.head), time: START + 1000 * this.head.size, extensions: [] },
      this.signer,
    );
  }

  async lines(): Promise<string[]> {
    const lines: string[] = [];
    for await (const line of exportLog({ vault: VAULT, vkey: this.vkey }, this.entries, await this.checkpoint())) lines.push(line);
    return lines;
  }

  read = storedReader(async (entry) => this.records[entry]);
}

// Every field that some kind must have, so that a test names only those it is about.
const DEFAULTS: { readonly [name: string]: Json } = {
  vault: VAULT, slot: "s1", session: "n1", event: "began", person: "owner", account: { id: "acc" }, policy: { id: "p", version: 1 }, book: "b", semantics: 1,
  mode: { name: "normal" }, request: { chain: "eip155:1", account: "acc", kind: "transaction", payload: "0x02" }, intent: "i", effects: [], hold: "h",
  reservation: 0, result: { hash: "0x1", digest: "22" }, reasons: [], count: 3, since: START, pending: "q", needs: [], proof: {}, clock: { from: 1, to: 2 },
  entries: [], why: "asked", code: "slot-failures", keys: {}, backup: {},
}; // biome-ignore format: one list

function small(seed?: number): MemoryLog {
  const log = new MemoryLog(seed);
  log.write("created");
  log.sign("hold-1");
  log.write("denied", { reasons: [{ code: "policy/not-allowed" }] });
  return log;
}

const problems = (report: LogReport): LogProblemCode[] => report.problems.map(({ code }) => code);
const verified = (log: MemoryLog, lines: Iterable<string>, checkpoints: readonly string[] = []) =>
  verifyLog(lines, { vkey: log.vkey, checkpoints });

describe("an exported log", () => {
  test("a hundred entries verify, against the key and every checkpoint that was kept", async () => {
    const log = new MemoryLog();
    const kept = [await log.checkpoint()];
    log.write("created");
    while (log.head.size < 100) {
      if (log.head.size % 10 === 3) log.sign(`hold ${log.head.size}`);
      else log.write(log.head.size % 2 === 0 ? "denied" : "opened");
      if (log.head.size % 7 === 0) kept.push(await log.checkpoint());
    }
    kept.push(await log.checkpoint());
    const report = await verified(log, await log.lines(), kept);
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({
      ok: true,
      pinned: true,
      vault: VAULT,
      size: 100,
      root: toHex(rootOf(log.head)),
      continues: kept.length,
      open: 0,
      erased: 0,
    });
    expect(report).toMatchObject({ first: START, last: START + 99_000, signedAt: START + 100_000 });
    expect(report.counts).toMatchObject({ created: 1, reserved: 10, signed: 10 });
    expect(Object.values(report.counts).reduce((sum, count) => sum + count, 0)).toBe(100);
  });

  test("an empty log verifies, and one text is cut into the lines it was made of", async () => {
    const log = new MemoryLog();
    const lines = await log.lines();
    expect([...textLines(`${lines.join("\n")}\n`)]).toEqual(lines);
    expect([...textLines(lines.join("\n"))]).toEqual(lines);
    expect(await verified(log, textLines(lines.join("\n")))).toMatchObject({ ok: true, size: 0 });
  });

  test("every flipped bit of every byte is found", { timeout: 60_000 }, async () => {
    const log = small();
    const bytes = utf8(`${(await log.lines()).join("\n")}\n`);
    expect((await verified(log, textLines(fromUtf8(bytes)))).ok).toBe(true);
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [0, 5]) {
        const changed = bytes.slice();
        changed[at]! ^= 1 << bit;
        const report = await verified(log, textLines(new TextDecoder().decode(changed)));
        expect(report.ok, `byte ${at} bit ${bit}`).toBe(false);
        expect(report.problems[0]!.line).toBeGreaterThan(0);
      }
    }
  });

  test("every prefix is found, but for the line end after the last line", { timeout: 60_000 }, async () => {
    const log = small();
    const text = `${(await log.lines()).join("\n")}\n`;
    for (let length = 0; length < text.length - 1; length++) expect((await verified(log, textLines(text.slice(0, length)))).ok).toBe(false);
    expect((await verified(log, textLines(text.slice(0, -1)))).ok).toBe(true);
  });

  test("a line that is dropped, doubled or out of order is found", async () => {
    const log = small();
    const lines = await log.lines();
    for (let at = 0; at < lines.length; at++) {
      expect((await verified(log, lines.toSpliced(at, 1))).ok, `without ${at}`).toBe(false);
      expect((await verified(log, lines.toSpliced(at, 0, lines[at]!))).ok, `twice ${at}`).toBe(false);
      expect((await verified(log, lines.toSpliced(at, 0, ""))).ok, `empty before ${at}`).toBe(false);
      if (at > 0) expect((await verified(log, lines.with(at, lines[at - 1]!).with(at - 1, lines[at]!))).ok, `swapped ${at}`).toBe(false);
    }
    expect(problems(await verified(log, lines.toSpliced(2, 1)))).toEqual(["log/gap"]);
    expect(problems(await verified(log, lines.slice(0, -1)))).toEqual(["log/truncated"]);
    expect(problems(await verified(log, [...lines, ""]))).toEqual(["log/malformed"]);
    expect(problems(await verified(log, []))).toEqual(["log/truncated"]);
  });

  test("an entry that was rewritten without its commitment is found at its place", async () => {
    const log = small();
    const lines = await log.lines();
    const report = await verified(log, lines.with(2, lines[2]!.replace("owner", "other")));
    expect(report.problems).toMatchObject([{ code: "log/damaged", line: 3, seq: 1 }]);
  });

  test("an entry that was rewritten with its commitment is found by the root", async () => {
    const log = small();
    const lines = await log.lines();
    const forger = small();
    const body = utf8(fromUtf8((forger.entries[3] as { body: Uint8Array }).body).replace("owner", "other"));
    forger.entries[3] = { ...(forger.entries[3] as { seq: number; salt: Uint8Array; body: Uint8Array }), body };
    const forged = (await forger.lines()).with(-1, lines.at(-1)!);
    expect(problems(await verified(log, forged))).toEqual(["log/root"]);
  });

  test("a whole log by another key is found, if the reader knows the key", async () => {
    const forged = await small(8).lines();
    expect(await verifyLog(forged)).toMatchObject({ ok: true, pinned: false });
    expect(problems(await verified(small(), forged))).toContain("log/wrong-key");
  });

  test("a checkpoint by another key is found, whatever the header says", async () => {
    const [log, other] = [small(), small(8)];
    const lines = await log.lines();
    expect(problems(await verified(log, lines.with(-1, (await other.lines()).at(-1)!)))).toEqual(["log/bad-checkpoint"]);
  });

  test("a key that is not named after the vault is found even when nobody knows the key", async () => {
    const lines = await small().lines();
    expect(problems(await verifyLog(lines.with(0, lines[0]!.replace(`"vault":"${VAULT}"`, '"vault":"other"'))))).toContain("log/wrong-key");
  });

  test("a log that was forked is found by an older checkpoint that somebody kept", async () => {
    const honest = small();
    const kept = await honest.checkpoint();
    const forged = new MemoryLog();
    forged.write("created");
    forged.write("opened");
    forged.write("opened");
    forged.write("opened");
    forged.write("opened");
    expect((await verified(forged, await forged.lines())).ok).toBe(true);
    const report = await verified(forged, await forged.lines(), [kept]);
    expect(report.problems).toMatchObject([{ code: "log/forked", line: 5 }]);
    expect(report.continues).toBe(0);
  });

  test("a log that was put back to an older state is found by a newer checkpoint that somebody kept", async () => {
    const log = small();
    const older = await log.lines();
    log.write("opened");
    expect(problems(await verified(log, older, [await log.checkpoint()]))).toEqual(["log/rolled-back"]);
  });

  test("a kept checkpoint that is not by this key is not passed over", async () => {
    const log = small();
    expect(problems(await verified(log, await log.lines(), [await small(8).checkpoint(), "x"]))).toEqual(["log/bad-kept", "log/bad-kept"]);
  });

  test("lines that are not canonical are refused, although they say the same", async () => {
    const log = small();
    const lines = await log.lines();
    for (const change of [
      (line: string) => ` ${line}`,
      (line: string) => line.replace('":', '": '),
      (line: string) => line.replace("{", '{"a":1,'),
      (line: string) => line.replace('"seq":1}', '"seq":1,"seq":1}'),
      (line: string) => line.replace('"seq":1}', '"seq":1e0}'),
      (line: string) => line.replace("owner", "\\u006fwner"),
      (line: string) => `[${line}]`,
      () => "null",
      () => "[".repeat(200_000),
      () => `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`,
      () => '{"a":1.5}',
      () => '{"a":"\\ud800"}',
    ]) expect(problems(await verified(log, lines.with(2, change(lines[2]!))))).toEqual(["log/malformed"]); // biome-ignore format: one list
  });

  test("a stream that fails is the caller's to hear of", async () => {
    const failing = async function* () {
      yield (await small().lines())[0]!;
      throw new Error("disk gone");
    };
    await expect(verifyLog(failing())).rejects.toThrow("disk gone");
    await expect(verifyLog([], { vkey: "no key" })).rejects.toMatchObject({ code: "log/malformed" });
  });

  test("problems are counted up to a bound", async () => {
    const log = new MemoryLog();
    log.write("created");
    for (let i = 0; i < MAX_PROBLEMS + 20; i++) log.write("signed", { reservation: 0 });
    expect((await verified(log, await log.lines())).problems.length).toBe(MAX_PROBLEMS);
  });
});

describe("what entries say together", () => {
  const judged = async (write: (log: MemoryLog) => void): Promise<LogReport> => {
    const log = new MemoryLog();
    log.write("created");
    write(log);
    return verified(log, await log.lines());
  };
  const odd = [{ code: "log/not-reserved" }];

  test("signed without a reservation is found", async () => {
    expect((await judged((log) => log.write("signed", { reservation: 0 }))).problems).toMatchObject([{ ...odd[0], seq: 1 }]);
    expect((await judged((log) => log.write("signed", { reservation: 7 }))).problems).toMatchObject(odd);
  });

  test("signed twice under one reservation is found", async () => {
    const report = await judged((log) => {
      log.sign("h");
      log.write("signed", { hold: "h", intent: "h", reservation: 1 });
    });
    expect(report.problems).toMatchObject([{ ...odd[0], seq: 3 }]);
  });

  test("signed twice under one reservation is found, though it was erased", async () => {
    const report = await judged((log) => {
      log.sign("h");
      log.write("signed", { hold: "h", intent: "h", reservation: 1 });
      log.erase(1);
      log.write("erased", { entries: [1] });
    });
    expect(report).toMatchObject({ ok: false, unchecked: 1, problems: [{ ...odd[0], seq: 3 }] });
  });

  test("signed after its reservation lapsed is found, and a new reservation of the same hold is fine", async () => {
    const lapse = (log: MemoryLog) => log.write("lapsed", { reservation: log.write("reserved") });
    expect((await judged((log) => { lapse(log); log.write("signed", { reservation: 1 }); })).problems).toMatchObject(odd); // biome-ignore format: one line
    const again = await judged((log) => { lapse(log); log.write("signed", { reservation: log.write("reserved") }); }); // biome-ignore format: one line
    expect(again).toMatchObject({ ok: true, open: 0 });
  });

  test("signed under a reservation of another hold or intent is found", async () => {
    for (const other of [{ hold: "x" }, { intent: "x" }]) {
      expect((await judged((log) => log.write("signed", { reservation: log.write("reserved"), ...other }))).problems).toMatchObject(odd);
    }
  });

  test("a reservation that nothing closed is counted", async () => {
    expect(await judged((log) => log.write("reserved"))).toMatchObject({ ok: true, open: 1 });
  });

  test("time that runs back is found unless a clock entry says so", async () => {
    expect((await judged((log) => log.write("opened", { time: START - 1 }))).problems).toMatchObject([
      { code: "log/time-ran-back", seq: 1 },
    ]);
    expect((await judged((log) => { log.write("clock", { time: START - 5 }); log.write("opened", { time: START - 5 }); })).ok).toBe(true); // biome-ignore format: one line
  });

  test("a log that does not begin with its own vault's creation, or has another, is found", async () => {
    const log = new MemoryLog();
    log.write("opened");
    expect((await verified(log, await log.lines())).problems).toMatchObject([{ code: "log/not-created", seq: 0 }]);
    expect((await judged((again) => again.write("created"))).problems).toMatchObject([{ code: "log/not-created", seq: 1 }]);
    const other = new MemoryLog();
    other.write("created", { vault: "other" });
    expect(problems(await verified(other, await other.lines()))).toEqual(["log/not-created"]);
  });

  test("signed, reserved or done after a restore that was not allowed yet is found", async () => {
    const restore = { effects: [{ kind: "restore", at: [] }] };
    const rebuilt = (more: (log: MemoryLog) => void) =>
      judged((log) => {
        log.sign("before");
        log.write("restored", { event: "rebuilt" });
        more(log);
      });
    const found = { ok: false, problems: [{ code: "log/not-allowed", seq: 4 }] };
    expect(await rebuilt((log) => log.write("reserved"))).toMatchObject(found);
    expect(await rebuilt((log) => log.write("acted", { effects: [{ kind: "policyEdit" }] }))).toMatchObject(found);
    expect(await rebuilt((log) => log.write("acted", { effects: [...restore.effects, { kind: "rotate" }] }))).toMatchObject(found);
    expect(problems(await rebuilt((log) => log.sign("after")))).toEqual(["log/not-allowed", "log/not-allowed"]);
    const open = await judged((log) => {
      const reservation = log.write("reserved");
      log.write("restored", { event: "rebuilt" });
      log.write("signed", { reservation });
    });
    expect(problems(open)).toEqual(["log/not-allowed"]);
    const allowed = await rebuilt((log) => {
      for (const kind of ["session", "opened", "denied", "pending", "approved", "rotated"] as const) log.write(kind);
      log.write("acted", restore);
      log.write("restored", { event: "allowed" });
      log.sign("after");
      log.write("acted", { effects: [{ kind: "rotate" }] });
    });
    expect(allowed).toMatchObject({ ok: true, problems: [] });
  });

  test("what is odd does not hide what is forged", async () => {
    const log = new MemoryLog();
    log.write("created");
    log.write("signed", { reservation: 0 });
    const lines = await log.lines();
    log.write("opened");
    expect(problems(await verified(log, lines.with(-1, (await log.lines()).at(-1)!)))).toEqual(["log/not-reserved", "log/root"]);
  });
});

describe("erasure", () => {
  test("a log with erased entries still verifies, and says what it could not check", async () => {
    const log = small();
    const kept = await log.checkpoint();
    log.sign("hold-2");
    log.erase(1);
    log.erase(3);
    log.write("erased", { entries: [1, 3], why: "asked" });
    const before = toHex(rootOf(log.head));
    const lines = await log.lines();
    expect(lines[2]).not.toContain("hold-1");
    expect(await verified(log, lines, [kept])).toMatchObject({
      ok: true,
      erased: 2,
      unchecked: 1,
      root: before,
      continues: 1,
      counts: { signed: 2, reserved: 1 },
    });
  });

  test("erasing does not excuse what was never reserved", async () => {
    const log = small();
    log.write("signed", { hold: "x", reservation: 3 });
    log.erase(1);
    log.write("erased", { entries: [1] });
    expect(problems(await verified(log, await log.lines()))).toEqual(["log/not-reserved"]);
  });

  test("an entry that is shown as erased is found where no entry after it says that it was", async () => {
    const hidden = async (told: (log: MemoryLog) => void) => {
      const log = small();
      told(log);
      log.erase(1);
      log.erase(2);
      const report = await verified(log, await log.lines());
      return report.problems.map(({ code, seq }) => [code, seq]);
    };
    // As whoever hands out an export can do with every line of it, without any key.
    expect(await hidden(() => undefined)).toEqual([["log/not-erased", 1]]);
    expect(await hidden((log) => log.write("erased", { entries: [1], why: "asked" }))).toEqual([["log/not-erased", 2]]);
    expect(await hidden((log) => log.write("erased", { entries: [2, 99], why: "asked" }))).toEqual([["log/not-erased", 1]]);
    expect(await hidden((log) => log.write("erased", { entries: [1, 2, 2], why: "asked" }))).toEqual([]);
    expect(
      await hidden((log) => {
        log.write("erased", { entries: [1, 2], why: "asked" });
        log.erase(log.head.size - 1);
      }),
    ).toEqual([["log/not-erased", 1]]);
  });

  test("a leaf says nothing about a body that can be guessed, without its salt", () => {
    const body = entryBody({ seq: 0, time: START, kind: "created", vault: VAULT });
    const [one, two] = [commitment(new Uint8Array(32).fill(1), body), commitment(new Uint8Array(32).fill(2), body)];
    expect(toHex(one)).not.toBe(toHex(two));
    expect(toHex(one)).not.toBe(toHex(sha256(body)));
    expect(toHex(one)).toBe(toHex(sha256(concat(utf8("keyward/entry/v1"), new Uint8Array(32).fill(1), body))));
    for (const length of [0, 16, 31, 33]) expect(() => commitment(new Uint8Array(length), body)).toThrow("salt");
  });
});

describe("entries", () => {
  const good: Entry = { seq: 0, time: START, kind: "created", vault: VAULT };

  test("an entry reads back as it was written, with members this version does not know", () => {
    expect(readEntry(entryBody(good))).toEqual(good);
    expect(readEntry(utf8(canonical({ ...good, later: { x: 1 } } as unknown as Json)))).toMatchObject({ later: { x: 1 } });
  });

  test("a body with a wrong frame or another spelling is refused", () => {
    for (const wrong of [
      { seq: -1 },
      { seq: "0" },
      { seq: 0.5 },
      { time: -1 },
      { time: "2026" },
      { kind: "other" },
      { kind: "toString" },
      { kind: 1 },
    ]) {
      const text = JSON.stringify(Object.fromEntries(Object.entries({ ...good, ...wrong }).sort(([a], [b]) => (a < b ? -1 : 1))));
      expect(() => readEntry(utf8(text)), text).toThrow(expect.objectContaining({ code: "log/malformed" }));
    }
    const text = fromUtf8(entryBody(good));
    for (const spelled of [` ${text}`, text.replace(":", ": "), JSON.stringify(good)])
      expect(() => readEntry(utf8(spelled))).toThrow("canonical");
    expect(() => readEntry(Uint8Array.of(0xff))).toThrow(expect.objectContaining({ code: "log/malformed" }));
  });

  test("no kind can be written without what it must have", () => {
    const has = Object.entries(ENTRY_KINDS).flatMap(([kind, { has: fields }]) => fields.map((field) => [kind, field] as const));
    expect(has.length).toBeGreaterThan(40);
    for (const [kind, field] of has) {
      const { [field]: _, ...rest } = DEFAULTS;
      expect(() => entryBody({ seq: 1, time: START, kind, ...rest } as unknown as Entry), `${kind} ${field}`).toThrow(field);
    }
  });

  test("bytes, fractions, big integers and class instances are refused instead of written as something else", () => {
    for (const code of [Uint8Array.of(1), 1.5, 5n, new Map(), () => 0, -0, "\ud800", [undefined]]) {
      expect(() => entryBody({ ...good, code } as unknown as Entry)).toThrow("plain JSON");
    }
  });
});

describe("proof files", () => {
  test("each entry is proven to somebody who has only the key, and shows nothing of the others", async () => {
    const log = small();
    const checkpoint = await log.checkpoint();
    for (const kept of log.entries as { seq: number; salt: Uint8Array; body: Uint8Array }[]) {
      const file = await proveEntry({ ...kept, checkpoint, vkey: log.vkey }, log.read);
      expect(verifyEntryProof(file, log.vkey)).toMatchObject({ ok: true, entry: { seq: kept.seq }, checkpoint: { size: 4 } });
      expect(verifyEntryProof(file, small(8).vkey)).toMatchObject({ ok: false, code: "log/bad-signature" });
    }
  });

  test("every changed byte of a proof file is found", { timeout: 30_000 }, async () => {
    const log = small();
    const [kept, from] = [log.entries[1] as { seq: number; salt: Uint8Array; body: Uint8Array }, await log.checkpoint()];
    log.sign("hold-2");
    const to = await log.checkpoint();
    const entry = utf8(await proveEntry({ ...kept, checkpoint: to, vkey: log.vkey }, log.read));
    const consistency = utf8(await proveConsistency({ from, to, vkey: log.vkey }, log.read));
    for (const [file, verify] of [[entry, verifyEntryProof], [consistency, verifyConsistencyProof]] as const) {
      expect(verify(fromUtf8(file), log.vkey).ok).toBe(true);
      for (let at = 0; at < file.length; at++) {
        const changed = file.slice();
        changed[at]! ^= 1;
        expect(verify(new TextDecoder().decode(changed), log.vkey).ok, `byte ${at}`).toBe(false);
      }
    } // biome-ignore format: one list
  });

  test("no false proof is handed out when a record is damaged", async () => {
    const log = small();
    const kept = log.entries[0] as { seq: number; salt: Uint8Array; body: Uint8Array };
    const [from, checkpoint] = [await small().checkpoint(), await log.checkpoint()];
    log.records[1]![5]! ^= 1;
    await expect(proveEntry({ ...kept, checkpoint, vkey: log.vkey }, log.read)).rejects.toMatchObject({ code: "log/damaged" });
    log.write("opened");
    log.records[4]![3]! ^= 1;
    await expect(proveConsistency({ from, to: await log.checkpoint(), vkey: log.vkey }, log.read)).rejects.toMatchObject({
      code: "log/damaged",
    });
  });

  test("the log of a later checkpoint is proven to continue the one that somebody kept, and no other", async () => {
    const log = small();
    const from = await log.checkpoint();
    log.sign("hold-2");
    const middle = await log.checkpoint();
    log.sign("hold-3");
    const file = await proveConsistency({ from, to: await log.checkpoint(), vkey: log.vkey }, log.read);
    expect(verifyConsistencyProof(file, log.vkey, from)).toMatchObject({ ok: true, from: { size: 4 }, to: { size: 8 } });
    expect(verifyConsistencyProof(file, log.vkey, middle)).toMatchObject({ ok: false, code: "log/bad-proof" });
  });
});
