import { randomBytes } from "../keys/random.ts";
import type { Store } from "../stores/store.ts";
import { HEADER_KEY } from "../vault/header.ts";
import type { Desk } from "./desk.ts";
import type { CustodyState } from "./events.ts";
import { rootState } from "./refusals.ts";

/** What this platform can do, before anything is created on it. */
export interface Support {
  /** Keys can be made: the platform's source is there and not stuck. */
  readonly randomness: boolean;
  /** Signing and seeds need it; in browsers it is there on pages with TLS and on localhost. */
  readonly webCrypto: boolean;
  /** The store answers. */
  readonly store: boolean;
  /** Whether the browser has promised to keep the store; `undefined` where nobody evicts (Node) or nobody says. */
  readonly persisted: boolean | undefined;
}

export async function support(store: Store): Promise<Support> {
  const manager = (globalThis as { navigator?: { storage?: { persisted?: () => Promise<boolean> } } }).navigator?.storage;
  return {
    randomness: drawn(),
    webCrypto: (globalThis.crypto as Crypto | undefined)?.subtle !== undefined,
    store: await answers(store),
    persisted: await manager?.persisted?.(),
  };
}

/**
 * A text that a user can paste into a report: what is there and how much of it. No names, addresses, amounts or policy.
 */
export async function diagnose(state: CustodyState, store: Store, desk: Desk | undefined): Promise<string> {
  const { randomness, webCrypto, store: answering } = await support(store);
  const lines = [`keyward: ${state}`, `randomness ${yes(randomness)}, WebCrypto ${yes(webCrypto)}, store answers ${yes(answering)}`];
  if (desk !== undefined) {
    const { access, slots } = desk.vault;
    lines.push(`open to ${access}; slots: ${slots.map(({ kind, access: opens }) => `${kind} (${opens})`).join(", ")}`);
    lines.push(
      ...(await desk.vault.read((view) => {
        const count = (prefix: string) => [...view.list(prefix)].length;
        const { semantics, mode, log } = rootState(view);
        return [
          `commits ${view.epoch}, log entries ${(log as { readonly size: number }).size}, policies ${desk.judge.record.version}, semantics ${semantics}, mode ${mode.name === "normal" ? "normal" : "not normal"}`,
          `wallets ${count("wallet/")}, accounts ${count("account/")}, holds ${count("hold/")}, pending ${count("pending/")}, sessions ${count("session/")}`,
        ];
      })),
    );
  }
  return lines.join("\n");
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

function yes(there: boolean): string {
  return there ? "yes" : "no";
}
