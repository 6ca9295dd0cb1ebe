import * as ecc from "@bitcoinerlab/secp256k1";
import { script as bitcoinScript, Psbt, payments, Transaction } from "bitcoinjs-lib";
import { equal, toHex } from "../../../src/base/bytes.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { assemblePsbt } from "../../../src/chains/bitcoin/assemble.ts";
import { readPsbt } from "../../../src/chains/bitcoin/psbt.ts";
import type { Intent } from "../../../src/intent/intent.ts";
import { decode, sign, type Type } from "../../chains/bitcoin/made.ts";
import type { Target } from "../engine.ts";
import { mutatedBytes } from "../mutate.ts";
import { mutatedFields, ourOwner, ownerOf, type Vault, vault, wholePsbt } from "./bitcoin-plans.ts";
import { attempt, must, same } from "./same.ts";

/** PSBTs of payments from our accounts, as bitcoinjs-lib makes them, whole, with other fields, and with other bytes. */
export const bitcoinPsbts: Target = {
  name: "bitcoin/psbt",
  weight: 8,
  async run(random) {
    const ours = vault(random);
    const { self } = ours;
    const whole = wholePsbt(random, self);
    const how = random.below(8);
    const other = () => wholePsbt(random, self);
    const bytes = how < 2 ? whole : how < 5 ? mutatedFields(random, whole, other()) : mutatedBytes(random, whole, whole);
    const read = attempt(() => decode(bytes, ours.account));
    if ("thrown" in read) {
      if (!(read.thrown instanceof CustodyError)) throw read.thrown;
      if (how < 2) throw new Error(`a whole PSBT was refused: ${read.thrown.message} ${toHex(bytes)}`);
      return { refused: read.thrown.code };
    }
    const intent = read.value;
    same("bytes", intent.bytes, bytes);
    // bitcoinjs-lib does not read a coin that is spent twice, and reads amounts with a sign. We tell what it does, and sign nothing.
    const unfit = intent.refusals.find(({ code }) => code === "bitcoin/same-coin" || code === "bitcoin/over-21-million");
    if (unfit !== undefined) {
      same("digests", intent.signables.length, 0);
      return { refused: unfit.code };
    }
    const seen = seenByPeer(bytes, ours);
    check(intent, seen);
    if (random.oneIn(4)) checkRewritten(intent, seen);
    // Signing and verifying cost more than all the rest.
    if (intent.signables.length > 0 && random.oneIn(24)) await checkSigned(intent, seen);
    return intent.refusals[0] === undefined ? "accepted" : { refused: intent.refusals[0].code };
  },
};

interface Spent {
  readonly script: Uint8Array;
  readonly value: bigint;
  readonly proven: boolean;
  readonly own: ReturnType<typeof ownerOf>;
  readonly sighashType: number | undefined;
}

interface Seen {
  readonly vault: Vault;
  readonly self: Type;
  readonly psbt: Psbt;
  readonly transaction: Transaction;
  readonly spent: readonly Spent[];
}

/** The PSBT as bitcoinjs-lib reads it. */
function seenByPeer(bytes: Uint8Array, vault: Vault): Seen {
  const psbt = Psbt.fromBuffer(bytes);
  const transaction = Transaction.fromBuffer(psbt.data.globalMap.unsignedTx.toBuffer());
  const spent = psbt.data.inputs.map((input, at): Spent => {
    const { hash, index } = transaction.ins[at] as Transaction["ins"][number];
    const { nonWitnessUtxo, witnessUtxo, sighashType } = input;
    const previous = nonWitnessUtxo && Transaction.fromBuffer(nonWitnessUtxo);
    if (previous) must(`input ${at}: another previous transaction`, equal(previous.getHash(), hash));
    const output = previous?.outs[index] ?? witnessUtxo;
    if (output === undefined) throw new Error(`input ${at}: what it spends is not said, and it was judged`);
    return { script: output.script, value: output.value, proven: previous !== undefined, own: ownerOf(output.script, vault), sighashType };
  });
  return { vault, self: vault.self, psbt, transaction, spent };
}

const hash = (bytes: Uint8Array) => toHex(bytes.slice().reverse());
const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);

function check(intent: Intent, seen: Seen): void {
  const { transaction } = seen;
  const ours = readPsbt(intent.bytes);
  same(
    "the transaction",
    [
      ours.version >>> 0,
      ours.lockTime,
      ours.inputs.map(({ txid, index, sequence }) => [txid, index, sequence]),
      ours.outputs.map(({ script, amount }) => [toHex(script), amount]),
    ],
    [
      transaction.version >>> 0,
      transaction.locktime,
      transaction.ins.map((input) => [hash(input.hash), input.index, input.sequence]),
      transaction.outs.map(({ script, value }) => [toHex(script), value]),
    ],
  );
  same("the unsigned transaction", toHex(ours.unsigned), toHex(transaction.toBuffer()));
  checkMoney(intent, seen);
  checkSignables(intent, seen);
}

/** Written by somebody else it is another PSBT, in which rows may have another order, and means the same. */
function checkRewritten(intent: Intent, { psbt, vault }: Seen): void {
  const again = decode(Uint8Array.from(psbt.toBuffer()), vault.account);
  same(
    "written again by bitcoinjs-lib",
    [again.effects, again.signables, again.refusals, again.lane],
    [intent.effects, intent.signables, intent.refusals, intent.lane],
  );
}

/** What effects tell, against sums of what bitcoinjs-lib reads. */
function checkMoney({ effects, refusals, signables }: Intent, { vault, self, transaction, spent }: Seen): void {
  const outputs = transaction.outs.map(({ script, value }) => ({ script, value, own: ownerOf(script, vault) }));
  const mine = spent.filter(({ own }) => own?.type === self);
  const certain = spent.every(({ proven }) => proven) || (self === "tr" && mine.length > 0);
  const fee = sum(spent.map(({ value }) => value)) - sum(outputs.map(({ value }) => value));
  const net =
    sum(spent.filter(({ own }) => own).map(({ value }) => value)) - sum(outputs.filter(({ own }) => own).map(({ value }) => value));
  const shared = certain && spent.some(({ own }) => own === undefined);
  const loss = net > 0n ? net : 0n;
  const least = (value: bigint) => (shared && loss < value ? loss : value);
  const leaving = outputs.filter(({ script, value, own }) => own?.type !== self && !(script[0] === 0x6a && value === 0n));
  same(
    "transfers",
    effects.filter(({ kind }) => kind === "transfer").map(({ amount, ownRecipient }) => [amount, ownRecipient]),
    leaving.map(({ value, own }) => [own === undefined ? least(value) : value, own !== undefined]),
  );
  same("data", effects.filter(({ kind }) => kind === "unknown").length, outputs.filter(({ script }) => script[0] === 0x6a).length);
  const told = effects.filter(({ kind }) => kind === "fee");
  same(
    "fee",
    told.map(({ amount }) => amount),
    [certain && fee >= 0n ? least(fee) : undefined],
  );
  if (signables.length > 0) {
    const total = sum(
      effects
        .filter(({ kind, ownRecipient }) => kind === "fee" || (kind === "transfer" && ownRecipient === false))
        .map(({ amount = 0n }) => amount),
    );
    must("less is told than our accounts lose", !certain || total >= net);
    must("more goes out than comes in, and it is signed", fee >= 0n);
  }
  const codes = new Set(refusals.map(({ code }) => code));
  same("nothing to sign", codes.has("bitcoin/nothing-to-sign"), mine.length === 0);
  same(
    "a hash type that leaves something open",
    codes.has("bitcoin/sighash"),
    mine.some(({ sighashType }) => sighashType !== undefined && sighashType !== 1 && !(self === "tr" && sighashType === 0)),
  );
  for (const { proven } of mine) must("an amount that nobody proves is signed for", proven || self === "tr");
}

/** The digests that bitcoinjs-lib would sign, of all inputs of the account and no other. */
function checkSignables({ signables, refusals }: Intent, seen: Seen): void {
  if (refusals.length > 0) same("what is refused has no digest", signables.length, 0);
  if (refusals.length > 0) return;
  const mine = seen.spent.flatMap(({ own }, at) => (own?.type === seen.self ? [{ at, path: own.path }] : []));
  same(
    "digests",
    signables.map(({ digest, path, scheme }) => [toHex(digest), path, scheme]),
    mine.map(({ at, path }) => [toHex(digestByPeer(seen, at)), path, seen.self === "tr" ? "bip340" : "ecdsa"]),
  );
}

function digestByPeer({ self, transaction, spent }: Seen, at: number): Uint8Array {
  const { script, value, own, sighashType } = spent[at] as Spent;
  const hashType = sighashType ?? (self === "tr" ? 0 : 1);
  if (self === "tr")
    return transaction.hashForWitnessV1(
      at,
      spent.map((one) => one.script),
      spent.map((one) => one.value),
      hashType,
    );
  if (self === "pkh") return transaction.hashForSignature(at, script, hashType);
  const { publicKey } = ourOwner(self).key(own?.path ?? [0, 0]);
  return transaction.hashForWitnessV0(at, payments.p2pkh({ pubkey: publicKey }).output ?? new Uint8Array(0), value, hashType);
}

/** Signed with the account's keys and put together: bitcoinjs-lib finds a good signature at every input of ours. */
async function checkSigned(intent: Intent, seen: Seen): Promise<void> {
  const { self, vault } = seen;
  const { bytes, hash: id, complete } = assemblePsbt(intent, await sign(intent, ourOwner(self)), vault.account);
  const signed = complete ? Transaction.fromBuffer(bytes) : undefined;
  const rest = complete ? undefined : Psbt.fromBuffer(bytes);
  same("its id", id, (signed ?? seen.transaction).getId());
  for (const [at, { own }] of seen.spent.entries()) {
    if (own?.type !== self) continue;
    const input = signed?.ins[at];
    const pushes = input && (self === "pkh" ? (bitcoinScript.decompile(input.script) as Uint8Array[]) : input.witness);
    const signature = pushes?.[0] ?? (self === "tr" ? rest?.data.inputs[at]?.tapKeySig : rest?.data.inputs[at]?.partialSig?.[0]?.signature);
    if (signature === undefined) throw new Error(`input ${at} of ours has no signature`);
    const digest = digestByPeer(seen, at);
    const { publicKey } = ourOwner(self).key(own.path);
    const good =
      self === "tr"
        ? ecc.verifySchnorr(digest, seen.spent[at]?.script.subarray(2) ?? digest, signature.subarray(0, 64))
        : ecc.verify(digest, publicKey, bitcoinScript.signature.decode(signature).signature, true);
    must(`input ${at}: a signature that bitcoinjs-lib refuses`, good);
  }
}
