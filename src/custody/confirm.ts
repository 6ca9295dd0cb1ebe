import {
  type ConfirmationStatement,
  confirmationDigest,
  confirmationId,
  confirmationTypedData,
  proveConfirmation,
  readConfirmation,
  readConfirmationStatement,
  type SignedConfirmation,
} from "../approvals/confirmation.ts";
import { toHex } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { SEMANTICS } from "../intent/semantics.ts";
import { randomBytes } from "../keys/random.ts";
import type { KdfOptions } from "../vault/kdf.ts";
import type { Slot } from "../vault/slot.ts";
import type { Tx } from "../vault/tx.ts";
import { findPending, rejudged } from "./answers.ts";
import { type CredentialSigner, hasCredential, proofBy, readSigner } from "./credentials.ts";
import { asObject, liveSession } from "./decide.ts";
import { type Desk, momentOf } from "./desk.ts";
import { copyPlain, readOptions } from "./door.ts";
import { readFollowing, readSlot, untilLocked, whileOpen } from "./foreign.ts";
import { journal } from "./journal.ts";
import { asJson, type PendingRecord } from "./records.ts";

/** How a requester shows their own presence: exactly one of the three. */
export interface ConfirmOptions extends KdfOptions {
  /** Of a person who unlocks: a way to open view and sign, which is opened once more. */
  readonly slot?: Slot;
  /** The person's key or wallet. */
  readonly credential?: CredentialSigner;
  /** What their key or wallet signed elsewhere, over `confirmationStatement`: `{ statement, publicKey, signature }`. */
  readonly confirmation?: unknown;
  /**
   * Beside `slot` or `credential`: the `confirmationStatement` that was read before the request was shown. With it nothing else is
   * confirmed, should the request or the policy be others by now.
   */
  readonly statement?: ConfirmationStatement;
}

/** Whose session asks. */
interface Asking {
  readonly id: string;
  readonly person: string;
}

type Presence =
  | { readonly by: "key"; readonly confirmation: SignedConfirmation }
  /** `slot`: the id of the one that was opened. */
  | { readonly by: "unlock"; readonly slot: string; readonly statement: ConfirmationStatement };

/**
 * Shows the requester's own presence for the exact bytes of a pending request. An open session is none: whoever holds it could
 * have found it open. What counts is a signature by their key or wallet, or opening a slot once more.
 *
 * It counts for these bytes under this policy, until the request runs out, and only while the key is still theirs. The open
 * vault stays as it is, whatever comes of it.
 *
 * @returns the sequence number of the entry.
 * @throws `pending/no-such-request`; `pending/not-yours`; `approval/mismatch` if the request asks for no confirmation, is another
 *   one by now, or the confirmation was used or has run out; `approval/bad-signature`; `approval/malformed`; `vault/cannot-open`
 */
export async function confirm(desk: Desk, asking: Asking, id: string, asked: ConfirmOptions): Promise<number> {
  const options = readOptions(asked, "confirm");
  const given = [options.slot, options.credential, options.confirmation].filter((way) => way !== undefined);
  if (given.length !== 1)
    throw new CustodyError("request/malformed", "confirm: expected one of slot, credential and confirmation, got another number of them");
  if (options.statement !== undefined && options.confirmation !== undefined)
    throw new CustodyError("request/malformed", "confirm: expected no statement beside a confirmation, which has its own");
  // Read at the call: the caller's own objects may change while we wait.
  const show = presenceBy(desk, options);
  const shown = options.statement === undefined ? undefined : readConfirmationStatement(copyPlain(options.statement));
  // Read before anybody shows anything: what they confirm is what they were shown, not what it has become meanwhile.
  const now = await confirmationStatement(desk, asking.person, id);
  const statement = shown ?? now;
  checkSameRequest(now, statement);
  const presence = await show(statement);
  return desk.vault.transact((tx) => {
    liveSession(tx, desk.judge, asking.id);
    return take(tx, desk, id, { person: asking.person, presence });
  });
}

/** What the requester signs to confirm a pending request as the vault has it now. */
export async function confirmationStatement(desk: Desk, person: string, id: string): Promise<ConfirmationStatement> {
  const now = await desk.now();
  return desk.vault.read((view) => {
    const pending = awaiting(momentOf(view, now), desk, id, person);
    return {
      vault: pending.vault,
      person,
      policy: pending.policy,
      semantics: SEMANTICS,
      pending: pending.id,
      subject: pending.exact,
      expiresMs: pending.expires,
      nonce: toHex(randomBytes(16)),
    };
  });
}

/**
 * Signs a confirmation where the key or wallet is: its statement comes from `me.confirmationStatement`.
 *
 * @throws `approval/malformed` for what is no such statement; as `approveOffline`
 */
export async function confirmOffline(given: ConfirmationStatement, credential: CredentialSigner): Promise<SignedConfirmation> {
  const statement = readConfirmationStatement(copyPlain(given, "confirmation"));
  const typedData = () => confirmationTypedData(statement);
  return { statement, ...(await proofBy(credential, { digest: confirmationDigest(statement), typedData }, "approval/bad-signature")) };
}

function presenceBy(desk: Desk, options: ConfirmOptions): (statement: ConfirmationStatement) => Promise<Presence> {
  if (options.credential !== undefined) {
    const credential = readSigner(options.credential);
    return async (statement) => {
      const signed = { digest: confirmationDigest(statement), typedData: () => confirmationTypedData(statement) };
      const proof = await whileOpen(desk.locked, () => proofBy(credential, signed, "approval/bad-signature"));
      return { by: "key", confirmation: { statement, ...proof } };
    };
  }
  if (options.confirmation !== undefined) {
    const confirmation = readConfirmation(copyPlain(options.confirmation));
    return async () => ({ by: "key", confirmation });
  }
  const way = readSlot(options.slot);
  const following = untilLocked(readFollowing(options), desk.locked);
  return async (statement) => {
    try {
      return { by: "unlock", slot: await desk.vault.openAgain(way, following), statement };
    } catch (cause) {
      // Whoever holds a session tries passphrases here as well as at the door.
      if (cause instanceof CustodyError && cause.code === "vault/cannot-open") await desk.countFailure();
      throw cause;
    }
  };
}

function take(tx: Tx, desk: Desk, id: string, { person, presence }: { readonly person: string; readonly presence: Presence }): number {
  const { judge } = desk;
  const pending = awaiting(tx, desk, id, person);
  const statement = presence.by === "key" ? presence.confirmation.statement : presence.statement;
  checkStatement(pending, person, statement, tx.now);
  if (presence.by === "key") proveConfirmation(presence.confirmation, judge.policy.people.get(person) ?? []);
  else if (!hasCredential(judge.policy, person, null))
    throw new CustodyError("approval/bad-signature", `confirm: ${person} has to sign it with a credential`);

  const used = `approval/${confirmationId(statement)}`;
  if (tx.get(used) !== undefined) throw new CustodyError("approval/mismatch", "confirmation: it was handed in before");
  tx.put(used, { expires: statement.expiresMs });
  const confirmed = { person, at: tx.now, expires: statement.expiresMs };
  tx.put(`pending/${id}`, asJson({ ...pending, confirmed }));
  const proof: JsonObject = presence.by === "key" ? asObject(presence.confirmation) : { slot: presence.slot };
  return journal(tx, "confirmed", { pending: id, person, proof, intent: pending.intent });
}

/** The pending request of this person that asks for their presence, as the policy in force judges it. */
function awaiting(tx: Pick<Tx, "state" | "now" | "get" | "list">, desk: Desk, id: string, person: string): PendingRecord {
  const found = findPending(tx, id);
  if (!found.submitters.includes(person))
    throw new CustodyError("pending/not-yours", "confirm: only who submitted it can confirm it, with their own presence");
  const pending = rejudged(tx, desk, found);
  if (pending.needs.some(({ kind }) => kind === "confirm")) return pending;
  throw new CustodyError("approval/mismatch", "confirm: no rule asks for a confirmation of this request");
}

function checkStatement(pending: PendingRecord, person: string, statement: ConfirmationStatement, now: number): void {
  const { vault, policy, semantics, exact } = pending;
  checkSameRequest({ vault, person, policy, semantics, pending: pending.id, subject: exact }, statement);
  if (statement.expiresMs <= now || statement.expiresMs > pending.expires)
    throw new CustodyError("approval/mismatch", "confirmation: expected it to run out in the future, with the request at the latest");
}

function checkSameRequest(now: Omit<ConfirmationStatement, "expiresMs" | "nonce">, statement: ConfirmationStatement): void {
  for (const name of ["vault", "person", "policy", "semantics", "pending", "subject"] as const) {
    if (statement[name] !== now[name])
      throw new CustodyError("approval/mismatch", `confirmation: its ${name} is not that of the request as it is now`);
  }
}
