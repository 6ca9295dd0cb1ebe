export {
  type ConsistencyEvidence,
  type EntryEvidence,
  proveConsistency,
  proveEntry,
  verifyConsistencyProof,
  verifyEntryProof,
} from "./evidence.ts";
export { exportLog } from "./export.ts";
export { parseVerifier, type Verifier, vkeyOf } from "./note.ts";
export { type LogReport, type VerifyOptions, verifyLog } from "./verify.ts";
