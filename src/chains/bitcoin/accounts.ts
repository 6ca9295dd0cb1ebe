import { CustodyError } from "../../base/errors.ts";
import type { Address, ChainId } from "../../intent/effect.ts";
import type { AccountPlace, AccountWish, KeySource, NamedAccount, RelativePath } from "../chain.ts";
import { addressOfScript, parseAddress } from "./address.ts";
import { readDescriptor, writeDescriptor } from "./descriptor.ts";
import { networkOf } from "./network.ts";
import { compress } from "./point.ts";
import { TEMPLATE_LIST, TEMPLATES, type Template } from "./template.ts";

/** A descriptor, or an address that is only watched. @throws `request/malformed`, `request/unsupported`, `chain/unknown` */
export function readAccount(chain: ChainId, text: string): NamedAccount {
  if (text.includes("(")) {
    const { text: descriptor, extended } = readDescriptor(chain, text);
    return { descriptor, extended };
  }
  networkOf(chain);
  try {
    return { address: parseAddress(chain, text) };
  } catch (cause) {
    throw new CustodyError("request/malformed", "account: expected a descriptor or an address of this network", { cause });
  }
}

/**
 * `m / purpose' / coin' / index'`, P2WPKH where no type is wished for. Another path must be hardened throughout: with a public
 * key above an unhardened step, one leaked private key would give away every other.
 *
 * No path is taken both on mainnet and on a test network: what is signed names no network, so that a signature over test coins,
 * which rules may let pass freely, would move real ones of the same keys. Test networks have only paths whose second step is 1,
 * and mainnet has none of those. A path that begins with a type's purpose is one of its BIP: the network's coin comes
 * second, so that no other chain's keys (`m/44'/60'/…`) are spent from here.
 *
 * @throws `request/malformed`, `request/unsupported` for `m`, where an imported private key is; `chain/unknown`
 * @see BIP-44, BIP-49, BIP-84, BIP-86
 */
export function place(chain: ChainId, { index, type, path: wished }: AccountWish): AccountPlace {
  const { coin } = networkOf(chain);
  const template = templateOf(type);
  if (!Number.isInteger(index) || index < 0 || index >= HARDENED) throw malformed("expected an index of 0…2147483647");
  if (wished === "m")
    throw new CustodyError(
      "request/unsupported",
      "account: expected one below a seed, a single private key has no receive and change addresses",
    );
  const path = wished ?? `m/${template.purpose}h/${coin}h/${index}h`;
  const steps = hardenedSteps(path);
  const other = TEMPLATE_LIST.find(({ purpose }) => steps[0] === purpose);
  if (other !== undefined && other !== template)
    throw malformed(`expected the type ${other.type} at a path that begins with ${other.purpose}h, got ${template.type}`);
  if (other !== undefined && (steps[1] !== coin || steps.length < 3))
    throw malformed(`expected a path of this network that begins with m/${other.purpose}h/${coin}h and an index, got ${path}`);
  if ((steps[1] === TEST_COIN) !== (coin === TEST_COIN))
    throw malformed(`expected a path whose second step is ${coin === TEST_COIN ? "1h" : "not 1h"} on this network, got ${path}`);
  return { path, descriptor: (key) => writeDescriptor({ chain, type: template.type, path, ...key }) };
}

const HARDENED = 2 ** 31;
// SLIP-44: every test network's.
const TEST_COIN = 1;

function templateOf(type: string | undefined): Template {
  if (type === undefined) return TEMPLATES.wpkh;
  const template = TEMPLATE_LIST.find((known) => known.type === type);
  if (template === undefined) throw malformed(`expected a type of ${TEMPLATE_LIST.map((known) => known.type).join(", ")}`);
  return template;
}

/** Without the hardening. At most ten: more is no account of any wallet. */
function hardenedSteps(path: string): readonly number[] {
  const steps = path
    .split("/")
    .slice(1)
    .map((step) => Number.parseInt(step, 10));
  if (!/^m(?:\/(?:0|[1-9][0-9]{0,9})[h']){1,10}$/.test(path) || steps.some((step) => step >= HARDENED))
    throw malformed("expected a path of hardened steps such as m/84h/0h/0h");
  return steps;
}

/** @throws `chain/malformed` for an account without a descriptor or keys, and a path that is none of its addresses'; `chain/unknown` */
export function address(chain: ChainId, keys: KeySource, path: RelativePath): Address {
  if (keys.descriptor === undefined || keys.publicKey === undefined)
    throw new CustodyError("chain/malformed", "account: expected a descriptor and the keys below it");
  const [branch, index = -1] = path;
  if (path.length !== 2 || (branch !== 0 && branch !== 1) || !Number.isInteger(index) || index < 0 || index >= HARDENED)
    throw new CustodyError("chain/malformed", "address: expected 0 or 1 and an index below the account");
  const script = readDescriptor(chain, keys.descriptor).template.script(compress(keys.publicKey(path)));
  const found = addressOfScript(chain, script);
  if (found === undefined) throw new Error("unreachable: a script of ours that has no address");
  return found;
}

function malformed(what: string): CustodyError {
  return new CustodyError("request/malformed", `account: ${what}`);
}
