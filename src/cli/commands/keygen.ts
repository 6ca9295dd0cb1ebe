import type { Command } from "../command.ts";
import { writeKeyFile } from "../keyfile.ts";

export const keygen: Command = {
  name: "keygen",
  about: "make a person's key: for sessions and approvals, never for money",
  operands: "FILE",
  count: [1, 1],
  options: {},
  example: "keyward keygen ana.json",
  notes: ["The file gets mode 0600 and is not encrypted. The public key that is printed goes into the policy, under people."],
  async run({ operands: [file = ""] }) {
    const publicKey = await writeKeyFile(file);
    return {
      json: { kind: "secp256k1", publicKey, file },
      text: (style) =>
        [publicKey, style.dim(`in the policy: "people": { "NAME": [{ "kind": "secp256k1", "publicKey": "${publicKey}" }] }`)].join("\n"),
    };
  },
};
