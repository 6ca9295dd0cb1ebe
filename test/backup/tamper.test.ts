import { base64 } from "@scure/base";
import { beforeAll, describe, expect, test } from "vitest";
import { readBackup } from "../../src/backup/read.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import * as f from "../custody/fixture.ts";
import { dump, restore } from "../vault/setting.ts";
import { pieces } from "./files.ts";
import * as b from "./setting.ts";

// Whoever can open a file can write another one with a digest that fits: what is changed here is closed anew.

interface Lines {
  readonly first: string;
  /** Values by key. */
  readonly records: ReadonlyMap<string, string>;
}

async function linesOf(file: Uint8Array): Promise<Lines> {
  const [first = "", ...rest] = b.linesIn(await b.inside(await readBackup(pieces(file), b.key)));
  return { first, records: new Map(rest.map((line) => Object.values(JSON.parse(line)) as [string, string])) };
}

function opens({ first, records }: Lines): Promise<string> {
  const sorted = [...records].sort(([one], [two]) => (one < two ? -1 : 1));
  return b.opens(b.closed([first, ...sorted.map(([key, value]) => `{"key":"${key}","value":"${value}"}`)]));
}

const withRecord = (lines: Lines, key: string, value: string | undefined): Lines => {
  const records = new Map(lines.records);
  if (value === undefined) records.delete(key);
  else records.set(key, value);
  return { ...lines, records };
};

let older: Lines;
let lines: Lines;
let other: Lines;
let fork: Lines;
let rotated: Lines;
beforeAll(async () => {
  const { me, custody, store } = await f.openCustody({ policy: b.policy(), store: memoryStore() });
  await me.sign(f.request(f.transaction({ value: 5n })));
  const copy = memoryStore();
  await restore(copy, await dump(store));
  const another = await f.reopen(copy);
  for (let nonce = 1; nonce < 5; nonce++) await another.me.sign(f.request(f.transaction({ value: 7n, nonce })));
  fork = await linesOf((await b.take(another.me)).file);
  older = await linesOf((await b.take(me)).file);
  await me.sign(f.request(f.transaction({ value: 6n, nonce: 1 })));
  await me.submit({ act: "policyEdit", policy: { ...b.policy(), name: "another" } });
  lines = await linesOf((await b.take(me)).file);
  other = await linesOf((await b.take((await f.openCustody({ policy: b.policy(), store: memoryStore() })).me)).file);
  await me.submit({ act: "rotate" });
  await custody.finishRotation();
  rotated = await linesOf((await b.take(me)).file);
});

describe("a backup that somebody wrote anew", () => {
  test("is whole where nothing is changed", async () => {
    for (const each of [older, lines, other, rotated]) expect(await opens(each)).toBe("whole");
  });

  test("is refused wherever a record is changed, dropped, or there is one more", async () => {
    const accepted: string[] = [];
    for (const [key, value] of lines.records) {
      const bytes = base64.decode(value);
      for (const at of [5, bytes.length >> 1, bytes.length - 1]) {
        const flipped = base64.encode(bytes.with(at, (bytes[at] ?? 0) ^ 1));
        if ((await opens(withRecord(lines, key, flipped))) !== "backup/damaged") accepted.push(`${key} ${at}`);
      }
      if ((await opens(withRecord(lines, key, undefined))) !== "backup/damaged") accepted.push(`without ${key}`);
      if ((await opens(withRecord(lines, `${key}00`.slice(-64), value))) !== "backup/damaged") accepted.push(`${key} twice`);
    }
    expect(accepted).toEqual([]);
  });

  test("is refused with any record of an older backup of the same vault", async () => {
    let replayed = 0;
    for (const [key, value] of older.records) {
      if (lines.records.get(key) === value) continue;
      replayed++;
      expect([key, await opens(withRecord(lines, key, value))]).toEqual([key, "backup/damaged"]);
    }
    expect(replayed).toBeGreaterThan(2);
  });

  test("is refused with any entry or hash of another history of the same vault", async () => {
    let exchanged = 0;
    for (const [key, value] of fork.records) {
      if (!lines.records.has(key) || lines.records.get(key) === value) continue;
      exchanged++;
      expect([key, await opens(withRecord(lines, key, value))]).toEqual([key, "backup/damaged"]);
    }
    expect(exchanged).toBeGreaterThan(8);
  });

  test("is refused with any two records exchanged", async () => {
    const entries = [...lines.records];
    for (const [at, [key, value]] of entries.entries()) {
      const [next, nextValue] = entries[(at + 1) % entries.length] ?? ["", ""];
      expect(await opens(withRecord(withRecord(lines, key, nextValue), next, value))).toBe("backup/damaged");
    }
  });

  test("is refused with a record of another vault, and with its root, header or way in", async () => {
    const [theirs = ""] = [...other.records.keys()];
    const mine = [...lines.records.keys()].find((key) => key.length === 64) ?? "";
    expect(await opens(withRecord(lines, theirs, other.records.get(theirs)))).toBe("backup/damaged");
    expect(await opens(withRecord(lines, mine, other.records.get(theirs)))).toBe("backup/damaged");
    for (const name of ["root", "vault"]) expect(await opens(withRecord(lines, name, other.records.get(name)))).toBe("backup/damaged");
    expect(await opens({ ...lines, first: other.first })).toBe("backup/damaged");
    expect(await opens({ ...lines, records: other.records })).toBe("backup/damaged");
  });

  test("is refused with the first line or the root of another time", async () => {
    expect(await opens({ ...lines, first: older.first })).toBe("backup/damaged");
    expect(await opens({ ...lines, first: rotated.first })).toBe("backup/damaged");
    expect(await opens({ ...rotated, first: lines.first })).toBe("backup/damaged");
    expect(await opens(withRecord(lines, "root", older.records.get("root")))).toBe("backup/damaged");
  });

  test("is refused where anything on the first line says something else", { timeout: 60_000 }, async () => {
    const { first } = lines;
    const said = JSON.parse(first);
    const before = JSON.parse(older.first);
    for (const [name, value] of Object.entries({
      at: said.at + 1,
      epoch: said.epoch - 1,
      entries: said.entries - 1,
      checkpoint: before.checkpoint,
    }))
      expect([name, await opens({ ...lines, first: rewritten(first, { [name]: value }) })]).toEqual([name, "backup/damaged"]);
    for (const name of ["vault", "secret"] as const) {
      const flipped = flip(said[name], 3);
      expect([name, await opens({ ...lines, first: rewritten(first, { [name]: flipped }) })]).toEqual([name, "backup/damaged"]);
    }
    for (const name of ["id", "publicKey", "view", "sign", "pin"]) {
      const text = said.slot[name] as string;
      for (const at of [0, 2, text.length >> 1, text.length - 1])
        expect([name, at, await opens({ ...lines, first: rewritten(first, { slot: { ...said.slot, [name]: flip(text, at) } }) })]).toEqual([
          name,
          at,
          "backup/damaged",
        ]);
      const theirs = rewritten(first, { slot: { ...said.slot, [name]: before.slot[name] } });
      expect([name, await opens({ ...lines, first: theirs })]).toEqual([name, "backup/damaged"]);
    }
  });

  test("with a log that says it is longer than the file is refused before anything is done as often", async () => {
    const said = JSON.parse(lines.first);
    expect(await opens({ ...lines, first: rewritten(lines.first, { ...said, entries: 2 ** 52 }) })).toBe("backup/damaged");
  });
});

function rewritten(first: string, change: object): string {
  const said = { ...JSON.parse(first), ...change };
  return JSON.stringify(
    Object.fromEntries(
      Object.keys(said)
        .sort()
        .map((name) => [name, said[name]]),
    ),
  );
}

/** Another hexadecimal digit in its place. */
function flip(text: string, at: number): string {
  const digit = (Number.parseInt(text[at] ?? "0", 16) ^ 1).toString(16);
  return text.slice(0, at) + digit + text.slice(at + 1);
}
