import type { Json } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { expectObject } from "../base/shape.ts";
import type { Reason } from "../intent/intent.ts";
import type { Policy } from "../policy/core.ts";
import { isPlainName } from "./names.ts";

/** A backup as it is asked, approved and logged: whoever has the keys of these recipients will have the vault. */
export interface BackupAct {
  readonly act: "export";
  readonly what: "backup";
  readonly name: string;
  readonly to: "passphrase" | readonly string[];
}

export const MOST_RECIPIENTS = 32;

/** @throws `request/malformed` */
export function readBackupAct(rest: { readonly [member: string]: Json }): BackupAct {
  const { name, to } = expectObject(rest, { required: ["name", "to"] }, "export");
  if (!isPlainName(name)) throw malformed("backup: expected a name");
  if (to === "passphrase") return { act: "export", what: "backup", name, to };
  const recipients = Array.isArray(to) ? (to as readonly Json[]) : [];
  const known = recipients.filter((recipient) => typeof recipient === "string" && /^age1[02-9ac-hj-np-z]{58}$/.test(recipient));
  if (known.length === 0 || known.length !== recipients.length || known.length > MOST_RECIPIENTS)
    throw malformed(`backup: expected a passphrase, or 1–${MOST_RECIPIENTS} recipients of age`);
  return { act: "export", what: "backup", name, to: known as readonly string[] };
}

/** Why a backup is denied that nobody could ever use. */
export function backupRefusals(policy: Pick<Policy, "rules">): readonly Reason[] {
  const about = policy.rules.filter(({ kinds }) => kinds.includes("restore"));
  const never = about.some(({ type, when }) => type === "forbid" && when.op === "always");
  return !never && about.some(({ type }) => type === "allow") ? [] : [noRestore];
}

const noRestore: Reason = {
  code: "backup/no-restore",
  params: {},
  text: "no rule of the policy could allow a restore, so a backup could never be used; let a rule allow restore first",
};

function malformed(problem: string): CustodyError {
  return new CustodyError("request/malformed", `export: ${problem}`);
}
