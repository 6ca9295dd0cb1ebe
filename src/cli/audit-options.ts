import type { Json } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { readJson } from "../base/json.ts";
import { DAY_MS, parseTime } from "../base/time.ts";
import { readDecimal } from "../policy/amounts.ts";
import type { StolenSet } from "../policy/analyze/attack.ts";
import { reachableOf } from "../policy/analyze/loss.ts";
import type { AuditOptions } from "../policy/analyze/report.ts";
import type { Policy } from "../policy/core.ts";
import { milliseconds } from "../policy/durations.ts";
import { type Counted, Names } from "../policy/report/names.ts";
import type { LossBudget } from "../policy/report/verdict.ts";
import { suggest } from "./args.ts";
import type { Call } from "./command.ts";
import { usage } from "./exit.ts";
import { readBytes } from "./files.ts";
import { modeNamed } from "./modes.ts";

/** What `keyward audit` was asked for, read against the policy. */
export interface AuditAsked {
  readonly options: Pick<
    AuditOptions,
    "from" | "stolen" | "horizonsMs" | "modes" | "detectionMs" | "holdings" | "copies" | "slots" | "work"
  >;
  readonly budgets: readonly LossBudget[];
}

const HORIZONS_MS = [DAY_MS, 7 * DAY_MS, 30 * DAY_MS];
const MOST_BYTES = 2 ** 20;

/** @throws `cli/usage` naming the option and what it expects */
export async function readAuditOptions(call: Call, policy: Policy): Promise<AuditAsked> {
  const budgets = call.values("budget").map((text) => budgetOf(text, policy));
  const horizons = call.values("horizon").map((text) => duration("horizon", text));
  // A budget is judged at its own horizon, whichever others are looked at.
  const horizonsMs = [...(horizons.length === 0 ? HORIZONS_MS : horizons), ...budgets.map(({ horizonMs }) => horizonMs)];
  const [detection, holdings, slots] = [call.value("detection"), call.value("holdings"), call.value("slots")];
  const modes = call.values("mode").map((mode) => modeNamed(mode, policy));
  const [copies, work] = [call.value("copies"), call.value("work")];
  const stolen = stolenOf(call, policy);
  return {
    budgets,
    options: {
      from: momentOf(call),
      horizonsMs,
      ...(stolen !== undefined && { stolen }),
      ...(modes.length > 0 && { modes }),
      ...(detection !== undefined && { detectionMs: duration("detection", detection) }),
      ...(holdings !== undefined && { holdings: await readHoldings(holdings, policy) }),
      ...(copies !== undefined && { copies: count("copies", copies) }),
      ...(slots !== undefined && { slots: await readSlots(slots, policy) }),
      ...(work !== undefined && { work: count("work", work) }),
    },
  };
}

/** `50 ETH/24h`. */
function budgetOf(text: string, policy: Policy): LossBudget {
  const [, amount = "", name = "", time = ""] = /^(\S+) (\S+)\/(\S+)$/.exec(text) ?? [];
  const horizonMs = milliseconds(time);
  if (name === "" || horizonMs === undefined || horizonMs === 0)
    throw usage(`--budget: expected an amount and a time such as "50 ETH/24h", got ${JSON.stringify(text)}`);
  const { what, counted } = counting("budget", name, policy);
  return { text, what, most: units("budget", amount, counted), horizonMs };
}

/** An asset or a unit of account that the audit speaks of, by its name. */
function counting(option: string, name: string, policy: Policy): ReturnType<Names["find"]> & object {
  const names = new Names(policy.document);
  const asked = reachableOf(policy);
  const known = asked.map((what) => names.called(what));
  const found = names.find(name);
  if (found === undefined) throw usage(`--${option}: expected an asset of the policy, got ${name}${suggest(name, known)}`);
  if ("unit" in found.what && !known.includes(name)) throw usage(`--${option}: no limit of the policy counts in ${name}`);
  return found;
}

/** Smallest units of a decimal number. */
function units(option: string, text: string, { name, decimals }: Counted): bigint {
  const digits = readDecimal(text);
  if (digits === undefined || digits.fraction.length > decimals)
    throw usage(`--${option}: expected a number of ${name} with at most ${decimals} decimals, got ${JSON.stringify(text)}`);
  return BigInt(digits.whole + digits.fraction.padEnd(decimals, "0"));
}

function stolenOf(call: Call, policy: Policy): readonly StolenSet[] | number | undefined {
  const sets = call.values("stolen").map((text) => setOf(text, policy));
  const people = call.value("people");
  if (people === undefined) return sets.length === 0 ? undefined : sets;
  if (sets.length > 0) throw usage("audit: expected --stolen or --people, got both");
  return count("people", people);
}

/** `role:ops,ana`: everybody who is ever in the role, and ana. */
function setOf(text: string, policy: Policy): StolenSet {
  const names = [...new Set(text.split(","))];
  const people = new Set(names.flatMap((name) => peopleOf(name, policy)));
  return { name: names.join(" + "), people: [...policy.people.keys()].filter((person) => people.has(person)) };
}

function peopleOf(name: string, { people, roles }: Policy): readonly string[] {
  if (people.has(name)) return [name];
  const members = name.startsWith("role:") ? roles.get(name.slice("role:".length)) : undefined;
  if (members !== undefined) return members.map(({ person }) => person);
  const known = [...people.keys(), ...[...roles.keys()].map((role) => `role:${role}`)];
  throw usage(
    `--stolen: expected people and roles of the policy, such as role:ops,ana, got ${JSON.stringify(name)}${suggest(name, known)}`,
  );
}

function momentOf(call: Call): number {
  const text = call.value("from");
  if (text === undefined) return call.io.now();
  try {
    return parseTime(text);
  } catch (cause) {
    throw new CustodyError("cli/usage", "--from: expected a moment such as 2026-12-24 or 2026-12-24T18:00:00Z", { cause });
  }
}

function duration(option: string, text: string): number {
  const ms = milliseconds(text);
  if (ms !== undefined && ms > 0) return ms;
  throw usage(`--${option}: expected a duration such as 15m, 24h or 7d, got ${JSON.stringify(text)}`);
}

function count(option: string, text: string): number {
  if (/^[1-9]\d{0,11}$/.test(text)) return Number(text);
  throw usage(`--${option}: expected a number from 1, got ${JSON.stringify(text)}`);
}

/** `{"ETH": "1000.5"}`: what is held, by the policy's own names. */
async function readHoldings(path: string, policy: Policy): Promise<ReadonlyMap<string, bigint>> {
  const example = 'an object such as {"ETH": "1000.5"}';
  const value = await readValue(path);
  if (!isTable(value)) throw usage(`${path}: expected ${example}`);
  return new Map(
    Object.entries(value).map(([name, amount]) => {
      if (typeof amount !== "string") throw usage(`${path}: expected ${example}, got no text for ${JSON.stringify(name)}`);
      const { what, counted } = counting("holdings", name, policy);
      if (!("asset" in what)) throw usage(`${path}: expected assets, got the unit ${name}`);
      return [what.asset, units("holdings", amount, counted)] as const;
    }),
  );
}

/** `[{"name": "laptop", "opens": ["ana"], "backup": true}]`: ways to open the vault or a copy of it, and who may. */
async function readSlots(path: string, policy: Policy): Promise<NonNullable<AuditOptions["slots"]>> {
  const example = 'a list such as [{"name": "laptop", "opens": ["ana"], "backup": true}]';
  const value = await readValue(path);
  if (!Array.isArray(value)) throw usage(`${path}: expected ${example}`);
  return (value as readonly Json[]).map((row) => {
    const { name, opens, backup = false, ...rest } = isTable(row) ? row : {};
    if (typeof name !== "string" || !Array.isArray(opens) || typeof backup !== "boolean" || Object.keys(rest).length > 0)
      throw usage(`${path}: expected ${example}`);
    return { name, opens: (opens as readonly Json[]).flatMap((person) => peopleOf(String(person), policy)), backup };
  });
}

async function readValue(path: string): Promise<Json> {
  try {
    return readJson(await readBytes(path, MOST_BYTES)).value;
  } catch (cause) {
    if (!(cause instanceof CustodyError) || cause.code === "cli/usage") throw cause;
    throw new CustodyError("cli/usage", `${path}: ${cause.message}`, { cause });
  }
}

function isTable(value: Json): value is { readonly [name: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
