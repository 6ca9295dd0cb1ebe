import { fromUtf8, wipe } from "../base/bytes.ts";
import { allOf } from "../slots/all-of.ts";
import { shares } from "../slots/shares.ts";
import type { Slot } from "../vault/slot.ts";
import type { Call, Option } from "./command.ts";
import { usage } from "./exit.ts";
import { readSecret } from "./files.ts";
import { PASSPHRASE, readPassphrases } from "./secrets.ts";

/** What opens a vault on Node. */
const KINDS = ["passphrase", "keychain", "shares"] as const;
export type Kind = (typeof KINDS)[number];

/** Ways in that need a browser. */
const ELSEWHERE: readonly string[] = ["passkey", "device-key"];
const MOST_PARTS = 4;
const MOST_SHARES = 64;

export const WAY: { readonly [name: string]: Option } = {
  slot: { value: "KIND", about: "what opens it: passphrase (default), keychain, shares, or several: passphrase+shares" },
  share: { value: "FILE", many: true, about: "a recovery share in a file that only you may open; otherwise they are asked for" },
  ...Object.fromEntries(Object.entries(PASSPHRASE).map(([name, option]) => [name, { ...option, many: true as const }])),
};

/** The parts of a way in, as an option names them: `passphrase`, `passphrase+keychain`, `passphrase+passphrase`. */
export function readKinds(text: string, option: string): readonly Kind[] {
  const parts = text.split("+");
  const kinds = parts.map((part) => {
    const kind = KINDS.find((known) => known === part);
    if (kind !== undefined) return kind;
    if (ELSEWHERE.includes(part)) throw usage(`--${option}: a ${part} works in browsers only; here there are ${KINDS.join(", ")}`);
    throw usage(`--${option}: expected ${KINDS.join(", ")}, or up to ${MOST_PARTS} of them joined by +, got ${JSON.stringify(text)}`);
  });
  const once = kinds.filter((kind) => kind !== "passphrase");
  if (kinds.length > MOST_PARTS || new Set(once).size < once.length)
    throw usage(`--${option}: expected at most ${MOST_PARTS} parts, keychain and shares once, got ${JSON.stringify(text)}`);
  return kinds;
}

/** What opens the vault in this call. */
export function kindsOf(call: Call): readonly Kind[] {
  const said = call.value("slot");
  if (said === undefined && call.values("share").length === 0) return ["passphrase"];
  if (said === undefined && (call.value("passphrase-file") ?? call.value("passphrase-fd")) !== undefined)
    throw usage("--share and a passphrase: expected --slot to say whether both are needed (passphrase+shares)");
  const kinds = readKinds(said ?? "shares", "slot");
  if (call.values("share").length > 0 && !kinds.includes("shares"))
    throw usage(`--share: expected shares in --slot, got ${JSON.stringify(said)}`);
  return kinds;
}

/** Whether somebody types a passphrase for it, and so has read what stands above the prompt. */
export function isTyped(call: Call): boolean {
  return kindsOf(call).includes("passphrase") && (call.value("passphrase-file") ?? call.value("passphrase-fd")) === undefined;
}

/**
 * Lends the way into the vault that the call names, and wipes what of it can be wiped: shares have to become text to be read.
 *
 * @param question - what a prompt for a passphrase asks.
 */
export async function withWay<T>(call: Call, use: (way: Slot) => Promise<T>, question = "Passphrase"): Promise<T> {
  const kinds = kindsOf(call);
  const count = kinds.filter((kind) => kind === "passphrase").length;
  const phrases = await readPassphrases(call, count, { ask: (which) => call.io.askHidden(`${question}${which}: `) });
  try {
    const collected = kinds.includes("shares") ? await collectShares(call) : [];
    return await use(joined(kinds, { ...partsFor(call, phrases), shares: () => shares({ collected }) }));
  } finally {
    wipe(...phrases);
  }
}

export type Parts = { readonly [K in Kind]: () => Slot };

/** The parts that an open vault and a new slot have in common. */
export function partsFor({ io }: Call, phrases: readonly Uint8Array[]): Pick<Parts, "passphrase" | "keychain"> {
  const left = [...phrases];
  return { passphrase: () => io.slot(left.shift() ?? new Uint8Array()), keychain: io.keychain };
}

/** One slot of its parts. */
export function joined(kinds: readonly Kind[], parts: Parts): Slot {
  const made = kinds.map((kind) => parts[kind]());
  const [only, ...others] = made;
  return only !== undefined && others.length === 0 ? only : allOf(made);
}

/** Shares at hand: from the files that were named, otherwise typed one after the other, until an empty line. */
export async function collectShares(call: Call): Promise<readonly string[]> {
  const files = call.values("share");
  if (files.length > 0) return Promise.all(files.map(async (path) => textOf(await readSecret(path))));
  const typed: string[] = [];
  while (typed.length < MOST_SHARES) {
    const text = textOf(await call.io.askHidden(`Share ${typed.length + 1} (nothing where there are no more): `)).trim();
    if (text === "") break;
    typed.push(text);
  }
  return typed;
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes, "slot/share-damaged");
  } finally {
    wipe(bytes);
  }
}
