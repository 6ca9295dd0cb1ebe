import { describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { keyward, type PeerEvent, type Store } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { broken, codeOf, FRIEND, openCustody, payments, reopen, request, slot, transaction } from "./fixture.ts";

/** A store whose users hear of each other at once, each but itself. Real ones are tabs of a browser: see `test/browser/tabs.test.ts`. */
function sharedStore(store: Store = memoryStore()): { readonly store: Store; readonly told: PeerEvent[]; say(event: Heard): void } {
  const members = new Set<(event: Heard) => void>();
  const told: PeerEvent[] = [];
  const join: Store["join"] = (hear) => {
    members.add(hear);
    return {
      tell(event) {
        told.push(event);
        for (const other of members) if (other !== hear) other(event);
      },
    };
  };
  const bound = { get: store.get, commit: store.commit, keys: store.keys, now: store.now, close: store.close };
  for (const [name, method] of Object.entries(bound)) Object.assign(bound, { [name]: method.bind(store) });
  return {
    store: { ...bound, join },
    told,
    say: (event) => {
      for (const member of members) member(event);
    },
  };
}

type Heard = PeerEvent | "suspended";

const custodyOf = (store: Store, autoLockMs = 600_000) => keyward({ store, chains: [evm], autoLockMs });
const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("custodies that hear of each other", () => {
  test("lock when one of them is locked, and none of them says so again", async () => {
    const { store, told } = sharedStore();
    const { custody } = await openCustody({ store });
    const second = await reopen(store);
    expect(told).toEqual(["created"]);
    custody.lock();
    expect([custody.state, second.custody.state]).toEqual(["locked", "locked"]);
    expect(told).toEqual(["created", "locked"]);
    expect(await codeOf(second.me.sign(request(transaction())))).toBe("vault/locked");
  });

  test("stop what is just opening when one of them is locked", async () => {
    const { store } = sharedStore();
    const { custody } = await openCustody({ store });
    const second = custodyOf(store);
    const opening = second.unlock(slot);
    await second.status();
    custody.lock();
    expect([await codeOf(opening), second.state]).toEqual(["vault/locked", "locked"]);
  });

  test("hear nothing of a lock for idleness, of an opening, or of one that opens further", async () => {
    const { store, told } = sharedStore();
    await openCustody({ store });
    const second = custodyOf(store, 20);
    await second.unlock(slot, { access: "view" });
    await second.unlock(slot);
    await expect.poll(() => second.state, { interval: 5 }).toBe("locked");
    expect(told).toEqual(["created"]);
  });

  test("learn that there is a vault now, if there is one", async () => {
    const { store, say } = sharedStore();
    const second = custodyOf(store);
    expect(await second.status()).toBe("absent");
    say("created");
    await soon();
    expect(second.state).toBe("absent");
    await openCustody({ store });
    await soon();
    expect(second.state).toBe("locked");
    // Nor does it turn an open one into anything.
    await second.unlock(slot);
    say("created");
    await soon();
    expect(second.state).toBe("open");
  });

  test("take no harm from a store that fails while they look", async () => {
    const inner = memoryStore();
    let failing = false;
    const get: Store["get"] = async (key) => {
      if (failing) throw broken();
      return inner.get(key);
    };
    const { store, say } = sharedStore(Object.assign(Object.create(inner), { get }));
    const custody = custodyOf(store);
    await custody.status();
    failing = true;
    say("created");
    await soon();
    expect(custody.state).toBe("absent");
  });

  test("lock when their page is put away, unless they lock never", async () => {
    const { store, say } = sharedStore();
    const { custody } = await openCustody({ store });
    const second = custodyOf(store);
    await second.unlock(slot);
    say("suspended");
    expect([custody.state, second.state]).toEqual(["open", "locked"]);
  });
});

describe("what a platform can do", () => {
  test("is told before there is anything, and is undefined where nobody can say", async () => {
    const support = await custodyOf(memoryStore()).support();
    expect(support).toMatchObject({ randomness: true, webCrypto: true, store: true, sharedLocks: false });
    expect([support.persisted, support.freeBytes]).toEqual([undefined, undefined]);
    if (globalThis.document === undefined) expect([support.secureContext, support.passkeyPrf]).toEqual([undefined, undefined]);
    else expect(support.secureContext).toBe(true);
    const shared = custodyOf({ ...sharedStore().store, keeping: async () => ({ persisted: false, freeBytes: 5_999_999 }) });
    expect(await shared.support()).toMatchObject({ sharedLocks: true, persisted: false, freeBytes: 5_999_999 });
    expect(await shared.diagnose()).toContain("store answers yes, persisted no, room 5 MB, locks shared yes");
  });

  test("is told of a store that does not answer too", async () => {
    const store: Store = { ...sharedStore().store, get: () => Promise.reject(broken()) };
    expect((await custodyOf(store).support()).store).toBe(false);
    expect(await custodyOf(store).diagnose()).toContain("store answers no, persisted unknown, room unknown");
  });

  test("stands in a report that names nothing of the vault", async () => {
    const { custody, me, account } = await openCustody({ store: memoryStore(), policy: payments() });
    await me.sign(request(transaction({ value: 123_456_789n })));
    const text = await custody.diagnose();
    expect(text).toContain("keyward: open\n");
    for (const told of [account.address, account.id, FRIEND, "Main", "owner", "pay-eth", "123456789", custody.id, "friend", "ETH"]) {
      expect([told, text.toLowerCase().includes(told.toLowerCase())]).toEqual([told, false]);
    }
    custody.lock();
    expect((await custody.diagnose()).split("\n")).toHaveLength(3);
  });
});
