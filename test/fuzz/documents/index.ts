import type { Target } from "../engine.ts";
import { approvalRequest } from "./approval-request.ts";
import { commandLine } from "./command-line.ts";
import { door } from "./door.ts";
import { json } from "./json.ts";
import { exportedLog, logPart, logProof } from "./log.ts";
import { policy } from "./policy.ts";
import { requestFile } from "./request-file.ts";
import { signed } from "./signed.ts";
import { vaultRecords } from "./vault.ts";
import { vaultParts } from "./vault-parts.ts";

/** Everything that is read as a document: by grammar and mutation, beside second implementations. */
export const DOCUMENT_TARGETS: readonly Target[] = [
  json,
  policy,
  signed,
  exportedLog,
  logProof,
  logPart,
  vaultRecords,
  vaultParts,
  door,
  approvalRequest,
  commandLine,
  requestFile,
];
