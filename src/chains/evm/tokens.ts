import type { Book } from "../../intent/book.ts";
import { type Address, type ChainId, type Effect, UNLIMITED } from "../../intent/effect.ts";
import type { AbiValue } from "./arguments.ts";
import { type Call, effectOf, unknownCall } from "./call.ts";
import { MAX_BATCH } from "./work.ts";

/** The standards under which the policy names a contract as a token: one, if it is sure of it. */
export function standardsOf(book: Book, chain: ChainId, contract: Address): readonly TokenStandard[] {
  return STANDARDS.filter((standard) => book.asset(chain, `${standard}:${contract}`) !== undefined);
}

export type TokenStandard = "erc20" | "erc721" | "erc1155";

export interface TokenFunction {
  readonly function: string;
  effects(call: Call, values: readonly AbiValue[]): readonly Effect[];
}

type Functions = { readonly [selector: string]: TokenFunction };

const SET_APPROVAL_FOR_ALL: TokenFunction = {
  function: "setApprovalForAll(address,bool)",
  // A revocation is the same effect: the kind has no amount, and a policy that allows one allows both.
  effects: (call, [to, approved]) => [
    effectOf(call, {
      kind: "operatorAllowance",
      to: text(to),
      why: approved === true ? "every present and future token" : "revokes an operator",
    }),
  ],
};

/** What the functions of the token standards do, by what the book says the contract is: some selectors mean different things. */
export const TOKEN_FUNCTIONS: { readonly [S in TokenStandard]: Functions } = {
  // EIP-20; increaseAllowance and decreaseAllowance are OpenZeppelin's.
  erc20: {
    "0xa9059cbb": {
      function: "transfer(address,uint256)",
      effects: (call, [to, amount]) => [effectOf(call, { kind: "transfer", to: text(to), amount: capped(amount) })],
    },
    "0x23b872dd": {
      function: "transferFrom(address,address,uint256)",
      effects: (call, [from, to, amount]) => [
        effectOf(call, { kind: "transfer", ...party(call, from), to: text(to), amount: capped(amount) }),
      ],
    },
    "0x095ea7b3": {
      function: "approve(address,uint256)",
      effects: (call, [to, amount]) => [allowance(call, text(to), capped(amount))],
    },
    // What it adds to is not in the bytes, so the effect is the increase alone: limits that sum allowances stay right.
    "0x39509351": {
      function: "increaseAllowance(address,uint256)",
      effects: (call, [to, amount]) => [
        { ...allowance(call, text(to), capped(amount)), why: "adds to an allowance that the bytes do not say" },
      ],
    },
    // It never raises what the spender may take, so it weighs nothing.
    "0xa457c2d7": {
      function: "decreaseAllowance(address,uint256)",
      effects: (call, [to, amount]) => [{ ...allowance(call, text(to), 0n), why: `lowers an allowance by ${amount}` }],
    },
  },
  // EIP-721. `amount` is 1: one token.
  erc721: {
    "0x23b872dd": {
      function: "transferFrom(address,address,uint256)",
      effects: (call, [from, to, id]) => [nft(call, from, to, id)],
    },
    "0x42842e0e": {
      function: "safeTransferFrom(address,address,uint256)",
      effects: (call, [from, to, id]) => [nft(call, from, to, id)],
    },
    "0xb88d4fde": {
      function: "safeTransferFrom(address,address,uint256,bytes)",
      effects: (call, [from, to, id, data]) => [nft(call, from, to, id), ...hook(call, to, data)],
    },
    "0x095ea7b3": {
      function: "approve(address,uint256)",
      effects: (call, [to, id]) => [{ ...allowance(call, text(to), BigInt(text(to)) === 0n ? 0n : 1n), tokenId: id as bigint }],
    },
    "0xa22cb465": SET_APPROVAL_FOR_ALL,
  },
  // EIP-1155.
  erc1155: {
    "0xf242432a": {
      function: "safeTransferFrom(address,address,uint256,uint256,bytes)",
      effects: (call, [from, to, id, amount, data]) => [
        effectOf(call, { kind: "transfer", ...party(call, from), to: text(to), tokenId: id as bigint, amount: capped(amount) }),
        ...hook(call, to, data),
      ],
    },
    "0x2eb2c2d6": { function: "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)", effects: batch },
    "0xa22cb465": SET_APPROVAL_FOR_ALL,
  },
};

const STANDARDS = Object.keys(TOKEN_FUNCTIONS) as TokenStandard[];

function batch(call: Call, [from, to, ids, amounts, data]: readonly AbiValue[]): readonly Effect[] {
  const tokens = ids as readonly bigint[];
  const quantities = amounts as readonly bigint[];
  if (tokens.length === 0 || tokens.length > MAX_BATCH || tokens.length !== quantities.length) {
    return [
      unknownCall(call, "U1", `a batch of ${tokens.length} tokens and ${quantities.length} amounts: read are 1 to ${MAX_BATCH} of both`),
    ];
  }
  const transfers = tokens.map((tokenId, i) =>
    effectOf(call, { kind: "transfer", ...party(call, from), to: text(to), tokenId, amount: capped(quantities[i]) }),
  );
  return [...transfers, ...hook(call, to, data)];
}

function nft(call: Call, from: AbiValue | undefined, to: AbiValue | undefined, id: AbiValue | undefined): Effect {
  return effectOf(call, { kind: "transfer", ...party(call, from), to: text(to), tokenId: id as bigint, amount: 1n });
}

function allowance(call: Call, to: string, amount: bigint): Effect {
  return effectOf(call, { kind: "allowance", to, amount, expiry: UNLIMITED });
}

function party(call: Call, from: AbiValue | undefined): { party?: string } {
  return from === call.account ? {} : { party: text(from) };
}

/** Data that a safe transfer hands to the recipient's own code: what that makes of it is not known. */
function hook(call: Call, to: AbiValue | undefined, data: AbiValue | undefined): readonly Effect[] {
  const bytes = (text(data).length - 2) / 2;
  return bytes === 0 ? [] : [{ ...unknownCall(call, "U1", `${bytes} bytes handed to the recipient's code`), contract: text(to) }];
}

/** From 2^255 on, contracts mean "no limit" or "all there is". */
function capped(amount: AbiValue | undefined): bigint {
  const value = amount as bigint;
  return value >= 1n << 255n ? UNLIMITED : value;
}

// The function's own types say that it is text (an address or bytes).
function text(value: AbiValue | undefined): string {
  return value as string;
}
