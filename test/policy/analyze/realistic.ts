import type { Policy } from "../../../src/policy/core.ts";
import { parsePolicy } from "../../../src/policy/parse.ts";

/**
 * A policy such as a company with many customers could have, of any number of rules: ten chains, sixty assets of 6 and 18 decimals,
 * four hundred entries in the book, people in roles. Mostly narrow allows of one asset to one address or list, some forbids, tiers of
 * approvals and limits. The same numbers give the same document.
 */
export function realisticDocument(rules: number, { seed = 7, payees = 8 }: { readonly seed?: number; readonly payees?: number } = {}) {
  const draw = drawing(seed);
  const assets = Array.from({ length: 60 }, (_, index) => ({ name: `T${index}`, chain: index % 10, decimals: index % 3 === 0 ? 18 : 6 }));
  const people = Array.from({ length: 12 }, (_, index) => `p${index}`);
  const [edit, ...others] = Array.from({ length: Math.max(0, rules - 1) }, (_, index) => (index === 0 ? EDIT : ruleOf(index)));

  function ruleOf(index: number): WrittenRule {
    const asset = pick(assets);
    const amount = (most: number) => `${1 + draw(most)}${asset.decimals === 18 ? `.${draw(1_000_000)}` : ""} ${asset.name}`;
    const to = draw(4) === 0 ? `@l${asset.chain}` : `b${asset.chain + 10 * draw(40)}`;
    const role = () => `r${draw(5)}`;
    const share = draw(100);
    if (share < 60) {
      const when = { asset: asset.name, to, amount: { max: amount(5000) }, requester: `role:${role()}` };
      return { id: `pay-${index}`, allow: ["transfer"], when };
    }
    if (share < 70) return { id: `no-${index}`, forbid: ["transfer"], when: { asset: asset.name, to, amount: { min: amount(5000) } } };
    if (share < 88) {
      const when = { asset: asset.name, [draw(4) === 0 ? "total" : "amount"]: { min: amount(2000) } };
      const delay = draw(5) === 0 ? { delay: "1h" } : {};
      return { id: `ask-${index}`, require: ["transfer"], when, approvals: [{ of: role(), atLeast: 1 + draw(2) }], ...delay };
    }
    const beyond = draw(3) === 0 ? { beyond: { approvals: [{ of: role(), atLeast: 2 }] } } : {};
    const per = `${pick([1, 4, 24, 168])}h`;
    return { id: `most-${index}`, limit: ["outflow"], when: { asset: asset.name }, max: amount(100_000), per, ...beyond };
  }

  function pick<T>(list: readonly T[]): T {
    return list[draw(list.length)] as T;
  }

  return {
    keyward: "policy/1",
    name: `realistic, ${rules} rules`,
    assets: Object.fromEntries(
      assets.map(({ name, chain, decimals }, index) => {
        const asset = index < 10 ? "native" : `erc20:${addressOf(1000 + index)}`;
        return [name, { chain: `eip155:${chain + 1}`, asset, decimals }];
      }),
    ),
    book: Object.fromEntries(
      Array.from({ length: Math.max(400, 10 * payees) }, (_, index) => [
        `b${index}`,
        { chain: `eip155:${(index % 10) + 1}`, address: addressOf(5000 + index) },
      ]),
    ),
    lists: Object.fromEntries(
      Array.from({ length: 10 }, (_, chain) => [`l${chain}`, Array.from({ length: payees }, (_, index) => `b${chain + 10 * index}`)]),
    ),
    people: Object.fromEntries(people.map((person, index) => [person, [{ kind: "eip712", address: addressOf(9000 + index) }]])),
    roles: Object.fromEntries(
      Array.from({ length: 5 }, (_, role) => [`r${role}`, people.filter((_, index) => index % 5 === role || index % 7 === role)]),
    ),
    rules: [FEES, ...(edit ? [edit] : []), ...others],
  };
}

export function realisticPolicy(rules: number, options: { readonly seed?: number; readonly payees?: number } = {}): Policy {
  return readRealistic(realisticDocument(rules, options));
}

/** With addresses taken as they are written: what they are made of is not what is looked at here. */
export function readRealistic(document: unknown): Policy {
  return parsePolicy(JSON.stringify(document), { parseAddress: (_chain, text) => text, maxBytes: 2 ** 25 });
}

/** A rule as a document has it. */
export interface WrittenRule {
  readonly id: string;
  readonly when?: { readonly [field: string]: unknown };
  readonly [key: string]: unknown;
}

const FEES: WrittenRule = { id: "fees", allow: ["fee"] };
const EDIT: WrittenRule = { id: "edit", allow: ["policyEdit"], when: { requester: "role:r0" } };

function addressOf(number: number): string {
  return `0x${String(number).padStart(40, "0")}`;
}

/** Numbers below what is asked for, always the same ones (Park and Miller's generator). */
function drawing(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}
