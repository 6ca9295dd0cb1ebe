import { authorization, eip191Signer, recoverAddressTyped, Transaction } from "micro-eth-signer";
import { concat, equal, fromUtf8, toHex } from "../../base/bytes.ts";
import { CustodyError } from "../../base/errors.ts";
import type { Address } from "../../intent/effect.ts";
import type { Digest, Intent } from "../../intent/intent.ts";
import type { Signature, Signed } from "../chain.ts";
import { authorizationDigest, readAuthorization } from "./authorization.ts";
import { messageDigest } from "./message.ts";
import { readTransaction, signingDigest, type UnsignedTransaction } from "./transaction.ts";
import { typedDataOf } from "./typed-data.ts";
import { newWork } from "./work.ts";

/**
 * `Chain.assemble` for EVM: what leaves of an intent with its one signature.
 *
 * - A transaction: its signed bytes, and their hash.
 * - Everything else: the signature itself, 65 bytes r || s || v with v 27 or 28, and the digest that was signed. What
 *   goes into the `authorizationList` of an EIP-7702 transaction has `yParity` instead, which is v - 27.
 *
 * Its own check, beside the caller's: the bytes of the intent still have its digest, and the signature has a low s (EIP-2)
 * and recovers to its account, by the library's own way from those bytes to a signer: a digest that we made wrongly is not
 * the one that it recovers from.
 */
export function assemble(intent: Intent, signatures: readonly Signature[]): Signed {
  const [signature] = signatures;
  const [signable] = intent.signables;
  if (signable === undefined || signature === undefined || signatures.length !== 1 || intent.signables.length !== 1)
    throw misfit("expected an intent and one signature");
  const { bytes, recovery } = signature;
  if (bytes.length !== 64 || (recovery !== 0 && recovery !== 1))
    throw misfit(`expected 64 bytes and which point, got ${bytes.length} bytes`);

  const { digest, signer, signed } = putTogether(intent, bytes, recovery);
  if (!equal(digest, signable.digest)) throw misfit("expected the digest of the intent's own bytes");
  if (signer !== intent.account) throw misfit(`expected a signature of ${intent.account}, got one of ${signer}`);
  return { ...signed, complete: true };
}

interface Together {
  /** Of the intent's bytes as they are now. */
  readonly digest: Digest;
  readonly signer: Address;
  readonly signed: Pick<Signed, "bytes" | "hash">;
}

function putTogether(intent: Intent, bytes: Uint8Array, recovery: 0 | 1): Together {
  switch (intent.kind) {
    case "transaction":
      return transaction(readTransaction(intent.bytes, newWork()), bytes, recovery);
    case "message": {
      const signature = withV(bytes, recovery);
      const signer = recovered(() => eip191Signer.recoverAddress(toHex(signature), intent.bytes));
      return alone(messageDigest(intent.bytes), signer, signature);
    }
    case "typedData": {
      const signature = withV(bytes, recovery);
      const { plain, digest } = typedDataOf(fromUtf8(intent.bytes, "chain/malformed"), newWork());
      const signer = recovered(() => recoverAddressTyped(toHex(signature), plain as never));
      return alone(digest, signer, signature);
    }
    case "authorization": {
      const item = readAuthorization(intent.bytes);
      const signer = recovered(() => authorization.getAuthority({ ...item, ...integers(bytes), yParity: recovery }));
      return alone(authorizationDigest(item), signer, withV(bytes, recovery));
    }
    case "userOperation":
    case "calls":
    case "psbt":
    case "act":
      throw misfit(`expected an intent that this chain makes, got ${intent.kind}`);
  }
}

function transaction(read: UnsignedTransaction, bytes: Uint8Array, yParity: 0 | 1): Together {
  const { raw } = read;
  const signed = recovered(() => new Transaction(raw.type, { ...raw.raw, ...integers(bytes), yParity }, { strict: false }));
  const signer = recovered(() => signed.sender);
  return { digest: signingDigest(read), signer, signed: { bytes: signed.toBytes({ includeSignature: true }), hash: signed.hash } };
}

function alone(digest: Digest, signer: Address, signature: Uint8Array): Together {
  return { digest, signer, signed: { bytes: signature, hash: `0x${toHex(digest)}` } };
}

/** r(32) || s(32) || v(1) */
function withV(bytes: Uint8Array, recovery: 0 | 1): Uint8Array {
  return concat(bytes, Uint8Array.of(27 + recovery));
}

function integers(bytes: Uint8Array): { r: bigint; s: bigint } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const integer = (at: number) => [0, 8, 16, 24].reduce((sum, step) => (sum << 64n) | view.getBigUint64(at + step), 0n);
  return { r: integer(0), s: integer(32) };
}

function recovered<T>(recover: () => T): T {
  try {
    return recover();
  } catch {
    throw misfit("expected r and s in range, a low s, and a point that they recover to");
  }
}

function misfit(text: string): CustodyError {
  return new CustodyError("chain/malformed", `signature: ${text}`);
}
