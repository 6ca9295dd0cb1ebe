import { describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { type Custody, CustodyError, type CustodyState, keyward, passphrase, type Slot, type Store } from "../../src/index.ts";
import { freshStore } from "../here/fresh-store.ts";
import { uncaught } from "../here/host.ts";
import {
  ACCOUNT,
  ana,
  broken,
  type Call,
  CHAIN,
  checkedLog,
  codeOf,
  ETHER,
  ethLimit,
  hooked,
  hookedChain,
  KEY,
  kindsOf,
  MALLORY,
  openCustody,
  payments,
  reopen,
  request,
  slot,
  transaction,
  wrongSlot,
} from "./fixture.ts";

const NEVER = Number.POSITIVE_INFINITY;

function closed(store: Store = freshStore(), more: object = {}) {
  return keyward({ store, chains: [evm], autoLockMs: NEVER, ...more });
}

function afterSteps(steps: number, run: () => void): void {
  if (steps === 0) run();
  else queueMicrotask(() => afterSteps(steps - 1, run));
}

const first = { slot, policy: payments(), wallet: { from: "privateKey", privateKey: KEY } } as const;

/** A slot that counts how often it is asked for its secret. */
function counting(inner: Slot = slot): Slot & { opened: number } {
  const counter = {
    kind: inner.kind,
    opened: 0,
    enrol: inner.enrol,
    open: async (...asked: Parameters<Slot["open"]>) => {
      counter.opened++;
      return inner.open(...asked);
    },
  };
  return counter;
}

describe("the states", () => {
  test("are told in their order, and everybody who watches is told each change once", async () => {
    const custody = closed();
    const seen: CustodyState[] = [];
    const stop = custody.subscribe((state) => seen.push(state));
    expect(custody.state).toBe("unknown");
    expect(await custody.status()).toBe("absent");
    await custody.create(first);
    custody.lock();
    custody.lock();
    await custody.unlock(slot);
    stop();
    custody.lock();
    expect(seen).toEqual(["absent", "opening", "open", "locked", "opening", "open"]);
    expect(custody.state).toBe("locked");
  });

  test("nothing is touched before it is asked for", () => {
    const untouchable = hooked(freshStore(), {
      before: () => {
        throw new Error("touched");
      },
    });
    expect(closed(untouchable).state).toBe("unknown");
  });

  test("without a vault nothing opens, and what was locked answers nothing", async () => {
    const custody = closed();
    expect(await codeOf(custody.unlock(slot))).toBe("vault/absent");
    expect(custody.state).toBe("absent");
    const opened = await openCustody();
    opened.custody.lock();
    for (const ask of [
      () => opened.me.sign(request(transaction())),
      () => opened.me.explain(request(transaction())),
      () => opened.me.submit({ act: "modeChange", mode: "frozen" }),
      () => opened.me.accounts.list(),
      () => opened.custody.session({ person: "owner" }),
      () => opened.custody.policy(),
      () => opened.custody.history().next(),
      () => opened.custody.checkpoint(),
      () => opened.custody.exportLog().next(),
    ])
      expect(await codeOf((async () => ask())())).toBe("vault/locked");
    expect(JSON.stringify(opened.custody)).toBe('"Custody(locked)"');
  });

  test("a watcher that throws stops neither the others nor the custody", async () => {
    const custody = closed();
    const thrown = await uncaught(async () => {
      custody.subscribe(() => {
        throw new Error("the app's own fault");
      });
      const seen: CustodyState[] = [];
      custody.subscribe((state) => seen.push(state));
      await custody.create(first);
      expect(seen.at(-1)).toBe("open");
    });
    expect(thrown.length).toBeGreaterThan(0);
  });

  test("damage is a state of its own", async () => {
    const { store, custody } = await openCustody();
    custody.lock();
    const root = (await store.get("root")) ?? new Uint8Array();
    root[root.length - 1] = (root[root.length - 1] ?? 0) ^ 1;
    await store.commit([{ key: "root", to: root }]);
    const later = closed(store);
    expect(await codeOf(later.unlock(slot))).toBe("vault/damaged");
    expect(later.state).toBe("failed");
  });
});

describe("creating", () => {
  test("a policy that cannot be read leaves no vault behind", async () => {
    const store = freshStore();
    const custody = closed(store);
    expect(await codeOf(custody.create({ ...first, policy: { keyward: "policy/1", rules: [{ id: "x", allow: ["everything"] }] } }))).toBe(
      "policy/invalid",
    );
    expect(await codeOf(custody.create({ ...first, wallet: { from: "mnemonic", mnemonic: "abandon abandon" } }))).toBe("keys/bad-mnemonic");
    const keys: string[] = [];
    for await (const key of store.keys()) keys.push(key);
    expect(keys).toEqual([]);
    expect(await custody.status()).toBe("absent");
  });

  test("by two at once makes one vault; who came second learns that there is one", async () => {
    const store = freshStore();
    const [left, right] = [closed(store), closed(store)];
    const codes = await Promise.all([codeOf(left.create(first)), codeOf(right.create(first))]);
    expect(codes.sort()).toEqual(["nothing was thrown", "vault/exists"]);
    expect([left.state, right.state].sort()).toEqual(["locked", "open"]);
    const late = left.state === "locked" ? left : right;
    await late.unlock(slot);
    expect(kindsOf(await checkedLog(late))).toBe("created policy account opened");
  });

  test("twice from one custody leaves it open, and saying so", async () => {
    const custody = closed();
    const codes = await Promise.all([codeOf(custody.create(first)), codeOf(custody.create(first))]);
    expect(codes.sort()).toEqual(["nothing was thrown", "vault/exists"]);
    expect(custody.state).toBe("open");
    expect(await codeOf(custody.create(first))).toBe("vault/exists");
    expect(custody.state).toBe("open");
    expect((await custody.session({ person: "owner" })).person).toBe("owner");
  });
});

describe("unlocking", () => {
  test("twice at once asks the slot for its secret once", async () => {
    const { store, custody } = await openCustody();
    custody.lock();
    const counted = counting();
    const later = closed(store);
    await Promise.all([later.unlock(counted), later.unlock(counted), later.unlock(counted)]);
    await later.unlock(counted);
    expect(counted.opened).toBe(1);
    expect(kindsOf(await checkedLog(later)).match(/opened/g)).toHaveLength(1);
  });

  test("twice at once stretches a passphrase once", { timeout: 60_000 }, async () => {
    const store = freshStore();
    const words = "correct horse battery staple";
    const custody = closed(store);
    await custody.create({ slot: passphrase(words), policy: payments(), wallet: null });
    custody.lock();
    let steps = 0;
    let last = 0;
    const counts = {
      onProgress: (done: number) => {
        if (done < last) steps++;
        last = done;
      },
    };
    const same = passphrase(words);
    await Promise.all([custody.unlock(same, counts), custody.unlock(same, counts)]);
    // Progress only ever grew, so nothing was begun twice.
    expect(steps).toBe(0);
    expect(last).toBe(1);
    expect(custody.state).toBe("open");
  });

  test("with a wrong secret is counted, and the next opening reports it", async () => {
    const { store, custody } = await openCustody();
    custody.lock();
    for (let n = 0; n < 3; n++) {
      expect(await codeOf(custody.unlock(wrongSlot))).toBe("vault/cannot-open");
      expect(custody.state).toBe("locked");
    }
    expect(await codeOf(closed(store).unlock(wrongSlot))).toBe("vault/cannot-open");
    await custody.unlock(slot);
    expect((await checkedLog(custody)).at(-1)).toMatchObject({ kind: "opened", failures: 4 });
    custody.lock();
    await custody.unlock(slot);
    expect((await checkedLog(custody)).at(-1)).toMatchObject({ kind: "opened", failures: 0 });
  });

  test("that is not in the log has not happened: nothing is open afterwards", async () => {
    const store = freshStore();
    const { custody } = await openCustody({ store });
    custody.lock();
    let fails = true;
    const later = closed(
      hooked(store, {
        before: (call) => {
          if (fails && call.on === "commit") throw broken();
        },
      }),
    );
    expect(await codeOf(later.unlock(slot))).toBe("store/failed");
    expect(later.state).toBe("locked");
    expect(await codeOf(later.session({ person: "owner" }))).toBe("vault/locked");
    fails = false;
    await later.unlock(slot);
    expect((await checkedLog(later)).at(-1)?.kind).toBe("opened");
  });

  test("can be ended by a lock while it is under way", async () => {
    const { store, custody } = await openCustody();
    custody.lock();
    const later = closed(store);
    const opening = later.unlock(slot);
    later.lock();
    expect(await codeOf(opening)).toBe("vault/locked");
    expect(later.state).toBe("locked");
    expect(await codeOf(later.policy())).toBe("vault/locked");
  });

  test("leaves nothing open behind a lock, at whichever moment of it that comes", async () => {
    const { store, custody } = await openCustody();
    custody.lock();
    let calls = 0;
    const counted = closed(hooked(store, { after: () => calls++ }));
    await counted.unlock(slot, { access: "view" });
    counted.lock();
    expect(calls).toBeGreaterThan(2);
    for (let last = calls; last > 0; last--) {
      // Between two calls on the store are steps that wait for nothing: a lock can come between any two of them.
      for (let steps = 0; steps < 20; steps++) {
        let call = 0;
        const after = () => {
          if (++call === last) afterSteps(steps, () => later.lock());
        };
        const later: Custody = closed(hooked(store, { after }));
        const opening = await codeOf(later.unlock(slot, { access: "view" }));
        await new Promise((resolve) => setTimeout(resolve));
        expect([last, steps, later.state]).toEqual([last, steps, "locked"]);
        expect(["vault/locked", "nothing was thrown"]).toContain(opening);
      }
    }
  });

  test("to view lists accounts, policy and history, and signs nothing", async () => {
    const { store, custody, account, me } = await openCustody();
    await me.sign(request(transaction()));
    custody.lock();
    const viewer = closed(store);
    await viewer.unlock(slot, { access: "view" });
    expect(await viewer.accounts()).toEqual([account]);
    expect((await viewer.policy()).version).toBe(1);
    const kinds: string[] = [];
    for await (const { kind } of viewer.history()) kinds.push(kind);
    expect(kinds.join(" ")).toBe("created policy account session account reserved signed");
    expect(await codeOf(viewer.session({ person: "owner" }))).toBe("vault/view-only");
    expect(await codeOf(viewer.checkpoint())).toBe("vault/view-only");
    await viewer.unlock(slot);
    expect((await viewer.session({ person: "owner" })).person).toBe("owner");
  });
});

describe("locking", () => {
  test("during sign lets nothing leave, at whichever call on the store it comes", async () => {
    const outcomes = new Set<string>();
    for (let stop = 1; stop < 40; stop++) {
      const made: Uint8Array[] = [];
      let calls = 0;
      let armed = false;
      const inner = freshStore();
      const { custody, me } = await openCustody({
        store: hooked(inner, {
          before: () => {
            if (armed && ++calls === stop) custody.lock();
          },
        }),
        chains: [hookedChain({ assembled: ({ bytes }) => made.push(bytes) })],
      });
      armed = true;
      const outcome = await me.sign(request(transaction())).then(
        ({ kind }) => kind,
        (cause) => (cause as CustodyError).code,
      );
      outcomes.add(outcome);
      if (outcome === "signed") {
        const { custody: later } = await reopen(inner);
        expect(kindsOf(await checkedLog(later))).toContain("reserved signed");
        if (calls < stop) break;
        continue;
      }
      expect(outcome).toBe("vault/locked");
      for (const bytes of made) expect(bytes.every((byte) => byte === 0)).toBe(true);
      const { custody: later } = await reopen(inner);
      await checkedLog(later);
    }
    expect([...outcomes].sort()).toEqual(["signed", "vault/locked"]);
  });

  test("comes by itself when nothing was asked for long enough, and every call puts it off", async () => {
    const { custody } = await openCustody({ autoLockMs: 120 });
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    for (let n = 0; n < 4; n++) {
      await wait(50);
      await custody.policy();
    }
    expect(custody.state).toBe("open");
    await wait(300);
    expect(custody.state).toBe("locked");
    const patient = await openCustody({ autoLockMs: 40 * 24 * 3_600_000 });
    await wait(5);
    expect(patient.custody.state).toBe("open");
  });
});

describe("a store that fails", () => {
  const limited = payments([ethLimit("10 ETH")]);

  /** A whole life over `store`; each step is done again until it succeeds, as an app would. */
  async function live(store: Store): Promise<readonly string[]> {
    const codes: string[] = [];
    const custody = closed(store);
    const insist = async <T>(step: () => Promise<T>): Promise<T> => {
      for (let attempt = 0; attempt < 4; attempt++) {
        try {
          return await step();
        } catch (cause) {
          if (!(cause instanceof CustodyError)) throw cause;
          codes.push(cause.code);
        }
      }
      throw new Error(`it never succeeded: ${codes.join(" ")}`);
    };
    const enter = async () => {
      if (custody.state !== "open") await custody.unlock(slot);
    };
    await insist(async () => {
      // What was written although the store said no is there, and the app opens it.
      const made = await codeOf(custody.create({ ...first, policy: limited }));
      if (made === "vault/exists") return enter();
      if (made !== "nothing was thrown") throw new CustodyError(made as CustodyError["code"], "create");
    });
    const me = await insist(() => custody.session({ person: "owner" }));
    const account = await insist(async () => {
      const [known] = await custody.accounts();
      return known ?? me.accounts.derive({ chain: CHAIN, name: "Main" });
    });
    expect(account.address).toBe(ACCOUNT);
    const sign = (nonce: number, ether: bigint, to?: string) => {
      const payload = transaction({ nonce, value: ether * ETHER, ...(to !== undefined && { to }) });
      return insist(async () => {
        await enter();
        return (await me.sign(request(payload))).kind;
      });
    };
    expect(await sign(0, 6n)).toBe("signed");
    expect(await sign(1, 6n)).toBe("denied");
    expect(await sign(2, 1n, MALLORY)).toBe("denied");
    custody.lock();
    await insist(enter);
    expect(await sign(3, 4n)).toBe("signed");
    expect(await sign(4, 1n)).toBe("denied");
    custody.lock();
    return codes;
  }

  test.each<[string, Call["on"], "before" | "after"]>([
    ["refuses its n-th commit", "commit", "before"],
    ["makes its n-th commit and says that it did not", "commit", "after"],
    ["fails at its n-th reading", "get", "before"],
    ["fails to tell the time for the n-th time", "now", "before"],
  ])("once, when it %s, leaves the old state or the new one, and the log verifies", { timeout: 60_000 }, async (_, on, when) => {
    let total = 0;
    expect(await live(hooked(freshStore(), { before: (call) => call.on === on && total++ }))).toEqual([]);
    let failed = 0;
    for (let n = 1; n <= total; n++) {
      let calls = 0;
      const fail = (call: Call) => {
        if (call.on === on && ++calls === n) throw broken();
      };
      const store = freshStore();
      const codes = await live(hooked(store, { [when]: fail }));
      // Nothing but the store's own word.
      expect([n, codes.filter((code) => code !== "store/failed")]).toEqual([n, []]);
      failed += codes.length;
      const entries = await checkedLog((await reopen(store)).custody);
      expect([n, entries.filter(({ kind }) => kind === "signed").length]).toEqual([n, 2]);
    }
    expect(failed).toBeGreaterThan(0);
  });
});

describe("a flood of denials", () => {
  test("is written out a hundred times an hour and then counted; signing goes on, and the log says how many", async () => {
    const time = { now: Date.UTC(2026, 0, 1) };
    const store = freshStore({ now: () => time.now });
    const { custody, me } = await openCustody({ store });
    const records = async () => {
      let count = 0;
      for await (const _ of store.keys()) count++;
      return count;
    };
    const flood = (from: number, count: number) =>
      Promise.all(Array.from({ length: count }, (_, n) => me.sign(request(transaction({ nonce: from + n, to: MALLORY })))));
    const first = await flood(0, 130);
    expect(first.every(({ kind }) => kind === "denied")).toBe(true);
    expect(first.filter((outcome) => "entry" in outcome)).toHaveLength(100);
    const size = await records();
    await flood(1000, 170);
    await expect(me.sign(request("0x02c0"))).rejects.toThrow();
    expect(await records()).toBe(size);

    expect((await me.sign(request(transaction()))).kind).toBe("signed");
    const entries = await checkedLog(custody);
    expect(entries.filter(({ kind }) => kind === "denied")).toHaveLength(100);
    expect(kindsOf(entries)).toMatch(/ denied denials reserved signed$/);
    expect(entries.find(({ kind }) => kind === "denials")).toMatchObject({ count: 201, since: time.now });

    time.now += 3_600_000;
    const [next] = await flood(2000, 1);
    expect(next).toHaveProperty("entry");
    expect(kindsOf(await checkedLog(custody))).toMatch(/ signed denied$/);
  });
});

test("denials that were only counted are told before an act, too", async () => {
  const policy = payments([{ id: "stop", allow: ["modeChange"] }]);
  const { custody, me } = await openCustody({ policy });
  await Promise.all(Array.from({ length: 103 }, (_, nonce) => me.sign(request(transaction({ nonce, to: MALLORY })))));
  expect((await me.submit({ act: "modeChange", mode: "frozen" })).kind).toBe("done");
  const entries = await checkedLog(custody);
  expect(kindsOf(entries)).toMatch(/ denied denials acted mode$/);
  expect(entries.find(({ kind }) => kind === "denials")).toMatchObject({ count: 3 });
});

test("a session that was ended asks for nothing any more, and the others go on", async () => {
  const { custody, me } = await openCustody({ policy: payments([], { people: [ana] }) });
  const anas = await custody.session({ person: "ana", credential: ana.credential });
  await anas.end();
  expect(await codeOf(anas.sign(request(transaction())))).toBe("session/ended");
  expect((await me.sign(request(transaction()))).kind).toBe("signed");
  await checkedLog(custody);
});
