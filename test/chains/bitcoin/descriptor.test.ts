import { createBase58check } from "@scure/base";
import { HDKey } from "@scure/bip32";
import { sha256 } from "@scure/btc-signer/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { descriptorChecksum } from "../../../src/chains/bitcoin/checksum.ts";
import { type AccountDescriptor, readDescriptor, writeDescriptor } from "../../../src/chains/bitcoin/descriptor.ts";
import { TEMPLATES } from "../../../src/chains/bitcoin/template.ts";
import { ABOUT, account, MAIN, TEST3, TYPES } from "./wallet.ts";

const seed = fromHex(ABOUT);
/** BIP-84's first account, with the checksum that other software writes for it. */
const XPUB = "xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V";
const KEY = `[73c5da0a/84h/0h/0h]${XPUB}`;
const BODY = `wpkh(${KEY}/<0;1>/*)`;
const CANONICAL = `${BODY}#${descriptorChecksum(BODY)}`;

/** Which code it is refused with; nothing where it is read. */
function refusal(text: string, chain = MAIN): string | undefined {
  try {
    readDescriptor(chain, text);
    return undefined;
  } catch (cause) {
    expect(cause).toBeInstanceOf(CustodyError);
    expect((cause as CustodyError).message).not.toMatch(/[xt]prv|[5KL][1-9A-HJ-NP-Za-km-z]{50}/);
    return (cause as CustodyError).code;
  }
}

const base58check = createBase58check(sha256);

/** The extended key with some of its 78 bytes changed, its checksum right again. */
function changed(at: number, ...bytes: number[]): string {
  const key = base58check.decode(XPUB);
  key.set(bytes, at);
  return base58check.encode(key);
}

describe("descriptors of accounts", () => {
  test("one text in, its parts out", () => {
    expect(readDescriptor(MAIN, CANONICAL)).toEqual({
      template: TEMPLATES.wpkh,
      origin: { fingerprint: "73c5da0a", path: "m/84h/0h/0h" },
      extended: XPUB,
      coin: 0,
      text: CANONICAL,
    } satisfies AccountDescriptor);
  });

  test("' and h, capitals in the fingerprint, with and without checksum: one canonical text", () => {
    const tick = BODY.replaceAll("h/", "'/").replace("0h]", "0']");
    const mixed = BODY.replace("84h", "84'").replace("73c5da0a", "73C5DA0A");
    for (const body of [BODY, tick, mixed])
      for (const text of [body, `${body}#${descriptorChecksum(body)}`]) expect(readDescriptor(MAIN, text).text).toBe(CANONICAL);
  });

  test("without an origin it stays without one", () => {
    const body = `tr(${XPUB}/<0;1>/*)`;
    const { origin, text } = readDescriptor(MAIN, body);
    expect(origin).toBeUndefined();
    expect(text).toBe(`${body}#${descriptorChecksum(body)}`);
  });

  test("on test networks the text has a tpub, and what derives gets the same key as xpub", () => {
    for (const type of TYPES) {
      const { descriptor } = account({ seed, type, chain: TEST3 });
      const { extended, text, origin } = readDescriptor(TEST3, descriptor);
      expect(text).toBe(descriptor);
      expect(text).toContain("]tpub");
      expect(origin?.path).toMatch(/^m\/\d\dh\/1h\/0h$/);
      expect(HDKey.fromExtendedKey(extended).publicKey).toEqual(
        HDKey.fromMasterSeed(seed).derive(origin!.path.replaceAll("h", "'")).publicKey,
      );
      expect(refusal(text, MAIN)).toBe("request/malformed");
    }
    expect(refusal(CANONICAL, TEST3)).toBe("request/malformed");
    expect(refusal(CANONICAL, "bip122:ff")).toBe("chain/unknown");
  });

  test("a wrong checksum is refused, whichever character it is in, and so is a changed text under the old one", () => {
    for (let at = BODY.length + 1; at < CANONICAL.length; at++) {
      const other = CANONICAL[at] === "q" ? "p" : "q";
      expect(refusal(CANONICAL.slice(0, at) + other + CANONICAL.slice(at + 1))).toBe("request/malformed");
      expect(refusal(CANONICAL.slice(0, at))).toBe("request/malformed");
    }
    expect(refusal(CANONICAL.replace("84h", "84'"))).toBe("request/malformed");
    expect(refusal(`${CANONICAL}#`)).toBe("request/malformed");
    expect(refusal(`${CANONICAL} `)).toBe("request/malformed");
  });

  test("every text one character away is refused under its checksum, and without one it never gives another key", () => {
    for (let at = 0; at < BODY.length; at++) {
      for (const other of ["", "x", "1", "'", ")", "/"]) {
        const text = BODY.slice(0, at) + other + BODY.slice(at + 1);
        if (text === BODY) continue;
        expect(refusal(`${text}${CANONICAL.slice(BODY.length)}`)).toBe("request/malformed");
        // Such as pkh(…, or another step of the origin.
        if (refusal(text) === undefined) expect(readDescriptor(MAIN, text).extended).toBe(XPUB);
      }
    }
  });

  test.each([
    ["two keys", `wsh(sortedmulti(2,${KEY}/<0;1>/*,${KEY}/<0;1>/*))`],
    ["two keys in P2SH", `sh(multi(1,${KEY}/<0;1>/*))`],
    ["a tree", `tr(${KEY}/<0;1>/*,pk(${KEY}/<0;1>/*))`],
    ["a key of several", `tr(musig(${KEY},${KEY})/<0;1>/*)`],
    ["a condition", `wsh(and_v(v:pk(${KEY}/<0;1>/*),older(10)))`],
    ["a bare key", `pk(${KEY}/<0;1>/*)`],
    ["all kinds at once", `combo(${KEY}/<0;1>/*)`],
    ["P2SH of a key's hash", `sh(pkh(${KEY}/<0;1>/*))`],
    ["an output key as it is", `rawtr(${KEY}/<0;1>/*)`],
    ["one branch", `wpkh(${KEY}/0/*)`],
    ["branches the other way round", `wpkh(${KEY}/<1;0>/*)`],
    ["three branches", `wpkh(${KEY}/<0;1;2>/*)`],
    ["a deeper branch", `wpkh(${KEY}/0/<0;1>/*)`],
    ["hardened children", `wpkh(${KEY}/<0;1>/*h)`],
    ["hardened branches", `wpkh(${KEY}/<0h;1h>/*)`],
    ["no children", `wpkh(${KEY}/<0;1>)`],
    ["BIP-388's short form", `wpkh(${KEY}/**)`],
    ["the account's own key", `wpkh(${KEY})`],
    ["a fixed key", "wpkh(03a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd)"],
    ["a fixed x-only key", "tr(a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd)"],
    [
      "an uncompressed key",
      "pkh(04a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd5b8dec5235a0fa8722476c7709c02559e3aa73aa03918ba2d492eea75abea235)",
    ],
    ["an address", "addr(bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4)"],
    ["bytes", "raw(deadbeef)"],
  ])("%s is nothing that we sign for", (_name, text) => {
    expect(refusal(text)).toBe("request/unsupported");
  });

  test.each([
    ["nothing", ""],
    ["a key alone", KEY],
    ["an address", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"],
    ["a space", `wpkh( ${KEY}/<0;1>/*)`],
    ["capitals", `WPKH(${KEY}/<0;1>/*)`],
    ["no end", `wpkh(${KEY}/<0;1>/*`],
    ["a private key", `wpkh(${KEY.replace("xpub", "xprv")}/<0;1>/*)`],
    ["a valid private key", `wpkh(${HDKey.fromMasterSeed(fromHex(ABOUT)).derive("m/84'/0'/0'").privateExtendedKey}/<0;1>/*)`],
    [
      "SLIP-132",
      "wpkh(zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs/<0;1>/*)",
    ],
    ["an xpub with a wrong checksum", `wpkh(${XPUB.slice(0, -1)}W/<0;1>/*)`],
    ["a key that is no point", `wpkh(${changed(46, ...new Array<number>(32).fill(0xff))}/<0;1>/*)`],
    ["an uncompressed prefix", `wpkh(${changed(45, 4)}/<0;1>/*)`],
    ["a master key with a parent", `wpkh(${changed(4, 0)}/<0;1>/*)`],
    ["an origin of another depth", `wpkh([73c5da0a/84h/0h]${XPUB}/<0;1>/*)`],
    ["an origin with another last step", `wpkh([73c5da0a/84h/0h/1h]${XPUB}/<0;1>/*)`],
    ["an origin with an unhardened last step", `wpkh([73c5da0a/84h/0h/0]${XPUB}/<0;1>/*)`],
    ["two origins", `wpkh([73c5da0a/84h/0h/0h]${KEY}/<0;1>/*)`],
    ["a short fingerprint", `wpkh([73c5da0/84h/0h/0h]${XPUB}/<0;1>/*)`],
    ["leading zeros", `wpkh([73c5da0a/84h/00h/0h]${XPUB}/<0;1>/*)`],
    ["a step too high", `wpkh([73c5da0a/84h/2147483648h/0h]${XPUB}/<0;1>/*)`],
    ["a capital H", `wpkh([73c5da0a/84H/0h/0h]${XPUB}/<0;1>/*)`],
    ["characters of no descriptor", `wpkh(${KEY}é/<0;1>/*)`],
    ["a megabyte", `wpkh(${"1".repeat(1_000_000)}/<0;1>/*)`],
  ])("%s is no descriptor", (_name, text) => {
    expect(refusal(text)).toBe("request/malformed");
  });

  test("what is written is what is read", () => {
    const step = fc.integer({ min: 0, max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(
        fc.constantFrom(...TYPES),
        fc.constantFrom(MAIN, TEST3),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.array(step, { minLength: 1, maxLength: 3 }),
        (type, chain, seed, steps) => {
          const path = `m/${steps.map((index) => `${index}h`).join("/")}`;
          const node = HDKey.fromMasterSeed(seed).derive(path.replaceAll("h", "'"));
          const at = { chain, type, fingerprint: "00c5da0a", path, extended: node.publicExtendedKey };
          const text = writeDescriptor(at);
          const read = readDescriptor(chain, text);
          expect(read).toMatchObject({ text, extended: at.extended, origin: { fingerprint: at.fingerprint, path } });
          expect(read.template.type).toBe(type);
          expect(readDescriptor(chain, text.slice(0, -9)).text).toBe(text);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("an account whose path is not that of its key is not written down", () => {
    const at = { chain: MAIN, type: "wpkh", fingerprint: "73c5da0a", path: "m/84h/0h/0h", extended: XPUB } as const;
    expect(writeDescriptor(at)).toBe(CANONICAL);
    for (const wrong of [{ path: "m/84h/0h/1h" }, { path: "m/84h" }, { path: "m" }, { fingerprint: "73c5" }, { extended: "xpub" }])
      expect(() => writeDescriptor({ ...at, ...wrong })).toThrow(expect.objectContaining({ code: "request/malformed" }));
  });
});
