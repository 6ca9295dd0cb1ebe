import { canonical, type Json } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { copyPlain } from "../base/plain.ts";
import { REQUEST_KINDS, type Request, type RequestKind } from "../intent/intent.ts";

export { copyPlain, readOptions } from "../base/plain.ts";

const MAX_NAME = 200;

/**
 * Copies a request once, at the door: each member is read a single time, so that getters, proxies and later changes cannot
 * show the policy one thing and the signer another. Bytes become `0x` hex.
 *
 * @throws `request/malformed` for anything but plain data in the documented shape. `requester` and `now` are refused by
 * name: inside a vault the requester is the person of the session, and the time is the store's.
 */
export function readRequest(input: unknown): Request {
  const copy = copyPlain(input);
  if (copy === null || typeof copy !== "object" || Array.isArray(copy)) throw malformed("expected an object");
  const { chain, account, kind, payload, ...rest } = copy as { readonly [key: string]: Json };
  for (const key of Object.keys(rest)) {
    const why =
      key === "requester" || key === "now"
        ? `\`${key}\` cannot be chosen inside a vault`
        : "expected only the members chain, account, kind, payload, got another";
    throw malformed(why);
  }
  if (typeof kind !== "string" || !REQUEST_KINDS.includes(kind as RequestKind))
    throw malformed(`expected a kind out of ${REQUEST_KINDS.join(", ")}`);
  if (payload === undefined) throw malformed("expected a payload");
  if (kind === "act") return { chain: text(chain ?? "", "chain"), account: text(account ?? "", "account"), kind, payload };
  return { chain: text(chain, "chain"), account: text(account, "account"), kind: kind as RequestKind, payload };
}

/** A policy as text. One that is a text already stays as it is, so that a mistake is shown where it stands in it. */
export function policyText(policy: unknown): string {
  if (typeof policy === "string") return policy;
  if (policy === undefined) throw new CustodyError("request/malformed", "policy: expected a document, as text or plain data, got nothing");
  return canonical(copyPlain(policy));
}

function text(value: Json | undefined, name: string): string {
  // Longer ones name nothing, and would be written to the log of what was refused.
  if (typeof value !== "string" || value.length > MAX_NAME) throw malformed(`expected ${name} as text of at most ${MAX_NAME} characters`);
  return value;
}

function malformed(what: string): CustodyError {
  return new CustodyError("request/malformed", `request: ${what}`);
}
