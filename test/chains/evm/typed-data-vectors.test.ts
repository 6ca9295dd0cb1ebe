import { TypedDataEncoder } from "ethers";
import { hashTypedData } from "viem";
import { describe, expect, test } from "vitest";
import { toHex } from "../../../src/base/bytes.ts";
import type { Json, JsonObject } from "../../../src/base/canonical.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { hashStruct } from "../../../src/chains/evm/encode-data.ts";
import { typedDataOf } from "../../../src/chains/evm/typed-data.ts";
import { DOMAIN, readSchema } from "../../../src/chains/evm/typed-schema.ts";
import { newWork } from "../../../src/chains/evm/work.ts";
import { shared, sharedFile, Tally, vectorSuite } from "../../shared.ts";
import { ACCOUNT } from "./fixtures.ts";

interface Typed {
  readonly types: { readonly [name: string]: { name: string; type: string }[] };
  readonly primaryType: string;
  readonly domain: JsonObject;
  readonly message: JsonObject;
}

const VECTORS = "vectors/evm/eip712";

/** Digest, or the message of the refusal; anything else than a refusal is thrown on. */
function ours(payload: unknown): { readonly digest?: string; readonly refusal?: string } {
  try {
    return { digest: `0x${toHex(typedDataOf(payload as Json, newWork()).digest)}` };
  } catch (error) {
    if (error instanceof CustodyError && error.code === "chain/malformed") return { refusal: error.message };
    throw error;
  }
}

const byViem = (typed: Typed): string => hashTypedData(typed as never);
const byEthers = ({ types: { EIP712Domain: _, ...types }, domain, message }: Typed): string =>
  TypedDataEncoder.hash(domain as never, types, message);

/** Both peers have our digest, or we have refused and say so in `deliberate`. */
function compare(tally: Tally, name: string, typed: Typed, deliberate: { readonly [name: string]: string }): void {
  const { digest, refusal } = ours(typed);
  if (refusal !== undefined) {
    if (deliberate[name] !== undefined && refusal.includes(deliberate[name])) tally.refused++;
    else tally.wrong.push(`${name}: ${refusal}`);
  } else if (digest === byViem(typed) && digest === byEthers(typed)) tally.match++;
  else tally.wrong.push(`${name}: another digest than viem and ethers`);
}

/** As they were captured: bigints, bytes and what is undefined are written as objects. */
function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  const captured = value as { $bigint?: string; $bytes?: string; $undefined?: true };
  if (captured.$bigint !== undefined) return captured.$bigint;
  if (captured.$bytes !== undefined) return `0x${captured.$bytes}`;
  const members = Object.entries(value).filter(([, member]) => !(member as { $undefined?: true } | null)?.$undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, revive(member)]));
}

interface Captured {
  readonly test: string;
  readonly calls: readonly { readonly fn: string; readonly args: readonly unknown[]; readonly result?: unknown }[];
  readonly expects: readonly { readonly threw?: boolean; readonly expected?: unknown }[];
}

describe.skipIf(!shared)(vectorSuite("EIP-712 typed data"), () => {
  test("the example of EIP-712: types, hashes, digest", () => {
    const { typedData, expected } = sharedFile<{ typedData: Typed; expected: Record<string, string> }>(`${VECTORS}/eip712-mail.json`);
    const { digest, struct } = typedDataOf(typedData as unknown as Json, newWork());
    expect(struct.encoded).toBe(expected["encodeType('Mail')"]);
    expect(`0x${toHex(struct.hash)}`).toBe(expected["ethUtil.bufferToHex(typeHash('Mail'))"]);
    expect(`0x${toHex(digest)}`).toBe(expected["ethUtil.bufferToHex(signHash())"]);
    const schema = readSchema(typedData.types as unknown as Json, "Mail", Object.keys(typedData.domain), newWork());
    const hash = (name: string, value: Json) => `0x${toHex(hashStruct(name, value, "", { schema, work: newWork() }).word)}`;
    expect(hash("Mail", typedData.message)).toBe(expected["ethUtil.bufferToHex(structHash(typedData.primaryType, typedData.message))"]);
    expect(hash(DOMAIN, typedData.domain)).toBe(expected["ethUtil.bufferToHex(structHash('EIP712Domain', typedData.domain))"]);
  });

  test("what wallets are asked to sign (Ledger's inputs): the digests of viem and ethers", () => {
    const inputs = Object.entries(sharedFile<Record<string, Typed>>(`${VECTORS}/ledger-eip712-inputs.json`)).filter(
      ([name]) => !name.includes("filter"),
    );
    const deliberate = {
      // Their messages have a member that the type has not, and bytes of 65 digits.
      "01-addresses_array_mail-data.json": "message: expected only the members of Mail",
      "14-rabby_bug-data.json": "message.basicCollections[0].fee: expected 0x and whole bytes",
    };
    const tally = new Tally();
    for (const [name, typed] of inputs) compare(tally, name, typed, deliberate);
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect([tally.match, tally.refused]).toEqual([18, 2]);
  });

  test("viem's own: digests, domain separators, and what it refuses", () => {
    const rows = [
      ...sharedFile<Captured[]>(`${VECTORS}/viem-hashTypedData.json`),
      ...sharedFile<Captured[]>(`${VECTORS}/viem-typedData.json`),
    ];
    // A domain without members is valid everywhere, EIP712Domain as a message has none, other members of a domain are
    // not standard, and half a byte is none.
    const deliberate = [
      "no domain",
      "minimal valid typed message",
      "typed message with a domain separator that uses all fields.",
      "typed message with only custom domain separator fields",
      "https://github.com/wevm/viem/issues/4095",
      "validateTypedData > EIP712Domain as primaryType",
      "domainSeparator > empty",
    ];
    const tally = new Tally();
    const refusedBy = new Set<string>();
    for (const { test: name, calls, expects } of rows) {
      for (const { fn, args, result } of calls) {
        if (fn === "serializeTypedData") {
          tally.unsupported++;
          continue;
        }
        const given = revive(args[0]) as Record<string, Json>;
        const threw = expects.some((expectation) => expectation.threw === true);
        // What has no domain of its own gets one, so that it is not this that we refuse.
        const completed: Record<string, Json> = { domain: {}, message: {}, ...given };
        if (threw) {
          const { EIP712Domain, ...types } = (completed.types ?? {}) as Record<string, Json[]>;
          if (Object.keys(completed.domain as object).length === 0) completed.domain = { name: "x" };
          completed.types = EIP712Domain?.length && given.domain !== undefined ? (given.types ?? {}) : types;
        }
        const { digest, refusal } =
          fn === "domainSeparator"
            ? hashOf({ T: [] }, "T", DOMAIN, given.domain)
            : fn === "hashStruct"
              ? hashOf(given.types, given.primaryType, given.primaryType as string, given.data)
              : ours(completed);
        if (threw) {
          if (refusal === undefined) tally.accepted.push(name);
          else tally.refused++;
        } else if (refusal !== undefined) {
          refusedBy.add(name);
          if (deliberate.includes(name)) tally.refused++;
          else tally.wrong.push(`${name}: ${refusal}`);
        } else if (fn === "validateTypedData" ? digest !== undefined : digest === result) tally.match++;
        else tally.wrong.push(`${name}: ${digest}`);
      }
    }
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect([...refusedBy].sort()).toEqual([...deliberate].sort());
    expect([tally.match, tally.refused, tally.unsupported]).toEqual([9, 24, 4]);
  });

  function hashOf(types: Json | undefined, primaryType: Json | undefined, name: string, value: Json | undefined): ReturnType<typeof ours> {
    try {
      const present = name === DOMAIN ? Object.keys(value as JsonObject) : ["name"];
      const schema = readSchema(types, primaryType, present, newWork());
      return { digest: `0x${toHex(hashStruct(name, value, name, { schema, work: newWork() }).word)}` };
    } catch (error) {
      if (error instanceof CustodyError) return { refusal: error.message };
      throw error;
    }
  }

  test("the registry of ERC-7730: the digests of viem and ethers, or a wrong checksum", () => {
    const { tests } = sharedFile<{ tests: Record<string, { data?: Typed }[]> }>("vectors/evm/erc7730/erc7730-registry-dev.json");
    const tally = new Tally();
    for (const [file, cases] of Object.entries(tests)) {
      for (const { data } of cases) {
        if (data === undefined) continue;
        const { digest, refusal } = ours(data);
        if (digest !== undefined) {
          if (digest === byViem(data) && digest === byEthers(data)) tally.match++;
          else tally.wrong.push(file);
        } else if (refusal?.includes("EIP-55 checksum")) {
          // All capitals carry no checksum. ethers takes them; this package has one rule for addresses, everywhere.
          if (!/0x[0-9A-F]{40}/.test(JSON.stringify(data))) expect(() => byEthers(data), file).toThrow(/bad address checksum/);
          tally.refused++;
        } else tally.wrong.push(`${file}: ${refusal}`);
      }
    }
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect(tally.match).toBeGreaterThanOrEqual(78);
    expect(tally.refused).toBe(11);
  });

  test("what MetaMask's test dapp asks for: what is malformed is refused", () => {
    const rows = sharedFile<{ button: string; method: string; class: string; params: unknown[] }[]>(
      "vectors/malicious/metamask-test-dapp-requests.json",
    );
    const deliberate: { readonly [button: string]: string } = {
      // The domain has a version that its type has not; an order has a member that its type has not; a type that nothing
      // needs; version 1, which is a list; an address that is none where there is no deployment.
      signPermitBatch: "domain: expected only the members",
      signSeaportBulkOrder: "message.tree[0][0]: expected only the members",
      signTypedDataV4: "types.Group: expected only what the primary type needs",
      signTypedData: "typed data: expected an object or its JSON text",
      sign721Permit: "message.spender: expected an address",
    };
    const tally = new Tally();
    for (const { button, method, class: kind, params } of rows) {
      if (!method.startsWith("eth_signTypedData")) continue;
      const payload = params.find((each) => typeof each !== "string" || each.includes("{"));
      const { digest, refusal } = ours(typeof payload === "string" ? payload.replaceAll("<ACCOUNT>", ACCOUNT) : payload);
      if (kind === "malformed") {
        if (digest === undefined) tally.refused++;
        else tally.accepted.push(button);
      } else if (digest !== undefined) tally.match++;
      else if (deliberate[button] !== undefined && refusal?.includes(deliberate[button])) tally.refused++;
      else tally.wrong.push(`${button}: ${refusal}`);
    }
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect([tally.match, tally.refused]).toEqual([4, 11]);
  });
});
