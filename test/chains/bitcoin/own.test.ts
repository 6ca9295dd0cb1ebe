import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { addressOfScript, scriptOf } from "../../../src/chains/bitcoin/address.ts";
import { parseDescriptor } from "../../../src/chains/bitcoin/descriptor.ts";
import { bitcoin } from "../../../src/chains/bitcoin/index.ts";
import { ownScripts, WATCHED_CEILINGS } from "../../../src/chains/bitcoin/own.ts";
import { compress } from "../../../src/chains/bitcoin/point.ts";
import { TEMPLATES } from "../../../src/chains/bitcoin/template.ts";
import type { AccountKeys } from "../../../src/chains/chain.ts";
import { ABOUT, account, MAIN, TYPES } from "./wallet.ts";

const seed = fromHex(ABOUT);
const STRANGER = new Uint8Array(32).fill(7);

const scriptAt = (keys: AccountKeys, branch: number, index: number): Uint8Array =>
  scriptOf(MAIN, bitcoin.address(MAIN, keys, [branch, index]));

/** The same account, with a count of the keys that were asked for. */
function counted(keys: AccountKeys): { readonly keys: AccountKeys; readonly asked: string[] } {
  const asked: string[] = [];
  const publicKey = (path: readonly number[]) => {
    asked.push(path.join("/"));
    return keys.publicKey!(path);
  };
  return { keys: { ...keys, publicKey }, asked };
}

describe("scripts of our own", () => {
  test.each(TYPES)("%s: every address below its ceiling is found with its key, none at the ceiling or far above", (type) => {
    const self = account({ seed, type, ceilings: [9, 4] });
    const own = ownScripts(self);
    for (const [branch, ceiling] of self.ceilings!.entries()) {
      for (let index = 0; index < ceiling; index++) {
        const script = scriptAt(self, branch, index);
        const found = own.lookup(script)!;
        expect(found).toMatchObject({ account: self, isSelf: true, template: TEMPLATES[type], path: [branch, index], script });
        expect(toHex(found.template.script(found.publicKey))).toBe(toHex(script));
        expect(toHex(found.publicKey)).toBe(toHex(compress(self.publicKey([branch, index]))));
      }
      for (const index of [ceiling, ceiling + 1, 2_000_000_000]) expect(own.lookup(scriptAt(self, branch, index))).toBeUndefined();
    }
    expect(own.lookup(scriptAt(account({ seed: STRANGER, type }), 0, 0))).toBeUndefined();
    expect(own.lookup(scriptAt(account({ seed, type, index: 1 }), 0, 0))).toBeUndefined();
  });

  test("the same key locked in another way than the descriptor says is not ours: nobody of us would look there", () => {
    const own = ownScripts(account({ seed, type: "wpkh", ceilings: [3, 3] }));
    const key = compress(account({ seed, type: "wpkh" }).publicKey([0, 0]));
    for (const type of TYPES) expect(own.lookup(TEMPLATES[type].script(key)) !== undefined).toBe(type === "wpkh");
  });

  test("scripts of the other accounts are found, and said to be theirs", () => {
    const others = [account({ seed, type: "tr", ceilings: [2, 1] }), account({ seed: STRANGER, type: "pkh", ceilings: [1, 2] })];
    const self = account({ seed, ceilings: [2, 2], others });
    const own = ownScripts(self);
    expect(own.lookup(scriptAt(self, 1, 1))).toMatchObject({ account: self, isSelf: true });
    for (const other of others) {
      for (const [branch, ceiling] of other.ceilings!.entries()) {
        expect(own.lookup(scriptAt(other, branch, ceiling - 1))).toMatchObject({
          account: other,
          isSelf: false,
          path: [branch, ceiling - 1],
        });
        expect(own.lookup(scriptAt(other, branch, ceiling))).toBeUndefined();
      }
    }
  });

  test("an account beside itself is still the one that was asked about", () => {
    const twin = account({ seed, ceilings: [5, 5] });
    const own = ownScripts({ ...twin, ceilings: [2, 2], others: [twin] });
    expect(own.lookup(scriptAt(twin, 0, 1))?.isSelf).toBe(true);
    expect(own.lookup(scriptAt(twin, 0, 4))?.isSelf).toBe(false);
  });

  test("no script that is near one of ours is ours", () => {
    const self = account({ seed, ceilings: [3, 3] });
    const own = ownScripts(self);
    const script = scriptAt(self, 0, 2);
    expect(own.lookup(script)).toBeDefined();
    for (let at = 0; at < script.length; at++) {
      for (const flip of [1, 0x10, 0x80]) {
        const other = script.slice();
        other[at]! ^= flip;
        expect(own.lookup(other)).toBeUndefined();
      }
      expect(own.lookup(script.slice(0, at))).toBeUndefined();
    }
    expect(own.lookup(new Uint8Array(0))).toBeUndefined();
  });

  test("a key of ours is recognised by its bytes below the ceilings, also where only x is written, and no other is", () => {
    const other = account({ seed, type: "tr", ceilings: [2, 2] });
    const self = account({ seed, ceilings: [3, 1], others: [other] });
    const { claimsToBeOurs } = ownScripts(self);
    const key = (of: typeof self, branch: number, index: number) => compress(of.publicKey([branch, index]));
    for (const ours of [key(self, 0, 2), key(self, 1, 0), key(other, 1, 1)])
      for (const written of [ours, ours.slice(1)]) expect(claimsToBeOurs(written)).toBe(true);
    for (const not of [key(self, 0, 3), key(self, 1, 1), key(other, 0, 2), key(account({ seed: STRANGER }), 0, 0), new Uint8Array(0)])
      expect(claimsToBeOurs(not)).toBe(false);
  });

  test("a key is derived once, in the order of use, and only as far as somebody has to know", () => {
    const { keys, asked } = counted(account({ seed, ceilings: [4, 4] }));
    const own = ownScripts(keys);
    expect(own.lookup(scriptAt(account({ seed, type: "tr" }), 0, 0))).toBeUndefined();
    expect(own.lookup(new Uint8Array(30))).toBeUndefined();
    expect(asked).toEqual([]);
    expect(own.lookup(scriptAt(account({ seed }), 1, 1))).toBeDefined();
    expect(asked).toEqual(["0/0", "1/0", "0/1", "1/1"]);
    expect(own.lookup(scriptAt(account({ seed: STRANGER }), 0, 0))).toBeUndefined();
    expect(ownScripts(keys).lookup(scriptAt(account({ seed: STRANGER }), 0, 1))).toBeUndefined();
    expect(asked).toHaveLength(8);
  });

  test("an account that has given out more addresses knows the new ones, without deriving the old ones again", () => {
    const { keys, asked } = counted(account({ seed, ceilings: [2, 1] }));
    const script = scriptAt(account({ seed }), 0, 3);
    expect(ownScripts(keys).lookup(script)).toBeUndefined();
    const later = { ...keys, ceilings: [4, 1] } as const;
    expect(ownScripts(later).lookup(script)).toMatchObject({ account: later, path: [0, 3] });
    expect(asked).toEqual(["0/0", "1/0", "0/1", "0/2", "0/3"]);
    // What one object was told to know is no knowledge of another.
    expect(ownScripts(keys).lookup(script)).toBeUndefined();
    expect(ownScripts(keys).claimsToBeOurs(compress(keys.publicKey!([0, 3])))).toBe(false);
  });

  test("two accounts over the same keys keep their own ways of locking, also where somebody derives for both", () => {
    const { publicKey, descriptor, address } = account({ seed, type: "tr" });
    const body = descriptor.split("#")[0]!.replace("tr(", "wpkh(");
    const other = { address, publicKey, descriptor: parseDescriptor(body).text, ceilings: [2, 2] } as const;
    const own = ownScripts({ address, publicKey, descriptor, ceilings: [2, 2], others: [other] });
    const key = compress(publicKey([1, 1]));
    expect(own.lookup(TEMPLATES.tr.script(key))?.isSelf).toBe(true);
    expect(own.lookup(TEMPLATES.wpkh.script(key))?.isSelf).toBe(false);
    expect(own.lookup(TEMPLATES.pkh.script(key))).toBeUndefined();
  });

  test("keys may be an object that has state of its own", () => {
    class Keys implements AccountKeys {
      readonly #keys = account({ seed, ceilings: [1, 1] });
      readonly address = this.#keys.address;
      readonly descriptor = this.#keys.descriptor;
      publicKey(path: readonly number[]): Uint8Array {
        return this.#keys.publicKey(path);
      }
    }
    const self = new Keys();
    expect(bitcoin.address(MAIN, self, [0, 0])).toBe(self.address);
    expect(ownScripts(self).lookup(scriptAt(self, 0, 0))?.account).toBe(self);
  });

  test("what was found is a copy: whoever writes into it changes nothing that is known", () => {
    const self = account({ seed, ceilings: [1, 1] });
    const script = scriptAt(self, 0, 0);
    ownScripts(self).lookup(script)!.publicKey.fill(0);
    ownScripts(self).lookup(script)!.script.fill(0);
    expect(toHex(ownScripts(self).lookup(script)!.publicKey)).toBe(toHex(compress(self.publicKey([0, 0]))));
    expect(addressOfScript(MAIN, script)).toBe(self.address);
  });

  test("where a key cannot be derived nobody hears that a script is not ours, however often they ask", () => {
    const good = account({ seed, ceilings: [3, 0] });
    let broken = true;
    const self: AccountKeys = {
      ...good,
      publicKey: (path) => {
        if (broken && path[1] === 1) throw new Error("cannot derive");
        return good.publicKey(path);
      },
    };
    const own = ownScripts(self);
    for (const index of [1, 2, 2]) expect(() => own.lookup(scriptAt(good, 0, index))).toThrow("cannot derive");
    broken = false;
    expect(own.lookup(scriptAt(good, 0, 1))?.path).toEqual([0, 1]);
    expect(own.lookup(scriptAt(good, 0, 2))?.path).toEqual([0, 2]);
  });

  test("an address alone has no scripts of its own; a descriptor without keys is a mistake", () => {
    const { address, descriptor, publicKey } = account({ seed });
    expect(ownScripts({ address }).lookup(scriptOf(MAIN, address))).toBeUndefined();
    expect(ownScripts({ address }).knowsSelf).toBe(false);
    expect(ownScripts({ address, publicKey, descriptor }).knowsSelf).toBe(true);
    expect(ownScripts({ address, publicKey }).lookup(scriptOf(MAIN, address))).toBeUndefined();
    expect(() => ownScripts({ address, descriptor })).toThrow(expect.objectContaining({ code: "chain/malformed" }));
    expect(() => ownScripts({ address, others: [{ address, descriptor }] })).toThrow(expect.objectContaining({ code: "chain/malformed" }));
    expect(() => ownScripts({ address, publicKey, descriptor: descriptor.replace("wpkh", "pkh") })).toThrow(
      expect.objectContaining({ code: "request/malformed" }),
    );
  });

  test("without ceilings an account is known ten gaps far on both branches", () => {
    const self = account({ seed });
    const own = ownScripts(self);
    for (const [branch, ceiling] of WATCHED_CEILINGS.entries()) {
      expect(own.lookup(scriptAt(self, branch, ceiling - 1))?.path).toEqual([branch, 199]);
      expect(own.lookup(scriptAt(self, branch, ceiling))).toBeUndefined();
    }
  });
});
