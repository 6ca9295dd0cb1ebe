import published from "../../node_modules/slip39/test/vectors.json?raw";
import { inRealm } from "../../src/recovery/realm.ts";
import type { Words } from "../../src/recovery/share.ts";
import { readWords } from "../../src/recovery/share.ts";
import type { ShareRow } from "../vectors/recovery.ts";

/** All 45 vectors of SLIP-39, which the library's package brings; half of them lie in ../shared too. */
export const PUBLISHED = JSON.parse(published) as readonly ShareRow[];

/** The words as the worker has them. */
export function theWords(): Promise<Words> {
  return inRealm({}, async (ask) => {
    const answer = await ask({ ask: "words" });
    if (answer.kind !== "words") throw new Error(answer.kind);
    return readWords(answer.words);
  });
}
