import type { ConfirmationStatement } from "../../approvals/confirmation.ts";
import { exactSubject } from "../../approvals/subject.ts";
import { CustodyError } from "../../base/errors.ts";
import { checkApprovalRequest } from "../../custody/approval-request.ts";
import type { Custody } from "../../custody/keyward.ts";
import type { Session } from "../../custody/session.ts";
import { findPending, requestLines } from "../approving.ts";
import { CHAINS } from "../chains.ts";
import type { Call, Command } from "../command.ts";
import { usage } from "../exit.ts";
import { plain, styleFor } from "../style.ts";
import { inSession, PERSON, stretching, VAULT, withCredential, withVault } from "../vaults.ts";
import { isTyped, withWay } from "../ways.ts";

export const confirm: Command = {
  name: "confirm",
  about: "show that you, who asked, are there, where a rule asks for that",
  operands: "ID",
  count: [1, 1],
  options: { yes: { about: "do not ask again on the terminal" }, ...VAULT, ...PERSON },
  example: "keyward confirm 3f0c…",
  notes: [
    "Whoever unlocks does so once more, after the request was shown (where nothing of that is typed, a terminal asks for a yes, unless --yes); everybody else signs with --key-file FILE. Afterwards keyward pending resume ID takes it up.",
    "A confirmation is for the bytes as they are: a fee bump, a new nonce or an edit of the policy needs another one.",
  ],
  async run(call) {
    const [id = ""] = call.operands;
    if (call.value("passphrase-fd") !== undefined)
      throw usage("confirm: a descriptor can be read once, and the passphrase is needed twice; use --passphrase-file FILE");
    return withVault(call, "sign", (custody) =>
      inSession(custody, call, async (me) => {
        const statement = await show(call, custody, me, id);
        const entry = await withCredential(call, (credential) =>
          credential === undefined ? byUnlocking(call, me, statement) : askAndSign(call, () => me.confirm(id, { credential, statement })),
        );
        return {
          json: { kind: "done", pending: id, entry },
          text: (style) =>
            `${style.good("confirmed")}  ${plain(id)}  ${style.dim(`log entry ${entry}`)}\nnext: keyward pending resume ${plain(id)}`,
        };
      }),
    );
  },
};

/**
 * What is about to be confirmed, beside the output: these bytes, read again with the policy's names.
 *
 * @returns what a confirmation of just that is over: should the request be another one meanwhile, it is not confirmed.
 */
async function show(call: Call, custody: Custody, me: Session, id: string): Promise<ConfirmationStatement> {
  const { io } = call;
  const pending = await findPending(custody, id);
  if (!pending.submitters.includes(me.person))
    throw new CustodyError("pending/not-yours", "confirm: only who submitted it can confirm it, with their own presence");
  const statement = await me.confirmationStatement(pending.id);
  const checked = checkApprovalRequest(await custody.approvalRequest(pending.id), { chains: CHAINS });
  if (exactSubject(checked.intent) !== statement.subject || checked.policy.id !== statement.policy)
    throw new CustodyError("approval/mismatch", "confirm: the request changed while it was read, look at it again");
  if (!io.stderr.isTTY && call.flag("json")) return statement;
  const style = styleFor({ stdout: io.stderr, env: io.env });
  const lines = [...requestLines(checked, style), style.dim(`asked by ${plain(me.person)}; the confirmation covers these exact bytes`)];
  await io.stderr.write(`${lines.join("\n")}\n`);
  return statement;
}

/** Whoever types the passphrase has said yes by that; a file or a keychain has not. */
async function byUnlocking(call: Call, me: Session, statement: ConfirmationStatement): Promise<number> {
  const { io } = call;
  const { signal } = io;
  const confirming = () =>
    withWay(
      call,
      (slot) => stretching(io, (onProgress) => me.confirm(statement.pending, { slot, statement, signal, onProgress })),
      "Passphrase again, to confirm",
    );
  return isTyped(call) ? confirming() : askAndSign(call, confirming);
}

async function askAndSign(call: Call, sign: () => Promise<number>): Promise<number> {
  const { io } = call;
  if (io.stderr.isTTY && !call.flag("yes") && !(await io.confirm("Confirm this request?"))) throw usage("confirm: nothing was signed");
  return sign();
}
