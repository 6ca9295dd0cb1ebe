import fc, { type Arbitrary } from "fast-check";
import { describe, expect, test } from "vitest";
import { exampleAccounts, exampleAddress } from "../../src/chains/bitcoin/example-account.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { reading } from "../../src/cli/chains.ts";
import { compose, requestFor } from "../../src/cli/compose.ts";
import { emptyBook } from "../../src/intent/book.ts";
import { type Effect, UNLIMITED } from "../../src/intent/effect.ts";
import type { Request } from "../../src/intent/intent.ts";
import { effects as wildEffects } from "../policy/generate.ts";
import { APES, CARDS, ETH, FRIEND, holds, MAIN, namedPolicy, OTHER, PERMIT2, POOL, TESTNET, USDC } from "./composed.ts";

const NOW = Date.UTC(2026, 0, 5, 12);
const policy = namedPolicy([]);

/** What our decoder reads in the request that was handed out, in a reading of its own. */
function read(request: Request): readonly Effect[] {
  return reading.intent(JSON.parse(JSON.stringify(request)) as Request, { policy }).effects;
}

const uint = (bits: number) =>
  fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }),
    fc.constantFrom(0n, 1n, 2n ** BigInt(bits) - 1n, 2n ** BigInt(bits - 1) - 1n, 2n ** BigInt(bits - 1)),
  );
const address = fc.oneof(
  fc.constantFrom(FRIEND, OTHER),
  fc.bigInt({ min: 1n, max: 2n ** 160n - 1n }).map((number) => evm.parseAddress(ETH, `0x${number.toString(16).padStart(40, "0")}`)),
);
/** Below this contracts take an amount for what it is, and from it on for no limit. */
const tokenAmount = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 255n - 1n }), fc.constantFrom(0n, 1n, 2n ** 255n - 1n, UNLIMITED));
const on: Pick<Effect, "at" | "chain"> = { at: [], chain: ETH };
const sats = fc.oneof(fc.bigInt({ min: 546n, max: 10n ** 15n }), fc.constantFrom(546n, 2n * 10n ** 15n));
const recipient = (chain: string) => fc.integer({ min: 1, max: 50 }).map((number) => exampleAddress(chain, number));
const text = fc.string({ minLength: 1, maxLength: 20 }).filter((one) => !/^\s*keyward\s*$/iu.test(one) && /^[^\p{Cc}\p{Cs}]+$/u.test(one));
const end = fc.oneof(fc.bigInt({ min: 1n, max: 2n ** 48n - 2n }), fc.constant(UNLIMITED));

/** Effects that some request can have, whole or with fields left open, by what they are. */
const COMPOSABLE: { readonly [what: string]: Arbitrary<readonly Effect[]> } = {
  "native transfer": fc.tuple(address, uint(256)).map(([to, amount]) => [{ kind: "transfer", ...on, asset: "native", to, amount }]),
  "transfer from an account": fc
    .tuple(address, address, uint(80))
    .map(([account, to, amount]) => [{ kind: "transfer", ...on, account, asset: "native", to, amount, contract: to }]),
  "native transfer with its fee": fc
    .tuple(address, uint(79), fc.bigInt({ min: 21_000n, max: 16_000_000n }), uint(60))
    .map(([to, amount, gas, price]) => [
      { kind: "transfer", ...on, asset: "native", to, amount },
      { kind: "fee", ...on, asset: "native", amount: gas * price, gas, feeRate: price },
    ]),
  "fee that people write": fc
    .tuple(address, fc.integer({ min: 1, max: 50_000 }), fc.constantFrom(9n, 12n, 15n, 18n))
    .map(([to, digits, decimals]) => [
      { kind: "transfer", ...on, asset: "native", to, amount: 1n },
      { kind: "fee", ...on, asset: "native", amount: BigInt(digits) * 10n ** decimals },
    ]),
  "fee by its limit or its price": fc
    .tuple(fc.bigInt({ min: 21_000n, max: 16_000_000n }), fc.bigInt({ min: 1n, max: 10n ** 15n }), fc.constantFrom("gas", "feeRate"))
    .map(([gas, feeRate, which]) => [
      { kind: "transfer", ...on, asset: "native", to: FRIEND, amount: 1n },
      { kind: "fee", ...on, asset: "native", amount: gas * feeRate, ...(which === "gas" ? { gas } : { feeRate }) },
    ]),
  "fee of a chain where it has no bound": fc.bigInt({ min: 1n, max: 10n ** 12n }).map((feeRate) => [
    { kind: "transfer", at: [], chain: "eip155:8453", asset: "native", to: FRIEND, amount: 1n },
    { kind: "fee", at: [], chain: "eip155:8453", feeRate },
  ]),
  "token transfer": fc
    .tuple(address, tokenAmount, fc.option(fc.constantFrom("0xa9059cbb", "0x23b872dd"), { nil: undefined }))
    .map(([to, amount, selector]) => [
      { kind: "transfer", ...on, asset: `erc20:${USDC}`, to, amount, ...(selector !== undefined && { selector }) },
    ]),
  "token transfer of somebody else": fc
    .tuple(address, fc.constant(OTHER), tokenAmount)
    .map(([to, party, amount]) => [{ kind: "transfer", ...on, asset: `erc20:${USDC}`, to, party, amount, contract: USDC }]),
  "payment and call in one": fc.tuple(uint(79), uint(256), fc.boolean()).map(([value, amount, wrap]) => [
    { kind: "transfer", ...on, asset: "native", to: POOL, amount: value + 1n },
    { kind: "call", ...on, contract: POOL, function: "deposit(uint256,address,bool)", args: { amount, to: FRIEND, wrap } },
  ]),
  "one of a kind": fc
    .tuple(address, uint(256), fc.option(fc.constantFrom("0x23b872dd", "0x42842e0e", "0xb88d4fde"), { nil: undefined }))
    .map(([to, tokenId, selector]) => [
      { kind: "transfer", ...on, asset: `erc721:${APES}`, to, tokenId, amount: 1n, ...(selector !== undefined && { selector }) },
    ]),
  "many of a kind": fc
    .tuple(address, fc.array(fc.tuple(uint(256), tokenAmount), { minLength: 1, maxLength: 5 }))
    .map(([to, tokens]) =>
      tokens.map(([tokenId, amount]) => ({ kind: "transfer", ...on, asset: `erc1155:${CARDS}`, to, tokenId, amount }) as const),
    ),
  "transfer by signature": fc
    .tuple(address, tokenAmount, end)
    .map(([to, amount, expiry]) => [{ kind: "transfer", ...on, asset: `erc20:${USDC}`, to, amount, expiry, outlives: true }]),
  allowance: fc
    .tuple(address, tokenAmount)
    .map(([to, amount]) => [{ kind: "allowance", ...on, asset: `erc20:${USDC}`, to, amount, expiry: UNLIMITED }]),
  "allowance by increase": fc
    .tuple(address, tokenAmount)
    .map(([to, amount]) => [{ kind: "allowance", ...on, asset: `erc20:${USDC}`, to, amount, selector: "0x39509351" }]),
  "allowance of one of a kind": fc
    .tuple(address, uint(256))
    .map(([to, tokenId]) => [{ kind: "allowance", ...on, asset: `erc721:${APES}`, to, tokenId, amount: 1n }]),
  operatorAllowance: fc
    .tuple(address, fc.constantFrom(`erc721:${APES}`, `erc1155:${CARDS}`))
    .map(([to, asset]) => [{ kind: "operatorAllowance", ...on, asset, to }]),
  "permit of a token": fc
    .tuple(address, tokenAmount, fc.option(text, { nil: undefined }))
    .map(([to, amount, domain]) => [
      { kind: "signedAllowance", ...on, asset: `erc20:${USDC}`, to, amount, replayable: false, ...(domain !== undefined && { domain }) },
    ]),
  "permit by Permit2": fc
    .tuple(
      address,
      fc.array(fc.tuple(fc.constantFrom(USDC, FRIEND), fc.bigInt({ min: 0n, max: 2n ** 159n - 1n })), { minLength: 1, maxLength: 4 }),
      fc.oneof(fc.bigInt({ min: 1n, max: 2n ** 48n - 2n }), fc.constantFrom(0n, UNLIMITED)),
      fc.constantFrom("PermitBatch", "PermitBatchTransferFrom", undefined),
    )
    .map(([to, tokens, expiry, primaryType]) =>
      tokens.map(
        ([token, amount]) =>
          ({
            kind: "signedAllowance",
            ...on,
            asset: `erc20:${token}`,
            to,
            amount,
            expiry,
            contract: PERMIT2,
            domain: "Permit2",
            ...(primaryType !== undefined && { primaryType }),
          }) as const,
      ),
    ),
  "named function": fc
    .tuple(uint(256), address, fc.boolean())
    .map(([amount, to, wrap]) => [
      { kind: "call", ...on, contract: POOL, function: "deposit(uint256,address,bool)", args: { amount, to, wrap } },
    ]),
  "named function with texts": fc
    .tuple(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.string({ unit: "grapheme", maxLength: 70 }))
    .map(([by, note]) => [{ kind: "call", ...on, function: "exit(bytes4,int64,string)", args: { how: "0x01020304", by, note } }]),
  "function with lists": fc.constant([{ kind: "call", ...on, contract: POOL, function: "sweep(address[],(uint8,bytes))" } as const]),
  delegation: fc
    .tuple(address, fc.boolean())
    .map(([to, everywhere]) => [
      everywhere ? { kind: "delegation", at: [], to, replayable: true } : { kind: "delegation", ...on, to, replayable: false },
    ]),
  deploy: fc.constant([{ kind: "deploy", ...on } as const]),
  "deploy and its code": fc.constant([{ kind: "deploy", ...on } as const, { kind: "unknown", ...on, class: "U1" } as const]),
  statement: fc.constant([{ kind: "statement", at: [] } as const]),
  "sign-in": fc
    .tuple(
      fc.constantFrom("example.com", "app.example.org:8443", "localhost"),
      fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 37n }), fc.constant(UNLIMITED)),
    )
    .map(([domain, expiry]) => [{ kind: "statement", ...on, domain, expiry }]),
  "unknown call": fc
    .tuple(address, fc.constantFrom("0xdeadbeef", "0x00000000", undefined))
    .map(([contract, selector]) => [{ kind: "unknown", ...on, contract, class: "U1", ...(selector !== undefined && { selector }) }]),
  "unknown signature": fc
    .tuple(address, text)
    .map(([contract, domain]) => [{ kind: "unknown", ...on, contract, class: "U2", domain, primaryType: "Order" }]),
  "unknown message": fc.constant([{ kind: "unknown", at: [], class: "U2" } as const]),
  "control of the account": fc.constant([{ kind: "unknown", ...on, class: "U3" } as const]),
  coins: fc
    .tuple(fc.constantFrom(MAIN, TESTNET), fc.array(sats, { minLength: 1, maxLength: 1 }))
    .chain(([chain, amounts]) =>
      fc
        .array(recipient(chain), { minLength: amounts.length, maxLength: amounts.length })
        .map((to) =>
          amounts.map(
            (amount, at) => ({ kind: "transfer", at: [], chain, asset: "native", to: to[at] ?? "", amount, sighash: "ALL" }) as const,
          ),
        ),
    ),
  "coins to many, as a whole": fc
    .tuple(
      fc.array(fc.bigInt({ min: 546n, max: 10n ** 12n }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 300 }),
      fc.boolean(),
    )
    .chain(([amounts, inputs, feeRate, change]) =>
      fc.array(recipient(MAIN), { minLength: amounts.length, maxLength: amounts.length }).map((to) =>
        amounts.map(
          (amount, at) =>
            ({
              kind: "transfer",
              at: [],
              chain: MAIN,
              asset: "native",
              to: to[at] ?? "",
              amount,
              ownRecipient: false,
              inputs: BigInt(inputs),
              outputs: BigInt(amounts.length + (change ? 1 : 0)),
              change: change ? "verified" : "none",
              feeRate: BigInt(feeRate),
            }) as const,
        ),
      ),
    ),
  "fee in coins at a rate": fc
    .tuple(fc.bigInt({ min: 10_000n, max: 40_000n }), fc.bigInt({ min: 2n, max: 9n }))
    .map(([amount, feeRate]) => [{ kind: "fee", at: [], chain: MAIN, asset: "native", amount, feeRate }]),
  "fee in coins": fc.bigInt({ min: 0n, max: 10n ** 9n }).map((amount) => [{ kind: "fee", at: [], chain: MAIN, asset: "native", amount }]),
};

describe("bytes that are made for effects", () => {
  test.each(Object.keys(COMPOSABLE))("have them, field by field: %s", (what) => {
    fc.assert(
      fc.property(COMPOSABLE[what] as Arbitrary<readonly Effect[]>, (effects) => {
        const composed = compose(policy, effects, { now: NOW });
        expect(
          composed,
          JSON.stringify(effects, (_, value) => (typeof value === "bigint" ? `${value}` : value)),
        ).toBeDefined();
        if (composed === undefined) return;
        const done = [...read(composed.request)];
        expect(done.length).toBe(effects.length + composed.besides.length);
        for (const effect of effects) {
          const at = done.findIndex((other) => holds(effect, other));
          expect(at, `${effect.kind} in ${done.map(({ kind }) => kind).join(" ")}`).toBeGreaterThanOrEqual(0);
          done.splice(at, 1);
        }
      }),
      { numRuns: what.includes("rate") ? 8 : what.includes("coins") ? 30 : 60 },
    );
  });

  test("never have others than were asked for, whatever is asked for: there are none then", () => {
    const chains = fc.constantFrom(ETH, MAIN, "eip155:8453", "bip122:00", "cosmos:x", "eip155:0", "", "__proto__:1");
    const names = fc.constantFrom(FRIEND, OTHER, POOL, USDC, PERMIT2, exampleAddress(MAIN, 1), "0x01", "", FRIEND.toUpperCase(), "ana");
    const assets = fc.constantFrom("native", `erc20:${USDC}`, `erc721:${APES}`, `erc1155:${CARDS}`, `erc20:${FRIEND}`, "erc20:", "x");
    const numbers = fc.constantFrom(0n, 1n, -1n, 2n ** 255n, 2n ** 256n - 1n, UNLIMITED, UNLIMITED + 1n, 10n ** 18n);
    const real = fc.record(
      {
        chain: chains,
        account: names,
        asset: assets,
        to: names,
        party: names,
        contract: names,
        amount: numbers,
        tokenId: numbers,
        expiry: numbers,
        gas: numbers,
        feeRate: numbers,
        inputs: numbers,
        outputs: numbers,
        selector: fc.constantFrom("0xa9059cbb", "0xzz", "deadbeef", ""),
        function: fc.constantFrom("deposit(uint256,address,bool)", "x", "constructor"),
        args: fc.dictionary(fc.constantFrom("amount", "to", "wrap", "__proto__", "0"), fc.oneof(numbers, names, fc.boolean())),
        domain: fc.constantFrom("keyward", "example.com\nURI: https://other.example", "\u0000", "Permit2"),
        primaryType: fc.constantFrom("__proto__", "Permit", "PermitSingle", "uint256", "a b"),
        change: fc.constantFrom("foreign", "none", "verified", "x"),
        class: fc.constantFrom("U1", "U2", "U3", "U4"),
      },
      { requiredKeys: ["chain"] },
    );
    const hostile = fc.oneof(
      fc.array(
        fc.tuple(wildEffects, fc.option(real, { nil: {} })).map(([effect, more]) => ({ ...effect, ...more }) as unknown as Effect),
        { minLength: 1, maxLength: 3 },
      ),
      // What could be made, with one thing wrong.
      fc.tuple(fc.oneof(...Object.values(COMPOSABLE)), real, fc.nat(), fc.nat()).map(([effects, wrong, which, what]) => {
        const [name, value] = Object.entries(wrong)[what % Object.keys(wrong).length] ?? [];
        return effects.map((effect, at) => (at === which % effects.length && name ? { ...effect, [name]: value } : effect)) as Effect[];
      }),
    );
    const count = { made: 0, none: 0 };
    fc.assert(
      fc.property(hostile, (effects) => {
        const composed = compose(policy, effects, { now: NOW });
        count[composed === undefined ? "none" : "made"]++;
        if (composed === undefined) return;
        const done = [...read(composed.request)];
        for (const effect of effects) {
          const at = done.findIndex((other) => holds(effect, other));
          expect(at).toBeGreaterThanOrEqual(0);
          done.splice(at, 1);
        }
      }),
      { numRuns: 1500 },
    );
    expect(count.made).toBeGreaterThan(20);
    expect(count.none).toBeGreaterThan(500);
  });

  test("are of no effects where there are none, where they are of two accounts or chains, or where one transaction cannot have both", () => {
    const transfer: Effect = { kind: "transfer", ...on, asset: "native", to: FRIEND, amount: 1n };
    const none: readonly (readonly Effect[])[] = [
      [],
      [
        { ...transfer, account: FRIEND },
        { ...transfer, account: OTHER },
      ],
      [transfer, { ...transfer, chain: "eip155:10" }],
      [transfer, transfer],
      [transfer, { kind: "allowance", ...on, asset: `erc20:${USDC}`, to: OTHER, amount: 1n }],
      [transfer, { kind: "fee", ...on, amount: 2n ** 89n - 1n }],
      [{ ...transfer, amount: UNLIMITED }],
      [{ ...transfer, asset: `erc20:${USDC}`, amount: 2n ** 255n }],
      [{ kind: "transfer", at: [], chain: MAIN, asset: "native", to: exampleAddress(MAIN, 1), amount: 21n * 10n ** 14n + 1n }],
      [{ kind: "order", ...on, asset: "native", to: FRIEND, amount: 1n }],
      [{ kind: "typedData", ...on }],
      [{ kind: "policyEdit", at: [], part: "rules", direction: "loosens" }],
      [{ kind: "export", at: [], what: "xpub" }],
    ];
    for (const effects of none)
      expect(
        compose(policy, effects, { now: NOW }),
        JSON.stringify(effects, (_, v) => `${v}`),
      ).toBeUndefined();
  });

  test("are none where what is asked for is written otherwise than a decoder writes it", () => {
    const call: Effect = { kind: "call", ...on, contract: POOL, function: "deposit(uint256,address,bool)" };
    const deposit = (to: string) => compose(policy, [{ ...call, args: { to } }], { now: NOW });
    expect(deposit(FRIEND)).toBeDefined();
    expect(deposit(FRIEND.toLowerCase())).toBeUndefined();
    const exit = (note: string) =>
      compose(policy, [{ kind: "call", ...on, function: "exit(bytes4,int64,string)", args: { note } }], { now: NOW });
    expect(exit("\u{1F600}")).toBeDefined();
    expect(exit("\ud800")).toBeUndefined();
    expect(compose(policy, [{ kind: "delegation", ...on, to: FRIEND.toLowerCase() }], { now: NOW })).toBeUndefined();
  });

  test("are of the account and the nonce that are asked for", () => {
    const composed = compose(policy, [{ kind: "transfer", ...on, asset: "native", to: FRIEND, amount: 1n }], {
      now: NOW,
      account: OTHER,
      nonce: 7n,
    });
    expect(composed?.intent.lane).toBe(`${ETH}/${OTHER}/7`);
    for (const account of exampleAccounts(MAIN)) {
      const coins = compose(policy, [{ kind: "fee", at: [], chain: MAIN, asset: "native", amount: 500n }], { now: NOW, account });
      expect(coins?.request.account).toBe(account);
      expect(coins?.intent.signables.length).toBe(1);
    }
  });

  test("are read without a book as well as the decoder reads them: a token that nobody names is none", () => {
    const effects: readonly Effect[] = [{ kind: "transfer", ...on, asset: `erc20:${USDC}`, to: FRIEND, amount: 1n }];
    const composed = compose(policy, effects, { now: NOW });
    if (composed === undefined) throw new Error("expected a request");
    const { request } = composed;
    const blind = evm.decode(request, { address: request.account }, emptyBook);
    expect(blind.effects.map(({ kind }) => kind)).toEqual(["unknown", "fee"]);
    expect(compose({ ...policy, book: emptyBook }, effects, { now: NOW })).toBeUndefined();
  });
});

describe("a request for a witness", () => {
  const circumstances = { now: NOW, mode: "normal", requester: "owner", session: "unlock" };
  const transfer: Effect = { kind: "transfer", ...on, asset: "native", to: FRIEND, amount: 1n };
  const pay = { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "@friends" } };
  const fees = { id: "fees", allow: ["fee"], when: { asset: "ETH" } };

  test("is there only if the policy lets its other effects pass as well", () => {
    expect(requestFor(namedPolicy([pay, fees]), { effects: [transfer], circumstances })?.besides.map(({ kind }) => kind)).toEqual(["fee"]);
    const costly = { ...fees, when: { asset: "ETH", amount: { min: "1 ETH" } } };
    expect(requestFor(namedPolicy([pay, costly]), { effects: [transfer], circumstances })).toBeUndefined();
    const one = { id: "one", limit: ["transfer", "fee"], max: 1, per: "24h" };
    expect(requestFor(namedPolicy([pay, fees, one]), { effects: [transfer], circumstances })).toBeUndefined();
  });

  test("is not there where it would need more than the witness says", () => {
    const more = { people: { owner: [{ kind: "unlock" }], ben: [{ kind: "eip712", address: OTHER }] }, roles: { ops: ["ben"] } };
    const asks = { id: "asks", require: ["fee"], approvals: [{ of: "ops", atLeast: 1 }] };
    expect(requestFor(namedPolicy([pay, fees], more), { effects: [transfer], circumstances })).toBeDefined();
    expect(requestFor(namedPolicy([pay, fees, asks], more), { effects: [transfer], circumstances })).toBeUndefined();
  });

  test("pays nothing to somebody where the witness is a fee alone", () => {
    const fee: Effect = { kind: "fee", ...on, asset: "native", amount: 5n * 10n ** 16n };
    const found = requestFor(namedPolicy([pay, fees]), { effects: [fee], circumstances });
    expect(found?.besides.map(({ kind, amount }) => [kind, amount])).toEqual([["transfer", 0n]]);
    expect(requestFor(namedPolicy([fees]), { effects: [fee], circumstances })).toBeUndefined();
  });

  test("of an act is the act", () => {
    const governed = namedPolicy([{ id: "freeze", allow: ["modeChange", "policyEdit"] }], { immutable: false });
    const found = requestFor(governed, { effects: [{ kind: "modeChange", at: [], toMode: "frozen" }], circumstances });
    expect(found?.request).toEqual({ chain: "keyward:example", account: "", kind: "act", payload: { act: "modeChange", mode: "frozen" } });
  });
});
