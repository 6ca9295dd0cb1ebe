import { keccak_256 } from "@noble/hashes/sha3.js";
import { AggregatedError, type AuthorizationItem, Transaction, type TxType } from "micro-eth-signer";
import { equal, fromHex } from "../../base/bytes.ts";
import type { Json } from "../../base/canonical.ts";
import { CustodyError } from "../../base/errors.ts";
import type { Address } from "../../intent/effect.ts";
import type { Digest, Reason } from "../../intent/intent.ts";
import { MAX_BYTES, type Work } from "./work.ts";

/** One unsigned transaction, read once. Everything below `raw` is frozen; fields, effects and digest all come from it. */
export interface UnsignedTransaction {
  readonly raw: ReturnType<typeof Transaction.fromBytes>;
  /** What {@link raw} writes itself as, equal to what was read. */
  readonly bytes: Uint8Array;
  /** Absent for a legacy transaction without EIP-155, and for chain id 0: valid wherever it is sent. */
  readonly chainId: bigint | undefined;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** `maxFeePerGas`, or `gasPrice` where there is no other. */
  readonly feePerGas: bigint;
  /** Absent when a contract is created. */
  readonly to: Address | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly blobs: number;
  readonly feePerBlobGas: bigint;
  readonly authorizations: readonly AuthorizationItem[];
}

/**
 * Reads an unsigned transaction: legacy, EIP-2930, EIP-1559, EIP-4844 without its sidecar, EIP-7702.
 *
 * @param payload - `0x` and whole bytes in lowercase hexadecimal. Capitals are refused: nothing that serialises
 *   transactions writes them, and one request has one form.
 * @throws `chain/too-large` above 128 KiB, before anything is parsed; `chain/malformed` for all that is not the one
 *   canonical encoding of one unsigned transaction, signed ones and sidecars included.
 */
export function parseTransaction(payload: Json, work: Work): UnsignedTransaction {
  if (typeof payload !== "string") throw new CustodyError("request/malformed", "transaction: expected hexadecimal text");
  if (payload.length > 2 + 2 * MAX_BYTES)
    throw new CustodyError("chain/too-large", `transaction: expected at most ${MAX_BYTES} bytes, got ${payload.length} characters`);
  if (!/^0x(?:[0-9a-f]{2})*$/.test(payload))
    throw new CustodyError("chain/malformed", "transaction: expected 0x and whole bytes in lowercase hexadecimal");
  return readTransaction(fromHex(payload, "chain/malformed"), work);
}

/** {@link parseTransaction} for bytes. */
export function readTransaction(bytes: Uint8Array, work: Work): UnsignedTransaction {
  work.parses++;
  const raw = parse(bytes);
  // INVARIANT: what is judged and signed is what came in. This is also what a signed transaction fails.
  const encoded = raw.toBytes({ includeSignature: false });
  if (!equal(encoded, bytes)) {
    const expected = raw.isSigned ? "an unsigned one, got one with a signature" : "its one canonical encoding";
    throw new CustodyError("chain/malformed", `transaction: expected ${expected}`);
  }
  return { raw, bytes: encoded, ...fields(raw) };
}

/** What must be signed: Keccak-256 of what the parsed transaction writes itself as, never of the bytes that came in. */
export function signingDigest(transaction: UnsignedTransaction): Digest {
  return keccak_256(transaction.raw.toBytes({ includeSignature: false })) as Digest;
}

/** The library's limits for transactions as people make them, as reasons. Without its nonce cap, which would end a busy account. */
export function implausibleFields({ raw }: UnsignedTransaction): readonly Reason[] {
  const authorizationList = (raw.raw as AnyFields).authorizationList?.map((item) => ({ ...item, nonce: 0n }));
  const plain = { ...raw.raw, nonce: 0n, ...(authorizationList && { authorizationList }) };
  try {
    new Transaction(raw.type, plain as typeof raw.raw, { strict: true });
    return [];
  } catch (error) {
    if (!(error instanceof AggregatedError)) throw error;
    // A missing chain id has its own reason.
    const faults = error.errors.filter(({ field }) => field !== "chainId");
    return faults.map(({ field, error: text }) => ({ code: "evm/implausible-field", params: { field }, text: `${field}: ${text}` }));
  }
}

function parse(bytes: Uint8Array): UnsignedTransaction["raw"] {
  try {
    return Transaction.fromBytes(bytes);
  } catch {
    // Without the cause: the library's messages can quote a whole field.
    throw new CustodyError(
      "chain/malformed",
      `transaction: expected RLP of an unsigned transaction, got ${bytes.length} bytes that are not`,
    );
  }
}

/** The union of all types' members. */
interface AnyFields {
  readonly chainId?: bigint;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  readonly gasPrice?: bigint;
  readonly maxFeePerGas?: bigint;
  readonly to: string;
  readonly value: bigint;
  readonly data: string;
  readonly maxFeePerBlobGas?: bigint;
  readonly blobVersionedHashes?: readonly string[];
  readonly authorizationList?: readonly AuthorizationItem[];
}

function fields(raw: { readonly type: TxType; readonly raw: object }): Omit<UnsignedTransaction, "raw" | "bytes"> {
  const all = raw.raw as AnyFields;
  return {
    chainId: all.chainId === 0n ? undefined : all.chainId,
    nonce: all.nonce,
    gasLimit: all.gasLimit,
    // The library has checked that each type has its fee; an absent one would be free, so it is an error instead.
    feePerGas: present(all.maxFeePerGas ?? all.gasPrice),
    to: all.to === "0x" ? undefined : all.to,
    value: all.value,
    data: fromHex(all.data, "chain/malformed"),
    blobs: all.blobVersionedHashes?.length ?? 0,
    feePerBlobGas: all.maxFeePerBlobGas ?? 0n,
    authorizations: all.authorizationList ?? [],
  };
}

function present(fee: bigint | undefined): bigint {
  if (fee === undefined) throw new CustodyError("chain/malformed", "transaction: expected a fee per gas");
  return fee;
}
