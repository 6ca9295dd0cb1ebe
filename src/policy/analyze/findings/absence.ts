import { lockOutsOf } from "../lockouts.ts";
import type { Check, Found } from "./evidence.ts";
import { listText } from "./words.ts";

export const onePersonMissing: Check = {
  id: "one-person-missing",
  severity: "warning",
  about: "One person without whom nobody pays, edits the policy or leaves a mode",
  advice: "Let somebody else ask or approve too",
  scope: "document",
  find: (evidence) => {
    const { policy, options } = evidence;
    const alone = new Map<string, Lone>();
    const blocked: Found[] = [];
    for (const { mode, what, absent, status } of options.lockOuts?.() ?? lockOutsOf(policy, options)) {
      const [person] = absent;
      const thing = mode === "normal" || what.includes(mode) ? what : `${what} in mode ${mode}`;
      if (status === "inconclusive") evidence.undecided(`whose absence blocks ${thing}`, "the work that was granted is used up");
      else if (person === undefined) blocked.push({ severity: "note", text: `nobody can do this: ${thing}` });
      else if (absent.length === 1) alone.set(thing, { thing, people: [...(alone.get(thing)?.people ?? []), person] });
    }
    // One sentence for all that hangs on the same people.
    const byPeople = new Map<string, Lone[]>();
    for (const lone of alone.values()) byPeople.set(lone.people.join(), [...(byPeople.get(lone.people.join()) ?? []), lone]);
    const severity = evidence.isOnePersons ? "note" : "warning";
    const missing = [...byPeople.values()].map((same): Found => {
      const people = same[0]?.people ?? [];
      const who = people.length === 1 ? listText(people) : `any one of ${listText(people)}`;
      return { severity, text: `without ${who}, or with the keys lost, nobody can do this: ${same.map(({ thing }) => thing).join("; ")}` };
    });
    return [...missing, ...blocked];
  },
};

/** Something that several people can each block alone. */
interface Lone {
  readonly thing: string;
  readonly people: readonly string[];
}
