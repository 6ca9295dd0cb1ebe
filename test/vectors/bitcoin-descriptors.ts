import { HDKey } from "@scure/bip32";
import { WIF } from "@scure/btc-signer";
import { pubECDSA } from "@scure/btc-signer/utils.js";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { descriptorChecksum } from "../../src/chains/bitcoin/checksum.ts";
import { parseDescriptor, readDescriptor } from "../../src/chains/bitcoin/descriptor.ts";
import { TEMPLATES } from "../../src/chains/bitcoin/template.ts";
import { MAIN } from "../chains/bitcoin/wallet.ts";
import { sharedFile } from "../shared.ts";
import type { Rows, VectorSet } from "./set.ts";

/** Output descriptors, of which ours are the four of one key with receive and change addresses. */
export const BITCOIN_DESCRIPTORS: readonly VectorSet[] = [
  {
    file: "bitcoin/descriptors/bip380-386.json",
    what: "BIP-380 to 386: checksums, scripts, and what is no account",
    minimum: 14,
    run: descriptors,
  },
  { file: "bitcoin/descriptors/bip388.json", what: "BIP-388: policies of one key", minimum: 4, run: policies },
];

interface Row {
  readonly expr: string;
  readonly scripts?: readonly string[];
}

async function descriptors(rows: Rows): Promise<void> {
  const sets = sharedFile<{ [bip: string]: { valid: Row[]; invalid: Row[] } }>("vectors/bitcoin/descriptors/bip380-386.json");
  for (const [bip, { valid, invalid }] of Object.entries(sets)) {
    for (const { expr, scripts } of valid) {
      if (bip === "bip380" && expr.includes("#")) {
        const [body = "", checksum] = expr.split("#");
        await rows.valid(`checksum of ${expr}`, () => descriptorChecksum(body) === checksum);
      }
      // None of them has receive and change addresses below one origin: of no account.
      await rows.declines("descriptors-of-no-account", expr, () => refused(expr) === undefined);
      if (["bip381", "bip382", "bip386"].includes(bip)) await scriptsOf(rows, { expr, ...(scripts && { scripts }) });
    }
    for (const { expr } of invalid) {
      if (bip === "bip380" && expr.includes("#")) {
        const [body = "", ...rest] = expr.split("#");
        await rows.invalid(`checksum of ${expr}`, () => descriptorChecksum(body) === rest.join("#"));
      }
      // As it is, and inside of what would be an account.
      for (const text of [expr, `wpkh(${expr}/<0;1>/*)`, `wpkh(${expr})`, expr.replace(/(xpub\w+)[^)]*/, "$1/<0;1>/*")])
        await rows.invalid(text, () => refused(text) === undefined);
    }
  }
}

/** Each form of one key gives the published scripts at 0, 1 and 2. */
async function scriptsOf(rows: Rows, { expr, scripts }: Row): Promise<void> {
  const parts = /^(pkh|wpkh|tr|sh\(wpkh)\((?:\[.*\])?([^,()]*)\)+$/.exec(expr);
  const keys = parts && publicKeys(parts[2] ?? "");
  // Bare keys, trees, P2SH and P2WSH of other scripts, uncompressed keys.
  if (!parts || !keys || !scripts) return rows.lack("scripts-of-others");
  const type = parts[1] === "sh(wpkh" ? "sh-wpkh" : (parts[1] as "pkh" | "wpkh" | "tr");
  await rows.valid(`scripts of ${expr}`, () => scripts.every((script, index) => toHex(TEMPLATES[type].script(keys(index))) === script));
}

async function policies(rows: Rows): Promise<void> {
  type File = { valid: { template: string; descriptor: string }[]; invalid: { template: string }[] };
  const { valid, invalid } = sharedFile<File>("vectors/bitcoin/descriptors/bip388.json");
  for (const { descriptor, template } of valid)
    if (/^(pkh|wpkh|tr|sh\(wpkh)\(@0\/\*\*\)+$/.test(template))
      await rows.valid(descriptor, () => {
        readDescriptor(MAIN, descriptor);
        return parseDescriptor(descriptor).text.replaceAll("h/", "'/").includes("xpub");
      });
    else await rows.declines("descriptors-of-no-account", descriptor, () => refused(descriptor) !== "request/unsupported");
  for (const { template } of invalid) {
    const text = template.replaceAll("/**", "/<0;1>/*").replace(/@\d/g, KEY);
    await rows.invalid(text, () => refused(text) === undefined);
  }
}

/** BIP-84's first account. */
const KEY =
  "[73c5da0a/84h/0h/0h]xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V";

/** Which code it is refused with; nothing where it is read. No message repeats a private key. */
function refused(text: string): string | undefined {
  try {
    readDescriptor(MAIN, text);
    return undefined;
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error;
    if (/[xt]prv|[5KL][1-9A-HJ-NP-Za-km-z]{50}/.test(error.message)) throw new Error("a private key in the message of a refusal");
    return error.code;
  }
}

/** The key at an index of a key expression: fixed, or below an extended one, private ones included. */
function publicKeys(text: string): ((index: number) => Uint8Array) | undefined {
  if (/^0[23][0-9a-f]{64}$/.test(text)) return () => fromHex(text);
  if (/^[0-9a-f]{64}$/.test(text)) return () => fromHex(`02${text}`);
  if (/^[KL]/.test(text)) return () => pubECDSA(WIF().decode(text), true);
  const [key = "", ...steps] = text.split("/");
  if (!/^x(pub|prv)/.test(key)) return undefined;
  const node = (index: number) =>
    steps.reduce((node, step) => {
      const at = Number.parseInt(step.startsWith("*") ? String(index) : step, 10);
      return node.deriveChild(/['h]$/.test(step) ? at + 2 ** 31 : at);
    }, HDKey.fromExtendedKey(key));
  return (index) => node(index).publicKey ?? new Uint8Array(0);
}
