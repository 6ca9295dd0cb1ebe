import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8 } from "../../base/bytes.ts";
import { CustodyError, unreachable } from "../../base/errors.ts";
import type { Book } from "../../intent/book.ts";
import type { Address, ChainId, Effect } from "../../intent/effect.ts";
import { type Intent, intentId, type Reason, type Request, type Signable, type Use } from "../../intent/intent.ts";
import type { AccountKeys } from "../chain.ts";
import { parseAddress } from "./address.ts";
import { psbtEffects } from "./effects.ts";
import { type Ownership, ownershipOf, unproven } from "./ownership.ts";
import { parsePsbt, type ReadPsbt } from "./psbt.ts";
import { outpoint, psbtRefusals } from "./refusals.ts";
import { toSign } from "./sighash.ts";

/**
 * `Chain.decode` for PSBTs of version 0. Plainly:
 *
 * 1. Inputs and outputs are ours if their scripts are, byte for byte, scripts that the account or one of its `others` gives
 *    below its ceilings. What the PSBT says about keys and paths decides nothing; a lie about them is told (`change`:
 *    `foreign`).
 * 2. Only inputs of the account itself are signed, all of them or none; what happens to all own accounts is judged together.
 * 3. Effects and amounts: see {@link psbtEffects}, and {@link ownershipOf} for what is certain.
 * 4. Whatever is refused ({@link psbtRefusals}) has no digests: nothing could be signed even by mistake.
 * 5. The lane is the set of all own coins that it spends: any two such transactions spend the same coins, so only one of them
 *    can settle.
 *
 * @throws what {@link parsePsbt} throws; `chain/malformed` where an input of ours, or one that might be, lacks its previous transaction; `request/malformed` for another account; `request/unsupported` for other kinds.
 */
export function decodePsbt(request: Request, keys: AccountKeys, _book: Book): Intent {
  const { chain, kind } = request;
  const account = ownAccount(request, keys);
  if (kind !== "psbt") throw new CustodyError("request/unsupported", `request: expected a psbt on this chain, got ${kind}`);
  const psbt = parsePsbt(request.payload);
  const ownership = provenOwnership(psbt, keys);
  const refusals = psbtRefusals(ownership);
  const lane = laneOf(chain, ownership);
  return Object.freeze({
    id: intentId(chain, account, kind, psbt.bytes),
    chain,
    account,
    kind,
    bytes: psbt.bytes,
    ...(lane !== undefined && { lane }),
    effects: Object.freeze(psbtEffects(ownership, { chain, account }).map(frozen)),
    signables: Object.freeze(refusals.length > 0 ? [] : signables(ownership)),
    uses: usesOf(ownership),
    refusals: Object.freeze(refusals.map((reason) => frozenReason(reason))),
  });
}

/** What cannot be known is not judged: a PSBT that proves too little is as unreadable as one that was cut. */
function provenOwnership(psbt: ReadPsbt, keys: AccountKeys): Ownership {
  const ownership = ownershipOf(psbt, keys);
  const missing = unproven(ownership);
  if (missing.length === 0) return ownership;
  const which = `${missing.slice(0, 8).join(", ")}${missing.length > 8 ? " …" : ""}`;
  throw new CustodyError(
    "chain/malformed",
    `psbt: expected the previous transactions of inputs ${which}: nothing else proves what they spend`,
  );
}

function ownAccount({ chain, account }: Request, keys: AccountKeys): Address {
  const address = parseAddress(chain, account);
  if (address !== parseAddress(chain, keys.address))
    throw new CustodyError("request/malformed", `account: expected ${keys.address}, got ${address}`);
  return address;
}

function signables({ psbt, scripts, inputs }: Ownership): readonly Signable[] {
  const signables = toSign(psbt, scripts).map(({ signable }) => Object.freeze({ ...signable, path: Object.freeze([...signable.path]) }));
  // INVARIANT: every input of the account that was judged is signed, and no other.
  if (signables.length === 0 || signables.length !== inputs.filter(({ own }) => own?.isSelf).length) return unreachable("inputs to sign");
  return signables;
}

/** SHA-256 of all own outpoints in their order as text, whichever of our accounts they are of. */
function laneOf(chain: ChainId, { inputs }: Ownership): string | undefined {
  const coins = inputs.flatMap(({ input, own }) => (own === undefined ? [] : [outpoint(input)])).sort();
  return coins.length === 0 ? undefined : `${chain}/${toHex(sha256(utf8(coins.join(" "))))}`;
}

/** Each address of ours once, in the order of the transaction: paid to or spent, also where another account signs. */
function usesOf({ inputs, outputs }: Ownership): readonly Use[] {
  const used = [...inputs, ...outputs].flatMap(({ own }) => (own === undefined ? [] : [own]));
  const uses = new Map(used.map(({ account: { address: account }, path }) => [`${account}/${path.join("/")}`, { account, path }]));
  return Object.freeze([...uses.values()].map(({ account, path }) => Object.freeze({ account, path: Object.freeze([...path]) })));
}

function frozen(effect: Effect): Effect {
  Object.freeze(effect.at);
  return Object.freeze(effect);
}

function frozenReason(reason: Reason): Reason {
  for (const param of Object.values(reason.params)) Object.freeze(param);
  Object.freeze(reason.params);
  return Object.freeze(reason);
}
