import { hash160, taprootTweakPubkey } from "@scure/btc-signer/utils.js";
import { type Form, writeScript } from "./script.ts";

export type TemplateType = "pkh" | "sh-wpkh" | "wpkh" | "tr";

/** One way to lock coins to one key. What else Bitcoin has (several keys, conditions, trees) is not ours to sign for. */
export interface Template {
  readonly type: TemplateType;
  /** First step of its accounts: the number of its BIP. */
  readonly purpose: number;
  readonly scheme: "ecdsa" | "bip340";
  /** Of its output scripts. */
  readonly form: Form;
  /** What a descriptor has before and behind the key (BIP-380). */
  readonly around: readonly [before: string, behind: string];
  /** The output script. @param publicKey - 33 bytes, compressed, a valid point; for `tr` the internal key. */
  script(publicKey: Uint8Array): Uint8Array;
  /** What the output script is the hash of, shown when spending. */
  redeemScript?(publicKey: Uint8Array): Uint8Array;
}

const witness = (publicKey: Uint8Array): Uint8Array => writeScript({ form: "wpkh", program: hash160(publicKey) });

export const TEMPLATES: { readonly [type in TemplateType]: Template } = {
  pkh: {
    type: "pkh",
    purpose: 44,
    scheme: "ecdsa",
    form: "pkh",
    around: ["pkh(", ")"],
    script: (publicKey) => writeScript({ form: "pkh", program: hash160(publicKey) }),
  },
  "sh-wpkh": {
    type: "sh-wpkh",
    purpose: 49,
    scheme: "ecdsa",
    form: "sh",
    around: ["sh(wpkh(", "))"],
    script: (publicKey) => writeScript({ form: "sh", program: hash160(witness(publicKey)) }),
    redeemScript: witness,
  },
  wpkh: { type: "wpkh", purpose: 84, scheme: "ecdsa", form: "wpkh", around: ["wpkh(", ")"], script: witness },
  tr: {
    type: "tr",
    purpose: 86,
    scheme: "bip340",
    form: "tr",
    around: ["tr(", ")"],
    // No tree: the tweak commits to the key alone, so that nobody can have hidden a script below it (BIP-86).
    script: (publicKey) => writeScript({ form: "tr", program: taprootTweakPubkey(publicKey.subarray(1), new Uint8Array(0))[0] }),
  },
};

/** In the order of their age. */
export const TEMPLATE_LIST: readonly Template[] = [TEMPLATES.pkh, TEMPLATES["sh-wpkh"], TEMPLATES.wpkh, TEMPLATES.tr];
