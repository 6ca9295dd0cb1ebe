import type { Address, ChainId, Effect } from "../../intent/effect.ts";
import type { Setting } from "./effects.ts";
import { labelled } from "./labels.ts";
import { type Form, formOf, type Grant } from "./permit-forms.ts";
import { standardsOf } from "./tokens.ts";
import type { Domain, TypedData } from "./typed-data.ts";
import { MAX_BATCH } from "./work.ts";

/**
 * What signing typed data would cause: at least one effect, always. A type is only a claim, so what it means comes from the
 * policy: permits of tokens that it names, and of tokens by a Permit2 that it names, on the one chain that the domain names.
 * All else is unknown, of class U2: any contract that trusts the account's key could make anything of it. Where that claims
 * to be a permit of the account's, the claim stands beside it so that people see it, never instead. What the account's own
 * code would obey is class U3.
 *
 * A permit with a witness is both: what it lets the spender take, and an unknown of the spender, who may read the witness as
 * an order over anything else that it holds for the account.
 */
export function typedDataEffects(data: TypedData, setting: Setting): readonly Effect[] {
  const { domain, plain, struct } = data;
  const { account } = setting;
  const chain = chainOf(domain);
  const signing: Signing = {
    at: [],
    ...(chain !== undefined && { chain }),
    account,
    ...(domain.verifyingContract !== undefined && { contract: domain.verifyingContract }),
  };
  const named = labelled({ domain: domain.name, primaryType: struct.name });
  const unknown = (why: string): Effect => ({ kind: "unknown", ...signing, ...named, class: "U2", why });

  const control = controlOf(data, account);
  if (control !== undefined) return [{ ...unknown(control), class: "U3" }];
  const form = formOf(struct);
  if (form === undefined) return [unknown("typed data whose meaning is not known")];
  if (form.owner !== undefined && plain.message[form.owner] !== account)
    return [unknown("a permit whose owner is not the signing account")];
  const grants = form.grants(plain.message);
  const spender = form.witnessed?.(plain.message);
  const beside = spender === undefined ? [] : [{ ...unknown("a witness: what the spender makes of it is not known"), contract: spender }];
  if (grants.length === 0 || grants.length > MAX_BATCH)
    return [unknown(`a permit of ${grants.length} tokens: read are 1 to ${MAX_BATCH}`), ...beside];
  const doubt = doubtOf(form, domain, setting) ?? doubtOfTokens(grants, signing, setting);
  const effects = grants.map((grant) => granted(grant, signing, named));
  return doubt === undefined ? [...effects, ...beside] : [unknown(doubt), ...claims(effects), ...beside];
}

/** How the signature gives control over the account itself, by code that it has (EIP-7702); absent where it does not. */
function controlOf({ domain, plain, struct }: TypedData, account: Address): string | undefined {
  if (domain.verifyingContract === account) return "typed data that the account's own code verifies";
  // ERC-4337, from EntryPoint 0.8 on, and what came before it.
  const isOperation = struct.name === "PackedUserOperation" || struct.name === "UserOperation";
  return isOperation && plain.message.sender === account ? "a user operation of the account" : undefined;
}

/** What is the same for all effects of one signature. */
type Signing = Pick<Effect, "at" | "chain" | "account" | "contract">;

function granted(grant: Grant, signing: Signing, named: Pick<Effect, "domain" | "primaryType">): Effect {
  const { kind, to, amount, expiry, why } = grant;
  const asset = `erc20:${grant.token ?? signing.contract}`;
  // Its nonce is used up, by whoever submits it: a signature has no lane, and what it gives cannot be replaced.
  const effect: Effect = { kind, ...signing, asset, to, amount, expiry, outlives: true, why };
  return kind === "transfer" ? effect : { ...effect, ...named, replayable: false };
}

/** Why a contract may not make of a permit what it says; absent where the policy says that it does. */
function doubtOf({ verifier }: Form, domain: Domain, { book }: Setting): string | undefined {
  const chain = chainOf(domain);
  const contract = domain.verifyingContract;
  if (chain === undefined) return "a permit whose domain names no chain";
  if (contract === undefined) return "a permit whose domain names no contract";
  if (verifier === "erc20")
    return book.asset(chain, `erc20:${contract}`) === undefined
      ? "a permit of a contract that the policy does not name as a token"
      : undefined;
  if (book.contract(chain, contract)?.kind !== "permit2") return "a permit of a contract that the policy does not name as a Permit2";
  return domain.name === "Permit2" && domain.type === PERMIT2_DOMAIN ? undefined : "a permit whose domain is not that of Permit2";
}

/** Permit2 hands `amount` to `transferFrom`, which is the id of a token where the contract is one of ERC-721. */
function doubtOfTokens(grants: readonly Grant[], { chain, contract }: Signing, { book }: Setting): string | undefined {
  for (const { token = contract } of grants) {
    const standards = chain === undefined || token === undefined ? [] : standardsOf(book, chain, token);
    if (standards.some((standard) => standard !== "erc20"))
      return `a permit of a token that the policy names as ${standards.join(" and ")}`;
  }
  return undefined;
}

/** Permit2, `EIP712.sol`. */
const PERMIT2_DOMAIN = "EIP712Domain(string name,uint256 chainId,address verifyingContract)";

/** Neither asset nor amount are known, so that all tokens of a batch claim the same. */
function claims([effect]: readonly Effect[]): readonly Effect[] {
  if (effect === undefined) return [];
  const { asset: _asset, amount: _amount, expiry: _expiry, replayable: _replayable, outlives: _outlives, ...known } = effect;
  return [{ ...known, why: "what the type claims; the policy does not say that this contract honours it" }];
}

/** Chain 0 is none, as in a transaction. */
function chainOf({ chainId }: Domain): ChainId | undefined {
  return chainId === undefined || chainId === 0n ? undefined : `eip155:${chainId}`;
}
