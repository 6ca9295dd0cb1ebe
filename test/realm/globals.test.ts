import { afterEach, describe, expect, test, vi } from "vitest";
import { bitcoin } from "../../src/chains/bitcoin/index.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { keyward, type Slot, type WalletSource } from "../../src/index.ts";
import { entropyToSeed } from "../../src/keys/seed.ts";
import { loadWordlist } from "../../src/keys/wordlist.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { decodeHeader, HEADER_KEY } from "../../src/vault/header.ts";
import { passphrase } from "../../src/vault/passphrase.ts";
import { openSlots } from "../../src/vault/slots.ts";
import { CHAIN, codeOf, document, openCustody, request, transaction } from "../custody/fixture.ts";
import { live } from "./scenario.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("what can speak to a network", () => {
  test("is never called in the whole life of a custody, and nothing ends otherwise where it is not there at all", async () => {
    const before = await live();
    const names = ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "RTCPeerConnection", "Worker", "importScripts"];
    const called: string[] = [];
    for (const name of names)
      vi.stubGlobal(
        name,
        new Proxy(
          function network() {},
          trap(() => called.push(name)),
        ),
      );
    vi.stubGlobal("navigator", { sendBeacon: () => called.push("sendBeacon") });
    expect(await live()).toEqual(before);
    for (const name of [...names, "navigator"]) vi.stubGlobal(name, undefined);
    expect(await live()).toEqual(before);
    expect(called).toEqual([]);
  });
});

describe("a clock that is replaced", () => {
  test.each<[string, () => unknown]>([
    ["no number", () => Number.NaN],
    ["text", () => "x"],
    ["endless", () => Number.POSITIVE_INFINITY],
    ["a big integer", () => 5n],
    ["nothing", () => undefined],
    [
      "an error",
      () => {
        throw new Error("no time");
      },
    ],
  ])("signs nothing where it gives %s", async (_, now) => {
    let time: () => unknown = Date.now;
    const { custody, me } = await openCustody({ store: memoryStore({ now: () => time() as number }) });
    time = now;
    expect(await codeOf(me.sign(request(transaction({ value: 1n }))))).toBe("store/failed");
    time = Date.now;
    const kinds: string[] = [];
    for await (const { kind } of custody.history()) kinds.push(kind);
    expect(kinds).not.toContain("signed");
  });

  test("at every reading by years, forth and back, ends a life with results and errors of ours alone", async () => {
    const real = Date.now;
    let readings = 0;
    vi.spyOn(Date, "now").mockImplementation(() => real() + (readings++ % 2 === 0 ? 1 : -1) * 10 * 365 * 86_400_000);
    const ends = new Map(await live());
    expect(ends.get("sign to a stranger")).toMatch(/^(?:denied |[a-z]+\/)/);
    expect(readings).toBeGreaterThan(10);
  });
});

const PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const BESIDE = "a 25th word";
const POLICY = document([{ id: "imports", allow: ["import", "transfer", "fee"] }]);

/** What went through a function that anybody can replace: every byte and text that it was given or gave. */
type Seen = readonly { readonly by: string; readonly bytes: Buffer }[];

interface Life {
  readonly seen: Seen;
  readonly secrets: ReadonlyMap<string, Uint8Array>;
}

/** From a first passphrase to a signature and back, with a wallet of every source. */
async function watchedLife(pass: string | Uint8Array): Promise<Life> {
  const kept = new Map<string, Uint8Array>();
  const way: Slot = passphrase(pass, { cost: { memoryKiB: 19 * 1024, passes: 2, lanes: 1 } });
  const store = memoryStore();
  const custody = keyward({ store, chains: [evm, bitcoin], autoLockMs: Number.POSITIVE_INFINITY });
  const key = new Uint8Array(32).fill(0x46, 1);
  const seed = Uint8Array.from({ length: 32 }, (_, at) => at + 100);
  const sources: readonly WalletSource[] = [
    { from: "mnemonic", mnemonic: PHRASE, passphrase: BESIDE },
    { from: "privateKey", privateKey: key },
    { from: "seed", seed },
    { from: "generate" },
  ];
  const { seen, end } = watch();
  try {
    const [first, ...others] = sources;
    await custody.create({ slot: way, policy: POLICY, wallet: first as WalletSource });
    custody.lock();
    await custody.unlock(way);
    const me = await custody.session({ person: "owner" });
    for (const [at, wallet] of others.entries()) await me.submit({ act: "import", name: `more ${at}`, wallet });
    for (const [at, { id }] of (await custody.wallets()).entries()) {
      const { address } = await me.accounts.derive({ chain: CHAIN, name: `account ${at}`, wallet: id });
      await me.sign({ ...request(transaction({ nonce: at, value: 1n })), account: address });
    }
    for await (const _ of custody.exportLog());
    custody.lock();
  } finally {
    end();
  }
  const header = decodeHeader((await store.get(HEADER_KEY)) ?? new Uint8Array());
  const { roots } = await openSlots(way, header, { access: "sign" }, (length) => new Uint8Array(length));
  const words = await loadWordlist("english");
  const entropy = new Uint8Array(16).fill(0x7f);
  kept.set("passphrase", typeof pass === "string" ? new TextEncoder().encode(pass) : pass);
  kept.set("phrase", new TextEncoder().encode(PHRASE));
  kept.set("passphrase of the phrase", new TextEncoder().encode(BESIDE));
  kept.set("entropy", entropy);
  kept.set("seed of a phrase", await entropyToSeed(entropy, words, BESIDE));
  kept.set("seed", seed);
  kept.set("private key", key);
  for (const name of ["view", "sign", "naming"] as const) kept.set(`root: ${name}`, roots[name] ?? new Uint8Array(0));
  return { seen, secrets: kept };
}

/** `who: what` for every secret that went through somebody, as bytes or as text of them. */
function leaks({ seen, secrets }: Life): string[] {
  const found = new Set<string>();
  for (const [what, secret] of secrets) {
    const bytes = Buffer.from(secret);
    const forms = [bytes, Buffer.from(bytes.toString("hex")), Buffer.from(bytes.toString("base64").replace(/=+$/, "").slice(0, -1))];
    for (const { by, bytes: given } of seen) if (forms.some((form) => given.includes(form))) found.add(`${by}: ${what}`);
  }
  return [...found].sort();
}

type Table = { [name: string]: unknown };
const names = (of: object) => Object.getOwnPropertyNames(of).filter((name) => name !== "constructor");
const REPLACEABLE: readonly (readonly [of: string, table: object, names: readonly string[]])[] = [
  ["", globalThis, ["structuredClone", "queueMicrotask", "setTimeout", "BigInt", "parseInt", "atob", "btoa"]],
  ["JSON.", JSON, ["parse", "stringify"]],
  ["TextEncoder.", TextEncoder.prototype, ["encode", "encodeInto"]],
  ["TextDecoder.", TextDecoder.prototype, ["decode"]],
  ["crypto.", Crypto.prototype, ["getRandomValues", "randomUUID"]],
  ["crypto.subtle.", SubtleCrypto.prototype, names(SubtleCrypto.prototype)],
];

function watch(): { readonly seen: Seen; readonly end: () => void } {
  const seen: { by: string; bytes: Buffer }[] = [];
  const undo: (() => void)[] = [];
  for (const [of, table, members] of REPLACEABLE) {
    for (const name of members) {
      const original = (table as Table)[name] as (...args: unknown[]) => unknown;
      const look = (value: unknown) => collect(value, (bytes) => seen.push({ by: of + name, bytes }));
      const replaced = new Proxy(original, {
        apply(target, self, args) {
          look(args);
          const result: unknown = Reflect.apply(target, self, args);
          look(args);
          look(result);
          if (result instanceof Promise) result.then(look, () => undefined);
          return result;
        },
      });
      Object.defineProperty(table, name, { value: replaced, configurable: true, writable: true });
      undo.push(() => Object.defineProperty(table, name, { value: original, configurable: true, writable: true }));
    }
  }
  return { seen, end: () => undo.map((restore) => restore()) };
}

/** Of a view, everything in the memory below it: whoever has the one has the other. */
function collect(value: unknown, keep: (bytes: Buffer) => void, depth = 0): void {
  if (typeof value === "string") keep(apart(value));
  else if (typeof value === "bigint" && value > 0n) keep(apart(value.toString(16).padStart(64, "0")));
  else if (value instanceof ArrayBuffer) keep(Buffer.from(value.slice(0)));
  else if (ArrayBuffer.isView(value)) collect(value.buffer, keep);
  else if (typeof value === "object" && value !== null && depth < 8)
    for (const part of Object.values(value)) collect(part, keep, depth + 1);
}

/** Not in the memory that Node's own small buffers share: whatever lies there would be seen with the next of them. */
function apart(text: string): Buffer {
  const bytes = Buffer.alloc(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

function trap(called: () => void): ProxyHandler<() => void> {
  return {
    apply: called,
    construct() {
      called();
      return {};
    },
  };
}

describe("a function of the platform's that is replaced", () => {
  test("sees these secrets and no others", async () => {
    const life = await watchedLife(new TextEncoder().encode("correct horse battery"));
    expect(new Set(life.seen.map(({ by }) => by)).size).toBeGreaterThan(5);
    // What stands here stands in SECURITY.md, "Code in our own realm".
    expect(leaks(life)).toEqual([
      "BigInt: private key",
      "TextEncoder.encode: passphrase of the phrase",
      "TextEncoder.encodeInto: phrase",
      "crypto.getRandomValues: root: naming",
      "crypto.getRandomValues: root: sign",
      "crypto.getRandomValues: root: view",
      "crypto.subtle.deriveBits: passphrase of the phrase",
      "crypto.subtle.deriveBits: seed of a phrase",
      "crypto.subtle.importKey: phrase",
      "crypto.subtle.sign: private key",
    ]);
  });

  test("sees a passphrase that is given as text, as what encodes it", async () => {
    const life = await watchedLife("correct horse battery");
    expect(leaks(life).filter((leak) => leak.endsWith(": passphrase"))).toEqual(["TextEncoder.encode: passphrase"]);
  });
});
