import { secp256k1 } from "@noble/curves/secp256k1.js";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { addressOfKey } from "../../src/approvals/address.ts";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { CustodyError } from "../../src/base/errors.ts";
import type { Credential } from "../../src/policy/core.ts";
import { CREDENTIAL_KINDS } from "../../src/policy/credentials.ts";
import { policySchema } from "../../src/policy/schema.ts";
import { coldStorage, spendingAgent } from "../../src/policy/templates.ts";
import { parseAddress } from "./addresses.ts";
import { type Draft, parse, problemsOf, VITALIK } from "./documents.ts";
import { misfits } from "./schema-check.ts";

const secret = (digit: string) => digit.repeat(64);
const publicKey = (digit: string) => toHex(secp256k1.getPublicKey(fromHex(secret(digit)), true));
const address = (digit: string) => privateKeyToAccount(`0x${secret(digit)}`).address;

/** Nothing but people, and what asks for their approvals. */
function of(people: object, approvals?: readonly object[]): Draft {
  const asked = approvals === undefined ? [] : [{ id: "together", require: ["export"], approvals }];
  return { keyward: "policy/1", name: "people", immutable: true, people, roles: { all: Object.keys(people) }, rules: asked };
}
const codes = (document: Draft, options: Parameters<typeof problemsOf>[1] = { addressOfKey }) =>
  problemsOf(document, options).map(({ code, path }) => `${code} ${path.join(".")}`);

const key = (digit: string): Credential => ({ kind: "secp256k1", publicKey: publicKey(digit) });
const wallet = (digit: string): Credential => ({ kind: "eip712", address: address(digit) });
const service = (digit: string): Credential => ({ kind: "service", publicKey: publicKey(digit) });
const unlock: Credential = { kind: "unlock" };

describe("people", () => {
  test("have credentials of four kinds, and the schema says the same", () => {
    const document = of({ owner: [unlock], ana: [key("1"), wallet("2")], bot: [service("3"), service("4")] });
    expect(Object.fromEntries(parse(document, { addressOfKey }).people)).toEqual(document.people);
    expect(misfits(policySchema(), document)).toEqual([]);
    expect(CREDENTIAL_KINDS).toEqual(["unlock", "secp256k1", "eip712", "service"]);
  });

  test("with one key under two names are found, also where it is a key here and a wallet there", () => {
    const mixed = [key, wallet, service];
    for (const [at, one] of mixed.entries()) {
      for (const other of mixed.slice(at)) {
        expect(codes(of({ ana: [one("1")], ben: [other("1")] }))).toEqual(["policy/shared-credential people.ben.0"]);
        expect(codes(of({ ana: [other("1")], ben: [one("1")] }))).toEqual(["policy/shared-credential people.ben.0"]);
      }
    }
    expect(codes(of({ ana: [key("1"), wallet("1")] }))).toEqual(["policy/duplicate-entry people.ana.1"]);
  });

  test("with a key under one name and its negative under another are found: who signs for one signs for both", () => {
    const curve = secp256k1.Point.CURVE().n;
    const negative = (curve - BigInt(`0x${secret("1")}`)).toString(16).padStart(64, "0");
    const negated: Credential = { kind: "secp256k1", publicKey: toHex(secp256k1.getPublicKey(fromHex(negative), true)) };
    const itsWallet: Credential = { kind: "eip712", address: privateKeyToAccount(`0x${negative}`).address };
    for (const other of [negated, { ...negated, kind: "service" } as Credential, itsWallet]) {
      expect(codes(of({ ana: [key("1")], ben: [other] }))).toEqual(["policy/shared-credential people.ben.0"]);
      expect(codes(of({ ana: [other], ben: [key("1")] }))).toEqual(["policy/shared-credential people.ben.0"]);
    }
    expect(codes(of({ ana: [key("1")], ben: [negated] }), {})).toEqual(["policy/shared-credential people.ben.0"]);
    expect(codes(of({ ana: [negated] }), { addressOfKey, ownKeys: new Set([publicKey("1")]) })).toEqual([
      "policy/own-account-as-person people.ana.0",
    ]);
  });

  test("are no account of the vault, by its key or by its address", () => {
    const ownKeys = new Set([publicKey("1"), address("1")]);
    for (const credential of [key("1"), wallet("1"), service("1")])
      expect(codes(of({ ana: [credential] }), { addressOfKey, ownKeys })).toEqual(["policy/own-account-as-person people.ana.0"]);
  });

  test("cost no curve arithmetic where there is no wallet to compare with", () => {
    let asked = 0;
    const counting = (publicKey: string) => {
      asked++;
      return addressOfKey(publicKey);
    };
    parse(of({ ana: [key("1")], bot: [service("3")] }), { addressOfKey: counting });
    expect(asked).toBe(0);
    parse(of({ ana: [key("1")], bot: [service("3")], cyd: [wallet("2")] }), { addressOfKey: counting });
    // Each key and its negative.
    expect(asked).toBe(4);
  });

  test("cannot have a wallet where no EVM chain is there to check its address, and are told so", () => {
    const without = (): never => {
      throw new CustodyError("chain/unknown", "chain: none");
    };
    const [problem] = problemsOf(of({ ana: [{ kind: "eip712", address: VITALIK }] }), { parseAddress: without });
    expect(problem).toMatchObject({ code: "policy/bad-credential", message: expect.stringContaining("no EVM chain was given") });
    expect(parse(of({ ana: [{ kind: "eip712", address: VITALIK }] }), { parseAddress }).people.size).toBe(1);
  });
});

describe("approvers", () => {
  test("are also people who unlock and people with a wallet", () => {
    expect(parse(of({ owner: [unlock], bot: [service("3")] }, [{ of: "owner", atLeast: 1 }])).rules).toHaveLength(1);
    expect(parse(of({ ana: [wallet("1")], bot: [service("3")] }, [{ of: "ana", atLeast: 1 }])).rules).toHaveLength(1);
  });

  test("are never services: a clause leaves them out, and a rule about who asks does not", () => {
    const people = { ana: [key("1")], ben: [wallet("2")], bot: [service("3")] };
    const document = of(people, [{ of: "all", atLeast: 1 }]);
    document.rules.push({ id: "machines", forbid: ["export"], when: { requester: "role:all" } });
    const { rules, roles } = parse(document);
    expect(rules[0]).toMatchObject({ approvals: [[{ members: [{ person: "ana" }, { person: "ben" }] }]] });
    expect(rules[1]).toMatchObject({ when: { values: new Set(["ana", "ben", "bot"]) } });
    expect(roles.get("all")).toHaveLength(3);
    expect(codes(of(people, [{ of: "all", atLeast: 3 }]))).toEqual(["policy/unreachable-quorum rules.0.approvals"]);
    expect(codes(of({ bot: [service("3")] }, [{ of: "all", atLeast: 1 }]))).toEqual(["policy/unreachable-quorum rules.0.approvals"]);
  });
});

test("templates take an address for a wallet, and make the spending agent a service", () => {
  const spending = {
    assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 } },
    daily: { ETH: "0.5" },
    fee: { ETH: "0.01" },
  };
  const keyholders = { ana: address("1"), ben: publicKey("2"), cyd: publicKey("3") };
  expect(parse(coldStorage({ ...spending, keyholders, quorum: 2 }), { addressOfKey }).people.get("ana")).toEqual([wallet("1")]);
  expect(parse(spendingAgent({ ...spending, agentKey: publicKey("4") }), { addressOfKey }).people.get("agent")).toEqual([service("4")]);
});
