import type { JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { PolicyError } from "../policy/problems.ts";
import { type Exit, exitOf } from "./exit.ts";
import type { Io } from "./io.ts";
import { plain } from "./style.ts";

/** Says what went wrong, on standard output as JSON or on standard error as text. Never a stack, unless KEYWARD_DEBUG=1 asks. */
export async function report(cause: unknown, as: "json" | "text", io: Io): Promise<Exit> {
  const { code, message } = known(cause);
  if (as === "json") await io.stdout.write(`${JSON.stringify(errorToJson(cause))}\n`);
  else {
    await io.stderr.write(`keyward: ${plain(message)}${code === "cli/usage" ? "" : ` [${code}]`}\n`);
    const next = NEXT[code];
    if (next !== undefined) await io.stderr.write(`  ${next}\n`);
  }
  if (io.env.KEYWARD_DEBUG === "1" && cause instanceof Error) await io.stderr.write(`${cause.stack ?? ""}\n`);
  return exitOf(code);
}

export function errorToJson(cause: unknown): JsonObject {
  const { code, message } = known(cause);
  const problems =
    cause instanceof PolicyError ? { problems: cause.problems.map(({ code, position, message }) => ({ code, ...position, message })) } : {};
  return { error: { code, message, ...problems } };
}

function known(cause: unknown): CustodyError {
  if (cause instanceof CustodyError) return cause;
  // Whatever we did not expect may hold anything, so its text is only for whoever debugs.
  return new CustodyError("cli/failed", "something failed underneath; KEYWARD_DEBUG=1 shows where", { cause });
}

/** What to do about it, where that is not what the message says already. */
const NEXT: { readonly [code: string]: string } = {
  "vault/rolled-back": "an older copy of the vault lies here: find out who put it back before anything is signed",
  "vault/damaged": "do not write to it; restore a copy, and compare with the checkpoints that you kept",
  "vault/account-mismatch": "an account's record was changed: sign nothing until it is known by whom",
  "session/bad-proof": "name the person's key with --key-file FILE",
  "policy/invalid": "every problem with its place: keyward policy check FILE",
};
