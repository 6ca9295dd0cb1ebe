import { OUTFLOW } from "../../intent/fields.ts";
import { chainOf } from "./boxes.ts";
import type { Cell, Face } from "./cells.ts";
import { KIND, type Space } from "./dimensions.ts";
import { only } from "./feasible.ts";
import type { Take } from "./plan.ts";
import { fewest } from "./quorum.ts";
import type { Budget } from "./regions.ts";
import type { Step } from "./sequence.ts";
import { NOTHING, type ValueSet } from "./sets.ts";
import type { Thieves } from "./thieves.ts";
import { type Examples, witnessIn } from "./witness.ts";

type OutflowKind = (typeof OUTFLOW)[number];

/** Makes requests out of what is taken. */
export class Steps {
  readonly #space: Space;
  readonly #thieves: Thieves;
  readonly #examples: Examples;
  readonly #budget: Budget;

  constructor(space: Space, thieves: Thieves, examples: Examples, budget: Budget) {
    this.#space = space;
    this.#thieves = thieves;
    this.#examples = examples;
    this.#budget = budget;
  }

  /** @throws Inconclusive when the budget is spent. */
  of(
    take: Pick<Take, "face" | "moment" | "amount" | "times" | "target"> & { readonly lot: Pick<Cell, "asset" | "delayMs"> },
    from: number,
  ): Step {
    const { lot, face, moment, amount, times, target } = take;
    const chosen: Record<string, ValueSet> = {
      kind: only(this.kindOf(face)),
      chain: only(chainOf(lot.asset)),
      asset: only(lot.asset),
      requester: only(face.requester),
      amount: integer(amount),
      date: integer(BigInt(moment)),
      ...(face.session !== undefined && { session: only(face.session) }),
      ...(target.to !== undefined && { to: only(target.to) }),
      ...(target.account !== undefined && { account: only(target.account) }),
    };
    const region = new Map(face.region);
    for (const [field, values] of Object.entries(chosen)) region.set(this.#space.at(field), values);
    return {
      askedMs: moment - lot.delayMs - from,
      signedMs: moment - from,
      witness: witnessIn(this.#space, region, this.#examples),
      times,
      approvers: fewest(face.asked, this.#thieves.approversOf(face.requester, moment), this.#budget) ?? [],
    };
  }

  /** What a face is of if it can be chosen: money first, fees last. */
  kindOf({ region }: Face): OutflowKind {
    const kinds = region.get(KIND)?.names.values;
    return OUTFLOW.find((kind) => kinds?.has(kind) ?? true) ?? "transfer";
  }
}

function integer(value: bigint): ValueSet {
  return { ...NOTHING, integers: [[value, value]] };
}
