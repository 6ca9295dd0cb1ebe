import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { approveOffline, type Custody, type Session, type Store } from "../../src/index.ts";
import * as f from "../custody/fixture.ts";
import { attempt, OPERATIONS } from "./operations.ts";
import { type Point, pointed, pointsOf, same } from "./points.ts";
import { stage } from "./scene.ts";
import { stateOf } from "./state.ts";
import { type Clock, DAY, diskOf, enter, HOUR, LEASE_MS, newVault, payment, policy, START, storeOf } from "./vault.ts";

const MINUTE = 60_000;
const YEAR = 365 * DAY;

/** A vault that processes come and go on, each with a clock that knows nothing of what another's said. */
class Machine {
  readonly clock: Clock = { now: START };
  custody!: Custody;
  me!: Session;
  #store!: Store;

  static async start(): Promise<Machine> {
    const machine = new Machine();
    machine.#store = await storeOf(await newVault(), machine.clock);
    await machine.#enter();
    return machine;
  }

  /** The next process, if the clock is to be another by then. */
  async restart(now = this.clock.now): Promise<void> {
    this.custody.lock();
    this.clock.now = now;
    this.#store = await storeOf(await diskOf(this.#store), this.clock);
    await this.#enter();
  }

  /** Goes on in the same process. */
  step(ms: number): void {
    this.clock.now += ms;
  }

  /** The log, whose times never run back. */
  async log() {
    const entries = await f.checkedLog(this.custody);
    const times = entries.map(({ time }) => time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    return entries;
  }

  async state() {
    return stateOf(await diskOf(this.#store), this.clock.now);
  }

  async #enter(): Promise<void> {
    const { custody, me } = await enter(this.#store);
    this.custody = custody;
    this.me = me;
  }
}

/** The most that was signed within any window of a day. */
function most(signed: readonly { readonly at: number; readonly ether: number }[]): number {
  return Math.max(
    0,
    ...signed.map(({ at }) => signed.filter((other) => other.at > at - DAY && other.at <= at).reduce((sum, { ether }) => sum + ether, 0)),
  );
}

describe("whatever is asked for while the clock is stepped,", () => {
  const asks = fc.record({ passes: fc.integer({ min: 0, max: 9 * HOUR }), ether: fc.integer({ min: 3, max: 9 }), restart: fc.boolean() });

  test("steps back never widen a limit: no day of true time has more than it allows", { timeout: 60_000 }, async () => {
    const back = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.constantFrom(MINUTE, HOUR, 7 * HOUR, DAY, YEAR));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(asks, back), { minLength: 3, maxLength: 8 }), async (steps) => {
        const machine = await Machine.start();
        const signed: { at: number; ether: number }[] = [];
        let truth = START;
        let behind = 0;
        for (const [nonce, [{ passes, ether, restart }, step]] of steps.entries()) {
          truth += passes;
          behind += step;
          if (restart) await machine.restart(truth - behind);
          else machine.step(passes - step);
          // Small amounts: large ones would wait for people.
          for (let part = 0; part < ether; part++) {
            const { kind } = await machine.me.sign(payment(1n, { nonce: 10 * nonce + part }));
            if (kind === "signed") signed.push({ at: truth, ether: 1 });
          }
        }
        expect(most(signed)).toBeLessThanOrEqual(10);
        await machine.log();
      }),
      { numRuns: 6 },
    );
  });

  test("steps ahead end windows early and no more: no day by the log's own times has more than it allows", {
    timeout: 60_000,
  }, async () => {
    const either = fc.constantFrom(0, 0, MINUTE, -MINUTE, 7 * HOUR, -7 * HOUR, DAY, -DAY, 20 * DAY, -YEAR);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(asks, either), { minLength: 3, maxLength: 8 }), async (steps) => {
        const machine = await Machine.start();
        for (const [nonce, [{ passes, ether, restart }, step]] of steps.entries()) {
          if (restart) await machine.restart(machine.clock.now + passes + step);
          else machine.step(passes + step);
          for (let part = 0; part < ether; part++)
            await machine.me.sign(payment(1n, { nonce: 10 * nonce + part })).catch(async (cause) => {
              // More than the thirty days of a session.
              expect(cause).toMatchObject({ code: "session/ended" });
              await machine.restart();
            });
        }
        const signed = (await machine.log()).filter(({ kind }) => kind === "signed");
        expect(most(signed.map(({ time }) => ({ at: time, ether: 1 })))).toBeLessThanOrEqual(10);
      }),
      { numRuns: 6 },
    );
  });
});

describe("a clock that is stepped while a signature is made", () => {
  const sign = OPERATIONS.find(({ name }) => name === "sign in ether") as (typeof OPERATIONS)[number];

  test.each([
    ["a year back", -YEAR],
    ["an hour back", -HOUR],
    ["a minute back", -MINUTE],
    ["a minute ahead", MINUTE],
    ["an hour ahead", HOUR],
    ["a year ahead", YEAR],
  ])("%s, at any point of it, lets nothing leave that is not in the log, and nothing after its lease", async (_, ms) => {
    for (const point of pointsOf(2)) {
      let move = (_here: Point): void => {};
      const { inner, world, given, clock } = await stage(sign, (store) => pointed(store, (here) => move(here)));
      move = (here) => {
        if (same(here, point)) clock.now += ms;
      };
      const { how, left } = await attempt(sign, world, given);
      const tooLate = ms > LEASE_MS && (point.commit === 1 ? true : point.side === "before");
      expect([point, how]).toEqual([point, tooLate ? expect.stringMatching(/^(store\/expired|vault\/reservation-lost)$/) : "signed"]);
      // Counted once, and for as long as without the step at least.
      clock.now = START + DAY - MINUTE;
      const state = await stateOf(await diskOf(inner), clock.now, left === undefined ? [] : [left]);
      if (ms <= 0) expect([point, state.used.eth]).toEqual([point, f.ETHER]);
      world.custody.lock();
    }
  });
});

describe("a clock that is put back", () => {
  const edit = { act: "policyEdit", policy: { ...policy(), name: "slow" } } as const;
  const dee = { person: "dee", credential: f.dee.credential, lastsMs: 30 * DAY };

  test.each([
    ["before it is asked for", -YEAR, 0],
    ["while it waits", 0, -YEAR],
    ["a little while it waits", 0, -3 * MINUTE],
  ])("%s makes no delay shorter", async (_, before, during) => {
    const machine = await Machine.start();
    await machine.restart(START + before);
    const asked = await (await machine.custody.session(dee)).submit(edit);
    if (asked.kind !== "pending") throw new Error(asked.kind);
    const resume = async () => (await (await machine.custody.session(dee)).resume(asked.id)).kind;
    for (const elapsed of [0, HOUR / 2, HOUR - 1]) {
      await machine.restart(START + before + during + elapsed);
      expect(await resume()).toBe("pending");
    }
    await machine.restart(START + HOUR - 1);
    expect(await resume()).toBe("pending");
    await machine.restart(START + HOUR);
    expect(await resume()).toBe("done");
    await machine.log();
  });

  test("brings back no approval and no request whose end was seen", async () => {
    const machine = await Machine.start();
    const large = await machine.me.sign(payment(3n));
    if (large.kind !== "pending") throw new Error(large.kind);
    for (const { name, credential } of [f.ana, f.ben]) {
      const statement = await machine.custody.approvalStatement(large.id, { lastsMs: HOUR });
      await machine.custody.submitApproval(large.id, await approveOffline(statement, name, credential));
    }
    machine.step(HOUR);
    await machine.me.accounts.receive("Coins");
    for (const back of [HOUR / 2, 2 * HOUR, YEAR]) {
      await machine.restart(START + HOUR - back);
      expect((await machine.me.resume(large.id)).kind).toBe("pending");
    }
    machine.step(73 * HOUR + YEAR);
    await machine.me.accounts.receive("Coins");
    await machine.restart(START);
    expect(await f.codeOf(machine.me.resume(large.id))).toBe("pending/no-such-request");
    await machine.log();
  });

  test("in a process that goes on, ends a session no later", async () => {
    const machine = await Machine.start();
    const short = await machine.custody.session({ person: "owner", lastsMs: HOUR });
    expect((await short.sign(payment(1n))).kind).toBe("signed");
    machine.step(HOUR);
    await machine.me.accounts.receive("Coins");
    machine.step(-HOUR);
    expect(await f.codeOf(short.sign(payment(1n, { nonce: 1 })))).toBe("session/ended");
    await machine.log();
  });
});

test("a clock that is set a year ahead ends windows, requests and sessions early, and changes nothing else", async () => {
  const machine = await Machine.start();
  for (let nonce = 0; nonce < 10; nonce++) await machine.me.sign(payment(1n, { nonce }));
  await machine.me.sign(payment(3n));
  const before = (await machine.state()).shown as { readonly pending: readonly object[] };
  machine.step(YEAR);
  expect(await f.codeOf(machine.me.sign(payment(1n, { nonce: 20 })))).toBe("session/ended");
  const ahead = await machine.state();
  expect(ahead.shown).toEqual({ ...before, pending: [] });
  expect(ahead.used.eth).toBe(0n);
  // Whoever notices and sets it right has what was signed meanwhile counted, by the time that the vault has seen.
  await machine.restart();
  for (let nonce = 20; nonce < 30; nonce++) expect((await machine.me.sign(payment(1n, { nonce }))).kind).toBe("signed");
  await machine.restart(START);
  expect((await machine.me.sign(payment(1n, { nonce: 30 }))).kind).toBe("denied");
  await machine.log();
});
