import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import * as secp from "@noble/secp256k1";
import { HDKey } from "@scure/bip32";
import { mnemonicToSeedSync } from "@scure/bip39";
import { authorization } from "micro-eth-signer";
import { RLP } from "micro-eth-signer/core/rlp.js";
import { recoverTransactionAddress, serializeTransaction, type TransactionSerialized } from "viem";
import { describe, expect, test, vi } from "vitest";
import { concat, fromHex, toHex } from "../../../src/base/bytes.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { emptyBook } from "../../../src/intent/book.ts";
import { shared, sharedFile, sharedText, Tally, vectorSuite } from "../../shared.ts";
import { addressOf, assemble, code, request, sign } from "./fixtures.ts";

vi.setConfig({ testTimeout: 60_000 });

/** What a published signed transaction comes apart into: what was signed, by which signature. */
interface Apart {
  readonly unsigned: string;
  readonly chain: string;
  readonly signature: { readonly bytes: Uint8Array; readonly recovery: 0 | 1 };
}

type Item = Uint8Array | Item[];
const integer = (bytes: Item | undefined): bigint => BigInt(`0x${toHex(bytes as Uint8Array) || "0"}`);
const word = (bytes: Item | undefined): Uint8Array => fromHex(toHex(bytes as Uint8Array).padStart(64, "0"));

/** Takes the signature off by RLP alone, so that what is put together again was not taken apart by the code under test. */
function takeApart(raw: Uint8Array): Apart {
  const typed = raw[0]! < 0x80;
  const fields = RLP.decode(typed ? raw.subarray(1) : raw) as Item[];
  const [v, r, s] = fields.slice(-3);
  const rest = fields.slice(0, -3);
  if (typed) {
    const chain = `eip155:${integer(rest[0])}`;
    return {
      unsigned: `0x${toHex(concat(raw.subarray(0, 1), RLP.encode(rest)))}`,
      chain,
      signature: { bytes: concat(word(r), word(s)), recovery: Number(integer(v)) as 0 | 1 },
    };
  }
  const parity = integer(v) < 35n ? integer(v) - 27n : (integer(v) - 35n) % 2n;
  const chainId = integer(v) < 35n ? undefined : (integer(v) - 35n) / 2n;
  const unsigned =
    chainId === undefined
      ? rest
      : [
          ...rest,
          RLP.encode(chainId).length === 1 ? RLP.encode(chainId) : RLP.encode(chainId).subarray(1),
          new Uint8Array(0),
          new Uint8Array(0),
        ];
  return {
    unsigned: `0x${toHex(RLP.encode(unsigned as never))}`,
    chain: `eip155:${chainId ?? 1n}`,
    signature: { bytes: concat(word(r), word(s)), recovery: Number(parity) as 0 | 1 },
  };
}

/** Whose signature it is; nobody's where there is no such point. */
function recover(digest: Uint8Array, { bytes, recovery }: Apart["signature"]): string | undefined {
  try {
    const point = secp.Point.fromBytes(secp.recoverPublicKey(concat(Uint8Array.of(recovery), bytes), digest, { prehash: false }));
    return addressOf(point.toBytes(false));
  } catch {
    return undefined;
  }
}

/** Decodes what was signed and puts it together again with its signature: same bytes, same hash, same sender, or an error. */
function again(raw: Uint8Array, expected: { sender?: string | undefined; hash?: string | undefined }): string {
  const { unsigned, chain, signature } = takeApart(raw);
  const anyone = "0x0000000000000000000000000000000000000001";
  const digest = evm.decode(request(unsigned, chain, anyone), { address: anyone }, emptyBook).signables[0]!.digest;
  const sender = expected.sender === undefined ? (recover(digest, signature) ?? anyone) : evm.parseAddress(chain, expected.sender);
  const intent = evm.decode(request(unsigned, chain, sender), { address: sender }, emptyBook);
  const signed = assemble(intent, [signature]);
  if (toHex(signed.bytes) !== toHex(raw)) return "other bytes";
  if (expected.hash !== undefined && signed.hash !== expected.hash) return "another hash";
  // What is signed already is never read as something to sign.
  if (code(() => evm.decode(request(`0x${toHex(raw)}`, chain, sender), { address: sender }, emptyBook)) !== "chain/malformed")
    return "read although signed";
  return "match";
}

function tallied(tally: Tally, name: string, valid: boolean, run: () => string): void {
  try {
    const outcome = run();
    // An invalid row is accepted if it comes out as it went in.
    if (!valid && outcome === "match") tally.accepted.push(name);
    else if (!valid) tally.refused++;
    else if (outcome === "match") tally.match++;
    else tally.wrong.push(`${name}: ${outcome}`);
  } catch (error) {
    if (!(error instanceof CustodyError)) tally.crashed.push(`${name}: ${error}`);
    else if (valid) tally.wrong.push(`${name}: ${error.message}`);
    else tally.refused++;
  }
}

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex);
}

function accountOf(key: Uint8Array): string {
  return addressOf(secp.getPublicKey(key, false));
}

/** Fields and key of a published row: decoded, signed by a test-only key, compared with the published bytes. */
function signedBy(key: Uint8Array, unsigned: string, chain: string): string {
  const account = accountOf(key);
  const intent = evm.decode(request(unsigned, chain, account), { address: account }, emptyBook);
  return toHex(assemble(intent, sign(intent, key)).bytes);
}

const file = <T>(path: string): T => sharedFile<T>(`vectors/evm/${path}`);
const fine = { wrong: [], accepted: [], crashed: [] };

describe.skipIf(!shared)(vectorSuite("EVM transactions"), () => {
  test("the example of EIP-155: signing data, signing hash, signed transaction", () => {
    const row = file<Record<string, string>>("tx/eip155-example.json");
    const key = bytesOf(row.privateKey!);
    const account = accountOf(key);
    const intent = evm.decode(request(row.signingData!, "eip155:1", account), { address: account }, emptyBook);
    expect(`0x${toHex(intent.signables[0]!.digest)}`).toBe(row.signingHash);
    expect(`0x${signedBy(key, row.signingData!, "eip155:1")}`).toBe(row.signed);
  });

  test("EIP-155 rows: the published hash is the digest, and the sender signed it", () => {
    const tally = new Tally();
    for (const row of file<{ rlp: string; hash: string; sender: string }[]>("tx/eip155-vitalik.json")) {
      tallied(tally, row.hash, true, () => {
        const { unsigned, chain } = takeApart(bytesOf(row.rlp));
        const account = evm.parseAddress(chain, `0x${row.sender}`);
        const digest = evm.decode(request(unsigned, chain, account), { address: account }, emptyBook).signables[0]!.digest;
        return toHex(digest) === row.hash ? again(bytesOf(row.rlp), { sender: `0x${row.sender}` }) : "another digest";
      });
    }
    expect(tally.bad).toEqual(fine);
    expect(tally.match).toBe(11);
  });

  test("EIP-1559 rows: fields and key give the signed bytes (chain 4, wrapped in an RLP string)", () => {
    const tally = new Tally();
    type Row = {
      nonce: number;
      value: number;
      gasLimit: number;
      maxPriorityFeePerGas: number;
      maxFeePerGas: number;
      to: `0x${string}`;
      privateKey: string;
      signedTransactionRLP: string;
    };
    for (const row of file<Row[]>("tx/eip1559-signed.json")) {
      tallied(tally, String(row.nonce), true, () => {
        const { nonce, to } = row;
        const unsigned = serializeTransaction({
          chainId: 4,
          nonce,
          to,
          value: BigInt(row.value),
          gas: BigInt(row.gasLimit),
          maxFeePerGas: BigInt(row.maxFeePerGas),
          maxPriorityFeePerGas: BigInt(row.maxPriorityFeePerGas),
        });
        const raw = RLP.decode(bytesOf(row.signedTransactionRLP)) as Uint8Array;
        return signedBy(bytesOf(row.privateKey), unsigned, "eip155:4") === toHex(raw) ? again(raw, {}) : "other bytes";
      });
    }
    expect(tally.bad).toEqual(fine);
    expect(tally.match).toBe(10);
  });

  test("EIP-2930, legacy and mainnet rows: the signed transaction comes together again", async () => {
    const tally = new Tally();
    // Two rows were edited after they were signed: their sender is not the one of their signature, as viem finds too.
    let edited = 0;
    const signer = async (raw: Uint8Array, published: string) => {
      const sender = await recoverTransactionAddress({ serializedTransaction: `0x${toHex(raw)}` as TransactionSerialized });
      if (published !== "TODO" && sender.toLowerCase() !== `0x${published}`) edited++;
      return sender;
    };
    type Row = { type: string; raw: Item[]; sendersAddress: string; privateKey: string };
    const item = (value: unknown): Item => (Array.isArray(value) ? value.map(item) : bytesOf(value as string));
    for (const row of file<Row[]>("tx/eip2930.json")) {
      const raw = concat(Uint8Array.of(1), RLP.encode(item(row.raw) as never));
      const sender = await signer(raw, row.sendersAddress);
      tallied(tally, "eip2930", true, () => again(raw, { sender }));
    }
    for (const row of file<Row[]>("tx/legacy-signed.json")) {
      const raw = RLP.encode(item(row.raw) as never);
      const sender = await signer(raw, row.sendersAddress);
      tallied(tally, `legacy ${row.privateKey}`, true, () => again(raw, { sender }));
    }
    for (const row of file<{ hex: string; sender: string; hash: string }[]>("tx/mainnet-one.json")) {
      tallied(tally, row.hash, true, () => again(bytesOf(row.hex), row));
    }
    for (const row of file<{ signed: string; unsigned: string; key: string }[]>("tx/txtest.json")) {
      const account = accountOf(bytesOf(row.key));
      // Refused on purpose: an unsigned form with three zeros behind it, from before EIP-155, would be a second encoding of
      // the same transaction; and the second row has a high s, which EIP-2 has forbidden since Homestead.
      tallied(
        tally,
        row.unsigned,
        false,
        () => evm.decode(request(`0x${row.unsigned}`, "eip155:1", account), { address: account }, emptyBook).id,
      );
      tallied(tally, row.signed, row.signed.startsWith("f86b"), () => again(bytesOf(row.signed), { sender: account }));
    }
    expect(tally.bad).toEqual(fine);
    expect(tally.match).toBe(8);
    expect(tally.refused).toBe(3);
    expect(edited).toBe(2);
  });

  test("blob transactions in their network form are too large, and the transaction inside comes together again", () => {
    const tally = new Tally();
    for (const row of file<{ file: string; rlp: string }[]>("tx/eip4844-network-wrapped-dev.json")) {
      const raw = bytesOf(row.rlp);
      expect(code(() => evm.decode(request(row.rlp), { address: request("").account }, emptyBook))).toBe("chain/too-large");
      const [inner] = RLP.decode(raw.subarray(1)) as Item[];
      tallied(tally, row.file, true, () => again(concat(Uint8Array.of(3), RLP.encode(inner as never)), {}));
      // A sidecar that is small enough to be parsed is malformed.
      const small = concat(Uint8Array.of(3), RLP.encode([inner, [], [], []] as never));
      expect(code(() => evm.decode(request(`0x${toHex(small)}`), { address: request("").account }, emptyBook))).toBe("chain/malformed");
    }
    expect(tally.bad).toEqual(fine);
    expect(tally.match).toBe(2);
  });

  test("ethereum/tests: what the latest fork takes comes together again, what it refuses is refused", () => {
    // Advisory: gas rules that need no parsing, which are reasons or a policy's; "not chain 1" is no fault of the bytes.
    const advisory = new Set(["INTRINSIC_GAS_TOO_LOW", "INITCODE_SIZE_EXCEEDED", "INVALID_CHAINID"]);
    type Row = { txbytes: string; result: Record<string, { exception?: string; hash?: string; sender?: string }> };
    const tally = new Tally();
    for (const tests of Object.values(file<Record<string, Record<string, Record<string, Row>>>>("tx/ethtests-transactions-dev.json"))) {
      for (const rows of Object.values(tests)) {
        for (const [name, row] of Object.entries(rows)) {
          const { exception, hash, sender } = row.result.Cancun!;
          const reason = exception?.replace("TransactionException.", "");
          if (reason !== undefined && advisory.has(reason)) {
            tally.unsupported++;
            continue;
          }
          if (reason === "GASLIMIT_PRICE_PRODUCT_OVERFLOW") {
            // A complete parse, and refused as one.
            const { unsigned } = takeApart(bytesOf(row.txbytes));
            const refusals = evm.decode(request(unsigned), { address: request("").account }, emptyBook).refusals;
            expect(refusals.map(({ code }) => code)).toContain("evm/gas-over-cap");
            tally.refused++;
            continue;
          }
          // Bytes that come apart into nothing are handed over as they are.
          let apart: Apart | undefined;
          try {
            apart = takeApart(bytesOf(row.txbytes));
          } catch {
            apart = undefined;
          }
          tallied(tally, name, exception === undefined, () => {
            if (apart === undefined) return evm.decode(request(row.txbytes), { address: request("").account }, emptyBook).id;
            return again(bytesOf(row.txbytes), { sender, hash });
          });
        }
      }
    }
    expect(tally.bad).toEqual(fine);
    expect(tally.match).toBe(28);
    expect(tally.refused).toBe(80 - 28 - tally.unsupported);
    expect(tally.unsupported).toBe(12);
  });
});

describe.skipIf(!shared)(vectorSuite("EVM mainnet transactions"), () => {
  test("80 objects of an RPC node come together again: hash and sender match", () => {
    type Row = Record<string, string> & { accessList?: { address: string; storageKeys: string[] }[]; blobVersionedHashes?: string[] };
    const tally = new Tally();
    const quantity = (hex: string | undefined) =>
      fromHex(((digits) => (digits.length % 2 ? `0${digits}` : digits))((hex ?? "0x").slice(2).replace(/^0+/, "")));
    for (const row of file<Row[]>("real/mainnet-rpc-txs.json")) {
      const access = (row.accessList ?? []).map(({ address, storageKeys }) => [fromHex(address), storageKeys.map((key) => fromHex(key))]);
      const q = (name: string) => quantity(row[name]);
      const tail = [fromHex(row.to ?? "0x"), q("value"), fromHex(row.input!)];
      const signature = [q("v"), q("r"), q("s")];
      const head = [q("chainId"), q("nonce"), q("maxPriorityFeePerGas"), q("maxFeePerGas"), q("gas"), ...tail, access];
      const fields =
        row.type === "0x0"
          ? [q("nonce"), q("gasPrice"), q("gas"), ...tail, ...signature]
          : row.type === "0x2"
            ? [...head, ...signature]
            : [...head, q("maxFeePerBlobGas"), row.blobVersionedHashes?.map((hash) => fromHex(hash)), ...signature];
      const type = row.type === "0x0" ? new Uint8Array(0) : fromHex(`0${row.type!.slice(2)}`);
      tallied(tally, row.hash!, true, () => again(concat(type, RLP.encode(fields as never)), { sender: row.from, hash: row.hash }));
    }
    expect(tally.bad).toEqual(fine);
    expect(tally.match).toBe(80);
  });
});

describe.skipIf(!shared)(vectorSuite("EVM authorizations"), () => {
  type Call = { fn: string; args: [Record<string, unknown>]; result: string | { $bytes: string } };
  const calls = (path: string) => file<{ calls: Call[] }[]>(path).flatMap((row) => row.calls);
  const fieldsOf = (input: Record<string, unknown>) => ({
    chainId: BigInt(input.chainId as number),
    address: (input.contractAddress ?? input.address) as string,
    nonce: BigInt(input.nonce as number),
  });

  test("hashes are those that viem publishes", () => {
    const tally = new Tally();
    for (const { args, result } of calls("tx/viem-hashAuthorization.json")) {
      const expected = typeof result === "string" ? result.slice(2) : result.$bytes;
      const { chainId, address, nonce } = fieldsOf(args[0]);
      tallied(tally, expected, true, () =>
        toHex(authorization.getHash({ chainId, address, nonce })) === expected ? "match" : "another hash",
      );
      // By hand as well, EIP-7702: keccak(0x05 || rlp([chain_id, address, nonce])).
      expect(toHex(keccak_256(concat(Uint8Array.of(5), RLP.encode([chainId, fromHex(address), nonce]))))).toBe(expected);
    }
    expect(tally.bad).toEqual(fine);
    expect(tally.match).toBeGreaterThanOrEqual(5);
  });

  test("authorities are those that viem publishes, as the account of a delegation", () => {
    const tally = new Tally();
    for (const { args, result } of calls("tx/viem-recoverAuthorizationAddress.json")) {
      const input = args[0].authorization as Record<string, unknown>;
      const signature = (args[0].signature ?? input) as Record<string, unknown> | string;
      const parts =
        typeof signature === "string"
          ? { r: signature.slice(0, 66), s: `0x${signature.slice(66, 130)}`, yParity: Number.parseInt(signature.slice(130), 16) % 27 }
          : { r: signature.r, s: signature.s, yParity: Number(signature.yParity) };
      const { chainId, address, nonce } = fieldsOf(input);
      tallied(tally, String(result), true, () => {
        const item = { chainId: Number(chainId), address, nonce: Number(nonce), ...parts };
        const payload = serializeTransaction({
          type: "eip7702",
          chainId: 1,
          nonce: 0,
          gas: 100_000n,
          maxFeePerGas: 1n,
          maxPriorityFeePerGas: 0n,
          to: address as `0x${string}`,
          authorizationList: [item as never],
        });
        const { account } = request(payload);
        const delegation = evm
          .decode(request(payload), { address: account }, emptyBook)
          .effects.find((effect) => effect.kind === "delegation");
        return delegation?.account === result ? "match" : `${delegation?.account} instead of ${result}`;
      });
    }
    expect(tally.bad).toEqual(fine);
    expect(tally.match).toBeGreaterThanOrEqual(3);
  });
});

describe.skipIf(!shared)(vectorSuite("EVM signatures of a hardware wallet"), () => {
  interface Trezor {
    readonly setup: { readonly mnemonic: string; readonly passphrase: string };
    readonly tests: readonly {
      readonly name: string;
      readonly parameters: Record<string, string | number | null>;
      readonly result: { readonly sig_v: string; readonly sig_r: string; readonly sig_s: string };
    }[];
  }
  // One chain id, and the v that it makes, are above 2^53.
  const exact = (name: string): Trezor =>
    JSON.parse(sharedText(`vectors/evm/trezor/trezor-${name}.json`).replace(/("(?:chain_id|sig_v)": *)([0-9]+)/g, '$1"$2"')) as Trezor;
  const files = ["sign_tx", "sign_tx_eip155", "sign_tx_staking", "sign_tx_staking_data_error", "sign_tx_staking_eip1559"];

  test("the same fields under the same key give the same signature", () => {
    const tally = new Tally();
    for (const name of files) {
      const { setup, tests } = exact(name);
      const root = HDKey.fromMasterSeed(mnemonicToSeedSync(setup.mnemonic, setup.passphrase));
      for (const { name: row, parameters: p, result } of tests) {
        // Four rows of a chain that puts a type into a legacy transaction (Wanchain), which is no EVM transaction; three
        // that the device refuses because it shows staking calls by name: for us they are unknown effects.
        if (p.tx_type === 1 || result.sig_r === "0x0") {
          tally.unsupported++;
          continue;
        }
        const q = (key: string): Uint8Array =>
          fromHex(((hex) => (hex === "0" ? "" : hex.padStart(hex.length + (hex.length % 2), "0")))(BigInt(p[key] ?? 0).toString(16)));
        const bytes = (key: string): Uint8Array => fromHex(String(p[key] ?? "").replace(/^0x/, ""));
        const market = p.max_gas_fee !== undefined;
        const call = [q("gas_limit"), bytes("to_address"), q("value"), bytes("data")];
        const unsigned = market
          ? concat(Uint8Array.of(2), RLP.encode([q("chain_id"), q("nonce"), q("max_priority_fee"), q("max_gas_fee"), ...call, []]))
          : RLP.encode([q("nonce"), q("gas_price"), ...call, q("chain_id"), "", ""]);
        tallied(tally, `${name}/${row}`, true, () => {
          const key = root.derive(p.path as string).privateKey!;
          const [chain, account] = [`eip155:${p.chain_id}`, accountOf(key)];
          const intent = evm.decode(request(`0x${toHex(unsigned)}`, chain, account), { address: account }, emptyBook);
          const signatures = sign(intent, key);
          const signed = assemble(intent, signatures);
          const fields = RLP.decode(market ? signed.bytes.subarray(1) : signed.bytes) as Item[];
          const [v, r, s] = fields.slice(-3).map(integer);
          const same = v === BigInt(result.sig_v) && r === BigInt(`0x${result.sig_r}`) && s === BigInt(`0x${result.sig_s}`);
          return same ? "match" : `v ${v} instead of ${result.sig_v}`;
        });
      }
    }
    expect(tally.bad).toEqual(fine);
    expect(tally.unsupported).toBe(7);
    expect(tally.match).toBe(27 + 11 + 8 + 3 + 6 - 7);
  });
});

describe.skipIf(!shared)(vectorSuite("RLP"), () => {
  type Rows = Record<string, { in: unknown; out: string }>;
  const account = request("").account;

  test("encodings that are invalid are malformed: alone, as a typed transaction, and as a field", () => {
    const tally = new Tally();
    for (const [name, row] of Object.entries(file<Rows>("rlp/rlp-invalid.json"))) {
      const bytes = row.out.replace(/^0x/, "");
      tallied(tally, name, false, () => String(RLP.decode(bytesOf(bytes)) && "decoded by the library"));
      for (const payload of [bytes, `02${bytes}`, `01${bytes}`]) {
        tallied(
          tally,
          `${name} as ${payload.slice(0, 2)}`,
          false,
          () => evm.decode(request(`0x${payload}`), { address: account }, emptyBook).id,
        );
      }
    }
    // The library's own errors are no CustodyError: here they are what is asked for.
    tally.refused += tally.crashed.splice(0).length;
    expect(tally.bad).toEqual(fine);
    expect(tally.refused).toBe(26 * 4);
  });

  test("encodings that are valid are the library's, and none of them is a transaction", () => {
    const tally = new Tally();
    for (const [name, row] of Object.entries(file<Rows>("rlp/rlp-valid.json"))) {
      const input = (value: unknown): unknown =>
        Array.isArray(value) ? value.map(input) : typeof value === "string" && value.startsWith("#") ? BigInt(value.slice(1)) : value;
      tallied(tally, name, true, () =>
        toHex(RLP.encode(input(row.in) as never)) === row.out.replace(/^0x/, "") ? "match" : "another encoding",
      );
      tallied(
        tally,
        `${name} as a transaction`,
        false,
        () => evm.decode(request(`0x${row.out.replace(/^0x/, "")}`), { address: account }, emptyBook).id,
      );
    }
    expect(tally.bad).toEqual(fine);
    expect(tally.match).toBe(28);
    expect(tally.refused).toBe(28);
  });
});

describe.skipIf(!shared)(vectorSuite("EVM addresses"), () => {
  const parse = (text: string) => evm.parseAddress("eip155:1", text);

  test("EIP-55 checksums are taken, those of another chain (ERC-1191) are not", () => {
    const { eip55, erc1191 } = file<{ eip55: string[]; erc1191: Record<string, string[]> }>("account/eip55-eip1191.json");
    const tally = new Tally();
    for (const [group, addresses] of Object.entries({ eip55, ...erc1191 })) {
      for (const address of addresses) {
        const lower = address === address.toLowerCase();
        const ours = group === "eip55" || group === "eth_mainnet" || lower || eip55Of(address) === address;
        tallied(tally, `${group} ${address}`, ours, () =>
          parse(address) === (lower ? eip55Of(address) : address) && parse(address.toLowerCase()) === eip55Of(address)
            ? "match"
            : "another",
        );
      }
    }
    expect(tally.bad).toEqual(fine);
    expect(tally.match).toBeGreaterThanOrEqual(17);
    expect(tally.match + tally.refused).toBe(43);
  });

  // EIP-55 by its text, so that the library is not compared with itself.
  function eip55Of(address: string): string {
    const digits = address.slice(2).toLowerCase();
    const hash = toHex(keccak_256(new TextEncoder().encode(digits)));
    return `0x${[...digits].map((digit, i) => (Number.parseInt(hash[i]!, 16) > 7 ? digit.toUpperCase() : digit)).join("")}`;
  }

  test("keys have their published addresses", () => {
    const tally = new Tally();
    for (const { name, privateKey, address } of file<{ name: string; privateKey: string; address: string }[]>(
      "account/ethers-accounts.json",
    )) {
      tallied(tally, name, true, () => (accountOf(bytesOf(privateKey)) === address && parse(address) === address ? "match" : "another"));
    }
    for (const { key, addr: address } of file<{ key: string; addr: string }[]>("account/keyaddr.json")) {
      tallied(tally, key, true, () => (accountOf(bytesOf(key)) === parse(`0x${address}`) ? "match" : "another"));
    }
    expect(tally.bad).toEqual(fine);
    expect(tally.match).toBe(261);
  });

  test("what viem calls no address is none", () => {
    const tally = new Tally();
    for (const { args, result } of file<{ calls: { args: [string]; result: boolean }[] }[]>("account/viem-isAddress.json").flatMap(
      (row) => row.calls,
    )) {
      tallied(tally, args[0], result, () => (parse(args[0]) ? "match" : "nothing"));
    }
    expect(tally.bad).toEqual(fine);
    expect([tally.match, tally.refused]).toEqual([1, 6]);
  });

  test("a created contract has its published address", () => {
    const tally = new Tally();
    for (const { sender, creates } of file<{ sender: string; creates: { name: string; nonce: number; address: string }[] }[]>(
      "account/ethers-create.json",
    )) {
      for (const { name, nonce, address } of creates.slice(0, 4)) {
        tallied(tally, name, true, () => {
          const payload = serializeTransaction({
            chainId: 1,
            nonce,
            gas: 100_000n,
            maxFeePerGas: 1n,
            maxPriorityFeePerGas: 0n,
            data: "0x00",
          });
          const deploy = evm.decode(request(payload, "eip155:1", sender), { address: sender }, emptyBook).effects[0];
          return deploy?.kind === "deploy" && deploy.contract === address ? "match" : `${deploy?.contract}`;
        });
      }
    }
    expect(tally.bad).toEqual(fine);
    expect(tally.match).toBe(64);
  });
});

secp.hashes.sha256 = (message) => sha256(message);
secp.hashes.hmacSha256 = (key, message) => hmac(sha256, key, message);
