import { describe, expect, test } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { allOf } from "../../src/slots/all-of.ts";
import { keychain, keychainIn } from "../../src/slots/keychain/keychain.ts";
import { type Keychain, pinned } from "../../src/slots/keychain/package.ts";
import { newContext, slotContract } from "../contracts/slot.ts";
import { keyOf } from "../vault/setting.ts";
import { FakeKeychain } from "./fake-keychain.ts";
import { cheap } from "./setting.ts";

// Over a keychain in memory; `keychain.system.test.ts` has a real one.

const over = (fake: Keychain, options = {}) => keychainIn(() => Promise.resolve(fake), options);

slotContract("the keychain", () => {
  const fake = new FakeKeychain();
  return { slot: over(fake), again: () => over(fake), wrong: () => over(new FakeKeychain()) };
});

slotContract("two keychains that are on one machine", () => {
  const fake = shared;
  return { slot: over(fake), again: () => over(fake), wrong: () => over(new FakeKeychain()) };
});
const shared = new FakeKeychain();

describe("an entry of the keychain", () => {
  test("stands under the service, and an account of vault and slot, and is all there is", async () => {
    const fake = new FakeKeychain();
    const context = newContext();
    const { parameters, secret } = await over(fake).enrol(context);
    expect(parameters).toEqual({});
    expect([...fake.entries]).toEqual([[`keyward/vault ${context.vaultId} slot ${context.slotId}`, [...secret]]]);
    await over(fake, { service: "my wallet", account: "main" }).enrol(context);
    expect([...fake.entries.keys()].at(-1)).toBe("my wallet/main");
  });

  test("is never written over", async () => {
    const fake = new FakeKeychain();
    const context = newContext();
    const { secret } = await over(fake).enrol(context);
    await expect(over(fake).enrol(context)).rejects.toMatchObject({ code: "slot/entry-exists" });
    expect([...fake.entries.values()]).toEqual([[...secret]]);
  });

  test("that is missing, too long or too short opens nothing", async () => {
    const fake = new FakeKeychain();
    const context = newContext();
    await over(fake).enrol(context);
    const [name = ""] = fake.entries.keys();
    for (const length of [0, 31, 33]) {
      fake.entries.set(
        name,
        Array.from({ length }, () => 1),
      );
      await expect(over(fake).open({}, context)).rejects.toMatchObject({ code: "vault/cannot-open" });
    }
    fake.entries.clear();
    await expect(over(fake).open({}, context)).rejects.toMatchObject({ code: "slot/no-entry" });
  });

  test("is forgotten on demand, and nobody else's is", async () => {
    const fake = new FakeKeychain();
    const [one, two] = [newContext(), newContext()];
    await over(fake).enrol(one);
    await over(fake).enrol(two);
    expect([await over(fake).forget(one), await over(fake).forget(one)]).toEqual([true, false]);
    expect([...fake.entries.keys()]).toEqual([`keyward/vault ${two.vaultId} slot ${two.slotId}`]);
    await expect(over(fake).forget({ vaultId: "a", slotId: "b" })).rejects.toMatchObject({ code: "request/malformed" });
  });

  test("of a part of several ways together is forgotten with the slot, and those of other slots stay", async () => {
    const fake = new FakeKeychain();
    const [one, two] = [newContext(), newContext()];
    const slot = () => allOf([over(fake), cheap("a passphrase"), over(fake)]);
    for (const context of [one, two]) await slot().enrol(context);
    const { kind } = slot();
    expect([kind, fake.entries.size]).toEqual(["all-of:keychain+keychain+passphrase", 4]);
    const place = { vaultId: one.vaultId, slotId: one.slotId };
    expect([await over(fake).forget(place), fake.entries.size]).toEqual([false, 4]);
    expect([await over(fake).forget({ ...place, kind }), await over(fake).forget({ ...place, kind })]).toEqual([true, false]);
    expect([...fake.entries.keys()].every((name) => name.includes(two.vaultId))).toBe(true);
    expect([fake.entries.size, await over(fake).forget({ ...place, kind: "passphrase" })]).toEqual([2, false]);
    await expect(over(fake).forget({ ...place, kind: 5 as never })).rejects.toMatchObject({ code: "request/malformed" });
  });

  test("whatever a vault's file says, no other is read", async () => {
    const asked: string[] = [];
    const fake = new FakeKeychain();
    const noting: Keychain = {
      open: (service, account) => {
        asked.push(`${service}/${account}`);
        return fake.open(service, account);
      },
    };
    const context = newContext();
    for (const parameters of [{ service: "somebody else" }, { account: "root" }, { more: 1 }]) {
      await expect(over(noting).open(parameters, context)).rejects.toMatchObject({ code: "vault/cannot-open" });
    }
    expect(asked).toEqual([]);
  });
});

describe("a keychain that does not answer", () => {
  test("because it is locked is told from one that is not there, with its cause and what to do", async () => {
    const fake = new FakeKeychain();
    const context = newContext();
    const { parameters } = await over(fake).enrol(context);
    fake.locked = true;
    const locked = expect.objectContaining({
      code: "slot/keychain-locked",
      message: expect.stringContaining("unlock it"),
      cause: expect.any(Error),
    });
    await expect(over(fake).open(parameters, context)).rejects.toEqual(locked);
    await expect(over(fake).enrol(newContext())).rejects.toEqual(locked);
    await expect(over(fake).forget(context)).rejects.toEqual(locked);
    const absent: Keychain = {
      open: () => {
        throw new Error("DBus error");
      },
    };
    await expect(over(absent).open(parameters, context)).rejects.toMatchObject({ code: "slot/no-keychain", cause: expect.any(Error) });
    await expect(over(absent).enrol(newContext())).rejects.toMatchObject({ code: "slot/no-keychain" });
  });

  test("that takes a secret and does not keep it enrols nothing", async () => {
    const forgetful: Keychain = {
      open: () => ({ getSecret: async () => null, setSecret: async () => undefined, deleteCredential: async () => false }),
    };
    await expect(over(forgetful).enrol(newContext())).rejects.toMatchObject({ code: "slot/keychain-locked" });
    let set = false;
    const liar: Keychain = {
      open: () => ({
        getSecret: async () => (set ? [...keyOf(1)] : null),
        setSecret: async () => {
          set = true;
        },
        deleteCredential: async () => false,
      }),
    };
    await expect(over(liar).enrol(newContext())).rejects.toMatchObject({ code: "slot/keychain-locked" });
  });

  test("names that no keychain takes are refused", () => {
    for (const options of [{ service: "" }, { service: "ä" }, { account: "a\n" }, { service: "x".repeat(201) }, { account: 1 }, null]) {
      expect(() => keychain(options as never)).toThrow(expect.objectContaining({ code: "request/malformed" }) as never);
    }
  });
});

describe("the package behind it", () => {
  class Entry {
    static made: unknown[] = [];
    constructor(...args: unknown[]) {
      const [, , options] = args as [string, string, { linux?: { store?: string } }?];
      if (options?.linux?.store !== "secret-service") throw Object.assign(new Error("no variant"), { code: "InvalidArg" });
      Entry.made.push(args);
    }
  }
  const as = (made: unknown) => ({ AsyncEntry: made }) as never;

  test("is told to use the Secret Service or nothing, whatever it is asked for", () => {
    pinned(as(Entry)).open("service", "account");
    expect(Entry.made).toEqual([["service", "account", { linux: { store: "secret-service" } }]]);
  });

  test("that does not know where it should put secrets is too old", () => {
    class Old {}
    class Failing {
      constructor() {
        throw new Error("no service");
      }
    }
    for (const old of [Old, Failing]) {
      expect(() => pinned(as(old))).toThrow(
        expect.objectContaining({
          code: "slot/keychain-package",
          message: expect.stringContaining("npm install @napi-rs/keyring"),
        }) as never,
      );
    }
  });

  test("the one that is installed here knows", async () => {
    const { AsyncEntry } = await import("@napi-rs/keyring");
    expect(() => pinned({ AsyncEntry })).not.toThrow();
    expect(toHex(keyOf(1))).toHaveLength(64);
  });
});
