import { Transaction } from "micro-eth-signer";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { copyPlain, readRequest } from "../../src/custody/door.ts";
import { readKeywardOptions } from "../../src/custody/options.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { checkedLog, codeOf, FRIEND, hookedChain, MALLORY, openCustody, request, slot, transaction } from "./fixture.ts";

const GOOD = transaction({ to: FRIEND, value: 1n });
const BAD = transaction({ to: MALLORY, value: 10n ** 18n });

/** Whom the signed bytes pay. */
async function paidBy(asked: unknown, after: () => void = () => undefined): Promise<string> {
  const { custody, me } = await openCustody();
  const running = me.sign(asked);
  after();
  const outcome = await running;
  if (outcome.kind !== "signed") throw new Error(outcome.kind);
  const { to } = Transaction.fromHex(toHex(outcome.bytes)).raw as { to: string };
  const reserved = (await checkedLog(custody)).find(({ kind }) => kind === "reserved");
  expect(reserved?.request).toMatchObject({ payload: GOOD });
  return to.toLowerCase();
}

/** An object whose members change with every reading: the first is harmless, all later ones are not. */
function twoFaced(first: object, then: object): object {
  const read = new Set<PropertyKey>();
  return new Proxy(first, {
    get(target, name) {
      const from = read.has(name) ? then : target;
      read.add(name);
      return Reflect.get(from, name);
    },
  });
}

describe("what was judged is what is signed", () => {
  test("although the caller changes the bytes as soon as the call has returned", async () => {
    const payload = fromHex(GOOD);
    expect(await paidBy(request(payload), () => payload.set(fromHex(BAD).subarray(0, payload.length)))).toBe(FRIEND.toLowerCase());
  });

  test("although the caller changes the request as soon as the call has returned", async () => {
    const asked = request(GOOD);
    expect(await paidBy(asked, () => Object.assign(asked, request(BAD)))).toBe(FRIEND.toLowerCase());
  });

  test("although a getter gives other bytes when it is read again", async () => {
    let reads = 0;
    const asked = Object.defineProperty(request(GOOD), "payload", { enumerable: true, get: () => (reads++ === 0 ? GOOD : BAD) });
    expect(await paidBy(asked)).toBe(FRIEND.toLowerCase());
    expect(reads).toBe(1);
  });

  test("although a proxy answers every second reading otherwise", async () => {
    expect(await paidBy(twoFaced(request(GOOD), request(BAD)))).toBe(FRIEND.toLowerCase());
  });

  test("although the bytes lie in memory that another thread can write", async () => {
    const payload = new Uint8Array(new SharedArrayBuffer(fromHex(GOOD).length));
    payload.set(fromHex(GOOD));
    expect(await paidBy(request(payload), () => payload.fill(0xff))).toBe(FRIEND.toLowerCase());
  });
});

describe("the door", () => {
  const code = (run: () => unknown): string => {
    try {
      run();
    } catch (cause) {
      if (cause instanceof CustodyError) return cause.code;
      throw cause;
    }
    return "nothing was thrown";
  };
  const throwing = new Proxy(request(GOOD), {
    ownKeys() {
      throw new Error("hostile");
    },
  });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const cycle: Record<string, unknown> = { ...request(GOOD) };
  cycle.payload = cycle;

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["text", GOOD],
    ["an array", [request(GOOD)]],
    ["a request without a payload", { chain: "eip155:1", account: "Main", kind: "transaction" }],
    ["a payload that is undefined", { ...request(GOOD), payload: undefined }],
    ["an unknown member", { ...request(GOOD), skipPolicy: true }],
    ["a requester, who cannot be chosen", { ...request(GOOD), requester: "ana" }],
    ["a time, which cannot be chosen", { ...request(GOOD), now: 0 }],
    ["an unknown kind", { ...request(GOOD), kind: "digest" }],
    ["a kind that only looks like text", { ...request(GOOD), kind: { toString: () => "transaction" } }],
    ["a chain that is no text", { ...request(GOOD), chain: 1 }],
    ["a function", request(() => GOOD)],
    ["a symbol", request(Symbol("x"))],
    ["a fraction", request(0.1)],
    ["a number that is not exact", request(2 ** 53)],
    ["minus zero", request(-0)],
    ["half a surrogate pair", request("\ud800")],
    ["a cycle", cycle],
    ["a getter that throws", Object.defineProperty({ ...request(GOOD) }, "payload", { enumerable: true, get: () => JSON.parse("{") })],
    ["a proxy that throws", throwing],
    ["a proxy that is over", revoked.proxy],
    ["a prototype of bytes without bytes", request(Object.create(Uint8Array.prototype))],
    ["more text than any request has", request("ab".repeat(2 * 1024 * 1024 + 1))],
    ["more bytes than any request has", request(new Uint8Array(2 * 1024 * 1024 + 1))],
  ])("refuses %s", (_, asked) => {
    expect(code(() => readRequest(asked))).toBe("request/malformed");
  });

  test("a request cannot bring a prototype or a member of it along", () => {
    const asked = JSON.parse(
      `{"__proto__": {"kind": "act"}, "chain": "eip155:1", "account": "Main", "kind": "transaction", "payload": "0x"}`,
    );
    expect(code(() => readRequest(asked))).toBe("request/malformed");
    const inherited = Object.create({ requester: "ana" }, Object.getOwnPropertyDescriptors(request(GOOD)));
    expect(code(() => readRequest(inherited))).toBe("request/malformed");
    expect(readRequest(Object.assign(Object.create(null), request(GOOD)))).toEqual(request(GOOD));
    expect(Object.getPrototypeOf(copyPlain({ a: 1 }))).toBeNull();
  });

  test("takes bytes by what they hold, whatever they give to those who walk through them", () => {
    class Endless extends Uint8Array {
      override *[Symbol.iterator](): ArrayIterator<number> {
        for (;;) yield 300;
      }
    }
    expect(copyPlain(new Endless([1, 2, 255]))).toBe("0x0102ff");
  });

  /** An array of so many items that counts how often it is read; none of them exists before it is asked for. */
  function wide(item: () => unknown, count: { reads: number }): unknown[] {
    return new Proxy([], {
      get(target, name) {
        if (name === "length") return 40_000;
        if (typeof name !== "string") return Reflect.get(target, name);
        count.reads++;
        return item();
      },
    });
  }

  test("reads no more than its bound of a request that is wide", () => {
    const count = { reads: 0 };
    const payload = wide(() => wide(() => 1, count), count);
    expect(code(() => readRequest(request(payload)))).toBe("request/malformed");
    expect(count.reads).toBeLessThanOrEqual(50_000);
  });

  test("reads no deeper than its bound of a request without end", () => {
    const count = { reads: 0 };
    const endless: unknown[] = wide(() => endless, count);
    expect(code(() => readRequest(request(endless)))).toBe("request/malformed");
    expect(count.reads).toBeLessThanOrEqual(64);
  });

  test("refuses what is too large before any chain looks at it", async () => {
    let decoded = 0;
    const { me } = await openCustody({ chains: [hookedChain({ decoded: () => decoded++ })] });
    expect(await codeOf(me.sign(request(`0x02${"ab".repeat(10 * 1024 * 1024)}`)))).toBe("request/malformed");
    expect(decoded).toBe(0);
  });

  test("an act is submitted, never signed", async () => {
    const { me } = await openCustody();
    const act = { chain: "", account: "", kind: "act", payload: { act: "modeChange", mode: "normal" } };
    expect(await codeOf(me.sign(act))).toBe("request/malformed");
  });
});

describe("options that are none", () => {
  const throwing = {
    get act(): string {
      throw new Error("from the app");
    },
  };

  test.each<[string, (opened: Awaited<ReturnType<typeof openCustody>>) => Promise<unknown>]>([
    ["submit(null)", ({ me }) => me.submit(null as never)],
    ["submit with a getter that throws", ({ me }) => me.submit(throwing as never)],
    ["submit of a Map", ({ me }) => me.submit({ act: "policyEdit", policy: new Map() })],
    ["approve(id, null)", ({ me }) => me.approve("x", null as never)],
    ["resume(id, 5)", ({ me }) => me.resume("x", 5 as never)],
    ["session(null)", ({ custody }) => custody.session(null as never)],
    ["unlock(slot, null)", ({ custody }) => custody.unlock(slot, null as never)],
    ["create(undefined)", ({ custody }) => custody.create(undefined as never)],
  ])("are request/malformed: %s", async (_name, run) => {
    expect(await codeOf(run(await openCustody()))).toBe("request/malformed");
  });

  test("and a checkpoint that is none is log/malformed", async () => {
    const { custody } = await openCustody();
    expect(await codeOf(custody.proveConsistency(5 as never))).toBe("log/malformed");
  });
});

test("where nobody says otherwise, ten quiet minutes lock, and a reservation lasts thirty seconds", () => {
  expect(readKeywardOptions({ store: memoryStore(), chains: [] })).toMatchObject({ autoLockMs: 600_000, leaseMs: 30_000 });
});
