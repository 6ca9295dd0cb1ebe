import type { Check, Evidence, Found } from "./evidence.ts";

export const lookAlikes: Check = {
  id: "look-alike-entries",
  severity: "warning",
  about: "Book entries whose addresses begin and end alike, or whose names differ by one letter",
  advice: "Compare them digit by digit; give names that nobody confuses",
  scope: "document",
  find: (evidence) => [...addresses(evidence), ...names(evidence)],
};

/** What is shown of a long address, and what people compare. */
const SHOWN = 4;
/** Names are compared by what remains when a letter is left out, which many of them would make many of. */
const MOST_NAMES = 5000;

function addresses({ policy }: Evidence): readonly Found[] {
  const alike = new Map<string, { readonly name: string; readonly address: string }[]>();
  for (const [name, { chain, address }] of policy.addresses) {
    const body = address.replace(/^0x|^[a-z]{2,4}1/, "").toLowerCase();
    if (body.length < 4 * SHOWN) continue;
    const key = `${chain} ${body.slice(0, SHOWN)} ${body.slice(-SHOWN)}`;
    const known = alike.get(key);
    if (known === undefined) alike.set(key, [{ name, address }]);
    else known.push({ name, address });
  }
  return [...alike.values()].flatMap((group): readonly Found[] => {
    const [first, ...rest] = group;
    const other = rest.find(({ address }) => address !== first?.address);
    if (first === undefined || other === undefined) return [];
    const text = `${first.name} (${first.address}) and ${other.name} (${other.address}) have addresses that begin and end alike`;
    return [{ text }];
  });
}

function names(evidence: Evidence): readonly Found[] {
  const all = [...evidence.policy.addresses];
  if (all.length > MOST_NAMES) {
    evidence.undecided("which names of the book look alike", `${all.length} names are more than ${MOST_NAMES}`);
    return [];
  }
  const without = new Map<string, string[]>();
  const found: Found[] = [];
  const told = new Set<string>();
  for (const [name] of all) {
    if (name.length < 5) continue;
    const letters = [...name.toLowerCase()];
    const forms = [
      letters.join(""),
      ...letters.flatMap((letter, index) => (/\p{N}/u.test(letter) ? [] : [letters.toSpliced(index, 1).join("")])),
    ];
    for (const form of new Set(forms)) {
      const known = without.get(form) ?? [];
      without.set(form, [...known, name]);
      for (const other of known) {
        if (told.has(`${other} ${name}`) || !byOneLetter(other.toLowerCase(), name.toLowerCase())) continue;
        told.add(`${other} ${name}`);
        found.push({ text: `${other} and ${name} are names of the book that differ by one letter` });
      }
    }
  }
  return found;
}

/** One letter replaced, added, or two neighbours exchanged; numbers are meant to differ. */
function byOneLetter(a: string, b: string): boolean {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const [inA, inB] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  if (/\p{N}/u.test(inA + inB)) return false;
  return Math.max(inA.length, inB.length) <= 1 || (inA.length === 2 && inB === [...inA].reverse().join(""));
}
