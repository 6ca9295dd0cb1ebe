import { toHex } from "../../base/bytes.ts";
import { readScript } from "./script.ts";

export const OP_RETURN = 0x6a;
// OP_1 <0x4e73>
const PAY_TO_ANCHOR = "51024e73";

/** What to tell people about an output script that has no address. */
export function aboutScript(script: Uint8Array): string {
  if (script[0] === OP_RETURN) return "nobody can ever spend what is sent along with data";
  if (toHex(script) === PAY_TO_ANCHOR) return "anybody can spend it (pay to anchor)";
  if (readScript(script)?.form === "tr") return "nobody can ever spend it: taproot without a point behind it";
  if (isWitnessProgram(script)) return `a witness program of ${script.length - 2} bytes whose meaning is not known`;
  if (script.at(-1) === 0xac && (script.length === 35 || script.length === 67)) return "a public key without an address";
  if (script.at(-1) === 0xae) return "several public keys without an address";
  return `a script of ${script.length} bytes that has no address`;
}

/** What an OP_RETURN carries, its first 80 bytes at most. */
export function dataOf(script: Uint8Array): string {
  const carried = script.length - 1;
  return `0x${toHex(script.subarray(1, 81))}${carried > 80 ? `… (${carried} bytes)` : ""}`;
}

/** OP_0 or OP_1 … OP_16, and one push of 2–40 bytes. @see BIP-141, "Witness program" */
export function isWitnessProgram(script: Uint8Array): boolean {
  const [version = 0xff, length = 0] = script;
  return (version === 0 || (version >= 0x51 && version <= 0x60)) && length === script.length - 2 && length >= 2 && length <= 40;
}
