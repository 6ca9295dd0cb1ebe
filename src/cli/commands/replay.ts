import { readLine } from "../../audit/export.ts";
import { type LogReport, verifyLog } from "../../audit/verify.ts";
import { fromUtf8 } from "../../base/bytes.ts";
import type { Json, JsonObject } from "../../base/canonical.ts";
import { CustodyError } from "../../base/errors.ts";
import { expectOneOf } from "../../base/shape.ts";
import { formatTime } from "../../base/time.ts";
import { Past } from "../../custody/past.ts";
import { type Decided, History, type PastRequest } from "../../policy/analyze/history.ts";
import type { Policy } from "../../policy/core.ts";
import { ASKED, CIRCUMSTANCES, malformed, readAsked } from "../asked.ts";
import { reading } from "../chains.ts";
import type { Answer, Call, Command } from "../command.ts";
import { EXIT, usage } from "../exit.ts";
import { openStream, readNote } from "../files.ts";
import { cutLines } from "../lines.ts";
import { readPolicyFile } from "../policies.ts";
import { historyLines, historyToJson, type Read } from "../replayed.ts";
import { errorToJson } from "../report.ts";
import { readRequestText } from "../requests.ts";
import { plain } from "../style.ts";
import { checkKey } from "./log-verify.ts";

/** An entry holds at most one request. */
const MOST_LINE_BYTES = 16 * 1024 * 1024;
/** So many lines that cannot be read are told one by one. */
const MOST_ERRORS = 100;

export const replay: Command = {
  name: "replay",
  about: "say what a policy would have decided of a history",
  operands: "POLICY.json LOG|REQUESTS.jsonl",
  count: [2, 2],
  options: {
    against: { value: "FILE", about: "compare with what this policy would have decided, instead of what was" },
    key: { value: "KEY", about: "the log key that you kept; without it a log only agrees with itself" },
    checkpoint: { value: "FILE", many: true, about: "a checkpoint that you kept: the log must continue it" },
  },
  example: 'keyward replay new-policy.json log.jsonl --key "$(cat log-key.txt)"',
  notes: [
    "A log is an export (`keyward log export`), verified while it is read: of one that does not verify nothing is said, and exit is 4. Otherwise each line is a request, as `keyward explain` takes it, with `requester` and `now`, and if it is known `outcome`: signed, denied or pending. `-` is standard input.",
    "The policy is judged as if it had been in force all along: what it lets through fills its limits, what it denies does not. Of requests whose outcome is not known everybody is taken to agree who is asked.",
    "A line that cannot be read is told with its number, and the run goes on. Exit 0 if nothing would have been decided differently, 1 if something would, 2 if a line could not be read.",
  ],
  async run(call) {
    const [file = "", path = ""] = call.operands;
    const vkey = call.value("key");
    if (vkey !== undefined) checkKey(vkey);
    const checkpoints = await Promise.all(call.values("checkpoint").map(readNote));
    const policy = await readPolicyFile(file);
    const against = call.value("against");
    const other = against === undefined ? undefined : await readPolicyFile(against);
    const replaying = new Replaying(policy, other, call);
    const log = await replaying.over(cutLines(path === "-" ? call.io.stdin : await openStream(path), MOST_LINE_BYTES), {
      checkpoints,
      ...(vkey !== undefined && { vkey }),
    });
    if (log !== undefined && !log.ok) return refused(log);
    return answer(replaying, policy, log);
  },
};

class Replaying implements Read {
  readonly errors: { readonly line: number; readonly error: Json }[] = [];
  unreadable = 0;
  readonly history: History;
  readonly past: Past;
  readonly #policy: Policy;
  readonly #other: Policy | undefined;
  readonly #call: Call;

  constructor(policy: Policy, other: Policy | undefined, call: Call) {
    this.#policy = policy;
    this.#other = other;
    this.#call = call;
    this.history = new History(policy, other);
    this.past = new Past({ book: policy.book.hash, read: reading.policy, reread: (request) => readAgain(request, policy) });
  }

  get against(): string {
    return this.#other?.id ?? "history";
  }

  /** @returns the report of the log, if it is one. */
  async over(
    lines: AsyncGenerator<Uint8Array | undefined>,
    options: { readonly vkey?: string; readonly checkpoints: readonly string[] },
  ): Promise<LogReport | undefined> {
    try {
      const first = await lines.next();
      if (first.done === true) throw usage("replay: expected a log or requests, got nothing");
      const all = again(first.value, lines);
      if (first.value !== undefined && isLog(first.value)) return await verifyLog(this.#logged(all), options);
      if (options.vkey !== undefined || options.checkpoints.length > 0) throw usage("replay: expected a log beside --key and --checkpoint");
      await this.#requests(all);
      return undefined;
    } finally {
      await lines.return(undefined);
    }
  }

  /** Each line first goes to whoever verifies it, and is used once that one asks for the next. */
  async *#logged(lines: AsyncIterable<Uint8Array | undefined>): AsyncGenerator<string, void, undefined> {
    let at = 0;
    for await (const bytes of lines) {
      this.#stopIfAsked();
      if (bytes === undefined) throw new CustodyError("log/malformed", `log: expected lines of at most ${MOST_LINE_BYTES} bytes`);
      const line = fromUtf8(bytes, "log/malformed");
      yield line;
      if (at++ === 0) continue;
      const read = readLine(line);
      if ("checkpoint" in read) continue;
      if (read.entry === undefined) this.past.erased();
      else {
        const past = this.past.take(read.entry);
        if (past !== undefined) this.history.take(past);
      }
    }
  }

  async #requests(lines: AsyncIterable<Uint8Array | undefined>): Promise<void> {
    let line = 0;
    for await (const bytes of lines) {
      this.#stopIfAsked();
      line++;
      try {
        if (bytes === undefined) throw new CustodyError("json/too-large", `line: expected at most ${MOST_LINE_BYTES} bytes`);
        this.history.take(this.#request(readRequestText(bytes), line));
      } catch (cause) {
        if (!(cause instanceof CustodyError)) throw cause;
        this.unreadable++;
        if (this.errors.length < MOST_ERRORS) this.errors.push({ line, error: errorToJson(cause).error ?? null });
      }
    }
  }

  #request(json: Json, line: number): PastRequest {
    if (json === null || typeof json !== "object" || Array.isArray(json)) throw malformed("line: expected an object");
    const asked = json as JsonObject;
    const known: readonly string[] = [...ASKED, ...CIRCUMSTANCES, "outcome"];
    const unknown = Object.keys(asked).find((name) => !known.includes(name));
    if (unknown !== undefined) throw malformed(`line: expected only the members ${known.join(", ")}, got another`);
    const { intent, circumstances } = readAsked(asked, this.#policy, { now: formatTime(this.#call.io.now()) });
    const was = asked.outcome === undefined ? undefined : WAS[expectOneOf(asked.outcome, ["signed", "denied", "pending"], "outcome")];
    const { id = `line ${line}`, lane, effects, refusals } = intent;
    return { place: line, id, lane, effects, refusals, circumstances, ...was };
  }

  #stopIfAsked(): void {
    if (this.#call.io.signal.aborted) throw new CustodyError("vault/aborted", "stopped between two lines");
  }
}

/** What a line says became of it. What it waited for is not known, so no line is told to wait for something else. */
const WAS: { readonly [outcome in "signed" | "denied" | "pending"]: Pick<PastRequest, "was" | "became"> } = {
  signed: { was: decided("allow"), became: "signed" },
  denied: { was: decided("deny"), became: "nothing" },
  pending: { was: decided("pending"), became: "nothing" },
};

function decided(verdict: Decided["verdict"]): Decided {
  return { verdict, needs: [] };
}

function answer(read: Replaying, policy: Policy, log: LogReport | undefined): Answer {
  const report = read.history.report();
  const differs = Object.values(report.changes).some((count) => count > 0);
  return {
    exit: read.unreadable > 0 ? EXIT.wrong : differs ? EXIT.denied : EXIT.done,
    json: historyToJson(report, { policy, read, log }),
    text: (style) => historyLines(report, { policy, read, log }, style).join("\n"),
  };
}

function refused(log: LogReport): Answer {
  return {
    exit: EXIT.unverified,
    json: { error: { code: log.problems[0]?.code ?? "log/damaged", message: log.problems[0]?.text ?? "" }, log: log as unknown as Json },
    text: (style) =>
      [
        `${style.bad("NOT VERIFIED")}  nothing is said of a history that may have been changed`,
        ...log.problems.map(({ code, line, text }) => `  ${style.bad("✗")} line ${line}: ${plain(text)} [${code}]`),
      ].join("\n"),
  };
}

/** With another policy's book, where the account needs no more than its name. */
function readAgain(request: Parameters<typeof reading.intent>[0], policy: Policy) {
  try {
    return reading.intent(request, { policy });
  } catch (cause) {
    if (cause instanceof CustodyError) return undefined;
    throw cause;
  }
}

function isLog(line: Uint8Array): boolean {
  return new TextDecoder().decode(line.subarray(0, 200)).includes('"format":"keyward-log/');
}

async function* again(first: Uint8Array | undefined, rest: AsyncGenerator<Uint8Array | undefined>) {
  yield first;
  yield* rest;
}
