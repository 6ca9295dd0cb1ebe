import { equal, wipe } from "../base/bytes.ts";
import type { Call, Option } from "./command.ts";
import { usage } from "./exit.ts";
import { readDescriptor, readSecret } from "./files.ts";

/** A passphrase is short; whatever is longer is another file. */
const MOST_BYTES = 4096;

export const PASSPHRASE: { readonly [name: string]: Option } = {
  "passphrase-file": { value: "FILE", about: "read the passphrase from a file that only you may open" },
  "passphrase-fd": { value: "N", about: "read the passphrase from an open descriptor" },
};

/** Where passphrases are read from: names of options, the first for files and the second for descriptors. */
type Sources = readonly [file: string, fd: string];

const HELD: Sources = ["passphrase-file", "passphrase-fd"];

/** A new one: typed twice, so that a slip of the finger does not lock anybody out. */
export async function readNewPassphrase(call: Call, from: Sources = HELD): Promise<Uint8Array> {
  return (await readNamed(call, from)) ?? askTwice(call, "New passphrase (at least 8 characters): ");
}

/**
 * So many passphrases: first from the files and then from the descriptors that were named, the others from prompts, each of `ask` with
 * what tells it from the others. Never from an argument or the environment, where other programs could read them.
 *
 * @returns in that order, UTF-8 bytes without the line end; the caller wipes them.
 */
export async function readPassphrases(
  call: Call,
  count: number,
  { from = HELD, ask }: { readonly from?: Sources; readonly ask: (which: string) => Promise<Uint8Array> },
): Promise<readonly Uint8Array[]> {
  const [file, fd] = from;
  const named = [...call.values(file).map((path) => readFile(path)), ...call.values(fd).map((number) => () => readOpen(number, fd))];
  if (named.length > count) throw usage(`passphrase: expected ${count} for this way in, got ${named.length} with --${file} and --${fd}`);
  const phrases: Uint8Array[] = [];
  try {
    while (phrases.length < count) {
      const which = count === 1 ? "" : ` ${phrases.length + 1} of ${count}`;
      phrases.push(await (named[phrases.length] ?? (() => ask(which)))());
    }
    return phrases;
  } catch (cause) {
    wipe(...phrases);
    throw cause;
  }
}

export async function askTwice({ io }: Call, question: string): Promise<Uint8Array> {
  const first = await io.askHidden(question);
  const second = await io.askHidden("Once more: ");
  try {
    if (equal(first, second)) return first.slice();
    throw usage("passphrase: expected the same one twice");
  } finally {
    wipe(first, second);
  }
}

async function readNamed(call: Call, [file, fd]: Sources): Promise<Uint8Array | undefined> {
  const [path, ...otherPaths] = call.values(file);
  const [number, ...otherNumbers] = call.values(fd);
  if (path !== undefined && number !== undefined) throw usage(`passphrase: expected --${file} or --${fd}, got both`);
  if (otherPaths.length + otherNumbers.length > 0) throw usage("passphrase: expected one, got several");
  if (path !== undefined) return readFile(path)();
  return number === undefined ? undefined : readOpen(number, fd);
}

function readFile(path: string): () => Promise<Uint8Array> {
  return async () => firstLine(await readSecret(path, MOST_BYTES));
}

async function readOpen(number: string, option: string): Promise<Uint8Array> {
  if (!/^\d{1,4}$/.test(number)) throw usage(`--${option}: expected the number of an open descriptor`);
  return firstLine(await readDescriptor(Number(number), MOST_BYTES));
}

/** Editors and `echo` end a file with a line end that nobody means as part of the secret. */
export function firstLine(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  if (bytes[end - 1] === 0x0a) end--;
  if (bytes[end - 1] === 0x0d) end--;
  const line = bytes.slice(0, end);
  wipe(bytes);
  if (line.length > 0 && !line.includes(0x0a)) return line;
  wipe(line);
  throw usage("secret: expected one line that is not empty");
}
