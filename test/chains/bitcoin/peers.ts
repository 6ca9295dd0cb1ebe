import { expect } from "vitest";
import { assemblePsbt } from "../../../src/chains/bitcoin/assemble.ts";
import {
  accountOf,
  decode,
  extractByLibrary,
  extractByPeer,
  makePsbt,
  numbers,
  owner,
  randomPlan,
  sign,
  signByPeer,
  type Type,
} from "./made.ts";
import { hex } from "./raw.ts";

/**
 * Random valid payments from one account: decoded, signed and assembled by us, and by bitcoinjs-lib from the same keys, give
 * the same bytes and the same id. Every tenth is also signed by @scure/btc-signer.
 *
 * @returns how many were compared.
 */
export async function compareWithPeers(type: Type, { from, count }: { from: number; count: number }): Promise<number> {
  const random = numbers(from);
  const who = owner(
    type,
    Uint8Array.from({ length: 32 }, () => random(256)),
  );
  const account = accountOf(who);
  let same = 0;
  for (let at = 0; at < count; at++) {
    const plan = randomPlan(who, random, 3 * at);
    const psbt = makePsbt(plan);
    const bytes = Uint8Array.from(psbt.toBuffer());
    const intent = decode(bytes, account);
    expect(intent.refusals, `${type} ${at}`).toEqual([]);
    const ours = assemblePsbt(intent, await sign(intent, who), account);
    signByPeer(psbt, plan.coins);
    const { bytes: theirs, id } = extractByPeer(psbt);
    expect({ ...ours, bytes: hex(ours.bytes) }, `${type} ${at}`).toEqual({ bytes: hex(theirs), hash: id, complete: true });
    if (at % 10 === 0) expect(hex(ours.bytes), `${type} ${at}`).toBe(hex(extractByLibrary(bytes, plan.coins)));
    same++;
  }
  return same;
}
