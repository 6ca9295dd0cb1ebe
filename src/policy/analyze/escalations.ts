import type { Time } from "../../base/time.ts";
import type { Condition, Policy } from "../core.ts";
import { PARTS } from "../references.ts";
import { actorsOf } from "./actors.ts";
import type { StolenSet } from "./attack.ts";
import type { Escalation } from "./authority.ts";
import { passageText } from "./channels.ts";
import { durationText, listText } from "./findings/words.ts";
import { Inconclusive } from "./inconclusive.ts";
import { signsMore } from "./modes.ts";
import { Remembered } from "./remembered.ts";
import type { Topic } from "./walk.ts";
import { cheaper, type MomentOptions, type Passage, passages, type Way, type Ways, waysOf } from "./ways.ts";
import { judged } from "./witness.ts";

export interface EscalationOptions extends MomentOptions {
  /** In which it begins; `normal` where it is absent. */
  readonly mode?: string;
}

/**
 * What stolen people reach by acts on the custody, one after the other, whatever waits for how long: the fastest way to each thing,
 * and beside it the fastest that nobody can object to. Each act is one that the policy lets pass by itself; an edit that hands over
 * everybody's keys goes on with everybody. What is reached no sooner than everything is not told. Only delays count as waiting, not
 * hours or dates until which an act itself has to wait; a mode that ends meanwhile is entered anew.
 */
export function escalationsOf(policy: Policy, stolen: Pick<StolenSet, "people">, options: EscalationOptions = {}): readonly Escalation[] {
  const told = new Set<string>();
  return [true, false]
    .flatMap((hindered) => new Spread(policy, stolen.people, { ...options, hindered }).run())
    .filter(({ acts, text }) => told.size < told.add(JSON.stringify([text, acts.map((act) => act.text)])).size);
}

/** What an act gives to whoever gets it done. */
type Gain =
  | { readonly gives: "everything"; readonly by: string }
  /** Everybody's credentials: whoever is asked or approves from then on. */
  | { readonly gives: "everybody" }
  | { readonly gives: "mode"; readonly mode: string }
  /** Less than everything, or not proven to be: in words. */
  | { readonly gives: "more"; readonly what: string };

interface Act {
  readonly topic: Topic;
  /** `edits rules so that it loosens`. */
  readonly text: string;
  readonly gain: Gain;
}

interface Place {
  readonly mode: string;
  readonly people: ReadonlySet<string>;
  /** When it was reached, at the earliest. */
  readonly from: Time;
  readonly acts: Escalation["acts"];
  readonly afterMs: number;
  readonly objectors: readonly string[];
}

class Spread {
  readonly #policy: Policy;
  readonly #start: Place;
  readonly #options: EscalationOptions & { readonly hindered: boolean };
  readonly #stolen: readonly string[];
  readonly #everybody: ReadonlySet<string>;
  readonly #undecided: string[] = [];

  constructor(policy: Policy, stolen: readonly string[], options: EscalationOptions & { readonly hindered: boolean }) {
    this.#policy = policy;
    this.#options = options;
    this.#stolen = stolen;
    this.#everybody = new Set(actorsOf(policy).people);
    const { mode = "normal", from = 0 } = options;
    this.#start = { mode, people: new Set(stolen), from, acts: [], afterMs: 0, objectors: [] };
  }

  /** The place that is reached first is looked at first, so that whatever is reached is reached as soon as can be. */
  run(): readonly Escalation[] {
    const open: Place[] = [this.#start];
    const been = new Set<string>();
    const reached = new Map<string, Escalation>();
    for (let place = soonest(open); place !== undefined; place = soonest(open)) {
      const key = JSON.stringify([place.mode, place.people.size]);
      if (been.has(key) || (reached.get(EVERYTHING)?.afterMs ?? Number.POSITIVE_INFINITY) < place.afterMs) continue;
      been.add(key);
      for (const { act, next } of this.#steps(place)) {
        const { gain } = act;
        const what = gain.gives === "everything" ? EVERYTHING : gain.gives === "more" ? gain.what : undefined;
        if (what !== undefined) this.#reach(reached, what, next, gain.gives === "everything" ? gain.by : undefined);
        else if (gain.gives === "mode") {
          if (this.#signsMore(gain.mode, place.people)) this.#reach(reached, modeText(gain.mode), next);
          open.push({ ...next, mode: gain.mode });
        } else if (gain.gives === "everybody") open.push({ ...next, people: this.#everybody });
      }
    }
    const all = reached.get(EVERYTHING);
    const told = [...reached.values()].filter((one) => one === all || one.afterMs < (all?.afterMs ?? Number.POSITIVE_INFINITY));
    return [...told, ...this.#undecided.map((why) => this.#open(why))];
  }

  /** Every act that whoever is held here can get done, each as cheaply as can be. */
  #steps(place: Place): readonly { readonly act: Act; readonly next: Place }[] {
    const { mode } = place;
    const { acts, ways } = actsIn(this.#policy, mode, { ...this.#options, from: place.from });
    if (ways.undecided !== undefined) this.#undecided.push(ways.undecided);
    return acts.flatMap((act, index) => {
      const passage = this.#passage(ways.of[index] ?? [], place.people);
      if (passage === undefined) return [];
      const rule = this.#allowOf(passage);
      const { delayMs, witness, approvers } = passage;
      const done = { rule, text: `${act.text}, ${passageText(passage)}`, delayMs, witness, approvers };
      const objectors = [...new Set([...place.objectors, ...passage.objectors])].sort();
      const { now } = witness.circumstances;
      const next = { ...place, from: now, acts: [...place.acts, done], afterMs: place.afterMs + delayMs, objectors };
      return [{ act, next }];
    });
  }

  #passage(ways: readonly Way[], people: ReadonlySet<string>): Passage | undefined {
    let found: Passage | undefined;
    try {
      for (const passage of passages(this.#policy, ways, people)) {
        if (!this.#options.hindered && passage.objectors.length > 0) continue;
        if (found === undefined || cheaper(passage, found) < 0) found = passage;
      }
    } catch (cause) {
      if (!(cause instanceof Inconclusive)) throw cause;
      this.#undecided.push(cause.message);
    }
    return found;
  }

  #allowOf({ witness }: Passage): string {
    const { hits } = judged(this.#policy, witness);
    return this.#policy.rules.find(({ type, id }) => type === "allow" && hits.includes(id))?.id ?? "";
  }

  #signsMore(to: string, people: ReadonlySet<string>): boolean {
    const from = this.#start.mode;
    return to !== from && signsMore(this.#policy, { from, to, people }, this.#options);
  }

  #reach(reached: Map<string, Escalation>, what: string, { acts, afterMs, objectors }: Place, by?: string): void {
    const before = reached.get(what);
    if (before !== undefined && (before.afterMs < afterMs || (before.afterMs === afterMs && before.acts.length <= acts.length))) return;
    const when = afterMs === 0 ? "at once" : `after ${durationText(afterMs)}`;
    const unless = objectors.length === 0 ? "" : `, unless ${listText(objectors)} objects`;
    const text = `${listText(this.#stolen)} ${by ?? what} ${when}${unless}`;
    reached.set(what, { stolen: this.#stolen, acts, afterMs, text, objectors, everything: what === EVERYTHING });
  }

  #open(why: string): Escalation {
    const text = `${listText(this.#stolen)} may reach more: this could not be decided, ${why}`;
    return { stolen: this.#stolen, acts: [], afterMs: 0, text, objectors: [], everything: false, undecided: true };
  }
}

const EVERYTHING = "everything";

function modeText(mode: string): string {
  return `can sign by the rules of mode ${mode}, which let more leave,`;
}

function soonest(open: Place[]): Place | undefined {
  const first = open.reduce<Place | undefined>((best, place) => (best === undefined || isSooner(place, best) ? place : best), undefined);
  if (first !== undefined) open.splice(open.indexOf(first), 1);
  return first;
}

function isSooner(a: Place, b: Place): boolean {
  return a.afterMs < b.afterMs || (a.afterMs === b.afterMs && a.acts.length < b.acts.length);
}

interface Acts {
  readonly acts: readonly Act[];
  readonly ways: Ways;
}

const remembered = new Remembered<Acts>();

function actsIn(policy: Policy, mode: string, options: EscalationOptions): Acts {
  const { from = 0 } = options;
  return remembered.of(policy, `${mode} ${from}`, options, () => {
    const changes = ["normal", ...policy.modes.keys()]
      .filter((to) => to !== mode)
      .map((to): Act => {
        const topic: Topic = { kinds: ["modeChange"], when: oneOf("toMode", to) };
        return { topic, text: `changes the mode to ${to}`, gain: { gives: "mode", mode: to } };
      });
    const acts = [...edits(mode), ...changes, EXPORT];
    return { acts, ways: waysOf(policy, { topics: acts.map(({ topic }) => topic), mode, from }, options) };
  });
}

const EXPORT: Act = {
  topic: { kinds: ["export"], when: { op: "always" } },
  text: "exports a key",
  gain: { gives: "everything", by: "can take a key out of the vault, and sign anything with it," },
};

/** Every part of the policy in both directions that can give somebody more. */
function edits(mode: string): readonly Act[] {
  return PARTS.flatMap((part) =>
    (["loosens", "governs"] as const).flatMap((direction): readonly Act[] => {
      const gain = gainOf(part, direction, mode);
      if (gain === undefined) return [];
      const when: Condition = { op: "all", of: [oneOf("part", part), oneOf("direction", direction)] };
      return [{ topic: { kinds: ["policyEdit"], when }, text: `edits ${part} so that it ${direction}`, gain }];
    }),
  );
}

function gainOf(part: (typeof PARTS)[number], direction: "loosens" | "governs", mode: string): Gain | undefined {
  switch (part) {
    case "rules":
      return direction === "loosens"
        ? { gives: "everything", by: "can rewrite the rules, so that anything may be signed," }
        : { gives: "everything", by: "can rewrite who may edit the policy, and then the rules, so that anything may be signed," };
    case "people":
      return { gives: "everybody" };
    case "modes":
      // Rules of a mode that does not hold sign nothing yet, and `frozen` cannot be given any that do.
      return mode === "normal" || mode === "frozen"
        ? { gives: "more", what: "can rewrite what other modes allow, which counts once the mode is changed," }
        : { gives: "everything", by: `can rewrite the rules of mode ${mode}, so that anything may be signed,` };
    case "roles":
      return { gives: "more", what: "can fill the roles, and so may ask for and approve what those who are in them may," };
    case "book":
    case "list":
      return { gives: "more", what: "can add recipients, so that all that limits let leave can go to any address," };
    case "assets":
      return { gives: "more", what: "can change what the names of assets mean, so that limits and amounts count something else," };
    case "values":
      return { gives: "more", what: "can lower what assets count for, so that limits in units of account let more of them leave," };
    case "contracts":
      return {
        gives: "more",
        what: "can change which contracts the rules mean, so that what is allowed of those can be done with others,",
      };
    case "hours":
      return { gives: "more", what: "can open the hours, so that what is bound to them is allowed at any time," };
    case "semantics":
      return undefined;
  }
}

function oneOf(field: "part" | "direction" | "toMode", name: string): Condition {
  return { op: "in", field, values: new Set([name]) };
}
