import type { Keychain, KeychainEntry } from "../../src/slots/keychain/package.ts";

/** A keychain in memory; `keychain.system.test.ts` has a real one. */
export class FakeKeychain implements Keychain {
  readonly entries = new Map<string, number[]>();
  locked = false;

  open(service: string, account: string): KeychainEntry {
    const name = `${service}/${account}`;
    const use = <T>(act: () => T): Promise<T> =>
      this.locked ? Promise.reject(new Error("Couldn't access platform storage")) : Promise.resolve(act());
    return {
      getSecret: () => use(() => this.entries.get(name)?.slice() ?? null),
      setSecret: (secret) => use(() => void this.entries.set(name, [...secret])),
      deleteCredential: () => use(() => this.entries.delete(name)),
    };
  }
}
