import type { Command } from "./command.ts";
import { accountDerive, accountList, address } from "./commands/account.ts";
import { approve } from "./commands/approve.ts";
import { audit } from "./commands/audit.ts";
import { backup, backupList, backupVerify } from "./commands/backup.ts";
import { confirm } from "./commands/confirm.ts";
import { decode } from "./commands/decode.ts";
import { diff } from "./commands/diff.ts";
import { explain } from "./commands/explain.ts";
import { exportChild, exportPhrase, exportSlip39 } from "./commands/export.ts";
import { init } from "./commands/init.ts";
import { keygen } from "./commands/keygen.ts";
import { logCheckpoint, logExport, logProve, logShow } from "./commands/log.ts";
import { logVerify } from "./commands/log-verify.ts";
import { mode } from "./commands/mode.ts";
import { pendingList, pendingResume, pendingShow, pendingWithdraw } from "./commands/pending.ts";
import { policyCheck, policySet, policyShow } from "./commands/policy.ts";
import { policyNew } from "./commands/policy-new.ts";
import { policySchemaOf } from "./commands/policy-schema.ts";
import { policyTest } from "./commands/policy-test.ts";
import { slotRehearse } from "./commands/rehearse.ts";
import { replay } from "./commands/replay.ts";
import { restore, restoreAllow } from "./commands/restore.ts";
import { rotate } from "./commands/rotate.ts";
import { sign } from "./commands/sign.ts";
import { slotAdd, slotList, slotRemove, slotRename, slotReplace } from "./commands/slot.ts";
import { pendingVeto } from "./commands/veto.ts";
import { importWallet, walletList } from "./commands/wallet.ts";

/** Every command there is: dispatch, help and docs/cli.md are made from this. In the order in which people meet them. */
export const COMMANDS: readonly Command[] = [
  policyNew,
  policyCheck,
  audit,
  policyTest,
  policySchemaOf,
  replay,
  diff,
  init,
  accountDerive,
  accountList,
  address,
  walletList,
  importWallet,
  decode,
  explain,
  sign,
  pendingList,
  pendingShow,
  pendingResume,
  pendingWithdraw,
  pendingVeto,
  approve,
  confirm,
  keygen,
  policyShow,
  policySet,
  mode,
  slotList,
  slotAdd,
  slotReplace,
  slotRename,
  slotRemove,
  slotRehearse,
  rotate,
  exportPhrase,
  exportSlip39,
  exportChild,
  backup,
  backupVerify,
  backupList,
  restore,
  restoreAllow,
  logShow,
  logVerify,
  logExport,
  logProve,
  logCheckpoint,
];
