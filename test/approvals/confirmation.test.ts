import fc from "fast-check";
import { hashTypedData } from "viem";
import { describe, expect, test } from "vitest";
import {
  type ConfirmationStatement,
  confirmationBytes,
  confirmationDigest,
  confirmationId,
  confirmationTypedData,
  proveConfirmation,
  readConfirmation,
} from "../../src/approvals/confirmation.ts";
import { readSession } from "../../src/approvals/session.ts";
import { approvalDigest, readApproval } from "../../src/approvals/statement.ts";
import { typedDataDigest } from "../../src/approvals/typed-data.ts";
import { fromUtf8, toHex } from "../../src/base/bytes.ts";
import type { Json } from "../../src/base/canonical.ts";
import { statement as approvalStatement, hash, publicKeyOf, signDigest } from "./sample.ts";

const malformed = expect.objectContaining({ code: "approval/malformed" });
const badSignature = expect.objectContaining({ code: "approval/bad-signature" });
const json = (value: unknown) => JSON.parse(JSON.stringify(value)) as { [name: string]: Json };

function statement(changes: Partial<ConfirmationStatement> = {}): ConfirmationStatement {
  return {
    vault: "vault-1",
    person: "ana",
    policy: hash("policy"),
    semantics: 1,
    pending: "0123456789abcdef",
    subject: hash("subject"),
    expiresMs: 2_000,
    nonce: "00112233445566778899aabbccddeeff",
    ...changes,
  };
}

function signed(changes: Partial<ConfirmationStatement> = {}, by = "ana") {
  const content = statement(changes);
  return { statement: content, publicKey: publicKeyOf(by), signature: signDigest(by, confirmationDigest(content)) };
}

const OTHER: { readonly [K in keyof ConfirmationStatement]: ConfirmationStatement[K] } = {
  vault: "v",
  person: "ben",
  policy: hash("p"),
  semantics: 2,
  pending: "x",
  subject: hash("i"),
  expiresMs: 1,
  nonce: "00".repeat(16),
};

describe("a confirmation", () => {
  test("is signed as its tag and its canonical JSON", () => {
    const text = fromUtf8(confirmationBytes(statement()));
    expect(text.startsWith('keyward/confirm/v1\n{"expiresMs":2000,"nonce":')).toBe(true);
    expect(toHex(confirmationDigest(statement()))).toBe(hash(text));
  });

  test("has another digest and another id, for keys and wallets, when any one member is another", () => {
    const all = [statement(), ...Object.entries(OTHER).map(([name, value]) => statement({ [name]: value }))];
    for (const digest of [confirmationDigest, (one: ConfirmationStatement) => typedDataDigest(confirmationTypedData(one))]) {
      expect(new Set(all.map((one) => toHex(digest(one)))).size).toBe(all.length);
    }
    expect(new Set(all.map(confirmationId)).size).toBe(all.length);
  });

  test("is to a wallet what viem makes of its typed data", () => {
    const typedData = confirmationTypedData(statement());
    expect(`0x${toHex(typedDataDigest(typedData))}`).toBe(hashTypedData(typedData as never));
  });

  test("is read back as it was written, and passes for no approval and no session", () => {
    expect(readConfirmation(json(signed()))).toEqual(signed());
    expect(() => readApproval(json({ person: "ana", ...signed() }))).toThrow(malformed);
    expect(() => readSession(json(signed()))).toThrow(malformed);
    expect(() => readConfirmation(json({ ...signed(), statement: approvalStatement() }))).toThrow(malformed);
  });

  test("with a member missing, added or of another form is refused", () => {
    const good = json(signed());
    const inner = good.statement as { [name: string]: Json };
    const bad: Json[] = [null, 1, "x", [], {}, { ...good, more: 1 }, { ...good, statement: { ...inner, more: 1 } }];
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
      { ...good, signature: String(good.signature).toUpperCase() },
      { ...good, statement: { ...inner, intent: `0x${"0".repeat(62)}` } },
    );
    for (const value of bad) expect(() => readConfirmation(value), JSON.stringify(value)).toThrow(malformed);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => readConfirmation(value as Json)).toThrow(malformed);
      }),
      { numRuns: 100 },
    );
  });

  test("proves what a key of the person signed, and nothing else", () => {
    const anas = [{ kind: "secp256k1", publicKey: publicKeyOf("ana") }] as const;
    expect(proveConfirmation(signed(), anas)).toEqual(statement());
    const approval = { ...signed(), signature: signDigest("ana", approvalDigest(approvalStatement())) };
    const wrong = [
      [signed({}, "ben"), anas],
      [signed(), [{ kind: "unlock" }]],
      [signed(), []],
      [signed(), [{ kind: "service", publicKey: publicKeyOf("ana") }]],
      [{ ...signed(), statement: statement({ subject: hash("other") }) }, anas],
      [approval, anas],
    ] as const;
    for (const [one, credentials] of wrong) expect(() => proveConfirmation(one, credentials)).toThrow(badSignature);
  });
});
