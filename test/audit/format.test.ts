import { ed25519 } from "@noble/curves/ed25519.js";
import { expect, test } from "vitest";
import { signCheckpoint } from "../../src/audit/checkpoint.ts";
import { commitment, entryBody } from "../../src/audit/entry.ts";
import { entryLine, exportLog, type KeptEntry, originOf } from "../../src/audit/export.ts";
import format from "../../src/audit/FORMAT.md?raw";
import { vkeyOf } from "../../src/audit/note.ts";
import { storedHashes } from "../../src/audit/stored.ts";
import { append, emptyFrontier, frontierToJson, leafHash, rootOf } from "../../src/audit/tree.ts";
import { verifyLog } from "../../src/audit/verify.ts";
import { fromUtf8, toHex } from "../../src/base/bytes.ts";
import { canonical } from "../../src/base/canonical.ts";

test("the examples in FORMAT.md are what the code writes", async () => {
  const shows = (example: string) => expect(format.replaceAll("\n    ", "\n")).toContain(example);
  const secret = new Uint8Array(32).fill(7);
  const publicKey = ed25519.getPublicKey(secret);
  const signer = { name: originOf("a1b2c3"), publicKey, sign: (message: Uint8Array) => ed25519.sign(message, secret) };
  const vkey = vkeyOf(signer.name, publicKey);
  const time = Date.parse("2026-11-22T12:00:00.000Z");
  const bodies = [
    entryBody({ seq: 0, time, kind: "created", vault: "a1b2c3" }),
    entryBody({ seq: 1, time: time + 5000, kind: "opened", slot: "s1" }),
  ];
  const salts = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const commitments = bodies.map((body, seq) => commitment(salts[seq]!, body));
  const one = append(emptyFrontier, leafHash(commitments[0]!));
  const two = append(one.frontier, leafHash(commitments[1]!));
  const checkpoint = await signCheckpoint(
    { origin: signer.name, size: 2, root: rootOf(two.frontier), time: time + 5000, extensions: [] },
    signer,
  );

  shows(`\n${fromUtf8(bodies[0]!)}\n`);
  shows(`commitment 0  ${toHex(commitments[0]!)}\nleaf 0        ${toHex(leafHash(commitments[0]!))}\n`);
  for (const hash of two.completed) shows(`${toHex(hash)}  level`);
  expect(storedHashes(two.completed).length).toBe(64);
  shows(`\n${canonical(frontierToJson(two.frontier))}\n`);
  shows(`\n${checkpoint}\n`);
  shows(`\n${vkey}\n`);

  const entries: KeptEntry[] = [
    { seq: 0, salt: salts[0]!, body: bodies[0]! },
    { seq: 1, commitment: commitments[1]! },
  ];
  const lines: string[] = [];
  for await (const line of exportLog({ vault: "a1b2c3", vkey }, entries, checkpoint)) lines.push(line);
  shows(`\n${lines[0]}\n`);
  shows(`\n${lines[2]}\n`);
  expect(lines[1]).toBe(entryLine(entries[0]!));
  expect(await verifyLog(lines, { vkey })).toMatchObject({ size: 2, erased: 1, problems: [{ code: "log/not-erased", seq: 1 }] });
});
