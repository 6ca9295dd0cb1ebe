import { equal, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import type { AccountKeys, Chain, Signature } from "../chains/chain.ts";
import type { Signable } from "../intent/intent.ts";
import { secp256k1 } from "../keys/secp256k1.ts";
import type { AccountRecord, WalletRecord } from "./records.ts";
import { type LentKey, withAccountKeys } from "./wallet-secret.ts";

/** With what an account signs. `keys` is what the intent was decoded with. */
export interface SigningAccount {
  readonly account: AccountRecord;
  readonly wallet: WalletRecord;
  /** Of the wallet; the caller's to wipe. */
  readonly secret: Uint8Array;
  readonly keys: AccountKeys;
}

/**
 * Every signature or none, in the order of the signables. Each key is derived from the secret again and must be the one whose
 * public half the intent was decoded by, under the address that was judged; a record that names another is an alarm. Each
 * signature is verified by the second implementation.
 *
 * @returns signatures of your own, to wipe.
 * @throws `vault/account-mismatch` as an alarm; `keys/bad-signature`
 */
export async function signAll(chain: Chain, by: SigningAccount, signables: readonly Signable[]): Promise<readonly Signature[]> {
  const signatures: Signature[] = [];
  try {
    const paths = signables.map(({ path }) => path);
    await withAccountKeys(by, paths, async (key, at) => {
      const signable = signables[at];
      if (signable === undefined) throw new Error("unreachable: a key that nothing asked for");
      checkKeys(chain, by, signable, key);
      signatures.push(await signOne(signable, key));
    });
    return signatures;
  } catch (cause) {
    for (const { bytes } of signatures) wipe(bytes);
    throw cause;
  }
}

function checkKeys(chain: Chain, { account, keys }: SigningAccount, { path }: Signable, { publicKey }: LentKey): void {
  if (keys.publicKey === undefined || !equal(keys.publicKey(path), publicKey))
    throw mismatch(account, "a key below it is not the one that its addresses are made from");
  if (chain.address(account.chain, keys, account.many === undefined ? [] : [0, 0]) !== account.address)
    throw mismatch(account, "its address is not that of its key");
}

async function signOne({ scheme, digest, tap }: Signable, key: LentKey): Promise<Signature> {
  switch (scheme) {
    case "ecdsa":
      return secp256k1.sign({ ...key, digest });
    case "bip340":
      return { bytes: await secp256k1.signSchnorr({ ...key, digest, ...(tap !== undefined && { tap }) }) };
  }
}

function mismatch({ name }: AccountRecord, what: string): CustodyError {
  return new CustodyError("vault/account-mismatch", `account ${name}: ${what}`);
}
