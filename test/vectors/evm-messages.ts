import { toHex } from "../../src/base/bytes.ts";
import { parseSignIn } from "../../src/chains/evm/siwe.ts";
import { UNLIMITED } from "../../src/intent/effect.ts";
import { ACCOUNT } from "../chains/evm/fixtures.ts";
import { captured, decodeAs, digestOf, evmFile } from "./evm-raw.ts";
import type { Rows, VectorSet } from "./set.ts";

/** Messages (EIP-191) and sign-ins (ERC-4361). */
export const EVM_MESSAGES: readonly VectorSet[] = [
  { file: "evm/message/viem-hashMessage.json", what: "EIP-191: digests", minimum: 10, run: hashes },
  { file: "evm/siwe/viem-createSiweMessage.json", what: "sign-ins that are built, and fields that are none", minimum: 16, run: builds },
  { file: "evm/siwe/viem-parseSiweMessage.json", what: "sign-ins that are read", minimum: 8, run: parses },
];

async function hashes(rows: Rows): Promise<void> {
  type Call = {
    readonly args: readonly [string | { readonly raw: string | { readonly $bytes: string } }];
    readonly result: string | { readonly $bytes: string };
  };
  for (const { args, result } of captured<Call>("message/viem-hashMessage.json")) {
    const [message] = args;
    const raw = typeof message === "string" || typeof message.raw === "string" ? undefined : `0x${message.raw.$bytes}`;
    const payload = typeof message === "string" ? { text: message } : { hex: raw ?? String(message.raw) };
    const expected = typeof result === "string" ? result : `0x${result.$bytes}`;
    await rows.valid(JSON.stringify(message), () => `0x${toHex(digestOf(decodeAs("message", payload, ACCOUNT)))}` === expected);
  }
}

interface Found {
  readonly domain?: string;
  readonly address?: string;
  readonly chainId?: number;
  readonly expirationTime?: { readonly $date: string };
}
interface SignInRow<Argument, Result> {
  readonly test: string;
  readonly calls: readonly { readonly args: readonly [Argument]; readonly result?: Result; readonly throws?: string }[];
}

/** Whether a message is read as the row says. */
function reads(text: string, { domain, address, chainId, expirationTime }: Found): boolean {
  const signIn = parseSignIn(text);
  const expiry = expirationTime === undefined ? UNLIMITED : BigInt(Date.parse(expirationTime.$date)) / 1000n;
  return signIn?.domain === domain && signIn?.address === address && signIn?.chain === `eip155:${chainId}` && signIn?.expiry === expiry;
}

function refusals(text: string): string {
  return decodeAs("message", { text }, ACCOUNT)
    .refusals.map(({ code }) => code)
    .join();
}

async function builds(rows: Rows): Promise<void> {
  type Fields = Found & {
    readonly scheme?: string;
    readonly statement?: string;
    readonly uri?: string;
    readonly version?: string;
    readonly nonce?: string;
    readonly resources?: readonly string[];
  };
  for (const { test, calls } of evmFile<SignInRow<Fields, string>[]>("siwe/viem-createSiweMessage.json")) {
    for (const { args, result, throws } of calls) {
      const [fields] = args;
      if (throws === undefined) await rows.valid(test, () => reads(result ?? "", fields));
      // The message that a less careful builder would have made is a malformed sign-in, and no ordinary text.
      else await rows.invalid(test, () => refusals(carelessly(fields)) !== "evm/sign-in-malformed");
    }
  }

  function carelessly({ scheme, domain, address, statement, uri, version, chainId, nonce, resources }: Fields): string {
    return [
      `${scheme === undefined ? "" : `${scheme}://`}${domain} wants you to sign in with your Ethereum account:`,
      ...(address === undefined ? [] : [address]),
      "",
      statement === undefined ? "" : `${statement}\n`,
      `URI: ${uri}`,
      `Version: ${version}`,
      `Chain ID: ${chainId}`,
      `Nonce: ${nonce}`,
      "Issued At: 2026-11-22T12:00:00Z",
      ...(resources === undefined ? [] : [`Resources:${resources.map((resource) => `\n- ${resource}`).join("")}`]),
    ].join("\n");
  }
}

async function parses(rows: Rows): Promise<void> {
  for (const { test, calls } of evmFile<SignInRow<string, Found>[]>("siwe/viem-parseSiweMessage.json")) {
    for (const { args, result: found = {} } of calls) {
      const [text] = args;
      const complete = found.address !== undefined && found.chainId !== undefined && found.expirationTime?.$date !== "Invalid Date";
      // Without a statement ERC-4361 has two empty lines after the address. viem's parser takes one as well: refused as it is,
      // and read like the row says once the line is there.
      const conforming = text.replace(/(0x[0-9a-fA-F]{40}\n\n)(?=URI: )/, "$1\n");
      if (complete) await rows.valid(test, () => reads(conforming, found));
      if (conforming === text && complete) continue;
      const name = `${test}, as it is`;
      // "no prefix" and "bogus message" claim nothing, and are ordinary texts: not a sign-in to anything.
      if (!text.includes("wants you")) await rows.invalid(name, () => refusals(text) !== "" || domainOf(text));
      else if (complete) await rows.declines("loose-sign-ins", name, () => refusals(text) !== "evm/sign-in-malformed" || domainOf(text));
      else await rows.invalid(name, () => refusals(text) !== "evm/sign-in-malformed" || domainOf(text));
    }
  }
}

function domainOf(text: string): string | undefined {
  return decodeAs("message", { text }, ACCOUNT).effects[0]?.domain;
}
