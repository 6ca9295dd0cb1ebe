import type { Command } from "../command.ts";
import { writeKeyFile } from "../keyfile.ts";

export const keygen: Command = {
  name: "keygen",
  about: "make a person's key: for sessions and approvals, never for money",
  operands: "FILE",
  count: [1, 1],
  options: { service: { about: "for a machine: it asks, and never counts as an approver" } },
  example: "keyward keygen ana.json",
  notes: ["The file gets mode 0600 and is not encrypted. The public key that is printed goes into the policy, under people."],
  async run({ operands: [file = ""], flag }) {
    const publicKey = await writeKeyFile(file);
    const kind = flag("service") ? "service" : "secp256k1";
    return {
      json: { kind, publicKey, file },
      text: (style) =>
        [publicKey, style.dim(`in the policy: "people": { "NAME": [{ "kind": "${kind}", "publicKey": "${publicKey}" }] }`)].join("\n"),
    };
  },
};
