import { describe, expect, test } from "vitest";
import { utf8 } from "../../src/base/bytes.ts";
import { verify } from "../../src/keys/ed25519.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { createVault, openVault } from "../../src/vault/open.ts";
import { passphrase } from "../../src/vault/passphrase.ts";
import { suiteNames } from "../../src/vault/seal.ts";
import { everyStore } from "../here/every-store.ts";
import { printed } from "../here/host.ts";
import { dump, keyOf, rawSlot } from "./setting.ts";

const slot = rawSlot(keyOf(1));

describe.each(everyStore)("a vault on %s", (_, makeStore) => {
  test("what was committed is there after lock and open", async () => {
    const store = makeStore();
    const vault = await createVault({ store, slots: [slot], state: { mode: "normal" }, records: { "account/1": { name: "Main" } } });
    await vault.transact((tx) => {
      tx.put("account/2", { name: "Savings" });
      tx.put("hold/1", { amount: "10" });
      tx.setState({ mode: "frozen" });
      tx.blob("entry/0", utf8("first entry"));
      tx.putSecret("seed/1", utf8("sixteen bytes of"));
    });
    await vault.transact((tx) => {
      tx.delete("hold/1");
      tx.blob("entry/1", utf8("second entry"));
    });
    await vault.transact((tx) => tx.deleteBlob("entry/1"));
    vault.lock();
    const again = await openVault({ store, slot });
    expect(again.id).toBe(vault.id);
    expect(await again.read((view) => [view.state, view.epoch, [...view.list("")]])).toEqual([
      { mode: "frozen" },
      4,
      [
        ["account/1", { name: "Main" }],
        ["account/2", { name: "Savings" }],
      ],
    ]);
    expect(await again.read((view) => [...view.list("account/2")].length)).toBe(1);
    expect(await again.readBlob("entry/0")).toEqual(utf8("first entry"));
    expect(await again.readBlob("entry/1")).toBeUndefined();
    expect(await again.withSecret("seed/1", async (secret) => secret.slice())).toEqual(utf8("sixteen bytes of"));
    await store.close();
  });

  test("a second vault in a store is refused, and of two racing creators one wins", async () => {
    const store = makeStore();
    const outcomes = await Promise.allSettled([1, 2].map((n) => createVault({ store, slots: [rawSlot(keyOf(n))], state: n })));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "vault/exists" } });
    await expect(createVault({ store, slots: [slot], state: null })).rejects.toMatchObject({ code: "vault/exists" });
    await store.close();
  });
});

describe("opening", () => {
  test("an empty store has no vault", async () => {
    await expect(openVault({ store: memoryStore(), slot })).rejects.toMatchObject({ code: "vault/absent" });
  });

  test("a wrong key, another kind of slot and a damaged slot are one answer", async () => {
    const store = memoryStore();
    await createVault({ store, slots: [slot], state: null });
    const answers = [];
    for (const wrong of [rawSlot(keyOf(2)), rawSlot(new Uint8Array(32)), { ...slot, kind: "other" }]) {
      answers.push(await openVault({ store, slot: wrong }).catch((error) => error));
    }
    for (const answer of answers) {
      expect(answer).toMatchObject({ code: "vault/cannot-open", message: answers[0].message });
      expect(answer.cause).toBeUndefined();
    }
  });

  test("a slot with other parameters does not open, even if its secret does not depend on them", async () => {
    const store = memoryStore();
    await createVault({ store, slots: [slot], state: null });
    const header = new TextDecoder().decode(await store.get("vault"));
    await store.commit([{ key: "vault", to: utf8(header.replace('"for tests"', '"for thieves"')) }]);
    await expect(openVault({ store, slot })).rejects.toMatchObject({ code: "vault/cannot-open" });
  });

  test("every slot of several opens the same vault, and a view slot opens no more than view", async () => {
    const store = memoryStore();
    const slots = [slot, rawSlot(keyOf(2))];
    const created = await createVault({ store, slots, viewSlots: [rawSlot(keyOf(3))], state: 7 });
    await created.transact((tx) => {
      tx.put("a", 1);
      tx.putSecret("s", utf8("secret"));
    });
    expect((await openVault({ store, slot: rawSlot(keyOf(2)) })).access).toBe("sign");
    expect(created.slots.map(({ kind, access }) => [kind, access])).toEqual([
      ["raw", "sign"],
      ["raw", "sign"],
      ["raw", "view"],
    ]);
    for (const view of [
      await openVault({ store, slot: rawSlot(keyOf(3)) }),
      await openVault({ store, slot, access: "view" }),
      await openVault({ store, slot: rawSlot(keyOf(3)), access: "sign" }),
    ]) {
      expect(view.access).toBe("view");
      expect(await view.read((look) => [look.state, look.get("a")])).toEqual([7, 1]);
      expect(view.checkpointPublicKey).toEqual(created.checkpointPublicKey);
      await expect(view.transact(() => 1)).rejects.toMatchObject({ code: "vault/view-only" });
      await expect(view.withSecret("s", async () => 1)).rejects.toMatchObject({ code: "vault/view-only" });
      expect(() => view.signCheckpoint(utf8("head"))).toThrowError(expect.objectContaining({ code: "vault/view-only" }));
    }
  });

  test("both suites work, and neither opens as the other", async () => {
    for (const suite of suiteNames) {
      const store = memoryStore();
      await createVault({ store, slots: [slot], state: suite, suite, records: { a: 1 } });
      expect(await (await openVault({ store, slot })).read((view) => [view.state, view.get("a")])).toEqual([suite, 1]);
      const other = suiteNames.find((name) => name !== suite) ?? suite;
      const header = new TextDecoder().decode(await store.get("vault"));
      await store.commit([{ key: "vault", to: utf8(header.replace(`"suite":"${suite}"`, `"suite":"${other}"`)) }]);
      await expect(openVault({ store, slot })).rejects.toMatchObject({ code: "vault/cannot-open" });
    }
  });

  test("an abort before or while a slot opens ends in vault/aborted", async () => {
    const store = memoryStore();
    await expect(createVault({ store, slots: [slot], state: 0, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "vault/aborted",
    });
    expect((await dump(store)).size).toBe(0);
    await createVault({ store, slots: [slot], state: 0 });
    await expect(openVault({ store, slot, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "vault/aborted" });
    const stop = new AbortController();
    const slow = {
      ...slot,
      open: async () => {
        stop.abort();
        return keyOf(1);
      },
    };
    await expect(openVault({ store, slot: slow, signal: stop.signal })).rejects.toMatchObject({ code: "vault/aborted" });
  });

  test("a passphrase opens what it closed, in any Unicode form, and nothing else does", async () => {
    const store = memoryStore();
    const cost = { memoryKiB: 19 * 1024, passes: 2, lanes: 1 };
    const seen: number[] = [];
    await createVault({ store, slots: [passphrase("Zürich Straße ﬁ", { cost })], state: 1, onProgress: (done) => seen.push(done) });
    expect(seen.at(-1)).toBe(1);
    const vault = await openVault({ store, slot: passphrase(utf8("Zu\u0308rich Straße fi")) });
    expect(vault.access).toBe("sign");
    await expect(openVault({ store, slot: passphrase("Zürich Strasse fi") })).rejects.toMatchObject({ code: "vault/cannot-open" });
  }, 20_000);
});

describe("locking", () => {
  test("everything after lock is vault/locked, locking twice is once, and waiting jobs fail", async () => {
    const vault = await createVault({ store: memoryStore(), slots: [slot], state: null, records: { a: 1 } });
    const waiting = [vault.transact((tx) => tx.put("a", 2)), vault.read((view) => view.get("a"))];
    vault.lock();
    vault.lock();
    for (const wait of waiting) await expect(wait).rejects.toMatchObject({ code: "vault/locked" });
    await expect(vault.read(() => 1)).rejects.toMatchObject({ code: "vault/locked" });
    await expect(vault.transact(() => 1)).rejects.toMatchObject({ code: "vault/locked" });
    await expect(vault.withSecret("s", async () => 1)).rejects.toMatchObject({ code: "vault/locked" });
    await expect(vault.readBlob("b")).rejects.toMatchObject({ code: "vault/locked" });
    expect(() => vault.signCheckpoint(utf8("x"))).toThrowError(expect.objectContaining({ code: "vault/locked" }));
  });

  test("a lock at any await of a commit never writes what cannot be opened again", async () => {
    for (let ticks = 0; ticks < 12; ticks++) {
      const store = memoryStore();
      const vault = await createVault({ store, slots: [slot], state: 0, records: { a: 1 } });
      const job = vault
        .transact((tx) => tx.put("a", 2))
        .then(
          () => 2,
          (error) => error.code,
        );
      for (let tick = 0; tick < ticks; tick++) await undefined;
      vault.lock();
      const outcome = await job;
      const value = await (await openVault({ store, slot })).read((view) => view.get("a"));
      if (outcome === 2) expect(value).toBe(2);
      else expect(outcome).toBe("vault/locked");
    }
  });

  test("a lock at any await of a look that reads news brings nothing readable back", async () => {
    let told = 0;
    let late = 0;
    for (let ticks = 0; ticks < 40; ticks++) {
      const store = memoryStore();
      let locked = false;
      const apply = () => {
        if (locked) late++;
        told++;
      };
      const vault = await createVault({ store, slots: [slot], state: 0, index: { apply } });
      const other = await openVault({ store, slot });
      await other.transact((tx) => tx.put("a", 1));
      const look = vault.read((view) => view.get("a")).catch((error) => error.code);
      for (let tick = 0; tick < ticks; tick++) await undefined;
      vault.lock();
      locked = true;
      expect([1, "vault/locked"]).toContain(await look);
    }
    expect(late).toBe(0);
    // In the longest of these runs the news arrived before the lock.
    expect(told).toBeGreaterThan(0);
  });

  test("the secret lent out is wiped after use, after an error, and by lock, whose result is thrown away", async () => {
    const vault = await createVault({ store: memoryStore(), slots: [slot], state: null });
    const own = utf8("entropy of a wallet");
    await vault.transact((tx) => tx.putSecret("s", own));
    expect(own).toEqual(utf8("entropy of a wallet"));
    const lent: Uint8Array[] = [];
    await vault.withSecret("s", async (secret) => void lent.push(secret));
    await expect(
      vault.withSecret("s", async (secret) => {
        lent.push(secret);
        throw new Error("signing failed");
      }),
    ).rejects.toThrow("signing failed");
    const held = vault.withSecret("s", async (secret) => {
      lent.push(secret);
      expect(secret).toEqual(own);
      vault.lock();
      expect(secret.every((byte) => byte === 0)).toBe(true);
      return "signature";
    });
    await expect(held).rejects.toMatchObject({ code: "vault/locked" });
    expect(lent).toHaveLength(3);
    for (const secret of lent) expect(new Uint8Array(secret.buffer).every((byte) => byte === 0)).toBe(true);
  });

  test("a slot's secret is wiped by whoever is handed it, whether the vault opens or not", async () => {
    const store = memoryStore();
    const handed: Uint8Array[] = [];
    const spy = (key: Uint8Array) => {
      const real = rawSlot(key);
      const open = async (...given: Parameters<typeof real.open>) => {
        const secret = await real.open(...given);
        handed.push(secret);
        return secret;
      };
      const enrol = async (...given: Parameters<typeof real.enrol>) => {
        const enrolment = await real.enrol(...given);
        handed.push(enrolment.secret);
        return enrolment;
      };
      return { ...real, open, enrol };
    };
    await createVault({ store, slots: [spy(keyOf(1))], state: null });
    await openVault({ store, slot: spy(keyOf(1)) });
    await expect(openVault({ store, slot: spy(keyOf(9)) })).rejects.toMatchObject({ code: "vault/cannot-open" });
    expect(handed).toHaveLength(3);
    for (const secret of handed) expect(secret.every((byte) => byte === 0)).toBe(true);
  });

  test("the roots made at creation are wiped with the vault", async () => {
    const drawn: Uint8Array[] = [];
    const random = (length: number) => {
      const bytes = crypto.getRandomValues(new Uint8Array(length));
      drawn.push(bytes);
      return bytes;
    };
    const vault = await createVault({ store: memoryStore(), slots: [slot], state: null }, random);
    vault.lock();
    // Vault id (16), slot id (8) and nonces (24) are public; the 32-byte draws are roots and ephemeral keys.
    const secrets = drawn.filter(({ length }) => length === 32);
    expect(secrets).toHaveLength(5);
    for (const secret of secrets) expect(secret.every((byte) => byte === 0)).toBe(true);
  });

  test("printing a vault shows whether it is open and nothing else", async () => {
    const vault = await createVault({ store: memoryStore(), slots: [slot], state: { word: "private" } });
    expect([printed(vault), JSON.stringify(vault), `${vault}`]).toEqual(["Vault(open)", '"Vault(open)"', "Vault(open)"]);
    expect(Object.values(vault)).toEqual([]);
    vault.lock();
    expect(printed(vault)).toBe("Vault(locked)");
  });

  test("a checkpoint signature verifies under the key that the vault names", async () => {
    const vault = await createVault({ store: memoryStore(), slots: [slot], state: null });
    const message = utf8("log head");
    expect(verify({ publicKey: vault.checkpointPublicKey, message, signature: vault.signCheckpoint(message) })).toBe(true);
  });
});

describe("secrets", () => {
  test("a secret is not among the records, is replaced and removed, and absent ones have a code", async () => {
    const store = memoryStore();
    const vault = await createVault({ store, slots: [slot], state: null });
    await vault.transact((tx) => tx.putSecret("s", utf8("one")));
    expect(await vault.read((view) => [...view.list("")])).toEqual([]);
    await vault.transact((tx) => tx.putSecret("s", utf8("two")));
    expect(await vault.withSecret("s", async (secret) => secret.slice())).toEqual(utf8("two"));
    const before = (await dump(store)).size;
    await vault.transact((tx) => tx.deleteSecret("s"));
    expect((await dump(store)).size).toBeLessThan(before);
    await expect(vault.withSecret("s", async () => 1)).rejects.toMatchObject({ code: "vault/no-such-secret" });
  });

  test("a job that writes a secret in a second handle is followed by the first", async () => {
    const store = memoryStore();
    const one = await createVault({ store, slots: [slot], state: null });
    const two = await openVault({ store, slot });
    await two.transact((tx) => tx.putSecret("s", utf8("two")));
    expect(await one.withSecret("s", async (secret) => secret.slice())).toEqual(utf8("two"));
  });
});
