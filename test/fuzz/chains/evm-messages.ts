import { hashAuthorization as ethersHashAuthorization, hashMessage as ethersHashMessage, getAddress } from "ethers";
import * as OxAuthorization from "ox/Authorization";
import * as OxMessage from "ox/PersonalMessage";
import * as OxSiwe from "ox/Siwe";
import { hashMessage } from "viem";
import { parseSiweMessage } from "viem/siwe";
import { hashAuthorization } from "viem/utils";
import { fromHex, fromUtf8, toHex, utf8 } from "../../../src/base/bytes.ts";
import type { Json } from "../../../src/base/canonical.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { readAuthorization } from "../../../src/chains/evm/authorization.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { UNLIMITED } from "../../../src/intent/effect.ts";
import type { Intent } from "../../../src/intent/intent.ts";
import { ACCOUNT, ask, book, FRIEND } from "../../chains/evm/fixtures.ts";
import type { Fate, Target } from "../engine.ts";
import { mutatedBytes, mutatedJson, mutatedText } from "../mutate.ts";
import type { Random } from "../random.ts";
import { attempt, must, same } from "./same.ts";
import { address } from "./typed-schema.ts";

/** Messages by EIP-191: text and bytes, readable and not. */
export const evmMessages: Target = {
  name: "evm/message",
  weight: 8,
  run(random) {
    const text = random.pick(TEXTS);
    const how = random.below(4);
    const bytes =
      how === 0 ? utf8(text) : how === 1 ? utf8(mutatedText(random, text, ALPHABET)) : mutatedBytes(random, utf8(text), random.bytes(40));
    const asText = attempt(() => fromUtf8(bytes));
    const payload: Json = "value" in asText && random.oneIn(2) ? { text: asText.value } : { hex: `0x${toHex(bytes)}` };
    return reading(
      () => decoded("message", random.oneIn(8) ? mutatedJson(random, payload) : payload),
      (intent) => {
        const raw = `0x${toHex(intent.bytes)}` as const;
        const digest = digestOf(intent);
        same("viem", digest, hashMessage({ raw }));
        same("ox", digest, OxMessage.getSignPayload(raw));
        same("ethers", digest, ethersHashMessage(intent.bytes));
        const [effect] = intent.effects;
        if (effect?.kind !== "statement") {
          same("what is no statement", [effect?.kind, effect?.class], ["unknown", "U2"]);
          return "accepted";
        }
        const shown = fromUtf8(intent.bytes);
        // What nobody sees, or what is no text but a digest of something, is no statement. A few of each, told again.
        must(`a statement that nobody can read: ${raw}`, !HIDDEN.test(shown) && shown.trim() !== "");
        must(`a statement that is a digest: ${raw}`, intent.bytes.length !== 32 && !/^\s*(0x)?[0-9a-fA-F]{64}\s*$/.test(shown));
        must(`a statement that is an approval: ${raw}`, !/^\s*keyward\//i.test(shown));
        return "accepted";
      },
    );
  },
};

/** Sign-ins by ERC-4361. */
export const evmSignIns: Target = {
  name: "evm/sign-in",
  weight: 8,
  run(random) {
    const whole = signIn(random);
    const how = random.below(4);
    const text = how === 0 ? whole : mutatedText(random, whole, ALPHABET);
    return reading(
      () => decoded("message", { text }),
      (intent) => {
        const [effect] = intent.effects;
        const refused = intent.refusals.map(({ code }) => code);
        if (how === 0 && refused.includes("evm/sign-in-malformed"))
          throw new Error(`a whole sign-in was refused: ${JSON.stringify(whole)}`);
        if (effect?.domain === undefined || effect.kind !== "statement") {
          const { domain, address } = parseSiweMessage(text);
          must(`viem signs in with ${JSON.stringify(text)}`, effect?.kind !== "statement" || domain === undefined || address === undefined);
          return { refused: refused[0] ?? `${effect?.kind}` };
        }
        for (const [name, read] of [
          ["viem", parseSiweMessage(text)],
          ["ox", OxSiwe.parseMessage(text)],
        ] as const) {
          // Neither reads hosts in brackets.
          if (effect.domain.startsWith("[")) continue;
          const what = `${name} on ${JSON.stringify(text)}`;
          same(`${what}: domain`, effect.domain, read.domain?.toLowerCase());
          same(`${what}: chain`, effect.chain, `eip155:${read.chainId}`);
          same(
            `${what}: account`,
            !refused.includes("evm/sign-in-mismatch"),
            read.address?.toLowerCase() === ACCOUNT.toLowerCase() && read.chainId === 1,
          );
          const end = read.expirationTime?.getTime();
          const [, fraction = ""] = /Expiration Time: [^\n.]*\.([0-9]+)/.exec(text) ?? [];
          // Their times end at milliseconds.
          if (fraction.length <= 3)
            same(`${what}: end`, effect.expiry, end === undefined ? UNLIMITED : BigInt(Math.max(0, Math.ceil(end / 1000))));
          const powers = intent.effects.some(({ kind }) => kind === "unknown");
          const page = /^https:\/\//i.test(read.uri ?? "") && attempt(() => new URL(read.uri ?? "").hostname);
          const host = effect.domain.replace(/:[0-9]+$/, "");
          if (!powers && !/^http:/i.test(read.uri ?? ""))
            must(`${what}: signs in to another host without a word`, page !== false && "value" in page && page.value === host);
        }
        return refused[0] === undefined ? "accepted" : { refused: refused[0] };
      },
    );
  },
};

/** EIP-7702 authorizations by themselves. */
export const evmAuthorizations: Target = {
  name: "evm/authorization",
  weight: 6,
  run(random) {
    const number = () => {
      const value = random.integer(random.pick([8, 53, 64]));
      return value <= 2n ** 53n - 1n && random.oneIn(2) ? Number(value) : value.toString();
    };
    const whole: Json = {
      address: random.oneIn(8) ? `0x${"0".repeat(40)}` : address(random),
      chainId: random.pick<Json>([0, 1, 1, "1", number()]),
      nonce: number(),
    };
    return reading(
      () => decoded("authorization", random.oneIn(2) ? whole : mutatedJson(random, whole)),
      (intent) => {
        const { chainId, address, nonce } = readAuthorization(intent.bytes);
        same("bytes", intent.bytes[0], 5);
        const [effect] = intent.effects;
        same("one delegation", [intent.effects.length, effect?.kind, effect?.to, effect?.account], [1, "delegation", address, ACCOUNT]);
        same("everywhere", [effect?.replayable, effect?.chain], chainId === 0n ? [true, undefined] : [false, `eip155:${chainId}`]);
        same(
          "refused for another chain",
          intent.refusals.some(({ code }) => code === "evm/chain-mismatch"),
          chainId !== 0n && chainId !== 1n,
        );
        const digest = digestOf(intent);
        same("ethers", digest, ethersHashAuthorization({ chainId, address, nonce }));
        // Numbers of JavaScript hold no more.
        if (chainId > 2n ** 53n - 1n || nonce > 2n ** 53n - 1n) return "accepted";
        const item = { chainId: Number(chainId), address: getAddress(address) as `0x${string}` };
        same("viem", digest, hashAuthorization({ ...item, nonce: Number(nonce) }));
        same("ox", digest, OxAuthorization.getSignPayload({ ...item, nonce }));
        return "accepted";
      },
    );
  },
};

const HIDDEN = /[\u200b\u202a-\u202e\u2066-\u2069\ufeff\p{Co}]|(?![\t\n\r])\p{Cc}/u;
const ALPHABET = "aZ09 .:/-_[]@%\n\r\t\u0000\u00e9\u200b\u202e\ufeff\u{1f600}";

const TEXTS = [
  "hello",
  "I agree to the terms of example.org.\n\nVersion 1",
  "grüße \u{1f600} \u{1f468}\u200d\u{1f469}",
  "x".repeat(31),
  "x".repeat(32),
  `0x${"ab".repeat(32)}`,
  "ab".repeat(32),
  "keyward/approval/v1\n{}",
  " \tKeyward/session",
  "",
  "\u202eevil",
  "a\rb",
  `\x19Ethereum Signed Message:\n5hello`,
] as const;

function signIn(random: Random): string {
  const host = random.pick(["example.org", "example.org:8443", "localhost", "app.example.co.uk", "127.0.0.1:3000", "[::1]", "EXAMPLE.org"]);
  const time = () =>
    `20${10 + random.below(80)}-0${1 + random.below(9)}-1${random.below(10)}T1${random.below(10)}:2${random.below(10)}:3${random.below(10)}${random.pick(["", ".5", ".123", ".000000001"])}${random.pick(["Z", "Z", "+02:00", "-11:30"])}`;
  const uri = random.pick([`https://${host}/login`, `https://${host}`, "https://evil.example/", "did:key:z6Mk", `https://${host}/a?b=c#d`]);
  const optional = (line: string) => (random.oneIn(3) ? [line] : []);
  return [
    `${random.pick(["", "", "https://"])}${host} wants you to sign in with your Ethereum account:`,
    random.oneIn(6) ? FRIEND : random.pick([ACCOUNT, ACCOUNT.toLowerCase()]),
    "",
    ...(random.oneIn(2) ? ["Please sign in, it costs nothing."] : []),
    "",
    `URI: ${uri}`,
    "Version: 1",
    `Chain ID: ${random.pick([1, 1, 1, 10])}`,
    `Nonce: ${random.pick(["abcdefgh", "32891756", "zZ9".repeat(9)])}`,
    `Issued At: ${time()}`,
    ...optional(`Expiration Time: ${time()}`),
    ...optional(`Not Before: ${time()}`),
    ...optional("Request ID: some-id"),
    ...(random.oneIn(3)
      ? ["Resources:", ...["- https://example.org/a", "- ipfs://bafy", "- urn:recap:eyJ"].slice(0, random.below(4))]
      : []),
  ].join("\n");
}

function decoded(kind: "message" | "authorization", payload: Json): Intent {
  return evm.decode(ask(kind, payload), { address: ACCOUNT }, book);
}

/** @param check - of what was read. */
function reading(decode: () => Intent, check: (intent: Intent) => Fate): Fate {
  const read = attempt(decode);
  if ("value" in read) return check(read.value);
  if (read.thrown instanceof CustodyError) return { refused: read.thrown.code };
  throw read.thrown;
}

function digestOf({ signables }: Intent): string {
  return `0x${toHex(signables[0]?.digest ?? fromHex(""))}`;
}
