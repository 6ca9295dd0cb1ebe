import type { Json } from "../../base/canonical.ts";
import type { Policy } from "../../policy/core.ts";
import type { Answer, Call, Command } from "../command.ts";
import { usage } from "../exit.ts";
import { Judging } from "../judging.ts";
import { readLines } from "../lines.ts";
import { modeNamed } from "../modes.ts";
import { policyOf, readPolicyFile } from "../policies.ts";
import { readRequestJson } from "../requests.ts";
import { PERSON, VAULT, withSession } from "../vaults.ts";
import { type Explained, explainedAnswer, explainedToJson } from "../verdict.ts";

export const explain: Command = {
  name: "explain",
  about: "say what a policy makes of a request, and what would pass",
  operands: "[REQUEST.json]",
  count: [0, 1],
  options: {
    policy: { value: "FILE", about: "judge by this policy, without a vault" },
    mode: { value: "MODE", about: "with --policy: the mode that holds, where the request does not say it" },
    lines: { about: "one request per line in, one answer per line out" },
    ...VAULT,
    ...PERSON,
  },
  example: "keyward explain --policy policy.json --json < request.json",
  notes: [
    'Without a vault the request may say who asks and when ("requester", "now"), and the other circumstances of a case of `keyward policy test`: session, origin, mode, listed, own. `effects` may stand for a request; so a witness of an audit or a diff can be given as it was printed. Its account is an address, and `assumed` says what else had to be taken for granted. With --vault the vault knows better, and all of that is refused.',
    "Nothing is signed and nothing is spent. On a vault the session that asks is logged, as every session is.",
  ],
  async run(call) {
    const path = call.value("policy");
    const onVault = call.value("vault") !== undefined;
    if (onVault === (path !== undefined)) throw usage("explain: expected one of --policy FILE and --vault DIR");
    const mode = call.value("mode");
    if (path !== undefined) {
      const policy = await readPolicyFile(path);
      const judging = new Judging(policy, { clock: call.io.now, ...(mode !== undefined && { mode: modeNamed(mode, policy) }) });
      return answer(call, policy, async (json) => judging.explain(json));
    }
    if (mode !== undefined) throw usage("explain: expected --mode beside --policy: a vault knows its mode");
    return withSession(call, async (me, custody) => {
      const policy = policyOf((await custody.policy()).document);
      return answer(call, policy, (json) => me.explain(json));
    });
  },
};

async function answer(call: Call, policy: Policy, judge: (json: Json) => Promise<Explained>): Promise<Answer> {
  if (call.flag("lines")) return readLines(call, async (json) => explainedToJson(await judge(json)));
  return explainedAnswer(await judge(await readRequestJson(call.io, call.operands[0])), policy);
}
