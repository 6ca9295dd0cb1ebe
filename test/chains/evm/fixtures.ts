import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import * as secp from "@noble/secp256k1";
import type { Json } from "../../../src/base/canonical.ts";
import type { Signature, Signed } from "../../../src/chains/chain.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { type Book, emptyBook, makeBook } from "../../../src/intent/book.ts";
import type { Effect } from "../../../src/intent/effect.ts";
import type { Intent, Request, RequestKind } from "../../../src/intent/intent.ts";

/** The key of the EIP-155 example; of the hostile cases too. For tests only. */
export const KEY: Uint8Array = new Uint8Array(32).fill(0x46);
export const ACCOUNT = "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F";
export const FRIEND = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
export const MALLORY = "0xBAd0000000000000000000000000000000000Bad";
export const USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
export const NFT = "0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D";
export const MULTI = "0x495f947276749Ce646f68AC8c248420045cb7b5e";
export const BANK = "0x66a9893cC07D91D95644AEDD05D03f95e1dBA8Af";

export const book: Book = makeBook(
  [
    { name: "ETH", chain: "eip155:1", asset: "native", decimals: 18 },
    { name: "USDC", chain: "eip155:1", asset: `erc20:${USDC}`, decimals: 6 },
    { name: "APES", chain: "eip155:1", asset: `erc721:${NFT}`, decimals: 0 },
    { name: "ITEMS", chain: "eip155:1", asset: `erc1155:${MULTI}`, decimals: 0 },
  ],
  [
    {
      name: "bank",
      chain: "eip155:1",
      address: BANK,
      kind: "bank",
      functions: [
        "deposit(uint256 amount, address to)",
        "note(bytes memo, uint8 kind, string)",
        "pay((address to, uint256 amount)[] items, bool)",
      ],
    },
  ],
);

export function request(payload: string, chain = "eip155:1", account = ACCOUNT): Request {
  return Object.freeze({ chain, account, kind: "transaction" as const, payload });
}

/** A request to sign something that is no transaction. */
export function ask(kind: RequestKind, payload: Json, chain = "eip155:1", account = ACCOUNT): Request {
  return Object.freeze({ chain, account, kind, payload });
}

export function decode(payload: string, options: { chain?: string; account?: string; book?: Book } = {}): Intent {
  const account = options.account ?? ACCOUNT;
  return evm.decode(request(payload, options.chain, account), { address: account }, options.book ?? book);
}

export function decodeUnnamed(payload: string): Intent {
  return decode(payload, { book: emptyBook });
}

export function assemble(intent: Intent, signatures: readonly Signature[]): Signed {
  return evm.assemble(intent, signatures, { address: intent.account });
}

/** The address of a public key, 65 bytes. */
export function addressOf(publicKey: Uint8Array): string {
  return evm.address("eip155:1", { publicKey: () => publicKey }, []);
}

/** Deterministic (RFC 6979), low s. */
export function sign(intent: Intent, key: Uint8Array = KEY): Signature[] {
  secp.hashes.hmacSha256 = (secret, message) => hmac(sha256, secret, message);
  secp.hashes.sha256 = (message) => sha256(message);
  return intent.signables.map(({ digest }) => {
    const recovered = secp.sign(digest, key, { prehash: false, format: "recovered" });
    return { bytes: recovered.slice(1), recovery: recovered[0] as 0 | 1 };
  });
}

export function kinds(effects: readonly Effect[]): string[] {
  return effects.map((effect) => effect.kind);
}

export function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Error && error.name === "CustodyError") return (error as Error & { code: string }).code;
    return `not a CustodyError: ${error}`;
  }
  return "nothing was thrown";
}
