import { OUTFLOW } from "../../intent/fields.ts";
import type { Interval } from "../core.ts";
import { chainOf } from "./boxes.ts";
import type { Cell, Face } from "./cells.ts";
import { KIND, type Space } from "./dimensions.ts";
import { only } from "./feasible.ts";
import type { Take } from "./plan.ts";
import { fewest } from "./quorum.ts";
import type { Budget } from "./regions.ts";
import type { Step } from "./sequence.ts";
import { NOTHING, type ValueSet } from "./sets.ts";
import { split } from "./split.ts";
import type { Thieves } from "./thieves.ts";
import { type Examples, type Witness, witnessIn } from "./witness.ts";

type OutflowKind = (typeof OUTFLOW)[number];

const MOST_TOGETHER = 100;

type Taken = Pick<Take, "face" | "moment" | "amount" | "times" | "target"> & { readonly lot: Pick<Cell, "asset" | "delayMs"> };

/** Makes requests out of what is taken. */
export class Steps {
  readonly #space: Space;
  readonly #thieves: Thieves;
  readonly #examples: Examples;
  readonly #budget: Budget;
  readonly #known = new Map<Face, Map<string, Witness>>();
  readonly #approving = new Map<Face, readonly string[]>();

  constructor(space: Space, thieves: Thieves, examples: Examples, budget: Budget) {
    this.#space = space;
    this.#thieves = thieves;
    this.#examples = examples;
    this.#budget = budget;
  }

  /** @throws Inconclusive when the budget is spent. */
  of(take: Taken, from: number): Step {
    const { lot, face, moment, times } = take;
    return {
      askedMs: moment - lot.delayMs - from,
      signedMs: moment - from,
      witness: this.#witness(take),
      times,
      approvers: this.#approvers(face, moment),
    };
  }

  /** Where nobody stands in for a while they are the same at every moment. */
  #approvers(face: Face, moment: number): readonly string[] {
    const known = this.#approving.get(face);
    if (known !== undefined) return known;
    const { asked, requester } = face;
    const found = fewest(asked, this.#thieves.approversOf(requester, moment), this.#budget) ?? [];
    const members = asked.flat(2).flatMap((clause) => clause.members);
    if (members.every(({ from, until }) => (from ?? until) === undefined)) this.#approving.set(face, found);
    return found;
  }

  /** What differs in its moment alone, day after day, is one request at another moment, but for how old its recipient is. */
  #witness(take: Taken): Witness {
    const { lot, face, moment, amount, target } = take;
    if (face.region.has(this.#space.at("recipientAge"))) return this.#choose(take);
    const known = this.#known.get(face) ?? new Map<string, Witness>();
    this.#known.set(face, known);
    const key = `${lot.asset} ${amount} ${target.to} ${target.account}`;
    const found = known.get(key) ?? this.#choose(take);
    known.set(key, found);
    return { ...found, circumstances: { ...found.circumstances, now: moment } };
  }

  #choose({ lot, face, moment, amount, target }: Taken): Witness {
    const chosen: Record<string, ValueSet> = {
      kind: only(this.kindOf(face)),
      chain: only(chainOf(lot.asset)),
      asset: only(lot.asset),
      // Rules of a mode need not speak of it.
      mode: only(this.#thieves.mode),
      requester: only(face.requester),
      amount: integer(amount),
      date: integer(BigInt(moment)),
      ...(face.session !== undefined && { session: only(face.session) }),
      ...(target.to !== undefined && { to: only(target.to) }),
      ...(target.account !== undefined && { account: only(target.account) }),
    };
    const region = new Map(face.region);
    for (const [field, values] of Object.entries(chosen)) region.set(this.#space.at(field), values);
    this.#age(region, lot.delayMs);
    return witnessIn(this.#space, region, this.#examples);
  }

  /** One request of several effects that only together move an amount that is let through; nothing if no few of them do. */
  together(cell: Cell, face: Face, moment: number): Step | undefined {
    const total = this.#space.at("total");
    for (const [low, high] of face.region.get(total)?.integers ?? []) {
      for (const [least, most] of face.amounts) {
        const times = [...Array(MOST_TOGETHER).keys()]
          .map((one) => BigInt(one + 1))
          .find((many) => many * least <= high && many * most >= low);
        if (times === undefined) continue;
        const portions = split(low > times * least ? low : times * least, times, { least, most });
        const region = new Map(face.region);
        region.delete(total);
        const amount = portions[0]?.amount ?? least;
        const step = this.of({ lot: cell, face: { ...face, region }, moment, amount, times: 1n, target: {} }, moment - cell.delayMs);
        const effects = portions.flatMap((portion) =>
          step.witness.effects.flatMap((effect) =>
            Array.from({ length: Number(portion.times) }, () => ({ ...effect, amount: portion.amount })),
          ),
        );
        return { ...step, witness: { ...step.witness, effects } };
      }
    }
    return undefined;
  }

  /** A recipient that is old enough when it is signed has to be so when it is asked for as well, where it can. */
  #age(region: Map<number, ValueSet>, delayMs: number): void {
    const at = this.#space.at("recipientAge");
    const values = region.get(at);
    const older = values?.integers.flatMap(([low, high]): Interval[] => {
      const least = low + BigInt(delayMs);
      return least <= high ? [[least, high]] : [];
    });
    if (values !== undefined && older !== undefined && older.length > 0) region.set(at, { ...values, integers: older });
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
