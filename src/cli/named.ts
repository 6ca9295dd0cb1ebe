import type { JsonObject } from "../base/canonical.ts";
import type { BookAsset, BookContract } from "../intent/book.ts";
import type { Policy } from "../policy/core.ts";
import { chains } from "./chains.ts";

/** What the policy names in `assets` and `contracts`: its book can only be asked, this can be gone through. */
export interface Named {
  readonly assets: readonly BookAsset[];
  readonly contracts: readonly BookContract[];
}

const known = new WeakMap<Policy, Named>();

export function namedIn(policy: Policy): Named {
  const before = known.get(policy);
  if (before !== undefined) return before;
  const { assets, contracts } = policy.document;
  const named: Named = {
    assets: rows(assets).flatMap(({ chain, asset }) => {
      const [, standard, address] = /^(erc[0-9]+):(.*)$/.exec(String(asset)) ?? [];
      const id = address === undefined ? String(asset) : `${standard}:${checked(String(chain), address)}`;
      return policy.book.asset(String(chain), id) ?? [];
    }),
    contracts: rows(contracts).flatMap(
      ({ chain, address }) => policy.book.contract(String(chain), checked(String(chain), String(address))) ?? [],
    ),
  };
  known.set(policy, named);
  return named;
}

// The parser has read all of this before, so that nothing here is refused.
function rows(section: unknown): readonly JsonObject[] {
  return Object.values((section ?? {}) as { readonly [name: string]: JsonObject });
}

function checked(chain: string, address: string): string {
  return chains.parseAddress(chain, address);
}
