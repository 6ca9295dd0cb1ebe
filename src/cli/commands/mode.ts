import type { Command } from "../command.ts";
import { outcomeAnswer } from "../outcomes.ts";
import { timeText } from "../show.ts";
import { plain } from "../style.ts";
import { PERSON, VAULT, withSession, withVault } from "../vaults.ts";

export const mode: Command = {
  name: "mode",
  about: "show the mode that holds, or ask for another",
  operands: "[MODE]",
  count: [0, 1],
  options: { ...VAULT, ...PERSON },
  example: "keyward mode frozen",
  notes: ["`frozen` is always there, and signs nothing. A change of mode is an act that the policy judges."],
  async run(call) {
    const [asked] = call.operands;
    if (asked !== undefined) return withSession(call, async (me) => outcomeAnswer(await me.submit({ act: "modeChange", mode: asked })));
    const held = await withVault(call, "view", (custody) => custody.mode());
    const until = held.until === undefined ? "" : ` until ${timeText(held.until)}`;
    return { json: { mode: held.name, until: held.until ?? null }, text: () => `${plain(held.name)}${until}` };
  },
};
