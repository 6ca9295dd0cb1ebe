import { address as bitcoinAddress } from "bitcoinjs-lib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePsbt, type Owner, owner } from "../chains/bitcoin/made.ts";
import { ABOUT, MAIN } from "../chains/bitcoin/wallet.ts";
import { document } from "../custody/fixture.ts";
import { type Draft, PHRASE, Shell } from "./shell.ts";

const shell = new Shell();
const elsewhere = new Shell();
const SHOP = "bc1qhwudxquswckz8td2emg5gh8czdnrkxmkezvw3k";
const shop = Uint8Array.from(bitcoinAddress.toOutputScript(SHOP));
const who = owner("tr", Uint8Array.from(Buffer.from(ABOUT, "hex")));

beforeAll(async () => {
  const { json } = await elsewhere.run(["keygen", elsewhere.path("ana.json"), "--json"]);
  const rules = [
    { id: "pay", allow: ["transfer"], when: { asset: "BTC", to: "shop" } },
    { id: "fees", allow: ["fee"], when: { asset: "BTC", amount: { max: "0.001 BTC" } } },
    {
      id: "large",
      require: ["transfer"],
      when: { asset: "BTC", total: { min: "0.5 BTC" } },
      approvals: [{ of: "ana", atLeast: 1 }],
    },
  ];
  const more = {
    assets: { BTC: { chain: MAIN, asset: "native", decimals: 8 } },
    book: { shop: { chain: MAIN, address: SHOP } },
    lists: { shops: ["shop"] },
  };
  shell.file("phrase", `${PHRASE}\n`);
  shell.file("words", `${"abandon ".repeat(11)}about\n`);
  const policy = document(rules, { people: [{ name: "ana", publicKey: json.publicKey, credential: undefined as never }], more });
  for (const argv of [
    ["init", "--policy", shell.file("policy.json", policy), "--mnemonic-file", shell.path("words")],
    ["account", "derive", "Coins", "--chain", MAIN, "--type", "tr"],
    ["account", "derive", "More", "--chain", MAIN],
  ]) {
    const { exit, err } = await shell.on(argv);
    if (exit !== 0) throw new Error(`${argv.join(" ")}: ${err}`);
  }
});
afterAll(() => {
  shell.remove();
  elsewhere.remove();
});

function pay(from: Owner, amount: bigint, { fee = 2_000n, salt = 0 } = {}): string {
  return makePsbt({
    coins: [{ who: from, path: [0, 0], value: 100_000_000n, witnessUtxo: "also", sequence: 0xfffffffd }],
    paid: [
      { script: shop, value: amount },
      { change: { who: from, path: [1, 0] }, value: 100_000_000n - amount - fee },
    ],
    salt,
  }).toBase64();
}

const asked = (payload: string) => JSON.stringify({ chain: MAIN, account: "Coins", kind: "psbt", payload });

describe("Bitcoin on the command line", () => {
  test("an account shows its next address, and gives out a fresh one each time", async () => {
    const first = await shell.on(["address", "Coins"]);
    expect(first.out).toBe("bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr\n");
    const given = [];
    for (let n = 0; n < 2; n++) given.push((await shell.on(["address", "Coins", "--fresh", "--json"])).json);
    expect(given).toMatchObject([{ index: 0 }, { index: 1 }]);
    expect((await shell.on(["address", "Coins", "--json"])).json).toMatchObject({ index: 2 });
    expect((await shell.on(["address", "Coins", "--change", "--json"])).json).toMatchObject({ index: 0 });
    expect((await shell.on(["address", "Coins", "--fresh", "--change"])).exit).toBe(2);
    const { json } = await shell.on(["account", "list", "--json"]);
    expect(json.accounts[0].descriptor).toMatch(/^tr\(\[73c5da0a\/86h\/0h\/0h\]xpub.*\/<0;1>\/\*\)#[a-z0-9]{8}$/);
  });

  test("a PSBT is decoded by a descriptor alone as the vault decodes it", async () => {
    const { json } = await shell.on(["account", "list", "--json"]);
    const payload = pay(who, 1_000_000n);
    const inside = await shell.on(["decode", "--json"], { stdin: asked(payload) });
    const request = { chain: MAIN, account: json.accounts[0].descriptor, kind: "psbt", payload };
    const outside = await shell.run(["decode", "--json", "--policy", shell.path("policy.json")], { stdin: JSON.stringify(request) });
    expect([inside.exit, outside.exit]).toEqual([0, 0]);
    expect(outside.json).toEqual(inside.json);
    expect(inside.json.intent.effects).toMatchObject([
      { kind: "transfer", to: SHOP, amount: "1000000" },
      { kind: "fee", amount: "2000" },
    ]);
    const shown = await shell.run(["explain", "--policy", shell.path("policy.json")], { stdin: JSON.stringify(request) });
    expect(shown.out).toContain("0.01 BTC (1000000)  to shop");
  });

  test("a payment is signed, with the transaction ready to broadcast", async () => {
    const { exit, json } = await shell.on(["sign", "--json"], { stdin: asked(pay(who, 1_000_000n)) });
    expect(exit).toBe(0);
    expect(Object.keys(json).sort()).toEqual(["bytes", "entry", "hash", "kind"]);
    expect(json.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test("what others have to sign as well is a PSBT, and says so", async () => {
    const theirs = owner("wpkh", new Uint8Array(32).fill(77));
    const payload = makePsbt({
      coins: [
        { who, path: [0, 0], value: 1_000_000n, witnessUtxo: "also" },
        { who: theirs, path: [0, 0], value: 1_000_000n },
      ],
      paid: [{ script: shop, value: 1_990_000n }],
      salt: 40,
    }).toBase64();
    const { exit, json } = await shell.on(["sign", "--json"], { stdin: asked(payload) });
    expect(exit).toBe(0);
    expect(json).toMatchObject({ kind: "signed", complete: false, bytes: expect.stringMatching(/^0x70736274ff/) });
    const text = await shell.on(["sign"], { stdin: asked(payload) });
    expect(text.out).toContain("others have to sign it as well");
  });

  /** A payment that waits for ana, as her machine gets it. */
  async function waiting(salt: number): Promise<{ id: string; asked: Draft; payload: string }> {
    const payload = pay(who, 60_000_000n, { salt });
    const { exit, json } = await shell.on(["sign", "--json"], { stdin: asked(payload) });
    expect(exit).toBe(3);
    return { id: json.id, asked: (await shell.on(["pending", "show", json.id, "--json"])).json, payload };
  }
  const approve = (file: string) =>
    elsewhere.run(["approve", "--request", file, "--person", "ana", "--key-file", elsewhere.path("ana.json")]);

  test("an approver reads the same transaction on her own machine, and her yes covers a higher fee", async () => {
    const { id, asked: request, payload } = await waiting(10);
    const given = await approve(elsewhere.file("asked.json", request));
    expect(given.err).toContain("0.6 BTC (60000000)");
    expect(given.exit).toBe(0);
    expect((await shell.on(["approve", id, "--approval", shell.file("approval.json", given.out)])).exit).toBe(0);
    expect((await shell.on(["pending", "resume", id])).exit).toBe(0);
    const bumped = await shell.on(["sign", "--json"], { stdin: asked(pay(who, 60_000_000n, { salt: 10, fee: 4_000n })) });
    expect(bumped.json).toMatchObject({ kind: "signed" });
    expect(payload).not.toBe("");
    expect((await shell.on(["sign", "--json"], { stdin: asked(pay(who, 60_000_000n, { salt: 10, fee: 4_001n })) })).exit).toBe(3);
  });

  test("a lie about how the account's addresses are made gives no approval that the vault takes", async () => {
    const { id, asked: request } = await waiting(20);
    const { descriptor, ceilings, others } = request.account;
    expect(others).toHaveLength(1);
    const lies = [
      // Another account in its place; ceilings that hide the change; a stranger who is one of us.
      { ...request, account: { descriptor: others[0].descriptor, ceilings, others: [] } },
      { ...request, account: { descriptor, ceilings: [0, 0], others } },
    ];
    for (const lie of lies) expect(await approve(elsewhere.file("lie.json", lie))).toMatchObject({ exit: 2, out: "" });
    for (const more of [{ ceilings: [20_001, 20] }, { ceilings: [20] }, { others: Array(101).fill(others[0]) }, { descriptor: 7 }]) {
      const { exit, err } = await approve(elsewhere.file("lie.json", { ...request, account: { ...request.account, ...more } }));
      expect(exit).toBe(2);
      expect(err).toContain("[approval/malformed]");
    }
    expect((await shell.on(["pending", "show", id, "--json"])).json.statement).toEqual(request.statement);
  });
});
