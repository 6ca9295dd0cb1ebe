import { sha256 } from "@noble/hashes/sha2.js";
import type { ConfirmationStatement } from "../approvals/confirmation.ts";
import { proveSession } from "../approvals/credential.ts";
import { signerOf } from "../approvals/proof.ts";
import type { SessionStatement } from "../approvals/session.ts";
import { nameOf } from "../approvals/shape.ts";
import { type ApprovalStatement, readStatement, type SignedApproval } from "../approvals/statement.ts";
import { frontierFromJson, rootOf } from "../audit/tree.ts";
import { toHex, utf8, wipe } from "../base/bytes.ts";
import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { readJson } from "../base/json.ts";
import { DAY_MS, HOUR_MS, type Time } from "../base/time.ts";
import { exportSecret, signRequest, submitAct } from "../custody.ts";
import { intentToJson } from "../intent/intent.ts";
import { SEMANTICS } from "../intent/semantics.ts";
import { randomBytes } from "../keys/random.ts";
import { type Explanation, explain } from "../policy/explain.ts";
import { type Slot, weakSlot } from "../vault/slot.ts";
import { type Account, type DeriveOptions, deriveAccount, shown, type Wallet, walletRecords } from "./accounts.ts";
import { readAct } from "./acts.ts";
import { type Branch, type FreshAddress, issueAddress } from "./addresses.ts";
import { type Answer, answer, findPending, rejudged } from "./answers.ts";
import { type ConfirmOptions, confirm, confirmationStatement } from "./confirm.ts";
import { type CredentialSigner, hasCredential, readSigner, signApproval, signSession } from "./credentials.ts";
import { evaluatorNow, liveSession } from "./decide.ts";
import { accountRecords, type Desk, momentOf, reader } from "./desk.ts";
import { copyPlain, readOptions, readRequest } from "./door.ts";
import { type ExportRequest, type Released, readExport } from "./export.ts";
import { readFollowing, readSlot, untilLocked, whileOpen } from "./foreign.ts";
import { journal } from "./journal.ts";
import { end } from "./objections.ts";
import type { ActOutcome, ExportOutcome, SignOutcome } from "./outcome.ts";
import { listPending, type PendingRequest } from "./pending-view.ts";
import { type AskedRequest, asJson, type SessionRecord } from "./records.ts";
import { modeAt, recordMalformed, rootState } from "./refusals.ts";
import { enrolmentSecret, type SlotAct, slotOf } from "./slots.ts";
import { type NewWallet, readWallet, type WalletSource } from "./wallets.ts";

/** Whose session begins, and how far it reaches. */
export interface SessionOptions {
  /** A person of the policy. */
  readonly person: string;
  /** Their key or wallet; absent for a person of kind `unlock`, who is whoever unlocked. */
  readonly credential?: CredentialSigner;
  /** Rules that narrow this session: `{ "rules": […] }` in the words of the vault's policy. They can only narrow. */
  readonly scope?: unknown;
  /** How long it lasts; 12 hours by default, 30 days at most. */
  readonly lastsMs?: number;
}

/** What an app gives to have an act done. `wallet` is the secret that an import brings in; it is never written down. */
export type ActRequest =
  | { readonly act: "policyEdit"; readonly policy: unknown }
  | { readonly act: "modeChange"; readonly mode: string }
  | { readonly act: "import"; readonly name: string; readonly wallet: WalletSource }
  | { readonly act: "restore" }
  | NewSlot
  | Exclude<SlotAct, { readonly slot: unknown }>;

/** Another way in: under a name of its own, or in the place of one (`of`, a slot's id), which it opens the same as. */
export type NewSlot = (
  | { readonly act: "slotChange"; readonly what: "add-sign" | "add-view"; readonly name: string }
  /** `rotate`: changes the keys as well, so that copies of the vault which the former slot opens are good for nothing new. */
  | { readonly act: "slotChange"; readonly what: "replace"; readonly of: string; readonly rotate?: true }
) & {
  /** Enrols when it is submitted, and once: what waits for approvals is this very slot. */
  readonly slot: Slot;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
};

const LONGEST_MS = 30 * DAY_MS;

/**
 * One person at work: everything is asked for through a session, and every request is judged as theirs. Made by
 * `custody.session`.
 */
export class Session {
  readonly person: string;
  readonly id: string;
  readonly expires: Time;
  readonly #desk: () => Desk;

  constructor(record: SessionRecord, desk: () => Desk) {
    this.person = record.person;
    this.id = record.id;
    this.expires = record.expires;
    this.#desk = desk;
  }

  /** Accounts of the vault. */
  readonly accounts = {
    /** See {@link deriveAccount}. */
    derive: (options: DeriveOptions): Promise<Account> => deriveAccount(this.#desk(), { person: this.person, session: this.id }, options),
    list: (): Promise<readonly Account[]> => {
      const desk = this.#desk();
      return desk.vault.read((view) => accountRecords(view).map((account) => shown(desk, view, account)));
    },
    /** A fresh address of an account that has many, to be paid at; see {@link issueAddress}. */
    receive: (account: string): Promise<FreshAddress> => this.#issue(account, "receive"),
    /** A fresh address for what a payment leaves over. */
    change: (account: string): Promise<FreshAddress> => this.#issue(account, "change"),
  };

  readonly wallets = {
    list: (): Promise<readonly Wallet[]> =>
      this.#desk().vault.read((view) => walletRecords(view).map(({ id, name, kind }) => ({ id, name, kind }))),
  };

  /**
   * Signs a request if the policy allows it: `signed`, `pending` or `denied`. The same request again gives the same signature.
   *
   * @param request - see `docs/requests.md`; copied once, before anything is read.
   * @throws `request/malformed`, `request/unsupported`, `chain/malformed`, `chain/too-large`, `chain/unknown`, `vault/no-such-account`,
   *   `vault/locked`, `vault/view-only`, `session/ended`; `vault/account-mismatch` as an alarm; what the store throws. Whatever
   *   is thrown, no signature has left.
   */
  async sign(request: unknown): Promise<SignOutcome> {
    const desk = this.#desk();
    return signRequest(desk, this.id, await this.#read(desk, request));
  }

  /**
   * Has an act on the custody itself done, if the policy allows it: `done`, `pending` or `denied`.
   *
   * @throws as {@link sign}, and `policy/invalid`, `keys/bad-mnemonic`, `keys/bad-key`, `vault/already-there`; of slots
   *   `vault/no-such-slot`, `vault/last-slot`, `vault/too-many-slots`, `vault/weak-slot`, `vault/unfinished-rotation`, and what enrolling throws
   */
  async submit(request: ActRequest): Promise<ActOutcome> {
    const desk = this.#desk();
    const { payload, wallet, pin } = await this.#noting(desk, () => readActRequest(request, desk));
    try {
      return await submitAct(desk, this.id, this.#actRequest(payload), { ...(wallet && { wallet }), ...(pin && { pin }) });
    } finally {
      wipe(wallet?.secret, pin);
    }
  }

  /**
   * Lets a secret leave the vault, if the policy allows it: `exported`, `pending` or `denied`. What waited is collected by asking for the
   * same once more. It is in the log before it leaves; afterwards it is yours to end or to wipe, and no rule reaches it any more.
   *
   * @throws `vault/no-such-account`, `vault/no-phrase`, `vault/no-seed`, `vault/locked`, `session/ended`, `request/malformed`,
   *   `keys/bad-path`, and what `splitSlip39` throws. Whatever is thrown, nothing has left.
   */
  async export<R extends ExportRequest>(request: R): Promise<ExportOutcome<Released[R["what"]]>> {
    const desk = this.#desk();
    const lease = { locked: desk.locked, stay: () => void this.#desk() };
    const leaving = await this.#noting(desk, () => readExport(request, desk, lease));
    return exportSecret(desk, this.id, this.#actRequest(copyPlain(leaving.act)), leaving);
  }

  /** What would become of a request now, and what would change that. Nothing is written, nothing is signed. */
  async explain(request: unknown): Promise<Explanation & { readonly intent: JsonObject }> {
    const copy = readRequest(request);
    const desk = this.#desk();
    const read = reader(desk, copy.kind === "act" ? { ...copy, chain: `keyward:${desk.vault.id}` } : copy);
    const now = await desk.now();
    return desk.vault.read((view) => {
      const at = momentOf(view, now);
      const session = liveSession(at, desk.judge, this.id);
      const intent = read(at, desk.judge);
      const circumstances = desk.judge.circumstances(session, at.now, modeAt(at, at.now).name);
      const explained = explain(evaluatorNow(view, desk.judge, session), intent, circumstances, (moment) =>
        desk.judge.counters(intent, moment),
      );
      return { ...explained, intent: intentToJson(intent) as JsonObject };
    });
  }

  /** Requests that wait for somebody or for time. */
  pending(): Promise<readonly PendingRequest[]> {
    return listPending(this.#desk());
  }

  /**
   * Takes a pending request up again, as its submitter: with the bytes that were shown, or with `refreshed` ones of the same
   * effects (a new nonce, a fee within what was approved).
   *
   * @param id - of the pending request.
   * @param options - `request` with the new bytes; `wallet` for an import, whose secret is not kept while it waits.
   * @throws `pending/no-such-request`, `pending/not-yours`; and as {@link sign}
   */
  async resume(
    id: string,
    options: { readonly request?: unknown; readonly wallet?: WalletSource } = {},
  ): Promise<SignOutcome | ActOutcome> {
    const desk = this.#desk();
    const again = readOptions(options, "resume");
    const bytes = again.request === undefined ? undefined : await this.#noting(desk, () => copyPlain(again.request));
    const wallet = again.wallet === undefined ? undefined : await this.#noting(desk, () => readWallet(again.wallet as WalletSource));
    try {
      const { request } = await this.#mine(id);
      if (request.kind !== "act")
        return await signRequest(desk, this.id, bytes === undefined ? request : await this.#read(desk, bytes), id);
      const slot = slotOf(request.payload as { readonly act: string });
      if (slot !== undefined) return await this.#admit(desk, request, { slot: slot.id, resumed: id });
      const { act } = request.payload as { readonly act?: Json };
      if (act === "export") return await this.#noting(desk, () => Promise.reject(collectedByExport("resume")));
      if (act !== "import") return await submitAct(desk, this.id, request, { resumed: id });
      if (wallet !== undefined) return await submitAct(desk, this.id, request, { wallet, resumed: id });
    } finally {
      wipe(wallet?.secret);
    }
    return this.#noting(desk, () => {
      throw new CustodyError("request/malformed", "resume: expected the wallet to import, its secret was not kept");
    });
  }

  /**
   * Takes an own pending request back. A session with a scope takes back what it asked for itself.
   *
   * @throws `pending/no-such-request`, `pending/not-yours`
   */
  async withdraw(id: string): Promise<void> {
    const desk = this.#desk();
    await this.#mine(id);
    await desk.vault.transact((tx) => {
      const { scope } = liveSession(tx, desk.judge, this.id);
      const pending = findPending(tx, id);
      if (scope !== undefined && pending.askedBy !== this.id)
        throw new CustodyError("pending/not-yours", "pending: a session that was narrowed takes back only what it asked for itself");
      end(tx, desk.judge, pending, () => journal(tx, "withdrawn", { pending: id, person: this.person, session: this.id }));
    });
  }

  /**
   * Answers a pending request: with this person's key or wallet, or, for a person who unlocks, by this session if it has no scope.
   *
   * @param options - `statement`: the one of the request as it was shown, from `custody.approvalRequest`; with it nothing else is
   *   answered, should the request or the policy be others by now. It says the answer and how long that counts.
   * @returns the sequence number of the entry.
   * @throws `approval/not-an-approver`, `approval/bad-signature`, `approval/mismatch`, `pending/no-such-request`
   */
  async approve(
    id: string,
    options: {
      readonly answer?: "yes" | "no";
      readonly credential?: CredentialSigner;
      readonly lastsMs?: number;
      readonly statement?: ApprovalStatement;
    } = {},
  ): Promise<number> {
    const desk = this.#desk();
    const given = readOptions(options, "approve");
    if (given.statement !== undefined && (given.answer ?? given.lastsMs) !== undefined)
      throw new CustodyError("request/malformed", "approve: expected a statement alone, which says the answer and how long it counts");
    const credential = given.credential === undefined ? undefined : readSigner(given.credential);
    const statement = given.statement === undefined ? await approvalStatement(desk, id, given) : readStatement(copyPlain(given.statement));
    const signed =
      credential === undefined ? undefined : await whileOpen(desk.locked, () => approveOffline(statement, this.person, credential));
    return desk.vault.transact((tx) => {
      const session = liveSession(tx, desk.judge, this.id);
      const proof: Answer =
        signed === undefined ? { by: "session", session: unlocking(session), statement } : { by: "key", approval: signed };
      return answer(tx, desk, id, proof);
    });
  }

  /**
   * Confirms an own pending request by this person's own presence, where a rule asks for that; see {@link confirm}. Afterwards
   * `resume` takes it up.
   *
   * @param options - `slot` of a person who unlocks, such as `passphrase(text)`, or `credential`; `confirmation` where that signed elsewhere.
   * @returns the sequence number of the entry.
   */
  confirm(id: string, options: ConfirmOptions): Promise<number> {
    return confirm(this.#desk(), this, id, options);
  }

  /** What this person signs to confirm an own pending request, wherever their key is. @throws as {@link Session.confirm} */
  confirmationStatement(id: string): Promise<ConfirmationStatement> {
    return confirmationStatement(this.#desk(), this.person, id);
  }

  /** Ends the session before its time. */
  async end(): Promise<void> {
    await this.#desk().vault.transact((tx) => {
      if (tx.get(`session/${this.id}`) === undefined) return;
      tx.delete(`session/${this.id}`);
      journal(tx, "session", { session: this.id, event: "ended", person: this.person });
    });
  }

  /** Takes an act up again that brings in a slot, whose holder has enrolled when it was asked for. */
  #admit(desk: Desk, request: AskedRequest, { slot, resumed }: { readonly slot: string; readonly resumed: string }): Promise<ActOutcome> {
    return desk.vault.withSecret(enrolmentSecret(slot), (pin) => submitAct(desk, this.id, request, { pin, resumed }));
  }

  #issue(account: string, branch: Branch): Promise<FreshAddress> {
    return issueAddress(this.#desk(), { person: this.person, session: this.id }, { account, branch });
  }

  async #mine(id: string) {
    const desk = this.#desk();
    const now = await desk.now();
    const pending = await desk.vault.read((view) => findPending({ get: view.get.bind(view), now: Math.max(now, view.time) }, id));
    if (!pending.submitters.includes(this.person))
      throw new CustodyError("pending/not-yours", "pending: only who submitted it can do that");
    return pending;
  }

  async #read(desk: Desk, request: unknown): Promise<AskedRequest> {
    return this.#noting(desk, () => {
      const copy = readRequest(request);
      if (copy.kind === "act") throw new CustodyError("request/malformed", "sign: expected a request of a chain; acts are submitted");
      return copy;
    });
  }

  /** Reads at the door, before anything is awaited. What cannot be read is written down as well: its code, not its content. */
  async #noting<T>(desk: Desk, read: () => T | Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (cause) {
      if (cause instanceof CustodyError) await desk.vault.transact((tx) => recordMalformed(tx, { session: this.id }, cause));
      throw cause;
    }
  }

  #actRequest(payload: Json) {
    return { chain: `keyward:${this.#desk().vault.id}`, account: "", kind: "act" as const, payload };
  }
}

interface ReadAct {
  readonly payload: Json;
  readonly wallet?: NewWallet;
  readonly pin?: Uint8Array;
}

/** What an app gives, as it is asked, approved and logged; beside it the wallet of an import, or the pin of a slot, which the caller wipes. */
async function readActRequest(request: ActRequest, desk: Desk): Promise<ReadAct> {
  const act = readOptions(request, "submit");
  if (act.act === "slotChange" && "slot" in act) return enrolSlot(act, desk);
  if (act.act !== "import") {
    const payload = copyPlain(withDocument(act));
    if (readAct(payload).act === "export") throw collectedByExport("submit");
    return { payload };
  }
  const wallet = await readWallet(act.wallet);
  try {
    const what = wallet.from;
    const payload = copyPlain({
      act: "import",
      what,
      name: act.name,
      ...(what !== "generate" && { fingerprint: wallet.record.fingerprint }),
    });
    readAct(payload);
    return { payload, wallet };
  } catch (cause) {
    wipe(wallet.secret);
    throw cause;
  }
}

/** The new way in chooses its parameters and its secret, and says who it is: that is asked for, approved and let in. */
async function enrolSlot(act: NewSlot, { vault, locked }: Desk): Promise<ReadAct> {
  const { slot: given, signal, onProgress, ...rest } = act;
  const slot = readSlot(given);
  if (slot.access === "view" && act.what === "add-sign") throw weakSlot(slot.kind);
  const { pin, ...named } = await vault.enrol(slot, untilLocked(readFollowing({ signal, onProgress }), locked));
  try {
    const payload = copyPlain({ ...rest, slot: named });
    readAct(payload);
    return { payload, pin };
  } catch (cause) {
    wipe(pin);
    throw cause;
  }
}

/** What leaves goes to whoever asked, who has to be there for it. */
function collectedByExport(from: "submit" | "resume"): CustodyError {
  return new CustodyError("request/malformed", `${from}: expected another act; a secret is asked for, and collected, by export`);
}

/** A policy may be given as text, as `create` takes it too. */
function withDocument(act: Exclude<ActRequest, { act: "import" }>): typeof act {
  if (act.act !== "policyEdit" || typeof act.policy !== "string") return act;
  return { ...act, policy: readJson(act.policy).value };
}

/** Begins a session: the person's credential signs it, or, for a person who unlocks, this vault was opened to sign. */
export async function beginSession(desk: Desk, asked: SessionOptions): Promise<SessionRecord> {
  const options = readOptions(asked, "session");
  const { person } = options;
  if (typeof person !== "string" || !person.isWellFormed())
    throw new CustodyError("session/no-such-person", "session: expected a person of the policy by name");
  const credential = options.credential === undefined ? undefined : readSigner(options.credential);
  const lastsMs = duration(options.lastsMs ?? 12 * HOUR_MS, "session");
  const scope = options.scope === undefined ? undefined : scopeDocument(desk, copyPlain(options.scope));
  const statement: SessionStatement = {
    vault: desk.vault.id,
    person,
    scope: toHex(sha256(utf8(scope ?? ""))),
    expiresMs: (await desk.now()) + lastsMs,
    nonce: toHex(randomBytes(16)),
  };
  const proof = credential === undefined ? undefined : await whileOpen(desk.locked, () => signSession(statement, credential));
  return desk.vault.transact((tx) => {
    const credentials = desk.judge.policy.people.get(person);
    if (credentials === undefined) throw new CustodyError("session/no-such-person", "session: the policy knows nobody of this name");
    const by = proof && proveSession(proof, credentials);
    if (by === undefined && !hasCredential(desk.judge.policy, person, null))
      throw new CustodyError("session/bad-proof", `session: ${person} has to sign it with a credential`);
    const record: SessionRecord = {
      id: statement.nonce,
      person,
      ...(proof && by ? { credential: by.kind, key: signerOf(proof) } : { credential: "unlock" }),
      begun: tx.now,
      expires: statement.expiresMs,
      ...(scope !== undefined && { scope }),
    };
    tx.put(`session/${record.id}`, asJson(record));
    const shownProof = proof === undefined ? {} : { proof: asJson(proof) as JsonObject };
    journal(tx, "session", {
      session: record.id,
      event: "began",
      person,
      ...shownProof,
      ...(scope !== undefined && { scope: statement.scope }),
    });
    return record;
  });
}

/**
 * What an approver signs: the pending request as the vault has it now, with the head of the log. Where it is not said how long
 * the answer counts, it does for as long as the request waits: a delay that runs from it would outlast any other default.
 */
export async function approvalStatement(
  desk: Desk,
  id: string,
  asked: { readonly answer?: "yes" | "no"; readonly lastsMs?: number },
): Promise<ApprovalStatement> {
  const given = readOptions(asked, "approval");
  const { answer = "yes" } = given;
  const lastsMs = given.lastsMs === undefined ? undefined : duration(given.lastsMs, "approval");
  // Anything else would stand in the log as a no, and count as nothing.
  if (answer !== "yes" && answer !== "no") throw new CustodyError("request/malformed", "approval: expected yes or no as its answer");
  const now = await desk.now();
  return desk.vault.read((view) => {
    const at = momentOf(view, now);
    const found = findPending(at, id);
    // A no is to the request as it waits, also where the policy in force denies it for now.
    const pending = answer === "no" ? found : rejudged(at, desk, found);
    const { policy } = desk.judge;
    const frontier = frontierFromJson(rootState(view).log);
    return {
      vault: pending.vault,
      policy: policy.id,
      semantics: SEMANTICS,
      book: policy.book.hash,
      subject: pending.subject.digest,
      submitters: [...pending.submitters].sort(),
      answer,
      expiresMs: lastsMs === undefined ? pending.expires : now + lastsMs,
      nonce: pending.nonce,
      head: { size: frontier.size, root: toHex(rootOf(frontier)) },
    };
  });
}

/**
 * Signs an approval where the key or wallet is: its statement comes from `custody.approvalStatement`, and goes back by
 * `submitApproval`.
 *
 * @throws `approval/bad-signature`, `approval/malformed` for what a wallet gives that is no signature of its account
 */
export async function approveOffline(statement: ApprovalStatement, person: string, credential: CredentialSigner): Promise<SignedApproval> {
  return signApproval(readStatement(copyPlain(statement, "approval")), nameOf(person, "person"), credential);
}

function duration(ms: number, what: string): number {
  if (Number.isSafeInteger(ms) && ms > 0 && ms <= LONGEST_MS) return ms;
  throw new CustodyError("request/malformed", `${what}: expected it to last whole milliseconds, at most 30 days`);
}

function unlocking(session: SessionRecord): SessionRecord {
  // Its rules say what it may ask for; nothing says what it may answer.
  if (session.scope !== undefined)
    throw new CustodyError(
      "approval/bad-signature",
      "approval: a session that was narrowed answers nothing, expected a session without a scope",
    );
  if (session.credential === "service")
    throw new CustodyError("approval/not-an-approver", `approval: ${session.person} is a service, which approves nothing`);
  if (session.credential !== "unlock")
    throw new CustodyError("approval/bad-signature", `approval: ${session.person} has to sign it with a credential`);
  return session;
}

/** The vault's document with the session's rules in place of its own: the names are the vault's. */
function scopeDocument(desk: Desk, scope: Json): string {
  const { rules, ...rest } = (typeof scope === "object" && scope !== null ? scope : {}) as JsonObject;
  if (rules === undefined || Object.keys(rest).length > 0)
    throw new CustodyError("request/malformed", "session: expected a scope of rules alone");
  const { modes: _modes, ...document } = desk.judge.policy.document;
  const text = canonical({ ...document, rules, immutable: true });
  desk.readPolicy(text);
  return text;
}
