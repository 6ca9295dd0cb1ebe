import { secp256k1 } from "@noble/curves/secp256k1.js";
import { TypedDataEncoder, Wallet } from "ethers";
import fc from "fast-check";
import { hashTypedData } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { addressOfKey, checksummed, isAddress } from "../../src/approvals/address.ts";
import { type PersonCredential, proveApproval, proveSession } from "../../src/approvals/credential.ts";
import { recoverAddress, walletSignature } from "../../src/approvals/proof.ts";
import { readSession, type SessionStatement, sessionDigest } from "../../src/approvals/session.ts";
import { type ApprovalStatement, approvalDigest, readApproval, type SignedApproval } from "../../src/approvals/statement.ts";
import { approvalTypedData, sessionTypedData, type TypedData, typedDataDigest } from "../../src/approvals/typed-data.ts";
import { toHex } from "../../src/base/bytes.ts";
import type { Json } from "../../src/base/canonical.ts";
import { approval, hash, keyOf, publicKeyOf, signDigest, signed, statement } from "./sample.ts";

const malformed = expect.objectContaining({ code: "approval/malformed" });
const badSignature = expect.objectContaining({ code: "approval/bad-signature" });
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const account = (person: string) => privateKeyToAccount(`0x${toHex(keyOf(person))}`);
const wallet = (person: string): PersonCredential => ({ kind: "eip712", address: account(person).address });
const session: SessionStatement = {
  vault: "vault-1",
  person: "ana",
  scope: hash("scope"),
  expiresMs: 5,
  nonce: "00112233445566778899aabbccddeeff",
};

const byViem = (person: string, { domain, types, primaryType, message }: TypedData) =>
  account(person).signTypedData({ domain, types, primaryType, message });

/** `v` as 27 or 28, without `0x`: as it is stored. */
async function signedBy(person: string, changes: Partial<ApprovalStatement> = {}): Promise<SignedApproval> {
  const content = statement(changes);
  const signature = walletSignature(await byViem(person, approvalTypedData(content)));
  return { person, statement: content, address: account(person).address, signature };
}

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((name) => name.isWellFormed());
const hex = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(toHex);
const anyStatement: fc.Arbitrary<ApprovalStatement> = fc.record({
  vault: text,
  policy: hex(32),
  semantics: fc.nat(),
  book: hex(32),
  subject: hex(32),
  submitters: fc.array(text, { minLength: 1, maxLength: 4 }),
  answer: fc.constantFrom("yes", "no"),
  expiresMs: fc.nat({ max: 8_640_000_000_000_000 }),
  nonce: hex(16),
  head: fc.record({ size: fc.maxSafeNat(), root: hex(32) }),
});
const anySession: fc.Arbitrary<SessionStatement> = fc.record({
  vault: text,
  person: text,
  scope: hex(32),
  expiresMs: fc.nat({ max: 8_640_000_000_000_000 }),
  nonce: hex(16),
});

function agrees(typedData: TypedData): void {
  const { domain, types, primaryType, message } = typedData;
  const { EIP712Domain: _, ...structs } = types;
  const digest = `0x${toHex(typedDataDigest(typedData))}`;
  expect(digest).toBe(hashTypedData({ domain, types, primaryType, message } as Parameters<typeof hashTypedData>[0]));
  expect(digest).toBe(TypedDataEncoder.hash(domain, structs as Record<string, { name: string; type: string }[]>, message));
  expect(JSON.parse(JSON.stringify(typedData))).toEqual(typedData);
}

describe("typed data", () => {
  test("has the digest that viem and ethers compute", () => {
    fc.assert(
      fc.property(anyStatement, (one) => agrees(approvalTypedData(one))),
      { numRuns: 150 },
    );
    fc.assert(
      fc.property(anySession, (one) => agrees(sessionTypedData(one))),
      { numRuns: 150 },
    );
  });

  test("shows every member of the statement under the domain of no chain", () => {
    expect(approvalTypedData(statement({ expiresMs: Date.UTC(2026, 10, 22, 12) }))).toMatchObject({
      domain: { name: "Keyward", version: "1" },
      primaryType: "Approval",
      message: {
        answer: "yes",
        submitters: ["ana"],
        expires: "2026-11-22T12:00:00.000Z",
        vault: "vault-1",
        subject: `0x${hash("subject")}`,
        policy: `0x${hash("policy")}`,
        book: `0x${hash("book")}`,
        semantics: 1,
        nonce: "0x00112233445566778899aabbccddeeff",
        head: { size: 7, root: `0x${hash("head")}` },
      },
    });
    expect(Object.keys(sessionTypedData(session).message)).toEqual(["person", "expires", "vault", "scope", "nonce"]);
  });

  test("has another digest when any one member is another", () => {
    const other: ApprovalStatement = {
      vault: "v",
      policy: hash("p"),
      semantics: 2,
      book: hash("b"),
      subject: hash("s"),
      submitters: ["ana", "ben"],
      answer: "no",
      expiresMs: 1,
      nonce: "00".repeat(16),
      head: { size: 8, root: hash("head") },
    };
    const of = (one: ApprovalStatement) => toHex(typedDataDigest(approvalTypedData(one)));
    const digests = Object.entries(other).map(([name, value]) => of(statement({ [name]: value })));
    digests.push(of(statement()), of(statement({ head: { size: 7, root: hash("x") } })));
    expect(new Set(digests).size).toBe(Object.keys(other).length + 2);
    const changes = [{ vault: "v" }, { person: "ben" }, { scope: hash("all") }, { expiresMs: 6 }, { nonce: "00".repeat(16) }, {}];
    const sessions = changes.map((change) => toHex(typedDataDigest(sessionTypedData({ ...session, ...change }))));
    expect(new Set(sessions).size).toBe(changes.length);
  });

  test("of a moment that is no date is refused, not guessed", () => {
    expect(() => approvalTypedData(statement({ expiresMs: 8_640_000_000_000_001 }))).toThrow(malformed);
    expect(() => sessionTypedData({ ...session, expiresMs: Number.NaN })).toThrow(malformed);
    const { expiresMs: _, ...rest } = statement();
    expect(() => readApproval({ ...signed("ben"), statement: { ...rest, expiresMs: 8_640_000_000_000_001 } } as unknown as Json)).toThrow(
      malformed,
    );
  });
});

describe("an address", () => {
  test("is that of the key, as viem has it, with its checksum", () => {
    for (const person of ["ana", "ben", "cyd", "dee", "eve"]) {
      expect(addressOfKey(publicKeyOf(person))).toBe(account(person).address);
      expect(checksummed(account(person).address.slice(2).toLowerCase())).toBe(account(person).address);
    }
    expect(addressOfKey(`02${"5".padStart(64, "0")}`)).toBeUndefined();
    expect(addressOfKey(publicKeyOf("ana").toUpperCase())).toBeUndefined();
  });

  test("has one form", () => {
    const { address } = account("ana");
    expect(isAddress(address)).toBe(true);
    for (const other of ["", address.toLowerCase(), address.toUpperCase(), address.slice(2), `${address}0`, `${address}\n`])
      expect(isAddress(other)).toBe(false);
  });
});

describe("the signature of a wallet", () => {
  const digest = typedDataDigest(approvalTypedData(statement()));

  test("proves an approval of its person, whichever library made it", async () => {
    const own = [{ kind: "unlock" }, wallet("ben")] as const;
    const one = await signedBy("ben");
    expect(proveApproval(readApproval(JSON.parse(JSON.stringify(one))), own)).toEqual(approval("ben"));
    const ethers = new Wallet(`0x${toHex(keyOf("ben"))}`);
    const { domain, types, message } = approvalTypedData(statement());
    const { EIP712Domain: _, ...structs } = types;
    const signature = walletSignature(
      await ethers.signTypedData(domain, structs as Record<string, { name: string; type: string }[]>, message),
    );
    expect({ ...one, signature }).toEqual(one);
  });

  test("proves nothing for another wallet, statement or address, nor what another key signed", async () => {
    const one = await signedBy("ben");
    for (const credentials of [[], [{ kind: "unlock" }], [wallet("cyd")]] as const)
      expect(() => proveApproval(one, credentials as readonly PersonCredential[])).toThrow(badSignature);
    expect(() => proveApproval({ ...one, statement: statement({ answer: "no" }) }, [wallet("ben")])).toThrow(badSignature);
    expect(() => proveApproval({ ...one, statement: statement({ vault: "vault-2" }) }, [wallet("ben")])).toThrow(badSignature);
    const claimed = { ...one, address: account("cyd").address } as SignedApproval;
    expect(() => proveApproval(claimed, [wallet("cyd"), wallet("ben")])).toThrow(badSignature);
  });

  test("is no signature of the same key, nor the other way round", async () => {
    const one = await signedBy("ben");
    const key = { kind: "secp256k1", publicKey: publicKeyOf("ben") } as const;
    expect(() => proveApproval(one, [key])).toThrow(badSignature);
    expect(() => proveApproval(signed("ben"), [wallet("ben")])).toThrow(badSignature);
    // The digest of keys, signed as a wallet would, and the typed data, signed as a key would.
    const raw = secp256k1.sign(approvalDigest(statement()), keyOf("ben"), { prehash: false, format: "recovered" });
    const signature = toHex(raw.subarray(1)) + (raw[0] === 0 ? "1b" : "1c");
    expect(() => proveApproval({ ...one, signature }, [wallet("ben")])).toThrow(badSignature);
    expect(() => proveApproval({ ...signed("ben"), signature: signDigest("ben", digest) }, [key])).toThrow(badSignature);
  });

  test("with high s is refused, though the same key is recovered from it", async () => {
    const one = await signedBy("ben");
    const s = N - BigInt(`0x${one.signature.slice(64, 128)}`);
    const signature = one.signature.slice(0, 64) + s.toString(16).padStart(64, "0") + (one.signature.endsWith("b") ? "1c" : "1b");
    expect(recoverAddress({ digest, signature: one.signature })).toBe(account("ben").address);
    expect(recoverAddress({ digest, signature })).toBeUndefined();
    expect(() => proveApproval({ ...one, signature }, [wallet("ben")])).toThrow(badSignature);
  });

  test("is stored in one form, made from those that wallets give", async () => {
    const { signature } = await signedBy("ben");
    const parity = signature.endsWith("b") ? "00" : "01";
    for (const given of [signature, `0x${signature}`, `0x${signature.toUpperCase()}`, `0x${signature.slice(0, 128)}${parity}`])
      expect(walletSignature(given)).toBe(signature);
    for (const given of [
      "",
      "0x",
      "0xzz",
      signature.slice(1),
      `${signature.slice(0, 128)}02`,
      `${signature.slice(0, 128)}1d`,
      `0x0x${signature}`,
    ])
      expect(() => walletSignature(given)).toThrow(malformed);
    expect(() => walletSignature(undefined as never)).toThrow(malformed);
  });

  test("of a contract is refused with the reason", () => {
    expect(() => walletSignature(`0x${"00".repeat(97)}`)).toThrow(/EIP-1271.* cannot be checked offline/);
    expect(() => walletSignature(`0x${"00".repeat(64)}`)).toThrow(malformed);
  });

  test("that is any bytes at all proves nothing and breaks nothing", () => {
    const hostile = [
      `${"00".repeat(64)}1b`,
      `${"ff".repeat(64)}1b`,
      `${"00".repeat(31)}01${"00".repeat(31)}011b`,
      "",
      "1b",
      "00".repeat(65),
    ];
    for (const signature of hostile) expect(recoverAddress({ digest, signature })).not.toBe(account("ben").address);
    expect(recoverAddress({ digest: digest.slice(1), signature: hostile[2] as string })).toBeUndefined();
    fc.assert(
      fc.property(hex(64), fc.constantFrom("1b", "1c"), (rs, v) => {
        expect(() => recoverAddress({ digest, signature: rs + v })).not.toThrow();
      }),
      { numRuns: 100 },
    );
  });

  test("in another form is not read", async () => {
    const good = JSON.parse(JSON.stringify(await signedBy("ben"))) as { [name: string]: Json };
    const { address, signature } = good as { address: string; signature: string };
    const bad: { [name: string]: Json }[] = [
      { ...good, address: address.toLowerCase() },
      { ...good, address: 5 },
      { ...good, publicKey: publicKeyOf("ben") },
      { ...good, signature: `0x${signature}` },
      { ...good, signature: signature.toUpperCase() },
      { ...good, signature: signature.slice(0, 128) },
      { ...good, signature: `${signature.slice(0, 128)}00` },
      { ...good, signature: `${signature.slice(0, 128)}1d` },
    ];
    for (const value of bad) expect(() => readApproval(value), JSON.stringify(value)).toThrow(malformed);
  });
});

describe("a session of a wallet", () => {
  test("is proven, and says by what", async () => {
    const signature = walletSignature(await byViem("ana", sessionTypedData(session)));
    const sent = { statement: session, address: account("ana").address, signature };
    expect(proveSession(readSession(JSON.parse(JSON.stringify(sent))), [{ kind: "unlock" }, wallet("ana")])).toEqual(wallet("ana"));
    const badProof = expect.objectContaining({ code: "session/bad-proof" });
    for (const change of [{ vault: "v" }, { person: "ben" }, { scope: hash("all") }, { expiresMs: 6 }, { nonce: "00".repeat(16) }])
      expect(() => proveSession({ ...sent, statement: { ...session, ...change } }, [wallet("ana")])).toThrow(badProof);
    const asApproval = walletSignature(await byViem("ana", approvalTypedData(statement())));
    expect(() => proveSession({ ...sent, signature: asApproval }, [wallet("ana")])).toThrow(badProof);
  });
});

describe("a service", () => {
  const service = { kind: "service", publicKey: publicKeyOf("ben") } as const;

  test("begins sessions", () => {
    const mine = { ...session, person: "ben" };
    const sent = { statement: mine, publicKey: service.publicKey, signature: signDigest("ben", sessionDigest(mine)) };
    expect(proveSession(sent, [service])).toEqual(service);
  });

  test("approves nothing, and a stranger who names its key learns nothing", () => {
    expect(() => proveApproval(signed("ben"), [service])).toThrow(expect.objectContaining({ code: "approval/not-an-approver" }));
    expect(() => proveApproval({ ...signed("ben"), signature: signDigest("cyd", approvalDigest(statement())) }, [service])).toThrow(
      badSignature,
    );
  });
});
