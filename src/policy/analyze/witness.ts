import { DAY_MS, type Time } from "../../base/time.ts";
import type { ArgumentValue, ChainId, Circumstances, Effect, EffectKind } from "../../intent/effect.ts";
import { FIELDS, type Field, isAct, KIND_FIELDS, OUTFLOW } from "../../intent/fields.ts";
import type { Judgement } from "../../intent/verdict.ts";
import type { Policy } from "../core.ts";
import { emptyCounters } from "../counters.ts";
import { interpret } from "../interpret.ts";
import { chainOf } from "./boxes.ts";
import type { Space } from "./dimensions.ts";
import { near } from "./near.ts";
import { hasInteger, hasName, intersect, type ValueSet } from "./sets.ts";

/** Values chosen on the way to a leaf, by dimension. */
export type Region = ReadonlyMap<number, ValueSet>;

/** One request that lies in a region, at a moment, asked by somebody. */
export interface Witness {
  readonly effects: readonly Effect[];
  readonly circumstances: Circumstances;
}

/** What stands in where a policy names nothing: examples that no rule knows. */
export interface Examples {
  /** An address that is none of `taken`, in the chain's own checked form. */
  address(chain: ChainId, taken: (address: string) => boolean): string;
  /** An own account; any address where it is absent. */
  account?(chain: ChainId, taken: (address: string) => boolean): string;
  /** An asset or contract that such an effect can really have; the first that comes, or an example, where there is none. */
  named?(field: "asset" | "contract", of: Partial<Pick<Effect, "kind" | "chain">>, fits: (name: string) => boolean): string | undefined;
  /** The least value of a field that is usual for such an effect; where there is none, an amount is 1 and all else 0. */
  least?(field: Field, of: Partial<Pick<Effect, "kind" | "chain">>): bigint | undefined;
  /** Names of other fields, those that bytes can really have first. */
  names?(field: string): Iterable<string>;
  /** The moment to look at where no rule cares. */
  readonly now: Time;
}

/** Addresses made of digits alone, which have no upper or lower case to check. */
export const plainExamples: Examples = {
  address(_chain, taken) {
    for (let number = 1; ; number++) {
      const address = `0x${String(number).padStart(40, "0")}`;
      if (!taken(address)) return address;
    }
  },
  now: Date.UTC(2026, 0, 5, 12),
};

/**
 * A request out of a region: an effect of the kind with a value for every field that the region says something of, and what is
 * usual for the others. Where the request's total is to be more than the amount, more effects of the same make up for it.
 */
export function witnessIn(space: Space, region: Region, examples: Examples): Witness {
  return new Chooser(space, region, examples).witness();
}

/** What the plain interpreter says of it, with counters on which nothing was spent. */
export function judged(policy: Policy, { effects, circumstances }: Witness): Judgement {
  return interpret(near(policy, effects), { effects, refusals: [] }, circumstances, emptyCounters);
}

class Chooser {
  readonly #space: Space;
  readonly #region: Region;
  readonly #examples: Examples;

  constructor(space: Space, region: Region, examples: Examples) {
    this.#space = space;
    this.#region = region;
    this.#examples = examples;
  }

  witness(): Witness {
    const kind = this.#name("kind") as EffectKind;
    const fields = new Set<Field>(KIND_FIELDS[kind]);
    const chain = isAct(kind) ? undefined : this.#chain();
    const members: Record<string, unknown> = { kind, at: [], ...(chain !== undefined && { chain }) };
    for (const field of fields) {
      const value = this.#member(field, chain, kind);
      if (value !== undefined) members[field] = value;
    }
    const effect = members as unknown as Effect;
    return { effects: [effect, ...this.#rest(effect, fields)], circumstances: this.#circumstances(effect) };
  }

  /** What is chosen for a dimension; everything where the region says nothing of it. */
  #values(name: string): ValueSet {
    const index = this.#space.at(name);
    return this.#region.get(index) ?? this.#space.all(index);
  }

  #says(name: string): boolean {
    return this.#region.has(this.#space.at(name));
  }

  #name(name: string): string | undefined {
    const { names } = this.#values(name);
    if (!names.not) return names.values.values().next().value;
    for (const candidate of this.#examples.names?.(name) ?? []) if (!names.values.has(candidate)) return candidate;
    for (const candidate of candidates(name)) if (!names.values.has(candidate)) return candidate;
    return undefined;
  }

  #chain(): ChainId | undefined {
    const { names, unknown } = this.#values("chain");
    const [known] = names.not ? [] : names.values;
    if (known !== undefined || !names.not) return known;
    // The chain of a name that is spoken of anyway, or of the usual asset.
    for (const field of QUALIFIED) {
      const [first] = this.#says(field) && !this.#values(field).names.not ? this.#values(field).names.values : [];
      if (first !== undefined && !names.values.has(chainOf(first))) return chainOf(first);
    }
    for (const candidate of ["eip155:1", "eip155:10", "eip155:137", "eip155:8453"]) if (!names.values.has(candidate)) return candidate;
    if (unknown) return undefined;
    for (let id = 1_000_000; ; id++) if (!names.values.has(`eip155:${id}`)) return `eip155:${id}`;
  }

  /** A member of the effect, unqualified as decoders write it. */
  #member(field: Field, chain: ChainId | undefined, kind: EffectKind): unknown {
    switch (field) {
      case "chain":
      case "hour":
      case "date":
      case "requester":
      case "session":
      case "origin":
      case "mode":
      case "recipientAge":
      case "total":
        return undefined;
      case "args":
        return this.#arguments();
      case "to":
        if (isAct(kind)) return this.#name("to");
        return this.#qualified(field, { kind, chain }, ":");
      case "account":
      case "party":
      case "contract":
        return this.#qualified(field, { kind, chain }, ":");
      case "asset":
        return this.#qualified(field, { kind, chain }, "/");
      default:
        break;
    }
    const values = this.#values(field);
    switch (FIELDS[field].type) {
      case "integer":
        if (field !== "amount" && !this.#says(field)) return undefined;
        return integerOf(
          field === "amount" ? this.#alone(values, kind) : values,
          this.#examples.least?.(field, ofKind(kind, chain)) ?? (field === "amount" ? 1n : 0n),
        );
      case "flag":
        return values.flags[0];
      default:
        return this.#says(field) ? this.#name(field) : undefined;
    }
  }

  /** Amounts that are the request's total by themselves, where there are any. */
  #alone(amounts: ValueSet, kind: EffectKind): ValueSet {
    if (!this.#says("total") || !(OUTFLOW as readonly string[]).includes(kind)) return amounts;
    const alone = intersect(amounts, this.#values("total"));
    return alone.integers.length > 0 ? alone : amounts;
  }

  #qualified(field: Field, { kind, chain }: { kind: EffectKind; chain: ChainId | undefined }, separator: ":" | "/"): string | undefined {
    if (chain === undefined) return undefined;
    const { names, unknown } = this.#values(field);
    const bare = (name: string) => name.slice(chain.length + separator.length);
    if (field === "asset" || (field === "contract" && this.#says(field))) {
      const real = this.#examples.named?.(field, ofKind(kind, chain), (name) => hasName(names, chain + separator + name));
      if (real !== undefined) return real;
    }
    if (!names.not) {
      for (const name of names.values) if (chainOf(name) === chain) return bare(name);
      return undefined;
    }
    if (!this.#says(field) && field !== "to" && field !== "asset" && field !== "account") return undefined;
    if (field === "asset") {
      if (!names.values.has(`${chain}/native`)) return "native";
      const address = this.#examples.address(chain, (taken) => names.values.has(`${chain}/erc20:${taken}`));
      return `erc20:${address}`;
    }
    if (unknown && this.#says(field) && names.values.size === 0) return undefined;
    const taken = (address: string) => names.values.has(`${chain}:${address}`);
    return (field === "account" ? this.#examples.account?.(chain, taken) : undefined) ?? this.#examples.address(chain, taken);
  }

  #arguments(): { readonly [name: string]: ArgumentValue } | undefined {
    const found = this.#space.dimensions.flatMap(({ name }, index): [string, ArgumentValue][] => {
      const values = name.startsWith("args.") ? this.#region.get(index) : undefined;
      if (values === undefined) return [];
      const value = values.flags[0] ?? integerOf(values, 0n) ?? firstName(values);
      return value === undefined ? [] : [[name.slice("args.".length), value]];
    });
    return found.length === 0 ? undefined : Object.fromEntries(found);
  }

  /** Further effects of the same asset, so that the request's total is what the region wants. */
  #rest(effect: Effect, fields: ReadonlySet<Field>): readonly Effect[] {
    const { amount } = effect;
    if (!fields.has("total") || !this.#says("total") || amount === undefined || !(OUTFLOW as readonly string[]).includes(effect.kind))
      return [];
    const { integers } = this.#values("total");
    if (hasInteger(integers, amount) || amount === 0n) return [];
    const wanted = integers.find(([, high]) => high >= amount)?.[0];
    if (wanted === undefined) return [];
    const times = wanted / amount;
    if (times > 100n) return [];
    const rest = wanted % amount;
    const more = Array.from({ length: Number(times) - 1 }, () => effect);
    return rest === 0n ? more : [...more, { ...effect, amount: rest }];
  }

  #circumstances({ chain, to }: Effect): Circumstances {
    const now = this.#says("date") ? Number(integerOf(this.#values("date"), BigInt(this.#examples.now)) ?? 0n) : this.#examples.now;
    const age = this.#says("recipientAge") ? integerOf(this.#values("recipientAge"), LONG_KNOWN_MS) : undefined;
    const own = this.#says("ownRecipient") ? this.#values("ownRecipient").flags[0] : undefined;
    const asking = this.#name("requester");
    return {
      now,
      mode: this.#name("mode") ?? "normal",
      ...(asking !== undefined && { requester: asking }),
      ...(this.#says("session") && { session: this.#name("session") ?? "" }),
      ...(this.#says("origin") && this.#name("origin") !== undefined && { origin: this.#name("origin") as string }),
      ...(age !== undefined && { addedAt: (where, whose) => (where === chain && whose === to ? Number(BigInt(now) - age) : undefined) }),
      ...(own !== undefined && { isOwn: () => own }),
    };
  }
}

function ofKind(kind: EffectKind, chain: ChainId | undefined): Partial<Pick<Effect, "kind" | "chain">> {
  return { kind, ...(chain !== undefined && { chain }) };
}

/** Recipients are old where they may be: old enough also when the request was asked, before its delay. */
const LONG_KNOWN_MS = BigInt(366 * DAY_MS);

const QUALIFIED: readonly Field[] = ["asset", "to", "contract", "account", "party"];

function* candidates(name: string): Generator<string> {
  if (name === "mode") yield "normal";
  yield `any-${name}`;
  for (let number = 2; ; number++) yield `any-${name}-${number}`;
}

function firstName({ names }: ValueSet): string | undefined {
  if (!names.not) return names.values.values().next().value;
  const [other] = names.values;
  // Bytes and addresses are told by what they are not; digits alone have no upper or lower case to check.
  if (other === undefined || !/^0x[0-9a-fA-F]{2,}$/.test(other)) return "other";
  for (let number = 1; ; number++) {
    const name = `0x${String(number).padStart(other.length - 2, "0")}`;
    if (!names.values.has(name)) return name;
  }
}

/** The least that is not below `wanted`, or the greatest there is. */
function integerOf({ integers }: ValueSet, wanted: bigint): bigint | undefined {
  for (const [low, high] of integers) if (high >= wanted) return low > wanted ? low : wanted;
  return integers.at(-1)?.[1];
}
