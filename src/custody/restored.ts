import { canonical, type JsonObject } from "../base/canonical.ts";
import type { Time } from "../base/time.ts";
import type { Reason } from "../intent/intent.ts";
import type { LimitRule, Policy } from "../policy/core.ts";
import type { View } from "../vault/tx.ts";
import type { RestoredRecord } from "./records.ts";

// A vault that came out of a backup. Another live copy of it may exist, and have spent what this one does not know of.

export function restoredOf(view: Pick<View, "get">): RestoredRecord | undefined {
  return view.get("restored") as unknown as RestoredRecord | undefined;
}

/** Why a vault that was restored does nothing yet; nothing where it may. */
export function restoredReason(restored: RestoredRecord | undefined): Reason | undefined {
  if (restored === undefined || restored.allowed !== undefined) return undefined;
  return {
    code: "vault/restored",
    params: { at: restored.at, made: restored.made },
    text: "this vault came out of a backup; it signs nothing until the act restore was allowed",
  };
}

/** Why the act `restore` is denied where there is nothing to allow. */
export const notRestored: Reason = {
  code: "vault/not-restored",
  params: {},
  text: "this vault did not come out of a backup, or that was allowed already",
};

/** Until when a limit of the vault's policy counts as full, because another copy may have spent it. Those of sessions began here. */
export function fullUntil(restored: RestoredRecord | undefined, limit: LimitRule | undefined): Time | undefined {
  if (restored?.allowed === undefined || limit === undefined) return undefined;
  if (limit.windowMs === "ever") return restored.full.includes(limit.id) ? Number.POSITIVE_INFINITY : undefined;
  return restored.allowed + limit.windowMs;
}

/** Those lifetime limits that an edit leaves as they are. One that it writes anew counts what this vault knows of. */
export function stillFull(full: readonly string[], from: Policy, to: Policy): readonly string[] {
  const [before, after] = [limitTexts(from), limitTexts(to)];
  return full.filter((id) => after.has(id) && after.get(id) === before.get(id));
}

/** Rules by id as the document has them, those of modes included. */
function limitTexts({ document }: Policy): ReadonlyMap<string, string> {
  const modes = Object.values((document.modes ?? {}) as { readonly [mode: string]: JsonObject });
  const rules = [document, ...modes].flatMap((part) => (part.rules ?? []) as readonly JsonObject[]);
  return new Map(rules.flatMap((rule) => ("limit" in rule ? [[String(rule.id), canonical(rule)] as const] : [])));
}
