import { SigningKey } from "ethers";
import { toHex as hexOf, keccak256 } from "viem";
import { hashAuthorization } from "viem/utils";
import { concat, fromHex, toHex } from "../../../src/base/bytes.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { readTransaction, type UnsignedTransaction } from "../../../src/chains/evm/transaction.ts";
import { newWork } from "../../../src/chains/evm/work.ts";
import type { Effect } from "../../../src/intent/effect.ts";
import type { Intent } from "../../../src/intent/intent.ts";
import { ACCOUNT, BANK, book, FRIEND, MALLORY, MULTI, NFT, USDC } from "../../chains/evm/fixtures.ts";
import type { Fate, Target } from "../engine.ts";
import { mutatedBytes } from "../mutate.ts";
import type { Random } from "../random.ts";
import { PEERS, type Seen, seenOf } from "./evm-peers.ts";
import { type Item, integer, mutatedItems, rlp } from "./rlp.ts";
import { attempt, must, same } from "./same.ts";

/** Unsigned transactions of every type, as bytes. */
export const evmTransactions: Target = {
  name: "evm/transaction",
  weight: 20,
  run(random) {
    const { type, items } = transaction(random);
    // Whatever is whole must be read, and nothing that is signed already; most are changed, in their fields or in their bytes.
    const how = random.below(16);
    if (how < 2) {
      const fate = check(written(type, items));
      must(`a whole transaction was refused: ${toHex(written(type, items))}`, fate === "accepted");
      return fate;
    }
    if (how === 2) {
      const fate = check(written(type, signed(random, type, items)));
      must(`a signed transaction was read: ${toHex(written(type, items))}`, fate !== "accepted");
      return fate;
    }
    if (how < 9) return check(written(type, mutatedItems(random, items)));
    if (how < 11) return check(written(random.oneIn(2) ? type : random.below(6), items, () => random.oneIn(16)));
    const other = transaction(random);
    return check(mutatedBytes(random, written(type, items), written(other.type, other.items)));
  },
};

function signed(random: Random, type: number, items: readonly Item[]): readonly Item[] {
  const signature = [random.bytes(32), random.bytes(32)];
  if (type > 0) return [...items, integer(BigInt(random.below(2))), ...signature];
  return [...items.slice(0, 6), integer(random.pick([27n, 28n, 37n, 38n])), ...signature];
}

/** The fields of a transaction that the chain would take. */
function transaction(random: Random): { readonly type: number; readonly items: readonly Item[] } {
  const type = random.pick([0, 0, 1, 2, 2, 2, 3, 4]);
  const chainId = integer(random.pick([1n, 1n, 1n, 10n, 137n, 31337n, random.integer(40) + 1n]));
  const nonce = integer(random.integer(random.pick([8, 32])));
  const fee = random.integer(40);
  const gas = integer(random.integer(25));
  const target = fromHex(random.pick([FRIEND, MALLORY, USDC, NFT, MULTI, BANK, ACCOUNT]));
  const to = type < 3 && random.oneIn(10) ? new Uint8Array(0) : target;
  const value = integer(random.oneIn(3) ? 0n : random.integer(80));
  const data = random.oneIn(2) ? new Uint8Array(0) : random.bytes(random.pick([1, 3, 4, 36, 68, random.below(300)]));
  const list = () =>
    Array.from({ length: random.oneIn(3) ? random.below(3) : 0 }, () => [
      random.bytes(20),
      Array.from({ length: random.below(3) }, () => random.bytes(32)),
    ]);
  if (type === 0) {
    const tail = random.oneIn(4) ? [] : [chainId, new Uint8Array(0), new Uint8Array(0)];
    return { type, items: [nonce, integer(fee), gas, to, value, data, ...tail] };
  }
  if (type === 1) return { type, items: [chainId, nonce, integer(fee), gas, to, value, data, list()] };
  const priority = random.integer(40);
  const market = [chainId, nonce, integer(priority < fee ? priority : fee), integer(fee), gas, to, value, data, list()];
  if (type === 2) return { type, items: market };
  if (type === 3) {
    const blobs = Array.from({ length: 1 + random.below(3) }, () => concat(Uint8Array.of(1), random.bytes(31)));
    return { type, items: [...market, integer(random.integer(40)), blobs] };
  }
  return { type, items: [...market, Array.from({ length: 1 + random.below(2) }, () => random.pick(AUTHORIZATIONS))] };
}

/** Signed by a key of ours: recovering who signed is what costs time. */
const AUTHORIZATIONS: readonly Item[] = [
  { chainId: 1, address: MALLORY, nonce: 3 },
  { chainId: 0, address: FRIEND, nonce: 0 },
  { chainId: 10, address: `0x${"00".repeat(20)}`, nonce: 2 ** 40 },
].map((item) => {
  const signature = new SigningKey(`0x${"51".repeat(32)}`).sign(hashAuthorization(item as never));
  const { chainId, address, nonce } = item;
  return [
    integer(BigInt(chainId)),
    fromHex(address),
    integer(BigInt(nonce)),
    integer(BigInt(signature.yParity)),
    integer(BigInt(signature.r)),
    integer(BigInt(signature.s)),
  ];
});

function written(type: number, items: readonly Item[], sloppy?: () => boolean): Uint8Array {
  const inside = rlp(items, sloppy);
  return type === 0 ? inside : concat(Uint8Array.of(type), inside);
}

function check(bytes: Uint8Array): Fate {
  const payload = `0x${toHex(bytes)}` as const;
  const request = { chain: "eip155:1", account: ACCOUNT, kind: "transaction" as const, payload };
  const read = attempt(() => evm.decode(request, { address: ACCOUNT }, book));
  if ("thrown" in read) {
    if (read.thrown instanceof CustodyError) return { refused: read.thrown.code };
    throw read.thrown;
  }
  const intent = read.value;
  same("bytes of the intent", intent.bytes, bytes);
  same("digest", `0x${toHex(intent.signables[0]?.digest ?? new Uint8Array(0))}`, keccak256(payload));
  const ours = seenByUs(readTransaction(bytes, newWork()));
  for (const peer of PEERS) {
    if (peer.unfit(ours) !== undefined) continue;
    const theirs = attempt(() => peer.read(payload));
    if ("thrown" in theirs) throw new Error(`${peer.name} refuses ${payload}: ${String(theirs.thrown).slice(0, 300)}`);
    same(`${peer.name} on ${payload}`, ours, theirs.value);
  }
  meansWhatItSays(intent, ours);
  return "accepted";
}

function seenByUs(read: UnsignedTransaction): Seen {
  const raw = read.raw.raw as {
    accessList?: readonly { readonly address: string; readonly storageKeys: readonly string[] }[];
    blobVersionedHashes?: readonly string[];
  };
  return seenOf(["legacy", "eip2930", "eip1559", "eip4844", "eip7702"].indexOf(read.raw.type), {
    chainId: read.chainId,
    nonce: read.nonce,
    gas: read.gasLimit,
    maxFeePerGas: read.feePerGas,
    to: read.to,
    value: read.value,
    data: hexOf(read.data),
    accessList: raw.accessList,
    blobVersionedHashes: raw.blobVersionedHashes,
    maxFeePerBlobGas: read.feePerBlobGas,
    authorizationList: read.authorizations,
  });
}

const BOUNDED = new Set(["eip155:1", "eip155:137", "eip155:31337"]);
const UNBOUNDED = new Set(["eip155:10", undefined]);

/** The effects, from the fields that three others read too. */
export function meansWhatItSays({ effects, lane, refusals }: Intent, seen: Seen): void {
  const chain = seen.chainId === 0n ? undefined : `eip155:${seen.chainId}`;
  const only = (kind: Effect["kind"]) => effects.filter((effect) => effect.kind === kind);
  const fee = only("fee");
  same("one fee", fee.length, 1);
  same("fee: chain, gas, rate", [fee[0]?.chain, fee[0]?.gas, fee[0]?.feeRate], [chain, seen.gas, seen.fee]);
  const most = seen.gas * seen.fee + 131_072n * BigInt(seen.blobs.length) * seen.blobFee;
  if (BOUNDED.has(chain ?? "")) same("fee", fee[0]?.amount, most);
  if (UNBOUNDED.has(chain)) same("fee of a chain whose fee is not bounded", fee[0]?.amount, undefined);

  const native = only("transfer").filter(({ asset }) => asset === "native");
  same(
    "value",
    native.reduce((sum, { amount = 0n }) => sum + amount, 0n),
    seen.value,
  );
  for (const transfer of native) {
    same("value is not given away by somebody else", [transfer.account, transfer.party], [ACCOUNT, undefined]);
    if (seen.to !== "") same("recipient of the value", transfer.to?.toLowerCase(), seen.to);
  }
  if (seen.to === "")
    must("a creation is a deploy and an unknown", only("deploy").length === 1 && only("unknown").some((each) => each.class === "U1"));
  if (seen.to !== "" && seen.data.length > 2) {
    const called = effects.filter(({ kind, asset, contract }) => kind !== "fee" && asset !== "native" && contract !== undefined);
    must(
      "a call with data has an effect of its own",
      called.some(({ contract }) => contract?.toLowerCase() === seen.to),
    );
    if (seen.data.length >= 10)
      must(
        "the effect names the selector",
        called.some(({ selector }) => selector === seen.data.slice(0, 10)),
      );
  }
  same("delegations", effects.filter(({ outlives }) => outlives).length, seen.authorizations.length > 16 ? 1 : seen.authorizations.length);
  for (const { chain, to, replayable } of only("delegation"))
    must(
      "a delegation is one of the list",
      seen.authorizations.some(
        ([id, address]) =>
          (id === 0n ? chain === undefined && replayable === true : chain === `eip155:${id}`) && to?.toLowerCase() === address,
      ),
    );
  same("nonce in the lane", lane, `eip155:${chain === undefined ? 1 : seen.chainId}/${ACCOUNT}/${seen.nonce}`);
  const codes = refusals.map(({ code }) => code);
  same("refused for having no chain", codes.includes("evm/no-chain-id"), chain === undefined);
  same("refused for another chain", codes.includes("evm/chain-mismatch"), chain !== undefined && chain !== "eip155:1");
}
