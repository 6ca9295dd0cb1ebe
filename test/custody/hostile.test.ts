import { secp256k1 } from "@noble/curves/secp256k1.js";
import { address as bitcoinAddress } from "bitcoinjs-lib";
import { Transaction } from "micro-eth-signer";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { bitcoin } from "../../src/chains/bitcoin/index.ts";
import type { Chain } from "../../src/chains/chain.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { keyward } from "../../src/index.ts";
import { makePsbt, type Owner, owner as ownerOf, TYPES } from "../chains/bitcoin/made.ts";
import { freshStore } from "../here/fresh-store.ts";
import { shared, sharedFile, Tally, vectorSuite } from "../shared.ts";
import {
  ACCOUNT,
  CHAIN,
  checkedLog,
  codeOf,
  document,
  ETHER,
  ethLimit,
  FRIEND,
  hookedChain,
  kindsOf,
  MALLORY,
  type Opened,
  openCustody,
  payments,
  request,
  slot,
  transaction,
  USDC,
  usdc,
} from "./fixture.ts";

interface Case {
  readonly id: string;
  readonly kind: string;
  readonly input: {
    readonly raw?: string;
    readonly digest?: string;
    readonly psbt?: string;
    readonly round2?: string;
    readonly [typedData: string]: unknown;
  };
  readonly expected: { readonly outcome: string; readonly maxMs?: number };
}

interface Cases {
  readonly context: {
    readonly evm: { readonly account: string; readonly privateKeyTestOnly: string };
    readonly btc: { readonly rootSeedHexTestOnly: string; readonly descriptor: string };
  };
  readonly cases: readonly Case[];
}

const BITCOIN = "bip122:000000000019d6689c085ae165831e93";

/** Which ends are as good as the one that a case asks for. */
const GOOD_ENDS: { readonly [outcome: string]: RegExp } = {
  malformed: /^(chain|request)\/(malformed|too-large)$/,
  unsupported: /^request\/(malformed|unsupported)$/,
  deny: /^denied$/,
  "unknown-effect": /^denied$/,
  sign: /^signed$/,
};

/** How a request ended: the kind of its outcome, or the code of its error. */
async function end(me: Opened["me"], asked: unknown): Promise<string> {
  try {
    return (await me.sign(asked)).kind;
  } catch (cause) {
    return codeOf(Promise.reject(cause));
  }
}

describe.skipIf(!shared)(vectorSuite("hostile cases under P0"), () => {
  const { context, cases } = shared ? sharedFile<Cases>("cases/hostile.json") : { context: undefined, cases: [] };
  const mine = cases.filter(({ kind }) => kind !== "keystore.import");

  /** As a request of `account`; a case of several rounds asks several times. */
  function asked({ kind, input }: Case, account = ACCOUNT): readonly unknown[] {
    switch (kind) {
      case "evm.rawHash":
        return [{ ...request(input.digest), kind: "rawHash" }];
      case "evm.typedData":
        return [{ ...request(input), kind: "typedData" }];
      case "btc.psbt":
        return [input.psbt, input.round2]
          .filter((psbt) => psbt !== undefined)
          .map((payload) => ({ chain: BITCOIN, account, kind: "psbt", payload }));
      default:
        // 10 MiB of call data for FRIEND: the size is in the length, so the bytes need not be a transaction any more.
        return [request(input.raw ?? `${transaction({ to: FRIEND })}${"ab".repeat(10 * 1024 * 1024)}`)];
    }
  }

  /** A vault under P0 with the account of the cases' context. */
  async function openEvm(assembled: () => unknown = () => undefined) {
    const privateKey = fromHex(context?.evm.privateKeyTestOnly ?? "");
    const opened = await openCustody({
      policy: p0(),
      wallet: { from: "privateKey", privateKey },
      chains: [hookedChain({ assembled }), bitcoin],
    });
    expect(opened.account.address).toBe(context?.evm.account);
    return opened;
  }

  async function openBitcoin(assembled: () => unknown = () => undefined) {
    const custody = keyward({ store: freshStore(), chains: [evm, counted(bitcoin, assembled)], autoLockMs: Number.POSITIVE_INFINITY });
    await custody.create({ slot, policy: p0(), wallet: { from: "seed", seed: fromHex(context?.btc.rootSeedHexTestOnly ?? "") } });
    const me = await custody.session({ person: "owner" });
    const account = await me.accounts.derive({ chain: BITCOIN, name: "Coins" });
    expect(account.descriptor).toBe(context?.btc.descriptor);
    return { custody, me, account };
  }

  test("each ends as it must, and only the positive control leaves a signature", async () => {
    let assembled = 0;
    const here = await openEvm(() => assembled++);
    const there = await openBitcoin(() => assembled++);
    const tally = new Tally();
    for (const each of mine) {
      const { custody, me, account } = each.kind === "btc.psbt" ? there : here;
      for (const one of asked(each, account.address)) {
        const began = performance.now();
        const before = (await checkedLog(custody)).length;
        const outcome = await end(me, one);
        if (GOOD_ENDS[each.expected.outcome]?.test(outcome)) tally.match++;
        else if (outcome === "signed") tally.accepted.push(each.id);
        else tally.wrong.push(`${each.id}: expected ${each.expected.outcome}, got ${outcome}`);
        expect(performance.now() - began, each.id).toBeLessThan(each.expected.maxMs === undefined ? 10_000 : 10 * each.expected.maxMs);
        const kinds = (await checkedLog(custody)).slice(before).map(({ kind }) => kind);
        expect(kinds, each.id).toEqual(outcome === "signed" ? ["reserved", "signed"] : ["denied"]);
      }
    }
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect(mine.length).toBe(25);
    // D22 has two rounds.
    expect(tally.match).toBe(26);
    expect(assembled).toBe(1);
  });

  // What a case must be denied for, in our words; the rest of the cases is denied by a rule of P0 or as malformed.
  test.each([
    ["D14", "policy/not-allowed"],
    ["D16", "evm/chain-mismatch"],
    ["D19", "policy/not-allowed"],
    ["D20", "policy/not-allowed"],
    ["D23", "bitcoin/sighash"],
    ["D24", "policy/not-allowed"],
  ])("%s is denied for what is wrong with it", async (id, code) => {
    const each = mine.find((one) => one.id === id);
    if (each === undefined) throw new Error(`${id} is missing`);
    const { me, account } = await (each.kind === "btc.psbt" ? openBitcoin() : openEvm());
    for (const one of asked(each, account.address)) {
      const outcome = await me.sign(one);
      expect(outcome.kind === "denied" && outcome.reasons.map((reason) => reason.code)).toContain(code);
    }
  });

  test("P0 lets through what it is for: ETH, USDC, an ERC-3009 authorization, and Bitcoin of each type", async () => {
    const { me } = await openEvm();
    const authorization = structuredClone(mine.find(({ id }) => id === "D20")?.input) as {
      message: { to: string; value: string };
    };
    authorization.message.to = FRIEND;
    authorization.message.value = "25000000";
    const allowed = [
      request(transaction({ value: ETHER / 100n })),
      request(usdc({ nonce: 1, amount: 100_000_000n })),
      { ...request(authorization), kind: "typedData" },
    ];
    for (const one of allowed) expect((await me.sign(one)).kind).toBe("signed");
    const { custody } = await openBitcoin();
    const owner = await custody.session({ person: "owner" });
    for (const type of TYPES) {
      const account =
        type === "wpkh" ? (await custody.accounts())[0] : await owner.accounts.derive({ chain: BITCOIN, name: `Coins ${type}`, type });
      const payload = payment(ownerOf(type, fromHex(context?.btc.rootSeedHexTestOnly ?? "")));
      expect((await owner.sign({ chain: BITCOIN, account: account?.id, kind: "psbt", payload })).kind, type).toBe("signed");
    }
  });

  test("10 MiB of call data are refused within their time", async () => {
    const { me } = await openEvm();
    const big = mine.find(({ id }) => id === "D05");
    if (big === undefined) throw new Error("D05 is missing");
    const [payload] = asked(big);
    const began = performance.now();
    expect(await end(me, payload)).toMatch(/^(chain|request)\/(malformed|too-large)$/);
    expect(performance.now() - began).toBeLessThan(big.expected.maxMs ?? 0);
  });

  test("the positive control is signed by the account of the context (D26)", async () => {
    const { me } = await openCustody({ policy: p0(), chains: [hookedChain({}), bitcoin] });
    const control = mine.find(({ id }) => id === "D26");
    const outcome = await me.sign(request(control?.input.raw));
    if (outcome.kind !== "signed") throw new Error(outcome.kind);
    const signed = Transaction.fromHex(toHex(outcome.bytes));
    expect(signed.recoverSender().address).toBe(context?.evm.account);
    expect(signed.toHex({ includeSignature: false })).toBe(control?.input.raw);
  });
});

/** A payment of 0.0005 BTC to the friend of P0, with change. */
function payment(who: Owner): string {
  const script = Uint8Array.from(bitcoinAddress.toOutputScript("bc1qhwudxquswckz8td2emg5gh8czdnrkxmkezvw3k"));
  return makePsbt({
    coins: [{ who, path: [0, 0], value: 1_000_000n, witnessUtxo: "also" }],
    paid: [
      { script, value: 50_000n },
      { change: { who, path: [1, 0] }, value: 948_000n },
    ],
  }).toBase64();
}

/** A chain with a look at every signature that was put together. */
function counted(chain: Chain, assembled: () => unknown): Chain {
  return {
    ...chain,
    assemble(...given) {
      const signed = chain.assemble(...given);
      assembled();
      return signed;
    },
  };
}

function p0(): unknown {
  return sharedFile("cases/p0.json");
}

describe("hostile requests of our own", () => {
  const word = (value: bigint) => value.toString(16).padStart(64, "0");
  const call = (to: string, data: string, more: object = {}) => transaction({ to, data, gasLimit: 100_000n, ...more });
  const good = transaction({ value: 1n });
  const signedAlready = () => {
    const raw = Transaction.fromHex(good, false);
    return `0x${raw
      .signBy(fromHex("46".repeat(32)))
      .toHex()
      .replace(/^0x/, "")}`;
  };
  const other = toHex(secp256k1.getPublicKey(new Uint8Array(32).fill(9)));

  test.each<[string, () => unknown, RegExp]>([
    ["a transaction for another chain than the request", () => request(transaction({ chainId: 137n })), /^denied$/],
    ["a chain whose accounts pay with the same key", () => ({ ...request(transaction({ chainId: 10n })), chain: "eip155:10" }), /^denied$/],
    ["a chain with a leading zero", () => ({ ...request(good), chain: "eip155:01" }), /^request\/malformed$/],
    [
      "a chain that nobody gave to keyward",
      () => ({ ...request(good), chain: "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp" }),
      /^chain\/unknown$/,
    ],
    ["an account that is not ours", () => ({ ...request(good), account: MALLORY }), /^vault\/no-such-account$/],
    ["a transaction that is signed already", () => request(signedAlready()), /^chain\/malformed$/],
    ["two transactions in one", () => request(good + good.slice(2)), /^chain\/malformed$/],
    ["a transaction that ends early", () => request(good.slice(0, -2)), /^chain\/malformed$/],
    ["a type of transaction that does not exist", () => request(`0x7f${good.slice(4)}`), /^chain\/malformed$/],
    ["the hash of a transaction", () => request(`0x${"11".repeat(32)}`), /^chain\/malformed$/],
    ["half a byte", () => request(good.slice(0, -1)), /^(chain|request)\/malformed$/],
    ["a contract creation", () => request(creation()), /^denied$/],
    [
      "an allowance for a friend, who may only be paid",
      () => request(call(USDC, `0x095ea7b3${word(BigInt(FRIEND))}${word(5n)}`)),
      /^denied$/,
    ],
    [
      "a transfer of a friend's tokens to mallory",
      () => request(call(USDC, `0x23b872dd${word(BigInt(FRIEND))}${word(BigInt(MALLORY))}${word(5n)}`)),
      /^denied$/,
    ],
    ["a token transfer to mallory", () => request(usdc({ amount: 1n, to: MALLORY })), /^denied$/],
    ["a token transfer with ether on top", () => request(call(USDC, usdcData(1n), { value: 1n })), /^denied$/],
    ["a token transfer with bytes after it", () => request(call(USDC, `${usdcData(1n)}00`)), /^denied$/],
    ["a token transfer with bytes missing", () => request(call(USDC, usdcData(1n).slice(0, -2))), /^denied$/],
    ["a payment to a friend that carries call data", () => request(call(FRIEND, "0xa9059cbb", { value: 1n })), /^denied$/],
    ["a fee that eats the account", () => request(transaction({ feePerGas: 10n ** 15n })), /^denied$/],
    ["more gas than any block has", () => request(transaction({ feePerGas: 1n, gasLimit: 2n ** 40n })), /^denied$/],
    ["a key instead of bytes", () => request(`0x${other}`), /^chain\/malformed$/],
    ["text that says it is allowed", () => request({ kind: "allowed", reasons: [], needs: [] }), /^request\/malformed$/],
  ])("%s", async (_, make, ends) => {
    let assembled = 0;
    const { custody, me } = await openCustody({ chains: [hookedChain({ assembled: () => assembled++ })] });
    expect(await end(me, make())).toMatch(ends);
    expect(assembled).toBe(0);
    expect(kindsOf(await checkedLog(custody))).toBe("created policy account session account denied");
  });

  test("the same payment under another nonce is another intent, and both count against their limit", async () => {
    const { me } = await openCustody({ policy: payments([{ id: "count", limit: ["transfer"], max: 1, per: "1h" }]) });
    expect((await me.sign(request(transaction({ nonce: 0 })))).kind).toBe("signed");
    expect((await me.sign(request(transaction({ nonce: 1 })))).kind).toBe("denied");
  });

  test("a flood of requests for other people's accounts takes nothing from the limits", async () => {
    const { me } = await openCustody({ policy: payments([ethLimit("1 ETH")]) });
    for (let n = 0; n < 20; n++) expect(await end(me, request(transaction({ nonce: n, to: MALLORY, value: ETHER })))).toBe("denied");
    expect(await end(me, request(transaction({ value: ETHER })))).toBe("signed");
  });

  test("what another chain's policy allows is not allowed here, whatever the request calls the chain", async () => {
    const elsewhere = document(
      [
        { id: "pay", allow: ["transfer"], when: { asset: "MATIC", to: "@book" } },
        { id: "fee", allow: ["fee"], when: { asset: "MATIC" } },
      ],
      {
        more: {
          assets: { MATIC: { chain: "eip155:137", asset: "native", decimals: 18 } },
          book: { friend: { chain: "eip155:137", address: FRIEND } },
          lists: { book: ["friend"] },
        },
      },
    );
    const { me } = await openCustody({ policy: elsewhere });
    const there = transaction({ chainId: 137n, value: 1n });
    expect(await end(me, { chain: "eip155:137", account: ACCOUNT, kind: "transaction", payload: there })).toBe("signed");
    expect(await end(me, { chain: CHAIN, account: ACCOUNT, kind: "transaction", payload: there })).toBe("denied");
    expect(await end(me, request(good))).toBe("denied");
  });

  function usdcData(amount: bigint): string {
    return `0xa9059cbb${word(BigInt(FRIEND))}${word(amount)}`;
  }

  /** The unsigned transaction of {@link good} without a recipient: RLP of type 2 with an empty `to`. */
  function creation(): string {
    const raw = Transaction.fromHex(good, false).raw as Record<string, unknown>;
    return Transaction.prepare({ ...raw, type: "eip1559", to: "0x", data: "0x6001600155", gasLimit: 100_000n } as never, false).toHex({
      includeSignature: false,
    });
  }
});
