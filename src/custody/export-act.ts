import type { Json, JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { expectBoolean, expectInteger, expectObject, expectString } from "../base/shape.ts";
import { type ChildSeed, childPath } from "../keys/bip85.ts";
import { formatPath } from "../keys/derive.ts";
import { readSplitting, type Splitting } from "../recovery/groups.ts";
import { type BackupAct, readBackupAct } from "./backup-act.ts";
import { isPlainName } from "./names.ts";

/**
 * A secret that leaves the vault, as it is asked, approved and logged: all that decides what leaves, and nothing of the secret itself.
 */
export type ExportAct = { readonly act: "export" } & (
  | ({ readonly what: "phrase" } & OfWallet)
  | ({ readonly what: "slip39"; readonly passphrase: boolean } & OfWallet & Splitting)
  | ({ readonly what: "childSeed"; readonly child: ChildSeed; readonly path: string } & OfWallet)
  | BackupAct
);

/** The wallet that it is of. Its id is the fingerprint of its secret; the name is for people. */
interface OfWallet {
  readonly wallet: string;
  readonly name: string;
}

/** @throws `request/malformed`, `recovery/bad-groups`, `keys/bad-path` */
export function readExportAct(payload: { readonly [member: string]: Json }): ExportAct {
  const { what, ...rest } = payload;
  switch (what) {
    case "phrase": {
      expectObject(rest, { required: ["name", "wallet"] }, "export");
      return { act: "export", what, ...readWallet(rest) };
    }
    case "slip39": {
      const splitting = ["groups", "groupThreshold", "iterationExponent", "extendable"];
      expectObject(rest, { required: ["name", "passphrase", "wallet", ...splitting] }, "export");
      const passphrase = expectBoolean(rest.passphrase, "export: passphrase");
      return { act: "export", what, ...readWallet(rest), passphrase, ...readSplitting(rest) };
    }
    case "childSeed": {
      expectObject(rest, { required: ["child", "name", "path", "wallet"] }, "export");
      const child = readChildSeed(rest.child);
      const path = formatPath(childPath(child));
      // Approvers read the path; what is made is the child.
      if (rest.path !== path) throw malformed("expected path to be that of child");
      return { act: "export", what, ...readWallet(rest), child, path };
    }
    case "backup":
      return readBackupAct(rest);
    default:
      throw malformed("expected what to be phrase, slip39, childSeed or backup");
  }
}

/** @throws `request/malformed`; what BIP-85 does not have is for `childPath` to say. */
export function readChildSeed(given: Json | undefined): ChildSeed {
  const where = "child seed";
  const { application } = (given ?? {}) as JsonObject;
  if (typeof application !== "string" || !Object.hasOwn(PARTS, application))
    throw malformed(`${where}: expected application to be ${Object.keys(PARTS).join(", ")}`);
  const parts = PARTS[application as ChildSeed["application"]];
  const child = expectObject(given, { required: ["application", "index", ...parts] }, where);
  for (const part of ["index", ...parts]) {
    if (part === "language") expectString(child[part], `${where}: ${part}`);
    else expectInteger(child[part], `${where}: ${part}`);
  }
  return child as unknown as ChildSeed;
}

/** What each application of BIP-85 asks for beside its index. */
const PARTS: { readonly [A in ChildSeed["application"]]: readonly string[] } = {
  bip39: ["language", "words"],
  wif: [],
  xprv: [],
  hex: ["bytes"],
};

function readWallet({ wallet, name }: JsonObject): OfWallet {
  if (typeof wallet !== "string" || !/^[0-9a-f]{16}$/.test(wallet) || !isPlainName(name))
    throw malformed("expected a wallet by its id, and its name");
  return { wallet, name };
}

function malformed(problem: string): CustodyError {
  return new CustodyError("request/malformed", `export: ${problem}`);
}
