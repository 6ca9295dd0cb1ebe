import { emptyFrontier, frontierToJson } from "../audit/tree.ts";
import { SEMANTICS } from "../intent/semantics.ts";
import type { Policy } from "../policy/core.ts";
import type { Tx } from "../vault/tx.ts";
import { addWallet, adoptPolicy } from "./acts.ts";
import { journal } from "./journal.ts";
import type { RootState } from "./records.ts";
import type { NewWallet } from "./wallets.ts";

/** What a new vault writes in the very commit that makes it: its first entry, its policy, and its first wallet if there is one. */
export function begin(tx: Tx, first: { readonly vault: string; readonly policy: Policy; readonly wallet: NewWallet | undefined }): void {
  journal(tx, "created", { vault: first.vault });
  adoptPolicy(tx, undefined, first.policy);
  if (first.wallet === undefined) return;
  const record = addWallet(tx, { name: "Main", expected: undefined, wallet: first.wallet });
  journal(tx, "account", { account: { wallet: record.id, event: "wallet" } });
}

/** The state of a vault in which nothing has happened yet. */
export function newState(): RootState {
  return {
    format: 1,
    semantics: SEMANTICS,
    mode: { name: "normal" },
    log: frontierToJson(emptyFrontier),
    pruned: 0,
    refusals: { since: 0, logged: 0, more: 0 },
  };
}
