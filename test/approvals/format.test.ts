import { expect, test } from "vitest";
import format from "../../src/approvals/FORMAT.md?raw";
import { type SessionStatement, sessionBytes, sessionDigest } from "../../src/approvals/session.ts";
import { type ApprovalStatement, approvalBytes, approvalDigest } from "../../src/approvals/statement.ts";
import { approvalTypedData, sessionTypedData, type TypedData, typedDataDigest } from "../../src/approvals/typed-data.ts";
import { fromUtf8, toHex } from "../../src/base/bytes.ts";

test("the examples in FORMAT.md are what the code writes", () => {
  const text = format.replaceAll("\n    ", "\n");
  const approval: ApprovalStatement = {
    vault: "a1b2c3",
    policy: "11".repeat(32),
    semantics: 2,
    book: "22".repeat(32),
    subject: "33".repeat(32),
    submitters: ["owner"],
    answer: "yes",
    expiresMs: Date.parse("2026-11-22T12:00:00.000Z"),
    nonce: "44".repeat(16),
    head: { size: 7, root: "55".repeat(32) },
  };
  const session: SessionStatement = {
    vault: "a1b2c3",
    person: "cyd",
    scope: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    expiresMs: approval.expiresMs,
    nonce: "66".repeat(16),
  };
  const shows = (bytes: Uint8Array, key: Uint8Array, typedData: TypedData) => {
    expect(text).toContain(`\n${fromUtf8(bytes)}\n`);
    expect(text).toContain(`digest for a key     ${toHex(key)}\ndigest for a wallet  ${toHex(typedDataDigest(typedData))}\n`);
    const written = Object.entries(typedData.types).map(
      ([name, members]) => `${name}(${members.map((member) => `${member.type} ${member.name}`).join(",")})`,
    );
    expect(text).toContain(`\n${written[0]}\n`);
    expect(text).toContain(`\n${written.slice(1).join("")}\n`);
    expect(text).toContain(JSON.stringify(typedData.domain));
  };
  shows(approvalBytes(approval), approvalDigest(approval), approvalTypedData(approval));
  shows(sessionBytes(session), sessionDigest(session), sessionTypedData(session));
});
