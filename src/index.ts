export type { ConfirmationStatement, SignedConfirmation } from "./approvals/confirmation.ts";
export type { ApprovalStatement, SignedApproval } from "./approvals/statement.ts";
export type { Subject } from "./approvals/subject.ts";
export type { TypedData } from "./approvals/typed-data.ts";
export type { LoggedEntry } from "./audit/entry.ts";
export type { EntryKind } from "./audit/kinds.ts";
export type { AgeTo, AgeWith } from "./backup/age.ts";
export type { Json, JsonObject } from "./base/canonical.ts";
export { CustodyError, ERROR_CODES, type ErrorCode, type Position } from "./base/errors.ts";
export type { Time } from "./base/time.ts";
export type {
  AccountKeys,
  AccountPlace,
  AccountWish,
  Ceilings,
  Chain,
  KeySource,
  NamedAccount,
  RelativePath,
  Signature,
  Signed,
} from "./chains/chain.ts";
export type { Account, DeriveOptions, Wallet } from "./custody/accounts.ts";
export type { FreshAddress } from "./custody/addresses.ts";
export { type ApprovalRequest, type CheckedRequest, checkApprovalRequest } from "./custody/approval-request.ts";
export type { BackupReceipt } from "./custody/backups.ts";
export { type ConfirmOptions, confirmOffline } from "./custody/confirm.ts";
export { type CredentialSigner, type KeySigner, keyCredential, type WalletSigner, walletCredential } from "./custody/credentials.ts";
export type { Support } from "./custody/diagnose.ts";
export type { CustodyState } from "./custody/events.ts";
export type { ChildSeedExport, ExportRequest, PhraseExport, Released, Slip39Export } from "./custody/export.ts";
export type { BackupExport } from "./custody/export-backup.ts";
export { type Custody, keyward } from "./custody/keyward.ts";
export type { CreateOptions, KeywardOptions, RestoreOptions, UnlockOptions } from "./custody/options.ts";
export type {
  ActOutcome,
  DeniedOutcome,
  DoneOutcome,
  ExportedOutcome,
  ExportOutcome,
  PendingOutcome,
  SignedOutcome,
  SignOutcome,
} from "./custody/outcome.ts";
export type { PendingRequest } from "./custody/pending-view.ts";
export { type WatchedAccount, watchAccount } from "./custody/public-keys.ts";
export type { RestoredRecord } from "./custody/records.ts";
export { type Rehearsal, type RehearsedStep, rehearseInCustody } from "./custody/rehearsal.ts";
export type { Phrase, ReleasedChild, ReleasedShares } from "./custody/released.ts";
export type { Restored } from "./custody/restore.ts";
export { type ActRequest, approveOffline, type Session, type SessionOptions } from "./custody/session.ts";
export { type BackupReport, type VerifyBackupOptions, verifyBackup } from "./custody/verify-backup.ts";
export type { WalletSource } from "./custody/wallets.ts";
export type { Book, BookAsset, BookContract } from "./intent/book.ts";
export type { Effect, EffectKind } from "./intent/effect.ts";
export type { Intent, Reason, Request, RequestKind, Signable, Use } from "./intent/intent.ts";
export type { Need } from "./intent/verdict.ts";
export { coldStorage, denyAll, personalWallet, spendingAgent, teamTreasury } from "./policy/templates.ts";
export type { Change, Keeping, Peer, PeerEvent, Store } from "./stores/store.ts";
export { passphrase } from "./vault/passphrase.ts";
export type { Slot } from "./vault/slot.ts";
