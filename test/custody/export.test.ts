import { HDKey } from "@scure/bip32";
import { mnemonicToSeedSync } from "@scure/bip39";
import { describe, expect, test } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { type Custody, type ExportRequest, keyward, type Phrase, type Session, type WalletSource } from "../../src/index.ts";
import { combineSlip39 } from "../../src/recovery/index.ts";
import { freshStore } from "../here/fresh-store.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const ENTROPY = new Uint8Array(16).fill(0x7f);
const wallet = { from: "mnemonic", mnemonic: PHRASE } as const;
const OWNER: readonly object[] = [{ id: "out", allow: ["export"], when: { requester: "owner" } }];
const TWO: readonly object[] = [...OWNER, { id: "two", require: ["export"], approvals: g.twoOfFinance }];

const words = { what: "phrase", wallet: "Main" } as const;
const shares = { what: "slip39", wallet: "Main", groups: [{ threshold: 2, shares: 3 }], iterationExponent: 0 } as const;
const child = { what: "childSeed", wallet: "Main", application: "bip39", language: "english", words: 12, index: 0 } as const;
const EVERY: readonly ExportRequest[] = [words, shares, child];

const code = (wanted: string) => expect.objectContaining({ code: wanted });

async function opened(rules: readonly object[] = OWNER, more: { wallet?: WalletSource; store?: f.Opened["store"] } = {}) {
  return f.openCustody({ policy: g.team([...rules, g.edit]), wallet, ...more });
}

/** What came out; anything else is a failure. */
async function out<R extends ExportRequest>(me: Session, request: R) {
  const outcome = await me.export(request);
  if (outcome.kind !== "exported") throw new Error(`expected it to leave, got ${JSON.stringify(outcome)}`);
  return outcome.exported;
}

const bySome = async (custody: Custody, id: string): Promise<void> => {
  for (const who of [f.ana, f.ben]) await g.vote(custody, id, who);
};

/** Entries of exports that were allowed. */
const exportsOf = async (custody: Custody) =>
  (await f.checkedLog(custody)).filter(({ kind, effects }) => kind === "acted" && JSON.stringify(effects).includes('"export"'));

/** A custody on a store that tells in order what is read of it and when something was committed, and which key is its wallet's secret. */
async function watched() {
  const told: string[] = [];
  const hook: { read?: (key: string) => unknown } = {};
  const store = f.hooked(freshStore(), {
    before: (call) => call.on === "get" && told.push(call.key),
    after: (call) => (call.on === "commit" ? told.push("commit") : call.on === "get" && hook.read?.(call.key)),
  });
  const during = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
    told.length = 0;
    await work();
    return [...told];
  };
  const { custody, me } = await opened(OWNER, { store });
  // To derive an account reads the secret of its wallet; to look at wallets does not.
  const looked = await during(() => me.wallets.list());
  const derived = await during(() => me.accounts.derive({ chain: f.CHAIN, name: "Second" }));
  const [secret = "", ...others] = derived.slice(0, derived.indexOf("commit")).filter((key) => !looked.includes(key));
  expect(others).toEqual([]);
  return { custody, me, secret, during, hook };
}

describe("a phrase that leaves", () => {
  test("is shown word by word, each when it is asked for, with what belongs to it", async () => {
    const { me } = await opened();
    const phrase = await out(me, words);
    expect([phrase.count, phrase.language, phrase.hasPassphrase, phrase.passphraseInPlainText()]).toEqual([12, "english", false, ""]);
    expect([...phrase.words()].join(" ")).toBe(PHRASE);
    expect([phrase.word(0), phrase.word(11), phrase.inPlainText()]).toEqual(["legal", "yellow", PHRASE]);
    for (const position of [-1, 12, 0.5, Number.NaN]) expect(() => phrase.word(position)).toThrow(code("request/malformed"));
    expect([JSON.stringify(phrase), String(phrase)]).toEqual(['"Phrase(12 words)"', "Phrase(12 words)"]);
  });

  test("is gone once it is ended, also in the middle", async () => {
    const { me } = await opened();
    const phrase = await out(me, words);
    const shown = phrase.words();
    expect(shown.next().value).toBe("legal");
    phrase.end();
    phrase.end();
    expect(() => shown.next()).toThrow(code("vault/locked"));
    for (const read of [() => phrase.word(0), () => phrase.inPlainText(), () => phrase.passphraseInPlainText()])
      expect(read).toThrow(code("vault/locked"));
  });

  test("is gone once the custody is locked, and does not come back with it", async () => {
    const { custody, me } = await opened();
    const [phrase, seed] = [await out(me, words), await out(me, child)];
    custody.lock();
    const gone = () => {
      for (const read of [() => phrase.word(0), () => seed.bytes(), () => seed.inPlainText(), () => seed.phrase?.word(0)])
        expect(read).toThrow(code("vault/locked"));
    };
    gone();
    await custody.unlock(f.slot);
    gone();
  });

  test("keeps the custody open for as long as somebody reads", async () => {
    const { me } = await opened(OWNER);
    const phrase = await out(me, words);
    expect(phrase.word(3)).toBe("year");
    const short = keyward({ chains: [evm], store: freshStore(), autoLockMs: 400 });
    await short.create({ slot: f.slot, policy: g.team([...OWNER, g.edit]), wallet });
    const slow = await out(await short.session({ person: "owner" }), words);
    for (let position = 0; position < 6; position++) {
      await new Promise((resume) => setTimeout(resume, 150));
      expect(slow.word(position)).toBe(PHRASE.split(" ")[position]);
    }
    await new Promise((resume) => setTimeout(resume, 900));
    expect(() => slow.word(0)).toThrow(code("vault/locked"));
  });

  test("has its BIP-39 passphrase with it, and the words of its own language", async () => {
    const { me } = await opened(OWNER, { wallet: { from: "generate", words: 24, passphrase: "geheim" } });
    const phrase: Phrase = await out(me, words);
    expect([phrase.count, phrase.hasPassphrase, phrase.passphraseInPlainText()]).toEqual([24, true, "geheim"]);
  });
});

describe("shares and children that leave", () => {
  test("shares give the entropy back, in the groups and with the passphrase asked for", async () => {
    const { me } = await opened();
    const groups = [
      { threshold: 2, shares: 3 },
      { threshold: 1, shares: 1 },
    ];
    const made = await out(me, { ...shares, groups, groupThreshold: 2, passphrase: "of the shares" });
    expect(made.shares.map(({ length }) => length)).toEqual([3, 1]);
    expect(made).toMatchObject({ groups, groupThreshold: 2, holds: "entropy", needsMnemonicPassphrase: false });
    const some = [...(made.shares[0] ?? []).slice(1), ...(made.shares[1] ?? [])];
    expect(await combineSlip39(some, { passphrase: "of the shares" })).toEqual(ENTROPY);
    expect(await combineSlip39(some)).not.toEqual(ENTROPY);
  });

  test("shares of a seed hold the seed, and say so; a passphrase of the wallet that they leave out is told", async () => {
    const seed = new Uint8Array(32).fill(9);
    const { me } = await opened(OWNER, { wallet: { from: "seed", seed } });
    const made = await out(me, shares);
    expect([made.holds, await combineSlip39((made.shares[0] ?? []).slice(0, 2))]).toEqual(["seed", seed]);
    const { me: other } = await opened(OWNER, { wallet: { ...wallet, passphrase: "geheim" } });
    expect(await out(other, shares)).toMatchObject({ holds: "entropy", needsMnemonicPassphrase: true });
  });

  test("children are those of BIP-85, in every form", async () => {
    const { me } = await opened();
    const root = HDKey.fromMasterSeed(mnemonicToSeedSync(PHRASE));
    const bip39 = await out(me, child);
    expect([bip39.path, bip39.phrase?.count]).toEqual(["m/83696968'/39'/0'/12'/0'", 12]);
    expect([...(bip39.phrase?.words() ?? [])].join(" ")).toBe(bip39.inPlainText());
    const hex = await out(me, { what: "childSeed", wallet: "Main", application: "hex", bytes: 64, index: 7 });
    expect([hex.path, hex.phrase, hex.bytes().length]).toEqual(["m/83696968'/128169'/64'/7'", undefined, 64]);
    expect(hex.inPlainText()).toBe(toHex(hex.bytes()));
    expect((await out(me, { what: "childSeed", wallet: "Main", application: "wif", index: 0 })).inPlainText()).toMatch(/^[KL]/);
    const xprv = (await out(me, { what: "childSeed", wallet: "Main", application: "xprv", index: 0 })).inPlainText();
    expect(HDKey.fromExtendedKey(xprv).depth).toBe(0);
    expect(xprv).not.toBe(root.privateExtendedKey);
    // What was lent is a copy: wiping it leaves the next one whole.
    hex.bytes().fill(0);
    expect(hex.bytes()).not.toEqual(new Uint8Array(64));
  });
});

describe("a wallet without what is asked for", () => {
  test("answers with a code of its own, before anybody is asked, and nothing is written but that", async () => {
    const { custody, me } = await opened(TWO, { wallet: { from: "privateKey", privateKey: f.KEY } });
    const code = (request: ExportRequest) => f.codeOf(me.export(request));
    expect([await code(words), await code(shares), await code(child)]).toEqual(["vault/no-phrase", "vault/no-seed", "vault/no-seed"]);
    expect([await code({ ...words, wallet: "Other" }), await custody.pending()]).toEqual(["vault/no-such-account", []]);
    const { me: seeded } = await opened(TWO, { wallet: { from: "seed", seed: new Uint8Array(64).fill(3) } });
    expect(await f.codeOf(seeded.export(words))).toBe("vault/no-phrase");
    // SLIP-39 has no shares of 64 bytes. That is known before an approval is used up.
    expect(await f.codeOf(seeded.export(shares))).toBe("recovery/bad-secret");
    expect(await exportsOf(custody)).toEqual([]);
  });

  test("requests that are no such thing are refused at the door", async () => {
    const { custody, me } = await opened();
    const code = (request: object) => f.codeOf(me.export(request as ExportRequest));
    expect(await code({ what: "everything", wallet: "Main" })).toBe("request/malformed");
    expect(await code({ what: "phrase" })).toBe("request/malformed");
    expect(await code({ ...words, plain: true })).toBe("request/malformed");
    expect(await code({ ...shares, passprhase: "mistyped" })).toBe("request/malformed");
    expect(await code({ ...shares, passphrase: "ü" })).toBe("recovery/bad-passphrase");
    expect(await code({ ...shares, groups: [{ threshold: 1, shares: 3 }] })).toBe("recovery/bad-groups");
    expect(await code({ ...child, words: 13 })).toBe("keys/bad-path");
    expect(await code({ ...child, index: "0" })).toBe("request/malformed");
    expect(await code({ ...child, application: "rsa" })).toBe("request/malformed");
    expect(await exportsOf(custody)).toEqual([]);
  });
});

describe("what an export says", () => {
  test("is all that decides what leaves, to approvers and in the log, and nothing of the secret", async () => {
    const { custody, me } = await opened(TWO);
    const [{ id } = { id: "" }] = await custody.wallets();
    const splitting = { groups: [{ threshold: 2, shares: 3 }], groupThreshold: 1, iterationExponent: 0, extendable: true };
    const bip39 = { application: "bip39", language: "english", words: 12, index: 0 };
    const wanted = [
      { act: "export", what: "phrase", wallet: id, name: "Main" },
      { act: "export", what: "slip39", wallet: id, name: "Main", passphrase: true, ...splitting },
      { act: "export", what: "slip39", wallet: id, name: "Main", passphrase: false, ...splitting },
      { act: "export", what: "childSeed", wallet: id, name: "Main", child: bip39, path: "m/83696968'/39'/0'/12'/0'" },
    ];
    const asked = [words, { ...shares, passphrase: "of the shares" }, { ...shares, passphrase: "" }, child];
    const texts: string[] = [];
    for (const [at, request] of asked.entries()) {
      const pending = g.asked(await me.export(request));
      expect((await custody.approvalRequest(pending)).request).toMatchObject({ kind: "act", payload: wanted[at] });
      await bySome(custody, pending);
      const left = await out(me, request);
      texts.push("inPlainText" in left ? left.inPlainText() : (left.shares[0]?.[0] ?? "").split(" ").slice(4).join(" "));
    }
    const entries = await exportsOf(custody);
    expect(entries.map(({ request, effects }) => [(request as { payload?: unknown }).payload, effects])).toEqual(
      wanted.map((payload) => [payload, [{ kind: "export", what: payload.what, at: [] }]]),
    );
    expect(entries.every(({ approvals }) => (approvals as readonly unknown[]).length === 2)).toBe(true);
    const told = JSON.stringify([await f.checkedLog(custody), await custody.pending(), await custody.diagnose()]);
    for (const secret of [...texts, "of the shares", toHex(ENTROPY)]) expect(told).not.toContain(secret);
  });

  test("cannot be read otherwise: a path or a wallet beside what is made is refused", async () => {
    const { custody } = await opened();
    const [{ id } = { id: "" }] = await custody.wallets();
    const bip39 = { application: "bip39", language: "english", words: 12, index: 0 };
    const whole = { act: "export", what: "childSeed", wallet: id, name: "Main", child: bip39, path: "m/83696968'/39'/0'/12'/0'" };
    const decode = (payload: object) => f.codeOf(custody.decode({ kind: "act", payload }));
    expect(await decode(whole)).toBe("nothing was thrown");
    for (const change of [
      { path: "m/83696968'/39'/0'/12'/1'" },
      { path: undefined },
      { wallet: "Main" },
      { name: undefined },
      { more: 1 },
      { child: { ...bip39, more: 1 } },
    ])
      expect(await decode({ ...whole, ...change }), JSON.stringify(change)).toBe("request/malformed");
    expect(await decode({ ...whole, child: { ...bip39, words: 13 } })).toBe("keys/bad-path");
  });
});

describe("nothing leaves", () => {
  test("that no rule allows, or a session may not ask for", async () => {
    const { custody, me, store } = await opened([]);
    for (const request of EVERY) expect(g.reasonOf(await me.export(request))).toBe("policy/not-allowed");
    const { custody: other } = await f.reopen(store);
    const narrow = await other.session({ person: "owner", scope: { rules: [] } });
    for (const request of EVERY) expect(g.reasonOf(await narrow.export(request))).toBe("policy/not-allowed");
    expect(await exportsOf(custody)).toEqual([]);
  });

  test("of another kind than the rule speaks of", async () => {
    const { me } = await opened([{ id: "children", allow: ["export"], when: { what: "childSeed" } }]);
    expect([g.reasonOf(await me.export(words)), g.reasonOf(await me.export(shares))]).toEqual(["policy/not-allowed", "policy/not-allowed"]);
    expect((await me.export(child)).kind).toBe("exported");
  });

  test("while a mode holds that the rule does not allow it in", async () => {
    const rules = [
      { id: "out", allow: ["export"], when: { mode: "normal" } },
      { id: "freeze", allow: ["modeChange"] },
    ];
    const { me } = await opened(rules);
    expect((await me.submit({ act: "modeChange", mode: "frozen" })).kind).toBe("done");
    for (const request of EVERY) expect(g.reasonOf(await me.export(request))).toBe("policy/not-allowed");
    expect((await me.submit({ act: "modeChange", mode: "normal" })).kind).toBe("done");
    expect((await me.export(words)).kind).toBe("exported");
  });

  test("while it waits; once it is approved, the same request again collects it, once", async () => {
    const { custody, me } = await opened(TWO);
    for (const request of EVERY) {
      const id = g.asked(await me.export(request));
      await g.vote(custody, id, f.ana);
      expect(await me.export(request)).toMatchObject({ kind: "pending", id });
      await g.vote(custody, id, f.ben);
      expect((await me.export(request)).kind).toBe("exported");
      // What was approved is used up: another copy is another request.
      expect((await me.export(request)).kind).toBe("pending");
    }
    expect((await exportsOf(custody)).length).toBe(3);
  });

  test("for an approval of another wallet, path, threshold or passphrase", async () => {
    const { custody, me } = await opened([...TWO, { id: "in", allow: ["import"] }]);
    await me.submit({ act: "import", name: "Second", wallet: { from: "generate" } });
    const others: readonly (readonly [ExportRequest, ExportRequest])[] = [
      [words, { ...words, wallet: "Second" }],
      [child, { ...child, index: 1 }],
      [shares, { ...shares, groups: [{ threshold: 3, shares: 3 }] }],
      [
        { ...shares, passphrase: "of the shares" },
        { ...shares, extendable: false },
      ],
    ];
    for (const [asked, other] of others) {
      await bySome(custody, g.asked(await me.export(asked)));
      expect((await me.export(other)).kind).toBe("pending");
      expect((await me.export(asked)).kind).toBe("exported");
    }
  });

  test("that somebody said no to, or that was taken back", async () => {
    const { custody, me } = await opened(TWO);
    const id = g.asked(await me.export(words));
    await g.vote(custody, id, f.ana);
    await g.vote(custody, id, f.ben, { answer: "no" });
    expect((await me.export(words)).kind).toBe("pending");
    const [{ id: again } = { id: "" }] = await custody.pending();
    expect(again).not.toBe(id);
    await bySome(custody, again);
    await me.withdraw(again);
    expect((await me.export(words)).kind).toBe("pending");
    expect(await exportsOf(custody)).toEqual([]);
  });

  test("before its delay is over, in which anybody who is asked can object", async () => {
    const clock = g.timed();
    const slow = [...OWNER, { id: "slow", require: ["export"], approvals: g.twoOfFinance, delay: "24h", expires: "7d" }];
    const { custody, me } = await opened(slow, { store: clock.store });
    const id = g.asked(await me.export(words));
    await bySome(custody, id);
    clock.pass(g.DAY - 1);
    const late = await custody.session({ person: "owner" });
    expect(await late.export(words)).toMatchObject({ kind: "pending", id });
    await g.vote(custody, id, f.cyd, { answer: "no" });
    clock.pass(2);
    expect((await late.export(words)).kind).toBe("pending");
    const second = (await custody.pending())[0]?.id ?? "";
    await bySome(custody, second);
    clock.pass(g.DAY);
    expect((await (await custody.session({ person: "owner" })).export(words)).kind).toBe("exported");
  });

  test("by submit or resume, which have nobody to hand it to", async () => {
    const { custody, me } = await opened(TWO);
    const id = g.asked(await me.export(words));
    await bySome(custody, id);
    const payload = (await custody.pending())[0]?.request.payload as never;
    expect([await f.codeOf(me.submit(payload)), await f.codeOf(me.resume(id))]).toEqual(["request/malformed", "request/malformed"]);
    expect(await exportsOf(custody)).toEqual([]);
    expect((await me.export(words)).kind).toBe("exported");
  });

  test("from a vault that was opened for viewing", async () => {
    const { custody, store } = await opened();
    custody.lock();
    const viewer = keyward({ chains: [evm], store, autoLockMs: Number.POSITIVE_INFINITY });
    await viewer.unlock(f.slot);
    const me = await viewer.session({ person: "owner" });
    viewer.lock();
    await viewer.unlock(f.slot, { access: "view" });
    for (const request of EVERY) expect(await f.codeOf(me.export(request))).toBe("vault/view-only");
    await viewer.unlock(f.slot);
    expect(await exportsOf(viewer)).toEqual([]);
  });

  test("when the custody is locked in the middle, at whatever step", async () => {
    for (const request of EVERY) {
      for (let steps = 1; ; steps++) {
        const clock = { left: Number.POSITIVE_INFINITY };
        let custody: Custody | undefined;
        const count = () => {
          if (--clock.left === 0) custody?.lock();
        };
        const store = f.hooked(freshStore(), { before: count, after: count });
        const world = await opened(OWNER, { store });
        custody = world.custody;
        clock.left = steps;
        const code = await f.codeOf(world.me.export(request));
        if (clock.left > 0) {
          expect([code, steps > 4]).toEqual(["nothing was thrown", true]);
          break;
        }
        expect([steps, code]).toEqual([steps, "vault/locked"]);
      }
    }
  });

  test("when the custody is locked while shares are made", async () => {
    const { custody, me, secret, hook } = await watched();
    hook.read = (key) => key === secret && setTimeout(() => custody.lock());
    expect(await f.codeOf(me.export(shares))).toBe("vault/locked");
  });

  test("when the log cannot be written", async () => {
    let down = false;
    const fails = () => {
      if (down) throw f.broken();
    };
    const store = f.hooked(freshStore(), { before: (call) => (call.on === "commit" ? fails() : undefined) });
    const { custody, me } = await opened(OWNER, { store });
    down = true;
    for (const request of EVERY) expect(await f.codeOf(me.export(request))).toBe("store/failed");
    down = false;
    expect(await exportsOf(custody)).toEqual([]);
  });
});

describe("the secret itself", () => {
  test("is read only after the commit that logged its export", async () => {
    const { me, secret, during } = await watched();
    for (const request of EVERY) {
      const order = await during(() => out(me, request));
      expect(order.filter((key) => key === secret || key === "commit")).toEqual(["commit", secret]);
    }
  });

  test("that cannot be read after its export was logged is an alarm: the log says that nothing left", async () => {
    const { custody, me, secret, hook } = await watched();
    for (const [at, request] of EVERY.entries()) {
      hook.read = (key) => {
        if (key === secret) throw f.broken();
      };
      expect(await f.codeOf(me.export(request))).toBe("store/failed");
      delete hook.read;
      const alarms = (await f.checkedLog(custody)).filter(({ kind }) => kind === "alarm");
      const entries = await exportsOf(custody);
      expect([alarms.length, entries.length]).toEqual([at + 1, at + 1]);
      expect(alarms[at]).toMatchObject({ code: "store/failed", intent: entries[at]?.intent });
    }
  });

  test("is asked for only where it can be made: nothing is logged, and no approval used up, where the worker does not start", async () => {
    const { custody, me } = await opened(TWO);
    const worker = () => {
      throw new Error("no workers here");
    };
    await bySome(custody, g.asked(await me.export(shares)));
    expect(await f.codeOf(me.export({ ...shares, worker }))).toBe("recovery/no-realm");
    expect(await exportsOf(custody)).toEqual([]);
    expect((await me.export(shares)).kind).toBe("exported");
  });
});
