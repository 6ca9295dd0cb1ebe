import { toHex } from "../../src/base/bytes.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { randomBytes } from "../../src/keys/random.ts";
import { allOf, deviceKey, passkey, passkeySupport } from "../../src/slots/index.ts";
import { indexedDbStore } from "../../src/stores/indexeddb/index.ts";
import { createVault, openVault } from "../../src/vault/open.ts";
import type { Slot, SlotContext } from "../../src/vault/slot.ts";
import { dump, keyOf, rawSlot } from "../vault/setting.ts";

/** What an enrolled slot is to the outside: what stands in the header, and a secret that tests compare. */
export interface Way {
  readonly id: string;
  /** As those of passkeys and device keys are. */
  readonly parameters: { readonly [name: string]: string | readonly string[] };
  readonly secret: string;
}

const VAULT = "ab".repeat(16);

/** What the page of the tests of slots puts within reach of `page.evaluate`, as `ways`. */
const everything = {
  allOf,
  createVault,
  deviceKey,
  dump,
  indexedDbStore,
  openVault,
  passkey,
  passkeySupport,
  rawSlot: (byte = 1) => rawSlot(keyOf(byte)),
  toHex,

  context: (slotId: string, more: { readonly vaultId?: string; readonly signal?: AbortSignal } = {}): SlotContext => ({
    vaultId: VAULT,
    slotId,
    random: randomBytes,
    ...more,
  }),
  enrol: async (slot: Slot, slotId = "01".repeat(8)): Promise<Way> => {
    const { parameters, secret } = await slot.enrol(everything.context(slotId));
    return { id: slotId, parameters: parameters as Way["parameters"], secret: toHex(secret) };
  },
  /** The secret, or the code of what was thrown. */
  open: (slot: Slot, way: Omit<Way, "secret">, more: { readonly vaultId?: string; readonly signal?: AbortSignal } = {}): Promise<string> =>
    everything.codeOf(slot.open(way.parameters, everything.context(way.id, more))),
  /** What came of it: bytes in hexadecimal, or the code of an error of ours. */
  codeOf: async (asked: Promise<unknown>): Promise<string> => {
    try {
      const done = await asked;
      return done instanceof Uint8Array ? toHex(done) : "nothing was thrown";
    } catch (error) {
      if (error instanceof CustodyError) return error.code;
      throw error;
    }
  },
  /** Counts the questions from now on: `made`, `asked`. */
  questions: (): { made: number; asked: number } => {
    const count = { made: 0, asked: 0 };
    const { create, get } = navigator.credentials;
    navigator.credentials.create = (options) => {
      count.made++;
      return create.call(navigator.credentials, options);
    };
    navigator.credentials.get = (options) => {
      count.asked++;
      return get.call(navigator.credentials, options);
    };
    return count;
  },
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
};

declare global {
  var ways: typeof everything;
}
globalThis.ways = everything;
