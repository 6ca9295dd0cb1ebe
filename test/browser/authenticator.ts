import type { BrowserContext, Page } from "playwright";

/** An authenticator inside Chromium, as its developer tools make them. It lives as long as the page's session, over reloads. */
export interface Authenticator {
  readonly credentials: () => Promise<number>;
  /** Whether its user is the right one from now on: their finger fits. */
  readonly verify: (isUserVerified: boolean) => Promise<unknown>;
  /** Whether its user is there from now on: they touch it by themselves. */
  readonly attend: (isPresent: boolean) => Promise<unknown>;
  /** Unplugs it for good. */
  readonly remove: () => Promise<unknown>;
}

interface Options {
  readonly hasPrf?: boolean;
  readonly transport?: "internal" | "usb";
  readonly isUserVerified?: boolean;
  readonly automaticPresenceSimulation?: boolean;
}

/** Lets the page have such authenticators instead of the machine's. */
export async function authenticators(context: BrowserContext, page: Page): Promise<(options?: Options) => Promise<Authenticator>> {
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  return async (options = {}) => {
    const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        ctap2Version: "ctap2_1",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        hasPrf: true,
        automaticPresenceSimulation: true,
        ...options,
      },
    });
    return {
      credentials: async () => (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length,
      verify: (isUserVerified) => session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
      attend: (enabled) => session.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled }),
      remove: () => session.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId }),
    };
  };
}

/** What {@link softwareAuthenticator} answers otherwise than it should. */
export interface Answers {
  /** The flags of authenticator data; present and verified by default. */
  readonly flags?: number;
  /** Whose site it claims to have been asked by. */
  readonly rpId?: string;
  /** Another credential than was asked for, in hexadecimal. */
  readonly id?: string;
  readonly enabled?: boolean;
  /** What it gives for a secret, in hexadecimal; `null` for none. */
  readonly output?: string | null;
  /** It gives its secret only when it is asked again. */
  readonly later?: boolean;
  readonly type?: string;
  /** It throws an exception of this name. */
  readonly throws?: string;
}

/**
 * For `context.addInitScript`: an authenticator whose secrets outlive the browser, as a security key's do. Those inside Chromium end
 * with it, and a credential that is put back into one has lost its secret. It answers as it is told by `answers`, and keeps what it gave
 * in `given`.
 */
export function softwareAuthenticator(master: string): void {
  const bytesOf = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const hexOf = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const bytes = (source: BufferSource) =>
    ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
  const hash = async (...parts: Uint8Array[]) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts as BlobPart[]).arrayBuffer()));
  const state = { answers: {} as Answers, given: [] as Uint8Array[], options: [] as object[] };
  const answer = async (id: Uint8Array, rpId: string, salt: BufferSource | undefined, isNew: boolean) => {
    const { answers } = state;
    if (answers.throws !== undefined) throw new DOMException("told to", answers.throws);
    const output = answers.output ? bytesOf(answers.output) : salt && (await hash(bytesOf(master), id, bytes(salt)));
    const gives = output !== undefined && answers.output !== null && !(isNew && answers.later);
    if (gives) state.given.push(output);
    const data = new Uint8Array(37);
    data.set(await hash(new TextEncoder().encode(answers.rpId ?? rpId)));
    data[32] = answers.flags ?? 0x05;
    const prf = { ...(isNew && { enabled: answers.enabled ?? true }), ...(gives && { results: { first: output.buffer } }) };
    return {
      type: answers.type ?? "public-key",
      rawId: answers.id ? bytesOf(answers.id).buffer : id.slice().buffer,
      response: { authenticatorData: data.buffer, getAuthenticatorData: () => data.buffer, getTransports: () => ["usb", "IN VALID"] },
      getClientExtensionResults: () => ({ prf }),
    };
  };
  const container = {
    create: async ({ publicKey }: CredentialCreationOptions) => {
      state.options.push({ ...publicKey });
      const id = crypto.getRandomValues(new Uint8Array(32));
      return answer(id, publicKey?.rp.id ?? "", publicKey?.extensions?.prf?.eval?.first, true);
    },
    get: async ({ publicKey }: CredentialRequestOptions) => {
      state.options.push({ ...publicKey });
      // Chooses the last of those that it is asked for.
      const id = bytes(publicKey?.allowCredentials?.at(-1)?.id ?? new Uint8Array());
      const { eval: one, evalByCredential } = publicKey?.extensions?.prf ?? {};
      const name = btoa(String.fromCharCode(...id))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replaceAll("=", "");
      return answer(id, publicKey?.rpId ?? "", (evalByCredential?.[name] ?? one)?.first, false);
    },
  };
  Object.defineProperty(navigator, "credentials", { configurable: true, value: container });
  Object.assign(globalThis, { authenticator: state, hexOf });
}

/** Within reach of `page.evaluate` under a {@link softwareAuthenticator}. */
export interface SoftwareAuthenticator {
  answers: Answers;
  readonly given: Uint8Array[];
  readonly options: (PublicKeyCredentialCreationOptions & PublicKeyCredentialRequestOptions)[];
}
