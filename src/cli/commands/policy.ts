import type { JsonObject } from "../../base/canonical.ts";
import { PolicyError } from "../../policy/problems.ts";
import type { Call, Command } from "../command.ts";
import { type Compared, compare } from "../compared.ts";
import { EXIT, usage } from "../exit.ts";
import { outcomeAnswer } from "../outcomes.ts";
import { policyOf, readPolicyFile } from "../policies.ts";
import { errorToJson } from "../report.ts";
import { plain, styleFor } from "../style.ts";
import { PERSON, VAULT, withSession, withVault } from "../vaults.ts";

export const policyCheck: Command = {
  name: "policy check",
  about: "check a policy document and show every problem with its place",
  operands: "FILE",
  count: [1, 1],
  options: {},
  example: "keyward policy check policy.json",
  notes: ["Each problem is one line, file:line:column: code message, and exit 2."],
  async run({ operands: [file = ""] }) {
    try {
      const { id, name, rules } = await readPolicyFile(file);
      return {
        json: { policy: id, name, rules: rules.length },
        text: (style) => `${style.good("good")}  ${plain(name)}, ${rules.length} rules  ${style.dim(id)}`,
      };
    } catch (cause) {
      if (!(cause instanceof PolicyError)) throw cause;
      const { problems } = cause;
      return {
        exit: EXIT.wrong,
        json: errorToJson(cause),
        text: (style) =>
          problems
            .map(
              ({ code, position: { line, column }, message }) => `${plain(file)}:${line}:${column}: ${style.bad(code)} ${plain(message)}`,
            )
            .join("\n"),
      };
    }
  },
};

export const policyShow: Command = {
  name: "policy show",
  about: "print the policy in force",
  operands: "",
  count: [0, 0],
  options: { ...VAULT },
  example: "keyward policy show > policy.json",
  async run(call) {
    return withVault(call, "view", async (custody) => {
      const { id, version, document } = await custody.policy();
      const { name: mode } = await custody.mode();
      // The text is the document alone, so that it can be edited and handed to policy set.
      return { json: { policy: id, version, mode, document }, text: () => JSON.stringify(document, null, 2) };
    });
  },
};

export const policySet: Command = {
  name: "policy set",
  about: "ask for another policy, under the rules of the one in force",
  operands: "FILE",
  count: [1, 1],
  options: { yes: { about: "do not ask again on the terminal" }, ...VAULT, ...PERSON },
  example: "keyward policy set policy.json",
  notes: [
    "An act that the policy in force judges: it may be done, have to wait for people or time, or be denied.",
    "First it shows what keyward diff proves of the edit: what is newly allowed and what it stops, each by a request, and whether it tightens, governs or loosens. A terminal then asks for a yes, unless --yes. With --json the same is `edit` beside the outcome.",
  ],
  async run(call) {
    const [file = ""] = call.operands;
    const to = await readPolicyFile(file);
    return withSession(call, async (me, custody) => {
      const inForce = async () => policyOf((await custody.policy()).document);
      const from = await inForce();
      const edit = compare(from, to, { signal: call.io.signal });
      await showAndAsk(call, edit);
      if ((await inForce()).id !== from.id) throw usage("policy set: another policy came into force meanwhile: look at the edit again");
      const { json, ...answer } = outcomeAnswer(await me.submit({ act: "policyEdit", policy: to.document }));
      return { ...answer, json: { ...(json as JsonObject), edit: edit.json } };
    });
  },
};

/** Shows beside the output what the edit changes, and waits for a yes where a person is looking. */
async function showAndAsk(call: Call, { lines }: Compared): Promise<void> {
  const { io } = call;
  if (!io.stderr.isTTY && call.flag("json")) return;
  await io.stderr.write(`${lines(styleFor({ stdout: io.stderr, env: io.env })).join("\n")}\n`);
  if (!io.stderr.isTTY || call.flag("yes")) return;
  if (!(await io.confirm("Ask for this edit?"))) throw usage("policy set: nothing was asked for");
}
