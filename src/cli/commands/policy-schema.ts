import { casesSchema } from "../../policy/cases-schema.ts";
import { policySchema } from "../../policy/schema.ts";
import { suggest } from "../args.ts";
import type { Command } from "../command.ts";
import { usage } from "../exit.ts";

const SCHEMAS = { policy: policySchema, cases: casesSchema } as const;

export const policySchemaOf: Command = {
  name: "policy schema",
  about: "print the JSON Schema of policies, or of test cases, for an editor",
  operands: "[policy|cases]",
  count: [0, 1],
  options: {},
  example: "keyward policy schema cases > policy-cases.schema.json",
  notes: ["What fits is not yet right: names, units and what rules mean together only policy check and policy test know."],
  async run({ operands: [what = "policy"] }) {
    if (what !== "policy" && what !== "cases")
      throw usage(`policy schema: expected policy or cases, got ${what}${suggest(what, Object.keys(SCHEMAS))}`);
    const schema = SCHEMAS[what]();
    return { json: schema, text: () => JSON.stringify(schema, null, 2) };
  },
};
