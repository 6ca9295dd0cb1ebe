import { isAbsolute, normalize } from "node:path";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { rehearseInCustody } from "../../custody/rehearsal.ts";
import { auditToJson } from "../../policy/analyze/audit-json.ts";
import { CATALOGUE } from "../../policy/analyze/catalogue.ts";
import { audit as auditOf } from "../../policy/analyze/report.ts";
import type { About } from "../../policy/report/about.ts";
import { reportHtml } from "../../policy/report/html.ts";
import { placesIn } from "../../policy/report/places.ts";
import { reportSarif } from "../../policy/report/sarif.ts";
import { reportText } from "../../policy/report/text.ts";
import { verdictOf } from "../../policy/report/verdict.ts";
import { readAuditOptions } from "../audit-options.ts";
import { reading } from "../chains.ts";
import type { Answer, Call, Command } from "../command.ts";
import { examplesFor } from "../examples.ts";
import { EXIT, usage } from "../exit.ts";
import { readBytes } from "../files.ts";
import type { Output } from "../io.ts";
import { Progress } from "../progress.ts";
import { readStdin } from "../requests.ts";
import { witnessToJson } from "../witness.ts";

export const audit: Command = {
  name: "audit",
  about: "say exactly what a policy lets happen: losses, channels, findings",
  operands: "POLICY.json",
  count: [1, 1],
  options: {
    stolen: { value: "NAMES", many: true, about: "whose credentials are stolen together: role:ops,ana" },
    people: { value: "K", about: "every so many people as well; 1 where it is not said" },
    horizon: { value: "DURATION", many: true, about: "for how long nobody stops it; 24h, 7d and 30d where it is not said" },
    mode: { value: "MODE", many: true, about: "in this mode only" },
    holdings: { value: "FILE", about: 'what there is, for shares: {"ETH": "1000.5"}' },
    copies: { value: "N", about: "how many live copies of the vault there are" },
    detection: { value: "DURATION", about: "after which somebody objects to what still waits" },
    from: { value: "DATE", about: "when the attack begins, or later; now where it is not said" },
    slots: { value: "FILE", about: 'who can open the vault or a copy: [{"name": "laptop", "opens": ["ana"]}]' },
    budget: { value: '"AMOUNT/TIME"', many: true, about: 'the most that may leave: "50 ETH/24h"' },
    work: { value: "N", about: "how much work each step may take before it is inconclusive" },
    sarif: { about: "SARIF 2.1.0 instead of text" },
    html: { about: "one HTML page instead of text" },
  },
  example: 'keyward audit policy.json --stolen role:ops --budget "50 ETH/24h"',
  notes: [
    "Exit 0: no finding is an error, every budget holds, everything was decided. Exit 1 otherwise; what has no bound or was not decided is within no budget, and a channel that is open within the time breaks it. Channels alone do not fail an audit without budgets.",
    "Without --stolen: every person, every role, every two roles, and with --people every so many people. A budget is held against each of them. `-` reads the policy from standard input.",
    "Ctrl-C ends it at once, also in the middle of a step: nothing is open, and nothing was written.",
    "The same policy, options and --from give the same bytes. With --json amounts are in smallest units, and witnesses come with real requests where there are any.",
  ],
  async run(call) {
    const form = formOf(call);
    const [path = "-"] = call.operands;
    const text = path === "-" ? await readStdin(call.io) : await readBytes(path, MOST_BYTES);
    const policy = reading.policy(text);
    const { options, budgets } = await readAuditOptions(call, policy);
    const progress = new Progress(call.io);
    call.io.endAtOnce();
    const found = await auditOf(policy, {
      ...options,
      examples: examplesFor(policy),
      signal: call.io.signal,
      replay: (its, sequence) => {
        const { complete, unasked } = rehearseInCustody(its, sequence);
        return unasked ? "unasked" : complete;
      },
      progress: (done, total, what) => progress.set(done, total, what),
      // Whatever else the process has to do, such as hearing Ctrl-C, is done between two steps.
      pause: async () => {
        await progress.show();
        await setImmediate();
      },
    });
    await progress.clear();
    const about: About = {
      version: call.io.version,
      budgets,
      catalogue: CATALOGUE,
      request: (witness) => witnessToJson(policy, witness).request as ReturnType<NonNullable<About["request"]>>,
    };
    const exit = verdictOf(found, budgets).passed ? EXIT.done : EXIT.denied;
    const texts: { readonly [F in typeof form]: () => Answer } = {
      text: () => ({ text: (style) => reportText(found, about, style, widthOf(call.io.stdout)) }),
      json: () => ({ json: auditToJson(found, { witness: (witness, approvers) => witnessToJson(policy, witness, { approvers }) }) }),
      sarif: () => ({ text: () => JSON.stringify(reportSarif(found, about, { uri: uriOf(path), at: placesIn(text) }), null, 2) }),
      html: () => ({ text: () => reportHtml(found, about).trimEnd() }),
    };
    return { exit, ...texts[form]() };
  },
};

/** As wide as the terminal, where there is one; lines of more characters than a book has nobody reads well. */
function widthOf({ isTTY, columns }: Output): number {
  return isTTY && columns !== undefined ? Math.min(Math.max(columns, 60), 110) : 96;
}

/** What a policy file may weigh; the parser's own bound. */
const MOST_BYTES = 2 ** 20;

function formOf(call: Call): "text" | "json" | "sarif" | "html" {
  const [form = "text", other] = (["json", "sarif", "html"] as const).filter((name) => call.flag(name));
  if (other !== undefined) throw usage(`audit: expected one of --json, --sarif and --html, got --${form} and --${other}`);
  return form;
}

/** A path as SARIF wants it: relative as it was given, without its dot segments, so that results stand beside the file; else `file:`. */
function uriOf(path: string): string {
  if (path === "-") return "stdin";
  if (isAbsolute(path)) return pathToFileURL(path).href;
  const uri = encodeURI(normalize(path).replaceAll("\\", "/"));
  return uri.replaceAll("#", "%23").replaceAll("?", "%3F").replaceAll(":", "%3A");
}
