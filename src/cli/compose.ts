import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { composeBitcoin } from "../chains/bitcoin/compose.ts";
import { exampleAccounts } from "../chains/bitcoin/example-account.ts";
import type { AccountKeys, Compose, Composing } from "../chains/chain.ts";
import { composeEvm } from "../chains/evm/compose.ts";
import { EXAMPLE_ACCOUNT } from "../chains/evm/example-account.ts";
import type { ChainId, Circumstances, Effect } from "../intent/effect.ts";
import { isAct } from "../intent/fields.ts";
import type { Intent, Request } from "../intent/intent.ts";
import type { Judgement } from "../intent/verdict.ts";
import { answer } from "../policy/analyze/question.ts";
import { judged, type Witness } from "../policy/analyze/witness.ts";
import type { Condition, Policy } from "../policy/core.ts";
import { emptyCounters } from "../policy/counters.ts";
import { interpret } from "../policy/interpret.ts";
import { chains, reading } from "./chains.ts";
import { examplesFor } from "./examples.ts";
import { namedIn } from "./named.ts";

/** A request whose bytes have certain effects, and what else they have. */
export interface Composed {
  readonly request: Request;
  /** What our own decoder reads in it. */
  readonly intent: Intent;
  /** Effects that were not asked for, such as a fee of 0. */
  readonly besides: readonly Effect[];
}

/** How the bytes are made, where it matters. */
export interface ComposeOptions {
  /** As a request names an account without a vault. An example of nobody's where it is absent. */
  readonly account?: string;
  /** Of an EVM account; 0 where it is absent. */
  readonly nonce?: bigint;
}

/**
 * A witness as a real request, if there is one: its bytes decode to what the witness states, field by field, and the policy lets
 * the whole request pass in the same circumstances, asking for nothing more than for the witness itself.
 *
 * A fee that stands alone needs a transaction that causes it: a payment of nothing where the policy lets one pass.
 */
export function requestFor(
  policy: Policy,
  witness: Witness,
  options: ComposeOptions = {},
): (Composed & { readonly judgement: Judgement }) | undefined {
  const { effects, circumstances } = witness;
  const asked = new Set(judged(policy, witness).needs.map(textOf));
  for (const carrier of carriers(policy, witness)) {
    const composed = compose(policy, [...effects, ...carrier], { now: circumstances.now, ...options });
    if (composed === undefined) continue;
    const judgement = judgedAs(policy, composed.intent, circumstances);
    if (judgement.reasons.length > 0 || !judgement.needs.every((need) => asked.has(textOf(need)))) continue;
    return { ...composed, besides: [...carrier, ...composed.besides], judgement };
  }
  return undefined;
}

/** A request that has these effects by our own decoder, whatever a policy says of it; it names what contracts and assets are. */
export function compose(
  policy: Policy,
  effects: readonly Effect[],
  options: ComposeOptions & Pick<Composing, "now">,
): Composed | undefined {
  try {
    const request = requestOf(policy, effects, options);
    if (request === undefined) return undefined;
    const intent = reading.intent(request, { policy });
    const besides = unstated(effects, intent.effects);
    return besides && { request, intent, besides };
  } catch (cause) {
    // Names and numbers that no chain has: there is no such request.
    if (cause instanceof CustodyError) return undefined;
    throw cause;
  }
}

interface Composer {
  readonly compose: Compose;
  /** Accounts that nobody has the private key of. */
  readonly examples: (chain: ChainId) => readonly string[];
}

const COMPOSERS: { readonly [namespace: string]: Composer } = {
  eip155: { compose: composeEvm, examples: () => [EXAMPLE_ACCOUNT] },
  bip122: { compose: composeBitcoin, examples: exampleAccounts },
};

function requestOf(policy: Policy, effects: readonly Effect[], options: ComposeOptions & Pick<Composing, "now">): Request | undefined {
  if (effects.some(({ kind }) => isAct(kind))) return actOf(effects);
  const { contracts, assets } = namedIn(policy);
  // What is valid on every chain is asked for on one.
  const chain = effects.find((effect) => effect.chain !== undefined)?.chain ?? assets[0]?.chain ?? "eip155:1";
  const { namespace } = chains.of(chain);
  const composer = Object.hasOwn(COMPOSERS, namespace) ? COMPOSERS[namespace] : undefined;
  const account = composer && accountOf(chain, effects, composer, options.account);
  return account && composer?.compose(effects, { ...options, chain, book: policy.book, contracts, account });
}

/** The account that the effects are of: one that was given, an example, or an address alone where that is enough. */
function accountOf(chain: ChainId, effects: readonly Effect[], { examples }: Composer, given: string | undefined): AccountKeys | undefined {
  const stated = effects.find(({ account }) => account !== undefined)?.account;
  for (const text of given === undefined ? [...examples(chain), ...(stated === undefined ? [] : [stated])] : [given]) {
    const keys = reading.watched({ chain, account: text });
    if (stated === undefined || keys.address === stated) return keys;
  }
  return undefined;
}

/** Of the acts, those that one word says. */
function actOf([effect, ...others]: readonly Effect[]): Request | undefined {
  const payload = effect && others.length === 0 ? actPayload(effect) : undefined;
  return payload && { chain: "keyward:example", account: "", kind: "act", payload };
}

function actPayload({ kind, toMode = "frozen", what = "generate" }: Effect): JsonObject | undefined {
  if (kind === "modeChange") return { act: kind, mode: toMode };
  if (kind !== "import") return undefined;
  return { act: kind, what, name: "example", ...(what !== "generate" && { fingerprint: "00".repeat(8) }) };
}

/**
 * What the bytes do beside what was stated; nothing where they do not do all that was stated, each effect once and each field
 * of it equal. Where it stands and what people are told is not stated, and whose the recipient is stands in no EVM bytes: that
 * is a circumstance, under which the request is judged.
 */
function unstated(stated: readonly Effect[], done: readonly Effect[]): readonly Effect[] | undefined {
  const left = [...done];
  for (const effect of stated) {
    const at = left.findIndex((other) => says(effect, other));
    if (at < 0) return undefined;
    left.splice(at, 1);
  }
  return left;
}

function says(stated: Effect, done: Effect): boolean {
  return (Object.keys(stated) as (keyof Effect)[]).every((name) => {
    if (name === "at" || name === "why" || stated[name] === undefined) return true;
    if (name === "ownRecipient" && done.ownRecipient === undefined) return true;
    if (name === "args") return saysArguments(stated.args ?? {}, done.args ?? {});
    return stated[name] === done[name];
  });
}

function saysArguments(stated: NonNullable<Effect["args"]>, done: NonNullable<Effect["args"]>): boolean {
  return Object.entries(stated).every(([name, value]) => Object.hasOwn(done, name) && done[name] === value);
}

function judgedAs(policy: Policy, { effects, refusals }: Intent, circumstances: Circumstances): Judgement {
  return interpret(policy, { effects, refusals }, circumstances, emptyCounters);
}

const MOST_PAYMENTS = 64;
const CARRIER_WORK = 20_000;

/** What may stand beside the effects so that there is a transaction at all: a payment of nothing, or whatever is let pass. */
function* carriers(policy: Policy, { effects, circumstances }: Witness): Generator<readonly Effect[]> {
  yield [];
  const [fee] = effects;
  if (fee?.chain === undefined || effects.some(({ kind }) => kind !== "fee")) return;
  const { chain, account } = fee;
  const base: Pick<Effect, "at" | "chain" | "account"> = { at: [], chain, ...(account !== undefined && { account }) };
  const named = [...policy.addresses.values()].flatMap((entry) => (entry.chain === chain ? [entry.address] : []));
  const examples = examplesFor(policy);
  const recipients = [...named, examples.address(chain, (taken) => named.includes(taken))].slice(0, MOST_PAYMENTS);
  for (const to of recipients) yield [{ kind: "transfer", ...base, asset: "native", to, amount: 0n }];

  const { requester, mode } = circumstances;
  const kinds = ["transfer", "allowance", "operatorAllowance", "call"] as const;
  const when: Condition = { op: "in", field: "chain", values: new Set([chain]) };
  const by = requester === undefined ? {} : { by: new Set([requester]) };
  const found = answer(policy, { kinds, when, mode, fewerThan: 1, ...by }, { examples, work: CARRIER_WORK });
  if (found.kind === "yes") yield found.witness.effects;
}

function textOf(need: Judgement["needs"][number]): string {
  return canonical(need as unknown as Json);
}
