import { addressOfKey, addressOfPoint, checksummed, isAddress } from "../approvals/address.ts";
import { type Proof, recoverAddress, walletSignature } from "../approvals/proof.ts";
import { type SessionStatement, type SignedSession, sessionDigest } from "../approvals/session.ts";
import { type ApprovalStatement, approvalDigest, type SignedApproval } from "../approvals/statement.ts";
import { approvalTypedData, sessionTypedData, type TypedData, typedDataDigest } from "../approvals/typed-data.ts";
import { isBytes, toHex } from "../base/bytes.ts";
import { CustodyError, type ErrorCode } from "../base/errors.ts";
import type { Address } from "../intent/effect.ts";
import { checkPrivateKey } from "../keys/derive.ts";
import { secp256k1 } from "../keys/secp256k1.ts";
import type { Credential, Policy } from "../policy/core.ts";

/** What a person signs with, wherever its key is kept: sessions and approvals, never transactions of the vault. */
export type CredentialSigner = KeySigner | WalletSigner;

/** A person's key, of kind `secp256k1` or `service`. */
export interface KeySigner {
  /** 33 bytes, compressed, lowercase hex, as the policy names it. */
  readonly publicKey: string;
  /** @returns r || s, 64 bytes, low s, over the 32 bytes of `digest`. */
  sign(digest: Uint8Array): Promise<Uint8Array>;
}

/** A person's wallet, of kind `eip712`. */
export interface WalletSigner {
  /** With its EIP-55 checksum, as the policy names it. */
  readonly address: Address;
  /** `eth_signTypedData_v4`. @returns r || s || v, 65 bytes as hexadecimal text. */
  signTypedData(typedData: TypedData): Promise<string>;
}

/**
 * A credential whose private key is at hand.
 *
 * @param privateKey - 32 bytes; kept by reference, and yours to wipe when you are done with the credential.
 * @throws `keys/bad-key`
 */
export function keyCredential(privateKey: Uint8Array): KeySigner {
  checkPrivateKey(privateKey);
  const publicKey = secp256k1.publicKey(privateKey);
  return {
    publicKey: compressed(publicKey),
    sign: async (digest) => (await secp256k1.sign({ privateKey, publicKey, digest })).bytes,
  };
}

/**
 * A credential that is any wallet with EIP-712. An account of viem fits as it is. For an ethers `Signer` and for EIP-1193:
 *
 * ```ts
 * signTypedData: ({ domain, types: { EIP712Domain: _, ...types }, message }) => signer.signTypedData(domain, types, message)
 * signTypedData: (typedData) => provider.request({ method: "eth_signTypedData_v4", params: [address, JSON.stringify(typedData)] })
 * ```
 *
 * A wallet that is a contract (EIP-1271) is none: only its chain could check what it signs.
 *
 * @param wallet - `address` in lowercase or with its EIP-55 checksum.
 * @throws `keys/bad-key` for what is no address
 */
export function walletCredential(wallet: WalletSigner): WalletSigner {
  const { address, signTypedData } = walletMembers(wallet);
  const checked = typeof address === "string" && /^0x[0-9a-f]{40}$/.test(address) ? checksummed(address.slice(2)) : address;
  if (typeof checked !== "string" || !isAddress(checked))
    throw new CustodyError("keys/bad-key", "wallet: expected its address, all lowercase or with its EIP-55 checksum");
  return { address: checked, signTypedData };
}

function walletMembers(wallet: WalletSigner): { readonly address: unknown; readonly signTypedData: WalletSigner["signTypedData"] } {
  try {
    const { address, signTypedData } = wallet;
    if (typeof signTypedData === "function") return { address, signTypedData: (typedData) => signTypedData.call(wallet, typedData) };
  } catch (cause) {
    throw new CustodyError("request/malformed", "credential: could not be read", { cause });
  }
  throw malformed("expected a wallet to have address and signTypedData");
}

export async function signApproval(statement: ApprovalStatement, person: string, credential: CredentialSigner): Promise<SignedApproval> {
  const typedData = () => approvalTypedData(statement);
  return { person, statement, ...(await proofBy(credential, { digest: approvalDigest(statement), typedData }, "approval/bad-signature")) };
}

export async function signSession(statement: SessionStatement, credential: CredentialSigner): Promise<SignedSession> {
  const typedData = () => sessionTypedData(statement);
  return { statement, ...(await proofBy(credential, { digest: sessionDigest(statement), typedData }, "session/bad-proof")) };
}

/**
 * Has a statement signed: a key signs its digest, a wallet its typed data.
 *
 * @param given - as an app gave it: whatever is no credential signs nothing, and never passes for none.
 * @throws `request/malformed` for what is no credential; `approval/malformed` if what a wallet gives is no signature of 65 bytes;
 *   `code` if another account has signed, such as the one that is chosen in the wallet at the moment.
 */
export async function proofBy(
  given: CredentialSigner,
  statement: { readonly digest: Uint8Array; readonly typedData: () => TypedData },
  code: ErrorCode,
): Promise<Proof> {
  const credential = readSigner(given);
  if (!("address" in credential)) {
    const signature: unknown = await asked(() => credential.sign(statement.digest), code);
    if (!isBytes(signature)) throw malformed("expected sign to give the 64 bytes of a signature");
    return { publicKey: credential.publicKey, signature: toHex(signature) };
  }
  const { address } = credential;
  // A copy: adapters take types out of it.
  const signature = walletSignature(await asked(() => credential.signTypedData(structuredClone(statement.typedData())), code));
  const signer = recoverAddress({ digest: typedDataDigest(statement.typedData()), signature });
  if (signer === address) return { address, signature };
  throw new CustodyError(
    code,
    `wallet: expected a signature by ${address}, got ${signer === undefined ? "none that counts" : `one by ${signer}`}`,
  );
}

/** A credential is foreign code: what it throws, such as the word of whoever would not sign, becomes the cause of an error of ours. */
async function asked<T>(sign: () => Promise<T>, code: ErrorCode): Promise<T> {
  try {
    return await sign();
  } catch (cause) {
    throw cause instanceof CustodyError ? cause : new CustodyError(code, "credential: it did not sign", { cause });
  }
}

/**
 * The members of a credential, each read once. An account of viem is a wallet, though it has a public key as well.
 *
 * @throws `request/malformed`
 */
export function readSigner(credential: unknown): CredentialSigner {
  if (typeof credential !== "object" || credential === null) throw malformed("expected an object");
  try {
    if ("address" in credential) {
      const { address, signTypedData } = credential as Partial<WalletSigner>;
      if (typeof address !== "string" || typeof signTypedData !== "function")
        throw malformed("expected a wallet to have address and signTypedData");
      return { address, signTypedData: (typedData) => signTypedData.call(credential, typedData) };
    }
    const { publicKey, sign } = credential as Partial<KeySigner>;
    if (typeof publicKey !== "string" || typeof sign !== "function") throw malformed("expected a key to have publicKey and sign");
    return { publicKey, sign: (digest) => sign.call(credential, digest) };
  } catch (cause) {
    if (cause instanceof CustodyError) throw cause;
    throw new CustodyError("request/malformed", "credential: could not be read", { cause });
  }
}

function malformed(what: string): CustodyError {
  return new CustodyError("request/malformed", `credential: ${what}`);
}

/** SEC 1: 0x02 or 0x03 by the parity of y, then x; lowercase hex. @param publicKey - 65 bytes, uncompressed */
export function compressed(publicKey: Uint8Array): string {
  const out = publicKey.slice(0, 33);
  out[0] = ((publicKey[64] ?? 0) & 1) === 0 ? 2 : 3;
  return toHex(out);
}

/**
 * What policies may call whoever has the private key of this one: the key, its negative, which they can sign for as well, and the
 * wallets of both.
 *
 * @param publicKey - 65 bytes, uncompressed
 */
export function namesOfKey(publicKey: Uint8Array): readonly string[] {
  const key = compressed(publicKey);
  const negative = (key.startsWith("02") ? "03" : "02") + key.slice(2);
  return [key, addressOfPoint(publicKey), negative, addressOfKey(negative) ?? []].flat();
}

/** The person who would sign with this key, if there is one. @param publicKey - 65 bytes, uncompressed */
export function personOfKey({ people }: Policy, publicKey: Uint8Array): string | undefined {
  const names: readonly (string | null)[] = namesOfKey(publicKey);
  return [...people].find(([, credentials]) => credentials.some((credential) => names.includes(nameOf(credential))))?.[0];
}

/** Whether the policy gives this person this very key or address; `null` asks whether they are one who unlocks. */
export function hasCredential(policy: Policy, person: string, key: string | null): boolean {
  return credentialOf(policy, person, key) !== undefined;
}

/** The credential of this person with this key or address, or the one without any. */
export function credentialOf({ people }: Policy, person: string, key: string | null): Credential | undefined {
  return people.get(person)?.find((credential) => nameOf(credential) === key);
}

/** The key or address of a credential; `null` for unlocking. */
export function nameOf(credential: Credential): string | null {
  switch (credential.kind) {
    case "unlock":
      return null;
    case "eip712":
      return credential.address;
    case "secp256k1":
    case "service":
      return credential.publicKey;
  }
}
