import { Transaction } from "micro-eth-signer";
import { equal } from "../../base/bytes.ts";
import { CustodyError } from "../../base/errors.ts";
import type { Intent } from "../../intent/intent.ts";
import type { Signature, Signed } from "../chain.ts";
import { readTransaction, signingDigest, type UnsignedTransaction } from "./transaction.ts";
import { newWork } from "./work.ts";

/**
 * `Chain.assemble` for EVM: the transaction of the intent with its one signature. Its own check, beside the caller's: the
 * signature has a low s (EIP-2) and recovers to the intent's account.
 */
export function assembleTransaction(intent: Intent, signatures: readonly Signature[]): Signed {
  const [signature] = signatures;
  const [signable] = intent.signables;
  if (
    intent.kind !== "transaction" ||
    signable === undefined ||
    signature === undefined ||
    signatures.length !== 1 ||
    intent.signables.length !== 1
  ) {
    throw misfit("expected a transaction's intent and one signature");
  }
  const { bytes, recovery } = signature;
  if (bytes.length !== 64 || (recovery !== 0 && recovery !== 1))
    throw misfit(`expected 64 bytes and which point, got ${bytes.length} bytes`);
  const transaction = readTransaction(intent.bytes, newWork());
  if (!equal(signingDigest(transaction), signable.digest)) throw misfit("expected the digest of the intent's own bytes");

  const { sender, signed } = attach(transaction, bytes, recovery);
  if (sender !== intent.account) throw misfit(`expected a signature of ${intent.account}, got one of ${sender}`);
  return { bytes: signed.toBytes({ includeSignature: true }), hash: signed.hash, complete: true };
}

function attach({ raw }: UnsignedTransaction, bytes: Uint8Array, yParity: 0 | 1): { sender: string; signed: UnsignedTransaction["raw"] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const integer = (at: number) => [0, 8, 16, 24].reduce((sum, step) => (sum << 64n) | view.getBigUint64(at + step), 0n);
  try {
    const signed = new Transaction(raw.type, { ...raw.raw, r: integer(0), s: integer(32), yParity }, { strict: false });
    return { sender: signed.sender, signed };
  } catch {
    throw misfit("expected r and s in range, a low s, and a point that they recover to");
  }
}

function misfit(text: string): CustodyError {
  return new CustodyError("chain/malformed", `signature: ${text}`);
}
