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

/**
 * The passphrase of the vault: from the file or descriptor that was named, otherwise from a hidden prompt. Never from an
 * argument or the environment, where other programs could read it.
 *
 * @returns UTF-8 bytes without the line end; the caller wipes them.
 */
export async function readPassphrase(call: Call): Promise<Uint8Array> {
  return (await readNamed(call)) ?? (await call.io.askHidden("Passphrase: "));
}

/** A new one: typed twice, so that a slip of the finger does not lock anybody out. */
export async function readNewPassphrase(call: Call): Promise<Uint8Array> {
  const named = await readNamed(call);
  if (named !== undefined) return named;
  const first = await call.io.askHidden("New passphrase (at least 8 characters): ");
  const second = await call.io.askHidden("Once more: ");
  try {
    if (equal(first, second)) return first.slice();
    throw usage("passphrase: expected the same one twice");
  } finally {
    wipe(first, second);
  }
}

async function readNamed(call: Call): Promise<Uint8Array | undefined> {
  const file = call.value("passphrase-file");
  const fd = call.value("passphrase-fd");
  if (file !== undefined && fd !== undefined) throw usage("passphrase: expected --passphrase-file or --passphrase-fd, got both");
  if (file !== undefined) return firstLine(await readSecret(file, MOST_BYTES));
  if (fd === undefined) return undefined;
  if (!/^\d{1,4}$/.test(fd)) throw usage("--passphrase-fd: expected the number of an open descriptor");
  return firstLine(await readDescriptor(Number(fd), MOST_BYTES));
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
