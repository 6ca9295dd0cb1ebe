import { fromUtf8, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import type { WalletSource } from "../custody/wallets.ts";
import type { Call, Option } from "./command.ts";
import { usage } from "./exit.ts";
import { readSecret } from "./files.ts";
import { readDigits } from "./keyfile.ts";
import { firstLine } from "./secrets.ts";

export const WALLET: { readonly [name: string]: Option } = {
  "mnemonic-file": { value: "FILE", about: "a BIP-39 phrase, in a file that only you may open" },
  "mnemonic-passphrase-file": { value: "FILE", about: "the BIP-39 passphrase that goes with the phrase" },
  "private-key-file": { value: "FILE", about: "a private key, 64 hexadecimal digits, in a file that only you may open" },
};

/**
 * Lends the wallet that the call brings in, or `otherwise` where it names none, and wipes what of it can be wiped. A phrase has
 * to become text to be read, and text cannot be wiped.
 */
export async function withWallet<T, O>(
  call: Call,
  { otherwise }: { readonly otherwise: O },
  use: (wallet: WalletSource | O) => Promise<T>,
): Promise<T> {
  const phrase = call.value("mnemonic-file");
  const key = call.value("private-key-file");
  if (phrase !== undefined && key !== undefined) throw usage("wallet: expected --mnemonic-file or --private-key-file, got both");
  if (phrase !== undefined) return use(await mnemonicSource(phrase, call.value("mnemonic-passphrase-file")));
  if (key === undefined) return use(otherwise);
  const privateKey = await readKey(key);
  try {
    return await use({ from: "privateKey", privateKey });
  } finally {
    wipe(privateKey);
  }
}

async function mnemonicSource(path: string, passphrasePath: string | undefined): Promise<WalletSource> {
  const mnemonic = await readText(path);
  return { from: "mnemonic", mnemonic, ...(passphrasePath !== undefined && { passphrase: await readText(passphrasePath) }) };
}

async function readText(path: string): Promise<string> {
  const bytes = firstLine(await readSecret(path));
  try {
    return fromUtf8(bytes, "keys/bad-mnemonic");
  } finally {
    wipe(bytes);
  }
}

async function readKey(path: string): Promise<Uint8Array> {
  const line = firstLine(await readSecret(path));
  try {
    const prefixed = line[0] === 0x30 && line[1] === 0x78;
    const digits = prefixed ? line.subarray(2) : line;
    const key = digits.length === 64 ? readDigits(digits) : undefined;
    if (key !== undefined) return key;
    throw new CustodyError("keys/bad-key", `${path}: expected a private key of 64 hexadecimal digits`);
  } finally {
    wipe(line);
  }
}
