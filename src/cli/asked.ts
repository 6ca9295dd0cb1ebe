import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { ownMembers } from "../base/own.ts";
import { expectArray, expectBoolean, expectObject, expectString } from "../base/shape.ts";
import { parseTime, type Time } from "../base/time.ts";
import { readRequest } from "../custody/door.ts";
import { type Circumstances, type Effect, UNLIMITED } from "../intent/effect.ts";
import { FIELDS, type Field, isAct, KIND_FIELDS } from "../intent/fields.ts";
import type { Intent } from "../intent/intent.ts";
import { readDecimal } from "../policy/amounts.ts";
import { statedFields } from "../policy/cases-schema.ts";
import type { Policy } from "../policy/core.ts";
import { chains, reading } from "./chains.ts";

/** What is asked of a policy without a vault: bytes that are decoded, or effects that are written out, and the circumstances. */
export interface AskedOf {
  readonly intent: Stated & Partial<Pick<Intent, "id" | "lane">>;
  readonly circumstances: Circumstances;
}

/** Effects without bytes that would have them. */
export type Stated = Pick<Intent, "effects" | "refusals">;

/** Members of an object that says what is asked; a request may stand flat among the circumstances, as the command line has it. */
export const ASKED = ["request", "effects", "chain", "account", "kind", "payload"] as const;
export const CIRCUMSTANCES = ["requester", "session", "origin", "now", "mode", "listed", "own"] as const;

/**
 * Reads what is asked and by whom.
 *
 * @param defaults - circumstances that hold where the object says nothing else.
 * @throws `request/malformed`, also for somebody whom the policy does not know, and what the chain throws for bytes that it cannot
 * read.
 */
export function readAsked(json: JsonObject, policy: Policy, defaults: JsonObject & { readonly now: string }): AskedOf {
  const circumstances = readCircumstances(ownMembers({ ...defaults, ...json }), policy);
  const { requester } = circumstances;
  if (requester !== undefined && !policy.people.has(requester))
    throw malformed(`requester: the policy has no person called ${requester.slice(0, 40)}`);
  return { intent: readIntent(json, policy), circumstances };
}

/** What is asked alone: effects that are written out, a request, or one that stands flat among the circumstances. */
export function readIntent({ request, effects, chain, account, kind, payload }: JsonObject, policy: Policy): Intent | Stated {
  const isFlat = [chain, account, kind, payload].some((member) => member !== undefined);
  if ([request !== undefined, effects !== undefined, isFlat].filter(Boolean).length !== 1)
    throw malformed("expected one of request and effects");
  if (effects !== undefined) {
    const list = expectArray(effects, "effects");
    return { effects: list.map((effect, at) => readEffect(effect, policy, `effects[${at}]`)), refusals: [] };
  }
  const flat = { ...(chain !== undefined && { chain }), ...(account !== undefined && { account }), kind, payload };
  return reading.intent(readRequest(request ?? flat), { policy });
}

export function readCircumstances(said: JsonObject, policy: Policy): Circumstances {
  const { requester, session, origin, now, mode = "normal", listed, own } = said;
  const person = requester === undefined ? undefined : expectString(requester, "requester");
  const kind = session === undefined ? sessionOf(policy, person) : expectString(session, "session");
  const ages = listed === undefined ? undefined : readListed(listed, policy);
  const accounts = own === undefined ? undefined : new Set(expectArray(own, "own").map((name) => addressOf(name, policy, "own")));
  return {
    ...(person !== undefined && { requester: person }),
    ...(kind !== undefined && { session: kind }),
    ...(origin !== undefined && { origin: expectString(origin, "origin") }),
    now: readTime(now, "now"),
    mode: expectString(mode, "mode"),
    ...(ages !== undefined && { addedAt: (chain, address) => ages.get(`${chain}:${address}`) }),
    ...(accounts !== undefined && { isOwn: (chain, address) => accounts.has(`${chain}:${address}`) }),
  };
}

/** The kind of credential that begins this person's session, where there is only one. */
function sessionOf(policy: Policy, requester: string | undefined): string | undefined {
  const kinds = new Set((policy.people.get(requester ?? "") ?? []).map(({ kind }) => kind));
  return kinds.size === 1 ? [...kinds][0] : undefined;
}

/** Since when the vault has had entries of its book: `{"acme": "2026-01-05"}`. */
function readListed(listed: Json, policy: Policy): ReadonlyMap<string, Time> {
  if (listed === null || typeof listed !== "object" || Array.isArray(listed))
    throw malformed("listed: expected an object of names and times");
  return new Map(
    Object.entries(listed as JsonObject).map(([name, since]) => [addressOf(name, policy, "listed"), readTime(since, "listed")]),
  );
}

/** `chain:address` of a name of the book, or of an address with its chain. */
function addressOf(name: Json | undefined, { addresses }: Policy, where: string): string {
  const text = expectString(name, where);
  const entry = addresses.get(text);
  if (entry !== undefined) return `${entry.chain}:${entry.address}`;
  if (/^[^:]+:[^:]+:.+$/.test(text)) return text;
  throw malformed(`${where}: the book has no ${text.slice(0, 60)}, and it is no address with its chain`);
}

export function readTime(value: Json | undefined, where: string): Time {
  try {
    return parseTime(expectString(value, where));
  } catch (cause) {
    if (cause instanceof CustodyError) throw malformed(`${where}: expected a time such as 2026-11-22T12:00:00Z`);
    throw cause;
  }
}

/**
 * An effect as people write it: assets, addresses and contracts by the policy's names, which bring their chain, amounts as
 * `"25 USDC"`; or as `--json` prints effects, with smallest units and addresses. What is left out is unknown.
 */
export function readEffect(json: Json, policy: Policy, where: string): Effect {
  const kind = (json as { readonly kind?: unknown } | null)?.kind;
  if (typeof kind !== "string" || !Object.hasOwn(KIND_FIELDS, kind)) throw malformed(`${where}: expected a known kind of effect`);
  const has = statedFields(kind as Effect["kind"]);
  const given = expectObject(json, { required: ["kind"], optional: [...has, "at", "why", "outlives"] }, where);
  const effect: Record<string, unknown> = { kind, at: expectArray(given.at === undefined ? [] : given.at, `${where}.at`) };
  if (given.outlives !== undefined && expectBoolean(given.outlives, `${where}.outlives`)) effect.outlives = true;
  for (const field of has) {
    const value = given[field];
    if (value !== undefined)
      Object.assign(effect, readField(field, value, { policy, where: `${where}.${field}`, act: isAct(kind as Effect["kind"]) }));
  }
  checkAddresses(effect, kind as Effect["kind"]);
  // A chain that is said stands above one that a name brings: they may not differ.
  if (given.chain !== undefined && effect.chain !== given.chain)
    throw malformed(`${where}: its names are of another chain than ${canonical(given.chain).slice(0, 40)}`);
  return effect as unknown as Effect;
}

const ADDRESSES = ["to", "party", "account", "contract"] as const;

/** Addresses in their checked form, as policies have them; those of an act's people are names. */
function checkAddresses(effect: Record<string, unknown>, kind: Effect["kind"]): void {
  const { chain } = effect;
  if (typeof chain !== "string" || isAct(kind)) return;
  for (const field of ADDRESSES) {
    const address = effect[field];
    if (typeof address === "string") effect[field] = chains.parseAddress(chain, address);
  }
}

interface FieldOf {
  readonly policy: Policy;
  readonly where: string;
  readonly act: boolean;
}

function readField(field: Field, value: Json, { policy, where, act }: FieldOf): object {
  if (field === "asset") {
    const asset = assetNamed(policy, expectString(value, where));
    return asset === undefined ? { asset: value } : { chain: asset.chain, asset: asset.asset };
  }
  if (field === "contract") {
    const contract = named<{ readonly chain: string; readonly address: string }>(policy.document.contracts, expectString(value, where));
    if (contract !== undefined) return { chain: contract.chain, contract: contract.address };
  }
  if ((field === "to" || field === "party" || field === "account" || field === "contract") && !act) {
    const entry = policy.addresses.get(expectString(value, where));
    if (entry !== undefined) return { chain: entry.chain, [field]: entry.address };
    const [, chain, address] = /^([^:]+:[^:]+):(.+)$/.exec(String(value)) ?? [];
    return chain === undefined ? { [field]: value } : { chain, [field]: address };
  }
  switch (FIELDS[field].type) {
    case "integer":
      return { [field]: field === "amount" ? readAmount(value, policy, where) : readInteger(value, where) };
    case "flag":
      if (typeof value !== "boolean") throw malformed(`${where}: expected true or false`);
      return { [field]: value };
    case "arguments":
      return { [field]: readArguments(value, where) };
    case "name":
      return { [field]: expectString(value, where) };
  }
}

interface NamedAsset {
  readonly chain: string;
  readonly asset: string;
  readonly decimals: number;
}

function assetNamed({ document }: Policy, name: string): NamedAsset | undefined {
  return named<NamedAsset>(document.assets, name);
}

/** An entry of a table of the document, which the parser has checked. */
function named<T>(table: Json | undefined, name: string): T | undefined {
  return table !== undefined && table !== null && Object.hasOwn(table as object, name) ? ((table as JsonObject)[name] as T) : undefined;
}

/** `"0.05 ETH"`, smallest units, or `"unlimited"`. */
function readAmount(value: Json, policy: Policy, where: string): bigint {
  const text = expectString(value, where);
  const [digits = "", name, ...more] = text.split(" ");
  if (name === undefined) return readInteger(value, where);
  const decimal = readDecimal(digits);
  const asset = assetNamed(policy, name);
  if (decimal === undefined || asset === undefined || more.length > 0)
    throw malformed(`${where}: expected an amount such as "0.05 ETH", with an asset of the policy`);
  if (decimal.fraction.length > asset.decimals) throw malformed(`${where}: expected at most ${asset.decimals} decimals of ${name}`);
  return BigInt(decimal.whole + decimal.fraction.padEnd(asset.decimals, "0"));
}

function readInteger(value: Json, where: string): bigint {
  if (value === "unlimited") return UNLIMITED;
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || !/^(?:0|[1-9][0-9]{0,77})$/.test(text))
    throw malformed(`${where}: expected an integer as text, or "unlimited"`);
  return BigInt(text);
}

function readArguments(value: Json, where: string): { readonly [name: string]: bigint | boolean | string } {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw malformed(`${where}: expected an object of arguments`);
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, argument]) => {
      if (typeof argument === "string" || typeof argument === "boolean") return [name, argument];
      const { int } = (argument ?? {}) as { readonly int?: Json };
      if (int === undefined) throw malformed(`${where}.${name}: expected text, true, false or {"int": "5"}`);
      return [name, readInteger(int, where)];
    }),
  );
}

export function malformed(what: string): CustodyError {
  return new CustodyError("request/malformed", what);
}
