import { approveOffline, type CredentialSigner, type Custody, type Session, type SignOutcome, type Store } from "../../src/index.ts";
import { freshStore } from "../here/fresh-store.ts";
import * as f from "./fixture.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 2, 9);

/** A store in memory with a clock that only a test moves. */
export function timed(): { readonly store: Store; readonly now: () => number; pass(ms: number): void; at(time: number): void } {
  let now = START;
  const clock = () => now;
  return {
    store: freshStore({ now: clock }),
    now: clock,
    pass: (ms) => {
      now += ms;
    },
    at: (time) => {
      now = time;
    },
  };
}

/** `finance` is ana, ben and cyd, who have keys; dee has one and is nobody in particular; `owner` unlocks. May be edited. */
export function team(rules: readonly object[], more: object = {}): f.Document {
  return f.payments(rules, {
    people: [f.ana, f.ben, f.cyd, f.dee],
    more: { immutable: false, roles: { finance: ["ana", "ben", "cyd"] }, ...more },
  });
}

export const edit: object = { id: "edit", allow: ["policyEdit"], when: { requester: "owner" } };

/** From 1 ETH on, `approvals` are needed. */
export function large(approvals: unknown, more: object = {}): object {
  return { id: "large", require: ["transfer"], when: { asset: "ETH", total: { min: "1 ETH" } }, approvals, ...more };
}

export const twoOfFinance: readonly object[] = [{ of: "finance", atLeast: 2 }];

/** 2 ETH to a friend: large. */
export function payment(nonce = 0, more: { feePerGas?: bigint; to?: string; value?: bigint } = {}): object {
  return f.request(f.transaction({ nonce, value: 2n * f.ETHER, ...more }));
}

export function sessionOf(custody: Custody, { name, credential }: f.Person): Promise<Session> {
  return custody.session({ person: name, credential });
}

export function asked(outcome: { readonly kind: string }): string {
  if (outcome.kind !== "pending") throw new Error(`expected it to wait, got ${JSON.stringify(outcome)}`);
  return (outcome as SignOutcome & { kind: "pending" }).id;
}

/** One code out of a denial, or what became of it instead. */
export function reasonOf(outcome: { readonly kind: string }): string {
  const { kind, reasons } = outcome as { kind: string; reasons?: readonly { readonly code: string }[] };
  return reasons?.[0]?.code ?? kind;
}

/** An approver's answer, signed away from the vault. */
export async function vote(
  custody: Custody,
  id: string,
  { name, credential }: { readonly name: string; readonly credential: CredentialSigner },
  given: { readonly answer?: "yes" | "no"; readonly lastsMs?: number } = {},
): Promise<number> {
  const statement = await custody.approvalStatement(id, given);
  return custody.submitApproval(id, await approveOffline(statement, name, credential));
}

/** The document that is in force, changed. */
export async function changed(
  custody: Custody,
  change: (document: { book: object; readonly rules: readonly { readonly id: string }[] }) => void,
): Promise<object> {
  const document = structuredClone((await custody.policy()).document) as never;
  change(document);
  return document;
}

/** The owner, for as long as any test takes. */
export function owner(custody: Custody): Promise<Session> {
  return custody.session({ person: "owner", lastsMs: 30 * DAY });
}
