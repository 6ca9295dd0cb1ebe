import { type Address, UNLIMITED } from "../../intent/effect.ts";
import type { PlainTypedData } from "./typed-data.ts";
import type { Struct } from "./typed-schema.ts";

/** What a permit lets somebody do. */
export interface Grant {
  readonly kind: "signedAllowance" | "transfer";
  readonly to: Address;
  readonly amount: bigint;
  readonly expiry: bigint;
  /** Absent where it is the token itself that verifies the permit. */
  readonly token?: Address;
  readonly why: string;
}

export interface Form {
  /** Who verifies it: the token, or the contract that tokens are approved to. */
  readonly verifier: "erc20" | "permit2";
  /** The member that says whose asset it is; Permit2 tells by the signature alone. */
  readonly owner?: "owner" | "holder" | "from";
  grants(message: Message): readonly Grant[];
  /** Who acts on more than the grants: on a witness, which is signed along and can be of any type. */
  witnessed?(message: Message): Address;
}

type Message = PlainTypedData["message"];

/** The form of a permit that the message's type is, exactly as the contracts that verify it write it. */
export function formOf({ encoded, own, members }: Struct): Form | undefined {
  if (Object.hasOwn(FORMS, encoded)) return FORMS[encoded];
  // A type's name stands behind the ")" of another: this is TokenPermissions itself, and none that ends so.
  if (members.length !== 5 || !encoded.includes(`)${TOKEN_PERMISSIONS}`)) return undefined;
  if (own.startsWith(`PermitWitnessTransferFrom(TokenPermissions permitted,${SPENDING},`))
    return { ...PERMIT_TRANSFER, witnessed: spender };
  if (own.startsWith(`PermitBatchWitnessTransferFrom(TokenPermissions[] permitted,${SPENDING},`))
    return { ...PERMIT_BATCH_TRANSFER, witnessed: spender };
  return undefined;
}

// Permit2, `PermitHash.sol`. A witness is hashed along, of whatever type. Permit2 never looks at it: what it means is up to the
// spender, whose contract can take it for an order that narrows the transfer, or for a signed statement about anything else.
const TOKEN_PERMISSIONS = "TokenPermissions(address token,uint256 amount)";
const SPENDING = "address spender,uint256 nonce,uint256 deadline";
const PERMIT_DETAILS = "PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)";
// EIP-3009.
const AUTHORIZATION = "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce";

const PERMIT_TRANSFER: Form = { verifier: "permit2", grants: (message) => [tokenTransfer(message, inner(message, "permitted"))] };
const PERMIT_BATCH_TRANSFER: Form = {
  verifier: "permit2",
  grants: (message) => list(message, "permitted").map((permitted) => tokenTransfer(message, permitted)),
};

const FORMS: { readonly [encoded: string]: Form } = {
  // EIP-2612. `deadline` bounds only when the allowance may be set: once set it has no end, as after `approve`.
  "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)": {
    verifier: "erc20",
    owner: "owner",
    grants: (message) => [
      {
        kind: "signedAllowance",
        to: spender(message),
        amount: capped(integer(message, "value"), 256),
        expiry: UNLIMITED,
        why: `may be set ${until(integer(message, "deadline"))}; the allowance then has no end`,
      },
    ],
  },
  // DAI and what was made after it: all or nothing. `expiry` bounds only when it may be set, and 0 is never.
  "Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)": {
    verifier: "erc20",
    owner: "holder",
    grants: (message) => [
      {
        kind: "signedAllowance",
        to: spender(message),
        amount: message.allowed === true ? UNLIMITED : 0n,
        expiry: UNLIMITED,
        why: `may be set ${until(integer(message, "expiry") || UNLIMITED)}; the allowance then has no end`,
      },
    ],
  },
  [`TransferWithAuthorization(${AUTHORIZATION})`]: {
    verifier: "erc20",
    owner: "from",
    grants: (message) => [authorizedTransfer(message, "anyone may submit it")],
  },
  [`ReceiveWithAuthorization(${AUTHORIZATION})`]: {
    verifier: "erc20",
    owner: "from",
    grants: (message) => [authorizedTransfer(message, "the recipient alone may submit it")],
  },
  [`PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)${PERMIT_DETAILS}`]: {
    verifier: "permit2",
    grants: (message) => [tokenAllowance(message, inner(message, "details"))],
  },
  [`PermitBatch(PermitDetails[] details,address spender,uint256 sigDeadline)${PERMIT_DETAILS}`]: {
    verifier: "permit2",
    grants: (message) => list(message, "details").map((details) => tokenAllowance(message, details)),
  },
  [`PermitTransferFrom(TokenPermissions permitted,${SPENDING})${TOKEN_PERMISSIONS}`]: PERMIT_TRANSFER,
  [`PermitBatchTransferFrom(TokenPermissions[] permitted,${SPENDING})${TOKEN_PERMISSIONS}`]: PERMIT_BATCH_TRANSFER,
};

function authorizedTransfer(message: Message, by: string): Grant {
  const expiry = ending(integer(message, "validBefore"));
  return {
    kind: "transfer",
    to: text(message, "to"),
    amount: capped(integer(message, "value"), 256),
    expiry,
    why: `${by} ${until(expiry)}`,
  };
}

/** Permit2, AllowanceTransfer: an allowance that ends. `expiration` 0 is good for the block in which it is set. */
function tokenAllowance(message: Message, details: Message): Grant {
  const deadline = integer(message, "sigDeadline");
  return {
    kind: "signedAllowance",
    token: text(details, "token"),
    to: spender(message),
    amount: capped(integer(details, "amount"), 160),
    expiry: ending(integer(details, "expiration") || deadline),
    why: `may be set ${until(deadline)}`,
  };
}

/** Permit2, SignatureTransfer: used once, by the spender, who chooses the recipient. */
function tokenTransfer(message: Message, permitted: Message): Grant {
  return {
    kind: "signedAllowance",
    token: text(permitted, "token"),
    to: spender(message),
    amount: capped(integer(permitted, "amount"), 256),
    expiry: ending(integer(message, "deadline")),
    why: "for one use; the spender chooses who receives",
  };
}

/** From half of its type's range on, contracts mean "no limit". */
function capped(amount: bigint, bits: number): bigint {
  return amount >= 1n << BigInt(bits - 1) ? UNLIMITED : amount;
}

/** From the last moment of Permit2's 48 bits on, a time means never. Block times are Unix seconds. */
function ending(seconds: bigint): bigint {
  return seconds >= 2n ** 48n - 1n ? UNLIMITED : seconds;
}

function until(seconds: bigint): string {
  return ending(seconds) === UNLIMITED ? "at any time" : `until ${seconds}`;
}

// The form's type says what its members are.

function text(message: Message, name: string): string {
  return message[name] as string;
}

function integer(message: Message, name: string): bigint {
  return BigInt(text(message, name));
}

function inner(message: Message, name: string): Message {
  return message[name] as Message;
}

function spender(message: Message): Address {
  return text(message, "spender");
}

function list(message: Message, name: string): readonly Message[] {
  return message[name] as unknown as readonly Message[];
}
