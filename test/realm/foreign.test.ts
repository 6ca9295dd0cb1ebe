import { describe, expect, test } from "vitest";
import { approveOffline, type CredentialSigner, type Slot } from "../../src/index.ts";
import { ana, codeOf, openCustody, slot } from "../custody/fixture.ts";
import { HOSTILE } from "./hostile.ts";
import { makeWorld } from "./surface.ts";

describe("code of the app's", () => {
  test("a slot may give anything: the vault stays shut, and the next one opens it", async () => {
    const { custody } = await openCustody();
    custody.lock();
    for (const [what, make] of HOSTILE) {
      if (what === "a promise that never settles") continue;
      const giving: Slot = { ...slot, open: async () => make() as Uint8Array };
      expect([what, await codeOf(custody.unlock(giving))]).toEqual([what, expect.stringMatching(/^vault\/(?:cannot-open|aborted)$/)]);
    }
    await custody.unlock(slot);
    expect(custody.state).toBe("open");
  });

  test("a slot that never answers is waited for no longer than the signal says, and what it gives then is wiped", async () => {
    const { custody } = await openCustody();
    custody.lock();
    let give: (secret: Uint8Array) => void = () => undefined;
    const waiting: Slot = {
      ...slot,
      open: () =>
        new Promise((resolve) => {
          give = resolve;
        }),
    };
    const stop = new AbortController();
    const opening = custody.unlock(waiting, { signal: stop.signal });
    setTimeout(() => stop.abort(), 10);
    expect(await codeOf(opening)).toBe("vault/aborted");
    const late = new Uint8Array(32).fill(7);
    give(late);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect([...late].every((byte) => byte === 0)).toBe(true);
  });

  test("what a slot throws is an error of ours with its cause", async () => {
    const { custody } = await openCustody();
    custody.lock();
    const cause = new Error("the person has pressed cancel");
    const cancelled: Slot = { ...slot, open: () => Promise.reject(cause) };
    await expect(custody.unlock(cancelled)).rejects.toMatchObject({ code: "vault/aborted", cause });
    expect(custody.state).toBe("locked");
  });

  test("an imitation of a signal is none", async () => {
    const { custody } = await openCustody();
    custody.lock();
    const fake = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined };
    expect(await codeOf(custody.unlock(slot, { signal: fake as never }))).toBe("request/malformed");
  });

  test("a watcher that is none is refused", async () => {
    const { custody } = await openCustody();
    expect(() => custody.subscribe(5 as never)).toThrow(expect.objectContaining({ code: "request/malformed" }));
  });

  test("a time that is no number is not `never`", async () => {
    for (const autoLockMs of [Number.NaN, "600000", 0, -1, {}]) {
      expect(await codeOf(openCustody({ autoLockMs: autoLockMs as never })), String(autoLockMs)).toBe("request/malformed");
    }
  });

  test("a credential may throw, give anything, or come back into the custody", async () => {
    const { custody } = await openCustody();
    for (const sign of [
      () => Promise.reject(new Error("no")),
      async () => "0x" as never,
      () => custody.session({ person: "owner" }) as never,
    ]) {
      const credential: CredentialSigner = { publicKey: ana.publicKey, sign };
      expect(await codeOf(custody.session({ person: "ana", credential }))).toMatch(/^(?:request\/malformed|session\/[a-z-]+)$/);
    }
  });

  test("what is approved is the statement as it was when it was asked for", async () => {
    const { statement } = await makeWorld();
    const given = { ...statement };
    const signing = approveOffline(given, "ana", ana.credential);
    given.answer = "no";
    expect((await signing).statement).toEqual(statement);
  });
});
