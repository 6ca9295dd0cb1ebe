import { CustodyError } from "../../base/errors.ts";
import { readAct } from "../../custody/acts.ts";
import { readRequest } from "../../custody/door.ts";
import type { ActOutcome, SignOutcome } from "../../custody/outcome.ts";
import type { Session } from "../../custody/session.ts";
import type { Request } from "../../intent/intent.ts";
import type { Command } from "../command.ts";
import { outcomeAnswer } from "../outcomes.ts";
import { readRequestJson } from "../requests.ts";
import { PERSON, VAULT, withSession } from "../vaults.ts";

export const sign: Command = {
  name: "sign",
  about: "sign a request if the policy allows it",
  operands: "[REQUEST.json]",
  count: [0, 1],
  options: { ...VAULT, ...PERSON },
  example: "keyward sign --vault ./vault --passphrase-file phrase request.json",
  notes: [
    "Signed, pending or denied are results: exit 0, 3 and 1. The same request again gives the same signature and spends nothing more.",
    "A request of kind act is done instead of signed; an import needs its secret and has a command of its own.",
  ],
  async run(call) {
    const request = readRequest(await readRequestJson(call.io, call.operands[0]));
    return withSession(call, async (me, custody) => {
      const outcome = await (request.kind === "act" ? submit(me, request, custody.id) : me.sign(request));
      return outcomeAnswer(outcome, outcome.kind === "denied" ? (await me.explain(request)).changes : []);
    });
  },
};

function submit(me: Session, { chain, payload }: Request, vault: string): Promise<ActOutcome | SignOutcome> {
  if (chain !== `keyward:${vault}`) throw new CustodyError("request/malformed", `act: expected keyward:${vault} as its chain`);
  const act = readAct(payload);
  if (act.act === "import") throw new CustodyError("request/unsupported", "import: the secret comes beside it; use keyward import");
  if (act.act === "export")
    throw new CustodyError("request/unsupported", "export: what leaves needs somebody to take it; use keyward export or keyward backup");
  if ("slot" in act) throw new CustodyError("request/unsupported", "slotChange: the slot enrols where it is added; use keyward slot");
  return me.submit(act);
}
