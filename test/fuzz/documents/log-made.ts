import { createPrivateKey, createPublicKey, sign as signByNode, verify as verifyByNode } from "node:crypto";
import type { Random } from "../random.ts";
import { naiveCanonical, naiveRoot, naiveSha256, parseJson } from "./naive.ts";

// Logs written without `src`: every byte of them is what FORMAT.md says, made by hand and by Node's own cryptography.

export interface MadeLog {
  readonly vault: string;
  readonly vkey: string;
  /** Commitments, in order. */
  readonly leaves: readonly Uint8Array[];
  readonly bodies: readonly string[];
  readonly salts: readonly string[];
  /** Header, entries, checkpoint. */
  readonly lines: readonly string[];
  /** Signed notes by size. */
  readonly notes: readonly string[];
}

export const VAULT = "a1b2c3";
const START = Date.parse("2026-11-22T12:00:00.000Z");

interface Key {
  readonly name: string;
  readonly raw: Uint8Array;
  readonly vkey: string;
  readonly hash: Uint8Array;
  readonly sign: (text: string | Uint8Array) => Uint8Array;
  readonly verify: (text: string | Uint8Array, signature: Uint8Array) => boolean;
}

const KEYS = new Map<string, Key>();

/** The key whose Ed25519 seed is 32 times this byte. */
export function keyOf(name: string, seed: number): Key {
  const known = KEYS.get(`${seed} ${name}`) ?? newKey(name, seed);
  KEYS.set(`${seed} ${name}`, known);
  return known;
}

function newKey(name: string, seed: number): Key {
  const secret = createPrivateKey({
    key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, seed)]),
    format: "der",
    type: "pkcs8",
  });
  const open = createPublicKey(secret);
  const raw = open.export({ format: "der", type: "spki" }).subarray(-32);
  const typed = Buffer.concat([Uint8Array.of(1), raw]);
  const hash = naiveSha256(`${name}\n`, typed).subarray(0, 4);
  return {
    name,
    raw,
    hash,
    vkey: `${name}+${hash.toString("hex")}+${typed.toString("base64")}`,
    sign: (text) => signByNode(null, Buffer.from(text), secret),
    verify: (text, signature) => verifyByNode(null, Buffer.from(text), open, signature),
  };
}

export function signatureLine(key: Key, text: string): string {
  return `— ${key.name} ${Buffer.concat([key.hash, key.sign(text)]).toString("base64")}\n`;
}

export function checkpointText(origin: string, leaves: readonly Uint8Array[]): string {
  const time = new Date(START + 1000 * leaves.length).toISOString();
  return `${origin}\n${leaves.length}\n${naiveRoot(leaves).toString("base64")}\ntime ${time}\n`;
}

/** A log of some entries. With `shared` it begins as another one does: a fork. */
export function madeLog(random: Random, options: { readonly length: number; readonly seed: number; readonly shared?: MadeLog }): MadeLog {
  const { length, seed, shared } = options;
  const key = keyOf(`keyward/${VAULT}`, seed);
  const bodies = [...(shared?.bodies ?? [])];
  const salts = [...(shared?.salts ?? [])];
  const erased = new Set<number>();
  while (bodies.length < length) {
    const seq = bodies.length;
    const { fields, erases } = content(random, seq, bodies);
    for (const gone of erases) erased.add(gone);
    bodies.push(naiveCanonical({ seq, time: START + 1000 * seq, ...fields }));
    salts.push(Buffer.from(random.bytes(32)).toString("hex"));
  }
  const leaves = bodies.map((body, seq) => naiveSha256("keyward/entry/v1", Buffer.from(salts[seq] ?? "", "hex"), body));
  const notes = Array.from({ length: length + 1 }, (_, size) => {
    const text = checkpointText(key.name, leaves.slice(0, size));
    return `${text}\n${signatureLine(key, text)}`;
  });
  const entries = bodies.map((body, seq) => {
    const commitment = leaves[seq]?.toString("hex");
    if (erased.has(seq)) return naiveCanonical({ commitment, erased: true, seq });
    return naiveCanonical({ body: parseJson(body), commitment, salt: salts[seq], seq });
  });
  const lines = [
    naiveCanonical({ format: "keyward-log/1", vault: VAULT, vkey: key.vkey }),
    ...entries,
    naiveCanonical({ checkpoint: notes[length] }),
  ];
  return { vault: VAULT, vkey: key.vkey, leaves, bodies, salts, lines, notes };
}

function content(random: Random, seq: number, bodies: readonly string[]): { readonly fields: object; readonly erases: readonly number[] } {
  if (seq === 0) return { fields: { kind: "created", vault: VAULT }, erases: [] };
  const open = bodies.map((body) => parseJson(body)).filter((entry) => entry.kind === "reserved" && !closes(bodies, entry.seq));
  const [reserved] = open;
  if (reserved !== undefined && random.oneIn(2)) {
    const { hold, intent, seq: reservation } = reserved;
    const kind = random.oneIn(4) ? "lapsed" : "signed";
    return { fields: { kind, hold, intent, reservation, result: { digest: "22", hash: "0x1" } }, erases: [] };
  }
  if (seq > 4 && random.oneIn(4)) {
    const gone = 1 + random.below(seq - 1);
    return { fields: { kind: "erased", entries: [gone], why: "asked" }, erases: [gone] };
  }
  const request = { chain: "eip155:1", account: "acc", kind: "transaction", payload: "0x02" };
  return random.pick([
    { fields: { kind: "opened", slot: "s1", failures: random.below(3) }, erases: [] },
    { fields: { kind: "denied", person: "ana", reasons: [{ code: "policy/not-allowed" }], note: 'é "\\\u2028 😀' }, erases: [] },
    { fields: { kind: "clock", clock: { from: 2, to: 1 } }, erases: [] },
    {
      fields: {
        ...{ kind: "reserved", hold: `h${seq}`, intent: `i${seq}`, request, effects: [{ kind: "transfer", amount: "5" }] },
        ...{ policy: { id: "p", version: 1 }, book: "b", semantics: 1 },
      },
      erases: [],
    },
  ]);
}

function closes(bodies: readonly string[], reservation: number): boolean {
  return bodies.some((body) => parseJson(body).reservation === reservation);
}
