import { concat, fromHex } from "../../base/bytes.ts";
import { CustodyError } from "../../base/errors.ts";
import type { BookContract } from "../../intent/book.ts";
import { type Address, type Effect, UNLIMITED } from "../../intent/effect.ts";
import type { AbiValue } from "./arguments.ts";
import type { Plan } from "./compose.ts";
import { encodeArguments } from "./encode-arguments.ts";
import { type AbiFunction, parseFunction } from "./signature.ts";
import { TOKEN_FUNCTIONS, type TokenStandard } from "./tokens.ts";

export interface ComposedCall {
  readonly to: Address;
  readonly data: Uint8Array;
}

/** The one call that has these effects: all of one token, or a single one of another kind. */
export function composeCall(effects: readonly Effect[], plan: Plan): ComposedCall | undefined {
  const [first, ...others] = effects;
  if (first === undefined) return undefined;
  const [, standard, token] = /^(erc20|erc721|erc1155):(.+)$/.exec(first.asset ?? "") ?? [];
  if (standard !== undefined && token !== undefined) {
    const data = tokenData(standard as TokenStandard, effects, plan);
    return data && { to: token, data };
  }
  if (others.length > 0) return undefined;
  if (first.kind === "call") return namedCall(first, plan);
  return first.kind === "unknown" ? unknownCall(first, plan) : undefined;
}

/** A row of the token's standard, with its arguments by position. */
type Row = readonly [selector: string, ...values: readonly (AbiValue | undefined)[]];

function tokenData(standard: TokenStandard, effects: readonly Effect[], plan: Plan): Uint8Array | undefined {
  for (const [selector, ...values] of rowsOf(standard, effects, plan)) {
    const row = TOKEN_FUNCTIONS[standard][selector];
    if (row === undefined || effects.some((effect) => effect.selector !== undefined && effect.selector !== selector)) continue;
    const data = callData(parseFunction(row.function), values);
    if (data !== undefined) return data;
  }
  return undefined;
}

/** Which functions do this, the usual one first. */
function rowsOf(standard: TokenStandard, effects: readonly Effect[], { account }: Plan): readonly Row[] {
  const [effect, ...others] = effects;
  if (effect?.to === undefined) return [];
  const { kind, to, party: from = account, tokenId = 0n } = effect;
  const amount = uncapped(effect.amount ?? 0n);
  if (kind === "operatorAllowance" && others.length === 0) return [["0xa22cb465", to, true]];
  if (kind === "allowance" && others.length === 0) {
    if (standard === "erc721") return [["0x095ea7b3", to, tokenId]];
    return [
      ["0x095ea7b3", to, amount],
      ["0x39509351", to, amount],
      ["0xa457c2d7", to, 1n],
    ];
  }
  if (kind !== "transfer") return [];
  if (standard === "erc1155") return batchRows(effects, from, to);
  if (others.length > 0) return [];
  if (standard === "erc721") {
    return [
      ["0x42842e0e", from, to, tokenId],
      ["0x23b872dd", from, to, tokenId],
      ["0xb88d4fde", from, to, tokenId],
    ];
  }
  const send: Row = ["0xa9059cbb", to, amount];
  const collect: Row = ["0x23b872dd", from, to, amount];
  return from === account ? [send, collect] : [collect];
}

function batchRows(effects: readonly Effect[], from: Address, to: Address): readonly Row[] {
  const together = effects.every((one) => one.kind === "transfer" && one.to === to && (one.party ?? from) === from);
  if (!together || new Set(effects.map(({ asset }) => asset)).size > 1) return [];
  const ids = effects.map(({ tokenId = 0n }) => tokenId);
  const amounts = effects.map(({ amount = 0n }) => uncapped(amount));
  const batch: Row = ["0x2eb2c2d6", from, to, ids, amounts];
  return effects.length === 1 ? [["0xf242432a", from, to, ids[0], amounts[0]], batch] : [batch];
}

/** The top stands for every amount from 2^255 on; the highest of them is the one that people write. */
function uncapped(amount: bigint): bigint {
  return amount === UNLIMITED ? 2n ** 256n - 1n : amount;
}

function namedCall(effect: Effect, { chain, contracts }: Plan): ComposedCall | undefined {
  for (const contract of contracts) {
    if (contract.chain !== chain || (effect.contract !== undefined && contract.address !== effect.contract)) continue;
    for (const named of functionsOf(contract)) {
      if (effect.function !== undefined && named.signature !== effect.function) continue;
      if (effect.selector !== undefined && named.selector !== effect.selector) continue;
      const data = callData(named, valuesOf(named, effect.args ?? {}));
      if (data !== undefined) return { to: contract.address, data };
    }
  }
  return undefined;
}

/** What is no function names none, as for the decoder. */
function functionsOf({ functions }: BookContract): readonly AbiFunction[] {
  return functions.flatMap((text) => {
    try {
      return [parseFunction(text)];
    } catch (cause) {
      if (cause instanceof CustodyError) return [];
      throw cause;
    }
  });
}

/** By position. An argument that the function has not makes one too many. */
function valuesOf({ parameters }: AbiFunction, args: NonNullable<Effect["args"]>): readonly (AbiValue | undefined)[] {
  const names = parameters.map(({ name }, position) => name ?? String(position));
  const values = names.map((name) => (Object.hasOwn(args, name) ? args[name] : undefined));
  return Object.keys(args).every((name) => names.includes(name)) ? values : [...values, undefined];
}

/** A selector that no standard has. */
const NO_FUNCTION = "0xdeadbeef";

function unknownCall(effect: Effect, { account }: Plan): ComposedCall | undefined {
  const { domain, primaryType, selector = NO_FUNCTION } = effect;
  if (domain !== undefined || primaryType !== undefined || effect.class === "U2" || !/^0x[0-9a-f]{8}$/.test(selector)) return undefined;
  const to = effect.class === "U3" ? account : (effect.contract ?? NOBODY);
  return { to, data: fromHex(selector) };
}

/** A contract that no policy names. */
const NOBODY: Address = "0x000000000000000000000000000000000000dEaD";

function callData(called: AbiFunction, values: readonly (AbiValue | undefined)[]): Uint8Array | undefined {
  const encoded = encodeArguments(called.parameters, values);
  return encoded && concat(fromHex(called.selector), encoded);
}
