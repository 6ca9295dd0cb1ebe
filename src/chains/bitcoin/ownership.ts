import type { AccountKeys } from "../chain.ts";
import { parseDescriptor } from "./descriptor.ts";
import { type OwnScript, type OwnScripts, ownScripts } from "./own.ts";
import type { Hint, PsbtInput, PsbtOutput, ReadPsbt, TxOutput } from "./psbt.ts";

/** A PSBT, and what of it is ours. */
export interface Ownership {
  readonly psbt: ReadPsbt;
  readonly scripts: OwnScripts;
  readonly inputs: readonly OwnedInput[];
  readonly outputs: readonly OwnedOutput[];
}

export interface OwnedInput {
  readonly input: PsbtInput;
  /** What it spends, proven or claimed; absent where nobody says. */
  readonly spent?: TxOutput;
  /** What it spends is true, or else our signatures are worthless. */
  readonly certain: boolean;
  readonly own?: OwnScript;
}

export interface OwnedOutput {
  readonly output: PsbtOutput;
  readonly own?: OwnScript;
  /** Somebody says that it is ours, and it is not. */
  readonly posing: boolean;
}

/**
 * Finds what is ours by bytes alone ({@link ownScripts}), for the account and all its `others` together.
 *
 * What an input spends is certain if its previous transaction is there. A `witnessUtxo` alone is a claim, and is taken for
 * true only where everything that we sign is taproot: those signatures commit to every amount and script that is spent
 * (BIP-341), so a false claim makes them worthless. One other signature beside them would be enough to spoil that: it
 * commits to no other input's coin, stays valid when a claim about one is false, and could be joined with signatures from a
 * second PSBT of the same transaction that tells the truth about this input and lies about that one.
 */
export function ownershipOf(psbt: ReadPsbt, keys: AccountKeys): Ownership {
  const scripts = ownScripts(keys);
  const claims = claimsOf(keys, scripts);
  const found = psbt.inputs.map((input) => {
    const spent = input.previous ?? input.witnessUtxo;
    return { input, spent, own: spent && scripts.lookup(spent.script) };
  });
  const ours = found.filter(({ own }) => own?.isSelf === true);
  const commitsToAll = ours.length > 0 && ours.every(({ own }) => own?.template.scheme === "bip340");
  return {
    psbt,
    scripts,
    inputs: found.map(({ input, spent, own }) => ({
      input,
      certain: input.previous !== undefined || (commitsToAll && spent !== undefined),
      ...(spent && { spent }),
      ...(own && { own }),
    })),
    outputs: psbt.outputs.map((output) => {
      const own = scripts.lookup(output.script);
      return { output, posing: own === undefined && output.hints.some(claims), ...(own && { own }) };
    }),
  };
}

/**
 * Inputs that cannot be judged without believing somebody. Every input of ours needs the transaction that it spends, taproot
 * excepted: its signature covers the amounts. And an input of which nobody says what it spends might be ours.
 *
 * @returns their indexes.
 */
export function unproven({ inputs }: Ownership): readonly number[] {
  return inputs.flatMap(({ input, spent, own }, index) => {
    const claimed = own !== undefined && own.template.scheme !== "bip340" && input.previous === undefined;
    return spent === undefined || claimed ? [index] : [];
  });
}

/** Whether a hint names one of our keys, or a path below one of our accounts. */
function claimsOf(keys: AccountKeys, scripts: OwnScripts): (hint: Hint) => boolean {
  const origins = [keys, ...(keys.others ?? [])].flatMap(({ descriptor }) => {
    const origin = descriptor === undefined ? undefined : parseDescriptor(descriptor).origin;
    return origin === undefined ? [] : [{ fingerprint: origin.fingerprint, path: `${origin.path}/` }];
  });
  return ({ publicKey, fingerprint, path }) => {
    const same = origins.filter((origin) => origin.fingerprint === fingerprint);
    // Written out once: a path can be as long as the PSBT, and a hundred accounts can have one fingerprint.
    const text = same.length > 0 ? pathText(path) : "";
    return (
      same.some((origin) => text.startsWith(origin.path)) ||
      scripts.claimsToBeOurs(publicKey.length === 65 ? publicKey.subarray(1, 33) : publicKey)
    );
  };
}

const HARDENED = 2 ** 31;

// As descriptors write it: `m/84h/0h/0h/1/5`.
function pathText(path: readonly number[]): string {
  return ["m", ...path.map((step) => (step >= HARDENED ? `${step - HARDENED}h` : String(step)))].join("/");
}
