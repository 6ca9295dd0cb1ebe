import type { Json } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { Address } from "../intent/effect.ts";
import type { Credential, ParseAddress } from "./core.ts";
import { quote } from "./problems.ts";
import { items, members, objectAt, type Spot, table, textAt } from "./surface.ts";
import { readTable } from "./vocabulary.ts";

/** What `people` are read with; see {@link import("./parse.ts").ParseOptions}. */
export interface PeopleReading {
  readonly parseAddress: ParseAddress;
  readonly addressOfKey?: ((publicKey: string) => Address | undefined) | undefined;
  readonly ownKeys: ReadonlySet<string>;
}

/** Kinds of credential that exist; the design names others. */
export const CREDENTIAL_KINDS = ["unlock", "secp256k1", "eip712", "service"] as const satisfies readonly Credential["kind"][];

/** Reads `people`: who they are is what they can sign with. */
export function readPeople(spot: Spot | undefined, given: PeopleReading): Map<string, readonly Credential[] | undefined> {
  const holders = new Map<string, string>();
  // An address costs far more than all the rest of a key, so they are compared only where there is a wallet.
  const reading = hasWallet(spot) ? given : { ...given, addressOfKey: undefined };
  return readTable(spot, 1000, (row, person) => {
    const credentials = items(row, 16)?.map((item) => {
      const credential = credentialAt(item, reading);
      return credential && isTheirs(item, credential, { person, holders, reading }) ? credential : undefined;
    });
    if (!credentials?.every((credential) => credential !== undefined)) return undefined;
    if (isService(credentials) && credentials.some(({ kind }) => kind !== "service")) {
      return row.wrong(
        "policy/mixed-credentials",
        "expected a service to have service keys alone: it is a machine, and a person would approve with it",
      );
    }
    return credentials;
  });
}

/** Whether somebody with these credentials is a machine, which asks and never approves. */
export function isService(credentials: readonly Credential[]): boolean {
  return credentials.some(({ kind }) => kind === "service");
}

function hasWallet(spot: Spot | undefined): boolean {
  const lists = table(spot).map(([, { value }]) => (Array.isArray(value) ? (value as readonly Json[]) : []));
  return lists.some((list) => list.some((item) => (item as { readonly kind?: Json } | null)?.kind === "eip712"));
}

interface Holding {
  readonly person: string;
  /** Who holds what so far, by {@link marksOf}. */
  readonly holders: Map<string, string>;
  readonly reading: PeopleReading;
}

function isTheirs(spot: Spot, credential: Credential, { person, holders, reading }: Holding): boolean {
  const marks = marksOf(credential, reading);
  const holder = marks.map((mark) => holders.get(mark)).find((name) => name !== undefined);
  for (const mark of marks) holders.set(mark, person);
  if (holder === person) spot.wrong("policy/duplicate-entry", "expected each credential once, got it again");
  else if (holder !== undefined) {
    const why = credential.kind === "unlock" ? "whoever unlocks the vault is one person" : "one key is one person";
    spot.wrong("policy/shared-credential", `expected a credential that nobody else has, got that of ${quote(holder)}: ${why}`);
  } else if (marks.some((mark) => reading.ownKeys.has(mark)))
    spot.wrong("policy/own-account-as-person", "expected a key of a person, got the key of an account of this vault");
  else return true;
  return false;
}

/**
 * All that a credential is recognised by. Whoever has a private key has its negative as well, and so signs for two keys that differ
 * in their first byte alone, and for the wallets of both.
 */
function marksOf(credential: Credential, { addressOfKey }: PeopleReading): readonly string[] {
  switch (credential.kind) {
    case "unlock":
      return ["unlock"];
    case "eip712":
      return [credential.address];
    case "secp256k1":
    case "service": {
      const keys = ["02", "03"].map((parity) => parity + credential.publicKey.slice(2));
      return keys.flatMap((key) => [key, addressOfKey?.(key) ?? []].flat());
    }
  }
}

function credentialAt(spot: Spot, reading: PeopleReading): Credential | undefined {
  const object = objectAt(spot);
  if (object === undefined) return undefined;
  const { kind } = object;
  if (typeof kind !== "string")
    return spot.wrong("policy/missing-key", `expected the key "kind" (${CREDENTIAL_KINDS.join(", ")}), got none`);
  switch (kind) {
    case "unlock":
      return members(spot, ["kind"]) && { kind };
    case "secp256k1":
    case "service": {
      const key = members(spot, ["kind", "publicKey"])?.publicKey;
      const publicKey = key && publicKeyAt(key);
      return publicKey === undefined ? undefined : { kind, publicKey };
    }
    case "eip712": {
      const address = members(spot, ["kind", "address"])?.address;
      const checked = address && walletAt(address, reading);
      return checked === undefined ? undefined : { kind, address: checked };
    }
    default:
      return spot.wrong(
        "policy/credential-not-supported",
        `expected a credential of kind ${CREDENTIAL_KINDS.join(", ")}, got ${quote(kind)}`,
      );
  }
}

function publicKeyAt(spot: Spot): string | undefined {
  const text = textAt(spot, "a compressed public key as hexadecimal text");
  if (text === undefined || /^0[23][0-9a-fA-F]{64}$/.test(text)) return text?.toLowerCase();
  return spot.wrong(
    "policy/bad-credential",
    `expected 33 bytes as 66 hexadecimal digits that begin with 02 or 03, got ${text.length} characters`,
  );
}

/** The address of a wallet is the same on every EVM chain. */
function walletAt(spot: Spot, { parseAddress }: PeopleReading): Address | undefined {
  const text = textAt(spot, "the address of a wallet");
  if (text === undefined) return undefined;
  try {
    if (parseAddress("eip155:1", text.slice(0, 128)) === text) return text;
    return spot.wrong("policy/bad-credential", `expected an EVM address with the capital letters of EIP-55, got ${quote(text)}`);
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error;
    const why = error.code === "chain/unknown" ? "no EVM chain was given that could check it" : error.message;
    return spot.wrong("policy/bad-credential", `expected an EVM address, got ${quote(text)} (${why})`);
  }
}
