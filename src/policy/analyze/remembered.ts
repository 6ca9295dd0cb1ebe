import type { Policy } from "../core.ts";
import { DEFAULT_WORK } from "./question.ts";
import type { WorkOptions } from "./ways.ts";
import { type Examples, plainExamples } from "./witness.ts";

/**
 * What was found of a policy, for as long as the policy is there: a report asks the same of it for every stolen set. The work that
 * was granted is part of the key, so that what is found does not depend on what was asked before.
 */
export class Remembered<T> {
  readonly #found = new WeakMap<Policy, WeakMap<Examples, Map<string, T>>>();

  of(policy: Policy, key: string, { work = DEFAULT_WORK, examples = plainExamples }: WorkOptions, find: () => T): T {
    const ofPolicy = this.#found.get(policy) ?? new WeakMap<Examples, Map<string, T>>();
    const known = ofPolicy.get(examples) ?? new Map<string, T>();
    this.#found.set(policy, ofPolicy.set(examples, known));
    const named = `${work} ${key}`;
    const found = known.get(named) ?? find();
    known.set(named, found);
    return found;
  }
}
