import type { JsonObject } from "../../../base/canonical.ts";
import type { Time } from "../../../base/time.ts";
import { type EffectKind, UNLIMITED } from "../../../intent/effect.ts";
import { isAct } from "../../../intent/fields.ts";
import type { Located } from "../../addresses.ts";
import type { AllowRule, Condition, Policy, Rule } from "../../core.ts";
import { isService } from "../../credentials.ts";
import type { LockOut } from "../authority.ts";
import { type Box, boxesOfRule } from "../boxes.ts";
import { type DeadRule, deadRules } from "../dead.ts";
import { Space } from "../dimensions.ts";
import type { Severity } from "../finding.ts";
import { rulesIn } from "../items.ts";
import type { Loss } from "../loss.ts";
import { maximumLoss } from "../loss.ts";
import { type AnswerOptions, answer, type Question } from "../question.ts";
import type { Sequence } from "../sequence.ts";
import { judged, type Witness } from "../witness.ts";
import { Words } from "./words.ts";

/** One entry of the catalogue. */
export interface Check {
  /** Stable: findings are known by it. */
  readonly id: string;
  /** The worst that it reports. */
  readonly severity: Severity;
  /** What it finds, as the table of the guide has it. */
  readonly about: string;
  /** What to do about it. */
  readonly advice: string;
  /** Whether it is looked for once, or in every mode. */
  readonly scope: "document" | "mode";
  readonly find: (evidence: Evidence) => readonly Found[];
}

export interface Found {
  readonly text: string;
  readonly rule?: string | undefined;
  /** Where it is less than the worst of its kind. */
  readonly severity?: Severity;
  readonly witness?: Witness;
  readonly sequence?: Sequence;
  readonly change?: { readonly text: string; readonly document: JsonObject } | undefined;
  /** Qualified: losses of it are those that the change is about. */
  readonly asset?: string;
}

export interface EvidenceOptions extends AnswerOptions {
  /** The moment of the audit. */
  readonly from: Time;
  /** Rules that never matter, where they are known already. */
  readonly dead?: (mode: string) => readonly DeadRule[] | undefined;
  /** Without whom something cannot be done, where it is known already. */
  readonly lockOuts?: () => readonly LockOut[];
  /** Is told what could not be decided. */
  readonly inconclusive?: (what: string) => void;
}

/** What a rule is taken for. */
export type Alteration = (rule: Rule) => Rule;

export type Yes = Extract<ReturnType<typeof answer>, { kind: "yes" }>;

/** What a check looks at: a policy in one of its modes. What several checks need is worked out once. */
export class Evidence {
  readonly policy: Policy;
  readonly mode: string;
  readonly options: EvidenceOptions;
  readonly words: Words;
  /** Rules that judge in this mode, acts included. */
  readonly rules: readonly Rule[];
  readonly space: Space;
  readonly #boxes = new Map<Rule, readonly Box[]>();
  readonly #altered = new Map<Alteration, Policy>();
  #dead: readonly DeadRule[] | undefined;

  constructor(policy: Policy, mode: string, options: EvidenceOptions) {
    this.policy = policy;
    this.mode = mode;
    this.options = options;
    this.words = new Words(policy);
    this.rules = rulesIn(policy, mode);
    this.space = new Space([policy]);
  }

  in(mode: string): Evidence {
    return new Evidence(this.policy, mode, this.options);
  }

  /** Acts are judged alike in every mode, and so are told of once. */
  get own(): readonly Rule[] {
    return this.mode === "normal" ? this.rules : (this.policy.modes.get(this.mode)?.rules ?? []);
  }

  get allows(): readonly AllowRule[] {
    return this.own.filter((rule) => rule.type === "allow");
  }

  boxes(rule: Rule): readonly Box[] {
    const known = this.#boxes.get(rule) ?? boxesOfRule(this.space, rule);
    this.#boxes.set(rule, known);
    return known;
  }

  /** Names that some rule lists for a field, whether to take or to leave them out. */
  mentioned(field: string): ReadonlySet<string> {
    const dimension = this.space.at(field);
    const out = new Set<string>();
    for (const rule of this.rules) {
      for (const box of this.boxes(rule)) {
        for (const name of box.find(([index]) => index === dimension)?.[1].names.values ?? []) out.add(name);
      }
    }
    return out;
  }

  /** Names of a field that some allow of this mode lists. */
  allowedNames(field: string): readonly string[] {
    return [...new Set(this.allows.flatMap((rule) => this.namesIn(rule, field)))].sort();
  }

  /** Names that a rule lists for a field. */
  namesIn(rule: Rule, field: string): readonly string[] {
    const dimension = this.space.at(field);
    const sides = this.boxes(rule).map((box) => box.find(([index]) => index === dimension)?.[1].names);
    return [...new Set(sides.flatMap((names) => (names === undefined || names.not ? [] : [...names.values])))].sort();
  }

  /** Chains of everything that the policy names. */
  get chains(): readonly string[] {
    const { assets = {}, contracts = {} } = this.policy.document as unknown as {
      readonly [table: string]: { readonly [name: string]: Located };
    };
    return [
      ...new Set([...Object.values(assets), ...Object.values(contracts), ...this.policy.addresses.values()].map(({ chain }) => chain)),
    ].sort();
  }

  /** Nobody but one person, and perhaps machines, could be asked for anything. */
  get isOnePersons(): boolean {
    return [...this.policy.people.values()].filter((credentials) => !isService(credentials)).length < 2;
  }

  /** Qualified addresses of the book. */
  get book(): readonly string[] {
    return [...this.policy.addresses.values()].map(({ chain, address }) => `${chain}:${address}`);
  }

  get dead(): readonly DeadRule[] {
    this.#dead ??= this.options.dead?.(this.mode);
    if (this.#dead === undefined) {
      const found = deadRules(this.policy, { ...this.#work, mode: this.mode });
      if (found.kind === "inconclusive") this.undecided(`which rules of mode ${this.mode} never matter`, found.why);
      this.#dead = found.kind === "exact" ? found.dead : [];
    }
    return this.#dead;
  }

  /** What could be signed in this mode from the moment of the audit on; nothing where nothing can, or where it could not be decided, which is then said. */
  yes(
    question: Omit<Question, "mode">,
    { policy = this.policy, what }: { readonly policy?: Policy; readonly what: string },
  ): Yes | undefined {
    const kinds = question.kinds.filter((kind) => this.rules.some((rule) => rule.type === "allow" && rule.kinds.includes(kind)));
    if (kinds.length === 0) return undefined;
    const found = answer(policy, { ...question, kinds, mode: this.mode, from: this.options.from }, this.options);
    if (found.kind === "inconclusive") this.undecided(what, found.why);
    return found.kind === "yes" ? found : undefined;
  }

  /** The most of an asset that leaves within a time, from whoever holds the credentials of these people. */
  loss(stolen: readonly string[], asset: string, horizonMs: number): Loss {
    const attack = { stolen: new Set(stolen), mode: this.mode, horizonMs, from: this.options.from };
    return maximumLoss(this.policy, attack, { asset }, this.#work);
  }

  /** The allow that lets a witness pass. */
  blamed(witness: Witness): string | undefined {
    const hits = new Set(judged(this.policy, witness).hits);
    return this.rules.find((rule) => rule.type === "allow" && hits.has(rule.id))?.id;
  }

  /**
   * The same policy with some rules of this mode as `change` makes them: what such a policy denies, those rules speak of. The same
   * change gives the same policy, of which what was worked out is remembered.
   */
  altered(change: Alteration): Policy {
    const known = this.#altered.get(change) ?? this.#alter(change);
    this.#altered.set(change, known);
    return known;
  }

  #alter(change: Alteration): Policy {
    const { policy, mode } = this;
    const rules = policy.rules.map(change);
    const signing = policy.modes.get(mode);
    if (signing === undefined) return { ...policy, rules };
    return { ...policy, rules, modes: new Map(policy.modes).set(mode, { ...signing, rules: signing.rules.map(change) }) };
  }

  undecided(what: string, why: string): void {
    this.options.inconclusive?.(`${what}: ${why}`);
  }

  get #work(): AnswerOptions {
    const { work, signal, examples } = this.options;
    return { ...(work !== undefined && { work }), ...(signal && { signal }), ...(examples && { examples }) };
  }
}

/** The same rule as a forbid: where it speaks, nothing passes any more. */
export function asForbid({ id, kinds, when }: Rule): Rule {
  return { type: "forbid", id, kinds, when };
}

export function signing(kinds: readonly EffectKind[]): readonly EffectKind[] {
  return kinds.filter((kind) => !isAct(kind));
}

export const AT_TOP = [[UNLIMITED, UNLIMITED]] as const;

export function both(...of: readonly Condition[]): Condition {
  return { op: "all", of };
}

/** What every box of the rule says of a dimension: names that are listed; nothing if one of them leaves it open. */
export function listed(evidence: Evidence, rule: Rule, field: string): ReadonlySet<string> | undefined {
  const dimension = evidence.space.at(field);
  const out = new Set<string>();
  for (const box of evidence.boxes(rule)) {
    const values = box.find(([index]) => index === dimension)?.[1];
    if (values === undefined || values.names.not || values.unknown) return undefined;
    for (const name of values.names.values) out.add(name);
  }
  return out;
}
