import type { JsonObject } from "../../base/canonical.ts";
import type { Command } from "../command.ts";
import { outcomeAnswer } from "../outcomes.ts";
import { finishRotation } from "../rotation.ts";
import { PERSON, VAULT, withSession, withVault } from "../vaults.ts";

export const rotate: Command = {
  name: "rotate",
  about: "ask for new keys of the vault, sealed to every way in, also of those who are away",
  operands: "",
  count: [0, 0],
  options: { finish: { about: "ask for nothing; go on with what was stopped" }, ...VAULT, ...PERSON },
  example: "keyward rotate",
  notes: [
    "An act that the policy judges. Once it is done, everything is sealed anew, a portion at a time; Ctrl-C or a crash loses nothing, and the vault opens and signs meanwhile. keyward rotate --finish goes on where it was, and so does, for a while, every command that opens the vault.",
    "A copy of the vault from before still opens with what opened it then.",
  ],
  async run(call) {
    if (call.flag("finish")) {
      const resumed = await withVault(call, "sign", (custody) => finishRotation(call, custody));
      return {
        json: { kind: "finished", resumed },
        text: (style) => `${style.good("finished")}  ${resumed ? "everything lies under the new keys" : "there was nothing to go on with"}`,
      };
    }
    return withSession(call, async (me, custody) => {
      const outcome = await me.submit({ act: "rotate" });
      const answer = outcomeAnswer(outcome);
      if (outcome.kind !== "done") return answer;
      await finishRotation(call, custody);
      const { logKey } = custody;
      return {
        ...answer,
        json: { ...(answer.json as JsonObject), logKey },
        text: (style) =>
          [
            answer.text?.(style) ?? "",
            `  log key  ${logKey}`,
            "The log is signed by another key from here on: write it down where the vault is not.",
          ].join("\n"),
      };
    });
  },
};
