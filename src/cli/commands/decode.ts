import type { Json, JsonObject } from "../../base/canonical.ts";
import { type Intent, intentToJson } from "../../intent/intent.ts";
import type { Policy } from "../../policy/core.ts";
import { reading } from "../chains.ts";
import type { Answer, Call, Command } from "../command.ts";
import { usage } from "../exit.ts";
import { readLines } from "../lines.ts";
import { policyOf, readPolicyFile } from "../policies.ts";
import { readRequestJson, requestIn } from "../requests.ts";
import { reasonLines, reasonToJson } from "../show.ts";
import { VAULT, withVault } from "../vaults.ts";
import { intentLines } from "../verdict.ts";

export const decode: Command = {
  name: "decode",
  about: "show what signing a request would cause",
  operands: "[REQUEST.json]",
  count: [0, 1],
  options: {
    policy: { value: "FILE", about: "name assets and contracts as this policy does" },
    lines: { about: "one request per line in, one answer per line out" },
    ...VAULT,
  },
  example: "keyward decode --policy policy.json request.json",
  notes: [
    "Reads standard input where no file is given. With --vault, names are those of the vault's policy, and the account may be given by its name.",
    "With --json: {assumed, reasons, intent}; reasons are refusals of the decoder, which no policy can lift.",
  ],
  async run(call) {
    if (call.value("vault") === undefined) {
      const path = call.value("policy");
      const policy = path === undefined ? undefined : await readPolicyFile(path);
      const read = (json: Json) => reading.intent(requestIn(json), { policy });
      return answer(call, policy, async (json) => read(json));
    }
    if (call.value("policy") !== undefined) throw usage("decode: expected --policy or --vault, got both");
    return withVault(call, "view", async (custody) => {
      const policy = policyOf((await custody.policy()).document);
      return answer(call, policy, (json) => custody.decode(json));
    });
  },
};

async function answer(call: Call, policy: Policy | undefined, read: (json: Json) => Promise<Intent>): Promise<Answer> {
  if (call.flag("lines")) return readLines(call, async (json) => toJson(await read(json)));
  const intent = await read(await readRequestJson(call.io, call.operands[0]));
  return {
    json: toJson(intent),
    text: (style) => [...intentLines(intentToJson(intent), policy, style), ...reasonLines(intent.refusals, style)].join("\n"),
  };
}

function toJson(intent: Intent): JsonObject {
  return { assumed: [], reasons: intent.refusals.map(reasonToJson), intent: intentToJson(intent) };
}
