import { fromUtf8, wipe } from "../base/bytes.ts";
import { CustodyError, type ErrorCode } from "../base/errors.ts";
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
  "slip39-share": { value: "FILE", many: true, about: "a share of SLIP-39, in a file that only you may open" },
  "slip39-holds": { value: "WHAT", about: "what they hold: seed (hardware wallets), or entropy (keyward export slip39)" },
  "slip39-passphrase-file": { value: "FILE", about: "the passphrase that the shares were made with" },
};

/** The options that name a wallet, of which one is given at most. */
const SOURCES = ["mnemonic-file", "private-key-file", "slip39-share"] as const;

/** Whether the call brings a wallet in. @throws `cli/usage` where it names several */
export function namesWallet(call: Call): boolean {
  const named = SOURCES.filter((name) => call.values(name).length > 0);
  if (named.length > 1) throw usage(`wallet: expected one of --${SOURCES.join(", --")}, got several`);
  return named.length === 1;
}

/**
 * Lends the wallet that the call brings in, or `otherwise` where it names none, and wipes what of it can be wiped. A phrase has
 * to become text to be read, and text cannot be wiped.
 */
export async function withWallet<T, O>(
  call: Call,
  { otherwise }: { readonly otherwise: O },
  use: (wallet: WalletSource | O) => Promise<T>,
): Promise<T> {
  if (!namesWallet(call)) return use(otherwise);
  const phrase = call.value("mnemonic-file");
  const key = call.value("private-key-file");
  if (phrase !== undefined) return use(await mnemonicSource(phrase, call.value("mnemonic-passphrase-file")));
  if (key === undefined) return use(await slip39Source(call));
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

async function slip39Source(call: Call): Promise<WalletSource> {
  const holds = call.value("slip39-holds");
  if (holds !== "seed" && holds !== "entropy")
    throw usage("--slip39-holds: expected seed or entropy; the same shares are one wallet or another");
  const [passphrase, mnemonicPassphrase] = [call.value("slip39-passphrase-file"), call.value("mnemonic-passphrase-file")];
  if (holds === "seed" && mnemonicPassphrase !== undefined) throw usage("--mnemonic-passphrase-file: a seed has none");
  const shares = await Promise.all(call.values("slip39-share").map((path) => readText(path, "recovery/bad-share")));
  return {
    from: "slip39",
    shares,
    signal: call.io.signal,
    ...(passphrase !== undefined && { passphrase: await readText(passphrase, "recovery/bad-passphrase") }),
    ...(holds === "seed"
      ? { holds }
      : { holds, ...(mnemonicPassphrase !== undefined && { mnemonicPassphrase: await readText(mnemonicPassphrase) }) }),
  };
}

async function readText(path: string, code: ErrorCode = "keys/bad-mnemonic"): Promise<string> {
  const bytes = firstLine(await readSecret(path));
  try {
    return fromUtf8(bytes, code);
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
