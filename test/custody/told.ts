import { fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import type { Custody, Store } from "../../src/index.ts";
import { keyOf } from "../vault/setting.ts";
import { CHAIN, document, FRIEND, KEY, MALLORY, openCustody, payRules, request, transaction, USDC } from "./fixture.ts";

const MNEMONIC = "legal winner thank year wave sausage worth useful legal winner thank yellow";

/** A vault that is told of something of every kind: names, amounts, rules, a key, a phrase. It is left open. */
export async function tellEverything(store: Store): Promise<{ readonly custody: Custody; readonly names: readonly string[] }> {
  const policy = document([...payRules, { id: "edits-are-fine", allow: ["policyEdit", "import"] }], { more: { immutable: false } });
  const { custody, me } = await openCustody({ store, policy, wallet: { from: "privateKey", privateKey: KEY } });
  await me.sign(request(transaction({ value: 123_456_789n })));
  await me.sign(request(transaction({ to: MALLORY })));
  await me.submit({ act: "policyEdit", policy: { ...policy, name: "another name of the policy" } });
  await me.submit({ act: "import", name: "Savings", wallet: { from: "mnemonic", mnemonic: MNEMONIC } });
  await me.accounts.derive({ chain: CHAIN, name: "Household", wallet: "Savings" });
  return { custody, names: (await custody.accounts()).flatMap(({ id, address }) => [id, address]) };
}

/** Everything that would give away what {@link tellEverything} told, in every encoding that one would look for. */
export function traces(names: readonly string[]): readonly { readonly what: string; readonly bytes: Uint8Array }[] {
  const told = [
    ...[...names, FRIEND, MALLORY, USDC, "Household", "Savings", "owner", "edits-are-fine", "another name", "123456789", "policy/1"],
    ...["transfer", ...MNEMONIC.split(" ").map((word) => `${word} `), "secp256k1", "eip155"],
  ];
  const texts = told.flatMap((text) => [utf8(text), utf8(text.toLowerCase()), utf8(toHex(utf8(text))), utf16(text)].map(labelled(text)));
  const hexes = [...names.filter((name) => name.startsWith("0x")), FRIEND, MALLORY, USDC, toHex(KEY), toHex(keyOf(1))];
  const bytes = hexes.flatMap((hex) => {
    const raw = fromHex(hex);
    const base64 = btoa(String.fromCharCode(...raw)).slice(0, -4);
    return [raw, Uint8Array.from(raw).reverse(), utf8(toHex(raw)), utf8(base64)].map(labelled(hex));
  });
  return [...texts, ...bytes];
}

/** What lies there in clear, so that a search that finds nothing is seen to search: the vault's suite, and the kind of a slot. */
export const IN_CLEAR: readonly Uint8Array[] = [utf8("xchacha20poly1305"), utf8('"kind":"raw"')];

function labelled(what: string): (bytes: Uint8Array) => { what: string; bytes: Uint8Array } {
  return (bytes) => ({ what, bytes });
}

/** Little-endian, as JavaScript engines and Windows write it. */
function utf16(text: string): Uint8Array {
  return Uint8Array.from([...text].flatMap((letter) => [letter.charCodeAt(0) & 0xff, letter.charCodeAt(0) >> 8]));
}
