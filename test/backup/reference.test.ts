import { describe, expect, test } from "vitest";
import { decryptAge } from "../../src/backup/age.ts";
import { concat, toHex } from "../../src/base/bytes.ts";
import * as f from "../custody/fixture.ts";
import { pieces, whole } from "./files.ts";
import { readReference } from "./reference.ts";
import * as b from "./setting.ts";

describe("a reader that was written from the format alone", () => {
  test("opens roots, records, secrets and log of a backup", async () => {
    const { custody, me, account } = await f.openCustody({ policy: b.policy() });
    for (let nonce = 0; nonce < 40; nonce++) await me.sign(f.request(f.transaction({ value: 5n, nonce })));
    const { file, receipt } = await b.take(me);
    const read = readReference(await whole(await decryptAge(pieces(file), b.key)));
    expect(Object.values(read.roots).map(({ length }) => length)).toEqual([32, 32, 32, 32]);
    // More than a leaf holds, so the tree has branches.
    expect(read.records.size).toBeGreaterThan(32);
    expect(read.records.get(`account/${account.id}`)).toMatchObject({ name: "Main", address: f.ACCOUNT });
    const [secret] = [...read.secrets.values()];
    // kind(1) || length(1) || the private key
    expect(toHex(secret ?? new Uint8Array(0))).toBe(toHex(concat(Uint8Array.of(2, 32), f.KEY)));
    const kept = (await f.checkedLog(custody)).slice(0, receipt.entries);
    expect(read.log).toEqual(JSON.parse(JSON.stringify(kept)));
  });

  test("refuses what is changed", async () => {
    const { me } = await f.openCustody({ policy: b.policy() });
    const inside = await whole(await decryptAge(pieces((await b.take(me)).file), b.key));
    expect(() => readReference(inside.with(3000, (inside[3000] ?? 0) ^ 1))).toThrow("digest");
  });
});
