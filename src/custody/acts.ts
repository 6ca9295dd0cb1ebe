import { canonical, canonicalBytes, type Json, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { Effect } from "../intent/effect.ts";
import { type Intent, intentId, type Reason } from "../intent/intent.ts";
import { SEMANTICS } from "../intent/semantics.ts";
import type { Policy } from "../policy/core.ts";
import { classifyEdit, type EditedPart } from "../policy/edit.ts";
import { reason } from "../policy/reasons.ts";
import type { Tx } from "../vault/tx.ts";
import { backupRefusals } from "./backup-act.ts";
import { credentialOf } from "./credentials.ts";
import { type ExportAct, readExportAct } from "./export-act.ts";
import { journal } from "./journal.ts";
import type { Judge, ReadPolicy } from "./judge.ts";
import { adoptLifetime, type Lifetime } from "./lifetime.ts";
import { isPlainName } from "./names.ts";
import {
  asJson,
  type PendingRecord,
  type PolicyRecord,
  type RestoredRecord,
  type RootState,
  type SessionRecord,
  type WalletRecord,
} from "./records.ts";
import { modeAt, rootState } from "./refusals.ts";
import { allowRestore, keepFull } from "./restore-act.ts";
import { notRestored, restoredOf, stillFull } from "./restored.ts";
import { performSlotAct, readSlotAct, type SlotAct } from "./slots.ts";
import type { NewWallet, WalletSource } from "./wallets.ts";

/**
 * Acts on the custody itself, as they are asked, approved and logged. They hold no secret: an import names the fingerprint
 * of what comes in, and the secret itself goes beside the request.
 */
export type Act =
  | { readonly act: "policyEdit"; readonly policy: JsonObject }
  | { readonly act: "modeChange"; readonly mode: string }
  | { readonly act: "import"; readonly what: WalletSource["from"]; readonly name: string; readonly fingerprint?: string }
  /** Lets a vault that came out of a backup sign again. */
  | { readonly act: "restore" }
  | ExportAct
  | SlotAct;

/** What of the vault, beside its policy, an act means something over. */
export interface InForce {
  /** Semantics that the policy was accepted under. */
  readonly semantics: number;
  /** The mode that holds; absent where nobody knows it. */
  readonly mode?: Pick<RootState["mode"], "name" | "since" | "until">;
  /** Where the vault came out of a backup; `null` where it did not, absent where nobody knows. */
  readonly restored?: Pick<RestoredRecord, "at" | "allowed" | "full"> | null;
}

export function inForce(tx: Pick<Tx, "state" | "now" | "get">): Required<InForce> {
  const { then: _then, ...mode } = modeAt(tx, tx.now);
  return { semantics: rootState(tx).semantics, mode, restored: restoredOf(tx) ?? null };
}

/** What an act needs beside its request; never written down. */
export interface ActSecrets {
  /** Lifetime totals under the policy that an edit brings. */
  readonly lifetime?: Lifetime | undefined;
  readonly wallet?: NewWallet;
  /** Of a slot that comes in; see `vault/slot.ts`. */
  readonly pin?: Uint8Array;
}

/** @throws `request/malformed`; `request/unsupported` for an act that this version does not know. */
export function readAct(payload: Json): Act {
  if (payload === null || typeof payload !== "object" || Array.isArray(payload)) throw malformed("expected an object with an act");
  const { act, ...rest } = payload as { readonly [name: string]: Json };
  const names = Object.keys(rest).sort().join(" ");
  switch (act) {
    case "policyEdit":
      if (names !== "policy" || typeof rest.policy !== "object" || rest.policy === null || Array.isArray(rest.policy))
        throw malformed("policyEdit: expected a policy document");
      return { act, policy: rest.policy as JsonObject };
    case "modeChange":
      if (names !== "mode" || typeof rest.mode !== "string") throw malformed("modeChange: expected a mode");
      return { act, mode: rest.mode };
    case "import": {
      const { what, name, fingerprint } = rest;
      if (what !== "generate" && what !== "mnemonic" && what !== "privateKey" && what !== "seed" && what !== "slip39")
        throw malformed("import: expected generate, mnemonic, privateKey, seed or slip39");
      const printed =
        what === "generate" ? fingerprint === undefined : typeof fingerprint === "string" && /^[0-9a-f]{16}$/.test(fingerprint);
      if (!isPlainName(name) || !printed || Object.keys(rest).length > 3)
        throw malformed("import: expected a name, and a fingerprint of what comes in");
      return { act, what, name, ...(fingerprint !== undefined && { fingerprint: fingerprint as string }) };
    }
    case "restore":
      if (names !== "") throw malformed("restore: expected nothing beside it");
      return { act };
    case "export":
      return readExportAct(rest);
    case "slotChange":
    case "rotate":
      return readSlotAct(act, rest);
    default:
      throw new CustodyError("request/unsupported", "act: expected policyEdit, modeChange, import, export, restore, slotChange or rotate");
  }
}

/**
 * The effects of an act, judged like any other: one for each part of the policy that an edit touches.
 *
 * What an edit or a mode means depends on the policy in force, so its id is part of the intent: whoever approved the same
 * document over an earlier policy has approved another change. So is the mode that a change of mode ends: who agreed to leave one
 * freeze has not agreed to leave the next, and who agreed to one restore has not agreed to another.
 */
export function actIntent(
  vault: string,
  act: Act,
  context: { readonly judge: Pick<Judge, "policy">; readonly read: ReadPolicy; readonly inForce: InForce },
): Intent {
  const { mode, restored } = context.inForce;
  const from = act.act === "modeChange" && mode !== undefined ? { from: mode } : {};
  const bound = act.act === "policyEdit" || act.act === "modeChange";
  const of = act.act === "restore" && restored ? { restored: restored.at } : {};
  const over = bound ? { over: context.judge.policy.id, ...from } : of;
  const bytes = canonicalBytes({ ...act, ...over } as unknown as Json);
  const chain = `keyward:${vault}`;
  const effects = actEffects(act, context).map((effect) => ({ ...effect, at: [] }));
  const refusals = actRefusals(act, context.judge.policy, context.inForce);
  return { id: intentId(chain, "", "act", bytes), chain, account: "", kind: "act", bytes, effects, signables: [], refusals };
}

function actEffects(
  act: Act,
  { judge, read, inForce }: { readonly judge: Pick<Judge, "policy">; readonly read: ReadPolicy; readonly inForce: InForce },
): readonly Omit<Effect, "at">[] {
  switch (act.act) {
    case "policyEdit": {
      const policy = read(canonical(act.policy));
      const parts = classifyEdit(judge.policy, policy);
      const accepts = inForce.semantics === SEMANTICS ? [] : [{ part: "semantics", direction: "loosens" } as const];
      return [...parts, ...accepts, ...freed(inForce.restored, { from: judge.policy, to: policy, parts })].map(({ part, direction }) => ({
        kind: "policyEdit",
        part,
        direction,
      }));
    }
    case "modeChange":
      return [{ kind: "modeChange", toMode: act.mode }];
    case "import":
      return [{ kind: "import", what: act.what }];
    case "export":
      return [{ kind: "export", what: act.what }];
    case "slotChange":
      // Who may do the one need not be let do the other.
      return [{ kind: "slotChange", what: act.what }, ...("rotate" in act ? ([{ kind: "rotate" }] as const) : [])];
    case "rotate":
      return [{ kind: "rotate" }];
    case "restore":
      return [{ kind: "restore" }];
  }
}

/** A lifetime limit that a restore has filled, and that the edit writes anew, is free again: whatever it says, that loosens. */
function freed(
  restored: InForce["restored"],
  { from, to, parts }: { readonly from: Policy; readonly to: Policy; readonly parts: readonly EditedPart[] },
): readonly EditedPart[] {
  const full = restored?.full ?? [];
  const told = parts.some(({ part, direction }) => part === "rules" && direction === "loosens");
  return told || stillFull(full, from, to).length === full.length ? [] : [{ part: "rules", direction: "loosens" }];
}

/** What no approval can make sense of is denied at once: nobody is asked, and nothing waits. */
function actRefusals(act: Act, policy: Policy, { mode, restored }: InForce): readonly Reason[] {
  if (act.act === "export") return act.what === "backup" ? backupRefusals(policy) : [];
  if (act.act === "restore") return restored === null || restored?.allowed !== undefined ? [notRestored] : [];
  if (act.act !== "modeChange") return [];
  if (!hasMode(policy, act.mode)) return [reason("policy/unknown-mode", { mode: act.mode.slice(0, 40) })];
  // One that lasts begins anew. Nothing else would change, and a yes to that would lie in wait for when it does.
  const changesNothing = mode?.name === act.mode && policy.modes.get(act.mode)?.lastsMs === undefined;
  return changesNothing ? [reason("policy/mode-holds", { mode: act.mode })] : [];
}

/**
 * Does an act that has been allowed, in the commit that allowed it.
 *
 * @returns what the act made, for the outcome.
 * @throws `request/malformed` where it makes no sense now (a secret that is not the one that was asked for);
 *   `vault/already-there` for a wallet that the vault has.
 */
export function performAct(
  tx: Tx,
  act: Act,
  context: { readonly vault: string; readonly judge: Judge; readonly read: ReadPolicy; readonly secrets: ActSecrets },
): JsonObject {
  switch (act.act) {
    case "policyEdit": {
      const policy = context.read(canonical(act.policy));
      adoptLifetime(tx, context.secrets.lifetime);
      keepFull(tx, context.judge.policy, policy);
      return adoptPolicy(tx, context.judge, policy);
    }
    case "modeChange": {
      return setMode(tx, act.mode, context.judge.policy.modes.get(act.mode)?.lastsMs);
    }
    case "import": {
      const { wallet } = context.secrets;
      // What was judged, and perhaps approved, is what comes in: a phrase that somebody knows is no fresh one.
      if (wallet !== undefined && wallet.from !== act.what)
        throw malformed(`import: expected a wallet from ${act.what}, got ${wallet.from}`);
      return { wallet: addWallet(tx, { name: act.name, expected: act.fingerprint, wallet }).id };
    }
    case "restore":
      return allowRestore(tx, context.judge);
    case "export":
      // Nothing changes by it: what leaves is made after this commit.
      throw new Error("unreachable: an export is not done, it is let out");
    case "slotChange":
    case "rotate":
      return performSlotAct(tx, context.vault, act, context.secrets.pin);
  }
}

/** Puts a policy in force: its record, the book's addresses with the time they were listed, and the semantics it was accepted under. */
export function adoptPolicy(tx: Tx, judge: Judge | undefined, policy: Policy): JsonObject {
  const before = tx.get("policy") as unknown as PolicyRecord | undefined;
  const record: PolicyRecord = { version: (before?.version ?? 0) + 1, id: policy.id, text: canonical(policy.document), since: tx.now };
  tx.put("policy", asJson(record));
  listAddresses(tx, judge, policy);
  tx.setState(asJson({ ...rootState(tx), semantics: SEMANTICS }));
  const named = { id: record.id, version: record.version };
  journal(tx, "policy", { policy: { ...named, document: policy.document }, book: policy.book.hash, semantics: SEMANTICS });
  endWhatItTook(tx, policy);
  // A mode that is no more leaves nothing in force that could sign.
  if (!hasMode(policy, rootState(tx).mode.name)) setMode(tx, "frozen", undefined);
  return { policy: record.id, version: record.version };
}

/** Sessions whose credential is gone, and confirmations under the policy before: they do not come back with a later edit. */
function endWhatItTook(tx: Tx, policy: Policy): void {
  for (const [name, record] of tx.list("session/")) {
    const { id, person, credential, key } = record as unknown as SessionRecord;
    if (credentialOf(policy, person, key ?? null)?.kind === credential) continue;
    tx.delete(name);
    journal(tx, "session", { session: id, event: "ended", person });
  }
  for (const [name, record] of tx.list("pending/")) {
    const { confirmed, ...pending } = record as unknown as PendingRecord;
    if (confirmed !== undefined) tx.put(name, asJson(pending));
  }
}

// The age of an address survives a new name, and ends with its removal.
function listAddresses(tx: Tx, judge: Judge | undefined, policy: Policy): void {
  const now = new Set([...policy.addresses.values()].map(({ chain, address }) => `${chain}:${address}`));
  const had = new Set(judge?.listed() ?? []);
  for (const address of now) if (!had.has(address)) tx.put(`listed/${address}`, { since: tx.now });
  for (const address of had) if (!now.has(address)) tx.delete(`listed/${address}`);
}

function hasMode(policy: Policy, mode: string): boolean {
  return mode === "normal" || mode === "frozen" || policy.modes.has(mode);
}

export function setMode(tx: Tx, name: string, lastsMs: number | undefined): JsonObject {
  const now = modeAt(tx, tx.now);
  const then = now.name === "frozen" ? "frozen" : now.then;
  const mode: RootState["mode"] = lastsMs === undefined ? { name } : { name, until: tx.now + lastsMs, ...(then !== undefined && { then }) };
  // What time alone has changed began when the mode before it was over, and not when somebody came to write it down.
  const since = now.name === name && lastsMs === undefined ? (now.since ?? tx.now) : tx.now;
  tx.setState(asJson({ ...rootState(tx), mode: { ...mode, since } }));
  journal(tx, "mode", { mode: { ...mode } });
  return { mode: name, ...(mode.until !== undefined && { until: mode.until }) };
}

export function addWallet(
  tx: Tx,
  adding: { readonly name: string; readonly expected: string | undefined; readonly wallet: NewWallet | undefined },
): WalletRecord {
  const { wallet } = adding;
  if (wallet === undefined) throw malformed("import: expected the secret beside the request");
  const { fingerprint } = wallet.record;
  if (adding.expected !== undefined && adding.expected !== fingerprint)
    throw malformed("import: the secret is not the one that was asked for");
  for (const [, other] of tx.list("wallet/")) {
    const { name, fingerprint: known } = other as unknown as WalletRecord;
    if (known === fingerprint) throw new CustodyError("vault/already-there", "wallet: the vault has this one already");
    if (name === adding.name) throw new CustodyError("vault/already-there", `wallet: the vault has one called ${name} already`);
  }
  const record: WalletRecord = { id: fingerprint, name: adding.name, ...wallet.record, created: tx.now };
  tx.put(`wallet/${record.id}`, asJson(record));
  tx.putSecret(`wallet/${record.id}`, wallet.secret);
  return record;
}

function malformed(what: string): CustodyError {
  return new CustodyError("request/malformed", what);
}
