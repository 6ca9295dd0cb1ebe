import { once } from "node:events";
import { writeSync } from "node:fs";
import { toHex } from "../../src/base/bytes.ts";
import type { SignOutcome } from "../../src/index.ts";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { ETHER, hooked, hookedChain, reopen, request, transaction } from "./fixture.ts";

/**
 * A process of its own on the vault at `path`. What it prints, one JSON text per line, it knows only after `sign` returned.
 *
 * - `burst path nonce count ether`: asks for so many payments at once and prints how each ended.
 * - `pause path ether`: says `ready` before the second commit, and goes on when it is told to.
 * - `stream path`: signs without end, and prints each signature.
 */
const [task = "", path = "", ...rest] = process.argv.slice(2);

function print(value: unknown): void {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

function shown(outcome: SignOutcome): object {
  return outcome.kind === "signed" ? { kind: "signed", hash: outcome.hash, bytes: toHex(outcome.bytes) } : { kind: outcome.kind };
}

function codeOf(cause: unknown): object {
  return { code: (cause as { readonly code?: string }).code ?? String(cause) };
}

const pay = (nonce: number, ether: string) => request(transaction({ nonce, value: BigInt(ether) * ETHER }));

async function burst(): Promise<void> {
  const [nonce, count, ether = "0"] = rest;
  const { me } = await reopen(lmdbStore(path));
  const asked = Array.from({ length: Number(count) }, (_, n) => me.sign(pay(Number(nonce) + n, ether)));
  for (const outcome of await Promise.allSettled(asked))
    print(outcome.status === "fulfilled" ? shown(outcome.value) : codeOf(outcome.reason));
}

async function pause(): Promise<void> {
  const [ether = "0", leaseMs = "0"] = rest;
  let assembled = false;
  const store = hooked(lmdbStore(path), {
    before: async (call) => {
      if (call.on !== "commit" || !assembled) return;
      assembled = false;
      print("ready");
      await once(process.stdin, "data");
    },
  });
  const chain = hookedChain({
    assembled: () => {
      assembled = true;
    },
  });
  const { me } = await reopen(store, { chains: [chain], leaseMs: Number(leaseMs) });
  try {
    print(shown(await me.sign(pay(0, ether))));
  } catch (cause) {
    print(codeOf(cause));
  }
  process.stdin.destroy();
}

async function stream(): Promise<void> {
  const { me } = await reopen(lmdbStore(path));
  for (let nonce = 0; ; nonce++) print(shown(await me.sign(pay(nonce, "1"))));
}

const tasks: { readonly [name: string]: () => Promise<void> } = { burst, pause, stream };
await tasks[task]?.();
