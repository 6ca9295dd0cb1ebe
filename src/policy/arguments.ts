import type { ArgumentTest, Condition } from "./core.ts";
import { quote } from "./problems.ts";
import { rangeAt } from "./ranges.ts";
import { argumentNamesAt } from "./references.ts";
import { entries, flagAt, objectAt, type Spot } from "./surface.ts";
import type { Pinned, Reading } from "./when.ts";

/**
 * Reads `args`: what the decoded arguments of a named function must be. Which function is meant, and so what the names and
 * types are, must be pinned by `contract` and `function` in the same `when`. Addresses are bare: the contract says on which chain.
 */
export function argumentsAt(spot: Spot, reading: Reading, { contract, function: called }: Pinned): Condition | undefined {
  const object = objectAt(spot);
  if (object === undefined) return undefined;
  const functions = contract?.named.filter(({ name, signature }) => called === name || called === signature) ?? [];
  const [only] = functions;
  if (contract === undefined || only === undefined || functions.length > 1) {
    const why =
      contract === undefined
        ? "the contract is not pinned by its name in contracts"
        : only === undefined
          ? "the function is not"
          : "the function has several forms";
    return spot.wrongKey("policy/function-not-pinned", `expected the same when to pin "contract" and "function" to one each, but ${why}`);
  }
  const tests = entries(spot, object).map(([name, part]): Condition | undefined => {
    const type = only.inputs.get(name);
    if (type === undefined) return unknownArgument(part, name, only.signature, only.inputs.keys());
    const test = testAt(part, type, contract.chain, reading);
    return test && { op: "argument", name, test };
  });
  if (tests.length === 0) return spot.wrong("policy/bad-value", "expected at least one argument, got none");
  const of = tests.every((test) => test !== undefined) ? tests : undefined;
  return of && (of.length === 1 ? of[0] : { op: "all", of });
}

function testAt(spot: Spot, type: string, chain: string, reading: Reading): ArgumentTest | undefined {
  if (type === "bool") {
    const value = flagAt(spot);
    return value === undefined ? undefined : { op: "is", value };
  }
  const [, sign, bits] = /^(u?)int([0-9]+)$/.exec(type) ?? [];
  if (bits !== undefined) {
    const size = BigInt(bits) - (sign === "u" ? 0n : 1n);
    const intervals = rangeAt(spot, "count", {
      asset: undefined,
      names: reading.names,
      bottom: sign === "u" ? 0n : -(2n ** size),
      top: 2n ** size - 1n,
    });
    return intervals && { op: "within", intervals };
  }
  if (type.includes("[") || type.includes("("))
    return spot.wrongKey("policy/unknown-argument", `expected an argument that is one value, got one of type ${type}`);
  const values = argumentNamesAt(spot, type, chain, reading);
  return values && { op: "in", values };
}

function unknownArgument(spot: Spot, name: string, signature: string, known: Iterable<string>): undefined {
  return spot.wrongKey(
    "policy/unknown-argument",
    `expected an argument of ${signature} (${[...known].join(", ") || "it has none"}), got ${quote(name)}`,
  );
}
