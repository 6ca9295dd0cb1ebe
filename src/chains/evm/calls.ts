import { CustodyError } from "../../base/errors.ts";
import type { ArgumentValue, Effect } from "../../intent/effect.ts";
import { type AbiValue, readArguments } from "./arguments.ts";
import { type Call, effectOf, selectorOfData, unknownCall } from "./call.ts";
import { type AbiFunction, parseFunction } from "./signature.ts";
import { standardsOf, TOKEN_FUNCTIONS, type TokenFunction } from "./tokens.ts";

/**
 * What a call with data does: at least one effect, always. A selector is only the target's claim, so what the contract is
 * comes from the book: the functions of a token that it names, then functions that it names for a contract. All else is
 * unknown; where the claim is an approval it stands beside the unknown so that people see it, never instead.
 */
export function callEffects(call: Call): readonly Effect[] {
  const selector = selectorOfData(call.data);
  // An account with code of its own (EIP-7702) obeys whoever it is that calls, and here that is itself.
  if (call.contract === call.account) return [unknownCall(call, "U3", "a call of the account to itself")];
  if (selector === undefined) return [unknownCall(call, "U3", `${call.data.length} bytes of data: fewer than a selector`)];

  const standards = standardsOf(call.book, call.bookChain, call.contract);
  if (standards.length > 1) return [unknownCall(call, "U1", `the policy names this contract as ${standards.join(" and ")}`)];
  const [standard] = standards;
  const tokenFunction = standard && TOKEN_FUNCTIONS[standard][selector];
  if (tokenFunction) return tokenEffects({ ...call, asset: `${standard}:${call.contract}` }, tokenFunction);

  const contract = call.book.contract(call.bookChain, call.contract);
  const functions = contract?.functions.flatMap(readable).filter((candidate) => candidate.selector === selector) ?? [];
  if (functions.length > 1) return [unknownCall(call, "U1", `the policy names ${functions.length} functions with this selector`)];
  const [chosen] = functions;
  if (chosen) return [...namedEffects(call, chosen), ...claims(call, selector)];

  const why =
    contract || standard ? "a function that the policy does not name for this contract" : "a contract that the policy does not name";
  return [unknownCall(call, "U1", why), ...claims(call, selector)];
}

function tokenEffects(call: Call, tokenFunction: TokenFunction): readonly Effect[] {
  const read = readArguments(parseFunction(tokenFunction.function).parameters, call.data.subarray(4), call.work);
  if (read.kind === "unread") return [unknownCall(call, "U1", read.why)];
  return [...tokenFunction.effects(call, read.values), ...trailing(call, read.trailing)];
}

/** A text in the policy that is no function names none, so that its calls are unknown: the bytes are not to blame. */
function readable(text: string): readonly AbiFunction[] {
  try {
    return [parseFunction(text)];
  } catch (error) {
    if (error instanceof CustodyError) return [];
    throw error;
  }
}

/** Arguments that are arrays or tuples are read as strictly, but have no value that a condition could test. */
function namedEffects(call: Call, named: AbiFunction): readonly Effect[] {
  const read = readArguments(named.parameters, call.data.subarray(4), call.work);
  if (read.kind === "unread") return [unknownCall(call, "U1", read.why)];
  const args: Record<string, ArgumentValue> = Object.create(null) as Record<string, ArgumentValue>;
  const names = new Set<string>();
  for (const [position, { name = String(position) }] of named.parameters.entries()) {
    if (names.has(name)) return [unknownCall(call, "U1", "the policy names two arguments of this function alike")];
    names.add(name);
    const value = read.values[position];
    if (isPlain(value)) args[name] = value;
  }
  return [effectOf(call, { kind: "call", function: named.signature, args: { ...args } }), ...trailing(call, read.trailing)];
}

function isPlain(value: AbiValue | undefined): value is ArgumentValue {
  return value !== undefined && typeof value !== "object";
}

/** Bytes behind the arguments can move money: some contracts read commissions and payees there. */
function trailing(call: Call, bytes: number): readonly Effect[] {
  return bytes === 0 ? [] : [unknownCall(call, "U1", `trailing ${bytes} bytes behind the arguments`)];
}

/** What the call would approve if its target were a token. Neither asset nor amount are known. */
function claims(call: Call, selector: string): readonly Effect[] {
  const claim = CLAIMS[selector];
  if (claim === undefined) return [];
  const read = readArguments(parseFunction(claim.function).parameters, call.data.subarray(4), call.work);
  if (read.kind === "unread") return [];
  return [
    effectOf(call, {
      kind: claim.kind,
      to: read.values[0] as string,
      why: "what the selector claims; the policy does not say that this is a token",
    }),
  ];
}

const CLAIMS: { readonly [selector: string]: { readonly function: string; readonly kind: "allowance" | "operatorAllowance" } } = {
  "0x095ea7b3": { function: "approve(address,uint256)", kind: "allowance" },
  "0x39509351": { function: "increaseAllowance(address,uint256)", kind: "allowance" },
  "0xa22cb465": { function: "setApprovalForAll(address,bool)", kind: "operatorAllowance" },
};
