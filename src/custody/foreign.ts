import { isBytes, wipe } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { copyPlain } from "../base/plain.ts";
import { readSignal } from "../base/signal.ts";
import { abortedBy, type KdfOptions, throwIfAborted } from "../vault/kdf.ts";
import type { Renewal } from "../vault/renewal.ts";
import type { Enrolment, Slot, SlotContext, SlotRecord } from "../vault/slot.ts";
import { cannotOpen } from "../vault/slot-keys.ts";

// Code of the app's that ours calls and waits for. Whatever it does, what comes out of ours is a result or an error of ours.

const SECRET_BYTES = 32;

/**
 * A way to unlock, as an app gave it: its members are read once, what it gives is looked at before the vault works with it, and it
 * is waited for no longer than `signal` says.
 *
 * @throws `request/malformed` for what is no way to unlock; what it is instead, perhaps a passphrase, is not repeated.
 */
export function readSlot(given: unknown): Slot {
  const { kind, access, enrol, open, openAny } = slotMembers(given);
  return {
    kind,
    ...(access !== undefined && { access }),
    enrol: (context) => enrolment(() => enrol.call(given, context), context),
    async open(parameters, context) {
      const secret: unknown = await waitFor(() => open.call(given, parameters, hearing(context)), context, forget);
      if (isSecret(secret)) return secret;
      throw cannotOpen();
    },
    ...(openAny && {
      async openAny(slots: readonly Pick<SlotRecord, "id" | "parameters">[], context: Omit<SlotContext, "slotId">) {
        const opened: unknown = await waitFor(() => openAny.call(given, slots, hearing(context)), context, forget);
        const { id, secret } = typeof opened === "object" && opened !== null ? ownOpened(opened) : {};
        if (typeof id === "string" && isSecret(secret)) return { id, secret };
        throw cannotOpen();
      },
    }),
  };
}

/** How an app follows and stops what takes a while. @throws `request/malformed` for what is no signal or no function */
export function readFollowing({ signal, onProgress }: { readonly signal?: unknown; readonly onProgress?: unknown }): KdfOptions {
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw new CustodyError("request/malformed", "onProgress: expected a function");
  return {
    signal: readSignal(signal),
    onProgress: onProgress && ((done) => giveUpIfThrown(() => onProgress(done), "onProgress threw")),
  };
}

/** The same, stopped as well when the custody is locked. */
export function untilLocked(following: KdfOptions, locked: AbortSignal): KdfOptions {
  return { ...following, signal: AbortSignal.any([locked, ...(following.signal === undefined ? [] : [following.signal])]) };
}

/** Waits for an answer, such as that of a person's wallet, no longer than the custody is open. @throws `vault/locked` */
export function whileOpen<T>(locked: AbortSignal, ask: () => Promise<T>): Promise<T> {
  return waitFor(ask, { signal: locked }, () => undefined);
}

async function enrolment(enrol: () => unknown, context: SlotContext): Promise<Enrolment> {
  const made: unknown = await waitFor(enrol, context, forget);
  const { parameters, secret } = typeof made === "object" && made !== null ? ownEnrolment(made) : {};
  if (isSecret(secret)) return { parameters: copyPlain(parameters, "slot") as JsonObject, secret };
  throw new CustodyError("request/malformed", `slot: expected enrol to give parameters and a secret of ${SECRET_BYTES} bytes`);
}

/** What a slot offers while it opens is the app's as well. */
function hearing<T extends Pick<SlotContext, "offer">>(context: T): T {
  const { offer } = context;
  return offer === undefined ? context : { ...context, offer: (renewal: unknown) => offer(readRenewal(renewal)) };
}

function readRenewal(given: unknown): Renewal {
  const { enrol, end } = renewalMembers(given);
  return {
    enrol: (context) => enrolment(() => enrol.call(given, context), context),
    end: () => {
      try {
        end.call(given);
      } catch {
        // A lock goes on: what the app keeps of its own is the app's to wipe.
      }
    },
  };
}

function renewalMembers(given: unknown): Renewal {
  const { enrol, end } = giveUpIfThrown(() => ({ ...(given as Renewal) }), "what it offered could not be read");
  if (typeof enrol === "function" && typeof end === "function") return { enrol, end };
  throw new CustodyError("request/malformed", "slot: expected what is offered to have enrol and end");
}

function slotMembers(given: unknown): Slot {
  try {
    const { kind, access, enrol, open, openAny } = given as Slot;
    const known = (access === undefined || access === "view") && (openAny === undefined || typeof openAny === "function");
    if (known && typeof kind === "string" && typeof enrol === "function" && typeof open === "function")
      return { kind, ...(access !== undefined && { access }), enrol, open, ...(openAny && { openAny }) };
  } catch (cause) {
    throw new CustodyError("request/malformed", "slot: could not be read", { cause });
  }
  throw new CustodyError("request/malformed", "slot: expected a way to unlock, such as what passphrase() gives");
}

function ownOpened(opened: object): { readonly id?: unknown; readonly secret?: unknown } {
  return giveUpIfThrown(() => ({ ...opened }), "what it opened could not be read");
}

function ownEnrolment(made: object): { readonly parameters?: unknown; readonly secret?: unknown } {
  return giveUpIfThrown(() => ({ ...made }), "its enrolment could not be read");
}

/** @param late - what becomes of a result that nobody waits for any more. */
async function waitFor<T>(work: () => T | Promise<T>, { signal }: KdfOptions, late: (result: T) => void): Promise<T> {
  throwIfAborted(signal);
  let stop: (() => void) | undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => signal && reject(abortedBy(signal));
    signal?.addEventListener("abort", stop);
  });
  const running = Promise.resolve().then(work);
  try {
    return await Promise.race([running, stopped]);
  } catch (cause) {
    // What it gives after that, or throws, reaches nobody.
    running.then(late).catch(() => undefined);
    throw ours(cause, "what was waited for gave up");
  } finally {
    if (stop !== undefined) signal?.removeEventListener("abort", stop);
  }
}

function giveUpIfThrown<T>(run: () => T, what: string): T {
  try {
    return run();
  } catch (cause) {
    throw ours(cause, what);
  }
}

function ours(cause: unknown, what: string): CustodyError {
  return cause instanceof CustodyError ? cause : new CustodyError("vault/aborted", what, { cause });
}

function isSecret(value: unknown): value is Uint8Array {
  return isBytes(value) && value.length === SECRET_BYTES;
}

/** A secret that came too late: an opened one as it is, or in its enrolment. */
function forget(late: unknown): void {
  const secret: unknown = isBytes(late) ? late : (late as { readonly secret?: unknown } | null | undefined)?.secret;
  if (isBytes(secret)) wipe(secret);
}
