export { type Checkpoint, openCheckpoint } from "./checkpoint.ts";
export type { LoggedEntry } from "./entry.ts";
export {
  type ConsistencyEvidence,
  type EntryEvidence,
  verifyConsistencyProof,
  verifyEntryProof,
} from "./evidence.ts";
export { textLines } from "./export.ts";
export { ENTRY_KINDS, type EntryKind } from "./kinds.ts";
export { openNote, parseVerifier, type Verifier, vkeyOf } from "./note.ts";
export { type LogProblem, type LogReport, type VerifyOptions, verifyLog } from "./verify.ts";
