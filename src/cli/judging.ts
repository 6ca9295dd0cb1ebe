import type { Json, JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { AccountKeys } from "../chains/chain.ts";
import { actIntent, readAct } from "../custody/acts.ts";
import { watchAccount } from "../custody/public-keys.ts";
import { type Book, emptyBook } from "../intent/book.ts";
import { type Intent, intentToJson, type Request } from "../intent/intent.ts";
import { SEMANTICS } from "../intent/semantics.ts";
import type { Policy } from "../policy/core.ts";
import { emptyCounters } from "../policy/counters.ts";
import { compile, type Evaluator } from "../policy/evaluate.ts";
import { explain } from "../policy/explain.ts";
import { chains } from "./chains.ts";
import { fieldsOf, readPolicy } from "./policies.ts";
import type { LooseRequest } from "./requests.ts";
import type { Explained } from "./verdict.ts";

/** Reads a request without a vault: its account is only watched, by an address or by a descriptor. */
export function readIntent(
  request: Request,
  policy: Policy | undefined,
  keys?: AccountKeys,
  book: Book = policy?.book ?? emptyBook,
): Intent {
  if (request.kind !== "act") {
    const chain = chains.of(request.chain);
    const account = keys ?? watched(request);
    return chain.decode({ ...request, account: account.address }, account, book);
  }
  const [, vault] = /^keyward:(\S+)$/.exec(request.chain) ?? [];
  if (vault === undefined) throw new CustodyError("request/malformed", "act: expected keyward:<vault id> as its chain");
  if (policy === undefined) throw new CustodyError("request/malformed", "act: expected the policy that it is asked under (--policy FILE)");
  const state = { semantics: SEMANTICS } as unknown as Json;
  return actIntent(vault, readAct(request.payload), { judge: { policy }, read: readPolicy, tx: { state } });
}

// Lines of a batch are mostly about the same few accounts, and the addresses of one take a while to derive.
const MOST_WATCHED = 16;
const recent = new Map<string, AccountKeys>();

function watched({ chain, account }: Request): AccountKeys {
  const name = `${chain} ${account}`;
  const keys = recent.get(name) ?? watchAccount(chains.of(chain), chain, account);
  if (recent.size >= MOST_WATCHED) recent.clear();
  recent.set(name, keys);
  return keys;
}

/** A policy made ready to judge many requests without a vault. */
export class Judging {
  readonly #evaluator: Evaluator;
  readonly #clock: () => Time;

  constructor(policy: Policy, clock: () => Time) {
    this.#evaluator = compile(policy);
    this.#clock = clock;
  }

  /** Judges as if nothing was ever spent, and says what else it had to assume. */
  explain(asked: LooseRequest): Explained {
    const { policy } = this.#evaluator;
    const intent = readIntent(asked.request, policy);
    const session = sessionOf(policy, asked.requester);
    const circumstances = {
      now: asked.now ?? this.#clock(),
      mode: "normal",
      ...(asked.requester !== undefined && { requester: asked.requester }),
      ...(session !== undefined && { session }),
    };
    const assumed = assumptions(policy, asked, session);
    return { ...explain(this.#evaluator, intent, circumstances, () => emptyCounters, assumed), intent: intentToJson(intent) as JsonObject };
  }
}

/** The kind of credential that begins this person's session, where there is only one. */
function sessionOf(policy: Policy, requester: string | undefined): string | undefined {
  const kinds = new Set((policy.people.get(requester ?? "") ?? []).map(({ kind }) => kind));
  return kinds.size === 1 ? [...kinds][0] : undefined;
}

function assumptions(policy: Policy, { requester, now }: LooseRequest, session: string | undefined): string[] {
  const fields = fieldsOf(policy);
  return [
    "counters-empty",
    ...(requester === undefined ? ["requester-unknown"] : []),
    ...(now === undefined ? ["now"] : []),
    ...(session === undefined && fields.has("session") ? ["session-unknown"] : []),
    ...(fields.has("recipientAge") ? ["recipient-age-unknown"] : []),
    ...(fields.has("ownRecipient") ? ["own-accounts-unknown"] : []),
    ...(fields.has("origin") ? ["origin-unknown"] : []),
    // `frozen` exists without being written; a document that writes a mode may be in it.
    ...("modes" in policy.document || fields.has("mode") ? ["mode-normal"] : []),
  ];
}
