import type { Command } from "../command.ts";
import { compare } from "../compared.ts";
import { EXIT } from "../exit.ts";
import { readPolicyFile } from "../policies.ts";

export const diff: Command = {
  name: "diff",
  about: "say what a change of policy lets happen that was not, and what it stops",
  operands: "FROM TO",
  count: [2, 2],
  options: {},
  example: "keyward diff policy.json policy-next.json",
  notes: [
    "Policies are compared as they are judged, with lists, roles, amounts and hours resolved; each difference comes with a request out of it. Exit 0 if they are equivalent or the second only tightens, 1 otherwise: also where it governs, or could not be decided.",
    "`parts` is what a vault would judge the edit by. `beside` is what differs beside the rules, such as people's credentials or what an asset is: no comparison of rules can tell what comes of that.",
  ],
  async run({ operands: [first = "", second = ""], io }) {
    const [from, to] = [await readPolicyFile(first), await readPolicyFile(second)];
    io.endAtOnce();
    const { direction, json, lines } = compare(from, to, { signal: io.signal });
    return {
      exit: direction === "none" || direction === "tightens" ? EXIT.done : EXIT.denied,
      json,
      text: (style) => lines(style).join("\n"),
    };
  },
};
