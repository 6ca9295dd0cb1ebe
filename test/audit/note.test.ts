import { ed25519 } from "@noble/curves/ed25519.js";
import { base64 } from "@scure/base";
import { describe, expect, test } from "vitest";
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from "../../src/audit/checkpoint.ts";
import { openNote, parseVerifier, type Signer, signNote, vkeyOf } from "../../src/audit/note.ts";
import { emptyFrontier, rootOf } from "../../src/audit/tree.ts";
import { fromHex, fromUtf8, utf8 } from "../../src/base/bytes.ts";

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
