import { type EffectKind, UNLIMITED } from "../../intent/effect.ts";
import type { Condition } from "../core.ts";
import type { Channel } from "./channel.ts";

/** What would open a channel, and what it means if it can be signed. */
export interface Probe {
  readonly kind: Channel["kind"];
  readonly kinds: readonly EffectKind[];
  readonly when: Condition;
  /** A sentence without its end: who asks and approves is added. */
  readonly says: string;
  /** It opens a channel only if more may be signed in this mode. */
  readonly toMode?: string;
}

const ALWAYS: Condition = { op: "always" };
const UNBOUNDED: Condition = { op: "within", field: "amount", intervals: [[UNLIMITED, UNLIMITED]] };
const ofClass = (name: string): Condition => ({ op: "in", field: "class", values: new Set([name]) });
const thatIs = (direction: string): Condition => ({ op: "in", field: "direction", values: new Set([direction]) });

/**
 * Everything that no limit bounds beside the outflow of assets, worst first. `deploy` is none: what is created acts as itself, and
 * the value that it is given is a transfer. Neither are `swap` (its amount is counted), `rotate` and `keyState` (nobody gains by them).
 */
export const PROBES: readonly Probe[] = [
  { kind: "key", kinds: ["export"], when: ALWAYS, says: "A key leaves the vault: whoever has it signs anything, past the policy" },
  {
    kind: "unread",
    kinds: ["unknown"],
    when: ofClass("U3"),
    says: "Something is signed that was not read and may hand over the account (U3)",
  },
  {
    kind: "unread",
    kinds: ["unknown"],
    when: ofClass("U2"),
    says: "A signature is given over what was not read (U2): it may be an order or an allowance for anything",
  },
  { kind: "unread", kinds: ["unknown"], when: ofClass("U1"), says: "A call is signed that was not read (U1): it may move anything" },
  { kind: "control", kinds: ["delegation"], when: ALWAYS, says: "The account is delegated (EIP-7702): code of others acts as it" },
  { kind: "control", kinds: ["delegatecall"], when: ALWAYS, says: "Code of others runs as the account itself (delegatecall)" },
  { kind: "control", kinds: ["accountControl"], when: ALWAYS, says: "Who controls the account is changed" },
  {
    kind: "operator allowance",
    kinds: ["operatorAllowance"],
    when: ALWAYS,
    says: "Somebody else may move every token of a contract, those that come later too (setApprovalForAll)",
  },
  {
    kind: "unlimited allowance",
    kinds: ["allowance"],
    when: UNBOUNDED,
    says: "An allowance without a bound is given: the spender takes all there is of the asset, now and later",
  },
  {
    kind: "unlimited allowance",
    kinds: ["signedAllowance"],
    when: UNBOUNDED,
    says: "An allowance without a bound is signed: the spender takes all there is of the asset",
  },
  { kind: "unlimited allowance", kinds: ["order"], when: UNBOUNDED, says: "An order over an unlimited amount is signed" },
  {
    kind: "call",
    kinds: ["call"],
    when: ALWAYS,
    says: "A contract's function is called: it was read, but what the contract then moves is not counted",
  },
  {
    kind: "statement",
    kinds: ["typedData"],
    when: ALWAYS,
    says: "Typed data is signed that moves nothing by what Keyward knows, but another contract may take it for consent",
  },
  {
    kind: "statement",
    kinds: ["statement"],
    when: ALWAYS,
    says: "A message is signed: a site that takes it for a sign-in or for consent acts on it, which is less than moving an asset",
  },
  {
    kind: "policy",
    kinds: ["policyEdit"],
    when: thatIs("loosens"),
    says: "The policy is edited so that more may leave",
  },
  {
    kind: "policy",
    kinds: ["policyEdit"],
    when: thatIs("governs"),
    says: "The policy is edited in who may ask, approve or edit",
  },
  {
    kind: "key",
    kinds: ["slotChange"],
    when: ALWAYS,
    says: "Another way to open the vault is made, or one is taken away: whoever opens it has its keys within reach",
  },
  {
    kind: "key",
    kinds: ["grant"],
    when: ALWAYS,
    says: "A session is given to somebody, who then asks as a person of the policy: no more than that person could",
  },
  {
    kind: "key",
    kinds: ["restore"],
    when: ALWAYS,
    says: "An earlier state of the vault is brought back: its policy and what its limits have counted are those of then",
  },
  {
    kind: "key",
    kinds: ["erase"],
    when: ALWAYS,
    says: "Keys are erased: nobody gains them, but without a copy all that they control is lost",
  },
];

/** Worth asking only where some rule trusts the vault's own accounts. */
export const FOREIGN_WALLET: Probe = {
  kind: "key",
  kinds: ["import"],
  when: { op: "not", of: { op: "in", field: "what", values: new Set(["generate"]) } },
  says: "A wallet whose secret others know is brought in: rules that trust the vault's own accounts (ownRecipient) then trust it too",
};
