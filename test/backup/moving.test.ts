import { describe, expect, test } from "vitest";
import { verifyBackup } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import * as f from "../custody/fixture.ts";
import * as b from "./setting.ts";

const pay = (nonce: number) => f.request(f.transaction({ value: 1n, nonce }));

/** A vault whose store runs `meanwhile` before every so many reads of a backup. */
async function moving(meanwhile: (nonce: number) => Promise<unknown>, every: number) {
  const store = memoryStore();
  const opened = await f.openCustody({ store, policy: b.policy() });
  for (let nonce = 0; nonce < 20; nonce++) await opened.me.sign(pay(nonce));
  opened.custody.lock();
  let reads = 0;
  let nonce = 1000;
  let moves = 0;
  let armed = false;
  const slow = f.hooked(store, {
    before: async ({ on }) => {
      if (!armed || on !== "get" || ++reads % every !== 0) return;
      armed = false;
      moves++;
      await meanwhile(nonce++);
      armed = true;
    },
  });
  const { custody, me } = await f.reopen(slow);
  return {
    custody,
    me,
    store,
    moves: () => moves,
    arm: (on: boolean) => {
      armed = on;
    },
  };
}

describe("a backup of a vault that goes on signing", () => {
  test("is of one moment, though others commit while it is copied", async () => {
    const other = { sign: async (_: number): Promise<unknown> => undefined };
    const { me, store, arm, moves } = await moving((nonce) => other.sign(nonce), 5);
    const another = await f.reopen(store);
    let left = 12;
    other.sign = async (nonce) => left-- > 0 && another.me.sign(pay(nonce));
    arm(true);
    const { file, receipt } = await b.take(me);
    arm(false);
    expect(moves()).toBeGreaterThan(2);
    expect((await verifyBackup(file, b.key)).entries).toBe(receipt.entries);
    expect((await another.custody.verifyBackup(file, b.key)).behind.vault).toBeGreaterThan(0);
  });

  test("is of one moment while it signs itself, and no signature is lost", async () => {
    const { custody, me } = await f.openCustody({ policy: b.policy() });
    const signing = Array.from({ length: 30 }, (_, nonce) => me.sign(pay(nonce)));
    const taking = [b.take(me), b.take(me)];
    for (const outcome of await Promise.all(signing)) expect(outcome.kind).toBe("signed");
    for (const { file } of await Promise.all(taking)) expect((await custody.verifyBackup(file, b.key)).receipt).toBeDefined();
    expect((await custody.backups()).length).toBe(2);
    await f.checkedLog(custody);
  });

  test("gives up where others commit faster than anybody can read, and nothing leaves", { timeout: 60_000 }, async () => {
    const other = { sign: async (_: number): Promise<unknown> => undefined };
    const { me, store, arm } = await moving((nonce) => other.sign(nonce), 2);
    const another = await f.reopen(store);
    other.sign = (nonce) => another.me.sign(pay(nonce));
    let left = 0;
    const order = { what: "backup", name: "safe", to: { recipients: [b.recipient] }, write: () => void left++ } as const;
    // Only while it is copied: the commit before that has to get through.
    const onProgress = () => arm(true);
    const code = await f.codeOf(me.export({ ...order, onProgress }).finally(() => arm(false)));
    expect([code, left]).toEqual(["vault/busy", 0]);
  });
});
