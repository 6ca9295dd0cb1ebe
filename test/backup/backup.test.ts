import { generateIdentity, identityToRecipient } from "age-encryption";
import { describe, expect, test } from "vitest";
import { concat } from "../../src/base/bytes.ts";
import { type BackupReport, type Session, verifyBackup } from "../../src/index.ts";
import * as f from "../custody/fixture.ts";
import * as g from "../custody/governance.ts";

const identity = await generateIdentity();
const recipient = await identityToRecipient(identity);
const rules: readonly object[] = [{ id: "care", allow: ["export", "restore", "rotate"], when: { requester: "owner" } }, g.edit];

async function backup(me: Session, name = "safe") {
  const pieces: Uint8Array[] = [];
  const outcome = await me.export({ what: "backup", name, to: { recipients: [recipient] }, write: (chunk) => void pieces.push(chunk) });
  return { outcome, file: concat(...pieces) };
}

describe("a backup", () => {
  test("is one file that verifies without a vault", async () => {
    const { custody, me } = await f.openCustody({ policy: g.team(rules) });
    await me.sign(f.request(f.transaction({ value: 5n })));
    const { outcome, file } = await backup(me);
    expect(outcome).toMatchObject({ kind: "exported" });
    const report: BackupReport = await verifyBackup(file, { identities: [identity] });
    console.log(report, await custody.backups());
    console.log(await custody.verifyBackup(file, { identities: [identity] }));
    await f.checkedLog(custody);
  });
});
