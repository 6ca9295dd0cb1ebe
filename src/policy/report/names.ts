import type { Json, JsonObject } from "../../base/canonical.ts";
import { isObject } from "../../base/shape.ts";
import { DAY_MS, formatTime, HOUR_MS, MINUTE_MS, SECOND_MS, type Time } from "../../base/time.ts";
import { UNLIMITED } from "../../intent/effect.ts";
import { writeAmount } from "../amounts.ts";
import type { Loss } from "../analyze/loss.ts";

/** What is counted, as people write it. */
export interface Counted {
  readonly name: string;
  readonly decimals: number;
}

/** What a policy document calls assets, units of account and addresses, for texts. */
export class Names {
  readonly #assets = new Map<string, Counted>();
  readonly #units = new Map<string, Counted>();
  readonly #addresses = new Map<string, string>();

  constructor(document: JsonObject) {
    for (const [name, { chain, asset, decimals }] of rows(document.assets))
      this.#assets.set(`${chain}/${asset}`, { name, decimals: Number(decimals ?? 0) });
    for (const [name, { decimals }] of rows(document.values)) this.#units.set(name, { name, decimals: Number(decimals ?? 0) });
    for (const [name, { chain, address }] of [...rows(document.contracts), ...rows(document.book)])
      this.#addresses.set(`${chain}:${address}`, name);
  }

  /** An asset (qualified) or a unit of account; nothing where the policy does not name it. */
  counted(what: Loss["what"]): Counted | undefined {
    return "asset" in what ? this.#assets.get(what.asset) : this.#units.get(what.unit);
  }

  /** An asset or a unit of account by the policy's own name for it. */
  find(name: string): { readonly what: Loss["what"]; readonly counted: Counted } | undefined {
    for (const [asset, counted] of this.#assets) if (counted.name === name) return { what: { asset }, counted };
    const unit = this.#units.get(name);
    return unit && { what: { unit: name }, counted: unit };
  }

  called(what: Loss["what"]): string {
    return this.counted(what)?.name ?? ("asset" in what ? what.asset : what.unit);
  }

  /** Exact: `1,500,000.5 USDC`. */
  amount(amount: bigint, what: Loss["what"]): string {
    const counted = this.counted(what);
    if (amount >= UNLIMITED) return `unlimited ${this.called(what)}`;
    return counted === undefined ? `${grouped(`${amount}`)} smallest units of ${this.called(what)}` : amountText(amount, counted);
  }

  /** For tables, without the name: whole units from 1,000 on, four decimals below, rounded up where that is less than all: `≈ 49.9801`. */
  short(amount: bigint, what: Loss["what"]): string {
    if (amount >= UNLIMITED) return "unlimited";
    const { decimals } = this.counted(what) ?? { decimals: 0 };
    const kept = amount >= 1000n * 10n ** BigInt(decimals) ? 0 : 4;
    const cut = 10n ** BigInt(Math.max(0, decimals - kept));
    const rounded = ((amount + cut - 1n) / cut) * cut;
    const text = amountText(rounded, { name: "", decimals }).trimEnd();
    return rounded === amount ? text : `≈ ${text}`;
  }

  /** The whole address always; a name is only beside it. */
  address(chain: string | undefined, address: string): string {
    const name = this.#addresses.get(`${chain}:${address}`);
    return name === undefined ? address : `${name} (${address})`;
  }
}

export function amountText(amount: bigint, of: Counted): string {
  return grouped(writeAmount(amount, of));
}

/** `1500000.5 USDC` as `1,500,000.5 USDC`: digits before the point, in threes. */
export function grouped(text: string): string {
  return text.replace(/^\d+/, (digits) => digits.replace(/\B(?=(?:\d{3})+$)/g, ","));
}

/** Exact: `24h`, `7d`, `1d 6h`. */
export function durationText(ms: number): string {
  // A day or two are read as hours, as policies write them.
  if (ms > 0 && ms <= 2 * DAY_MS && ms % HOUR_MS === 0) return `${ms / HOUR_MS}h`;
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join(" ") || "0s";
}

const UNITS = [
  ["d", DAY_MS],
  ["h", HOUR_MS],
  ["m", MINUTE_MS],
  ["s", SECOND_MS],
  ["ms", 1],
] as const;

/** UTC, to the second unless there is more: `2026-11-22 12:00:00Z`. */
export function timeText(time: Time): string {
  return formatTime(time).replace("T", " ").replace(".000Z", "Z");
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[], last: "and" | "or" = "and"): string {
  const head = words.slice(0, -1).join(", ");
  return head === "" ? (words.at(-1) ?? "") : `${head} ${last} ${words.at(-1)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(`${count}`)} ${count === 1 ? one : many}`;
}

/** The entries of a table of a document. The document was parsed before; whatever else stands there is left out. */
export function rows(table: Json | undefined): readonly (readonly [string, JsonObject])[] {
  if (!isObject(table)) return [];
  return Object.entries(table).flatMap(([name, row]) => (isObject(row) ? [[name, row] as const] : []));
}

export function itemsOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
