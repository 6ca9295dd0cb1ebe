import type { Json } from "../../../src/base/canonical.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { type Book, makeBook } from "../../../src/intent/book.ts";
import type { Intent } from "../../../src/intent/intent.ts";
import { ACCOUNT, FRIEND, MALLORY, USDC } from "./fixtures.ts";

export const USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7";
export const PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3";

/** Names USDC and a Permit2, not USDT. */
export const book: Book = makeBook(
  [
    { name: "ETH", chain: "eip155:1", asset: "native", decimals: 18 },
    { name: "USDC", chain: "eip155:1", asset: `erc20:${USDC}`, decimals: 6 },
  ],
  [{ name: "permit2", chain: "eip155:1", address: PERMIT2, kind: "permit2", functions: [] }],
);

export function decodeTyped(payload: Json, options: { chain?: string; book?: Book } = {}): Intent {
  const { chain = "eip155:1" } = options;
  return evm.decode({ chain, account: ACCOUNT, kind: "typedData", payload }, { address: ACCOUNT }, options.book ?? book);
}

/** `"address owner,uint256 value"` as members. */
export function members(text: string): { name: string; type: string }[] {
  return text === "" ? [] : text.split(",").map((member) => ({ type: member.split(" ")[0] ?? "", name: member.split(" ")[1] ?? "" }));
}

export interface Parts {
  readonly types: { readonly [name: string]: Json };
  readonly primaryType: string;
  readonly domain: { readonly [name: string]: Json };
  readonly message: { readonly [name: string]: Json };
}

const TOKEN_DOMAIN = { name: "USD Coin", version: "2", chainId: 1, verifyingContract: USDC };
const PERMIT2_DOMAIN = { name: "Permit2", chainId: 1, verifyingContract: PERMIT2 };
const DEADLINE = "1893456000";
const NONCE = `0x${"07".repeat(32)}`;
const AUTHORIZATION = members("address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce");
const DETAILS = members("address token,uint160 amount,uint48 expiration,uint48 nonce");
const PERMISSIONS = members("address token,uint256 amount");

/** A permit of each form that is read, all of the account and all to MALLORY; ERC-3009 pays FRIEND. */
export const PERMITS = {
  "EIP-2612": {
    types: { Permit: members("address owner,address spender,uint256 value,uint256 nonce,uint256 deadline") },
    primaryType: "Permit",
    domain: TOKEN_DOMAIN,
    message: { owner: ACCOUNT, spender: MALLORY, value: "25000000", nonce: "0", deadline: DEADLINE },
  },
  DAI: {
    types: { Permit: members("address holder,address spender,uint256 nonce,uint256 expiry,bool allowed") },
    primaryType: "Permit",
    domain: TOKEN_DOMAIN,
    message: { holder: ACCOUNT, spender: MALLORY, nonce: "0", expiry: "0", allowed: true },
  },
  TransferWithAuthorization: {
    types: { TransferWithAuthorization: AUTHORIZATION },
    primaryType: "TransferWithAuthorization",
    domain: TOKEN_DOMAIN,
    message: { from: ACCOUNT, to: FRIEND, value: "25000000", validAfter: "0", validBefore: DEADLINE, nonce: NONCE },
  },
  ReceiveWithAuthorization: {
    types: { ReceiveWithAuthorization: AUTHORIZATION },
    primaryType: "ReceiveWithAuthorization",
    domain: TOKEN_DOMAIN,
    message: { from: ACCOUNT, to: FRIEND, value: "25000000", validAfter: "0", validBefore: DEADLINE, nonce: NONCE },
  },
  PermitSingle: {
    types: { PermitSingle: members("PermitDetails details,address spender,uint256 sigDeadline"), PermitDetails: DETAILS },
    primaryType: "PermitSingle",
    domain: PERMIT2_DOMAIN,
    message: {
      details: { token: USDC, amount: "25000000", expiration: "1900000000", nonce: "0" },
      spender: MALLORY,
      sigDeadline: DEADLINE,
    },
  },
  PermitBatch: {
    types: { PermitBatch: members("PermitDetails[] details,address spender,uint256 sigDeadline"), PermitDetails: DETAILS },
    primaryType: "PermitBatch",
    domain: PERMIT2_DOMAIN,
    message: {
      details: [
        { token: USDC, amount: "25000000", expiration: "1900000000", nonce: "0" },
        { token: USDT, amount: "7", expiration: "0", nonce: "0" },
      ],
      spender: MALLORY,
      sigDeadline: DEADLINE,
    },
  },
  PermitTransferFrom: {
    types: {
      PermitTransferFrom: members("TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline"),
      TokenPermissions: PERMISSIONS,
    },
    primaryType: "PermitTransferFrom",
    domain: PERMIT2_DOMAIN,
    message: { permitted: { token: USDC, amount: "25000000" }, spender: MALLORY, nonce: "5", deadline: DEADLINE },
  },
  PermitBatchTransferFrom: {
    types: {
      PermitBatchTransferFrom: members("TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline"),
      TokenPermissions: PERMISSIONS,
    },
    primaryType: "PermitBatchTransferFrom",
    domain: PERMIT2_DOMAIN,
    message: {
      permitted: [
        { token: USDC, amount: "25000000" },
        { token: USDT, amount: "7" },
      ],
      spender: MALLORY,
      nonce: "5",
      deadline: DEADLINE,
    },
  },
  PermitWitnessTransferFrom: {
    types: {
      PermitWitnessTransferFrom: members("TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Order witness"),
      TokenPermissions: PERMISSIONS,
      Order: members("address to,Leg[] legs"),
      Leg: members("uint8 kind"),
    },
    primaryType: "PermitWitnessTransferFrom",
    domain: PERMIT2_DOMAIN,
    message: {
      permitted: { token: USDC, amount: "25000000" },
      spender: MALLORY,
      nonce: "5",
      deadline: DEADLINE,
      witness: { to: FRIEND, legs: [{ kind: 1 }] },
    },
  },
  PermitBatchWitnessTransferFrom: {
    types: {
      PermitBatchWitnessTransferFrom: members("TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline,bytes32 memo"),
      TokenPermissions: PERMISSIONS,
    },
    primaryType: "PermitBatchWitnessTransferFrom",
    domain: PERMIT2_DOMAIN,
    message: { permitted: [{ token: USDC, amount: "25000000" }], spender: MALLORY, nonce: "5", deadline: DEADLINE, memo: NONCE },
  },
} as const satisfies { readonly [name: string]: Parts };

/** Changed in some members: of the message, the domain, or at the top. */
export function changed(
  parts: Parts,
  change: { message?: Parts["message"]; domain?: Parts["domain"] } & Partial<Omit<Parts, "message" | "domain">>,
): Parts {
  return { ...parts, ...change, message: { ...parts.message, ...change.message }, domain: { ...parts.domain, ...change.domain } };
}

/** Without some members of the domain. */
export function withoutDomain(parts: Parts, ...names: readonly string[]): Parts {
  return { ...parts, domain: Object.fromEntries(Object.entries(parts.domain).filter(([name]) => !names.includes(name))) };
}
