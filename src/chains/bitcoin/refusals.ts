import { equal } from "../../base/bytes.ts";
import type { Json } from "../../base/canonical.ts";
import type { Reason } from "../../intent/intent.ts";
import type { OwnedInput, OwnedOutput, Ownership } from "./ownership.ts";
import { hashTypeOf } from "./sighash.ts";
import { withLength } from "./size.ts";
import { isWitnessProgram, OP_RETURN } from "./unaddressed.ts";

/** 21 million, in satoshi: more than there will ever be. */
export const MAX_MONEY = 2_100_000_000_000_000n;

/**
 * Found after a complete parse: the effects are reported, and nothing is signed whatever the policy says.
 *
 * What is refused here would be worthless, or would tie our signature to less than the whole transaction. Lock times are not among it: they bind nobody to anything but patience.
 */
export function psbtRefusals(ownership: Ownership): readonly Reason[] {
  const { inputs, outputs } = ownership;
  const ours = (test: (input: OwnedInput) => boolean) => indexes(inputs, (input) => input.own?.isSelf === true && test(input));
  return [
    ...(inputs.some(({ own }) => own?.isSelf) ? [] : [reason("nothing-to-sign", {}, "no input spends coins of this account")]),
    ...at("sighash", "inputs", ours(leavesOpen), "their hash type is not the one that commits to the whole transaction"),
    ...at("already-signed", "inputs", ours(isSigned), "they carry signatures already"),
    ...at("contradiction", "inputs", ours(contradicts), "what is said about their scripts does not fit the scripts"),
    ...at("same-coin", "inputs", repeated(inputs), "they spend what another input spends"),
    ...(outputs.length > 0 ? [] : [reason("no-outputs", {}, "there are no outputs: all would go to miners")]),
    ...at("dust", "outputs", indexes(outputs, isDust), "less than nodes relay"),
    ...impossibleAmounts(ownership),
  ];
}

function leavesOpen({ input, own }: OwnedInput): boolean {
  return own === undefined || hashTypeOf(own.template, input.sighash) === undefined;
}

function isSigned({ input }: OwnedInput): boolean {
  return input.signed || input.final !== undefined;
}

/** Each template has one way to be unlocked. Whoever shows another one means another script, or hopes that we sign for it. */
function contradicts({ input, own }: OwnedInput): boolean {
  if (own === undefined) return false;
  const { redeemScript, witnessScript, tapInternalKey, tapMerkleRoot, tapScripts } = input;
  const expected = own.template.redeemScript?.(own.publicKey);
  const internal = own.template.type === "tr" ? own.publicKey.subarray(1) : undefined;
  return (
    differs(redeemScript, expected) ||
    differs(tapInternalKey, internal) ||
    witnessScript !== undefined ||
    tapMerkleRoot !== undefined ||
    tapScripts
  );
}

function differs(shown: Uint8Array | undefined, expected: Uint8Array | undefined): boolean {
  return shown !== undefined && (expected === undefined || !equal(shown, expected));
}

function repeated(inputs: readonly OwnedInput[]): readonly number[] {
  const seen = new Set<string>();
  return indexes(inputs, ({ input }) => {
    const coin = outpoint(input);
    return seen.size === seen.add(coin).size;
  });
}

/** `txid:index`, as explorers write it. */
export function outpoint({ txid, index }: OwnedInput["input"]): string {
  return `${txid}:${index}`;
}

function impossibleAmounts({ inputs, outputs }: Ownership): readonly Reason[] {
  const spent = inputs.flatMap(({ spent }) => (spent === undefined ? [] : [spent.amount]));
  const paid = outputs.map(({ output }) => output.amount);
  const [brought, gone] = [spent, paid].map((amounts) => amounts.reduce((sum, amount) => sum + amount, 0n)) as [bigint, bigint];
  const params = { inputs: brought.toString(), outputs: gone.toString() };
  // A sum is above the cap wherever one of its parts is.
  const absurd = brought > MAX_MONEY || gone > MAX_MONEY;
  // What is claimed counts as well: whoever claims less than they spend has nothing to win here.
  const negative = spent.length === inputs.length && gone > brought;
  return [
    ...(absurd ? [reason("over-21-million", params, "an amount, or their sum, is above the 21 million BTC that will ever be")] : []),
    ...(negative ? [reason("outputs-above-inputs", params, `${gone} sat go out, ${brought} sat come in`)] : []),
  ];
}

function isDust({ output: { script, amount } }: OwnedOutput): boolean {
  return amount < dustLimit(script);
}

/**
 * What an output must hold so that nodes relay it: at 3 sat/vB, the price of it and of an input that spends it.
 *
 * @see Bitcoin Core, `GetDustThreshold` in policy/policy.cpp
 */
function dustLimit(script: Uint8Array): bigint {
  // Nothing will ever spend it.
  if (script[0] === OP_RETURN) return 0n;
  // outpoint(32 + 4) || length(1) || signature and key(107, a quarter of it in a witness) || sequence(4)
  const spending = 32 + 4 + 1 + (isWitnessProgram(script) ? 26 : 107) + 4;
  return 3n * BigInt(8 + withLength(script.length) + spending);
}

function indexes<T>(parts: readonly T[], test: (part: T) => boolean): readonly number[] {
  return parts.flatMap((part, index) => (test(part) ? [index] : []));
}

const SHOWN = 8;

function at(code: string, parts: "inputs" | "outputs", indexes: readonly number[], text: string): readonly Reason[] {
  const shown = `${indexes.slice(0, SHOWN).join(", ")}${indexes.length > SHOWN ? " …" : ""}`;
  return indexes.length === 0 ? [] : [reason(code, { [parts]: indexes }, `${parts} ${shown}: ${text}`)];
}

function reason(code: string, params: { readonly [name: string]: Json }, text: string): Reason {
  return { code: `bitcoin/${code}`, params, text };
}
