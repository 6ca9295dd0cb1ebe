import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, wipe } from "./base/bytes.ts";
import { CustodyError } from "./base/errors.ts";
import type { Signed } from "./chains/chain.ts";
import { type ActSecrets, performAct, readAct } from "./custody/acts.ts";
import { findPending } from "./custody/answers.ts";
import { type Allowed, type Ask, asObject, couldPass, decide, effectsOf, tell } from "./custody/decide.ts";
import { accountOf, type Desk, keysOf, reader, walletOf } from "./custody/desk.ts";
import type { Leaving } from "./custody/export.ts";
import { signedBlob } from "./custody/holds.ts";
import { journal } from "./custody/journal.ts";
import { lifetimeUnder } from "./custody/lifetime.ts";
import type { ActOutcome, ExportOutcome, SignedOutcome, SignOutcome } from "./custody/outcome.ts";
import { done } from "./custody/pending.ts";
import type { AskedRequest } from "./custody/records.ts";
import { flush, recordFailure, recordMalformed } from "./custody/refusals.ts";
import { countAct, factsNow, type Reserved, release, reserve, type SignedBefore } from "./custody/reserve.ts";
import { signAll } from "./custody/signatures.ts";
import { enrolmentSecret, slotOf } from "./custody/slots.ts";
import type { Tx } from "./vault/tx.ts";

/**
 * The line from bytes to a signature. It is all there is between a request and a key:
 *
 *   request ── decode ──▶ intent ── judge ──▶ reserve + record ──▶ sign ── verify ──▶ fence + record ──▶ result
 *                                                 commit 1                                commit 2
 *
 * Denied and pending are results; both are written down as well.
 */
export async function signRequest(desk: Desk, session: string, request: AskedRequest, resumed?: string): Promise<SignOutcome> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await signOnce(desk, { session, request, resumed, patient: attempt > 0 });
    } catch (cause) {
      // The same intent was asked twice at once, and somebody else has its reservation now: what they sign is found when asked again.
      const taken = cause instanceof CustodyError && cause.code === "vault/reservation-taken";
      if (!taken || attempt === PATIENCE) throw cause;
      await new Promise((resume) => setTimeout(resume, 10 * 2 ** attempt));
    }
  }
}

/** So often somebody waits for the other to finish: 10 ms, then twice as long each time, five seconds in all. */
const PATIENCE = 9;

interface Asking {
  readonly session: string;
  readonly request: AskedRequest;
  readonly resumed: string | undefined;
  /** Leave a reservation alone that somebody else is working under. */
  readonly patient: boolean;
}

async function signOnce(desk: Desk, { session, request, resumed, patient }: Asking): Promise<SignOutcome> {
  // Judged by the state of the very commit that takes the headroom, the approvals and the record of it.
  const ask = { session, request, resumed, read: reader(desk, request) };
  const ruled = await commit(desk, ask, (tx): SignOutcome | Reserved | SignedBefore => {
    const decision = decide(tx, desk, ask);
    return decision.kind === "allowed" ? reserve(tx, desk, decision, patient) : decision;
  });
  if (ruled.kind === "signed-before") return signedBefore(desk, ruled);
  if (ruled.kind !== "reserved") return ruled;

  const signed = await sign(desk, ruled);
  try {
    return await letGo(desk, ruled, signed);
  } catch (cause) {
    // Its reservation is gone or its record could not be written: a signature without an entry does not exist.
    wipe(signed.bytes);
    throw cause;
  }
}

/** The same line for acts on the custody itself: what is allowed is done in the commit that allowed it. */
export async function submitAct(
  desk: Desk,
  session: string,
  request: AskedRequest,
  { resumed, ...secrets }: ActSecrets & { readonly resumed?: string } = {},
): Promise<ActOutcome> {
  const act = readAct(request.payload);
  const ask = { session, request, resumed, read: reader(desk, request) };
  // A policy counts from what was signed, so the totals of its lifetime limits are made before it can be in force.
  const lifetime = act.act === "policyEdit" ? await lifetimeUnder(desk, act.policy, () => couldPass(desk, ask)) : undefined;
  const outcome = await commit(desk, ask, (tx): ActOutcome => {
    const decision = decide(tx, desk, ask);
    const slot = slotOf(act);
    // What its holder has done once is enough: whoever takes the request up again does not need them there.
    if (decision.kind === "pending" && slot && secrets.pin) tx.putSecret(enrolmentSecret(slot.id), secrets.pin);
    if (decision.kind !== "allowed") return decision;
    return {
      kind: "done",
      entry: logAct(tx, desk, decision),
      result: performAct(tx, act, { vault: desk.vault.id, judge: desk.judge, read: desk.readPolicy, secrets: { ...secrets, lifetime } }),
    };
  });
  // What cannot be done now is tried again at the next opening: the act itself has taken effect.
  if (desk.vault.rotating) desk.vault.finishRotation().catch(() => undefined);
  return outcome;
}

/**
 * The same line for a secret that leaves: logged by the commit that allowed it, and made after that. A crash between the two leaves
 * an entry about something that nobody has got, and never the other way round.
 */
export async function exportSecret<T>(desk: Desk, session: string, request: AskedRequest, leaving: Leaving<T>): Promise<ExportOutcome<T>> {
  const ask = { session, request, resumed: undefined, read: reader(desk, request) };
  if (await couldPass(desk, ask)) await leaving.rehearse();
  const ruled = await commit(desk, ask, (tx) => {
    const decision = decide(tx, desk, ask);
    return decision.kind === "allowed" ? { kind: "logged" as const, intent: decision.intent, entry: logAct(tx, desk, decision) } : decision;
  });
  if (ruled.kind !== "logged") return ruled;
  try {
    return { kind: "exported", entry: ruled.entry, exported: await leaving.release() };
  } catch (cause) {
    const why = "the export was written down, but did not come to its end";
    await desk.vault.transact((tx) => recordFailure(tx, ruled.intent, { cause, why }));
    throw cause;
  }
}

/** Writes an allowed act down, with the answers that it uses up. @returns the sequence number of its entry */
function logAct(tx: Tx, desk: Desk, decision: Allowed): number {
  const { request, intent, met } = decision;
  const told = {
    ...tell(desk.judge, decision),
    request: asObject(request),
    effects: effectsOf(intent),
    facts: factsNow(tx, desk.judge, decision),
  };
  const approvals = met.approvals.map(asObject);
  flush(tx);
  const entry = journal(tx, "acted", { ...told, approvals, ...(met.pending !== undefined && { pending: met.pending.id }) });
  done(tx, met);
  countAct(tx, desk, decision, entry);
  return entry;
}

/** Runs the first commit. A request that cannot be read, or done, is written down too, and its error goes to whoever asked. */
async function commit<T>(desk: Desk, ask: Ask, job: (tx: Tx) => T): Promise<T> {
  try {
    return await desk.vault.transact((tx) => {
      // Refused, taken back or done since it was looked at: taking it up again does not ask for it anew.
      if (ask.resumed !== undefined) findPending(tx, ask.resumed);
      return job(tx);
    });
  } catch (cause) {
    if (cause instanceof CustodyError && isRefusal(cause)) await desk.vault.transact((tx) => recordMalformed(tx, ask, cause));
    throw cause;
  }
}

/** Makes the signatures and puts them together. The key sees the digests of the intent that was judged and nothing else. */
async function sign(desk: Desk, { intent }: Reserved): Promise<Signed> {
  try {
    const { account, wallet, keys } = await desk.vault.read((view) => {
      const found = accountOf(view, desk.chains, intent);
      return { account: found, wallet: walletOf(view, found), keys: keysOf(desk, view, found) };
    });
    const signatures = await desk.vault.withSecret(`wallet/${wallet.id}`, (secret) =>
      signAll(desk.chains.of(intent.chain), { account, wallet, secret, keys }, intent.signables),
    );
    try {
      return desk.chains.of(intent.chain).assemble(intent, signatures, keys);
    } finally {
      // What leaves, or is wiped, is what was put together; no second copy stays behind.
      for (const { bytes } of signatures) wipe(bytes);
    }
  } catch (cause) {
    const why = "the reservation was made, but no signature came of it";
    await desk.vault.transact((tx) => recordFailure(tx, intent, { cause, why }));
    throw cause;
  }
}

/** Commit 2. A commit that took too long is tried again for as long as the reservation is ours. */
async function letGo(desk: Desk, reserved: Reserved, signed: Signed): Promise<SignedOutcome> {
  for (;;) {
    try {
      return await desk.vault.transact((tx) => release(tx, desk, reserved, signed), { notAfter: reserved.leaseUntil - 1 });
    } catch (cause) {
      const slow = cause instanceof CustodyError && cause.code === "store/expired";
      if (!slow || (await desk.now()) >= reserved.leaseUntil) throw cause;
    }
  }
}

/** What left before, judged again: read from where commit 2 put it, and believed only with the digest of its hold. */
async function signedBefore(desk: Desk, { intent, result }: SignedBefore): Promise<SignedOutcome> {
  const bytes = await desk.vault.readBlob(signedBlob(intent.id));
  if (bytes === undefined || toHex(sha256(bytes)) !== result.digest) {
    throw new CustodyError("vault/damaged", "signature: the bytes that were signed before are missing or changed");
  }
  return { kind: "signed", intent: intent.id, bytes, hash: result.hash, complete: result.complete, entry: result.entry };
}

function isRefusal({ code }: CustodyError): boolean {
  return (
    code === "chain/malformed" ||
    code === "chain/too-large" ||
    code === "request/malformed" ||
    code === "request/unsupported" ||
    code === "chain/unknown" ||
    code === "vault/no-such-account" ||
    code === "vault/already-there" ||
    code === "vault/no-such-slot" ||
    code === "vault/last-slot" ||
    code === "vault/too-many-slots" ||
    code === "vault/unfinished-rotation" ||
    code === "policy/invalid"
  );
}
