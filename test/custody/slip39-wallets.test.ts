import { HDKey } from "@scure/bip32";
import { addr } from "micro-eth-signer";
import { describe, expect, test } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { keyward, type Session, type WalletSource } from "../../src/index.ts";
import { splitSlip39 } from "../../src/recovery/index.ts";
import { freshStore } from "../here/fresh-store.ts";
import { PUBLISHED } from "../recovery/words.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const imports = { id: "import", allow: ["import"], when: { requester: "owner", what: "slip39" } };
const PATH = "m/44'/60'/0'/0/0";
const SECRET = new Uint8Array(16).map((_, at) => 11 * at + 5);
const TWO_OF_THREE = { groups: [{ threshold: 2, shares: 3 }], iterationExponent: 0 } as const;

async function setting(rules: readonly object[] = [imports]) {
  return f.openCustody({ policy: g.team([g.edit, ...rules]) });
}

async function addressOf(me: Session, name: string, wallet: WalletSource): Promise<string> {
  const outcome = await me.submit({ act: "import", name, wallet });
  if (outcome.kind !== "done") throw new Error(JSON.stringify(outcome));
  const { address } = await me.accounts.derive({ chain: f.CHAIN, name: `of ${name}`, wallet: String(outcome.result.wallet), path: PATH });
  return address;
}

describe("a wallet from shares of SLIP-39", { timeout: 120_000 }, () => {
  test("has the keys of the published root key, for every vector that has a secret; the others bring nothing in", async () => {
    const { me } = await setting();
    const made: string[] = [];
    for (const [at, [name, shares, secret, xprv]] of PUBLISHED.entries()) {
      const wallet = { from: "slip39", holds: "seed", shares, passphrase: "TREZOR" } as const;
      const before = (await me.wallets.list()).length;
      if (secret === "") {
        expect(await f.codeOf(me.submit({ act: "import", name: `v${at}`, wallet })), name).toMatch(/^recovery\//);
        expect((await me.wallets.list()).length).toBe(before);
        continue;
      }
      const known = HDKey.fromExtendedKey(xprv).derive(PATH).publicKey as Uint8Array;
      const address = addr.fromPublicKey(known);
      // Several vectors are of one secret.
      if (made.includes(address)) expect(await f.codeOf(addressOf(me, `v${at}`, wallet)), name).toBe("vault/already-there");
      else expect(await addressOf(me, `v${at}`, wallet), name).toBe(address);
      made.push(address);
    }
    expect(made.length).toBe(15);
  });

  test("that hold entropy is the wallet with that phrase, in its language and with its passphrase", async () => {
    const [shares = []] = await splitSlip39(SECRET, { ...TWO_OF_THREE, passphrase: "of the shares" });
    const store = freshStore();
    const custody = keyward({ chains: [evm], store, autoLockMs: Number.POSITIVE_INFINITY });
    const rules = [{ id: "out", allow: ["export"], when: { what: "phrase" } }];
    const wallet = { from: "slip39", holds: "entropy", shares: shares.slice(1), passphrase: "of the shares" } as const;
    await custody.create({
      slot: f.slot,
      policy: f.payments(rules),
      wallet: { ...wallet, language: "japanese", mnemonicPassphrase: "ガバヴァ" },
    });
    const outcome = await (await custody.session({ person: "owner" })).export({ what: "phrase", wallet: "Main" });
    if (outcome.kind !== "exported") throw new Error(outcome.kind);
    const { exported } = outcome;
    expect([exported.count, exported.language, exported.hasPassphrase]).toEqual([12, "japanese", true]);
    expect(exported.passphraseInPlainText()).toBe("ガバヴァ".normalize("NFKD"));
    const { me } = await setting([{ id: "in", allow: ["import"] }]);
    const mnemonic = exported.inPlainText();
    const again = await me.submit({ act: "import", name: "again", wallet: { from: "mnemonic", mnemonic, passphrase: "ガバヴァ" } });
    expect(again).toMatchObject({ result: { wallet: (await custody.wallets())[0]?.id } });
  });

  test("is asked for what its shares hold, for the same shares are one wallet or another", async () => {
    const { me } = await setting();
    const [shares = []] = await splitSlip39(SECRET, TWO_OF_THREE);
    const seed = await addressOf(me, "seed", { from: "slip39", holds: "seed", shares });
    expect(await addressOf(me, "entropy", { from: "slip39", holds: "entropy", shares })).not.toBe(seed);
    for (const holds of [undefined, "phrase"])
      expect(await f.codeOf(me.submit({ act: "import", name: "x", wallet: { from: "slip39", shares, holds } as never }))).toBe(
        "request/malformed",
      );
    const spoken = { from: "slip39", holds: "entropy", shares, language: "klingon" } as unknown as WalletSource;
    expect(await f.codeOf(me.submit({ act: "import", name: "x", wallet: spoken }))).toBe("keys/bad-mnemonic");
  });

  test("is judged as what it is, and neither shares nor secret are in the request, the log or what is shown", async () => {
    const two = { id: "two", require: ["import"], when: { what: "slip39" }, approvals: g.twoOfFinance };
    const { custody, me } = await setting([imports, two]);
    const [shares = []] = await splitSlip39(SECRET, { ...TWO_OF_THREE, passphrase: "of the shares" });
    const wallet = { from: "slip39", holds: "entropy", shares, passphrase: "of the shares" } as const;
    const id = g.asked(await me.submit({ act: "import", name: "Old", wallet }));
    for (const who of [f.ana, f.ben]) await g.vote(custody, id, who);
    // Another passphrase is another wallet, and not the one that was approved.
    expect(await f.codeOf(me.resume(id, { wallet: { ...wallet, passphrase: "another" } }))).toBe("request/malformed");
    expect((await me.resume(id, { wallet })).kind).toBe("done");
    const told = JSON.stringify([await f.checkedLog(custody), await custody.pending(), await custody.wallets()]);
    expect(told).toContain('"what":"slip39"');
    for (const secret of [shares[0]?.split(" ").slice(4, 8).join(" ") ?? "", "of the shares", toHex(SECRET)]) {
      expect(told).not.toContain(secret);
    }
    expect(g.reasonOf(await me.submit({ act: "import", name: "Other", wallet: { from: "generate" } }))).toBe("policy/not-allowed");
  });
});
