import { DAY_MS, SECOND_MS } from "../base/time.ts";
import { exampleAccounts, exampleAddress } from "../chains/bitcoin/example-account.ts";
import { CHAIN_IDS } from "../chains/bitcoin/network.ts";
import { EXAMPLE_ACCOUNT } from "../chains/evm/example-account.ts";
import { type Address, type ChainId, type EffectKind, UNLIMITED } from "../intent/effect.ts";
import type { Field } from "../intent/fields.ts";
import { type Examples, plainExamples } from "../policy/analyze/witness.ts";
import type { Policy } from "../policy/core.ts";
import { reading } from "./chains.ts";
import { namedIn } from "./named.ts";

const known = new WeakMap<Policy, Examples>();

/**
 * Examples that real bytes can have: addresses and accounts in each chain's checked form, assets and contracts that the policy
 * names and that go with the kind of effect, amounts that the network takes. The same object for the same policy.
 */
export function examplesFor(policy: Policy): Examples {
  const before = known.get(policy);
  if (before !== undefined) return before;
  const examples = makeExamples(policy);
  known.set(policy, examples);
  return examples;
}

function makeExamples(policy: Policy): Examples {
  const { assets, contracts } = namedIn(policy);
  return {
    ...plainExamples,
    address(chain, taken) {
      if (!isBitcoin(chain)) return plainExamples.address(chain, taken);
      for (let number = 1; ; number++) if (!taken(exampleAddress(chain, number))) return exampleAddress(chain, number);
    },
    account(chain, taken) {
      for (const own of accountsOn(chain)) if (!taken(own)) return own;
      return this.address(chain, taken);
    },
    named(field, { kind, chain }, fits) {
      if (kind === undefined) return undefined;
      if (field === "asset") {
        const standards = TOKENS[kind];
        const suitable = assets.filter((one) => one.chain === chain && standards?.some((standard) => one.asset.startsWith(standard)));
        return suitable.find(({ asset }) => fits(asset))?.asset;
      }
      const suits = ({ kind: form, functions }: { readonly kind: string; readonly functions: readonly string[] }) =>
        kind === "call" ? functions.length > 0 : kind === "signedAllowance" && form === "permit2";
      return contracts.find((one) => one.chain === chain && suits(one) && fits(one.address))?.address;
    },
    least: (field, { kind, chain = "" }) => (kind === undefined ? undefined : (isBitcoin(chain) ? COINS : EVM)[field]?.(kind)),
    names: (field) => NAMES[field] ?? [],
  };
}

/** What is usual, by field: less is refused by the network, or goes with nothing else that is usual. */
type Usual = { readonly [F in Field]?: (kind: EffectKind) => bigint };

/** A plain payment, and allowances as `approve` gives them: without end. */
const EVM: Usual = {
  amount: (kind) => (kind === "fee" ? GAS * GWEI : 1n),
  gas: () => GAS,
  feeRate: () => GWEI,
  expiry: (kind) => (kind === "statement" || kind === "transfer" ? SOON : UNLIMITED),
};
const GAS = 21_000n;
const GWEI = 10n ** 9n;
/** In Unix seconds, a day after the moment of examples. */
const SOON = BigInt((plainExamples.now + DAY_MS) / SECOND_MS);

/** Satoshi: more than what nodes take for dust, at any script; a payment with change. */
const COINS: Usual = { amount: () => 1_000n, feeRate: () => 10n, inputs: () => 1n, outputs: () => 2n };

/** Of whichever assets an effect can be that is of no chain's own asset. */
const TOKENS: { readonly [K in EffectKind]?: readonly string[] } = {
  allowance: ["erc20:", "erc721:"],
  signedAllowance: ["erc20:"],
  operatorAllowance: ["erc721:", "erc1155:"],
};

const NAMES: { readonly [field: string]: readonly string[] } = {
  domain: ["example.com", "example.org", "example.net"],
  primaryType: ["Example", "Other"],
  selector: ["0xdeadbeef", "0xcafebabe"],
  toMode: ["frozen"],
};

function isBitcoin(chain: ChainId): boolean {
  return (Object.values(CHAIN_IDS) as readonly string[]).includes(chain);
}

const addresses = new Map<string, Address>();

/** Of what nobody has a private key of; derived once, and only as far as it is asked for. */
function* accountsOn(chain: ChainId): Generator<Address> {
  if (!isBitcoin(chain)) {
    yield EXAMPLE_ACCOUNT;
    return;
  }
  for (const account of exampleAccounts(chain)) {
    const address = addresses.get(account) ?? reading.watched({ chain, account }).address;
    addresses.set(account, address);
    yield address;
  }
}
