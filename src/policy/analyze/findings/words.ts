import { formatTime, HOUR_MS, MINUTE_MS, SECOND_MS, type Time } from "../../../base/time.ts";
import { type Effect, UNLIMITED } from "../../../intent/effect.ts";
import type { Clause } from "../../../intent/verdict.ts";
import { writeAmount } from "../../amounts.ts";
import type { LimitRule, Policy } from "../../core.ts";
import type { Witness } from "../witness.ts";

/** Texts about one policy, with names and amounts as the policy itself writes them. */
export class Words {
  readonly #policy: Policy;
  #named: ReadonlyMap<string, string> | undefined;

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /** @param asset - qualified; as it is where the policy has no name for it. */
  asset(asset: string): string {
    return this.#known(asset)?.name ?? asset;
  }

  /** @param units - smallest units of a qualified asset */
  amount(asset: string, units: bigint): string {
    if (units >= UNLIMITED) return `unlimited ${this.asset(asset)}`;
    const known = this.#known(asset);
    return known === undefined ? `${units} smallest units of ${asset}` : writeAmount(units, known);
  }

  max({ max, unit, measure }: LimitRule): string {
    if (measure.type === "count") return `${max} ${max === 1n ? "effect" : "effects"}`;
    return unit === undefined ? `${max}` : writeAmount(max, unit);
  }

  /** @param address - qualified */
  address(address: string): string {
    this.#named ??= new Map([...this.#policy.addresses].map(([name, located]) => [`${located.chain}:${located.address}`, name]));
    const end = address.lastIndexOf(":");
    return this.#named.get(address) ?? this.#policy.book.contract(address.slice(0, end), address.slice(end + 1))?.name ?? address;
  }

  effect({ kind, chain, asset, amount, to, contract, direction, part, what, toMode }: Effect): string {
    const about = (where: string) => (chain === undefined ? where : this.address(`${chain}:${where}`));
    const parts = [
      KIND_WORDS[kind] ?? `${startsWithVowel(kind) ? "an" : "a"} ${kind}`,
      asset !== undefined && chain !== undefined && `of ${this.#muchOf(`${chain}/${asset}`, amount)}`,
      to !== undefined && `to ${about(to)}`,
      contract !== undefined && `at ${about(contract)}`,
      part !== undefined && `of ${part}`,
      direction !== undefined && `that ${direction}`,
      what !== undefined && `of ${what}`,
      toMode !== undefined && `to ${toMode}`,
    ];
    return parts.filter((part) => part !== false).join(" ");
  }

  // The least there is says only that any amount will do.
  #muchOf(asset: string, amount: bigint | undefined): string {
    return amount === undefined || amount <= 1n ? this.asset(asset) : this.amount(asset, amount);
  }

  /** `a transfer of 10 ETH to acme, asked for by ana`. */
  request({ effects, circumstances }: Witness): string {
    const [first] = effects;
    const what = first === undefined ? "nothing" : this.effect(first);
    const more = effects.length > 1 ? ` and ${effects.length - 1} more of the same` : "";
    return `${what}${more}${circumstances.requester === undefined ? "" : `, asked for by ${circumstances.requester}`}`;
  }

  #known(asset: string) {
    const slash = asset.indexOf("/");
    return this.#policy.book.asset(asset.slice(0, slash), asset.slice(slash + 1));
  }
}

const KIND_WORDS: { readonly [kind: string]: string | undefined } = {
  unknown: "a signature over what was not read",
  signedAllowance: "a signed allowance",
  operatorAllowance: "an allowance over everything of a contract",
  policyEdit: "an edit of the policy",
  modeChange: "a change of the mode",
  slotChange: "a change of who opens the vault",
};

/** `2 of finance and 1 of cfo, or 3 of board`. */
export function approvalsText(alternatives: readonly (readonly Clause[])[]): string {
  return alternatives.map((clauses) => clauses.map(({ of, atLeast }) => `${atLeast} of ${of}`).join(" and ")).join(", or ");
}

/** `24h`, `7d`, `90m`. */
export function durationText(ms: number): string {
  const day = 24 * HOUR_MS;
  if (ms >= 2 * day && ms % day === 0) return `${ms / day}d`;
  if (ms % HOUR_MS === 0) return `${ms / HOUR_MS}h`;
  if (ms % MINUTE_MS === 0) return `${ms / MINUTE_MS}m`;
  return `${ms / SECOND_MS} s`;
}

export function windowText({ windowMs }: Pick<LimitRule, "windowMs">): string {
  return windowMs === "ever" ? "ever" : `within ${durationText(windowMs)}`;
}

export function momentText(time: Time): string {
  return formatTime(time).replace("T00:00:00.000Z", "").replace(".000Z", "Z");
}

/** `ana`, `ana and ben`, `ana, ben and cyd`. */
export function listText(names: readonly string[]): string {
  const last = names.at(-1);
  return names.length < 2 || last === undefined ? (last ?? "nobody") : `${names.slice(0, -1).join(", ")} and ${last}`;
}

function startsWithVowel(word: string): boolean {
  return /^[aeiou]/.test(word);
}
