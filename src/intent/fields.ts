import { ACT_KINDS, type ActKind, type EffectKind } from "./effect.ts";

/**
 * - `name`: compared as text, conditions are sets of names.
 * - `integer`: compared as an exact integer, conditions are intervals. `unit` says what it counts.
 * - `flag`: true or false.
 * - `arguments`: the decoded arguments of a named function, conditions by argument name.
 */
export type FieldType = "name" | "integer" | "flag" | "arguments";

interface FieldInfo {
  readonly type: FieldType;
  readonly unit?: "amount" | "seconds" | "duration" | "instant" | "count";
  readonly about: string;
}

/** Every field that a condition can speak of. Docs, JSON Schema and audit are made from this table and the next. */
export const FIELDS = {
  chain: { type: "name", about: "CAIP-2 id of the chain; unknown where the signature is valid on more than one" },
  account: { type: "name", about: "the own account whose asset or authority it is" },
  asset: { type: "name", about: "an asset named in `assets`" },
  to: { type: "name", about: "recipient, spender, delegate or counterparty: a book name, a list or an address" },
  ownRecipient: { type: "flag", about: "the recipient is an account of this vault" },
  party: { type: "name", about: "whose asset moves, where that is not the signing account" },
  amount: { type: "integer", unit: "amount", about: "of this effect; `unlimited` is the top" },
  total: { type: "integer", unit: "amount", about: "the whole request's outflow in this asset" },
  tokenId: { type: "integer", unit: "count", about: "of an ERC-721 or ERC-1155 token" },
  contract: { type: "name", about: "the contract that is called or created, by name or address" },
  selector: { type: "name", about: "first four bytes of the call data, `0x` and lowercase" },
  function: { type: "name", about: "a function that the policy names for this contract" },
  args: { type: "arguments", about: "decoded arguments of that function, by name" },
  expiry: { type: "integer", unit: "seconds", about: "when an allowance or signature stops being usable; `unlimited` is never" },
  feeRate: { type: "integer", unit: "count", about: "sat/vB on Bitcoin, wei per gas on EVM" },
  gas: { type: "integer", unit: "count", about: "gas limit" },
  sighash: { type: "name", about: "signature hash type" },
  change: { type: "name", about: "`verified`, `none` or `foreign`" },
  inputs: { type: "integer", unit: "count", about: "number of inputs" },
  outputs: { type: "integer", unit: "count", about: "number of outputs" },
  domain: { type: "name", about: "EIP-712 domain" },
  primaryType: { type: "name", about: "EIP-712 primary type" },
  replayable: { type: "flag", about: "the same signature could be used again, elsewhere or later" },
  class: { type: "name", about: "U1 call, U2 signature, U3 control" },
  part: { type: "name", about: "part of the policy that an edit touches" },
  direction: { type: "name", about: "`tightens`, `governs` or `loosens`" },
  what: { type: "name", about: "which export, import or change of a slot" },
  toMode: { type: "name", about: "the mode that would hold" },
  origin: { type: "name", about: "web origin of the request; unknown where the app does not say" },
  requester: { type: "name", about: "the person who asks, or `role:…`" },
  session: { type: "name", about: "kind of the credential that began the session" },
  hour: { type: "name", about: "inside the named hours" },
  date: { type: "integer", unit: "instant", about: "the moment of the decision, UTC" },
  recipientAge: { type: "integer", unit: "duration", about: "since the vault logged the recipient's book entry" },
  mode: { type: "name", about: "the mode that holds" },
} as const satisfies Record<string, FieldInfo>;

export type Field = keyof typeof FIELDS;

const MOMENT = ["requester", "session", "hour", "date", "mode"] as const;
const ALWAYS = ["chain", "account", "origin", ...MOMENT] as const;
const MONEY = ["asset", "amount", "total"] as const;
const RECIPIENT = ["to", "ownRecipient", "recipientAge"] as const;

/** Which fields an effect of each kind has. A condition on another field is an error at load. */
export const KIND_FIELDS: { readonly [K in EffectKind]: readonly Field[] } = {
  transfer: [
    ...ALWAYS,
    ...MONEY,
    ...RECIPIENT,
    "party",
    "tokenId",
    "contract",
    "selector",
    "feeRate",
    "sighash",
    "change",
    "inputs",
    "outputs",
    "expiry",
  ],
  allowance: [...ALWAYS, ...MONEY, ...RECIPIENT, "tokenId", "contract", "selector", "expiry"],
  signedAllowance: [...ALWAYS, ...MONEY, ...RECIPIENT, "tokenId", "contract", "expiry", "domain", "primaryType", "replayable"],
  operatorAllowance: [...ALWAYS, "asset", ...RECIPIENT, "contract", "selector"],
  order: [...ALWAYS, ...MONEY, ...RECIPIENT, "contract", "expiry", "domain", "primaryType", "replayable"],
  swap: [...ALWAYS, ...MONEY, ...RECIPIENT, "contract", "selector", "expiry"],
  call: [...ALWAYS, "contract", "selector", "function", "args"],
  delegatecall: [...ALWAYS, "contract", "selector"],
  delegation: [...ALWAYS, ...RECIPIENT, "replayable"],
  accountControl: [...ALWAYS, ...RECIPIENT, "contract", "selector"],
  deploy: [...ALWAYS, "contract"],
  fee: [...ALWAYS, ...MONEY, "feeRate", "gas"],
  statement: [...ALWAYS, "domain", "expiry"],
  typedData: [...ALWAYS, "contract", "domain", "primaryType", "replayable"],
  unknown: [...ALWAYS, "contract", "selector", "class", "domain", "primaryType"],
  policyEdit: [...MOMENT, "part", "direction"],
  modeChange: [...MOMENT, "toMode"],
  grant: [...MOMENT, "to", "what"],
  slotChange: [...MOMENT, "what"],
  export: [...MOMENT, "account", "what"],
  import: [...MOMENT, "what"],
  restore: [...MOMENT, "what"],
  rotate: [...MOMENT, "what"],
  keyState: [...MOMENT, "account", "what"],
  erase: [...MOMENT, "account", "what"],
};

/** The kinds that move or promise an asset: what `outflow` stands for in a rule. */
export const OUTFLOW = ["transfer", "allowance", "signedAllowance", "order", "swap", "fee"] as const satisfies readonly EffectKind[];

const ACTS: ReadonlySet<string> = new Set(ACT_KINDS);

export function isAct(kind: EffectKind): kind is ActKind {
  return ACTS.has(kind);
}
