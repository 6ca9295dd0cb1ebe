import { randomBytes } from "../keys/random.ts";
import type { Store } from "../stores/store.ts";
import { HEADER_KEY } from "../vault/header.ts";
import type { View } from "../vault/tx.ts";
import { backupsOf } from "./backups.ts";
import type { Desk } from "./desk.ts";
import type { CustodyState } from "./events.ts";
import { rootState } from "./refusals.ts";

/** What this platform can do, before anything is created on it; `undefined` where nobody can say. */
export interface Support {
  /** Keys can be made: the platform's source is there and not stuck. */
  readonly randomness: boolean;
  /** Signing and seeds need it; in browsers it is there on pages with TLS and on localhost. */
  readonly webCrypto: boolean;
  /** The page came over TLS or from localhost, and so did every page that it lies in. Node has no pages. */
  readonly secureContext: boolean | undefined;
  /** The store answers. */
  readonly store: boolean;
  /** Whether the browser has promised to keep the store. Where it has not, a private window included, the vault may be gone one day. */
  readonly persisted: boolean | undefined;
  /** Room left for the store, in bytes, as the browser estimates it. */
  readonly freeBytes: number | undefined;
  /** Tabs and workers that share the store hear of each other's `lock()`. */
  readonly sharedLocks: boolean;
  /** Passkeys of this browser may give a secret (PRF). Whether the user's own can, only trying tells. */
  readonly passkeyPrf: boolean | undefined;
}

export async function support(store: Store): Promise<Support> {
  const kept = await store.keeping?.();
  return {
    randomness: drawn(),
    webCrypto: (globalThis.crypto as Crypto | undefined)?.subtle !== undefined,
    secureContext: (globalThis as { isSecureContext?: boolean }).isSecureContext,
    store: await answers(store),
    persisted: kept?.persisted,
    freeBytes: kept?.freeBytes,
    sharedLocks: store.join !== undefined,
    passkeyPrf: await passkeyPrf(),
  };
}

/**
 * A text that a user can paste into a report: what is there and how much of it. No names, addresses, amounts or policy.
 */
export async function diagnose(state: CustodyState, store: Store, desk: Desk | undefined): Promise<string> {
  const can = await support(store);
  const room = can.freeBytes === undefined ? "unknown" : `${Math.floor(can.freeBytes / 1_000_000)} MB`;
  const lines = [
    `keyward: ${state}`,
    `randomness ${yes(can.randomness)}, WebCrypto ${yes(can.webCrypto)}, secure context ${yes(can.secureContext)}, passkeys with PRF ${yes(can.passkeyPrf)}`,
    `store answers ${yes(can.store)}, persisted ${yes(can.persisted)}, room ${room}, locks shared ${yes(can.sharedLocks)}`,
  ];
  if (desk !== undefined) {
    const { access, slots } = desk.vault;
    lines.push(`open to ${access}; slots: ${slots.map(({ kind, access: opens }) => `${kind} (${opens})`).join(", ")}`);
    lines.push(
      ...(await desk.vault.read((view) => {
        const count = (prefix: string) => [...view.list(prefix)].length;
        const { semantics, mode, log } = rootState(view);
        const { restored } = desk.judge;
        return [
          ...(restored === undefined
            ? []
            : [`restored from a backup, ${restored.allowed === undefined ? "not allowed to sign yet" : "allowed to sign"}`]),
          `commits ${view.epoch}, log entries ${(log as { readonly size: number }).size}, policies ${desk.judge.record.version}, semantics ${semantics}, mode ${mode.name === "normal" ? "normal" : "not normal"}`,
          backupsLine(view),
          `wallets ${count("wallet/")}, accounts ${count("account/")}, holds ${count("hold/")}, pending ${count("pending/")}, sessions ${count("session/")}`,
        ];
      })),
    );
  }
  return lines.join("\n");
}

function backupsLine(view: Pick<View, "list">): string {
  const backups = backupsOf(view);
  const verified = backups.filter((receipt) => receipt.verified !== undefined);
  return backups.length === 0 ? "backups none" : `backups ${backups.length}, ${verified.length} of them verified`;
}

async function answers(store: Store): Promise<boolean> {
  try {
    await store.get(HEADER_KEY);
    return true;
  } catch {
    // That it does not is the answer.
    return false;
  }
}

function drawn(): boolean {
  try {
    return randomBytes(16).length === 16;
  } catch {
    // Absent or stuck: there are no keys to be made here.
    return false;
  }
}

/** Browsers of 2025 and later list what their passkeys can do. */
async function passkeyPrf(): Promise<boolean | undefined> {
  const { PublicKeyCredential: passkeys } = globalThis as {
    PublicKeyCredential?: { getClientCapabilities?: () => Promise<{ readonly [capability: string]: boolean }> };
  };
  try {
    return (await passkeys?.getClientCapabilities?.())?.["extension:prf"];
  } catch {
    // A page that may not use passkeys may not ask either.
    return undefined;
  }
}

function yes(there: boolean | undefined): string {
  return there === undefined ? "unknown" : there ? "yes" : "no";
}
