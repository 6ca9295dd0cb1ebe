import { wrap } from "../base/wrap.ts";
import { EVERYWHERE } from "./args.ts";
import type { Command, Option } from "./command.ts";
import { columns, type Style } from "./style.ts";

/** What `keyward` alone and `keyward --help` print. */
export function overview(commands: readonly Command[], style: Style): string {
  const rows = commands.map(({ name, operands, about }) => [`${name} ${operands}`.trim(), style.dim(about)]);
  return [
    `${style.bold("keyward")} COMMAND [--json] [--help]`,
    "",
    ...columns(rows),
    "",
    "Exit: 0 allowed or done, 1 denied, 2 wrong input or command, 3 pending, 4 vault or log does not",
    "verify, 5 something failed underneath.",
    "Secrets are never arguments: prompts are hidden, scripts use --passphrase-file or --passphrase-fd.",
  ].join("\n");
}

export function commandHelp(command: Command, style: Style): string {
  const { name, about, operands, options, example, notes = [] } = command;
  return [
    `${style.bold(`keyward ${name}`)} ${operands}`.trimEnd(),
    about,
    "",
    ...columns(Object.entries({ ...options, ...EVERYWHERE }).map(([option, row]) => [optionText(option, row), style.dim(row.about)])),
    "",
    ...(notes.length === 0 ? [] : [...notes.flatMap((note) => wrap(note, 100)), ""]),
    `Example: ${example}`,
  ].join("\n");
}

export function optionText(name: string, { value, many }: Option): string {
  return `--${name}${value === undefined ? "" : ` ${value}`}${many === true ? " …" : ""}`;
}
