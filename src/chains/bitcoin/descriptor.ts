import { CustodyError } from "../../base/errors.ts";
import type { ChainId } from "../../intent/effect.ts";
import { descriptorChecksum } from "./checksum.ts";
import { readExtended, writeExtended } from "./extended.ts";
import { type Network, networkOf } from "./network.ts";
import { TEMPLATE_LIST, TEMPLATES, type Template, type TemplateType } from "./template.ts";

/** An account with many addresses: how each is locked, and the public key that all of them are derived from. */
export interface AccountDescriptor {
  readonly template: Template;
  /** Where a wallet has the key. Words of whoever wrote the descriptor: only the key itself is checked. */
  readonly origin?: Origin;
  /** BIP-32 text, `xpub…` on every network. */
  readonly extended: string;
  /** SLIP-44, as the key's own text says it. */
  readonly coin: Network["coin"];
  /** The one canonical text: `h` for hardened, `/<0;1>/*`, with its checksum. */
  readonly text: string;
}

interface Origin {
  /** Of the master key, 8 lowercase hex digits. */
  readonly fingerprint: string;
  /** `m/84h/0h/0h` */
  readonly path: string;
}

/**
 * Reads a descriptor of one key with its receive and change branches, `wpkh([4a1c8d2c/84h/0h/0h]xpub…/<0;1>/*)`, of one of the
 * {@link TEMPLATES}. `'` counts as `h`; a checksum is verified where there is one, the origin may be absent.
 *
 * @throws `request/unsupported` for other descriptors: several keys, conditions, fixed keys, other branches;
 *   `request/malformed`, private keys included; `chain/unknown`
 * @see BIP-380 to BIP-382, BIP-386, BIP-389
 */
export function readDescriptor(chain: ChainId, text: string): AccountDescriptor {
  const { coin } = networkOf(chain);
  const descriptor = parseDescriptor(text);
  if (descriptor.coin !== coin) throw malformed(`expected ${coin === 0 ? "an xpub" : "a tpub"}, got a key of another network`);
  return descriptor;
}

/** {@link readDescriptor}, for the network that its key names. */
export function parseDescriptor(text: string): AccountDescriptor {
  const body = withoutChecksum(text);
  const { template, key } = templateOf(body);
  if (/^(\[[^\]]*\])?[xt]prv/.test(key)) throw malformed("expected a public key, got a private one");
  const match = /^(?:\[([0-9a-fA-F]{8})((?:\/[0-9]{1,10}[h']?)*)\])?([0-9A-Za-z]+)((?:\/.*)?)$/.exec(key);
  if (match === null) throw malformed("expected a key such as [4a1c8d2c/84h/0h/0h]xpub…");
  const [, fingerprint, path = "", keyText = "", branches] = match;
  if (branches !== "/<0;1>/*") throw unsupported("expected /<0;1>/* behind the key: receive addresses at 0, change at 1");
  const extended = readExtended(keyText);
  if (extended === undefined) throw malformed("expected an extended public key (xpub, or tpub on test networks)");
  const steps = path.split("/").slice(1).map(parseStep);
  if (fingerprint !== undefined && (steps.length !== extended.depth || (steps.at(-1) ?? 0) !== extended.step))
    throw malformed("expected the origin to end at the step that the extended key says it is");
  const origin = fingerprint === undefined ? undefined : { fingerprint: fingerprint.toLowerCase(), path: formatSteps(steps) };
  return {
    template,
    ...(origin && { origin }),
    extended: extended.extended,
    coin: extended.coin,
    text: format(template, origin, writeExtended(extended.extended, extended.coin)),
  };
}

/**
 * The canonical descriptor of an account.
 *
 * @param at - `fingerprint`: of the master key, 8 hex digits; `path`: BIP-32 text of the account; `extended`: its key, `xpub…`.
 * @throws `request/malformed` where they do not fit together; `chain/unknown`
 */
export function writeDescriptor(at: {
  readonly chain: ChainId;
  readonly type: TemplateType;
  readonly fingerprint: string;
  readonly path: string;
  readonly extended: string;
}): string {
  const { coin } = networkOf(at.chain);
  const key = readExtended(at.extended);
  if (key === undefined) throw malformed("expected an extended public key (xpub)");
  // Read again, so that whatever we write is what we would accept.
  return parseDescriptor(format(TEMPLATES[at.type], at, writeExtended(key.extended, coin))).text;
}

function format({ around }: Template, origin: Origin | undefined, key: string): string {
  const from = origin === undefined ? "" : `[${origin.fingerprint}${origin.path.slice(1)}]`;
  const body = `${around[0]}${from}${key}/<0;1>/*${around[1]}`;
  return `${body}#${descriptorChecksum(body)}`;
}

function withoutChecksum(text: string): string {
  if (text.length > 10_000) throw malformed(`expected at most 10000 characters, got ${text.length}`);
  const [body = "", checksum, ...more] = text.split("#");
  const expected = descriptorChecksum(body);
  if (expected === undefined || more.length > 0) throw malformed("expected only characters of descriptors, with one # before the checksum");
  if (checksum !== undefined && checksum !== expected) throw malformed("its checksum does not fit, something was mistyped or cut off");
  return body;
}

function templateOf(body: string): { readonly template: Template; readonly key: string } {
  const template = TEMPLATE_LIST.find(({ around: [before, behind] }) => body.startsWith(before) && body.endsWith(behind));
  const key = template && body.slice(template.around[0].length, body.length - template.around[1].length);
  if (template === undefined || key === undefined || /[(){},]/.test(key) || /^(\[[^\]]*\])?[0-9a-f]{64,130}$/.test(key))
    throw /^[a-z_]+\(.*\)$/.test(body)
      ? unsupported("expected one extended public key in pkh, sh(wpkh), wpkh or tr")
      : malformed("expected such as wpkh([4a1c8d2c/84h/0h/0h]xpub…/<0;1>/*)");
  return { template, key };
}

const HARDENED = 2 ** 31;

function parseStep(text: string): number {
  const match = /^(0|[1-9][0-9]{0,9})([h']?)$/.exec(text);
  const index = Number(match?.[1] ?? Number.NaN);
  if (!(index < HARDENED)) throw malformed("expected every step of the origin to be 0…2147483647, hardened with h or '");
  return match?.[2] ? index + HARDENED : index;
}

function formatSteps(steps: readonly number[]): string {
  return ["m", ...steps.map((step) => (step >= HARDENED ? `${step - HARDENED}h` : String(step)))].join("/");
}

function malformed(what: string): CustodyError {
  return new CustodyError("request/malformed", `descriptor: ${what}`);
}

function unsupported(what: string): CustodyError {
  return new CustodyError("request/unsupported", `descriptor: ${what}`);
}
