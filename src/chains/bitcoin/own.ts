import { toHex } from "../../base/bytes.ts";
import { CustodyError } from "../../base/errors.ts";
import type { AccountKeys, Ceilings, RelativePath } from "../chain.ts";
import { parseDescriptor } from "./descriptor.ts";
import { compress } from "./point.ts";
import { readScript } from "./script.ts";
import type { Template } from "./template.ts";

/** An output script that belongs to us, and the key that spends it. */
export interface OwnScript {
  readonly account: AccountKeys;
  /** Of the account that was asked about; else of one of its `others`. */
  readonly isSelf: boolean;
  readonly template: Template;
  readonly path: readonly [branch: number, index: number];
  /** 33 bytes, compressed; for `tr` the internal key is the last 32. */
  readonly publicKey: Uint8Array;
  readonly script: Uint8Array;
}

/** What is ours, found by bytes alone. Both throw where keys cannot be derived: "not ours" is only said after all were tried. */
export interface OwnScripts {
  /** @returns nothing for a script that no descriptor of ours gives below its ceilings. */
  lookup(script: Uint8Array): OwnScript | undefined;
  /** Whether a key that somebody names is one of ours below the ceilings. @param publicKey - 33 bytes, or 32 where x is enough. */
  claimsToBeOurs(publicKey: Uint8Array): boolean;
  /** Whether scripts of the account itself are known: not where it is known by its address only. */
  readonly knowsSelf: boolean;
}

/**
 * So many receive and so many change addresses of an account are known where nobody says how many were given out: ten times
 * the usual gap between used addresses (BIP-44). Deriving 400 keys takes about a third of a second (twice that for
 * taproot), and only a payment to a stranger's address of the same form makes us derive them all.
 */
export const WATCHED_CEILINGS: Ceilings = [200, 200];

/**
 * The scripts of an account and of its `others`, receive and change, below their ceilings. An account without a descriptor has
 * none: nothing here could say which key signs for it.
 *
 * What a PSBT says about keys and paths is never asked. Two PSBTs of one transaction could each name a different half of
 * our inputs, and each would look like half of the price.
 *
 * @throws `chain/malformed` for a descriptor without public keys; `request/malformed`, `request/unsupported` for its text.
 */
export function ownScripts(account: AccountKeys): OwnScripts {
  const wallets = [account, ...(account.others ?? [])].flatMap((one) => {
    const known = knownOf(one);
    return known === undefined ? [] : [{ one, known, ceilings: one.ceilings ?? WATCHED_CEILINGS }];
  });
  return {
    knowsSelf: account.descriptor !== undefined,
    lookup(script) {
      const form = readScript(script)?.form;
      const name = toHex(script);
      for (const { one, known, ceilings } of wallets) {
        // Saves time only: a script of another form is none of this account's.
        if (known.template.form !== form) continue;
        const found = find(known, known.scripts, name, ceilings);
        if (found === undefined) continue;
        const { path, publicKey } = found;
        const { template } = known;
        return { account: one, isSelf: one === account, template, path, publicKey: publicKey.slice(), script: script.slice() };
      }
      return undefined;
    },
    claimsToBeOurs(publicKey) {
      const name = toHex(publicKey.subarray(-32));
      return wallets.some(({ known, ceilings }) => find(known, known.keys, name, ceilings) !== undefined);
    },
  };
}

interface Found {
  readonly path: readonly [branch: 0 | 1, index: number];
  readonly publicKey: Uint8Array;
}

/** What was derived of one descriptor so far. */
interface Known {
  readonly template: Template;
  publicKey(path: RelativePath): Uint8Array;
  /** Of each branch all indexes below are known. */
  readonly reached: [receive: number, change: number];
  /** By script in hexadecimal. */
  readonly scripts: Map<string, Found>;
  /** By x of the public key in hexadecimal. */
  readonly keys: Map<string, Found>;
}

function find(known: Known, by: ReadonlyMap<string, Found>, name: string, ceilings: Ceilings): Found | undefined {
  const below = () => {
    const found = by.get(name);
    return found && found.path[1] < ceilings[found.path[0]] ? found : undefined;
  };
  let found = below();
  while (found === undefined) {
    const branch = nextBranch(known.reached, ceilings);
    if (branch === undefined) return undefined;
    deriveNext(known, branch);
    found = below();
  }
  return found;
}

/** Lower indexes first, whatever their branch: those are the ones in use. */
function nextBranch(reached: Ceilings, ceilings: Ceilings): 0 | 1 | undefined {
  const open = ([0, 1] as const).filter((branch) => reached[branch] < ceilings[branch]);
  return open.length === 2 && reached[1] < reached[0] ? 1 : open[0];
}

function deriveNext(known: Known, branch: 0 | 1): void {
  const path = [branch, known.reached[branch]] as const;
  const publicKey = compress(known.publicKey(path));
  const found = { path, publicKey };
  known.scripts.set(toHex(known.template.script(publicKey)), found);
  known.keys.set(toHex(publicKey.subarray(1)), found);
  // Last: where deriving throws, this index is still to be tried, and nobody takes it for somebody else's.
  known.reached[branch]++;
}

// What follows from an account's keys and its descriptor alone is remembered for as long as somebody holds the keys, also when
// the account has given out more addresses and is another object. Same answers with and without.
const memo = new WeakMap<object, Map<string, Known>>();

function knownOf(account: AccountKeys): Known | undefined {
  const { descriptor, publicKey } = account;
  if (descriptor === undefined) return undefined;
  if (publicKey === undefined) throw new CustodyError("chain/malformed", "account: expected public keys below its descriptor");
  const byDescriptor = memo.get(publicKey) ?? new Map<string, Known>();
  memo.set(publicKey, byDescriptor);
  let known = byDescriptor.get(descriptor);
  if (known === undefined) {
    const { template } = parseDescriptor(descriptor);
    const derive = (path: RelativePath) => publicKey.call(account, path);
    known = { template, publicKey: derive, reached: [0, 0], scripts: new Map(), keys: new Map() };
    byDescriptor.set(descriptor, known);
  }
  return known;
}
