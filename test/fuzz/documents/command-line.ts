import { CustodyError } from "../../../src/base/errors.ts";
import { readCall } from "../../../src/cli/args.ts";
import type { Command } from "../../../src/cli/command.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import type { Io } from "../../../src/cli/io.ts";
import { readDigits } from "../../../src/cli/keyfile.ts";
import { cutLines } from "../../../src/cli/lines.ts";
import { plain as shownPlainly } from "../../../src/cli/style.ts";
import { TypedLine } from "../../../src/cli/terminal.ts";
import type { Fate, Target } from "../engine.ts";
import type { Random } from "../random.ts";
import { check, same, shown } from "./check.ts";
import { changes, mutateText } from "./mutate.ts";

/** Arguments of every command, lines of a stream, and typed lines, beside readers that are as plain as they can be. */
export const commandLine: Target = {
  name: "command line",
  weight: 10,
  run(random) {
    switch (random.below(6)) {
      case 0:
        return streamed(random);
      case 1:
        return typed(random);
      case 2:
        return digits(random);
      default:
        return called(random);
    }
  },
};

const IO = { stdout: { isTTY: false, write: async () => undefined }, env: {} } as unknown as Io;
const VALUES = ["v", "policy.json", "-", "--", "--json", "-h", "-x", "", "a=b", "=", "é\u202e", "1", "--help=1", "__proto__"];

function called(random: Random): Fate {
  const command = random.pick(COMMANDS);
  const args = someArguments(random, command);
  const expected = naiveCall(command, args);
  let call: ReturnType<typeof readCall>;
  try {
    call = readCall(command, args, IO);
  } catch (cause) {
    if (!(cause instanceof CustodyError)) throw cause;
    same(cause.code, "cli/usage", "refused");
    check(expected === undefined, `${command.name} refused ${shown(args)}: ${cause.message}`);
    return { refused: cause.code };
  }
  check(expected !== undefined, `${command.name} took ${shown(args)}`);
  same(call.operands, expected.operands, `operands of ${command.name} ${shown(args)}`);
  for (const name of [...Object.keys(command.options), "json", "help", "h", "constructor"]) {
    const values = expected.given.get(name) ?? [];
    same([call.values(name), call.value(name), call.flag(name)], [values, values[0], values.length > 0], `--${name} in ${shown(args)}`);
  }
  return "accepted";
}

function someArguments(random: Random, command: Command): string[] {
  const args: string[] = [];
  const [least, most] = command.count;
  for (let left = least + random.below(most - least + 1); left > 0; left--) args.push(random.pick(["a", "request.json", "-"]));
  for (let left = random.below(4); left > 0; left--) {
    const name = random.pick([...Object.keys(command.options), "json"]);
    const value = command.options[name]?.value === undefined ? [] : [random.oneIn(4) ? random.pick(VALUES) : `v${left}`];
    const inline = value.length > 0 && random.oneIn(3);
    args.splice(random.below(args.length + 1), 0, ...(inline ? [`--${name}=${value[0]}`] : [`--${name}`, ...value]));
  }
  for (let left = changes(random); left > 0; left--) {
    const at = random.below(args.length + 1);
    const how = random.below(4);
    if (how === 0) args.splice(at, 1);
    else if (how === 1) args.splice(at, 0, random.pick(VALUES));
    else if (how === 2) args.splice(at, 0, args[random.below(args.length)] ?? "--");
    else args[at] = mutateText(random, args[at] ?? "--", VALUES);
  }
  return args;
}

/** `--name value`, `--name=value`, `-h`; after `--` everything is an operand. */
function naiveCall(command: Command, args: readonly string[]): { operands: string[]; given: Map<string, string[]> } | undefined {
  const options = new Map<string, { readonly value?: string; readonly many?: true }>([
    ...Object.entries(command.options),
    ["json", {}],
    ["help", {}],
  ]);
  const operands: string[] = [];
  const given = new Map<string, string[]>();
  const take = (name: string, value: string | undefined, inline: boolean): boolean => {
    const option = options.get(name);
    if (option === undefined) return false;
    if ((option.value === undefined) !== (value === undefined)) return false;
    if (value === "" || (value !== undefined && !inline && /^-./s.test(value))) return false;
    const all = [...(given.get(name) ?? []), value ?? ""];
    given.set(name, all);
    return all.length === 1 || option.many === true;
  };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--") {
      operands.push(...rest.splice(0));
    } else if (arg.startsWith("--")) {
      const equals = arg.indexOf("=", 3);
      const written = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
      const name = written === "h" ? "help" : written;
      if (equals >= 0) {
        if (!take(name, arg.slice(equals + 1), true)) return undefined;
      } else if (!take(name, options.get(name)?.value === undefined ? undefined : rest.shift(), false)) return undefined;
    } else if (arg.length > 1 && arg.startsWith("-")) {
      for (const letter of arg.slice(1)) if (letter !== "h" || !take("help", undefined, false)) return undefined;
    } else operands.push(arg);
  }
  const [least, most] = command.count;
  const fits = operands.length >= least && operands.length <= most;
  return fits || given.has("help") ? { operands, given } : undefined;
}

/** Bytes in pieces, cut into lines: the same wherever the pieces begin. */
async function streamed(random: Random): Promise<Fate> {
  const text = Array.from({ length: random.below(8) }, () => random.pick(["", "a", "\n", "line\n", "é\r\n", "x".repeat(40), "\n\n"])).join(
    "",
  );
  const bytes = Buffer.from(text);
  const most = random.pick([3, 39, 40, 1000]);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + random.below(9);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  const lines: (string | undefined)[] = [];
  for await (const line of cutLines(source(pieces), most)) lines.push(line && Buffer.from(line).toString());
  const expected = text.split("\n").map((line) => (Buffer.byteLength(line) > most ? undefined : line));
  if (expected.at(-1) === "") expected.pop();
  same(lines, expected, `lines of ${shown(text)}`);
  return "accepted";
}

async function* source(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    // Whoever reads into one buffer again and again.
    const lent = Buffer.from(piece);
    yield lent;
    lent.fill(0x0a);
  }
}

/** Keys as a terminal sends them: only what stands in the line at its end is the answer. */
function typed(random: Random): Fate {
  const keys = Array.from({ length: random.below(20) }, () =>
    random.pick(["a", "é", "😀", "\u007f", "\b", "\u0015", "\u0001", "\u001b", " ", "\u0004", "\u0003"]),
  );
  const line = new TypedLine();
  let expected: string[] = [];
  for (const key of keys) {
    const before = expected.length;
    if (key === "\u007f" || key === "\b") expected = expected.slice(0, -1);
    else if (key === "\u0015") expected = [];
    else if (key >= " ") expected = [...expected, key];
    const stops = key === "\u0003" || (key === "\u0004" && before === 0);
    same(line.type(Buffer.from(key)), stops ? "stop" : "more", `after ${shown(keys)}`);
  }
  same(Buffer.from(line.take()).toString(), expected.join(""), `typed ${shown(keys)}`);
  same(line.type(Uint8Array.of(0x0d)), "done", "the end of a line");
  line.wipe();
  same(line.take().length, 0, "what is left of a wiped line");
  const text = mutateText(random, keys.join(""));
  check(!/[\p{C}\p{Zl}\p{Zp}]/u.test(shownPlainly(text)), `shown as it came: ${shown(text)}`);
  return "accepted";
}

function digits(random: Random): Fate {
  const bytes = Buffer.from(random.bytes(random.below(40)));
  const text = mutateText(random, random.oneIn(2) ? bytes.toString("hex") : bytes.toString("hex").toUpperCase());
  const given = Buffer.from(text, "utf8");
  const even = given.subarray(0, 2 * Math.floor(given.length / 2)).toString("latin1");
  const read = readDigits(given.subarray(0, even.length));
  const right = /^[0-9a-fA-F]*$/.test(even);
  same(read && Buffer.from(read).toString("hex"), right ? even.toLowerCase() : undefined, `digits of ${shown(text)}`);
  return right ? "accepted" : { refused: "keys/bad-key" };
}
