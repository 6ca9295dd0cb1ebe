import { describe, expect, test } from "vitest";
import { noteOf, parseVerifier, signNote, vkeyOf } from "../../src/audit/note.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { type Custody, keyward, type Store } from "../../src/index.ts";
import * as ed25519 from "../../src/keys/ed25519.ts";
import { everyStore } from "../here/every-store.ts";
import { freshStore } from "../here/fresh-store.ts";
import { dump, keyOf, rawSlot, restore } from "../vault/setting.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const pay = (nonce: number, value = 5n) => f.request(f.transaction({ nonce, value }));

function custodyOn(store: Store): Custody {
  return keyward({ chains: [evm], store, autoLockMs: Number.POSITIVE_INFINITY });
}

/** What another process, which knows nothing but the note, makes of the store; whatever it refuses, it leaves nothing open or written. */
async function unlocks(store: Store, atLeast: unknown, access: "sign" | "view" = "sign"): Promise<string> {
  const before = await dump(store);
  const custody = custodyOn(store);
  const code = await f.codeOf(custody.unlock(f.slot, { atLeast: atLeast as string, access }));
  if (code === "nothing was thrown") {
    expect(custody.state).toBe("open");
    custody.lock();
    return "opens";
  }
  expect([custody.state === "open", await f.codeOf(custody.accounts())]).toEqual([false, "vault/locked"]);
  expect(await dump(store)).toEqual(before);
  return code;
}

describe.each(everyStore)("a checkpoint that was kept, over a store of %s,", (_, make) => {
  async function opened(rules: readonly object[] = []) {
    return f.openCustody({ store: make(), policy: g.team([...rules, g.edit]) });
  }

  test("is continued by the newest state and by all after it, also to view", async () => {
    const { custody, store, me } = await opened();
    const notes = [await custody.checkpoint()];
    for (let nonce = 0; nonce < 6; nonce++) {
      await me.sign(pay(nonce));
      notes.push(await custody.checkpoint());
    }
    custody.lock();
    for (const note of notes) expect([await unlocks(store, note, "view"), await unlocks(store, note)]).toEqual(["opens", "opens"]);
  });

  test("shows a store that was put back to before it, and nothing stays open", async () => {
    const { custody, store, me } = await opened();
    const earlier = await custody.checkpoint();
    const older = await dump(store);
    await me.sign(pay(0));
    const kept = await custody.checkpoint();
    custody.lock();
    const newest = await dump(store);
    await restore(store, older);
    expect([await unlocks(store, kept), await unlocks(store, kept, "view")]).toEqual(["vault/rolled-back", "vault/rolled-back"]);
    expect(await unlocks(store, earlier)).toBe("opens");
    await restore(store, newest);
    expect(await unlocks(store, kept)).toBe("opens");
  });

  test("shows another history, shorter, as long or longer than the one that it was taken of", async () => {
    const { custody, store, me } = await opened();
    const older = await dump(store);
    for (let nonce = 0; nonce < 3; nonce++) await me.sign(pay(nonce));
    const kept = await custody.checkpoint();
    custody.lock();
    await restore(store, older);
    const again = await f.reopen(store);
    for (let nonce = 0; nonce < 6; nonce++) {
      expect([nonce, await unlocks(store, kept)]).toEqual([nonce, "vault/rolled-back"]);
      await again.me.sign(pay(nonce, 6n));
    }
  });

  test("by an earlier key of the log is followed through the handovers, and one by a later key shows what was before it", async () => {
    const { custody, store, me } = await opened([{ id: "keys", allow: ["rotate"], when: { requester: "owner" } }]);
    const first = await custody.checkpoint();
    const older = await dump(store);
    await me.submit({ act: "rotate" });
    await custody.finishRotation();
    const second = await custody.checkpoint();
    await me.submit({ act: "rotate" });
    await custody.finishRotation();
    const third = await custody.checkpoint();
    custody.lock();
    for (const note of [first, second, third]) expect(await unlocks(store, note)).toBe("opens");
    await restore(store, older);
    // The older store has never heard of the keys that signed these.
    expect([await unlocks(store, first), await unlocks(store, second), await unlocks(store, third)]).toEqual([
      "opens",
      "log/bad-signature",
      "log/bad-signature",
    ]);
    // Forked after the first: what the earlier key signed of the other history is no checkpoint of this one.
    const fork = await f.reopen(store);
    await fork.me.sign(pay(0));
    await fork.me.submit({ act: "rotate" });
    const forked = await fork.custody.checkpoint();
    expect([await unlocks(store, forked), await unlocks(store, first)]).toEqual(["opens", "opens"]);
    expect(await unlocks(store, second)).toBe("log/bad-signature");
  });
});

describe("a checkpoint that is no good", () => {
  test("is refused with its reason: of another log, altered, signed by somebody else, of nothing, or no note", async () => {
    const { custody, store } = await f.openCustody();
    const kept = await custody.checkpoint();
    const other = await (await f.openCustody()).custody.checkpoint();
    const vkey = custody.logKey;
    custody.lock();
    const { name } = parseVerifier(vkey);
    const text = kept.slice(0, kept.indexOf("\n\n") + 1);
    const sign = (message: Uint8Array) => ed25519.sign(keyOf(3), message);
    const mallory = await signNote(text, { name, publicKey: ed25519.publicKey(keyOf(3)), sign });
    const underOurName = noteOf(text, parseVerifier(vkey), new Uint8Array(64).fill(1));
    expect(vkeyOf(name, ed25519.publicKey(keyOf(3)))).not.toBe(vkey);
    for (const note of [other, mallory, underOurName, kept.replace(/\n[0-9]+\n/, "\n2\n")])
      expect(await unlocks(store, note)).toBe("log/bad-signature");
    for (const note of ["", "checkpoint", text, "\u0000", "x".repeat(2_000_000)]) expect(await unlocks(store, note)).toBe("log/malformed");
    for (const note of [null, 5, {}, [kept], new Uint8Array(3)]) expect(await unlocks(store, note)).toBe("request/malformed");
    // Further signatures say nothing, for or against.
    expect(await unlocks(store, `${kept}${mallory.slice(mallory.indexOf("\n\n") + 2)}`)).toBe("opens");
  });

  test("locks a vault that is open already: what was asked for does not hold", async () => {
    const { custody, store, me } = await f.openCustody();
    const older = await dump(store);
    await me.sign(pay(0));
    const kept = await custody.checkpoint();
    custody.lock();
    await restore(store, older);
    const again = custodyOn(store);
    await again.unlock(f.slot);
    expect([await f.codeOf(again.unlock(f.slot, { atLeast: kept })), again.state]).toEqual(["vault/rolled-back", "locked"]);
    expect(await f.codeOf(again.accounts())).toBe("vault/locked");
  });

  test("is heard also where the same slot is opening already without it", async () => {
    const { custody, store, me } = await f.openCustody();
    const older = await dump(store);
    await me.sign(pay(0));
    const kept = await custody.checkpoint();
    custody.lock();
    await restore(store, older);
    const again = custodyOn(store);
    const codes = await Promise.all([f.codeOf(again.unlock(f.slot)), f.codeOf(again.unlock(f.slot, { atLeast: kept }))]);
    expect([codes, again.state]).toEqual([["nothing was thrown", "vault/rolled-back"], "locked"]);
  });

  test("is no reason to count a wrong slot twice, nor is a wrong slot told apart by it", async () => {
    const { custody, store } = await f.openCustody({ store: freshStore() });
    const kept = await custody.checkpoint();
    custody.lock();
    const again = custodyOn(store);
    expect(await f.codeOf(again.unlock(rawSlot(keyOf(9)), { atLeast: kept }))).toBe("vault/cannot-open");
    expect(await f.codeOf(again.unlock(f.slot, { atLeast: `${kept}x` }))).toBe("log/malformed");
    await again.unlock(f.slot, { atLeast: kept });
    const openings = (await f.checkedLog(again)).filter(({ kind }) => kind === "opened");
    expect(openings.map(({ failures }) => failures)).toEqual([1]);
  });
});
