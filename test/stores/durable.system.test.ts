import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("an LMDB commit has flushed pages and root to the disk before it returns", () => {
  const folder = mkdtempSync(join(tmpdir(), "keyward-strace-"));
  const trace = join(folder, "trace");
  const child = fileURLToPath(new URL("child.ts", import.meta.url));
  const calls = "trace=openat,write,writev,pwrite64,pwritev,fsync,fdatasync,msync";
  execFileSync("strace", ["-f", "-y", "-e", calls, "-o", trace, process.execPath, "--import", "tsx", child, "mark", join(folder, "vault")]);
  const lines = readFileSync(trace, "utf8").split("\n");
  const marks = lines.flatMap((line, index) => (/write\(1<[^>]*>, "MARK/.test(line) ? [index] : []));
  expect(marks).toHaveLength(2);
  const commit = lines.slice(marks[0], marks[1]).filter((line) => line.includes("data.mdb"));
  const pages = commit.findIndex((line) => /\b(writev|pwritev|pwrite64)\(/.test(line));
  const flush = commit.findIndex((line) => /\bfdatasync\(/.test(line));
  const root = commit.findLastIndex((line) => /\bpwrite64\(/.test(line));
  expect(pages).toBeGreaterThanOrEqual(0);
  expect(flush).toBeGreaterThan(pages);
  expect(root).toBeGreaterThan(flush);
  // The root goes through a descriptor that flushes by itself.
  const descriptor = /pwrite64\((\d+)</.exec(commit[root] as string)?.[1];
  expect(lines.some((line) => line.includes("O_DSYNC") && new RegExp(`= ${descriptor}<`).test(line))).toBe(true);
  rmSync(folder, { recursive: true });
}, 60_000);
