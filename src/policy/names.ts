import { quote } from "./problems.ts";
import type { Spot } from "./surface.ts";

const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]{0,63}$/u;
const SCRIPTS = ["Latin", "Greek", "Cyrillic", "Armenian", "Hebrew", "Arabic", "Devanagari", "Thai", "Hangul", "Georgian"] as const;
const SCRIPT_TESTS = [
  ...SCRIPTS.map((script) => [script, new RegExp(`\\p{Script=${script}}`, "u")] as const),
  // Japanese and Chinese mix these as a matter of course.
  ["East Asian", /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}]/u] as const,
];

/**
 * The names of one table. A name has 1 to 64 letters, digits, dots, underscores or hyphens, begins with a letter or digit, and
 * has letters of one script (NFC). Two names that a reader could take for one another are refused: what is shown to an
 * approver must mean one thing.
 */
export class NameTable {
  readonly #seen = new Map<string, string>();

  /** Reports what is wrong with `name` at the key of `spot`. */
  check(spot: Spot, name: string): void {
    if (!NAME.test(name) || name.normalize("NFC") !== name) {
      spot.wrongKey(
        "policy/bad-name",
        `expected a name of at most 64 letters, digits, ".", "_" or "-" that begins with a letter or digit, got ${quote(name)}`,
      );
      return;
    }
    if (/^[\x20-\x7e]+$/.test(name) === false) {
      const scripts = SCRIPT_TESTS.filter(([, test]) => test.test(name)).map(([script]) => script);
      if (scripts.length > 1) {
        spot.wrongKey("policy/look-alike-name", `expected letters of one script, got ${scripts.join(" and ")} in ${quote(name)}`);
        return;
      }
    }
    const folded = name.normalize("NFKC").toLowerCase();
    const seen = this.#seen.get(folded) ?? this.#seen.get(skeleton(name));
    if (seen !== undefined) {
      spot.wrongKey(
        "policy/look-alike-name",
        `expected names that cannot be mistaken for one another, got ${quote(name)} beside ${quote(seen)}`,
      );
      return;
    }
    this.#seen.set(folded, name).set(skeleton(name), name);
  }
}

// The few characters that fonts draw alike and that scripts share; the rest of Unicode's confusables cannot pass NAME and the
// rule of one script without looking foreign throughout. See UTS 39, section 4.
const ALIKE = new Map(
  [
    ["a", "аα"],
    ["b", "Β"],
    ["c", "сϲ"],
    ["d", "ԁ"],
    ["e", "еε"],
    ["h", "һΗ"],
    ["i", "іι"],
    ["j", "ј"],
    ["k", "кκ"],
    ["l", "1IӀІΙ|ӏ"],
    ["m", "Мм"],
    ["n", "Νη"],
    ["o", "0оοОΟ"],
    ["p", "рρ"],
    ["q", "ԛ"],
    ["s", "ѕ"],
    ["t", "тτ"],
    ["u", "υ"],
    ["v", "νѵ"],
    ["w", "ѡω"],
    ["x", "хχ"],
    ["y", "уγ"],
    ["z", "Ζ"],
  ].flatMap(([latin = "", alike = ""]) => [...alike].map((character) => [character, latin] as const)),
);

function skeleton(name: string): string {
  let out = "#";
  for (const character of name.normalize("NFKC"))
    out += ALIKE.get(character) ?? ALIKE.get(character.toLowerCase()) ?? character.toLowerCase();
  return out;
}
