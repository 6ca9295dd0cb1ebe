import { parseArgs } from "node:util";
import { nearest } from "../policy/nearest.ts";
import type { Call, Command, Option } from "./command.ts";
import { usage } from "./exit.ts";
import type { Io } from "./io.ts";
import { styleFor } from "./style.ts";

export const EVERYWHERE: { readonly [name: string]: Option } = {
  json: { about: "one JSON object instead of text" },
  help: { about: "this help" },
};

/**
 * Reads the arguments of one command.
 *
 * @throws `cli/usage` with the nearest known name for an unknown option, and for a value that is missing, spare or given twice.
 */
export function readCall(command: Command, args: readonly string[], io: Io): Call {
  const known = { ...command.options, ...EVERYWHERE };
  const options = Object.fromEntries(
    Object.entries(known).map(([name, { value }]) => [name, { type: value === undefined ? ("boolean" as const) : ("string" as const) }]),
  );
  const { tokens } = parseArgs({ args: [...args], options: { ...options, h: { type: "boolean" } }, strict: false, tokens: true });
  const given = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const name = token.name === "h" ? "help" : token.name;
    const option = Object.hasOwn(known, name) ? known[name] : undefined;
    if (option === undefined) throw usage(`${command.name}: unknown option ${token.rawName}${suggest(name, Object.keys(known), "--")}`);
    given.set(name, [...(given.get(name) ?? []), readValue(command, option, token)]);
    if (given.get(name)?.length === 2 && option.many !== true) throw usage(`${command.name}: ${token.rawName} was given twice`);
  }
  checkCount(command, operands, given.has("help"));
  return {
    io,
    style: styleFor(io),
    operands,
    value: (name) => given.get(name)?.[0],
    values: (name) => given.get(name) ?? [],
    flag: (name) => given.has(name),
    line: (text) => io.stdout.write(`${text}\n`),
  };
}

/** ` (did you mean x?)`, or nothing. */
export function suggest(name: string, known: readonly string[], prefix = ""): string {
  const near = nearest(name, known);
  return near === undefined ? "" : ` (did you mean ${prefix}${near}?)`;
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function readValue(command: Command, option: Option, { rawName, value, inlineValue }: OptionToken): string {
  if (option.value === undefined) {
    if (value !== undefined) throw usage(`${command.name}: ${rawName} takes no value`);
    return "";
  }
  // What looks like the next option is one: the value was forgotten.
  if (value === undefined || value === "" || (value.startsWith("-") && value.length > 1 && inlineValue !== true))
    throw usage(`${command.name}: ${rawName} needs a value (${option.value})`);
  return value;
}

function checkCount({ name, operands, count: [least, most] }: Command, given: readonly string[], asksHelp: boolean): void {
  if (asksHelp || (given.length >= least && given.length <= most)) return;
  const expected = operands === "" ? "no arguments" : operands;
  throw usage(`${name}: expected ${expected}, got ${given.length} ${given.length === 1 ? "argument" : "arguments"}`);
}
