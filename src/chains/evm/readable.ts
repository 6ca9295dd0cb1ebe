/**
 * What no readable text has: it is not seen, or makes the rest look like something else. A fixed table, so that every version
 * of every engine reads a message alike; a script that Unicode adds later is readable unless it is in here.
 */
const HIDDEN = [
  // Controls but tab, line feed and carriage return, which stands before a line feed only.
  "\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F-\\u009F",
  // Soft hyphen, grapheme joiner, Hangul fillers, Khmer inherent vowels, Mongolian selectors, Braille blank.
  "\\u00AD\\u034F\\u115F\\u1160\\u17B4\\u17B5\\u180B-\\u180F\\u2800\\u3164\\uFFA0",
  // Directions: marks, embeddings, overrides, isolates.
  "\\u061C\\u200E\\u200F\\u202A-\\u202E\\u2066-\\u2069",
  // Zero widths, joiners, line and paragraph separators, invisible operators, retired format characters.
  "\\u200B-\\u200D\\u2028\\u2029\\u2060-\\u2065\\u206A-\\u206F\\uFEFF",
  // Variation selectors, private use, specials with the replacement character, noncharacters.
  "\\uE000-\\uF8FF\\uFDD0-\\uFDEF\\uFE00-\\uFE0F\\uFFF0-\\uFFFF",
  // Format characters of hieroglyphs, shorthand and music; planes without characters, tags, private planes.
  "\\u{13430}-\\u{1345F}\\u{1BCA0}-\\u{1BCA3}\\u{1D173}-\\u{1D17A}\\u{40000}-\\u{10FFFF}",
  "\\u{1FFFE}\\u{1FFFF}\\u{2FFFE}\\u{2FFFF}\\u{3FFFE}\\u{3FFFF}",
].join("");

const PICTURE = "[\\u00A9\\u00AE\\u203C\\u2049\\u2100-\\u27BF\\u2934-\\u2B55\\u3030\\u303D\\u3297\\u3299\\u{1F000}-\\u{1FAFF}]";
/** Emoji are made with them: coloured (U+FE0F), and joined to one picture (U+200D). */
const EMOJI_PARTS = new RegExp(`(?<=${PICTURE})\\uFE0F(?:\\u200D(?=${PICTURE}))?|(?<=${PICTURE})\\u200D(?=${PICTURE})`, "gu");
const HIDDEN_CHARACTER = new RegExp(`[${HIDDEN}]`, "u");

/**
 * Why a text is not what it looks like, or nothing if a person can read all of it. Letters of any script, punctuation, spaces
 * and emoji are readable; see the table above for what is not. Look-alike letters are: a reader has to look.
 */
export function readableFault(text: string): string | undefined {
  const hidden = HIDDEN_CHARACTER.exec(text.replace(EMOJI_PARTS, ""))?.[0].codePointAt(0);
  if (hidden !== undefined) return `a text with the invisible character U+${hidden.toString(16).toUpperCase().padStart(4, "0")}`;
  // Alone it takes a terminal back to the beginning of the line, and what follows stands over what was there.
  if (/\r(?!\n)/.test(text)) return "a text with a carriage return that ends no line";
  return /\S/u.test(text) ? undefined : "a text with nothing to read";
}
