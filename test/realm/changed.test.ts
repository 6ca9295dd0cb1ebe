import { describe, expect, test } from "vitest";
import { approveOffline, type ConfirmOptions, CustodyError, confirmOffline } from "../../src/index.ts";
import { ana, openCustody, payments, request, slot, transaction } from "../custody/fixture.ts";
import { makeWorld, ROWS, type Row, type World } from "./surface.ts";

/** Members of options, requests and data; chains, stores and handles are objects with a life of their own. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype && !("namespace" in value);
}

/** A copy that can be changed, however the original was frozen. Functions and instances stay what they are. */
function loose(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map(loose);
  return isPlain(value) ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, loose(member)])) : value;
}

/** Changes everything in it that can be changed, to the very bytes. */
function spoil(value: unknown): void {
  if (value instanceof Uint8Array) value.fill(0xff);
  else if (Array.isArray(value)) {
    for (const item of value) spoil(item);
    value.length = 0;
    value.push("spoiled");
  } else if (isPlain(value)) {
    for (const [name, member] of Object.entries(value)) {
      spoil(member);
      value[name] = "spoiled";
    }
    value.spoiled = true;
  }
}

/** How a call ended: the code of a refusal, or its result without what is another each time. */
async function endOf(run: () => unknown, meanwhile: () => void): Promise<unknown> {
  try {
    const running = run();
    meanwhile();
    const result = await running;
    if (typeof result === "object" && result !== null && Symbol.asyncIterator in result)
      return await take(result as AsyncIterable<unknown>);
    return shape(result);
  } catch (cause) {
    if (!(cause instanceof CustodyError)) throw cause;
    return cause.code;
  }
}

async function take(items: AsyncIterable<unknown>): Promise<unknown> {
  const taken: unknown[] = [];
  for await (const item of items) taken.push(shape(item));
  return taken;
}

/** Ids, times, nonces and signatures are others in another world; everything that was asked for is not. */
function shape(value: unknown, name = ""): unknown {
  if (typeof value === "function") return "a function";
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof Map) return shape([...value]);
  if (Array.isArray(value)) return value.map((item) => shape(item));
  if (typeof value === "string" && /^(?:0x)?[0-9a-f]{16,}$/i.test(value)) return FIXED.test(name) ? value : value.length;
  if (typeof value === "string" && value.length > 60) return "a long text";
  if (typeof value === "number" && value > 1e9) return "a time";
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([member, inner]) => [member, shape(inner, member)]));
}

const FIXED = /^(?:address|to|account|publicKey|amount)$/;

const takesObjects = (world: World) => (row: Row) =>
  row.args(world).some((value) => isPlain(value) || ArrayBuffer.isView(value) || Array.isArray(value));

describe("what is changed in the moment after a call", async () => {
  const rows = ROWS.filter(takesObjects(await makeWorld()));

  test("is looked for in every public function that takes objects, lists or bytes", () => {
    expect(rows.length).toBeGreaterThan(30);
  });

  test.each(rows.map((row) => [row.name, row] as const))("changes nothing of what %s does", async (_, row) => {
    const end = async (meanwhile: (args: readonly unknown[]) => void) => {
      const world = await makeWorld();
      const args = row.args(world).map(loose);
      return endOf(
        () => row.call(world, args as never),
        () => meanwhile(args),
      );
    };
    const expected = await end(() => undefined);
    expect(await end((args) => args.forEach(spoil))).toEqual(expected);
  });

  test.each(["credential", "slot", "confirmation"] as const)("changes nothing of a confirmation by %s", async (by) => {
    const person = by === "slot" ? "owner" : "ana";
    const presence = { id: "here", require: ["transfer"], confirm: true };
    const { custody } = await openCustody({ policy: payments([presence], { people: [ana] }) });
    const me = await custody.session({ person, ...(by !== "slot" && { credential: ana.credential }) });
    const waiting = await me.sign(request(transaction({ value: 1n })));
    const id = waiting.kind === "pending" ? waiting.id : "";
    const statement = await me.confirmationStatement(id);
    const ways = {
      credential: { credential: { ...ana.credential }, statement: { ...statement } },
      slot: { slot: { ...slot }, statement: { ...statement } },
      confirmation: { confirmation: loose(await confirmOffline(statement, ana.credential)) },
    };
    const confirming = me.confirm(id, ways[by] as ConfirmOptions);
    spoil(ways[by]);
    await confirming;
    expect(await me.resume(id)).toMatchObject({ kind: "signed" });
  });

  test("changes nothing of the wallet that a request to import is taken up with", async () => {
    const rules = [
      { id: "imports", allow: ["import"] },
      { id: "two", require: ["import"], approvals: [{ of: "ana", atLeast: 1 }] },
    ];
    const { custody, me } = await openCustody({ policy: payments(rules, { people: [ana] }) });
    const key = new Uint8Array(32).fill(9);
    const source = () => ({ from: "privateKey", privateKey: key.slice() }) as const;
    const waiting = await me.submit({ act: "import", name: "New", wallet: source() });
    const id = waiting.kind === "pending" ? waiting.id : "";
    await custody.submitApproval(id, await approveOffline(await custody.approvalStatement(id), "ana", ana.credential));
    const wallet = source();
    const resuming = me.resume(id, { wallet });
    spoil(wallet);
    expect(await resuming).toMatchObject({ kind: "done" });
  });
});
