import { describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { whileOpen } from "../../src/custody/foreign.ts";
import { type CredentialSigner, type Custody, CustodyError, type CustodyState, keyward, type Slot } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { ana, ben, codeOf, document, ETHER, openCustody, payments, payRules, request, slot, transaction } from "../custody/fixture.ts";

const approval = { id: "two", require: ["transfer"], approvals: [{ of: "ana", atLeast: 1 }] };
const presence = { id: "here", require: ["transfer"], confirm: true };
const never = <T>() => new Promise<T>(() => undefined);

/** A slot that follows its work as a key derivation does. */
function reporting(open: Slot["open"] = slot.open): Slot {
  return {
    ...slot,
    async open(parameters, context) {
      context.onProgress?.(0);
      await Promise.resolve();
      context.onProgress?.(0.5);
      return open.call(slot, parameters, context);
    },
  };
}

async function pendingOf(rule: object): Promise<{ custody: Custody; me: Awaited<ReturnType<Custody["session"]>>; id: string }> {
  const { custody, me } = await openCustody({ policy: document([...payRules, rule], { people: [ana, ben] }) });
  const waiting = await me.sign(request(transaction({ value: ETHER })));
  if (waiting.kind !== "pending") throw new Error(waiting.kind);
  return { custody, me, id: waiting.id };
}

describe("code of the app's that comes back into the custody", () => {
  test("progress that throws ends the opening with an error of ours and its cause", async () => {
    const { custody } = await openCustody();
    custody.lock();
    const cause = new Error("the bar is gone");
    const onProgress = () => {
      throw cause;
    };
    await expect(custody.unlock(reporting(), { onProgress })).rejects.toMatchObject({ code: "vault/aborted", cause });
    expect(custody.state).toBe("locked");
    await custody.unlock(slot);
  });

  test("progress that locks ends the opening, and the next one opens", async () => {
    const { custody } = await openCustody();
    custody.lock();
    expect(await codeOf(custody.unlock(reporting(), { onProgress: () => custody.lock() }))).toBe("vault/locked");
    expect(custody.state).toBe("locked");
    await custody.unlock(slot);
    expect(custody.state).toBe("open");
  });

  test("progress that asks for anything gets its answer, and the opening goes on", async () => {
    const { custody, me } = await openCustody();
    custody.lock();
    const asked: Promise<unknown>[] = [];
    const way = reporting();
    const onProgress = () => {
      asked.push(codeOf(me.sign(request(transaction({ value: 1n })))), custody.unlock(way), custody.unlock(slot), custody.status());
    };
    await custody.unlock(way, { onProgress });
    expect(custody.state).toBe("open");
    const ends = await Promise.all(asked);
    expect(ends.filter((end) => typeof end === "string" && end.includes("/"))).toEqual(["vault/locked", "vault/locked"]);
  });

  test("a watcher that locks a vault as it opens leaves it locked, and nobody hears that it is open afterwards", async () => {
    const { custody } = await openCustody();
    custody.lock();
    const heard: CustodyState[] = [];
    custody.subscribe((state) => state === "open" && custody.lock());
    custody.subscribe((state) => heard.push(state));
    expect(await codeOf(custody.unlock(slot))).toBe("vault/locked");
    expect([custody.state, heard.at(-1)]).toEqual(["locked", "locked"]);
  });

  test("a watcher that signs, unlocks and locks gets answers, and the limit holds", async () => {
    const limit = { id: "day", limit: ["transfer"], when: { asset: "ETH" }, max: "2 ETH", per: "24h" };
    const { custody, me } = await openCustody({ policy: payments([limit]) });
    custody.lock();
    const asked: Promise<string>[] = [];
    const pay = (nonce: number) => me.sign(request(transaction({ nonce, value: ETHER }))).then(({ kind }) => kind);
    custody.subscribe((state) => {
      if (state === "open") for (const nonce of [0, 1, 2]) asked.push(pay(nonce));
    });
    await custody.unlock(slot);
    expect((await Promise.all(asked)).sort()).toEqual(["denied", "signed", "signed"]);
  });

  test("a credential that locks, signs or ends the session while it is asked approves nothing by that", async () => {
    const { custody, me, id } = await pendingOf(approval);
    const hers = await custody.session({ person: "ana", credential: ana.credential });
    const returning = (act: () => unknown): CredentialSigner => ({
      publicKey: ana.publicKey,
      sign: async (digest) => {
        await act();
        return ana.credential.sign(digest);
      },
    });
    expect(await codeOf(hers.approve(id, { credential: returning(() => me.withdraw(id)) }))).toBe("pending/no-such-request");
    const again = await me.sign(request(transaction({ nonce: 1, value: ETHER })));
    const other = again.kind === "pending" ? again.id : "";
    expect(await codeOf(hers.approve(other, { credential: returning(() => hers.end()) }))).toBe("session/ended");
    const anew = await custody.session({ person: "ana", credential: ana.credential });
    expect(await codeOf(anew.approve(other, { credential: returning(() => custody.lock()) }))).toBe("vault/locked");
    await custody.unlock(slot);
    expect(await me.resume(other)).toMatchObject({ kind: "pending" });
  });
});

describe("code of the app's that never answers", () => {
  const silent: CredentialSigner = { publicKey: ana.publicKey, sign: () => never() };

  test("is waited for until the custody is locked: a credential, in a session, an approval and a confirmation", async () => {
    const { custody } = await openCustody({ policy: payments([], { people: [ana] }) });
    const beginning = codeOf(custody.session({ person: "ana", credential: silent }));
    setTimeout(() => custody.lock(), 20);
    expect(await beginning).toBe("vault/locked");

    const approving = await pendingOf(approval);
    const hers = await approving.custody.session({ person: "ana", credential: ana.credential });
    const answer = codeOf(hers.approve(approving.id, { credential: silent }));
    setTimeout(() => approving.custody.lock(), 20);
    expect(await answer).toBe("vault/locked");

    const confirming = await pendingOf(presence);
    for (const way of [{ credential: silent }, { slot: { ...slot, open: () => never<Uint8Array>() } }]) {
      const confirmed = codeOf(confirming.me.confirm(confirming.id, way));
      setTimeout(() => confirming.custody.lock(), 20);
      expect(await confirmed).toBe("vault/locked");
      await confirming.custody.unlock(slot);
    }
  });

  test("is waited for until the custody is locked: a slot, at an opening and at a creation, and both can be done afterwards", async () => {
    const { custody } = await openCustody();
    custody.lock();
    const opening = codeOf(custody.unlock({ ...slot, open: () => never() }));
    setTimeout(() => custody.lock(), 20);
    expect([await opening, custody.state]).toEqual(["vault/locked", "locked"]);
    await custody.unlock(slot);

    const fresh = keyward({ store: memoryStore(), chains: [evm] });
    const creating = codeOf(fresh.create({ slot: { ...slot, enrol: () => never() }, policy: payments() }));
    setTimeout(() => fresh.lock(), 20);
    // No vault was made, so there is none that could be locked.
    expect([await creating, fresh.state]).toEqual(["vault/locked", "absent"]);
    await fresh.create({ slot, policy: payments() });
    fresh.lock();
  });

  test("is not waited for at all where the custody was locked before it could be asked", async () => {
    const locked = AbortSignal.abort(new CustodyError("vault/locked", "x"));
    expect(await codeOf(whileOpen(locked, () => never()))).toBe("vault/locked");
  });
});
