import * as ethers from "ethers";
import fc from "fast-check";
import { serializeTransaction } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import type { Json } from "../../../src/base/canonical.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { emptyBook } from "../../../src/intent/book.ts";
import type { RequestKind } from "../../../src/intent/intent.ts";
import { secp256k1 } from "../../../src/keys/secp256k1.ts";
import { ACCOUNT, ask, assemble, code, MALLORY, sign } from "./fixtures.ts";

type Hex = `0x${string}`;

/** The whole way of a request through this package, without a policy: decoded, signed by the real signer, put together. */
async function signedByUs(
  privateKey: Uint8Array,
  { kind, payload, chain }: { kind: RequestKind; payload: Json; chain: number | bigint },
): Promise<Hex> {
  const publicKey = secp256k1.publicKey(privateKey);
  const id = `eip155:${chain}`;
  const keys = { address: evm.address(id, { publicKey: () => publicKey }, []), publicKey: () => publicKey };
  const intent = evm.decode({ chain: id, account: keys.address, kind, payload }, keys, emptyBook);
  expect(intent.refusals).toEqual([]);
  const signatures = [];
  for (const { digest } of intent.signables) signatures.push(await secp256k1.sign({ privateKey, publicKey, digest }));
  const signed = evm.assemble(intent, signatures, keys);
  expect(signed.complete).toBe(true);
  return `0x${toHex(signed.bytes)}`;
}

const bytes = (minLength: number, maxLength = minLength) =>
  fc.uint8Array({ minLength, maxLength }).map((array): Hex => `0x${toHex(array)}`);
const key = bytes(32).filter((hex) => BigInt(hex) > 0n && BigInt(hex) < 2n ** 255n);
const address = bytes(20).map((hex) => ethers.getAddress(hex) as Hex);
const chainId = fc.oneof(fc.constantFrom(1, 10, 137, 8453, 11_155_111), fc.integer({ min: 1, max: 2 ** 40 }));
const nonce = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 2 ** 32 }));

/** So many cases of each kind, a thousand together. */
const RUNS = {
  legacy: 140,
  eip2930: 140,
  eip1559: 180,
  eip4844: 60,
  eip7702: 60,
  text: 110,
  bytes: 90,
  typedData: 120,
  authorization: 100,
};

function equalOn<T>(runs: number, cases: fc.Arbitrary<T>, check: (of: T) => Promise<void>): Promise<void> {
  return fc.assert(fc.asyncProperty(cases, check), { numRuns: runs });
}

test("a thousand cases", () => {
  expect(Object.values(RUNS).reduce((sum, runs) => sum + runs, 0)).toBe(1000);
});

describe("signed transactions are byte for byte those of viem and ethers", () => {
  const common = {
    chainId,
    nonce,
    // Enough for any of these: less than a transaction needs is refused.
    gas: fc.bigInt({ min: 300_000n, max: 2n ** 24n }),
    to: fc.option(address, { nil: undefined, freq: 10 }),
    value: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 10n ** 24n })),
    data: fc.oneof(fc.constant("0x" as Hex), bytes(1, 200)),
  };
  const accessList = fc.array(fc.record({ address, storageKeys: fc.array(bytes(32), { maxLength: 3 }) }), { maxLength: 3 });
  const price = fc.bigInt({ min: 1n, max: 10n ** 13n });
  const market = fc
    .tuple(price, fc.bigInt({ min: 0n, max: 10n ** 11n }))
    .map(([maxFeePerGas, tip]) => ({ maxFeePerGas, maxPriorityFeePerGas: tip < maxFeePerGas ? tip : maxFeePerGas }));
  // Signed by the account of the tests' key and by viem's: their authority is recovered on the way.
  const tuples = [
    {
      chainId: 0,
      address: MALLORY as Hex,
      nonce: 8,
      yParity: 0,
      r: "0x2ebd7552e24bc9854bcd9aa2e27d2bbb1e1536f7ff64bcc371261f3a5419e595",
      s: "0x405e7c9fed6c2c7899c450fe23e7cbbb3ab1dcf4ead1fb84c94a05bbff99332c",
    },
    {
      chainId: 1,
      address: "0xFBA3912Ca04dd458c843e2EE08967fC04f3579c2",
      nonce: 0,
      yParity: 0,
      r: "0xff5d79daa56d5aae2657e8950af71377f8c2860255a9c915948c071ef9286def",
      s: "0x17318a10ff56f0000a350a210fdb312ba22260a64f38dddc135912a6c4795c1d",
    },
  ] as const;

  interface Fields {
    readonly [field: string]: unknown;
    readonly chainId: number;
    readonly to?: Hex | undefined;
    readonly data: Hex;
  }

  async function sameAsPeers(privateKey: Hex, type: keyof typeof TYPES, all: Fields): Promise<void> {
    // A creation without code is refused: nobody means it.
    const fields = { ...all, ...(all.to === undefined && all.data === "0x" && { data: "0x00" as Hex }) };
    const forViem = { ...fields, type } as never;
    const { gas, authorizationList, ...rest } = fields as Fields & { gas: bigint; authorizationList?: typeof tuples };
    const forEthers = ethers.Transaction.from({
      ...rest,
      type: TYPES[type],
      gasLimit: gas,
      to: fields.to ?? null,
      ...(authorizationList !== undefined && {
        authorizationList: authorizationList.map(({ address, nonce, chainId, ...signature }) => ({ address, nonce, chainId, signature })),
      }),
    } as never);
    const payload = serializeTransaction(forViem);
    expect(forEthers.unsignedSerialized).toBe(payload);
    const ours = await signedByUs(fromHex(privateKey), { kind: "transaction", payload, chain: fields.chainId });
    expect(ours).toBe(await privateKeyToAccount(privateKey).signTransaction(forViem));
    forEthers.signature = new ethers.SigningKey(privateKey).sign(forEthers.unsignedHash);
    expect(ours).toBe(forEthers.serialized);
  }
  const TYPES = { legacy: 0, eip2930: 1, eip1559: 2, eip4844: 3, eip7702: 4 } as const;

  test("legacy with EIP-155", { timeout: 30_000 }, () =>
    equalOn(RUNS.legacy, fc.tuple(key, fc.record({ ...common, gasPrice: price })), ([key, fields]) => sameAsPeers(key, "legacy", fields)),
  );

  test("EIP-2930", { timeout: 30_000 }, () =>
    equalOn(RUNS.eip2930, fc.tuple(key, fc.record({ ...common, gasPrice: price, accessList })), ([key, fields]) =>
      sameAsPeers(key, "eip2930", fields),
    ),
  );

  test("EIP-1559", { timeout: 30_000 }, () =>
    equalOn(RUNS.eip1559, fc.tuple(key, fc.record({ ...common, accessList }), market), ([key, fields, fees]) =>
      sameAsPeers(key, "eip1559", { ...fields, ...fees }),
    ),
  );

  test("EIP-4844", { timeout: 30_000 }, () => {
    const hashes = fc.array(
      bytes(31).map((hex): Hex => `0x01${hex.slice(2)}`),
      { minLength: 1, maxLength: 4 },
    );
    const blobs = fc.record({ ...common, to: address, accessList, maxFeePerBlobGas: price, blobVersionedHashes: hashes });
    return equalOn(RUNS.eip4844, fc.tuple(key, blobs, market), ([key, fields, fees]) =>
      sameAsPeers(key, "eip4844", { ...fields, ...fees }),
    );
  });

  test("EIP-7702", { timeout: 30_000 }, () => {
    const authorizationList = fc.array(fc.constantFrom(...tuples), { minLength: 1, maxLength: 2 });
    return equalOn(
      RUNS.eip7702,
      fc.tuple(key, fc.record({ ...common, to: address, accessList, authorizationList }), market),
      ([key, fields, fees]) => sameAsPeers(key, "eip7702", { ...fields, ...fees }),
    );
  });
});

describe("signatures of messages are byte for byte those of viem and ethers", () => {
  test("text of any characters", { timeout: 30_000 }, () =>
    equalOn(RUNS.text, fc.tuple(key, fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.lorem())), async ([key, text]) => {
      const ours = await signedByUs(fromHex(key), { kind: "message", payload: { text }, chain: 1 });
      expect(ours).toBe(await privateKeyToAccount(key).signMessage({ message: text }));
      expect(ours).toBe(new ethers.Wallet(key).signMessageSync(text));
    }),
  );

  test("bytes", { timeout: 30_000 }, () =>
    equalOn(RUNS.bytes, fc.tuple(key, fc.oneof(bytes(32), bytes(0, 300))), async ([key, hex]) => {
      const ours = await signedByUs(fromHex(key), { kind: "message", payload: { hex }, chain: 1 });
      expect(ours).toBe(await privateKeyToAccount(key).signMessage({ message: { raw: hex } }));
      expect(ours).toBe(new ethers.Wallet(key).signMessageSync(ethers.getBytes(hex)));
    }),
  );
});

describe("signatures of authorizations are those of viem and ethers", () => {
  test("on one chain and on every chain", { timeout: 30_000 }, () =>
    equalOn(
      RUNS.authorization,
      fc.record({ key, address, chainId: fc.oneof(fc.constant(0), chainId), nonce }),
      async ({ key, address, chainId, nonce }) => {
        const payload = { address, chainId, nonce };
        const ours = await signedByUs(fromHex(key), { kind: "authorization", payload, chain: chainId || 1 });
        const { r, s, yParity } = await privateKeyToAccount(key).signAuthorization(payload);
        expect(ours).toBe(`${r}${s.slice(2)}${(27 + yParity!).toString(16)}`);
        expect(ours).toBe(new ethers.Wallet(key).authorizeSync({ address, chainId, nonce }).signature.serialized);
      },
    ),
  );
});

interface Field {
  readonly type: string;
  readonly value: fc.Arbitrary<unknown>;
}

describe("signatures of typed data are byte for byte those of viem and ethers", () => {
  const atoms: readonly Field[] = [
    ...[8, 24, 96, 160, 256].flatMap((bits) => [
      { type: `uint${bits}`, value: fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }) },
      { type: `int${bits}`, value: fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n }) },
    ]),
    ...[1, 4, 31, 32].map((size) => ({ type: `bytes${size}`, value: bytes(size) })),
    { type: "address", value: address },
    { type: "bool", value: fc.boolean() },
    { type: "bytes", value: bytes(0, 70) },
    { type: "string", value: fc.string({ unit: "binary", maxLength: 40 }) },
  ];
  const list = ({ type, value }: Field): readonly Field[] => [
    { type: `${type}[]`, value: fc.array(value, { maxLength: 3 }) },
    { type: `${type}[2]`, value: fc.array(value, { minLength: 2, maxLength: 2 }) },
  ];
  const plain = fc.constantFrom(...atoms, ...atoms.flatMap(list));

  interface Case {
    readonly types: { readonly [name: string]: readonly { readonly name: string; readonly type: string }[] };
    readonly message: object;
  }
  const struct = (fields: readonly Field[]) => ({
    members: fields.map(({ type }, index) => ({ name: `member${index}`, type })),
    value: fc.record(Object.fromEntries(fields.map(({ value }, index) => [`member${index}`, value]))),
  });
  /** A struct `Mail` of some members, one of them of the struct `Person` or a list of those. */
  const typed: fc.Arbitrary<Case> = fc
    .tuple(fc.array(plain, { minLength: 1, maxLength: 4 }), fc.array(plain, { minLength: 1, maxLength: 5 }), fc.nat(2))
    .chain(([inner, outer, how]) => {
      const person = struct(inner);
      const nested = { type: "Person", value: person.value };
      const mail = struct([...outer, how === 0 ? nested : list(nested)[how - 1]!]);
      return mail.value.map((message) => ({ types: { Mail: mail.members, Person: person.members }, message }));
    });
  const DOMAIN = { name: "string", version: "string", chainId: "uint256", verifyingContract: "address", salt: "bytes32" } as const;
  const domain = fc
    .record(
      { name: fc.string({ maxLength: 20 }), version: fc.constantFrom("1", "2.1"), verifyingContract: address, salt: bytes(32) },
      { requiredKeys: [] },
    )
    .map((fields) => ({ ...fields, chainId: 8453 }));

  test("random schemas, with nested structs and lists", { timeout: 40_000 }, () =>
    equalOn(RUNS.typedData, fc.tuple(key, domain, typed), async ([key, domain, { types, message }]) => {
      const EIP712Domain = Object.entries(DOMAIN)
        .filter(([name]) => Object.hasOwn(domain, name))
        .map(([name, type]) => ({ name, type }));
      const data = { domain, types: { ...types, EIP712Domain }, primaryType: "Mail", message };
      const payload = JSON.parse(JSON.stringify(data, (_, value) => (typeof value === "bigint" ? value.toString() : value))) as Json;
      const ours = await signedByUs(fromHex(key), { kind: "typedData", payload, chain: 8453 });
      expect(ours).toBe(await privateKeyToAccount(key).signTypedData(data as never));
      expect(ours).toBe(await new ethers.Wallet(key).signTypedData(domain, types as never, message));
    }),
  );
});

test("a signature of typed data with a high s, or of the other point, is not put together", async () => {
  const types = { EIP712Domain: [{ name: "chainId", type: "uint256" }], Go: [{ name: "n", type: "uint8" }] };
  const payload = { domain: { chainId: 1 }, types, primaryType: "Go", message: { n: 1 } };
  const intent = evm.decode(ask("typedData", payload), { address: ACCOUNT }, emptyBook);
  const [good] = sign(intent);
  expect(assemble(intent, [good!]).bytes.length).toBe(65);
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const high = fromHex((order - BigInt(`0x${toHex(good!.bytes.subarray(32))}`)).toString(16).padStart(64, "0"));
  const recovery = good!.recovery === 0 ? 1 : 0;
  for (const bad of [
    { bytes: Uint8Array.of(...good!.bytes.subarray(0, 32), ...high), recovery },
    { ...good!, recovery },
  ] as const)
    expect(code(() => assemble(intent, [bad]))).toBe("chain/malformed");
});

test("the account of the tests' key is the one that its fixtures name", async () => {
  expect(privateKeyToAccount(`0x${"46".repeat(32)}`).address).toBe(ACCOUNT);
});
