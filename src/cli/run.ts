import { CustodyError } from "../base/errors.ts";
import { readCall, suggest } from "./args.ts";
import type { Answer, Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT, type Exit, usage } from "./exit.ts";
import { commandHelp, overview } from "./help.ts";
import type { Io } from "./io.ts";
import { report } from "./report.ts";
import { styleFor } from "./style.ts";

/**
 * Runs one command line.
 *
 * @param argv - without the program's own name.
 * @returns the exit code; nothing is thrown, nothing is left open.
 */
export async function run(argv: readonly string[], io: Io): Promise<Exit> {
  const asJson = argv.includes("--json") || argv.includes("--lines");
  try {
    const answer = await answerTo(argv, io);
    if (asJson && answer.json !== undefined) await io.stdout.write(`${JSON.stringify(answer.json)}\n`);
    else if (answer.text !== undefined) await io.stdout.write(`${answer.text(styleFor(io))}\n`);
    return answer.exit ?? EXIT.done;
  } catch (cause) {
    // What breaks off because of Ctrl-C, such as a read of standard input, is no failure underneath.
    const stopped = io.signal.aborted && !(cause instanceof CustodyError);
    return report(stopped ? new CustodyError("vault/aborted", "stopped", { cause }) : cause, asJson ? "json" : "text", io);
  }
}

async function answerTo(argv: readonly string[], io: Io): Promise<Answer> {
  const [first = ""] = argv;
  if (first === "--version" || first === "-V") return { json: { version: io.version }, text: () => io.version };
  const found = findCommand(argv);
  if (found === undefined) return withoutCommand(argv);
  const call = readCall(found.command, found.rest, io);
  if (call.flag("help")) return { text: (style) => commandHelp(found.command, style) };
  return found.command.run(call);
}

function findCommand(argv: readonly string[]): { command: Command; rest: readonly string[] } | undefined {
  for (const words of [2, 1]) {
    const name = argv.slice(0, words).join(" ");
    const command = COMMANDS.find((candidate) => candidate.name === name);
    if (command !== undefined) return { command, rest: argv.slice(words) };
  }
  return undefined;
}

/** Help where it is asked for, the commands of a group, or the nearest command to what was typed. */
function withoutCommand(argv: readonly string[]): Answer {
  const [first = "", second] = argv;
  if (first === "--help" || first === "-h" || first === "help") return { text: (style) => overview(COMMANDS, style) };
  if (first === "") return { exit: EXIT.wrong, text: (style) => overview(COMMANDS, style) };
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length === 0) throw usage(`unknown command ${first}${suggest(first, firstWords())}; keyward --help lists them all`);
  if (second === undefined || second === "--help" || second === "-h") {
    return { exit: second === undefined ? EXIT.wrong : EXIT.done, text: (style) => overview(group, style) };
  }
  const seconds = group.map(({ name }) => name.slice(first.length + 1));
  throw usage(`unknown command ${first} ${second}${suggest(second, seconds, `${first} `)}; there are: ${seconds.join(", ")}`);
}

function firstWords(): string[] {
  return [...new Set(COMMANDS.map(({ name }) => name.split(" ")[0] ?? name))];
}
