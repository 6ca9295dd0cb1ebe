import type { Json, JsonObject } from "../../base/canonical.ts";
import { type Address, type Effect, UNLIMITED } from "../../intent/effect.ts";
import type { Plan } from "./compose.ts";

/**
 * A permit: EIP-2612 where the token verifies it, else one of a Permit2 that the policy names; EIP-3009 for a transfer that
 * ends. An unknown signature is of a type that nobody reads.
 */
export function composeTypedData(plan: Plan): Json | undefined {
  const [effect, ...others] = plan.effects;
  if (effect?.chain === undefined) return undefined;
  if (effect.kind === "signedAllowance") return allowances(plan.effects, plan);
  if (others.length > 0) return undefined;
  if (effect.kind === "transfer" && effect.expiry !== undefined) return authorizedTransfer(effect, plan);
  return effect.kind === "unknown" && isSignature(effect) ? unread(effect, plan) : undefined;
}

function isSignature({ class: unknownClass, selector, domain, primaryType }: Effect): boolean {
  return selector === undefined && (unknownClass === "U2" || domain !== undefined || primaryType !== undefined);
}

/** Permit2 lies at the same address on every chain that has it. */
const PERMIT2: Address = "0x000000000022D473030F116dDEE9F6B43aC78BA3";
const MOST_UINT48 = 2n ** 48n - 1n;
const SPENDING = ["spender address", "nonce uint256", "deadline uint256"];

function allowances(effects: readonly Effect[], plan: Plan): Json | undefined {
  const [effect] = effects;
  if (effect === undefined || effects.some((other) => other.kind !== effect.kind || other.to !== effect.to)) return undefined;
  const { domain, primaryType, contract, to } = effect;
  const tokens = effects.map(tokenOf);
  const [token] = tokens;
  if (to === undefined || token === undefined || tokens.includes(undefined)) return undefined;

  const itself = effects.length === 1 && (contract ?? token) === token && (effect.expiry ?? UNLIMITED) === UNLIMITED;
  if (itself && (primaryType ?? "Permit") === "Permit" && knowsToken(plan, token)) {
    const message = { owner: plan.account, spender: to, value: top(effect, 256), nonce: "0", deadline: top({}, 256) };
    const members = ["owner address", "spender address", "value uint256", "nonce uint256", "deadline uint256"];
    return typed(plan, { name: domain ?? "Token", version: "1", contract: token }, "Permit", { Permit: members }, message);
  }
  const verifier = contract ?? permit2Of(plan);
  const form = PERMIT2_FORMS.find(({ type, batch }) => (primaryType ?? type) === type && (batch || effects.length === 1));
  if (form === undefined || verifier === undefined || (domain ?? "Permit2") !== "Permit2") return undefined;
  const { message, types } = form.write(effects, tokens as readonly Address[], to);
  return typed(plan, { name: "Permit2", contract: verifier }, form.type, types, message);
}

interface Permit2Form {
  readonly type: string;
  readonly batch: boolean;
  write(
    effects: readonly Effect[],
    tokens: readonly Address[],
    spender: Address,
  ): { readonly message: JsonObject; readonly types: { readonly [name: string]: readonly string[] } };
}

const DETAILS = ["token address", "amount uint160", "expiration uint48", "nonce uint48"];
const TOKENS = ["token address", "amount uint256"];

const details = (effect: Effect, token: Address): JsonObject => ({
  token,
  amount: top(effect, 160),
  expiration: ends(effect.expiry, MOST_UINT48),
  nonce: "0",
});
const permitted = (effect: Effect, token: Address): JsonObject => ({ token, amount: top(effect, 256) });
const each = <T>(effects: readonly Effect[], tokens: readonly Address[], write: (effect: Effect, token: Address) => T): readonly T[] =>
  effects.map((effect, at) => write(effect, tokens[at] ?? ""));
/** An expiration of 0 is that of the block in which it is set, which is until the deadline for that. */
const settingEnds = (effects: readonly Effect[]): string => (effects.some(({ expiry }) => expiry === 0n) ? "0" : top({}, 256));
/** One transfer has one deadline for all of its tokens. */
const once = ([effect]: readonly Effect[], spender: Address): JsonObject => ({
  spender,
  nonce: "0",
  deadline: ends(effect?.expiry, 2n ** 256n - 1n),
});

const PERMIT2_FORMS: readonly Permit2Form[] = [
  {
    type: "PermitSingle",
    batch: false,
    write: (effects, tokens, spender) => ({
      message: { details: each(effects, tokens, details)[0] ?? null, spender, sigDeadline: settingEnds(effects) },
      types: { PermitSingle: ["details PermitDetails", "spender address", "sigDeadline uint256"], PermitDetails: DETAILS },
    }),
  },
  {
    type: "PermitBatch",
    batch: true,
    write: (effects, tokens, spender) => ({
      message: { details: each(effects, tokens, details), spender, sigDeadline: settingEnds(effects) },
      types: { PermitBatch: ["details PermitDetails[]", "spender address", "sigDeadline uint256"], PermitDetails: DETAILS },
    }),
  },
  {
    type: "PermitTransferFrom",
    batch: false,
    write: (effects, tokens, spender) => ({
      message: { permitted: each(effects, tokens, permitted)[0] ?? null, ...once(effects, spender) },
      types: { PermitTransferFrom: ["permitted TokenPermissions", ...SPENDING], TokenPermissions: TOKENS },
    }),
  },
  {
    type: "PermitBatchTransferFrom",
    batch: true,
    write: (effects, tokens, spender) => ({
      message: { permitted: each(effects, tokens, permitted), ...once(effects, spender) },
      types: { PermitBatchTransferFrom: ["permitted TokenPermissions[]", ...SPENDING], TokenPermissions: TOKENS },
    }),
  },
];

/** EIP-3009. */
function authorizedTransfer(effect: Effect, plan: Plan): Json | undefined {
  const token = tokenOf(effect);
  if (token === undefined || effect.to === undefined) return undefined;
  const type = "TransferWithAuthorization";
  const members = ["from address", "to address", "value uint256", "validAfter uint256", "validBefore uint256", "nonce bytes32"];
  const message = {
    from: plan.account,
    to: effect.to,
    value: top(effect, 256),
    validAfter: "0",
    validBefore: ends(effect.expiry, 2n ** 256n - 1n),
    nonce: `0x${"00".repeat(32)}`,
  };
  return typed(plan, { name: "Token", version: "1", contract: token }, type, { [type]: members }, message);
}

function unread({ domain, primaryType = "Example", contract, class: unknownClass }: Effect, plan: Plan): Json {
  const verifier = unknownClass === "U3" ? plan.account : contract;
  const of = { name: domain ?? "Example", ...(verifier !== undefined && { contract: verifier }) };
  return typed(plan, of, primaryType, { [primaryType]: ["contents string"] }, { contents: "An example of typed data." });
}

function tokenOf({ asset }: Effect): Address | undefined {
  return /^erc20:(.+)$/.exec(asset ?? "")?.[1];
}

function knowsToken({ book, chain }: Plan, token: Address): boolean {
  return book.asset(chain, `erc20:${token}`) !== undefined;
}

function permit2Of({ contracts, chain }: Plan): Address | undefined {
  const named = contracts.filter((one) => one.chain === chain && one.kind === "permit2").map(({ address }) => address);
  return named.includes(PERMIT2) ? PERMIT2 : named[0];
}

/** The top is the most that the type holds. */
function top({ amount = UNLIMITED }: Pick<Effect, "amount">, bits: number): string {
  return (amount >= UNLIMITED ? 2n ** BigInt(bits) - 1n : amount).toString();
}

function ends(expiry: bigint | undefined, most: bigint): string {
  return (expiry === undefined || expiry >= UNLIMITED ? most : expiry).toString();
}

/** Members are `name type`, as they are read aloud. */
function typed(
  { chainId }: Plan,
  { name, version, contract }: { readonly name: string; readonly version?: string; readonly contract?: Address },
  primaryType: string,
  types: { readonly [name: string]: readonly string[] },
  message: JsonObject,
): Json {
  const members = (list: readonly string[]) =>
    list.map((member) => ({ name: member.split(" ")[0] ?? "", type: member.split(" ")[1] ?? "" }));
  const domain = {
    name,
    ...(version !== undefined && { version }),
    chainId: chainId.toString(),
    ...(contract !== undefined && { verifyingContract: contract }),
  };
  return {
    types: Object.fromEntries(Object.entries(types).map(([type, list]) => [type, members(list)])),
    primaryType,
    domain,
    message,
  };
}
