import { visible } from "../../base/visible.ts";
import { wrap } from "../../base/wrap.ts";
import type { Audit } from "../analyze/audit.ts";
import type { Finding, Severity, Suggestion } from "../analyze/finding.ts";
import type { Loss } from "../analyze/loss.ts";
import type { Sequence } from "../analyze/sequence.ts";
import type { Witness } from "../analyze/witness.ts";
import type { About } from "./about.ts";
import { CAVEATS } from "./caveats.ts";
import { DEAD } from "./dead.ts";
import { circumstancesText, effectTexts, stepText } from "./effects.ts";
import { byText, channelGroups, closedTexts, effectGroups, escalationGroups, lockOutGroups } from "./groups.ts";
import { copiesOf, isNothing, isUnbounded, type LossTable, lossTables, ofAllCopies, whatKey, whatsOf, whileItLasts } from "./losses.ts";
import { durationText, listed, Names, plural } from "./names.ts";
import { breachText, type Verdict, verdictOf, verdictText } from "./verdict.ts";

/** How words are told apart on a terminal; each gives the text back as it is where nothing can be. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly wait: (text: string) => string;
}

/** More steps than anybody follows on a terminal. */
const MOST_STEPS = 6;

/**
 * The report as text for a terminal: what is wrong first, then the losses, then the rest. Sequences of losses are left to the other
 * forms; those of findings are cut after a few steps.
 *
 * @param width - columns, 60 or more.
 */
export function reportText(audit: Audit, about: About, paint: Paint, width = 96): string {
  const page = new TextPage(audit, about, paint, width);
  return [
    ...page.head(),
    ...page.section(
      "not decided",
      audit.inconclusive.map((text) => page.item(paint.bad("?"), text)),
    ),
    ...page.section("budgets", page.budgets()),
    ...page.section("without a bound", page.channels()),
    ...lossTables(ofAllCopies(audit)).flatMap((table) =>
      page.section(`the most that can leave in mode ${table.mode}${whileItLasts(table)}`, page.losses(table)),
    ),
    ...page.section(
      "findings",
      audit.findings.map((finding) => page.finding(finding)),
    ),
    ...page.section("who it takes", page.authority()),
    ...page.section("lock-outs", page.lockOuts()),
    ...page.section("escalations", page.escalations()),
    ...page.section("rules without effect", page.dead()),
    ...page.section(
      "caveats",
      CAVEATS.map((text) => page.item(paint.dim("·"), text)),
    ),
  ].join("\n");
}

const ORDER: readonly Severity[] = ["error", "warning", "note"];

class TextPage {
  readonly #audit: Audit;
  readonly #about: About;
  readonly #paint: Paint;
  readonly #width: number;
  readonly #names: Names;
  readonly #verdict: Verdict;

  constructor(audit: Audit, about: About, paint: Paint, width: number) {
    this.#audit = ofAllCopies(audit);
    this.#verdict = verdictOf(audit, about.budgets);
    this.#about = about;
    this.#paint = paint;
    this.#width = width;
    this.#names = new Names(audit.policy.document);
  }

  head(): readonly string[] {
    const { policy, inconclusive } = this.#audit;
    const { passed, count } = this.#verdict;
    const counts = [
      ...ORDER.map((severity) => plural(count[severity], severity)),
      `${channelGroups(this.#audit).length} without a bound`,
      ...(inconclusive.length === 0 ? [] : [`${inconclusive.length} not decided`]),
    ];
    return [
      `${this.#paint.bold(visible(policy.name))}  ${this.#paint.dim(policy.id)}`,
      `${passed ? this.#paint.good("passed") : this.#paint.bad("not passed")}  ${counts.join(", ")}`,
      ...wrap(verdictText(this.#verdict, this.#about.budgets), this.#width).map((line) => this.#paint.dim(line)),
    ];
  }

  section(title: string, items: readonly (readonly string[])[]): readonly string[] {
    return items.length === 0 ? [] : ["", this.#paint.bold(title), ...items.flat()];
  }

  /** A paragraph with a mark before it, and what belongs to it further in. */
  item(mark: string, text: string, below: readonly string[] = []): readonly string[] {
    const [first = "", ...rest] = wrap(visible(text), this.#width - 4);
    return [`  ${mark} ${first}`, ...rest.map((line) => `    ${line}`), ...below];
  }

  budgets(): readonly (readonly string[])[] {
    const { budgets = [] } = this.#about;
    const { breaches } = this.#verdict;
    const held = budgets.filter((budget) => !breaches.some((breach) => breach.budget === budget));
    return [
      ...breaches.map((breach) => this.item(this.#paint.bad("✗"), breachText(breach, this.#names))),
      ...held.map(({ text }) => this.item(this.#paint.good("✓"), `${text}: no set exceeds it`)),
    ];
  }

  channels(): readonly (readonly string[])[] {
    return channelGroups(this.#audit).map(({ first, by, larger, modes }) => {
      const { kind, rule, text, witness, approvers, delayMs, objectors = [], undecided } = first;
      const about = [
        kind,
        rule === undefined ? "outside the policy" : `rule ${rule}`,
        ...(modes.join() === "normal" ? [] : [`${modes.length === 1 ? "mode" : "modes"} ${listed(modes)}`]),
        ...(approvers.length === 0 ? [] : [`approved by ${listed(approvers)}`]),
        delayMs === 0 ? "at once" : `after ${durationText(delayMs)}`,
        ...(objectors.length === 0 ? [] : [`which ${listed(objectors, "or")} could stop`]),
        ...(undecided === true ? ["not decided: not to be taken for closed"] : []),
      ];
      return this.item(this.#paint.bad("✗"), `${byText({ by, larger })}: ${text}`, [
        ...this.#fine(about.join(", ")),
        ...(witness === undefined ? [] : this.#witness(witness)),
      ]);
    });
  }

  /** One table for each asset: rows are sets, columns are horizons. */
  losses({ columns, rows, powerless }: LossTable): readonly (readonly string[])[] {
    if (rows.length === 0) return [this.item(this.#paint.good("✓"), "nothing leaves by any set that was looked at")];
    const copies = copiesOf(this.#audit);
    const tables = whatsOf(columns).map((what) => {
      const asked = columns.flatMap(({ what: other, horizonMs }, at) => (whatKey(other) === whatKey(what) ? [{ horizonMs, at }] : []));
      const body = rows.map(({ stolen, cells }) => [stolen.name, ...asked.map(({ at }) => this.#cell(cells[at]))]);
      const some = body.filter((_, row) => asked.some(({ at }) => !zero(rows[row]?.cells[at])));
      if (some.length === 0) return [`  ${visible(this.#names.called(what))}: nothing leaves`];
      const head = [this.#names.called(what), ...asked.map(({ horizonMs }) => durationText(horizonMs))];
      const [first = "", ...lines] = aligned([head, ...some]);
      return [`  ${this.#paint.dim(first)}`, ...lines.map((line) => `  ${line}`)];
    });
    const nobody =
      powerless.length === 0 ? [] : [this.item(this.#paint.good("✓"), `nothing leaves by ${listed(powerless.map(({ name }) => name))}`)];
    const many = copies === 1 ? [] : [this.item(this.#paint.dim("·"), `amounts are of ${copies} live copies of the vault together`)];
    // An empty line between them, as between sections.
    return [...tables, ...nobody, ...many].flatMap((one, at) => (at === 0 ? [one] : [[""], one]));
  }

  finding({ id, severity, mode, rule, text, witness, sequence, suggestion }: Finding): readonly string[] {
    const marks = { error: this.#paint.bad("✗"), warning: this.#paint.wait("!"), note: this.#paint.dim("·") };
    return this.item(marks[severity], text, [
      ...this.#fine([severity, id, ...place(rule, mode)].join(", ")),
      ...(witness === undefined || sequence !== undefined ? [] : this.#witness(witness)),
      ...(sequence === undefined ? [] : this.#sequence(sequence)),
      ...(suggestion === undefined ? [] : this.#further(this.#paint.good("→"), suggestion.text)),
      ...(suggestion === undefined ? [] : this.#effect(suggestion)),
    ]);
  }

  authority(): readonly (readonly string[])[] {
    const { authority } = this.#audit;
    const closed = authority.filter(({ people, status }) => people === undefined && status === "exact");
    const open = authority.filter((row) => !closed.includes(row));
    return [
      ...open.map(({ mode, text, people, delayMs, confirm }) => {
        const who = people === undefined ? "not decided" : `${plural(people.length, "person", "people")} (${listed(people)})`;
        const also = [
          ...(mode === "normal" ? [] : [`mode ${mode}`]),
          ...(delayMs === 0 ? [] : [`after ${durationText(delayMs)}`]),
          ...(confirm ? ["confirmed by the requester"] : []),
        ];
        return this.item(this.#paint.dim("·"), [`${text}: ${who}`, ...also].join(", "));
      }),
      ...closedTexts(closed).map(([mode, texts]) =>
        this.item(this.#paint.good("✓"), `nobody can${mode === "normal" ? "" : ` in mode ${mode}`}: ${texts}`),
      ),
    ];
  }

  lockOuts(): readonly (readonly string[])[] {
    return lockOutGroups(this.#audit).map(({ first: { mode, what, status }, without }) => {
      const blocked = without === "" ? "blocked as it is" : `blocked without ${without}`;
      const also = [...(mode === "normal" ? [] : [`mode ${mode}`]), ...(status === "exact" ? [] : ["not decided"])];
      return this.item(this.#paint.wait("!"), [`${what}: ${blocked}`, ...also].join(", "));
    });
  }

  escalations(): readonly (readonly string[])[] {
    return escalationGroups(this.#audit).map(({ first: { acts, afterMs, text, objectors, undecided }, by, larger }) => {
      const stop = objectors.length === 0 ? "nobody could stop it meanwhile" : `${listed(objectors, "or")} could stop it meanwhile`;
      return this.item(
        this.#paint.wait("!"),
        `${byText({ by, larger })}, ${afterMs === 0 ? "at once" : `after ${durationText(afterMs)}`}: ${text}`,
        [
          ...acts.flatMap((act) => this.#further(this.#paint.dim("·"), `${act.text} [${act.rule}]`)),
          ...this.#fine(undecided === true ? `${stop}; more may be reached: it was not decided` : stop),
        ],
      );
    });
  }

  dead(): readonly (readonly string[])[] {
    return this.#audit.dead.map(({ rule, mode, why }) =>
      this.item(this.#paint.dim("·"), `${rule}${mode === "normal" ? "" : ` in mode ${mode}`}: ${DEAD[why]}`),
    );
  }

  #fine(text: string): readonly string[] {
    return wrap(visible(text), this.#width - 4).map((line) => `    ${this.#paint.dim(line)}`);
  }

  #further(mark: string, text: string): readonly string[] {
    const [first = "", ...rest] = wrap(visible(text), this.#width - 6);
    return [`    ${mark} ${first}`, ...rest.map((line) => `      ${line}`)];
  }

  /** What a change does to losses. */
  #effect(suggestion: Suggestion): readonly string[] {
    return effectGroups(suggestion, this.#audit.stolen).flatMap(({ sets, before, after }) => {
      const about = `${this.#names.called(before.what)}, ${durationText(before.horizonMs)}`;
      return this.#further(" ", `${about}: ${this.#amount(before)} → ${this.#amount(after)} (${sets.join("; ")})`);
    });
  }

  #witness(witness: Witness): readonly string[] {
    const lines = effectTexts(witness.effects, this.#names).flatMap((text) => this.#further(this.#paint.dim("·"), text));
    return [...lines, `      ${this.#paint.dim(visible(circumstancesText(witness)))}`];
  }

  #sequence({ steps }: Sequence): readonly string[] {
    const rest = steps.length - MOST_STEPS;
    return [
      ...steps.slice(0, MOST_STEPS).flatMap((step) => {
        const effects = effectTexts(step.witness.effects, this.#names).join("; ");
        return this.#further(this.#paint.dim("·"), `${stepText(step)}: ${effects}`);
      }),
      ...(rest > 0 ? this.#further(" ", `and ${plural(rest, "further step")}`) : []),
    ];
  }

  #cell(loss: Loss | undefined): string {
    if (loss === undefined) return "not asked";
    if (isUnbounded(loss)) return "no bound";
    if (loss.status === "inconclusive") return "not decided";
    const text = this.#names.short(loss.amount ?? 0n, loss.what);
    return loss.status === "upper bound" ? `≤ ${text.replace("≈ ", "")}` : text;
  }

  #amount(loss: Loss): string {
    return loss.amount === undefined || loss.status === "inconclusive" ? this.#cell(loss) : this.#names.amount(loss.amount, loss.what);
  }
}

function zero(loss: Loss | undefined): boolean {
  return loss !== undefined && isNothing(loss);
}

function place(rule: string | undefined, mode: string): readonly string[] {
  return [...(rule === undefined ? [] : [`rule ${rule}`]), ...(mode === "normal" ? [] : [`mode ${mode}`])];
}

/** The first column to the left, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const cells = rows.map((row) => row.map(visible));
  const widths: number[] = [];
  for (const row of cells) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return cells.map((row) => row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join("   "));
}
