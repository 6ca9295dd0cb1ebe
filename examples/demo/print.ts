/** The demo's output: numbered steps, each with its why, and what came of it. Colour only where a person looks on. */

const COLOURS = { green: 32, yellow: 33, red: 31, grey: 90, bold: 1 } as const;
type Colour = keyof typeof COLOURS;

const WORDS: { readonly [word: string]: Colour } = { denied: "red", pending: "yellow" };

let steps = 0;

export function title(text: string, below: string): void {
  console.log(`${paint("bold", text)}\n${paint("grey", below)}`);
}

export function step(what: string, why: string): void {
  console.log(`\n${String(++steps).padStart(2)}  ${paint("bold", what)}\n    ${paint("grey", why)}`);
}

/** `word` is what happened, `subject` to what, `detail` is what more there is to know. */
export function line(word: string, subject: string, detail = ""): void {
  const said = `    ${paint(WORDS[word] ?? "green", word.padEnd(10))} ${detail === "" ? subject : subject.padEnd(31)}`;
  console.log(detail === "" ? said : `${said} ${paint("grey", detail)}`);
}

export function quote(lines: readonly string[]): void {
  for (const text of lines) console.log(`      ${text}`);
}

export function short(hex: string): string {
  return hex.length <= 20 ? hex : `${hex.slice(0, 10)}…${hex.slice(-4)}`;
}

function paint(colour: Colour, text: string): string {
  const seen = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  return seen ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
}
