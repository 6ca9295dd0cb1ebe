import { equal, fromHex } from "../base/bytes.ts";
import { CustodyError, type ErrorCode } from "../base/errors.ts";
import { derive } from "./subkeys.ts";

/** What follows from a slot's secret. */
export interface SlotKeys {
  /** X25519. */
  readonly privateKey: Uint8Array;
  /** 32 bytes that only the holder and the vault's sign side know. */
  readonly pin: Uint8Array;
}

/** @returns keys that the caller wipes. @throws `vault/cannot-open`: a slot that gives no secret worth the name does not open. */
export function slotKeys(secret: Uint8Array, vaultId: string): SlotKeys {
  if (secret.length !== 32 || equal(secret, new Uint8Array(32))) throw cannotOpen();
  const keyFor = (purpose: string) => derive(secret, fromHex(vaultId), `keyward/v1/${purpose}`);
  return { privateKey: keyFor("slot"), pin: keyFor("slot pin") };
}

/** The one answer to a wrong passphrase, a wrong key and a damaged slot. */
export function cannotOpen(): CustodyError {
  return new CustodyError("vault/cannot-open", "wrong passphrase or key, or a damaged slot");
}

/** What was held out belongs to another slot of the kind, as far as the slot itself can see: that one may still open. */
const OF_ANOTHER: readonly ErrorCode[] = ["vault/cannot-open", "slot/share-foreign", "slot/no-entry", "slot/wrong-site"];

/** Whether the next slot of the same kind should be tried, or what was thrown is the answer. */
export function mayFitAnother(error: unknown): error is CustodyError {
  return error instanceof CustodyError && OF_ANOTHER.includes(error.code);
}
