import type { JsonObject } from "../../base/canonical.ts";
import { checkApprovalRequest } from "../../custody/approval-request.ts";
import type { PendingRequest } from "../../custody/pending-view.ts";
import { findPending, requestLines } from "../approving.ts";
import { CHAINS } from "../chains.ts";
import type { Command } from "../command.ts";
import { outcomeAnswer } from "../outcomes.ts";
import { readRequestJson } from "../requests.ts";
import { finishRotation } from "../rotation.ts";
import { needLines, timeText } from "../show.ts";
import { columns, plain, type Style } from "../style.ts";
import { PERSON, VAULT, withSession, withVault } from "../vaults.ts";
import { WALLET, withWallet } from "../wallets.ts";

export const pendingList: Command = {
  name: "pending list",
  about: "list what waits for people or time",
  operands: "",
  count: [0, 0],
  options: { ...VAULT },
  example: "keyward pending list",
  async run(call) {
    const waiting = await withVault(call, "view", (custody) => custody.pending());
    return {
      json: { pending: waiting as unknown as readonly JsonObject[] },
      text: (style) => (waiting.length === 0 ? "nothing waits" : columns(waiting.map((pending) => row(pending, style))).join("\n")),
    };
  },
};

export const pendingShow: Command = {
  name: "pending show",
  about: "show a pending request; with --json, all that an approver needs",
  operands: "ID",
  count: [1, 1],
  options: { ...VAULT },
  example: "keyward pending show 3f0c… --json > req.json",
  notes: [
    "The JSON holds the request, its effects, the statement to sign and the policy. keyward approve --request checks every part of it.",
  ],
  async run(call) {
    const [id = ""] = call.operands;
    return withVault(call, "view", async (custody) => {
      const pending = await findPending(custody, id);
      const json = await custody.approvalRequest(id);
      const checked = checkApprovalRequest(json, { chains: CHAINS });
      return {
        json: json as unknown as JsonObject,
        text: (style) => [...requestLines(checked, style), "", ...standing(pending, style)].join("\n"),
      };
    });
  },
};

export const pendingResume: Command = {
  name: "pending resume",
  about: "take a pending request up again: signs it once everything is met",
  operands: "ID [REQUEST.json]",
  count: [1, 2],
  options: { ...WALLET, ...VAULT, ...PERSON },
  example: "keyward pending resume 3f0c…",
  notes: ["REQUEST.json replaces the bytes by others with the same effects: a new nonce, a fee within what was approved."],
  async run(call) {
    const [id = "", path] = call.operands;
    const request = path === undefined ? undefined : await readRequestJson(call.io, path);
    return withWallet(call, { otherwise: undefined }, (wallet) =>
      withSession(call, async (me, custody) => {
        const outcome = await me.resume(id, { ...(request !== undefined && { request }), ...(wallet !== undefined && { wallet }) });
        await finishRotation(call, custody);
        return outcomeAnswer(outcome);
      }),
    );
  },
};

export const pendingWithdraw: Command = {
  name: "pending withdraw",
  about: "take an own pending request back",
  operands: "ID",
  count: [1, 1],
  options: { ...VAULT, ...PERSON },
  example: "keyward pending withdraw 3f0c…",
  async run(call) {
    const [id = ""] = call.operands;
    await withSession(call, (me) => me.withdraw(id));
    return { json: { kind: "done", pending: id }, text: (style) => `${style.good("withdrawn")}  ${plain(id)}` };
  },
};

function row({ id, request, submitters, missing, expires, used }: PendingRequest, style: Style): string[] {
  const state = used ? style.dim("signed already") : missing.length === 0 ? style.good("ready") : style.wait(`${missing.length} missing`);
  return [id, request.kind, `by ${submitters.map(plain).join(", ")}`, state, style.dim(`until ${timeText(expires)}`)];
}

function standing(pending: PendingRequest, style: Style): string[] {
  const { id, request, submitters, since, expires, missing, answers, ready, confirmed } = pending;
  const said = answers.map(
    ({ person, answer, at }) =>
      `  ${answer === "yes" ? style.good("✓") : style.bad("✗")} ${plain(person)} said ${answer} at ${timeText(at)}`,
  );
  if (confirmed !== undefined)
    said.push(`  ${style.good("✓")} ${plain(confirmed.person)} confirmed these bytes at ${timeText(confirmed.at)}`);
  if (pending.veto !== undefined) said.push(`  whoever opens ${plain(pending.veto.name)} can keep it: keyward pending veto ${id}`);
  const leaves = request.kind === "act" && (request.payload as JsonObject).act === "export";
  const collect = leaves ? "ask for the same export once more" : `keyward pending resume ${id}`;
  const next = missing.length === 0 ? [`ready: ${collect}`] : ["waits for:", ...needLines(missing, style)];
  const when = ready === undefined || missing.length === 0 ? [] : [`ready at ${timeText(ready)}`];
  return [`asked by ${submitters.map(plain).join(", ")} at ${timeText(since)}, until ${timeText(expires)}`, ...said, ...next, ...when];
}
