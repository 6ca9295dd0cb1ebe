import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isCredentialKey, proveApproval, proveSession, verifyCredential } from "../../src/approvals/credential.ts";
import { readSession, type SessionStatement, sessionBytes, sessionDigest } from "../../src/approvals/session.ts";
import { approvalBytes, approvalDigest, approvalId, readApproval } from "../../src/approvals/statement.ts";
import { concat, fromUtf8, toHex, utf8 } from "../../src/base/bytes.ts";
import { canonicalBytes, type Json } from "../../src/base/canonical.ts";
import { approval, hash, publicKeyOf, signDigest, signed, statement } from "./sample.ts";

const malformed = expect.objectContaining({ code: "approval/malformed" });
const badSignature = expect.objectContaining({ code: "approval/bad-signature" });
const json = (value: unknown) => JSON.parse(JSON.stringify(value)) as { [name: string]: Json };

const session: SessionStatement = {
  vault: "vault-1",
  person: "ana",
  scope: hash("scope"),
  expiresMs: 5,
  nonce: "00112233445566778899aabbccddeeff",
};

describe("an approval statement", () => {
  test("is signed as its tag and its canonical JSON", () => {
    const text = fromUtf8(approvalBytes(statement()));
    expect(text.startsWith('keyward/approval/v1\n{"answer":"yes","book":"')).toBe(true);
    expect(toHex(approvalDigest(statement()))).toBe(hash(text));
  });

  test("has another digest when any one member is another", () => {
    const other = {
      vault: "v",
      policy: hash("p"),
      semantics: 2,
      book: hash("b"),
      subject: hash("s"),
      submitters: ["ana", "ben"],
      answer: "no",
      expiresMs: 1,
      nonce: "00".repeat(16),
      head: { size: 8, root: hash("head") },
    } as const;
    const digests = Object.entries(other).map(([name, value]) => toHex(approvalDigest(statement({ [name]: value }))));
    digests.push(toHex(approvalDigest(statement())), toHex(approvalDigest(statement({ head: { size: 7, root: hash("x") } }))));
    expect(new Set(digests).size).toBe(Object.keys(statement()).length + 2);
  });

  test("can be no EIP-191 or EIP-712 message, no transaction and no session", () => {
    const bytes = approvalBytes(statement());
    expect(bytes[0]).not.toBe(0x19);
    expect(bytes[0]).toBeLessThan(0xc0);
    expect(approvalDigest(statement())).not.toEqual(keccak_256(bytes));
    expect(approvalDigest(statement())).not.toEqual(keccak_256(concat(utf8(`\x19Ethereum Signed Message:\n${bytes.length}`), bytes)));
    expect(approvalDigest(statement())).not.toEqual(sha256(sha256(bytes)));
    expect(sessionBytes(session).slice(0, 20)).not.toEqual(bytes.slice(0, 20));
  });

  test("is read back as it was written", () => {
    expect(readApproval(json(signed("ben")))).toEqual(signed("ben"));
  });

  test("with a member missing, added or of another form is refused", () => {
    const good = json(signed("ben"));
    const inner = good.statement as { [name: string]: Json };
    const bad: Json[] = [null, 1, "x", [], {}];
    for (const name of Object.keys(good)) {
      const { [name]: _, ...without } = good;
      bad.push(without, { ...good, [name]: null }, { ...good, [name]: "" });
    }
    for (const name of Object.keys(inner)) {
      const { [name]: _, ...without } = inner;
      for (const value of [without, ...[null, "", -1, 1.5, [], {}].map((wrong) => ({ ...inner, [name]: wrong }))])
        bad.push({ ...good, statement: value });
    }
    bad.push(
      { ...good, more: 1 },
      { ...good, statement: { ...inner, more: 1 } },
      { ...good, statement: { ...inner, head: { size: 1, root: hash("x"), more: 1 } } },
    );
    for (const submitters of [["b", "a"], ["a", "a"], ["a", ""], ["\ud800"], [1]])
      bad.push({ ...good, statement: { ...inner, submitters } });
    bad.push(
      { ...good, statement: { ...inner, answer: "YES" } },
      { ...good, statement: { ...inner, book: hash("book").toUpperCase() } },
      { ...good, statement: { ...inner, nonce: `0x${"00".repeat(15)}` } },
    );
    for (const value of bad) expect(() => readApproval(value), JSON.stringify(value)).toThrow(malformed);
  });

  test("any JSON at all is read or refused, never a crash", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => readApproval(value as Json)).toThrow(malformed);
      }),
      { numRuns: 200 },
    );
  });

  test("is kept as used under an id that differs by person and by statement", () => {
    const ids = [approval("ben"), approval("cyd"), approval("ben", { nonce: "11".repeat(16) })].map(approvalId);
    expect(new Set(ids).size).toBe(3);
    expect(approvalId(signed("ben"))).toBe(ids[0]);
  });
});

describe("a credential", () => {
  const digest = approvalDigest(statement());
  const good = { publicKey: publicKeyOf("ben"), digest, signature: signDigest("ben", digest) };

  test("verifies what its key signed, and nothing else", () => {
    expect(verifyCredential(good)).toBe(true);
    expect(verifyCredential({ ...good, publicKey: publicKeyOf("cyd") })).toBe(false);
    expect(verifyCredential({ ...good, digest: sha256(digest) })).toBe(false);
    expect(verifyCredential({ ...good, signature: signDigest("ben", sha256(digest)) })).toBe(false);
  });

  test("refuses a signature with high s, though plain ECDSA accepts it", () => {
    const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = n - BigInt(`0x${good.signature.slice(64)}`);
    expect(verifyCredential({ ...good, signature: good.signature.slice(0, 64) + s.toString(16).padStart(64, "0") })).toBe(false);
  });

  test("refuses a key that is no point of the curve, and every other form of key and signature", () => {
    expect(isCredentialKey(good.publicKey)).toBe(true);
    // x = 5 has no y on secp256k1.
    const offCurve = `02${"5".padStart(64, "0")}`;
    for (const publicKey of [
      offCurve,
      "",
      good.publicKey.slice(2),
      `04${good.publicKey.slice(2)}`,
      `0x${good.publicKey}`,
      good.publicKey.toUpperCase(),
      `02${"ff".repeat(32)}`,
      `00${"00".repeat(32)}`,
    ]) {
      expect(isCredentialKey(publicKey)).toBe(false);
      expect(verifyCredential({ ...good, publicKey })).toBe(false);
    }
    for (const signature of [
      "",
      good.signature.slice(2),
      `${good.signature}00`,
      `0x${good.signature}`,
      good.signature.toUpperCase(),
      "00".repeat(64),
    ]) {
      expect(verifyCredential({ ...good, signature })).toBe(false);
    }
    expect(verifyCredential({ ...good, digest: digest.slice(1) })).toBe(false);
  });

  test("proves an approval only if the policy gives that key to that person", () => {
    const own = [{ kind: "secp256k1", publicKey: publicKeyOf("ben") }] as const;
    expect(proveApproval(signed("ben"), own)).toEqual(approval("ben"));
    for (const credentials of [[], [{ kind: "unlock" }], [{ kind: "secp256k1", publicKey: publicKeyOf("cyd") }]] as const) {
      expect(() => proveApproval(signed("ben"), credentials)).toThrow(badSignature);
    }
    expect(() => proveApproval({ ...signed("ben"), statement: statement({ answer: "no" }) }, own)).toThrow(badSignature);
  });
});

describe("a session statement", () => {
  const sent = { statement: session, publicKey: publicKeyOf("ana"), signature: signDigest("ana", sessionDigest(session)) };
  const own = [{ kind: "secp256k1", publicKey: publicKeyOf("ana") }] as const;

  test("is read back and proven", () => {
    expect(fromUtf8(sessionBytes(session)).startsWith('keyward/session/v1\n{"expiresMs":5,')).toBe(true);
    expect(proveSession(readSession(json(sent)), [{ kind: "unlock" }, ...own])).toEqual(own[0]);
  });

  test("with any change is not proven, nor is an approval's signature a session's", () => {
    const badProof = expect.objectContaining({ code: "session/bad-proof" });
    for (const change of [{ vault: "v" }, { person: "ben" }, { scope: hash("all") }, { expiresMs: 6 }, { nonce: "00".repeat(16) }]) {
      expect(() => proveSession({ ...sent, statement: { ...session, ...change } }, own)).toThrow(badProof);
    }
    expect(() => proveSession(sent, [{ kind: "unlock" }])).toThrow(badProof);
    const asApproval = sha256(concat(utf8("keyward/approval/v1\n"), canonicalBytes({ ...session })));
    expect(() => proveSession({ ...sent, signature: signDigest("ana", asApproval) }, own)).toThrow(badProof);
  });

  test("with a member missing, added or of another form is refused", () => {
    const good = json(sent);
    const inner = good.statement as { [name: string]: Json };
    for (const name of Object.keys(inner)) {
      const { [name]: _, ...without } = inner;
      for (const value of [without, ...[null, "", -1, 1.5, [], {}].map((wrong) => ({ ...inner, [name]: wrong }))]) {
        expect(() => readSession({ ...good, statement: value })).toThrow(malformed);
      }
    }
    expect(() => readSession({ ...good, statement: { ...inner, more: 1 } })).toThrow(malformed);
    expect(() => readSession({ ...good, more: 1 })).toThrow(malformed);
  });
});
