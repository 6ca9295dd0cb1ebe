import { afterEach, describe, expect, test } from "vitest";
import { ENTRY_KINDS } from "../../src/audit/kinds.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { ownMembers } from "../../src/base/own.ts";
import { checkRealm } from "../../src/base/realm.ts";
import { FIELDS } from "../../src/intent/fields.ts";
import { policySchema } from "../../src/policy/index.ts";
import { ana, CHAIN, codeOf, document, FRIEND, openCustody, payments, payRules, request, slot, transaction } from "../custody/fixture.ts";
import { live } from "./scenario.ts";

const prototype = Object.prototype as unknown as Record<string, unknown>;

/** Members of objects in a JSON schema, however deep. */
function schemaMembers(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const own = "properties" in schema ? Object.keys(schema.properties as object) : [];
  return [...own, ...Object.values(schema).flatMap(schemaMembers)];
}

/** What policies, effects and entries know, and what options, requests, records and descriptors are made of. */
const MEMBERS = [
  ...new Set([
    ...schemaMembers(policySchema()),
    ...Object.keys(FIELDS),
    ...Object.values(ENTRY_KINDS).flatMap(({ has }) => [...has]),
    ..."store chains autoLockMs leaseMs slot policy wallet signal onProgress access person credential scope lastsMs answer statement".split(
      " ",
    ),
    ..."chain account kind payload act mode name words passphrase language type path index newestFirst from limit vkey checkpoints".split(
      " ",
    ),
    ..."key session result lane until then since tap many expires confirmed get set value length toJSON 0 1 cause position".split(" "),
  ]),
].filter((member) => !(member in Object.prototype));

/** A policy under which every transfer waits for somebody else. */
function waits(): object {
  const approvals = [{ of: "ana", atLeast: 1 }];
  return document([...payRules, { id: "two", require: ["transfer"], approvals }], { people: [ana] });
}

/** Entries of a checkpoint. */
function sizeOf(note: string): string | undefined {
  return note.split("\n")[1];
}

let polluted: string | undefined;

function pollute(member: string, value: unknown): void {
  polluted = member;
  prototype[member] = value;
}

function clean(): void {
  if (polluted !== undefined) delete prototype[polluted];
  polluted = undefined;
}

afterEach(clean);

describe("a member that everything inherits", () => {
  test("counts nowhere: whatever it is called, nothing is created, opened, signed, edited or approved by it", async () => {
    expect(MEMBERS.length).toBeGreaterThan(100);
    for (const member of MEMBERS) {
      for (const value of [true, 1, "view", FRIEND, {}]) {
        pollute(member, value);
        const ends = await live().finally(clean);
        const done = ends.filter(([step, end]) => step !== "lock" && !/^(?:|none|done|[a-z]+\/[a-z-]+)$/.test(end));
        expect([member, value, done]).toEqual([member, value, []]);
        expect(ends.find(([step]) => step === "keyward")?.[1]).toBe("realm/polluted");
      }
    }
  });

  test("is noticed where it appears between the call and the decision, and nothing is signed", async () => {
    const { custody, me } = await openCustody();
    const signing = me.sign(request(transaction({ value: 1n })));
    pollute("amount", 0);
    expect(await codeOf(signing)).toBe("realm/polluted");
    clean();
    // Nothing is written by this one, so it is the reading itself that has to notice.
    const explaining = me.explain(request(transaction({ value: 1n })));
    pollute("amount", 0);
    expect(await codeOf(explaining)).toBe("realm/polluted");
    clean();
    const kinds: string[] = [];
    for await (const { kind } of custody.history()) kinds.push(kind);
    expect(kinds).not.toContain("signed");
  });

  test("has a custody that was open before refuse whatever it is asked, and change nothing", async () => {
    const { custody, me } = await openCustody({ policy: waits() });
    const waiting = await me.sign(request(transaction({ value: 1n })));
    const id = waiting.kind === "pending" ? waiting.id : "";
    const rows: readonly (readonly [string, () => unknown])[] = [
      ["sign", () => me.sign(request(transaction({ value: 2n })))],
      ["explain", () => me.explain(request(transaction({ value: 2n })))],
      ["decode", () => custody.decode(request(transaction({ value: 2n })))],
      ["submit an edit", () => me.submit({ act: "policyEdit", policy: payments() })],
      ["submit a mode", () => me.submit({ act: "modeChange", mode: "frozen" })],
      ["submit an import", () => me.submit({ act: "import", name: "New", wallet: { from: "generate" } })],
      ["resume", () => me.resume(id)],
      ["withdraw", () => me.withdraw(id)],
      ["approve", () => me.approve(id)],
      ["confirm", () => me.confirm(id, { slot })],
      ["derive", () => me.accounts.derive({ chain: CHAIN, name: "Second" })],
      ["session", () => custody.session({ person: "owner" })],
      ["approvalStatement", () => custody.approvalStatement(id)],
      ["approvalRequest", () => custody.approvalRequest(id)],
      ["submitApproval", () => custody.submitApproval(id, {})],
      ["checkpoint", () => custody.checkpoint()],
      ["proveEntry", () => custody.proveEntry(0)],
      ["pending", () => me.pending()],
      ["end", () => me.end()],
    ];
    const before = await custody.checkpoint();
    for (const [name, ask] of rows) {
      for (const member of ["amount", "scope", "then"]) {
        pollute(member, 1);
        const code = await codeOf(Promise.resolve().then(ask)).finally(clean);
        expect([name, member, code]).toEqual([name, member, "realm/polluted"]);
      }
    }
    expect(sizeOf(await custody.checkpoint())).toBe(sizeOf(before));
    expect((await me.pending()).map((pending) => pending.id)).toEqual([id]);
  });

  test("does not keep a vault from being locked", async () => {
    const { custody } = await openCustody();
    pollute("locked", true);
    custody.lock();
    expect(custody.state).toBe("locked");
    expect(await codeOf(custody.unlock(slot))).toBe("realm/polluted");
  });

  test("is noticed on every prototype that our values have, and nothing is there by itself", () => {
    expect(checkRealm).not.toThrow();
    for (const { prototype } of [Object, Array, String, Number, Uint8Array, Map, Promise]) {
      const written = prototype as unknown as Record<string, unknown>;
      written.signal = 1;
      try {
        expect(checkRealm).toThrow("signal");
      } finally {
        delete written.signal;
      }
    }
  });

  test("is noticed where its name is a symbol", () => {
    for (const symbol of [Symbol.iterator, Symbol.toPrimitive, Symbol.isConcatSpreadable, Symbol("own")]) {
      const written = Object.prototype as unknown as Record<symbol, unknown>;
      written[symbol] = () => [];
      try {
        expect(checkRealm).toThrow("Symbol(");
      } finally {
        delete written[symbol];
      }
    }
    expect(checkRealm).not.toThrow();
  });

  test("is no option: of an object only its own members are read, each once", () => {
    let reads = 0;
    const own = ownMembers({
      ...Object.create({ access: "sign" }),
      get signal() {
        return ++reads;
      },
    });
    expect([own.signal, own.signal, reads, "access" in own, Object.getPrototypeOf(own)]).toEqual([1, 1, 1, false, null]);
  });

  test("is in no error of ours", () => {
    pollute("cause", "inherited");
    expect(new CustodyError("vault/locked", "x").cause).toBe("inherited");
    expect(Object.hasOwn(new CustodyError("vault/locked", "x"), "cause")).toBe(false);
    clean();
    pollute("position", { line: 1 });
    expect(new CustodyError("vault/locked", "x").toJSON()).toEqual({ code: "vault/locked", message: "x" });
  });
});
