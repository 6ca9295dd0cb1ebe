import { CustodyError } from "../../base/errors.ts";

// The package is an optional peer: an app that wants the keychain installs it, and nobody else pays for it.

/** One entry: what `AsyncEntry` of `@napi-rs/keyring` does, as far as we use it. */
export interface KeychainEntry {
  getSecret(): Promise<number[] | null>;
  setSecret(secret: Uint8Array): Promise<void>;
  deleteCredential(): Promise<boolean>;
}

export interface Keychain {
  /** Touches no entry. Throws where the session has no keychain. */
  open(service: string, account: string): KeychainEntry;
}

type Package = Pick<typeof import("@napi-rs/keyring"), "AsyncEntry">;

/** @throws `slot/keychain-package` if it is not installed, has no binary for this machine, or is too old. */
export async function loadKeychain(): Promise<Keychain> {
  let loaded: Package;
  try {
    loaded = await import("@napi-rs/keyring");
  } catch (cause) {
    throw missing("the package is not installed, or has no binary for this machine", cause);
  }
  return pinned(loaded);
}

/**
 * On Linux, the Secret Service or an error. Without `store` the package falls back to the kernel's keyrings, which are lost at the next
 * start, and a version that does not know the option would pass over it.
 */
export function pinned({ AsyncEntry }: Package): Keychain {
  if (!knowsStores(AsyncEntry)) throw missing("the package is too old to be told where secrets go");
  return { open: (service, account) => new AsyncEntry(service, account, { linux: { store: "secret-service" } }) };
}

/** A version that knows the option refuses a store that does not exist, before it looks for any service. */
function knowsStores(AsyncEntry: Package["AsyncEntry"]): boolean {
  try {
    Reflect.construct(AsyncEntry, ["keyward", "store", { linux: { store: "a store that does not exist" } }]);
    return false;
  } catch (error) {
    return (error as { code?: unknown } | null)?.code === "InvalidArg";
  }
}

function missing(what: string, cause?: unknown): CustodyError {
  return new CustodyError("slot/keychain-package", `keychain: ${what}; npm install @napi-rs/keyring@2`, { cause });
}
