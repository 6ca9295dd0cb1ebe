import { type AuthorizationRequest, authorization } from "micro-eth-signer";
import { RLP } from "micro-eth-signer/core/rlp.js";
import { concat, equal, fromHex, toHex } from "../../base/bytes.ts";
import type { Json } from "../../base/canonical.ts";
import { CustodyError } from "../../base/errors.ts";
import { expectBigint, expectInteger, expectObject, expectString } from "../../base/shape.ts";
import type { Digest, Reason } from "../../intent/intent.ts";
import { parseAddress, parseChain } from "./address.ts";
import type { Decoded } from "./decoded.ts";
import { delegationEffect } from "./delegations.ts";
import type { Setting } from "./effects.ts";

/** First byte of what is hashed (EIP-7702): no transaction of any type begins with it. */
const MAGIC = Uint8Array.of(0x05);
/** EIP-7702: an authorization whose nonce is not below has no effect. */
const NONCES = 2n ** 64n - 1n;

/**
 * Reads an EIP-7702 authorization that is signed by itself: `{"address": "0x…", "chainId": 1, "nonce": 7}`, numbers as safe
 * integers or as decimal text. Anybody may put it into a transaction of theirs: nothing of it can be taken back but by using
 * the nonce first, so it has no lane.
 *
 * @throws `request/malformed` for other members or numbers; `chain/malformed` for an address that is none.
 */
export function decodeAuthorization(payload: Json, { account, chain }: Setting): Decoded {
  const item = readPayload(payload);
  const bytes = authorizationBytes(item);
  return {
    bytes,
    digest: authorizationDigest(item),
    effects: [delegationEffect(item, account)],
    refusals: refusals(item, parseChain(chain)),
  };
}

/**
 * The reverse of the bytes of an intent: `0x05 || rlp([chain_id, address, nonce])`.
 *
 * @throws `chain/malformed` if they are anything else.
 */
export function readAuthorization(bytes: Uint8Array): AuthorizationRequest {
  const item = fields(bytes);
  if (item === undefined || !equal(authorizationBytes(item), bytes))
    throw new CustodyError("chain/malformed", "authorization: expected 0x05 and RLP of chain id, address and nonce");
  return item;
}

export function authorizationDigest(item: AuthorizationRequest): Digest {
  return authorization.getHash(item) as Digest;
}

function authorizationBytes({ chainId, address, nonce }: AuthorizationRequest): Uint8Array {
  return concat(MAGIC, RLP.encode([chainId, fromHex(address), nonce]));
}

function readPayload(payload: Json): AuthorizationRequest {
  const members = expectObject(payload, { required: ["address", "chainId", "nonce"] }, "authorization");
  const address = parseAddress(expectString(members.address, "authorization: address"));
  const chainId = integer(members.chainId, "chainId");
  const nonce = integer(members.nonce, "nonce");
  if (nonce >= NONCES) throw new CustodyError("request/malformed", "authorization: expected a nonce below 2^64 - 1");
  return { address, chainId, nonce };
}

function integer(value: Json | undefined, name: string): bigint {
  const where = `authorization: ${name}`;
  return typeof value === "string" ? expectBigint(value, where) : BigInt(expectInteger(value, where));
}

function fields(bytes: Uint8Array): AuthorizationRequest | undefined {
  if (bytes[0] !== MAGIC[0]) return undefined;
  try {
    const items: unknown = RLP.decode(bytes.subarray(1));
    if (!Array.isArray(items) || items.length !== 3 || !items.every((item) => item instanceof Uint8Array)) return undefined;
    const [chainId, address, nonce] = items.map(toHex);
    return { chainId: BigInt(`0x0${chainId}`), address: parseAddress(`0x${address}`), nonce: BigInt(`0x0${nonce}`) };
  } catch {
    // No canonical RLP, or no address: decided by the caller.
    return undefined;
  }
}

/** Chain 0 means every chain: that is no mismatch but an effect whose chain is unknown, for a policy to judge. */
function refusals({ chainId }: AuthorizationRequest, requested: bigint): readonly Reason[] {
  if (chainId === 0n || chainId === requested) return [];
  const params = { request: requested.toString(), authorization: chainId.toString() };
  return [
    {
      code: "evm/chain-mismatch",
      params,
      text: `the request is for chain ${params.request}, the authorization for chain ${params.authorization}`,
    },
  ];
}
