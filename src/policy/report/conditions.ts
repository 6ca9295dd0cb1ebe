import { canonical, type Json } from "../../base/canonical.ts";
import { isObject } from "../../base/shape.ts";
import { SECOND_MS } from "../../base/time.ts";
import type { EffectKind } from "../../intent/effect.ts";
import { FIELDS, type Field } from "../../intent/fields.ts";
import { grouped, itemsOf, listed, timeText } from "./names.ts";
import { datesText, type Roster } from "./roster.ts";

/** A condition in words. `not`: the words must not all hold together. */
export type Said = string | { readonly of: "all" | "any" | "not"; readonly said: readonly Said[] };

/** What words of a condition depend on. */
export interface Spoken {
  readonly roster: Roster;
  readonly kinds: readonly EffectKind[];
}

/** Everything that a `when` asks for, all of which must hold. */
export function conditionsOf(when: Json | undefined, spoken: Spoken): readonly Said[] {
  if (!isObject(when)) return [];
  return Object.entries(when).flatMap(([name, value]) => (value === undefined ? [] : conditionOf(name, value, spoken)));
}

/** One line of text: `the asset is ETH and not (…)`. */
export function saidText(said: readonly Said[], join: "and" | "or" = "and"): string {
  return listed(
    said.map((part) => {
      if (typeof part === "string") return part;
      const inner = saidText(part.said, part.of === "any" ? "or" : "and");
      if (part.of === "not") return `not (${inner})`;
      return part.said.length > 1 ? `(${part.of === "any" ? "either " : ""}${inner})` : inner;
    }),
    join,
  );
}

function conditionOf(name: string, value: Json, spoken: Spoken): readonly Said[] {
  switch (name) {
    case "all":
      return itemsOf(value).flatMap((item) => conditionsOf(item, spoken));
    case "any":
      return [{ of: "any", said: itemsOf(value).map((item) => together(conditionsOf(item, spoken))) }];
    case "not":
      return [{ of: "not", said: conditionsOf(value, spoken) }];
    case "args":
      return Object.entries(isObject(value) ? value : {}).map(
        ([argument, test = null]) => `the argument ${argument} is ${argumentText(test, spoken)}`,
      );
    default:
      return [Object.hasOwn(FIELDS, name) ? SAYS[name as Exclude<Field, "args">](value, spoken) : `${name} is ${canonical(value)}`];
  }
}

function together(said: readonly Said[]): Said {
  const [only] = said;
  return only !== undefined && said.length === 1 ? only : { of: "all", said };
}

type Says = (value: Json, spoken: Spoken) => string;

/** How a condition on each field is said. */
const SAYS: { readonly [F in Exclude<Field, "args">]: Says } = {
  chain: names("the chain is"),
  account: recipients("the account is"),
  asset: names("the asset is"),
  to: (value, spoken) =>
    spoken.kinds.includes("grant")
      ? `it is granted to ${among(value, (name) => spoken.roster.asking(name))}`
      : recipients(`the ${counterparty(spoken.kinds)} is`)(value, spoken),
  ownRecipient: flag("the recipient is an account of this vault", "the recipient is no account of this vault"),
  party: recipients("whose asset moves is"),
  amount: range("the amount is", amountText),
  total: range("the request's total in the asset is", amountText),
  tokenId: range("the token's id is", String),
  contract: recipients("the contract is"),
  selector: names("the call's selector is"),
  function: names("the function is"),
  expiry: range("its expiry is", secondText),
  feeRate: range("the fee rate is", numberText),
  gas: range("the gas limit is", numberText),
  sighash: names("the sighash type is"),
  change: names("change is"),
  inputs: range("the number of inputs is", numberText),
  outputs: range("the number of outputs is", numberText),
  domain: names("the domain is"),
  primaryType: names("the primary type is"),
  replayable: flag("the signature can be used again, elsewhere or later", "the signature cannot be used again"),
  class: names("its class is"),
  part: names("the part is"),
  direction: names("the direction is"),
  what: names("what it is of is"),
  toMode: names("the mode would become"),
  origin: names("the request comes from"),
  requester: (value, { roster }) => `${among(value, (name) => roster.asking(name))} asks`,
  session: names("the session began with a credential of kind"),
  hour: (value, { roster }) => `it is within the hours ${among(value, (name) => roster.hours(name))}`,
  date: (value) => `the moment is ${isObject(value) ? datesText(value) : canonical(value)}`,
  recipientAge: range("the recipient's time in the book is", (value) => durationWords(value)),
  mode: names("the mode is"),
};

function names(subject: string): Says {
  return (value) => `${subject} ${among(value, (name) => name)}`;
}

function recipients(subject: string): Says {
  return (value, { roster }) => `${subject} ${among(value, (name) => roster.recipient(name))}`;
}

function flag(yes: string, no: string): Says {
  return (value) => (value === true ? yes : no);
}

function range(subject: string, write: (value: Json) => string): Says {
  return (value) => `${subject} ${rangeText(value, write)}`;
}

/** Both ends are included. */
function rangeText(value: Json, write: (value: Json) => string): string {
  if (!isObject(value)) return `exactly ${write(value)}`;
  const { min, max } = value;
  if (min !== undefined && max !== undefined) return `from ${write(min)} to ${write(max)}`;
  return min === undefined ? `at most ${write(max ?? null)}` : `${write(min)} or more`;
}

function among(value: Json, write: (name: string) => string): string {
  const [first = "", ...more] = (Array.isArray(value) ? (value as readonly Json[]) : [value]).map((name) => write(word(String(name))));
  return more.length === 0 ? first : `one of (${[first, ...more].join(", ")})`;
}

/** Free text, such as a domain, stands in quotes, so that it cannot pass for words of ours. */
function word(text: string): string {
  return /^[\p{L}\p{M}\p{N}@:./_()-]+$/u.test(text) ? text : JSON.stringify(text);
}

function argumentText(test: Json, { roster }: Spoken): string {
  if (typeof test === "boolean") return String(test);
  if (typeof test === "number" || isObject(test)) return rangeText(test, numberText);
  return among(test, (name) => roster.recipient(name));
}

/** Who stands on the other side, as the kinds of a rule call them. */
function counterparty(kinds: readonly EffectKind[]): string {
  const called = new Set(kinds.map((kind) => COUNTERPARTY[kind] ?? "recipient"));
  return listed([...called], "or");
}

const COUNTERPARTY: { readonly [kind: string]: string } = {
  allowance: "spender",
  signedAllowance: "spender",
  operatorAllowance: "operator",
  order: "counterparty",
  swap: "counterparty",
  delegation: "delegate",
  accountControl: "new controller",
};

function amountText(value: Json): string {
  return grouped(String(value));
}

function numberText(value: Json): string {
  return grouped(String(value));
}

/** Unix seconds, as a number or a date. Beyond what a calendar holds they stand as they are. */
function secondText(value: Json): string {
  if (value === "unlimited") return "never";
  const seconds = Number(value);
  if (!/^\d+$/.test(String(value))) return String(value);
  return seconds < 253_402_300_800 ? timeText(SECOND_MS * seconds) : `second ${value}`;
}

/** `24h` as `24 hours`. */
export function durationWords(value: Json | undefined): string {
  const [, count, unit = ""] = /^(\d+)([mhd])$/.exec(String(value)) ?? [];
  const word = { m: "minute", h: "hour", d: "day" }[unit];
  return word === undefined ? String(value) : `${count} ${word}${count === "1" ? "" : "s"}`;
}
