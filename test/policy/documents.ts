import type { JsonObject } from "../../src/base/canonical.ts";
import type { Policy } from "../../src/policy/core.ts";
import { type ParseOptions, parsePolicy } from "../../src/policy/parse.ts";
import { PolicyError, type Problem } from "../../src/policy/problems.ts";
import { parseAddress } from "./addresses.ts";

export const VITALIK = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
export const USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
export const PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3";
/** Public keys of nobody: the language checks their form alone. */
export const key = (digit: string): string => `02${digit.repeat(64)}`;
export const person = (digit: string): JsonObject[] => [{ kind: "secp256k1", publicKey: key(digit) }];

/** A document under construction: whatever a test puts into it. */
// biome-ignore lint/suspicious/noExplicitAny: tests put wrong things in on purpose.
export type Draft = { [section: string]: any };

/** A right document with something of everything. */
export function full(): Draft {
  return {
    keyward: "policy/1",
    name: "team treasury",
    assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 }, USDC: { chain: "eip155:1", asset: `erc20:${USDC}`, decimals: 6 } },
    contracts: {
      pool: {
        chain: "eip155:1",
        address: PERMIT2,
        kind: "named",
        functions: ["deposit(uint256 amount, address to, bool wrap)", "exit(bytes4)"],
      },
    },
    book: { acme: { chain: "eip155:1", address: VITALIK }, op: { chain: "eip155:10", address: VITALIK } },
    lists: { payees: ["acme", "op"], nobody: [] },
    people: {
      ana: person("a"),
      ben: person("b"),
      cyd: person("c"),
      dee: person("d"),
      eve: person("e"),
      fay: person("f"),
      gus: person("1"),
      owner: [{ kind: "unlock" }],
    },
    roles: {
      ops: ["ana", "ben"],
      finance: ["cyd", "dee", "eve"],
      all: ["role:ops", "role:finance", "ana"],
      cfo: ["fay", { person: "gus", from: "2026-12-20", until: "2027-01-05" }],
    },
    hours: { desk: { zone: "Europe/Zurich", open: ["Mon-Fri 09:00-17:00"], closed: ["2026-12-25"], until: "2027-12-31" } },
    values: { USD: { decimals: 2, ceiling: { ETH: "8000.00", USDC: "1.05" }, until: "2026-12-31" } },
    modes: { emergency: { lasts: "6h", rules: [{ id: "fees-only", allow: ["fee"], when: { asset: "ETH" } }] } },
    rules: [
      { id: "pay", allow: ["transfer"], when: { asset: "USDC", to: "@payees", requester: "role:ops" } },
      { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.05 ETH" } } },
      {
        id: "four-eyes",
        require: ["transfer"],
        when: { asset: "USDC", total: { min: "100000 USDC" } },
        approvals: [{ of: "finance", atLeast: 2 }],
      },
      {
        id: "daily",
        limit: ["outflow"],
        when: { asset: "USDC" },
        max: "500000 USDC",
        per: "24h",
        beyond: { approvals: [{ of: "finance", atLeast: 2 }] },
      },
      { id: "edit", allow: ["policyEdit"], when: { requester: "role:finance" } },
      {
        id: "edit-slow",
        require: ["policyEdit"],
        when: { not: { direction: "tightens" } },
        approvals: [{ of: "finance", atLeast: 2 }],
        delay: "24h",
      },
    ],
  };
}

/** The full document with one more rule. */
export function withRule(rule: JsonObject): Draft {
  const document = full();
  document.rules.push({ id: "extra", ...rule });
  return document;
}

export function parse(document: unknown, options: Partial<ParseOptions> = {}): Policy {
  return parsePolicy(JSON.stringify(document, null, 1), { parseAddress, ...options });
}

/** Problems of a document, each with the text that begins at its position. */
export function problemsOf(document: unknown, options: Partial<ParseOptions> = {}): readonly (Problem & { at: string })[] {
  const text = typeof document === "string" ? document : JSON.stringify(document, null, 1);
  try {
    parsePolicy(text, { parseAddress, ...options });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return error.problems.map((problem) => ({ ...problem, at: text.slice(problem.position.offset) }));
  }
  throw new Error("the document was accepted");
}
