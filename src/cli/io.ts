import type { Time } from "../base/time.ts";
import type { KeychainSlot } from "../slots/keychain/keychain.ts";
import type { Slot } from "../vault/slot.ts";

/** Where text goes. `write` resolves when the text has been handed over. */
export interface Output {
  readonly isTTY: boolean;
  /** Of a terminal, how wide it is. */
  readonly columns?: number | undefined;
  write(text: string): Promise<void>;
}

/** All that the command line has of the world, so that it runs inside a test as it does in a terminal. */
export interface Io {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: { readonly [name: string]: string | undefined };
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /**
   * From now on Ctrl-C ends the process where it is, as the system does by itself: for commands that hold nothing open and compute
   * for long without a pause in which anybody could be heard.
   */
  endAtOnce(): void;
  readonly now: () => Time;
  readonly version: string;
  /** Asks on the terminal and shows nothing of the answer. The bytes are the caller's to wipe. */
  askHidden(question: string): Promise<Uint8Array>;
  /** Asks on the terminal for a yes. */
  confirm(question: string): Promise<boolean>;
  /** How a passphrase opens a vault: through Argon2id, and in tests cheaper. */
  readonly slot: (phrase: Uint8Array) => Slot;
  /** The keychain of the user that is logged in, and in tests another. */
  readonly keychain: () => KeychainSlot;
}
