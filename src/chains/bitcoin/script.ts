import { concat } from "../../base/bytes.ts";

/** The five output scripts that have an address: P2PKH, P2SH, P2WPKH, P2WSH, P2TR. */
export type Form = keyof typeof FORMS;

/** An output script of a known form, or the address that stands for it: they say the same. */
export interface Payee {
  readonly form: Form;
  /** HASH160 (20 bytes), SHA-256 of a witness script or an x-only key (32 bytes). */
  readonly program: Uint8Array;
}

/** What stands before and behind the program, with its opcodes; `version` is that of segwit. @see BIP-16, BIP-141, BIP-341 */
export const FORMS = {
  // DUP HASH160 <20> … EQUALVERIFY CHECKSIG
  pkh: { before: [0x76, 0xa9, 0x14], bytes: 20, after: [0x88, 0xac], version: undefined },
  // HASH160 <20> … EQUAL
  sh: { before: [0xa9, 0x14], bytes: 20, after: [0x87], version: undefined },
  wpkh: { before: [0x00, 0x14], bytes: 20, after: [], version: 0 },
  wsh: { before: [0x00, 0x20], bytes: 32, after: [], version: 0 },
  tr: { before: [0x51, 0x20], bytes: 32, after: [], version: 1 },
} as const;

export const FORM_NAMES: readonly Form[] = ["pkh", "sh", "wpkh", "wsh", "tr"];

export function writeScript({ form, program }: Payee): Uint8Array {
  const { before, bytes, after } = FORMS[form];
  if (program.length !== bytes) throw new Error(`unreachable: a program of ${program.length} bytes in ${form}`);
  return concat(Uint8Array.from(before), program, Uint8Array.from(after));
}

/** @returns nothing for any other script: nobody can say who may spend it. The program is a copy. */
export function readScript(script: Uint8Array): Payee | undefined {
  const form = FORM_NAMES.find((name) => {
    const { before, bytes, after } = FORMS[name];
    return (
      script.length === before.length + bytes + after.length &&
      before.every((byte, at) => script[at] === byte) &&
      after.every((byte, at) => script[before.length + bytes + at] === byte)
    );
  });
  if (form === undefined) return undefined;
  const { before, bytes } = FORMS[form];
  return { form, program: script.slice(before.length, before.length + bytes) };
}
