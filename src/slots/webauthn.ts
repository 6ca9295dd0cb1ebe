import { sha256 } from "@noble/hashes/sha2.js";
import { equal, utf8, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { abortedBy } from "../vault/kdf.ts";

/** A passkey that we know of. */
export interface HeldPasskey {
  readonly id: Uint8Array;
  /** How its authenticator can be reached, as the browser said when it was made: it then need not offer every way. */
  readonly transports: readonly string[];
  readonly salt: Uint8Array;
}

interface Ceremony {
  /** 32 random bytes. Nobody checks the answer's signature: what proves the passkey is that its secret opens the vault. */
  readonly challenge: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

/** What an authenticator computes for one credential and salt. */
const OUTPUT_BYTES = 32;

/** Flags of authenticator data (WebAuthn Level 3, §6.1): the user was present, and verified. */
const PRESENT_AND_VERIFIED = 0x05;

/** ES256, EdDSA, RS256: what WebAuthn recommends, so that every authenticator has one. The key is not used. */
const ALGORITHMS = [-7, -8, -257].map((alg) => ({ type: "public-key" as const, alg }));

/**
 * Has the user make a passkey that can give secrets.
 *
 * @returns its id, and the secret for the salt if it came with it: 32 bytes that the caller wipes. Many authenticators give it only
 * when they are asked again.
 * @throws `slot/no-prf` for one that never gives any: it is forgotten again; `slot/…`, `vault/aborted`
 */
export async function createPasskey(
  asked: Ceremony & {
    readonly rp: { readonly id: string; readonly name: string };
    readonly user: { readonly id: Uint8Array; readonly name: string };
    readonly salt: Uint8Array;
  },
): Promise<{ readonly id: Uint8Array; readonly transports: string[]; readonly output: Uint8Array | undefined }> {
  const { rp, user, salt, challenge, signal } = asked;
  const container = credentials();
  if ((await capability("extension:prf")) === false) throw noPrf();
  const made = await ceremony(signal, () =>
    container.create({
      publicKey: {
        rp,
        user: { id: own(user.id), name: user.name, displayName: user.name },
        challenge: own(challenge),
        pubKeyCredParams: ALGORITHMS,
        attestation: "none",
        // Opening names the credentials, so that none needs to be found by itself; one that can be is also kept by the user's other devices.
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        extensions: { prf: { eval: { first: own(salt) } } },
      },
      ...(signal && { signal }),
    }),
  );
  const id = new Uint8Array(made.rawId).slice();
  const { getTransports, getAuthenticatorData } = made.response as Partial<AuthenticatorAttestationResponse>;
  const { prf } = made.getClientExtensionResults();
  const output = outputOf(prf);
  if (prf?.enabled !== true) {
    wipe(output);
    await forgetPasskey(rp.id, id);
    throw noPrf();
  }
  const transports = (getTransports?.call(made.response) ?? []).filter((name) => /^[a-z-]{1,32}$/.test(name)).slice(0, 8);
  // Authenticators give other secrets to a user whom they have not verified.
  if (output === undefined || isVerified(getAuthenticatorData?.call(made.response), rp.id)) return { id, transports, output };
  wipe(output);
  return { id, transports, output: undefined };
}

/**
 * Asks the user for one of these passkeys.
 *
 * @returns which one, and its secret: 32 bytes that the caller wipes.
 * @throws `slot/no-prf`; `slot/…`; `vault/aborted`; `vault/cannot-open` for an answer of another passkey or site, or without the user
 */
export async function askPasskeys(
  asked: Ceremony & { readonly rpId: string; readonly passkeys: readonly HeldPasskey[] },
): Promise<{ readonly id: Uint8Array; readonly output: Uint8Array }> {
  const { rpId, passkeys, challenge, signal } = asked;
  const container = credentials();
  const given = await ceremony(signal, () =>
    container.get({
      publicKey: {
        rpId,
        challenge: own(challenge),
        allowCredentials: passkeys.map(({ id, transports }) => ({
          type: "public-key",
          id: own(id),
          // Unknown ones are skipped by browsers, as those of tomorrow are.
          ...(transports.length > 0 && { transports: [...transports] as AuthenticatorTransport[] }),
        })),
        userVerification: "required",
        extensions: { prf: evaluated(passkeys) },
      },
      ...(signal && { signal }),
    }),
  );
  const id = new Uint8Array(given.rawId).slice();
  const output = outputOf(given.getClientExtensionResults().prf);
  const { authenticatorData } = given.response as Partial<AuthenticatorAssertionResponse>;
  if (!passkeys.some((one) => equal(one.id, id)) || !isVerified(authenticatorData, rpId)) {
    wipe(output);
    throw new CustodyError(
      "vault/cannot-open",
      "passkey: expected an answer of one of the vault's passkeys for this site, with its user verified",
    );
  }
  if (output === undefined) throw noPrf();
  return { id, output };
}

/**
 * Tells the browser that a passkey is good for nothing, so that it is not offered to the user. Not every browser listens, and
 * nothing hangs on it.
 */
export async function forgetPasskey(rpId: string, id: Uint8Array): Promise<void> {
  try {
    await publicKeyCredential()?.signalUnknownCredential?.({ rpId, credentialId: base64url(id) });
  } catch {
    // Then it stays in the user's list, and opens nothing.
  }
}

/** What this page can know of passkeys before anybody is asked; `undefined` is what nobody can say. */
export interface PasskeySupport {
  /** Passkeys can be asked for here. */
  readonly webauthn: boolean;
  /** This device can make passkeys by itself and verify its user (by a PIN, a finger, a face). */
  readonly platformAuthenticator: boolean | undefined;
  /** The browser can hand on a passkey's secret. Whether the user's authenticator has one, only making a passkey tells. */
  readonly prf: boolean | undefined;
}

/** Asks nobody and shows nothing. */
export async function passkeySupport(): Promise<PasskeySupport> {
  const container = (globalThis as { navigator?: { credentials?: Partial<CredentialsContainer> } }).navigator?.credentials;
  if (container?.create === undefined || publicKeyCredential() === undefined)
    return { webauthn: false, platformAuthenticator: false, prf: false };
  return { webauthn: true, platformAuthenticator: await hasPlatformAuthenticator(), prf: await capability("extension:prf") };
}

async function hasPlatformAuthenticator(): Promise<boolean | undefined> {
  try {
    return await publicKeyCredential()?.isUserVerifyingPlatformAuthenticatorAvailable?.();
  } catch {
    // A page that may not use passkeys may not ask either.
    return undefined;
  }
}

async function capability(name: "extension:prf"): Promise<boolean | undefined> {
  try {
    return (await publicKeyCredential()?.getClientCapabilities?.())?.[name];
  } catch {
    // Nor may it ask for these.
    return undefined;
  }
}

/** Absent in Node, workers, pages without TLS and old browsers; members in not so old ones. */
function publicKeyCredential(): Partial<typeof PublicKeyCredential> | undefined {
  return (globalThis as { PublicKeyCredential?: Partial<typeof PublicKeyCredential> }).PublicKeyCredential;
}

function credentials(): CredentialsContainer {
  const container = (globalThis as { navigator?: { credentials?: CredentialsContainer } }).navigator?.credentials;
  if (container !== undefined && publicKeyCredential() !== undefined) return container;
  throw new CustodyError(
    "slot/unavailable",
    "passkey: expected a browser with WebAuthn and a page with TLS; open the vault by another way",
  );
}

async function ceremony(signal: AbortSignal | undefined, ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const answer = await ask();
    if (answer?.type === "public-key") return answer as PublicKeyCredential;
  } catch (cause) {
    throw signal?.aborted ? abortedBy(signal) : refusal(cause);
  }
  throw refusal(undefined);
}

/** What browsers throw (WebAuthn Level 3, §5.1.3, §5.1.4). On purpose they do not say which of several things it was. */
function refusal(cause: unknown): CustodyError {
  switch (cause instanceof DOMException ? cause.name : "") {
    case "NotAllowedError":
      return new CustodyError(
        "slot/not-allowed",
        "passkey: expected its user's consent in time; it was cancelled, ran out, its user was not verified, or it is not at hand. Ask again",
        { cause },
      );
    case "SecurityError":
      return new CustodyError("slot/wrong-site", "passkey: this page may not use passkeys of that domain; open the vault on its own site", {
        cause,
      });
    default:
      return new CustodyError("slot/unavailable", "passkey: the browser or the authenticator cannot do it; take another way in", { cause });
  }
}

function noPrf(): CustodyError {
  return new CustodyError(
    "slot/no-prf",
    "passkey: expected one that gives a secret (WebAuthn PRF); take another authenticator or browser, or another way in",
  );
}

/** One salt for all, or for each its own. The first form is older, and understood by more. */
function evaluated(passkeys: readonly HeldPasskey[]): AuthenticationExtensionsPRFInputs {
  const [first, ...others] = passkeys.map(({ id, salt }) => [base64url(id), { first: own(salt) }] as const);
  if (first === undefined || others.length > 0) return { evalByCredential: Object.fromEntries(first ? [first, ...others] : []) };
  return { eval: first[1] };
}

/** The one output that we asked for, in the browser's own buffer. Anything but 32 bytes is none, and so are zeros. */
function outputOf(prf: AuthenticationExtensionsPRFOutputs | undefined): Uint8Array | undefined {
  const first = prf?.results?.first;
  if (first === undefined) return undefined;
  const output = ArrayBuffer.isView(first) ? new Uint8Array(first.buffer, first.byteOffset, first.byteLength) : new Uint8Array(first);
  if (output.length === OUTPUT_BYTES && output.some((byte) => byte !== 0)) return output;
  wipe(output);
  return undefined;
}

/** Authenticator data: rpIdHash(32) || flags(1) || … */
function isVerified(data: ArrayBuffer | undefined, rpId: string): boolean {
  const bytes = data === undefined ? new Uint8Array() : new Uint8Array(data);
  return equal(bytes.subarray(0, 32), sha256(utf8(rpId))) && ((bytes[32] ?? 0) & PRESENT_AND_VERIFIED) === PRESENT_AND_VERIFIED;
}

/** Bytes over a buffer that is theirs alone, as browsers want them. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
