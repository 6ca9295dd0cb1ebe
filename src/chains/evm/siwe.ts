import { HOUR_MS, MINUTE_MS, parseTime, SECOND_MS } from "../../base/time.ts";
import { type Address, type ChainId, type Effect, UNLIMITED } from "../../intent/effect.ts";
import type { Reason } from "../../intent/intent.ts";
import { parseAddress } from "./address.ts";
import type { Decoded } from "./decoded.ts";
import type { Setting } from "./effects.ts";
import { labelled } from "./labels.ts";
import { powersOf } from "./siwe-powers.ts";

/** A Sign-In with Ethereum message (ERC-4361), as far as anything depends on it. */
export interface SignIn {
  /** Host in lowercase, with its port if it has one. */
  readonly domain: string;
  readonly address: Address;
  readonly chain: ChainId;
  /** What the sign-in is for, by RFC 3986. */
  readonly uri: string;
  /** More of the same. */
  readonly resources: readonly string[];
  /** Unix seconds, rounded up; {@link UNLIMITED} if it does not expire. */
  readonly expiry: bigint;
}

/** Whether a message wants to be taken for a sign-in: ERC-4361 has wallets look for these words anywhere in it. */
export function claimsSignIn(text: string): boolean {
  return /wants\s+you\s+to\s+sign\s+in\s+with\s+your\s+ethereum\s+account/i.test(text);
}

/**
 * What signing such a message does: a `statement` to a domain. The chain is the one that the message names. A signature binds
 * no chain by itself, but whoever accepts this one has to accept it for that chain alone (ERC-4361, `chain-id`). What hands
 * out powers beside (`siwe-powers.ts`) is `unknown` U2 as well, of no chain.
 *
 * Refused are messages that are no valid sign-in, or are one of another account or another chain: a service could take them
 * for what they look like. That the domain is where the request came from is for a policy to ask (`domain`, `origin`).
 */
export function signInEffects(text: string, { account, chain }: Setting): Pick<Decoded, "effects" | "refusals"> {
  const signIn = parseSignIn(text);
  if (signIn === undefined) {
    const why = "a message that looks like a sign-in and is none";
    return { effects: [{ kind: "unknown", at: [], account, class: "U2", why }], refusals: [MALFORMED] };
  }
  const named = labelled(signIn);
  const effects: Effect[] = [{ kind: "statement", at: [], chain: signIn.chain, account, ...named, expiry: signIn.expiry }];
  const powers = powersOf(signIn);
  if (powers !== undefined) effects.push({ kind: "unknown", at: [], account, ...named, class: "U2", why: powers });
  const refusals: Reason[] = [];
  if (signIn.address !== account) refusals.push(mismatch("account", account, signIn.address));
  if (signIn.chain !== chain) refusals.push(mismatch("chain", chain, signIn.chain));
  return { effects, refusals };
}

const MALFORMED: Reason = {
  code: "evm/sign-in-malformed",
  params: {},
  text: "it looks like a sign-in message but is no valid one (ERC-4361)",
};

function mismatch(field: string, request: string, message: string): Reason {
  const text = `the request is for ${field} ${request}, the sign-in message for ${message}`;
  return { code: "evm/sign-in-mismatch", params: { field, request, message }, text };
}

// RFC 3986, characters: unreserved and reserved ones, without and with the brackets that belong to hosts.
const PLAIN = "-A-Za-z0-9._~!$&'()*+,;=:@/?";
const URI = `[A-Za-z][A-Za-z0-9+.-]*:(?:[${PLAIN}[\\]]|%[0-9A-Fa-f]{2})*(?:#(?:[${PLAIN}]|%[0-9A-Fa-f]{2})*)?`;
const PCHAR = "(?:[-A-Za-z0-9._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})";
// RFC 3339, date-time; leap seconds do not exist here.
const MINUTES = "(?:[01][0-9]|2[0-3]):[0-5][0-9]";
const TIME = `[0-9]{4}-[0-9]{2}-[0-9]{2}T${MINUTES}:[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-]${MINUTES})`;

/** The grammar of ERC-4361 line by line. Every class excludes what follows it, so that no text is tried twice. */
const GRAMMAR = new RegExp(
  [
    "^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?<domain>[A-Za-z0-9.:[\\]-]+) wants you to sign in with your Ethereum account:\n",
    "(?<address>0x[0-9a-fA-F]{40})\n",
    "\n",
    `(?:[${PLAIN}#[\\] ]*\n)?`,
    "\n",
    `URI: (?<uri>${URI})\n`,
    "Version: 1\n",
    "Chain ID: (?<chain>[1-9][0-9]{0,31})\n",
    "Nonce: [A-Za-z0-9]{8,}\n",
    `Issued At: (?<issued>${TIME})`,
    `(?:\nExpiration Time: (?<expires>${TIME}))?`,
    `(?:\nNot Before: (?<notBefore>${TIME}))?`,
    `(?:\nRequest ID: ${PCHAR}*)?`,
    `(?:\nResources:(?<resources>(?:\n- ${URI})*))?$`,
  ].join(""),
);

/**
 * Reads a sign-in message; nothing if it is not exactly one. Stricter than ERC-4361 where a service could read a form
 * differently: no other scheme than https (which ERC-4361 recommends), no user information before the host, hosts by
 * their usual name (a lowercase form, two labels at least or `localhost`, or an address), chain ids without leading zeros,
 * days and seconds that exist.
 */
export function parseSignIn(text: string): SignIn | undefined {
  const { scheme = "https", domain, address, uri, chain, issued, expires, notBefore, resources = "" } = GRAMMAR.exec(text)?.groups ?? {};
  if (domain === undefined || address === undefined || uri === undefined || chain === undefined) return undefined;
  const host = domain.toLowerCase();
  const signer = checkedAddress(address);
  const times = [issued, expires, notBefore].filter((time) => time !== undefined).map(secondsOf);
  if (scheme.toLowerCase() !== "https" || !isAuthority(host) || signer === undefined || times.includes(undefined)) return undefined;
  const expiry = expires === undefined ? UNLIMITED : secondsOf(expires);
  if (expiry === undefined) return undefined;
  return { domain: host, address: signer, chain: `eip155:${chain}`, uri, resources: resources.split("\n- ").slice(1), expiry };
}

/** Host and port as RFC 3986 has them, of the hosts those that a service can have. */
function isAuthority(text: string): boolean {
  const [, host = "", port = "0"] = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253})(?::(0|[1-9][0-9]{0,4}))?$/.exec(text) ?? [];
  if (Number(port) > 65_535) return false;
  if (host.startsWith("[") || host === "localhost") return true;
  if (/^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/.test(host)) return true;
  // The last label is no number: RFC 3696 section 2, and what tells a name from an address.
  return /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?![0-9]+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(host);
}

function checkedAddress(text: string): Address | undefined {
  try {
    return parseAddress(text);
  } catch {
    // A wrong checksum: decided by the caller.
    return undefined;
  }
}

/** Unix seconds of a moment that exists, rounded up; before 1970 is 0. */
function secondsOf(time: string): bigint | undefined {
  const [, local = "", fraction = "", sign, hours, minutes] = /^(.{19})(?:\.([0-9]+))?(?:Z|([+-])(..):(..))$/.exec(time) ?? [];
  const offset = sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS);
  try {
    const seconds = (parseTime(`${local}Z`) - offset) / SECOND_MS + (/[1-9]/.test(fraction) ? 1 : 0);
    return BigInt(Math.max(0, seconds));
  } catch {
    // A day that does not exist: decided by the caller.
    return undefined;
  }
}
