import { readJson } from "../../base/json.ts";
import { type Tried, tryCases } from "../cases.ts";
import type { Command } from "../command.ts";
import { EXIT } from "../exit.ts";
import { readBytes } from "../files.ts";
import { readPolicyFile } from "../policies.ts";
import { plain, type Style } from "../style.ts";

const MOST_BYTES = 64 * 1024 * 1024;

export const policyTest: Command = {
  name: "policy test",
  about: "try a policy on cases that say what they expect",
  operands: "POLICY.json CASES.json",
  count: [2, 2],
  options: {},
  example: "keyward policy test policy.json policy-cases.json",
  notes: [
    'A case asks for something, as bytes or as effects, by somebody at a moment, after what was signed before, and says what it expects: docs/policy.md, "Testing a policy".',
    "Exit 0 if every case is as expected, 1 if one is not, 2 if the policy or a case cannot be read.",
  ],
  async run({ operands: [file = "", path = ""], io }) {
    const policy = await readPolicyFile(file);
    const { value } = readJson(await readBytes(path, MOST_BYTES), { maxBytes: MOST_BYTES });
    io.endAtOnce();
    const tried = tryCases(policy, value, io.now);
    const failed = tried.filter(({ pass }) => !pass).length;
    return {
      exit: failed === 0 ? EXIT.done : EXIT.denied,
      json: { policy: policy.id, passed: tried.length - failed, failed, cases: tried.map((each) => ({ ...each })) },
      text: (style) => [...tried.flatMap((each) => caseLines(each, style)), summary(tried.length, failed, style)].join("\n"),
    };
  },
};

function caseLines({ name, pass, expected, got, why }: Tried, style: Style): string[] {
  if (pass) return [`${style.good("✓")} ${plain(name)}`];
  return [
    `${style.bad("✗")} ${style.bold(plain(name))}`,
    `    expected  ${plain(sayOutcome(expected))}`,
    `    got       ${plain(sayOutcome(got))}`,
    ...why.map((line, at) => `    ${at === 0 ? "why" : "   "}       ${plain(line)}`),
  ];
}

function sayOutcome({ verdict, reasons, needs }: Tried["expected"]): string {
  const more = [...((reasons ?? []) as readonly object[]), ...((needs ?? []) as readonly object[])].map((each) => JSON.stringify(each));
  return more.length === 0 ? String(verdict) : `${String(verdict)}  ${more.join(" ")}`;
}

function summary(all: number, failed: number, style: Style): string {
  return failed === 0 ? style.good(`${all} cases are as expected`) : style.bad(`${failed} of ${all} cases are not as expected`);
}
