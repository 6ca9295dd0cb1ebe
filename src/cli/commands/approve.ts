import { recoverAddress, walletSignature } from "../../approvals/proof.ts";
import { approvalTypedData, typedDataDigest } from "../../approvals/typed-data.ts";
import type { Json, JsonObject } from "../../base/canonical.ts";
import { CustodyError } from "../../base/errors.ts";
import { type CheckedRequest, checkApprovalRequest } from "../../custody/approval-request.ts";
import { hasCredential, walletCredential } from "../../custody/credentials.ts";
import type { Custody } from "../../custody/keyward.ts";
import { approveOffline } from "../../custody/session.ts";
import { isService } from "../../policy/credentials.ts";
import { findPending, requestLines } from "../approving.ts";
import { CHAINS } from "../chains.ts";
import type { Answer, Call, Command } from "../command.ts";
import { usage } from "../exit.ts";
import { readRequestJson } from "../requests.ts";
import { decimal } from "../show.ts";
import { plain, styleFor } from "../style.ts";
import { inSession, PERSON, VAULT, withCredential, withVault } from "../vaults.ts";

export const approve: Command = {
  name: "approve",
  about: "answer a pending request, here or for another machine",
  operands: "[ID]",
  count: [0, 1],
  options: {
    no: { about: "say no, which ends the request" },
    yes: { about: "do not ask again on the terminal" },
    request: { value: "FILE", about: "an approval request from another machine: check it here and print the signed answer" },
    "typed-data": { about: "with --request: print what the person's wallet has to sign (eth_signTypedData_v4)" },
    signature: { value: "HEX", about: "with --request: what the wallet gave; check it and print the signed answer" },
    approval: { value: "FILE", about: "hand in an answer that was signed elsewhere" },
    ...PERSON,
    ...VAULT,
  },
  example: "keyward approve --request req.json --person ana --key-file ana.json > approval.json",
  notes: [
    "keyward approve ID --vault DIR --person NAME --key-file FILE answers on the vault's machine.",
    "On two machines: there keyward pending show ID --json > req.json; here keyward approve --request req.json …; there again keyward approve ID --approval approval.json.",
    "A person whose credential is a wallet (eip712) uses --typed-data, has the wallet sign that, and then --signature, with the same --no or without it.",
    "Wherever the key is, the bytes are decoded again with the policy's names, and nothing is signed if they are not what the request says.",
  ],
  async run(call) {
    const [id] = call.operands;
    const request = call.value("request");
    const approval = call.value("approval");
    if (request !== undefined && (id !== undefined || approval !== undefined))
      throw usage("approve: expected --request alone, without ID or --approval");
    if (request === undefined && isByWallet(call)) throw usage("approve: expected --request FILE beside --typed-data or --signature");
    if (request !== undefined) return approveElsewhere(call, request);
    if (id === undefined) throw usage("approve: expected the ID of a pending request, or --request FILE");
    return approval === undefined ? approveHere(call, id) : handIn(call, id, approval);
  },
};

/** On the approver's own machine: no vault, only the request, the key and the eyes of a person. */
async function approveElsewhere(call: Call, path: string): Promise<Answer> {
  const checked = checkApprovalRequest(await readRequestJson(call.io, path), { chains: CHAINS });
  const person = call.value("person");
  if (person === undefined) throw usage("approve: expected --person NAME beside --request");
  if (isByWallet(call)) return approveByWallet(call, checked, person);
  return withCredential(call, async (credential) => {
    if (credential === undefined) throw usage("approve: expected --key-file FILE beside --request");
    checkApprover(checked, person, credential.publicKey);
    await showAndAsk(call, checked);
    return printed(await approveOffline({ ...checked.statement, answer: answerOf(call) }, person, credential));
  });
}

function isByWallet(call: Call): boolean {
  return call.flag("typed-data") || call.flag("signature");
}

/** The wallet is wherever it is: first what it has to sign, then, with its signature, the answer. */
async function approveByWallet(call: Call, checked: CheckedRequest, person: string): Promise<Answer> {
  const signature = call.value("signature");
  if ((signature !== undefined && call.flag("typed-data")) || call.value("key-file") !== undefined)
    throw usage("approve: expected one of --typed-data, --signature and --key-file");
  const statement = { ...checked.statement, answer: answerOf(call) };
  const typedData = approvalTypedData(statement);
  if (signature === undefined) {
    checkApprover(checked, person, undefined);
    await showAndAsk(call, checked);
    return printed(typedData);
  }
  const signer = recoverAddress({ digest: typedDataDigest(typedData), signature: walletSignature(signature) });
  if (signer === undefined)
    throw new CustodyError("approval/bad-signature", "approval: expected a signature with low s that some wallet could have made");
  checkApprover(checked, person, signer);
  const wallet = walletCredential({ address: signer, signTypedData: async () => signature });
  return printed(await approveOffline(statement, person, wallet));
}

function printed(document: object): Answer {
  return { json: document as Json, text: () => JSON.stringify(document) };
}

async function approveHere(call: Call, id: string): Promise<Answer> {
  return withVault(call, "sign", async (custody) => {
    const checked = checkApprovalRequest(await custody.approvalRequest((await findPending(custody, id)).id), { chains: CHAINS });
    // What is answered is what was shown, and not what it has become meanwhile.
    const statement = { ...checked.statement, answer: answerOf(call) };
    const entry = await withCredential(call, async (credential) => {
      const person = call.value("person");
      if (credential === undefined) {
        await showAndAsk(call, checked);
        return inSession(custody, call, (me) => me.approve(id, { statement }));
      }
      if (person === undefined) throw usage("approve: expected --person NAME beside --key-file");
      checkApprover(checked, person, credential.publicKey);
      await showAndAsk(call, checked);
      return custody.submitApproval(id, await approveOffline(statement, person, credential));
    });
    return done(custody, { id, answer: answerOf(call), entry });
  });
}

async function handIn(call: Call, id: string, path: string): Promise<Answer> {
  const approval = await readRequestJson(call.io, path);
  const said = ((approval as JsonObject | null)?.statement as JsonObject | undefined)?.answer;
  return withVault(call, "sign", async (custody) => {
    const entry = await custody.submitApproval(id, approval);
    return done(custody, { id, answer: said === "no" ? "no" : "yes", entry });
  });
}

interface Given {
  readonly id: string;
  readonly answer: "yes" | "no";
  readonly entry: number;
}

/** What the answer did: a no that is written down has not always stopped something, and its entry says what. */
async function done(custody: Custody, { id, answer, entry }: Given): Promise<Answer> {
  const ends = answer === "no" ? await endedBy(custody, entry) : "";
  const why = STOPS_LITTLE[ends];
  const did = answer === "yes" ? "approved" : why === undefined ? "refused" : "said no";
  const next = answer === "yes" ? `\nnext: keyward pending show ${plain(id)}` : why === undefined ? "" : `\n${why}`;
  return {
    json: { kind: "done", pending: id, answer, entry, ...(answer === "no" && { ends }) },
    text: (style) => {
      const colour = { approved: style.good, refused: style.bad, "said no": style.wait }[did];
      return `${colour(did)}  ${plain(id)}  ${style.dim(`log entry ${entry}`)}${next}`;
    },
  };
}

async function endedBy(custody: Custody, entry: number): Promise<string> {
  for await (const { ends } of custody.history({ from: entry, limit: 1 })) return String(ends);
  return "";
}

const STOPS_LITTLE: { readonly [ends: string]: string } = {
  replacements: "it was signed before, and that stays: what the no stops is replacements",
  nothing: "it waits on: the no of somebody whom it is about does not end it",
};

function answerOf(call: Call): "yes" | "no" {
  return call.flag("no") ? "no" : "yes";
}

/**
 * Says early what the vault would say late.
 *
 * @param signer - the key, or the address of the wallet; absent before the wallet has signed.
 * @throws `approval/not-an-approver`, `approval/bad-signature`
 */
function checkApprover({ statement, policy }: CheckedRequest, person: string, signer: string | undefined): void {
  if (statement.submitters.includes(person))
    throw new CustodyError("approval/not-an-approver", `approval: ${person} submitted the request and cannot approve it`);
  const credentials = policy.people.get(person) ?? [];
  if (isService(credentials))
    throw new CustodyError("approval/not-an-approver", `approval: ${person} is a service, which approves nothing`);
  if (signer === undefined && !credentials.some(({ kind }) => kind === "eip712"))
    throw new CustodyError("approval/bad-signature", `approval: the policy gives ${person} no wallet`);
  if (signer === undefined || hasCredential(policy, person, signer)) return;
  const why = signer.startsWith("0x")
    ? `no wallet ${signer}: another wallet has signed, or another answer, or it is a contract (EIP-1271), which cannot be checked here`
    : "another key than that of the file";
  throw new CustodyError("approval/bad-signature", `approval: the policy gives ${person} ${why}`);
}

/** Shows what is about to be approved, beside the output, and waits for a yes where a person is looking. */
async function showAndAsk(call: Call, checked: CheckedRequest): Promise<void> {
  const { io } = call;
  const { statement, subject } = checked;
  if (!io.stderr.isTTY && call.flag("json")) return;
  const style = styleFor({ stdout: io.stderr, env: io.env });
  const covers = subject.kind === "bytes" ? "these exact bytes" : `these effects, with a fee of at most ${feeText(checked)}`;
  const lines = [
    ...requestLines(checked, style),
    `asked by ${statement.submitters.map(plain).join(", ")}; the answer covers ${covers}`,
    style.dim(`vault ${plain(statement.vault)}, policy ${statement.policy.slice(0, 16)}…, log of ${statement.head.size} entries`),
  ];
  await io.stderr.write(`${lines.join("\n")}\n`);
  if (!io.stderr.isTTY || call.flag("yes")) return;
  const question = call.flag("no") ? "Refuse this request?" : "Approve this request?";
  if (!(await io.confirm(question))) throw usage("approve: nothing was signed");
}

function feeText({ subject, intent, policy }: CheckedRequest): string {
  const fee = intent.effects.find(({ kind }) => kind === "fee");
  const asset = fee?.chain === undefined || fee.asset === undefined ? undefined : policy.book.asset(fee.chain, fee.asset);
  return asset === undefined
    ? `${subject.feeCeiling} of the smallest unit`
    : `${decimal(subject.feeCeiling, asset.decimals)} ${plain(asset.name)}`;
}
