import { ed25519 } from "@noble/curves/ed25519.js";
import { base64 } from "@scure/base";
import { describe, expect, test } from "vitest";
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from "../../src/audit/checkpoint.ts";
import { openNote, parseVerifier, type Signer, signNote, vkeyOf } from "../../src/audit/note.ts";
import { append, emptyFrontier, type Frontier, leafHash, rootOf } from "../../src/audit/tree.ts";
import { fromHex, fromUtf8, toHex, utf8 } from "../../src/base/bytes.ts";
import { shared, sharedFile, Tally, vectorSuite } from "../shared.ts";

const secret = new Uint8Array(32).fill(7);
const signer: Signer = { name: "keyward/a1b2", publicKey: ed25519.getPublicKey(secret), sign: (message) => ed25519.sign(message, secret) };
const vkey = vkeyOf(signer.name, signer.publicKey);
const verifier = parseVerifier(vkey);
const refusal = expect.objectContaining({ code: expect.stringMatching(/^log\/(malformed|bad-signature)$/) });

describe("signed notes", () => {
  test("what was signed opens, with its text and signer", async () => {
    const note = await signNote("first\n\nsecond\n", signer);
    expect(openNote(note, [verifier])).toEqual({
      text: "first\n\nsecond\n",
      verified: [{ name: signer.name, keyHash: verifier.keyHash }],
      unverified: [],
    });
  });

  test("every flipped bit, every missing byte and every prefix of a note is refused", { timeout: 30_000 }, async () => {
    const bytes = utf8(await signNote("text\n", signer));
    const opens = (changed: Uint8Array) => openNote(fromUtf8(changed, "log/malformed"), [verifier]);
    expect(opens(bytes).text).toBe("text\n");
    for (let at = 0; at < bytes.length; at++) {
      expect(() => opens(bytes.slice(0, at)), `prefix ${at}`).toThrow(refusal);
      expect(() => opens(Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + 1)])), `without ${at}`).toThrow(refusal);
      for (let bit = 0; bit < 8; bit++) {
        const changed = bytes.slice();
        changed[at]! ^= 1 << bit;
        expect(() => opens(changed), `byte ${at} bit ${bit}`).toThrow(refusal);
      }
    }
  });

  test("a signature by a key that nobody knows is listed as unverified and does not open a note", async () => {
    const other: Signer = { ...signer, name: "witness.example" };
    const note = await signNote("text\n", signer);
    const both = note + (await signNote("text\n", other)).split("\n\n")[1];
    expect(openNote(both, [verifier]).unverified.map(({ name }) => name)).toEqual(["witness.example"]);
    expect(() => openNote(both, [parseVerifier(vkeyOf("third", signer.publicKey))])).toThrow(
      expect.objectContaining({ code: "log/bad-signature" }),
    );
  });

  test("a wrong signature of a known key refuses the note even beside a right one of another", async () => {
    const other: Signer = { ...signer, name: "witness.example" };
    const wrong = (await signNote("other text\n", other)).split("\n\n")[1];
    const note = (await signNote("text\n", signer)) + wrong;
    expect(() => openNote(note, [verifier, parseVerifier(vkeyOf(other.name, other.publicKey))])).toThrow("invalid signature");
  });

  test("a signer whose signature does not verify lets nothing out", async () => {
    await expect(signNote("text\n", { ...signer, sign: () => new Uint8Array(64) })).rejects.toMatchObject({ code: "log/bad-signature" });
    await expect(signNote("text\n", { ...signer, sign: () => new Uint8Array(0) })).rejects.toMatchObject({ code: "log/bad-signature" });
  });

  test("texts and names that would not read back are not signed", async () => {
    for (const text of ["", "no line end", "a\tb\n", "a\r\n", "\ud800\n"])
      await expect(signNote(text, signer)).rejects.toMatchObject({ code: "log/malformed" });
    for (const name of ["", "two words", "a+b", "no\u00a0break", "line\n"])
      await expect(signNote("text\n", { ...signer, name })).rejects.toMatchObject({ code: "log/malformed" });
  });

  test("a key of small order, under which one signature fits every text, signs nothing", () => {
    const point = Uint8Array.from([1, ...new Uint8Array(31)]);
    const weak = parseVerifier(vkeyOf("weak", point));
    const signature = Uint8Array.from([...fromHex(weak.keyHash), ...point, ...new Uint8Array(32)]);
    expect(() => openNote(`any text\n\n\u2014 weak ${base64.encode(signature)}\n`, [weak])).toThrow("invalid signature");
  });

  test("every changed byte of a key text is refused", () => {
    for (let at = 0; at < vkey.length; at++) {
      for (const character of ["A", "a", "0", "+", "=", " ", "z"]) {
        if (vkey[at] === character) continue;
        expect(() => parseVerifier(vkey.slice(0, at) + character + vkey.slice(at + 1))).toThrow(refusal);
      }
      expect(() => parseVerifier(vkey.slice(0, at))).toThrow(refusal);
    }
  });
});

describe("checkpoints", () => {
  const root = rootOf(emptyFrontier);
  const good = { origin: signer.name, size: 12, root, time: Date.parse("2026-11-22T12:00:00.000Z"), extensions: [] };

  test("a checkpoint reads back as it was written", async () => {
    for (const checkpoint of [
      good,
      { ...good, size: 0 },
      { ...good, size: Number.MAX_SAFE_INTEGER },
      { ...good, extensions: ["one", "two"] },
    ]) {
      expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
      expect(openCheckpoint(await signCheckpoint(checkpoint, signer), verifier)).toMatchObject(checkpoint);
    }
    expect(formatCheckpoint(good)).toBe("keyward/a1b2\n12\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\ntime 2026-11-22T12:00:00.000Z\n");
  });

  test("every other spelling is refused", () => {
    const text = formatCheckpoint(good);
    const bad = [
      "", "\n", text.slice(0, -1), `${text}\n`, `\n${text}`, text.replace("12\n", "012\n"), text.replace("12\n", "+12\n"), text.replace("12\n", "0xc\n"),
      text.replace("12\n", "9007199254740992\n"), text.replace("12\n", "-1\n"), text.replace("12\n", "\n"), text.replace("FU=\n", "FV=\n"),
      text.replace("FU=\n", "FU\n"), text.replace("FU=\n", "F=\n"), text.replace("47DE", "47D"), text.replace(".000Z", "Z"), text.replace("-22T", "-32T"),
      text.replace("time 2026", "time  2026"), text.replace("a1b2\n12", "a1b2\n\n12"), "keyward/a1b2\n12\n",
    ]; // biome-ignore format: one list
    for (const wrong of bad)
      expect(() => parseCheckpoint(wrong), JSON.stringify(wrong)).toThrow(expect.objectContaining({ code: "log/malformed" }));
  });

  test("lines that would read back as something else are not written", () => {
    for (const extensions of [[""], ["a\nb"]]) expect(() => formatCheckpoint({ ...good, extensions })).toThrow(refusal);
    expect(() => formatCheckpoint({ origin: "x", size: 1, root, extensions: ["time 2026-11-22T12:00:00.000Z"] })).toThrow(refusal);
    expect(() => formatCheckpoint({ ...good, origin: "" })).toThrow(refusal);
    expect(() => formatCheckpoint({ ...good, root: root.slice(1) })).toThrow(refusal);
    expect(() => formatCheckpoint({ ...good, size: 1.5 })).toThrow(refusal);
  });

  test("the log's key speaks for its own log only", async () => {
    await expect(signCheckpoint({ ...good, origin: "keyward/other" }, signer)).rejects.toMatchObject({ code: "log/malformed" });
    const foreign = await signNote(formatCheckpoint({ ...good, origin: "keyward/other" }), signer);
    expect(() => openCheckpoint(foreign, verifier)).toThrow("origin");
  });
});

describe.skipIf(!shared)(vectorSuite("golang.org/x/mod/sumdb/note, C2SP, Tessera"), () => {
  interface OpenRow { name: string; note?: string; note_hex?: string; vkeys: string[]; verified?: string[]; unverified?: string[]; error?: string } // biome-ignore format: one line
  interface Notes { open: OpenRow[]; sign: { skey: string; text: string; note: string }; bad_vkeys: { vkey: string; why: string }[] } // biome-ignore format: one line

  test("fifteen notes open, or are refused for the published reason", () => {
    const tally = new Tally();
    for (const row of sharedFile<Notes>("vectors/tlog/signed-note-go.json").open) {
      try {
        const text = row.note ?? fromUtf8(fromHex(row.note_hex!), "log/malformed");
        const note = openNote(text, row.vkeys.map(parseVerifier));
        if (row.error) tally.accepted.push(row.name);
        else {
          expect(
            note.verified.map(({ name }) => name),
            row.name,
          ).toEqual(row.verified);
          expect(
            note.unverified.map(({ name }) => name),
            row.name,
          ).toEqual(row.unverified);
          tally.match++;
        }
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        const reason = row.error === "malformed note" ? code === "log/malformed" : code === "log/bad-signature";
        const named = !row.error?.startsWith("ambiguous") && !row.error?.startsWith("invalid") ? true : message.includes(row.error);
        if (row.error && reason && named) tally.refused++;
        else tally.wrong.push(`${row.name}: ${message}`);
      }
    }
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect([tally.match, tally.refused]).toEqual([4, 11]);
  });

  test("Go's own signing key makes Go's own note", async () => {
    const { sign, bad_vkeys } = sharedFile<Notes>("vectors/tlog/signed-note-go.json");
    const [, name, encoded] = /^PRIVATE\+KEY\+([^+]+)\+[0-9a-f]{8}\+(.+)$/.exec(sign.skey) as unknown as [string, string, string];
    const key = base64.decode(encoded).slice(1);
    const publicKey = ed25519.getPublicKey(key);
    expect(await signNote(sign.text, { name, publicKey, sign: (message) => ed25519.sign(message, key) })).toBe(sign.note);
    expect(vkeyOf(name, publicKey)).toBe("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    for (const { vkey: bad, why } of bad_vkeys) expect(() => parseVerifier(bad), why).toThrow(refusal);
    expect(bad_vkeys.length).toBe(2);
  });

  test("the examples of the C2SP specifications open", () => {
    const examples = sharedFile<{ signed_note: { vkey: string; note: string }; checkpoint_cosigned: string }>(
      "vectors/tlog/c2sp-examples.json",
    );
    expect(openNote(examples.signed_note.note, [parseVerifier(examples.signed_note.vkey)]).text).toBe("This is an example message.\n");
    const body = examples.checkpoint_cosigned.split("\n\n")[0];
    expect(parseCheckpoint(`${body}\n`)).toMatchObject({ origin: "example.com/behind-the-sofa", size: 20852163, extensions: [] });
  });

  test("a real log of 15 entries: all 16 roots and signatures", () => {
    const log = sharedFile<{ vkey: string; entries: string[]; files: Record<string, string> }>("vectors/tlog/tessera-log.json");
    const key = parseVerifier(log.vkey);
    let head: Frontier = emptyFrontier;
    let matched = 0;
    for (let size = 0; size <= 15; size++) {
      const { size: signedSize, root } = openCheckpoint(log.files[`checkpoint.${size}`]!, key);
      if (signedSize === size && toHex(root) === toHex(rootOf(head))) matched++;
      const entry = log.entries[size];
      if (entry !== undefined) head = append(head, leafHash(utf8(entry))).frontier;
    }
    expect(matched).toBe(16);
  });
});
