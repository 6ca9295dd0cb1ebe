import { gcm } from "@noble/ciphers/aes.js";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

// A second reader of backups, written from the two FORMAT.md alone: nothing of ours is imported, so that whoever lost us can follow it.

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const unhex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
const utf8 = (text: string) => new TextEncoder().encode(text);
const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));
const json = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));

/** The three roots of a vault, §5.2 of the format of backups, and what else the box of `view` holds. */
export interface Roots {
  readonly view: Uint8Array;
  readonly naming: Uint8Array;
  readonly sign: Uint8Array;
  readonly statePublicKey: Uint8Array;
}

/** What a backup holds, opened: records by name, secrets by store key, entries of the log in order. */
export interface Read {
  readonly roots: Roots;
  readonly records: ReadonlyMap<string, unknown>;
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  readonly log: readonly { readonly seq: number; readonly kind: string }[];
}

/** @param text - what `age -d` gives. */
export function readReference(text: Uint8Array): Read {
  // §1, §3, §4 of the format of backups
  const lines = new TextDecoder().decode(text).split("\n").slice(0, -1);
  const head = JSON.parse(lines[0] ?? "");
  const last = JSON.parse(lines.at(-1) ?? "");
  const before = lines.slice(0, -1).map((line) => `${line}\n`);
  if (last.sha256 !== hex(sha256(utf8(before.join(""))))) throw new Error("digest");
  if (last.records !== lines.length - 2) throw new Error("count");
  const store = new Map<string, Uint8Array>();
  for (const line of lines.slice(1, -1)) {
    const { key, value } = JSON.parse(line);
    store.set(key, Uint8Array.from(Buffer.from(value, "base64")));
  }
  const get = (key: string): Uint8Array => {
    const found = store.get(key);
    if (found === undefined) throw new Error(`no ${key}`);
    return found;
  };

  // V3, V1
  const header = json(get("vault"));
  const vaultId = unhex(header.id);
  const expand = (key: Uint8Array, info: Uint8Array) => hkdf(sha256, key, vaultId, info, 32);
  const unseal = (key: Uint8Array, name: string, sealed: Uint8Array): Uint8Array => {
    const nonceBytes = sealed[1] === 1 ? 24 : 12;
    const prefix = sealed.slice(0, 6);
    const ad = join(utf8("keyward/seal"), prefix, vaultId, utf8(name));
    const cipher = sealed[1] === 1 ? xchacha20poly1305 : gcm;
    const padded = cipher(key, sealed.slice(6, 6 + nonceBytes), ad).decrypt(sealed.slice(6 + nonceBytes));
    return padded.slice(0, padded.lastIndexOf(0x80));
  };

  // V4, §5.2
  const { slot } = head;
  const secret = unhex(head.secret);
  const privateKey = expand(secret, utf8("keyward/v1/slot"));
  const pin = expand(secret, utf8("keyward/v1/slot pin"));
  const box = (part: "view" | "sign"): Uint8Array => {
    const bytes = unhex(slot[part]);
    const ephemeral = bytes.slice(0, 32);
    const shared = x25519.getSharedSecret(privateKey, ephemeral);
    const key = expand(join(shared, pin), join(utf8("keyward/v1/box"), ephemeral, unhex(slot.publicKey)));
    return unseal(key, JSON.stringify(["slot", slot.id, "backup", {}, slot.publicKey, part]), bytes.slice(32));
  };
  const viewBox = box("view");
  const roots: Roots = {
    view: viewBox.slice(0, 32),
    naming: viewBox.slice(32, 64),
    statePublicKey: viewBox.slice(64, 96),
    sign: box("sign").slice(0, 32),
  };

  // V2
  const subkey = (root: Uint8Array, purpose: string) => expand(root, utf8(`keyward/v1/${purpose}`));
  const nameOf = (kind: string, name: string) => hex(hmac(sha256, roots.naming, utf8(`${kind}/${name}`)));
  const view = (purpose: string, key: string) => unseal(subkey(roots.view, purpose), key, get(key));

  // V5
  const root = unseal(subkey(roots.view, "root"), "root", get("root"));
  const body = root.slice(64);
  if (!ed25519.verify(root.slice(0, 64), join(utf8("keyward/root/v1\n"), body), roots.statePublicKey)) throw new Error("root");
  const { tree, state, header: headerHash, epoch } = json(body);
  if (headerHash !== hex(sha256(get("vault"))) || epoch !== head.epoch || head.vault !== header.id) throw new Error("head");

  // V6, V7
  const records = new Map<string, unknown>();
  const secrets = new Map<string, Uint8Array>();
  const walk = (position: string, hash: string): void => {
    const node = view("node", nameOf("node", position));
    if (hex(sha256(join(utf8("keyward/tree/v1"), node))) !== hash) throw new Error(`node ${position}`);
    for (let at = 1; at < node.length; at += node[0] === 0 ? 65 : 36) {
      if (node[0] === 1) {
        const digit = ((at - 1) / 36).toString(16);
        const count = new DataView(node.buffer, node.byteOffset).getUint32(at);
        if (count > 0) walk(position + digit, hex(node.slice(at + 4, at + 36)));
        continue;
      }
      const key = hex(node.slice(at, at + 32));
      if (hex(sha256(get(key))) !== hex(node.slice(at + 33, at + 65))) throw new Error(`record ${key}`);
      if (node[at + 32] === 1) secrets.set(key, unseal(subkey(roots.sign, "secret"), key, get(key)));
      else {
        const [name, value] = json(view("record", key));
        records.set(name, value);
      }
    }
  };
  if (tree.count > 0) walk("", tree.hash);

  // V2.3: an entry is salt(32) || body
  const log = Array.from({ length: state.log.size }, (_, seq) => json(view("blob", nameOf("blob", `log/${seq}`)).slice(32)));
  if (log.length !== head.entries) throw new Error("log");
  return { roots, records, secrets, log };
}
