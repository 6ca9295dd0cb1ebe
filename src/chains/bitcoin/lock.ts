import { hash160 } from "@scure/btc-signer/utils.js";
import { equal } from "../../base/bytes.ts";
import { readScript } from "./script.ts";
import type { TemplateType } from "./template.ts";

/** An output that one key unlocks, whoever's it is. */
export interface Lock {
  readonly type: TemplateType;
  /** HASH160 of the public key, 20 bytes; for `tr` the output key, 32 bytes. */
  readonly program: Uint8Array;
}

/** @param redeemScript - shown for a P2SH output; believed only if the output is its hash. @returns nothing for all other scripts. */
export function lockOf(script: Uint8Array, redeemScript?: Uint8Array): Lock | undefined {
  const outer = readScript(script);
  switch (outer?.form) {
    case "pkh":
    case "wpkh":
    case "tr":
      return { type: outer.form, program: outer.program };
    case "sh": {
      if (redeemScript === undefined || !equal(hash160(redeemScript), outer.program)) return undefined;
      const inner = readScript(redeemScript);
      return inner?.form === "wpkh" ? { type: "sh-wpkh", program: inner.program } : undefined;
    }
    case "wsh":
    case undefined:
      return undefined;
  }
}
