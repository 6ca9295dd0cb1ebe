import type { Witness } from "./witness.ts";

/** What no limit bounds: through it everything that the account holds, or the key itself, can go. */
export interface Channel {
  readonly kind: /** An asset whose outflow no limit counts. */
    | "asset without a limit"
    /** Fees that no limit counts: burnt, or paid to an accomplice. */
    | "fees without a limit"
    /** An allowance without a bound, or for everything of a kind. */
    | "unlimited allowance"
    | "operator allowance"
    /** An EIP-7702 delegation, a delegatecall, a change of who controls the account: code of others acts as the account. */
    | "control"
    /** A call or signature whose meaning was not read. */
    | "unread"
    /** A call that was read, but moves what no limit counts. */
    | "call"
    /** Typed data or a message that somebody else may take for consent. */
    | "statement"
    /** The key itself leaves, or another way to it is made. */
    | "key"
    /** Who may open the vault or a copy of it, outside the policy. */
    | "slot"
    /** The policy is edited, or the mode changed, so that more can leave. */
    | "policy";
  readonly stolen: readonly string[];
  readonly mode: string;
  /** The allow to blame; nothing for what the policy does not judge (slots and copies). */
  readonly rule: string | undefined;
  /** One sentence: what can happen, by whom, with whose approval, after which delay. */
  readonly text: string;
  readonly witness: Witness | undefined;
  readonly approvers: readonly string[];
  readonly delayMs: number;
  /** Who could still say no while it waits. */
  readonly objectors?: readonly string[];
  /** It was not decided whether this is open, and nobody may take it for closed. */
  readonly undecided?: true;
}
