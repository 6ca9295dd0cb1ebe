import * as ecc from "@bitcoinerlab/secp256k1";
import { HDKey } from "@scure/bip32";
import { p2pkh, p2sh, p2tr, p2wpkh } from "@scure/btc-signer";
import { initEccLib, payments } from "bitcoinjs-lib";
import { describe, expect, test, vi } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { addressOfScript } from "../../../src/chains/bitcoin/address.ts";
import { TEMPLATE_LIST, TEMPLATES } from "../../../src/chains/bitcoin/template.ts";
import { ABOUT, MAIN, TYPES } from "./wallet.ts";

vi.setConfig({ testTimeout: 60_000 });
initEccLib(ecc);

describe("templates", () => {
  test("each type has its BIP, its scheme and its place in descriptors", () => {
    expect(TEMPLATE_LIST.map(({ type, purpose, scheme, around }) => [type, purpose, scheme, around.join("KEY")])).toEqual([
      ["pkh", 44, "ecdsa", "pkh(KEY)"],
      ["sh-wpkh", 49, "ecdsa", "sh(wpkh(KEY))"],
      ["wpkh", 84, "ecdsa", "wpkh(KEY)"],
      ["tr", 86, "bip340", "tr(KEY)"],
    ]);
    expect(TYPES.map((type) => TEMPLATES[type].type)).toEqual([...TYPES]);
  });

  test("200 keys give the scripts and the addresses of bitcoinjs and of btc-signer, for each type", () => {
    const branch = HDKey.fromMasterSeed(fromHex(ABOUT)).derive("m/7'/0");
    for (let index = 0; index < 200; index++) {
      const pubkey = branch.deriveChild(index).publicKey!;
      const nested = payments.p2wpkh({ pubkey });
      const theirs = {
        pkh: [payments.p2pkh({ pubkey }), p2pkh(pubkey)],
        "sh-wpkh": [payments.p2sh({ redeem: nested }), p2sh(p2wpkh(pubkey))],
        wpkh: [payments.p2wpkh({ pubkey }), p2wpkh(pubkey)],
        tr: [payments.p2tr({ internalPubkey: pubkey.slice(1) }), p2tr(pubkey.slice(1))],
      } as const;
      for (const type of TYPES) {
        const script = TEMPLATES[type].script(pubkey);
        const [bitcoinjs, scure] = theirs[type];
        expect(toHex(script)).toBe(toHex(bitcoinjs.output!));
        expect(toHex(script)).toBe(toHex(scure.script));
        expect(addressOfScript(MAIN, script)).toBe(bitcoinjs.address);
      }
      expect(toHex(TEMPLATES["sh-wpkh"].redeemScript!(pubkey))).toBe(toHex(nested.output!));
    }
  });
});
