import type { JsonObject } from "../../base/canonical.ts";
import type { StolenSet } from "./attack.ts";
import type { Authority, Escalation, LockOut } from "./authority.ts";
import type { Channel } from "./channel.ts";
import type { DeadRule } from "./dead.ts";
import type { Finding } from "./finding.ts";
import type { Loss } from "./loss.ts";

/** Everything that one audit says of one policy: what every form of the report is made from. */
export interface Audit {
  readonly policy: { readonly id: string; readonly name: string; readonly document: JsonObject };
  /** What was asked for, so that it can be done again: stolen sets, horizons, modes, detection, holdings, copies, moment, work. */
  readonly options: JsonObject;
  readonly stolen: readonly StolenSet[];
  readonly channels: readonly Channel[];
  readonly losses: readonly Loss[];
  readonly authority: readonly Authority[];
  readonly lockOuts: readonly LockOut[];
  readonly escalations: readonly Escalation[];
  readonly dead: readonly DeadRule[];
  readonly findings: readonly Finding[];
  /** What could not be decided within the work that was granted, in words. Never presented as safe. */
  readonly inconclusive: readonly string[];
}
