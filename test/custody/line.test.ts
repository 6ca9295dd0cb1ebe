import { sha256 } from "@noble/hashes/sha2.js";
import { Transaction } from "micro-eth-signer";
import { describe, expect, test } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import type { Store } from "../../src/index.ts";
import type { Intent } from "../../src/intent/intent.ts";
import { openVault } from "../../src/vault/open.ts";
import { ROOT_KEY } from "../../src/vault/root.ts";
import { freshStore } from "../here/fresh-store.ts";
import { dump, restore } from "../vault/setting.ts";
import {
  ACCOUNT,
  ana,
  broken,
  type Call,
  checkedLog,
  codeOf,
  document,
  ETHER,
  ethLimit,
  FRIEND,
  hooked,
  hookedChain,
  kindsOf,
  MALLORY,
  OTHER,
  openCustody,
  payments,
  payRules,
  reopen,
  request,
  slot,
  transaction,
} from "./fixture.ts";

/** The log that {@link openCustody} leaves. */
const BORN = "created policy account session account";

describe("what is allowed", () => {
  test("is signed by the account's own key, and it is the very transaction that was asked for", async () => {
    const { custody, me } = await openCustody();
    const payload = transaction({ nonce: 7, value: 5n * ETHER });
    const outcome = await me.sign(request(payload));
    if (outcome.kind !== "signed") throw new Error(outcome.kind);
    const read = Transaction.fromHex(toHex(outcome.bytes));
    expect(read.recoverSender().address).toBe(ACCOUNT);
    expect(`0x${read.toHex({ includeSignature: false }).replace(/^0x/, "")}`).toBe(payload);
    expect(outcome.hash).toBe(`0x${read.hash.replace(/^0x/, "")}`);
    const entries = await checkedLog(custody);
    expect(kindsOf(entries)).toBe(`${BORN} reserved signed`);
    const [reserved, signed] = entries.slice(-2);
    expect(reserved?.request).toEqual({ ...request(payload) });
    expect(signed).toMatchObject({ seq: outcome.entry, intent: outcome.intent, reservation: reserved?.seq });
    expect(signed?.result).toEqual({ hash: outcome.hash, digest: toHex(sha256(outcome.bytes)), complete: true });
  });

  test("is judged, signed and put together from one and the same reading of the bytes", async () => {
    const decoded: Intent[] = [];
    const assembled: Intent[] = [];
    const chain = hookedChain({ decoded: (intent) => decoded.push(intent), assembled: (_, intent) => assembled.push(intent) });
    const { me } = await openCustody({ chains: [chain] });
    const outcome = await me.sign(request(transaction()));
    expect(outcome.kind).toBe("signed");
    expect(decoded).toHaveLength(1);
    expect(assembled).toHaveLength(1);
    expect(assembled[0]).toBe(decoded[0]);
  });

  test("is one intent, however its account and its bytes are written", async () => {
    const { custody, me, account } = await openCustody({ policy: payments([ethLimit("5 ETH")]) });
    const payload = transaction({ value: 5n * ETHER });
    const first = await me.sign(request(payload));
    const bytes = Uint8Array.from(
      payload
        .slice(2)
        .match(/../g)
        ?.map((digits) => Number.parseInt(digits, 16)) ?? [],
    );
    for (const name of [account.id, account.name, ACCOUNT.toLowerCase()])
      expect(await me.sign({ ...request(payload), account: name })).toEqual(first);
    expect(await me.sign(request(bytes))).toEqual(first);
    expect(kindsOf(await checkedLog(custody))).toBe(`${BORN} reserved signed`);
  });
});

describe("what is not allowed", () => {
  test("is denied and logged with its reasons, and the key is not touched", async () => {
    let assembled = 0;
    const { custody, me } = await openCustody({ chains: [hookedChain({ assembled: () => assembled++ })] });
    const outcome = await me.sign(request(transaction({ to: MALLORY, value: 1n })));
    expect(outcome).toMatchObject({ kind: "denied", reasons: [{ code: "policy/not-allowed" }] });
    const entries = await checkedLog(custody);
    expect(kindsOf(entries)).toBe(`${BORN} denied`);
    expect(entries.at(-1)).toMatchObject({ person: "owner", reasons: [{ code: "policy/not-allowed" }] });
    expect(assembled).toBe(0);
  });

  test("call data that nobody can read is denied unless a rule names it", async () => {
    const { me } = await openCustody({ policy: document([...payRules, { id: "all", allow: ["transfer", "allowance", "call", "fee"] }]) });
    const outcome = await me.sign(request(transaction({ to: MALLORY, data: "0xdeadbeef0102", gasLimit: 60_000n })));
    expect(outcome).toMatchObject({ kind: "denied", reasons: [{ code: "policy/not-allowed", params: { kind: "unknown" } }] });
    const named = await openCustody({ policy: document([...payRules, { id: "blind", allow: ["unknown"] }]) });
    const allowed = await named.me.sign(request(transaction({ to: MALLORY, data: "0xdeadbeef0102", gasLimit: 60_000n })));
    expect(allowed.kind).toBe("signed");
  });

  test("what waits for somebody is logged as pending, and nothing is signed", async () => {
    const needs = { id: "two", require: ["transfer"], approvals: [{ of: "ana", atLeast: 1 }] };
    const { custody, me } = await openCustody({ policy: payments([needs], { people: [ana] }) });
    const outcome = await me.sign(request(transaction({ value: 1n })));
    expect(outcome).toMatchObject({ kind: "pending", needs: [{ kind: "approvals", rule: "two" }] });
    expect(kindsOf(await checkedLog(custody))).toBe(`${BORN} pending`);
  });

  test.each([
    ["bytes that are no transaction", () => request("0x02c0"), "chain/malformed"],
    ["no bytes at all", () => request("0x"), "chain/malformed"],
    ["a payload that is an object", () => request({ to: FRIEND }), "request/malformed"],
    ["a kind of request that there is not", () => ({ ...request(`0x${"5a".repeat(32)}`), kind: "rawHash" }), "request/malformed"],
    ["a kind that this chain does not sign", () => ({ ...request("0x00"), kind: "userOperation" }), "request/unsupported"],
    ["what cannot even be copied", () => ({ ...request("0x00"), more: () => 1 }), "request/malformed"],
  ])("%s is refused with an error, which is logged without the bytes", async (_, make, code) => {
    const { custody, me } = await openCustody();
    expect(await codeOf(me.sign(make()))).toBe(code);
    const entries = await checkedLog(custody);
    expect(kindsOf(entries)).toBe(`${BORN} denied`);
    expect(entries.at(-1)).toMatchObject({ person: "owner", session: me.id, reasons: [{ code }] });
    expect(JSON.stringify(entries.at(-1))).not.toContain("5a5a");
  });
});

describe("an act that cannot be read or done", () => {
  const generate = { from: "generate" } as const;
  const words = "zoo ".repeat(12).trim();

  test.each([
    ["an act that there is not", () => ({ act: "abdicate" }), "request/unsupported"],
    ["no act at all", () => null, "request/malformed"],
    ["a mode that is no text", () => ({ act: "modeChange", mode: 5 }), "request/malformed"],
    ["a policy whose text is no JSON", () => ({ act: "policyEdit", policy: "{nope" }), "json/malformed"],
    ["a policy with mistakes", () => ({ act: "policyEdit", policy: { keyward: "policy/1" } }), "policy/invalid"],
    ["an import without a name", () => ({ act: "import", wallet: generate }), "request/malformed"],
    [
      "a phrase with a wrong checksum",
      () => ({ act: "import", name: "X", wallet: { from: "mnemonic", mnemonic: words } }),
      "keys/bad-mnemonic",
    ],
    ["a wallet of a name that is taken", () => ({ act: "import", name: "Main", wallet: generate }), "vault/already-there"],
  ])("%s is refused with an error, which is logged once and without its content", async (_, make, code) => {
    const { custody, me } = await openCustody({ policy: payments([{ id: "in", allow: ["import"] }]) });
    expect(await codeOf(me.submit(make() as never))).toBe(code);
    const entries = await checkedLog(custody);
    expect(kindsOf(entries)).toBe(`${BORN} denied`);
    expect(entries.at(-1)).toMatchObject({ person: "owner", session: me.id, reasons: [{ code }] });
    expect(JSON.stringify(entries.at(-1))).not.toMatch(/zoo|nope|abdicate/);
  });
});

test("explaining a request writes nothing, reads no secret and spends nothing", async () => {
  const calls: Call[] = [];
  const store = hooked(freshStore(), { before: (call) => calls.push(call) });
  const { me } = await openCustody({ store, policy: payments([ethLimit("5 ETH")]) });
  calls.length = 0;
  for (let n = 0; n < 3; n++) await me.explain(request(transaction({ value: 5n * ETHER })));
  expect(calls.filter(({ on }) => on === "commit")).toEqual([]);
  expect(calls.filter((call) => call.on === "get" && call.key !== ROOT_KEY)).toEqual([]);
  expect((await me.sign(request(transaction({ value: 5n * ETHER })))).kind).toBe("signed");
});

describe("before a key is touched", () => {
  /** A custody whose store tells what happens on it once `calls` is set. */
  async function listened(look: { before?: (call: Call) => unknown; after?: (call: Call) => unknown }): Promise<{
    readonly inner: Store;
    readonly opened: Awaited<ReturnType<typeof reopen>>;
  }> {
    const { custody, store: inner } = await openCustody({ policy: payments([ethLimit("10 ETH")]) });
    custody.lock();
    return { inner, opened: await reopen(hooked(inner, look)) };
  }

  /** Nobody else writes here, so all that signing reads besides the root is the secret. */
  function kind(call: Call): string | undefined {
    if (call.on === "commit") return "commit";
    return call.on === "get" && call.key !== ROOT_KEY ? "secret" : undefined;
  }

  test("the reservation is committed first, and the signature leaves after a second commit", async () => {
    const happened: string[] = [];
    const { opened } = await listened({
      before: (call) => {
        const what = kind(call);
        if (what !== undefined) happened.push(what);
      },
    });
    happened.length = 0;
    const outcome = await opened.me.sign(request(transaction({ value: ETHER })));
    happened.push(outcome.kind);
    expect(happened).toEqual(["commit", "secret", "commit", "signed"]);
  });

  test("the log says `reserved` before the secret is read, and the headroom is taken", async () => {
    let when: Map<string, Uint8Array> | undefined;
    let armed = false;
    const { inner, opened } = await listened({
      before: async (call) => {
        if (kind(call) === "secret" && armed) when = await dump(inner);
      },
    });
    armed = true;
    await opened.me.sign(request(transaction({ value: 8n * ETHER })));
    if (when === undefined) throw new Error("the secret was never read");
    const then = freshStore();
    await restore(then, when);
    const { custody, me } = await reopen(then);
    expect(kindsOf(await checkedLog(custody))).toMatch(/ reserved opened session$/);
    expect(await me.sign(request(transaction({ nonce: 1, value: 3n * ETHER })))).toMatchObject({
      kind: "denied",
      reasons: [{ code: "limit/exceeded" }],
    });
  });

  test("if the first commit fails, the secret is never read and nothing is signed", async () => {
    const happened: string[] = [];
    let fails = false;
    const { opened } = await listened({
      before: (call) => {
        const what = kind(call);
        if (what !== undefined) happened.push(what);
        if (call.on === "commit" && fails) throw broken();
      },
    });
    happened.length = 0;
    fails = true;
    expect(await codeOf(opened.me.sign(request(transaction({ value: ETHER }))))).toBe("store/failed");
    expect(happened).toEqual(["commit"]);
    fails = false;
    expect(kindsOf(await checkedLog(opened.custody))).not.toContain("reserved");
    expect((await opened.me.sign(request(transaction({ value: ETHER })))).kind).toBe("signed");
  });
});

describe("before a signature leaves", () => {
  /** A custody in which the second commit of `sign` fails, before or after it was written. */
  async function failing(fails: "before" | "after") {
    const made: Uint8Array[] = [];
    let on = false;
    const fail = (call: Call) => {
      if (on && call.on === "commit" && made.length > 0) {
        on = false;
        throw broken();
      }
    };
    const parts: Uint8Array[] = [];
    const chain = hookedChain({
      assembled: ({ bytes }, _, signatures) => {
        made.push(bytes);
        parts.push(...signatures.map((signature) => signature.bytes));
      },
    });
    const store = hooked(freshStore(), { [fails]: fail });
    const opened = await openCustody({ store, chains: [chain], policy: payments([ethLimit("10 ETH")]) });
    on = true;
    return { ...opened, made, parts };
  }

  test("its entry is durable: if the second commit fails, sign rejects and the signature is overwritten", async () => {
    const { custody, me, made, parts } = await failing("before");
    expect(await codeOf(me.sign(request(transaction({ value: 6n * ETHER }))))).toBe("store/failed");
    expect([made.length, parts.length]).toEqual([1, 1]);
    for (const bytes of [...made, ...parts]) expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(kindsOf(await checkedLog(custody))).toBe(`${BORN} reserved`);
    // Its headroom stays taken, and the same request takes it up again.
    expect((await me.sign(request(transaction({ nonce: 1, value: 6n * ETHER })))).kind).toBe("denied");
    expect((await me.sign(request(transaction({ value: 6n * ETHER })))).kind).toBe("signed");
    expect(kindsOf(await checkedLog(custody))).toBe(`${BORN} reserved denied lapsed reserved signed`);
  });

  test("a commit that was written but said to have failed gives nothing either; asked again, it gives what the log says", async () => {
    const { custody, me, made } = await failing("after");
    expect(await codeOf(me.sign(request(transaction({ value: 6n * ETHER }))))).toBe("store/failed");
    expect(made[0]?.every((byte) => byte === 0)).toBe(true);
    const entries = await checkedLog(custody);
    expect(kindsOf(entries)).toBe(`${BORN} reserved signed`);
    const again = await me.sign(request(transaction({ value: 6n * ETHER })));
    if (again.kind !== "signed") throw new Error(again.kind);
    expect(entries.at(-1)?.result).toMatchObject({ digest: toHex(sha256(again.bytes)) });
    expect(made).toHaveLength(1);
  });

  test("what the caller does with the bytes changes nothing of what is given again", async () => {
    const { me } = await openCustody();
    const first = await me.sign(request(transaction()));
    if (first.kind !== "signed") throw new Error(first.kind);
    const copy = first.bytes.slice();
    first.bytes.fill(0);
    const again = await me.sign(request(transaction()));
    expect(again.kind === "signed" && again.bytes).toEqual(copy);
  });
});

describe("an account that is not what its record says", () => {
  /** Rewrites the account's record as somebody who has the vault's keys, but not its rules, would. */
  async function forged(change: (record: Record<string, string>) => Record<string, string>) {
    const made: Uint8Array[] = [];
    const opened = await openCustody({ chains: [hookedChain({ assembled: ({ bytes }) => made.push(bytes) })], leaseMs: 1000 });
    const vault = await openVault({ store: opened.store, slot });
    await vault.transact((tx) => {
      const [[name, record] = ["", null]] = [...tx.list("account/")];
      tx.put(name, change(record as Record<string, string>));
    });
    vault.lock();
    return { ...opened, made };
  }

  test.each([
    ["another public key", "vault/account-mismatch", (record: Record<string, string>) => ({ ...record, publicKey: ana.publicKey })],
    ["another address", "vault/account-mismatch", (record: Record<string, string>) => ({ ...record, address: OTHER })],
    ["another path", "keys/bad-path", (record: Record<string, string>) => ({ ...record, path: "m/44'/60'/0'/0/0" })],
    ["a wallet that is not there", "vault/damaged", (record: Record<string, string>) => ({ ...record, wallet: "0".repeat(16) })],
  ])("%s is an alarm, and nothing is signed", async (_, code, change) => {
    const { custody, me, account, made } = await forged(change);
    const asked = { ...request(transaction({ value: 1n })), account: account.id };
    expect(await codeOf(me.sign(asked))).toBe(code);
    const entries = await checkedLog(custody);
    expect(kindsOf(entries)).toBe(`${BORN} reserved alarm`);
    expect(entries.at(-1)).toMatchObject({ code });
    expect(made).toEqual([]);
  });
});
