import { EVERYWHERE } from "./args.ts";
import type { Command } from "./command.ts";
import { optionText } from "./help.ts";

/** docs/cli.md, made from the table; a test holds the file to it. */
export function reference(commands: readonly Command[]): string {
  const options = Object.entries(EVERYWHERE).map(([name, option]) => `\`${optionText(name, option)}\``);
  return [
    "# The command line",
    "",
    "Made from the table in `src/cli/commands.ts`; after a change of it run `npx vitest run --project node test/cli/table.test.ts -u`.",
    "",
    `Every command also takes ${options.join(" and ")}. With \`--json\` a command prints one object, and an error is`,
    '`{"error": {"code": "…", "message": "…"}}` on standard output. Secrets are never arguments and never in the environment:',
    "prompts are hidden, scripts use `--passphrase-file` (mode 0600) or `--passphrase-fd`.",
    "",
    "| exit | means |",
    "|---|---|",
    "| 0 | allowed, signed or done; with `--lines`, every line was answered |",
    "| 1 | denied |",
    "| 2 | the input or the command was wrong |",
    "| 3 | pending: it waits for people or time |",
    "| 4 | the vault or the log does not verify |",
    "| 5 | something failed underneath |",
    "| 130 | stopped by Ctrl-C; `audit`, `diff` and `policy test`, which hold nothing open, are ended by the signal itself, which shells call 130 |",
    "",
    ...commands.flatMap(section),
  ].join("\n");
}

function section({ name, about, operands, options, example, notes = [] }: Command): string[] {
  const rows = Object.entries(options).map(([option, row]) => `| \`${cell(optionText(option, row))}\` | ${cell(row.about)} |`);
  const table = rows.length === 0 ? [] : ["| option | |", "|---|---|", ...rows, ""];
  const calls = operands === "" ? [example] : [`keyward ${name} ${operands}`, example];
  const head = `${about[0]?.toUpperCase()}${about.slice(1)}.`;
  return [`## ${name}`, "", head, "", "```sh", ...calls, "```", "", ...table, ...notes.flatMap((note) => [note, ""])];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
