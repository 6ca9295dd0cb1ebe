import { SECOND_MS } from "../../base/time.ts";
import { type Effect, UNLIMITED } from "../../intent/effect.ts";
import type { Step } from "../analyze/sequence.ts";
import type { Witness } from "../analyze/witness.ts";
import { durationText, grouped, listed, type Names, timeText } from "./names.ts";

/** One effect in words: `transfer of 9.5 ETH to acme (0xd8dA…)`. Nothing that it says is left out. */
export function effectText(effect: Effect, names: Names): string {
  const {
    kind,
    at: _at,
    chain,
    account,
    asset,
    amount,
    to,
    contract,
    expiry,
    args,
    why,
    outlives,
    replayable,
    ownRecipient,
    ...rest
  } = effect;
  const what = { asset: `${chain}/${asset}` };
  const said: string[] = [KIND[kind] ?? kind];
  if (amount !== undefined && asset !== undefined) said.push(`of ${names.amount(amount, what)}`);
  else if (asset !== undefined) said.push(`of ${names.called(what)}`);
  else if (amount !== undefined)
    said.push(`of ${amount >= UNLIMITED ? "unlimited" : grouped(`${amount}`)} smallest units of an unknown asset`);
  if (to !== undefined) said.push(`${TOWARDS[kind] ?? "to"} ${names.address(chain, to)}`);
  if (ownRecipient !== undefined) said.push(ownRecipient ? "(an own account)" : "(not an own account)");
  if (contract !== undefined && contract !== to) said.push(`at contract ${names.address(chain, contract)}`);
  if (account !== undefined) said.push(`from account ${names.address(chain, account)}`);
  if (expiry !== undefined) said.push(expiry >= UNLIMITED ? "without end" : `until ${secondText(expiry)}`);
  if (args !== undefined) said.push(`with ${listed(Object.entries(args).map(([name, value]) => `${name} ${valueText(value)}`))}`);
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) said.push(`${WORDS[name] ?? name} ${valueText(value)}`);
  if (chain !== undefined && asset === undefined) said.push(`on ${chain}`);
  if (replayable !== undefined) said.push(replayable ? "usable again, elsewhere or later" : "usable once");
  if (outlives === true) said.push("which stays if the transaction is replaced");
  if (why !== undefined) said.push(`(${why})`);
  return said.join(" ");
}

/** Effects of one request, those that are the same told once. */
export function effectTexts(effects: readonly Effect[], names: Names): readonly string[] {
  const times = new Map<string, number>();
  for (const effect of effects) {
    const text = effectText(effect, names);
    times.set(text, (times.get(text) ?? 0) + 1);
  }
  return [...times].map(([text, count]) => (count === 1 ? text : `${grouped(`${count}`)} × ${text}`));
}

/** Who asks, when, and what else is known of the moment. */
export function circumstancesText({ circumstances }: Witness): string {
  const { requester, session, origin, now, mode } = circumstances;
  return [
    `asked by ${requester ?? "anybody"}${session === undefined ? "" : ` (${session})`}`,
    ...(origin === undefined ? [] : [`from ${origin}`]),
    `at ${timeText(now)}`,
    ...(mode === "normal" ? [] : [`in mode ${mode}`]),
  ].join(", ");
}

/** When a step is signed, how often, and with whose approval: `at once, 6 times, approved by cyd`. */
export function stepText({ askedMs, signedMs, times, approvers, witness }: Step): string {
  const { requester } = witness.circumstances;
  return [
    signedMs === 0 ? "at once" : `after ${durationText(signedMs)}`,
    ...(askedMs === signedMs ? [] : [`asked ${askedMs === 0 ? "at once" : `after ${durationText(askedMs)}`}`]),
    ...(times === 1n ? [] : [`${grouped(`${times}`)} times`]),
    ...(requester === undefined ? [] : [`by ${requester}`]),
    ...(approvers.length === 0 ? [] : [`approved by ${listed(approvers)}`]),
  ].join(", ");
}

const KIND: { readonly [kind: string]: string } = {
  signedAllowance: "signed allowance",
  operatorAllowance: "operator allowance over everything",
  delegation: "delegation (EIP-7702)",
  accountControl: "change of who controls the account",
  typedData: "typed data",
  policyEdit: "edit of the policy",
  modeChange: "change of the mode",
  slotChange: "change of how the vault opens",
  keyState: "change of a key's state",
};

const TOWARDS: { readonly [kind: string]: string } = {
  allowance: "to spender",
  signedAllowance: "to spender",
  operatorAllowance: "to operator",
  delegation: "to delegate",
};

const WORDS: { readonly [member: string]: string } = {
  party: "out of",
  tokenId: "token",
  feeRate: "at fee rate",
  gas: "with gas",
  primaryType: "of type",
  toMode: "to",
  part: "in",
  direction: "that",
};

function valueText(value: unknown): string {
  if (typeof value === "bigint") return value >= UNLIMITED ? "unlimited" : grouped(`${value}`);
  return typeof value === "string" ? value : JSON.stringify(value);
}

function secondText(expiry: bigint): string {
  return expiry < 253_402_300_800n ? timeText(SECOND_MS * Number(expiry)) : `second ${expiry}`;
}
