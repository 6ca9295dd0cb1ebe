import { CustodyError } from "./errors.ts";

/**
 * A signal of the app's, as an `AbortSignal` that is none of its own making: members of the prototype are asked, not of the object.
 *
 * @throws `request/malformed` for what is no signal
 */
export function readSignal(given: unknown): AbortSignal | undefined {
  if (given === undefined) return undefined;
  try {
    // Throws for what is no signal, without running anything of it.
    Reflect.get(AbortSignal.prototype, "aborted", given);
    return AbortSignal.any([given as AbortSignal]);
  } catch (cause) {
    throw new CustodyError("request/malformed", "signal: expected an AbortSignal", { cause });
  }
}
