import { describe, expect, test } from "vitest";
import page from "../../docs/vectors.md?raw";
import { shared, sharedFile, vectorSuite } from "../shared.ts";
import { OUT_OF_SCOPE } from "./out-of-scope.ts";
import { faultsOf, type Outcome, runSet, type VectorSet } from "./set.ts";
import { AREAS, SETS } from "./sets.ts";
import { documentOf, reasonsOf } from "./table.ts";

const outcomes = new Map<VectorSet, Promise<Outcome>>();

/** Each set is run once, whichever test asks first. */
function outcomeOf(set: VectorSet): Promise<Outcome> {
  const running = outcomes.get(set) ?? runSet(set);
  outcomes.set(set, running);
  return running;
}

describe.skipIf(!shared)(vectorSuite("published vectors"), { timeout: 120_000 }, () => {
  test.each(SETS.map((set) => [set.file, set] as const))("%s", async (_, set) => {
    expect(faultsOf(await outcomeOf(set))).toEqual([]);
  });

  test("every published set is run, or stands on the list of those that are not, with its reason", () => {
    const published = sharedFile<{ file: string }[]>("vectors/INDEX.json").map(({ file }) => file);
    const known = [...SETS, ...OUT_OF_SCOPE].map(({ file }) => file);
    expect([...known].sort()).toEqual([...published].sort());
    for (const { file, why } of OUT_OF_SCOPE) expect(why, file).toMatch(/\w/);
  });

  test("each reason on the lists of refusals is the reason of some row", async () => {
    const { declined, unsupported } = reasonsOf(await Promise.all(SETS.map(outcomeOf)));
    for (const [reason, , count] of [...declined, ...unsupported]) expect(count, reason).toBeGreaterThan(0);
  });

  test("docs/vectors.md has the numbers of this run (npm run vectors -- -u writes it)", async () => {
    const areas = await Promise.all(AREAS.map(async ({ name, sets }) => ({ name, outcomes: await Promise.all(sets.map(outcomeOf)) })));
    expect(page).toBe(documentOf(areas, OUT_OF_SCOPE));
  });
});
