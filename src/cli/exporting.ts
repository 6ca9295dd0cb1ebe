import type { JsonObject } from "../base/canonical.ts";
import type { ExportRequest, Released } from "../custody/export.ts";
import type { Custody } from "../custody/keyward.ts";
import type { Answer, Call } from "./command.ts";
import { EXIT, usage } from "./exit.ts";
import { outcomeAnswer } from "./outcomes.ts";
import { checkScreen } from "./pages.ts";
import { withSession } from "./vaults.ts";

/** How one kind of secret is handed to whoever called. */
export interface Hand<T> {
  /** On the terminal, in pages. */
  readonly show: (made: T, wallet: string) => Promise<void>;
  /** For `--json`. */
  readonly tell: (made: T) => JsonObject;
  /** For `--plain`: the lines that are printed, and nothing beside them. */
  readonly text: (made: T) => readonly string[];
  /** To files, where they were named. */
  readonly write?: (made: T) => Promise<void>;
  readonly end: (made: T) => void;
}

/** Asks for a secret of a wallet, and hands it over where it may leave; what can be wiped of it is wiped then. */
export async function exported<R extends ExportRequest>(
  call: Call,
  request: (wallet: string) => R,
  hand: Hand<Released[R["what"]]>,
): Promise<Answer> {
  if (hand.write === undefined) checkScreen(call);
  return withSession(call, async (me, custody) => {
    const { id, name } = await walletOf(call, custody);
    const outcome = await me.export(request(id));
    if (outcome.kind !== "exported") return outcomeAnswer(outcome, [], "call the same command again once everything is met");
    const made = outcome.exported;
    try {
      await (hand.write === undefined ? call.flag("plain") || hand.show(made, name) : hand.write(made));
      const json = { kind: "exported", entry: outcome.entry, ...(printed(call, hand) && hand.tell(made)) };
      const lines = printed(call, hand) ? hand.text(made) : [];
      return {
        exit: EXIT.done,
        json,
        text: (style) =>
          (call.flag("plain") ? lines : [`${style.good("exported")}  ${style.dim(`log entry ${outcome.entry}`)}`, ...lines]).join("\n"),
      };
    } finally {
      hand.end(made);
    }
  });
}

function printed(call: Call, { write }: { readonly write?: unknown }): boolean {
  return call.flag("plain") || write !== undefined;
}

/** The wallet that was named, or the only one. */
async function walletOf(call: Call, custody: Custody): Promise<{ readonly id: string; readonly name: string }> {
  const [asked] = call.operands;
  const wallets = await custody.wallets();
  const found = asked === undefined ? wallets : wallets.filter(({ id, name }) => id === asked || name === asked);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const names = wallets.map(({ name }) => name).join(", ") || "none";
  throw usage(`export: expected a wallet by its name or id, the vault has ${names}`);
}
