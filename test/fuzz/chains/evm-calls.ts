import { decodeFunctionData, encodeFunctionData, type Hex, parseAbi, toFunctionSelector } from "viem";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { type Effect, UNLIMITED } from "../../../src/intent/effect.ts";
import { ACCOUNT, BANK, book, FRIEND, MALLORY, MULTI, NFT, USDC } from "../../chains/evm/fixtures.ts";
import type { Fate, Target } from "../engine.ts";
import { mutatedBytes } from "../mutate.ts";
import type { Random } from "../random.ts";
import { integer, rlp } from "./rlp.ts";
import { attempt, must, same } from "./same.ts";

/** Call data of the functions that are read, to contracts that the policy names and to one that it does not. */
export const evmCalls: Target = {
  name: "evm/call",
  weight: 20,
  run(random) {
    const call = random.pick(CALLS);
    const args = call.args(random);
    const whole = fromHex(encode(call, args));
    const other = random.pick(CALLS);
    const how = random.below(8);
    const data =
      how < 2
        ? whole
        : how < 4
          ? mutatedWord(random, whole)
          : how < 7
            ? mutatedBytes(random, whole, fromHex(encode(other, other.args(random))))
            : random.bytes(random.below(140));
    // Mostly to the contract that has the function.
    const to = random.oneIn(4) ? random.pick([USDC, NFT, MULTI, BANK, MALLORY, ACCOUNT]) : call.to;
    const effects = effectsOf(to, data);
    const fate = check(to, data, effects);
    if (how < 2 && to === call.to && fate !== "accepted") throw new Error(`${call.name} of ${to} is unknown: 0x${toHex(data)}`);
    return fate;
  },
};

interface Known {
  readonly to: string;
  readonly name: string;
  readonly signature: string;
  args(random: Random): readonly unknown[];
  /** What it means, of the arguments as viem reads them. */
  effects(args: readonly never[]): readonly Meant[];
}

type Meant = Partial<Pick<Effect, "to" | "party" | "amount" | "tokenId" | "function" | "args">> & Pick<Effect, "kind">;

const someone = (random: Random) => random.pick([FRIEND, MALLORY, ACCOUNT, USDC]);
const amount = (random: Random) => random.integer(random.pick([32, 64, 255, 256]));
const bytes = (random: Random): Hex => `0x${toHex(random.bytes(random.pick([0, 0, 1, 31, 32, 33, 70])))}`;
const several = <T>(random: Random, one: () => T, most = 4) => Array.from({ length: random.below(most + 1) }, one);

/** From 2^255 on: all there is, or no limit. */
const capped = (value: bigint) => (value >= 2n ** 255n ? UNLIMITED : value);
const party = (from: string) => (from === ACCOUNT ? {} : { party: from });
const hooked = (data: string): readonly Meant[] => (data === "0x" ? [] : [{ kind: "unknown" }]);

function known(to: string, signature: string, args: Known["args"], effects: (...args: never[]) => readonly Meant[]): Known {
  return { to, signature, name: signature.slice(0, signature.indexOf("(")), args, effects: (read) => effects(...read) };
}

const transferFrom = (random: Random) => [random.oneIn(2) ? ACCOUNT : someone(random), someone(random), amount(random)];
const operator = (to: string) =>
  known(
    to,
    "setApprovalForAll(address,bool)",
    (random) => [someone(random), random.oneIn(2)],
    (to: string) => [{ kind: "operatorAllowance", to }],
  );
const nft = (from: string, to: string, tokenId: bigint): Meant => ({ kind: "transfer", ...party(from), to, tokenId, amount: 1n });

/** Every function that the decoder has a meaning for, with the meaning written once more. */
const CALLS: readonly Known[] = [
  known(
    USDC,
    "transfer(address,uint256)",
    (random) => [someone(random), amount(random)],
    (to: string, value: bigint) => [{ kind: "transfer", to, amount: capped(value) }],
  ),
  known(USDC, "transferFrom(address,address,uint256)", transferFrom, (from: string, to: string, value: bigint) => [
    { kind: "transfer", ...party(from), to, amount: capped(value) },
  ]),
  known(
    USDC,
    "approve(address,uint256)",
    (random) => [someone(random), amount(random)],
    (to: string, value: bigint) => [{ kind: "allowance", to, amount: capped(value) }],
  ),
  known(
    USDC,
    "increaseAllowance(address,uint256)",
    (random) => [someone(random), amount(random)],
    (to: string, value: bigint) => [{ kind: "allowance", to, amount: capped(value) }],
  ),
  known(
    USDC,
    "decreaseAllowance(address,uint256)",
    (random) => [someone(random), amount(random)],
    (to: string) => [{ kind: "allowance", to, amount: 0n }],
  ),
  known(NFT, "transferFrom(address,address,uint256)", transferFrom, (from: string, to: string, id: bigint) => [nft(from, to, id)]),
  known(NFT, "safeTransferFrom(address,address,uint256)", transferFrom, (from: string, to: string, id: bigint) => [nft(from, to, id)]),
  known(
    NFT,
    "safeTransferFrom(address,address,uint256,bytes)",
    (random) => [...transferFrom(random), bytes(random)],
    (from: string, to: string, id: bigint, data: string) => [nft(from, to, id), ...hooked(data)],
  ),
  known(
    NFT,
    "approve(address,uint256)",
    (random) => [random.oneIn(4) ? `0x${"0".repeat(40)}` : someone(random), amount(random)],
    (to: string, tokenId: bigint) => [{ kind: "allowance", to, tokenId, amount: BigInt(to) === 0n ? 0n : 1n }],
  ),
  operator(NFT),
  operator(MULTI),
  known(
    MULTI,
    "safeTransferFrom(address,address,uint256,uint256,bytes)",
    (random) => [...transferFrom(random), amount(random), bytes(random)],
    (from: string, to: string, tokenId: bigint, value: bigint, data: string) => [
      { kind: "transfer", ...party(from), to, tokenId, amount: capped(value) },
      ...hooked(data),
    ],
  ),
  known(
    MULTI,
    "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
    (random) => {
      const tokens = [amount(random), ...several(random, () => amount(random))];
      return [...transferFrom(random).slice(0, 2), tokens, tokens.map(() => amount(random)), bytes(random)];
    },
    (from: string, to: string, tokens: readonly bigint[], values: readonly bigint[], data: string) =>
      tokens.length === 0 || tokens.length !== values.length
        ? [{ kind: "unknown" }]
        : [
            ...tokens.map((tokenId, at): Meant => ({ kind: "transfer", ...party(from), to, tokenId, amount: capped(values[at] ?? 0n) })),
            ...hooked(data),
          ],
  ),
  known(
    BANK,
    "deposit(uint256,address)",
    (random) => [amount(random), someone(random)],
    (value: bigint, to: string) => [{ kind: "call", function: "deposit(uint256,address)", args: { amount: value, to } }],
  ),
  known(
    BANK,
    "note(bytes,uint8,string)",
    (random) => [bytes(random), random.below(256), random.pick(["", "hi", "grüße", "x".repeat(40)])],
    (memo: string, kind: number, text: string) => [
      { kind: "call", function: "note(bytes,uint8,string)", args: { memo, kind: BigInt(kind), "2": text } },
    ],
  ),
  known(
    BANK,
    "pay((address,uint256)[],bool)",
    (random) => [several(random, () => [someone(random), amount(random)]), random.oneIn(2)],
    (_items: unknown, yes: boolean) => [{ kind: "call", function: "pay((address,uint256)[],bool)", args: { "1": yes } }],
  ),
];

const ABIS = new Map(CALLS.map((call) => [call, parseAbi([`function ${call.signature}`] as readonly string[])]));
const SELECTORS = new Map(CALLS.map((call) => [call, toFunctionSelector(`function ${call.signature}`)]));

function encode(call: Known, args: readonly unknown[]): Hex {
  return encodeFunctionData({ abi: ABIS.get(call), functionName: call.name, args } as never);
}

/** One word of the arguments becomes something like it: an offset or a length that is off by a little, a value of another word. */
function mutatedWord(random: Random, data: Uint8Array): Uint8Array {
  const words = Math.floor((data.length - 4) / 32);
  const wordAt = (at: number) => BigInt(`0x${toHex(data.subarray(4 + 32 * at, 36 + 32 * at))}`);
  const at = random.below(words);
  const old = wordAt(at);
  const value = random.pick([
    old + 1n,
    old + 32n,
    old - 32n,
    old - 1n,
    0n,
    wordAt(random.below(words)),
    old | (1n << BigInt(random.below(256))),
  ]);
  const out = data.slice();
  out.set(fromHex(BigInt.asUintN(256, value).toString(16).padStart(64, "0")), 4 + 32 * at);
  return out;
}

/** In a transaction of no value, so that what it does is what its call does, and the fee. */
function effectsOf(to: string, data: Uint8Array): readonly Effect[] {
  const none = new Uint8Array(0);
  const fields = [integer(1n), integer(7n), none, integer(9n), integer(100_000n), fromHex(to), none, data, []];
  const payload = `0x02${toHex(rlp(fields))}`;
  const { effects } = evm.decode({ chain: "eip155:1", account: ACCOUNT, kind: "transaction", payload }, { address: ACCOUNT }, book);
  return effects.slice(0, -1);
}

/** Either it is what viem reads, written in the one way that viem writes it, or it is unknown. */
function check(to: string, data: Uint8Array, effects: readonly Effect[]): Fate {
  const hex: Hex = `0x${toHex(data)}`;
  if (data.length === 0) {
    same(
      "a call without data",
      effects.map(({ kind, amount }) => [kind, amount]),
      [["transfer", 0n]],
    );
    return { refused: "no data" };
  }
  must(`no effect of ${hex}`, effects.length > 0);
  for (const effect of effects) if (effect.kind !== "unknown" || effect.contract === to) same("what is called", effect.contract, to);
  const call = CALLS.find((known) => known.to === to && SELECTORS.get(known) === hex.slice(0, 10));
  const read =
    call && attempt(() => decodeFunctionData({ abi: ABIS.get(call), data: hex } as never) as unknown as { args: readonly never[] });
  const canonical = call && read && "value" in read ? attempt(() => encode(call, read.value.args)) : undefined;
  const fits = canonical && "value" in canonical && hex.startsWith(canonical.value);
  const [first] = effects;
  if (call === undefined || read === undefined || !("value" in read) || !fits || to === ACCOUNT) {
    must(`${to} ${hex} is ${first?.kind}, expected unknown`, first?.kind === "unknown");
    must(
      `${hex} moves something of a known amount`,
      effects.every(({ amount, asset }) => amount === undefined && asset === undefined),
    );
    return { refused: `unknown ${first?.class}` };
  }
  const trailing = hex.length > canonical.value.length;
  const meant = [...call.effects(read.value.args), ...(trailing ? [{ kind: "unknown" } as const] : [])];
  same(
    `effects of ${call.signature} ${hex}`,
    effects.map(({ kind }) => kind),
    meant.map(({ kind }) => kind),
  );
  for (const [at, expected] of meant.entries()) {
    const effect = effects[at] as Effect;
    if (expected.kind === "unknown") continue;
    const { kind, to: recipient, party: whose, amount: value, tokenId, function: name, args } = effect;
    const { kind: k, to: r, party: w, amount: v, tokenId: t, function: n, args: a } = expected;
    same(`meaning of ${call.signature} ${hex}`, [kind, recipient, whose, value, tokenId, name, args], [k, r, w, v, t, n, a]);
  }
  return "accepted";
}
