import { type AuthorizationLike, Transaction } from "ethers";
import * as Eip1559 from "ox/TxEnvelopeEip1559";
import * as Eip2930 from "ox/TxEnvelopeEip2930";
import * as Eip4844 from "ox/TxEnvelopeEip4844";
import * as Eip7702 from "ox/TxEnvelopeEip7702";
import * as Legacy from "ox/TxEnvelopeLegacy";
import { parseTransaction } from "viem";

/** What a transaction says, in the words of none of its readers: lowercase hexadecimal, integers, nothing left out. */
export interface Seen {
  readonly type: number;
  readonly chainId: bigint;
  readonly nonce: bigint;
  readonly gas: bigint;
  readonly fee: bigint;
  readonly to: string;
  readonly value: bigint;
  readonly data: string;
  readonly accessList: readonly (readonly [address: string, keys: readonly string[]])[];
  readonly blobs: readonly string[];
  readonly blobFee: bigint;
  readonly authorizations: readonly (readonly [chainId: bigint, address: string, nonce: bigint])[];
}

/** Another implementation, and when it reads what it should not, or does not read what it should. */
export interface Peer {
  readonly name: string;
  read(payload: `0x${string}`): Seen;
  /** Why it is not asked about a transaction, though we read it. */
  unfit(seen: Seen): string | undefined;
}

const SAFE = 2n ** 53n - 1n;

/** We tell what it does, and refuse to sign it (`evm/no-chain-id`). */
function isChainZero({ type, chainId }: Seen): boolean {
  return type > 0 && chainId === 0n;
}

/** The same (`evm/implausible-field`): no chain takes it. */
function isBlobless({ type, blobs }: Seen): boolean {
  return type === 3 && blobs.length === 0;
}

/** Numbers that JavaScript's cannot hold: refused or rounded by libraries that use those. */
function beyondNumbers({ chainId, nonce, authorizations }: Seen): boolean {
  return [chainId, nonce, ...authorizations.flatMap(([chain, , nonce]) => [chain, nonce])].some((number) => number > SAFE);
}

interface Fields {
  readonly chainId?: number | bigint | undefined;
  readonly nonce?: number | bigint | undefined;
  readonly gas?: bigint | undefined;
  readonly gasPrice?: bigint | undefined;
  readonly maxFeePerGas?: bigint | undefined;
  readonly to?: string | null | undefined;
  readonly value?: bigint | undefined;
  readonly data?: string | undefined;
  readonly input?: string | undefined;
  readonly accessList?: readonly { readonly address: string; readonly storageKeys: readonly string[] }[] | undefined;
  readonly blobVersionedHashes?: readonly string[] | undefined;
  readonly maxFeePerBlobGas?: bigint | undefined;
  readonly authorizationList?:
    | readonly { readonly chainId: number | bigint; readonly address: string; readonly nonce: number | bigint }[]
    | undefined;
}

/** viem and ox leave out what is zero or empty. */
export function seenOf(type: number, fields: Fields): Seen {
  return {
    type,
    chainId: BigInt(fields.chainId ?? 0),
    nonce: BigInt(fields.nonce ?? 0),
    gas: fields.gas ?? 0n,
    fee: fields.maxFeePerGas ?? fields.gasPrice ?? 0n,
    to: (fields.to ?? "").replace(/^0x$/, "").toLowerCase(),
    value: fields.value ?? 0n,
    data: fields.data ?? fields.input ?? "0x",
    accessList: (fields.accessList ?? []).map(({ address, storageKeys }) => [address.toLowerCase(), [...storageKeys]]),
    blobs: [...(fields.blobVersionedHashes ?? [])],
    blobFee: fields.maxFeePerBlobGas ?? 0n,
    authorizations: (fields.authorizationList ?? []).map(({ chainId, address, nonce }) => [
      BigInt(chainId),
      address.toLowerCase(),
      BigInt(nonce),
    ]),
  };
}

const VIEM_TYPES = { legacy: 0, eip2930: 1, eip1559: 2, eip4844: 3, eip7702: 4 } as const;

const viem: Peer = {
  name: "viem",
  read(payload) {
    const { type = "legacy", ...fields } = parseTransaction(payload) as { type?: keyof typeof VIEM_TYPES } & Fields;
    return seenOf(VIEM_TYPES[type], fields);
  },
  unfit: (seen) => {
    if (beyondNumbers(seen)) return "chain ids and nonces are numbers of JavaScript";
    if (isChainZero(seen)) return "it does not read chain 0 in a typed transaction";
    return isBlobless(seen) ? "it does not read a blob transaction without blobs" : undefined;
  },
};

const ethers: Peer = {
  name: "ethers",
  read(payload) {
    const read = Transaction.from(payload);
    return seenOf(read.type ?? -1, picked(read));
  },
  unfit: (seen) => (beyondNumbers(seen) ? "nonces are numbers of JavaScript" : undefined),
};

function picked(read: Transaction): Fields {
  return {
    chainId: read.chainId,
    nonce: read.nonce,
    gas: read.gasLimit,
    gasPrice: read.gasPrice ?? undefined,
    maxFeePerGas: read.maxFeePerGas ?? undefined,
    to: read.to,
    value: read.value,
    data: read.data,
    accessList: read.accessList ?? undefined,
    blobVersionedHashes: read.blobVersionedHashes ?? undefined,
    maxFeePerBlobGas: read.maxFeePerBlobGas ?? undefined,
    authorizationList: (read.authorizationList as readonly AuthorizationLike[] | null)?.map(({ chainId, address, nonce }) => ({
      chainId: BigInt(chainId),
      address: String(address),
      nonce: BigInt(nonce),
    })),
  };
}

const ox: Peer = {
  name: "ox",
  read(payload) {
    switch (payload.slice(0, 4)) {
      case "0x01":
        return seenOf(1, Eip2930.deserialize(payload as never));
      case "0x02":
        return seenOf(2, Eip1559.deserialize(payload as never));
      case "0x03":
        return seenOf(3, Eip4844.deserialize(payload as never));
      case "0x04":
        return seenOf(4, Eip7702.deserialize(payload as never));
      default:
        return seenOf(0, Legacy.deserialize(payload));
    }
  },
  unfit: (seen) => {
    if (beyondNumbers(seen)) return "chain ids are numbers of JavaScript";
    if (isChainZero(seen)) return "it does not read chain 0 in a typed transaction";
    return isBlobless(seen) ? "it does not read a blob transaction without blobs" : undefined;
  },
};

export const PEERS: readonly Peer[] = [viem, ethers, ox];
