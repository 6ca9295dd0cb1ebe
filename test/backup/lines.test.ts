import { base64 } from "@scure/base";
import { beforeAll, describe, expect, test } from "vitest";
import type { BackupContent } from "../../src/backup/content.ts";
import { readBackup, readLines } from "../../src/backup/read.ts";
import { concat, equal, fromUtf8, utf8 } from "../../src/base/bytes.ts";
import { CustodyError } from "../../src/base/errors.ts";
import * as f from "../custody/fixture.ts";
import { pieces } from "./files.ts";
import * as b from "./setting.ts";

let content: BackupContent;
let lines: Uint8Array;
beforeAll(async () => {
  const { custody, me } = await f.openCustody({ policy: b.policy() });
  await me.sign(f.request(f.transaction({ value: 5n })));
  const { file } = await b.take(me);
  content = await readBackup(pieces(file), b.key);
  lines = await b.inside(content);
  custody.lock();
});

/** These lines in another order, or with others, closed anew. */
async function changed(change: (lines: string[]) => string[]): Promise<string> {
  return b.reads(b.closed(change(b.linesIn(lines))));
}

describe("the lines of a backup", () => {
  test("read back as they were written, in pieces of any size", async () => {
    for (const size of [1, 7, 1000, lines.length]) {
      const read = await readLines(pieces(lines.slice(), size));
      expect(read.head).toEqual(content.head);
      expect(equal(read.secret, content.secret)).toBe(true);
      expect([...read.records]).toEqual([...content.records]);
    }
  });

  test("are what the format says: canonical JSON, keys ascending, a digest at the end", () => {
    const all = fromUtf8(lines).split("\n");
    expect(all.pop()).toBe("");
    const [first, ...rest] = all.map((line) => JSON.parse(line));
    const last = rest.pop();
    expect(Object.keys(first)).toEqual(["at", "checkpoint", "entries", "epoch", "keyward-backup", "secret", "slot", "vault"]);
    expect(first.slot).toMatchObject({ kind: "backup", parameters: {} });
    const keys = rest.map(({ key }) => key);
    expect(keys).toEqual([...keys].sort());
    expect(keys.slice(-2)).toEqual(["root", "vault"]);
    expect(last.records).toBe(keys.length);
  });

  test("are refused wherever a byte is another one, and wherever they are cut off", async () => {
    // Two records of random bytes are enough: nothing of them is opened here.
    const records = new Map(["00", "root"].map((key, at) => [key, new Uint8Array(256 + at).fill(at)]));
    const small = await b.inside({ ...content, records });
    const accepted: string[] = [];
    for (let at = 0; at < small.length; at++) {
      const flipped = small.with(at, (small[at] ?? 0) ^ (1 << (at % 8)));
      if ((await b.reads(flipped)) !== "backup/damaged") accepted.push(`byte ${at}`);
      if ((await b.reads(small.subarray(0, at))) !== "backup/damaged") accepted.push(`cut off at ${at}`);
    }
    expect(accepted).toEqual([]);
    expect(await b.reads(small)).toBe("read");
  });

  test("are refused with anything after them", async () => {
    for (const more of ["\n", " ", "{}\n", fromUtf8(lines)]) expect(await b.reads(concat(lines, utf8(more)))).toBe("backup/damaged");
  });

  test.each<[string, (lines: string[]) => string[]]>([
    ["a record twice", ([first, one, ...rest]) => [first, one, one, ...rest] as string[]],
    ["two records exchanged", ([first, one, two, ...rest]) => [first, two, one, ...rest] as string[]],
    ["no first line", ([, ...rest]) => rest],
    ["the first line twice", ([first, ...rest]) => [first, first, ...rest] as string[]],
    ["a space", ([first, one = "", ...rest]) => [first, one.replace(":", ": "), ...rest] as string[]],
    ["members exchanged", ([first, one = "", ...rest]) => [first, one.replace(/\{(.*),(.*)\}/, "{$2,$1}"), ...rest] as string[]],
    ["one member more", ([first, one = "", ...rest]) => [first, one.replace("}", ',"x":1}'), ...rest] as string[]],
    ["a key of other characters", ([first, one = "", ...rest]) => [first, one.replace(/"key":"./, '"key":"/'), ...rest] as string[]],
    ["a key twice in one line", ([first, one = "", ...rest]) => [first, one.replace(/("key":"[^"]*",)/, "$1$1"), ...rest] as string[]],
    ["a carriage return", (all) => all.map((line) => `${line}\r`)],
    ["base64 with bits to spare", ([first, ...rest]) => [first, ...rest.map((line) => line.replace(/[^"=](={1,2})"/, 'B$1"'))] as string[]],
    ["base64 without padding", ([first, ...rest]) => [first, ...rest.map((line) => line.replace(/=+"/, '"'))] as string[]],
    [
      "a value that is too short",
      ([first, ...rest]) => [first, `{"key":"00","value":"${base64.encode(new Uint8Array(255))}"}`, ...rest] as string[],
    ],
    ["another version", ([first = "", ...rest]) => [first.replace('backup":1', 'backup":2'), ...rest]],
    ["a member of the first line more", ([first = "", ...rest]) => [first.replace(/\}$/, ',"z":1}'), ...rest]],
    ["a member of the first line less", ([first = "", ...rest]) => [first.replace(/"epoch":\d+,/, ""), ...rest]],
    ["a member of the first line twice", ([first = "", ...rest]) => [first.replace(/("epoch":\d+,)/, "$1$1"), ...rest]],
    ["a way in of another kind", ([first = "", ...rest]) => [first.replace('"kind":"backup"', '"kind":"shares"'), ...rest]],
    ["a way in with parameters", ([first = "", ...rest]) => [first.replace('"parameters":{}', '"parameters":{"a":1}'), ...rest]],
    ["a way in that views only", ([first = "", ...rest]) => [first.replace(/"sign":"[0-9a-f]*"/, '"sign":null'), ...rest]],
    [
      "a secret in capitals",
      ([first = "", ...rest]) => [first.replace(/"secret":"[0-9a-f]*"/, (text) => `"secret"${text.slice(8).toUpperCase()}`), ...rest],
    ],
    ["a secret that is too short", ([first = "", ...rest]) => [first.replace(/"secret":"../, '"secret":"'), ...rest]],
    ["a time that is no integer", ([first = "", ...rest]) => [first.replace('{"at":', '{"at":0.'), ...rest]],
  ])("are refused with %s", async (_, change) => {
    const before = b.linesIn(lines);
    expect(change([...before])).not.toEqual(before);
    expect(await changed(change)).toBe("backup/damaged");
  });

  test("of a checkpoint that reads like the secret give the secret and not that", async () => {
    const secret = Uint8Array.from({ length: 32 }, (_, at) => at);
    const checkpoint = `","secret":"${"77".repeat(32)}","`;
    const read = await readLines(pieces(await b.inside({ ...content, head: { ...content.head, checkpoint }, secret })));
    expect([read.head.checkpoint, equal(read.secret, secret)]).toEqual([checkpoint, true]);
  });
});

describe("hostile lines", () => {
  /** So many pieces without end; counts what was taken. */
  async function endless(first: Uint8Array, more: (at: number) => Uint8Array): Promise<{ readonly code: string; readonly taken: number }> {
    let taken = 0;
    async function* all(): AsyncGenerator<Uint8Array> {
      yield first.slice();
      for (let at = 0; ; at++) {
        const piece = more(at);
        taken += piece.length;
        if (taken > 80 * 1024 * 1024) throw new Error("read without end");
        yield piece;
      }
    }
    const code = await readLines(all()).then(
      () => "read",
      (cause) => (cause instanceof CustodyError ? cause.code : String(cause)),
    );
    return { code, taken };
  }
  const first = () => utf8(`${b.linesIn(lines)[0]}\n`);
  const long = (letter: string) => () => utf8(letter.repeat(1024 * 1024));

  test("a first line without end is read no further than 64 KiB", async () => {
    const { code, taken } = await endless(new Uint8Array(0), () => utf8("a".repeat(1000)));
    expect(code).toBe("backup/damaged");
    expect(taken).toBeLessThan(70_000);
  });

  test("a record without end is read no further than 64 MiB", { timeout: 60_000 }, async () => {
    const { code, taken } = await endless(concat(first(), utf8('{"key":"00","value":"')), long("A"));
    expect(code).toBe("backup/damaged");
    expect(taken).toBeLessThan(66 * 1024 * 1024);
  });

  test.each<[string, (at: number) => Uint8Array]>([
    ["empty lines", () => utf8("\n".repeat(1000))],
    ["lines of a few bytes", () => utf8('{"key":"00","value":"AAAA"}\n')],
    ["the same line", () => utf8(`{"key":"00","value":"${"A".repeat(400)}"}\n`)],
    ["deep lists", () => utf8(`${"[".repeat(10_000)}\n`)],
    ["last lines", () => utf8(`{"records":0,"sha256":"${"0".repeat(64)}"}\n`)],
  ])("%s without end are refused at the second at the latest", async (_, more) => {
    const { code, taken } = await endless(first(), more);
    expect([code, taken < 25_000]).toEqual(["backup/damaged", true]);
  });

  test("a first line that is nested as deep as it is long is refused, and no stack overflows", async () => {
    const nested = `{"at":${"[".repeat(30_000)}${"]".repeat(30_000)},"secret":"${"0".repeat(64)}"}`;
    expect(await b.reads(b.closed([nested]))).toBe("backup/damaged");
  });

  test("two hundred thousand lines are read in the time and memory of what they hold", { timeout: 120_000 }, async () => {
    const value = base64.encode(new Uint8Array(256));
    const before = process.cpuUsage();
    const { code } = await endless(first(), (at) =>
      utf8(Array.from({ length: 100 }, (_, line) => `{"key":"${String(100 * at + line).padStart(8, "0")}","value":"${value}"}\n`).join("")),
    );
    // Ended by the bound of this test; reading them was never refused, nor was it slow.
    expect(code).toBe("Error: read without end");
    const { user } = process.cpuUsage(before);
    expect(user / 1e6).toBeLessThan(60);
  });
});
