import { secp256k1 } from "@noble/curves/secp256k1.js";
import { base64 } from "@scure/base";
import { Transaction } from "bitcoinjs-lib";
import { describe, expect, test } from "vitest";
import { bitcoin } from "../../src/chains/bitcoin/index.ts";
import { evm } from "../../src/chains/evm/index.ts";
import {
  type Account,
  approveOffline,
  type Custody,
  checkApprovalRequest,
  keyward,
  type Session,
  type SignedOutcome,
  type SignOutcome,
} from "../../src/index.ts";
import {
  extractByPeer,
  MAINNET,
  makePsbt,
  type Owner,
  owner,
  type Plan,
  payment,
  signByPeer,
  TYPES,
  type Type,
} from "../chains/bitcoin/made.ts";
import { freshStore } from "../here/fresh-store.ts";
import { ana, ben, checkedLog, codeOf, document, kindsOf, type Person, slot } from "./fixture.ts";
import { reasonOf } from "./governance.ts";

const SEED = new Uint8Array(64).fill(11);
const COIN = 100_000_000n;
const stranger = owner("wpkh", new Uint8Array(32).fill(77));
/** Where the policy lets coins go. */
const shop = payment(stranger, [0, 0]).output;
const elsewhere = payment(stranger, [0, 9]).output;

const RULES: readonly object[] = [
  { id: "pay", allow: ["transfer"], when: { asset: "BTC", to: "@shops" } },
  { id: "fees", allow: ["fee"], when: { asset: "BTC", amount: { max: "0.001 BTC" } } },
];

function policy(rules: readonly object[] = [], people: readonly Person[] = []): object {
  return document([...RULES, ...rules], {
    people,
    more: {
      assets: { BTC: { chain: MAINNET, asset: "native", decimals: 8 } },
      book: { shop: { chain: MAINNET, address: bitcoin.address(MAINNET, keysOf(stranger), [0, 0]) } },
      lists: { shops: ["shop"] },
    },
  });
}

/** The stranger's account as a chain sees it. */
function keysOf(who: Owner) {
  const { descriptor } = bitcoin.place(MAINNET, { index: 0, type: who.type });
  const extended = who.account.publicExtendedKey;
  const uncompressed = (path: readonly number[]) => secp256k1.Point.fromBytes(who.key(path as [number, number]).publicKey).toBytes(false);
  return { publicKey: uncompressed, descriptor: descriptor?.({ fingerprint: "00000000", extended }) ?? "" };
}

interface Opened {
  readonly custody: Custody;
  readonly me: Session;
  readonly account: Account;
  readonly who: Owner;
}

async function open(type: Type = "wpkh", rules: readonly object[] = [], people: readonly Person[] = []): Promise<Opened> {
  const custody = keyward({ store: freshStore(), chains: [evm, bitcoin], autoLockMs: Number.POSITIVE_INFINITY });
  await custody.create({ slot, policy: policy(rules, people), wallet: { from: "seed", seed: SEED.slice() } });
  const me = await custody.session({ person: "owner" });
  const account = await me.accounts.derive({ chain: MAINNET, name: "Coins", type });
  return { custody, me, account, who: owner(type, SEED) };
}

/** A payment of `amount` out of one coin of 1 BTC; what is left goes to the account's change branch. */
function pay(who: Owner, { amount = COIN / 100n, fee = 2_000n, salt = 0, change = 0, script = shop } = {}): Plan {
  return {
    // bitcoinjs-lib finalises taproot only where it is told the coin beside its transaction.
    coins: [{ who, path: [0, 0], value: COIN, sequence: 0xfffffffd, ...(who.type === "tr" && { witnessUtxo: "also" as const }) }],
    paid: [
      { script, value: amount },
      { change: { who, path: [1, change] }, value: COIN - amount - fee },
    ],
    salt,
  };
}

const asked = ({ account }: Opened, plan: Plan) => ({
  chain: MAINNET,
  account: account.id,
  kind: "psbt",
  payload: makePsbt(plan).toBase64(),
});

function signed(outcome: SignOutcome): SignedOutcome {
  if (outcome.kind !== "signed") throw new Error(`expected a signature, got ${JSON.stringify(outcome)}`);
  return outcome;
}

describe("a payment in Bitcoin", () => {
  test.each(TYPES)("of an account of type %s leaves complete, as another implementation would make it, and is in the log", async (type) => {
    const opened = await open(type);
    const plan = pay(opened.who);
    const outcome = signed(await opened.me.sign(asked(opened, plan)));
    const theirs = makePsbt(plan);
    signByPeer(theirs, plan.coins);
    const { bytes, id } = extractByPeer(theirs);
    expect(outcome).toMatchObject({ hash: id, complete: true });
    expect(Uint8Array.from(outcome.bytes)).toEqual(bytes);
    const entries = await checkedLog(opened.custody);
    expect(kindsOf(entries)).toMatch(/reserved signed$/);
    expect(entries.at(-1)?.result).toMatchObject({ hash: id, complete: true });
  });

  test("the same PSBT again, in hexadecimal this time, gives the same transaction and spends nothing more", async () => {
    const opened = await open("wpkh", [{ id: "cap", limit: ["outflow"], when: { asset: "BTC" }, max: "0.011 BTC", per: "24h" }]);
    const plan = pay(opened.who);
    const first = signed(await opened.me.sign(asked(opened, plan)));
    const again = signed(await opened.me.sign({ ...asked(opened, plan), payload: makePsbt(plan).toHex() }));
    expect(again).toEqual(first);
    expect(reasonOf(await opened.me.sign(asked(opened, pay(opened.who, { salt: 5 }))))).toBe("limit/exceeded");
  });

  test("what it uses is no fresh address any more", async () => {
    const opened = await open();
    signed(await opened.me.sign(asked(opened, pay(opened.who, { change: 3 }))));
    const [account] = await opened.custody.accounts();
    expect(account?.fresh).toMatchObject({ receive: { index: 1 }, change: { index: 4 } });
  });

  test("to an address that is not in the book is denied, and so is change that is not the account's", async () => {
    const opened = await open();
    expect(reasonOf(await opened.me.sign(asked(opened, pay(opened.who, { script: elsewhere }))))).toBe("policy/not-allowed");
    const beyond = pay(opened.who, { change: 25 });
    expect(reasonOf(await opened.me.sign(asked(opened, beyond)))).toBe("policy/not-allowed");
    expect(kindsOf(await checkedLog(opened.custody))).toMatch(/account denied denied$/);
  });

  test("thirty at once under a limit of ten are signed exactly ten times", async () => {
    const opened = await open("wpkh", [{ id: "cap", limit: ["transfer"], when: { asset: "BTC" }, max: "0.1 BTC", per: "24h" }]);
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, salt) => opened.me.sign(asked(opened, pay(opened.who, { salt: 2 * salt })))),
    );
    expect(outcomes.filter(({ kind }) => kind === "signed")).toHaveLength(10);
    await checkedLog(opened.custody);
  });
});

describe("a replacement (BIP-125)", () => {
  const limits = [{ id: "cap", limit: ["outflow"], when: { asset: "BTC" }, max: "0.0101 BTC", per: "24h" }];
  const large = {
    id: "large",
    require: ["transfer"],
    when: { asset: "BTC", total: { min: "0.01 BTC" } },
    approvals: [{ of: "ana", atLeast: 1 }],
  };

  test("of the same coins counts once, at the larger fee", async () => {
    const opened = await open("wpkh", limits);
    signed(await opened.me.sign(asked(opened, pay(opened.who, { fee: 2_000n }))));
    signed(await opened.me.sign(asked(opened, pay(opened.who, { fee: 9_000n }))));
    expect(reasonOf(await opened.me.sign(asked(opened, pay(opened.who, { fee: 11_000n }))))).toBe("limit/exceeded");
    expect(reasonOf(await opened.me.sign(asked(opened, pay(opened.who, { amount: 1_000n, salt: 8 }))))).toBe("limit/exceeded");
  });

  test("goes under the first approval up to twice the fee that was shown, and asks again above", async () => {
    const opened = await open("wpkh", [large], [ana, ben]);
    const waits = await opened.me.sign(asked(opened, pay(opened.who, { fee: 2_000n })));
    if (waits.kind !== "pending") throw new Error(waits.kind);
    const statement = await opened.custody.approvalStatement(waits.id);
    await opened.custody.submitApproval(waits.id, await approveOffline(statement, "ana", ana.credential));
    signed((await opened.me.resume(waits.id)) as SignOutcome);
    signed(await opened.me.sign(asked(opened, pay(opened.who, { fee: 4_000n }))));
    expect((await opened.me.sign(asked(opened, pay(opened.who, { fee: 4_001n })))).kind).toBe("pending");
    // Other coins are another payment, whatever it looks like.
    expect((await opened.me.sign(asked(opened, pay(opened.who, { fee: 2_000n, salt: 8 })))).kind).toBe("pending");
  });
});

describe("several accounts in one PSBT", () => {
  async function two() {
    const opened = await open("wpkh", [{ id: "own", allow: ["transfer"], when: { asset: "BTC", ownRecipient: true } }]);
    const savings = await opened.me.accounts.derive({ chain: MAINNET, name: "Savings", type: "tr" });
    const saver = owner("tr", SEED);
    const plan: Plan = {
      coins: [
        { who: opened.who, path: [0, 0], value: COIN },
        { who: saver, path: [0, 0], value: COIN, witnessUtxo: "also" },
      ],
      paid: [
        { script: shop, value: COIN },
        { change: { who: opened.who, path: [1, 0] }, value: COIN - 3_000n },
      ],
    };
    return { ...opened, savings, saver, plan };
  }

  test("are judged together: each request shows all that leaves, and signs its own account's inputs", async () => {
    const { me, account, savings, plan } = await two();
    const first = signed(await me.sign({ chain: MAINNET, account: account.id, kind: "psbt", payload: makePsbt(plan).toBase64() }));
    expect(first.complete).toBe(false);
    const payload = base64.encode(first.bytes);
    const shown = await me.explain({ chain: MAINNET, account: savings.id, kind: "psbt", payload });
    // From the side of the savings, change of the other account is a transfer to an own account.
    const effects = shown.intent.effects as readonly { readonly kind: string; readonly amount: string; readonly ownRecipient?: boolean }[];
    expect(effects.filter(({ kind }) => kind === "transfer")).toMatchObject([
      { amount: String(COIN), ownRecipient: false },
      { amount: String(COIN - 3_000n), ownRecipient: true },
    ]);
    const second = signed(await me.sign({ chain: MAINNET, account: savings.id, kind: "psbt", payload }));
    expect(second).toMatchObject({ complete: true, hash: Transaction.fromBuffer(second.bytes).getId() });
  });

  test("an address of the other account that is paid is no fresh one of it any more", async () => {
    const { me, account, who, saver } = await two();
    const plan: Plan = {
      coins: [{ who, path: [0, 0], value: COIN }],
      paid: [
        { change: { who: saver, path: [0, 2] }, value: COIN / 2n },
        { change: { who, path: [1, 0] }, value: COIN / 2n - 3_000n },
      ],
    };
    signed(await me.sign({ chain: MAINNET, account: account.id, kind: "psbt", payload: makePsbt(plan).toBase64() }));
    const [savings] = (await me.accounts.list()).filter(({ name }) => name === "Savings");
    expect(savings?.fresh?.receive.index).toBe(3);
  });

  test("count once: both requests spend the very same coins", async () => {
    const { custody, me, account, savings, plan } = await two();
    const first = signed(await me.sign({ chain: MAINNET, account: account.id, kind: "psbt", payload: makePsbt(plan).toBase64() }));
    await me.sign({ chain: MAINNET, account: savings.id, kind: "psbt", payload: base64.encode(first.bytes) });
    const lanes = (await checkedLog(custody)).filter(({ kind }) => kind === "reserved").map(({ lane }) => lane);
    expect(lanes).toHaveLength(2);
    expect(new Set(lanes).size).toBe(1);
  });
});

describe("what an account of Bitcoin is asked", () => {
  test("a PSBT that spends nothing of it, and requests of other kinds, sign nothing", async () => {
    const opened = await open();
    expect(reasonOf(await opened.me.sign(asked(opened, pay(stranger))))).toBe("bitcoin/nothing-to-sign");
    expect(await codeOf(opened.me.sign({ ...asked(opened, pay(opened.who)), kind: "transaction" }))).toBe("request/unsupported");
    const there = { ...asked(opened, pay(opened.who)), chain: "bip122:0f9188f13cb7b2c71f2a335e3a4fc328" };
    expect(await codeOf(opened.me.sign(there))).toBe("vault/no-such-account");
  });

  test("an account may be named by its descriptor as well", async () => {
    const opened = await open();
    const outcome = await opened.me.sign({ ...asked(opened, pay(opened.who)), account: opened.account.descriptor });
    expect(outcome.kind).toBe("signed");
  });
});

describe("what was agreed to is what was shown", () => {
  /** One coin below the ceiling and one beyond it, which is a stranger's until addresses up to there are given out; data makes it exact bytes. */
  async function hiding(needs: object) {
    const opened = await open(
      "wpkh",
      [
        { id: "data", allow: ["unknown"] },
        { id: "any", allow: ["transfer"], when: { asset: "BTC" } },
        { id: "any-fee", allow: ["fee"] },
        needs,
      ],
      [ana],
    );
    const { who } = opened;
    const plan: Plan = {
      coins: [
        { who, path: [0, 0], value: 10_000n },
        { who, path: [0, 25], value: 10n * COIN },
      ],
      paid: [
        { script: elsewhere, value: 10n * COIN },
        { change: { who, path: [1, 0] }, value: 5_000n },
        { script: Uint8Array.of(0x6a, 1, 7), value: 0n },
      ],
    };
    const advance = async () => {
      for (let index = 0; index < 6; index++) await opened.me.accounts.receive(opened.account.id);
    };
    return { ...opened, request: asked(opened, plan), advance };
  }
  const approved = { id: "agree", require: ["transfer"], approvals: [{ of: "ana", atLeast: 1 }] };
  const present = { id: "present", require: ["transfer"], confirm: true };

  test("an approval of exact bytes is void once the same bytes would cost more", async () => {
    const { custody, me, request, advance } = await hiding(approved);
    const waits = await me.sign(request);
    if (waits.kind !== "pending") throw new Error(JSON.stringify(waits));
    await custody.submitApproval(waits.id, await approveOffline(await custody.approvalStatement(waits.id), "ana", ana.credential));
    await advance();
    expect((await me.sign(request)).kind).toBe("pending");
    expect((await me.resume(waits.id)).kind).toBe("pending");
    expect(kindsOf(await checkedLog(custody))).not.toContain("reserved");
  });

  test("and so is a confirmation", async () => {
    const { custody, me, request, advance } = await hiding(present);
    const waits = await me.sign(request);
    if (waits.kind !== "pending") throw new Error(JSON.stringify(waits));
    await me.confirm(waits.id, { slot });
    await advance();
    expect((await me.sign(request)).kind).toBe("pending");
    expect((await me.resume(waits.id)).kind).toBe("pending");
    expect(kindsOf(await checkedLog(custody))).not.toContain("reserved");
  });

  test("a request for approval shows what the vault would sign, or is refused", async () => {
    const { custody, me, request } = await hiding(approved);
    const waits = await me.sign(request);
    if (waits.kind !== "pending") throw new Error(JSON.stringify(waits));
    const sent = await custody.approvalRequest(waits.id);
    const chains = [evm, bitcoin];
    expect(checkApprovalRequest(sent, { chains }).statement.subject).toBe(sent.subject.digest);
    const { account, ...without } = sent;
    if (account === undefined) throw new Error("expected an account");
    const effects = [...sent.effects].map((effect) => ("amount" in effect ? { ...effect, amount: "0" } : effect));
    for (const lie of [{ ...without, effects }, without, { ...sent, account: { ...account, ceilings: [0, 0] } }])
      expect(() => checkApprovalRequest(lie, { chains })).toThrow(expect.objectContaining({ code: "approval/mismatch" }));
  });
});
