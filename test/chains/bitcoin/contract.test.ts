import * as ecc from "@bitcoinerlab/secp256k1";
import { base64 } from "@scure/base";
import { crypto as bitcoinCrypto } from "bitcoinjs-lib";
import { bitcoin } from "../../../src/chains/bitcoin/index.ts";
import type { AccountKeys, Signature } from "../../../src/chains/chain.ts";
import { emptyBook } from "../../../src/intent/book.ts";
import type { Intent, Request } from "../../../src/intent/intent.ts";
import { chainContract } from "../../contracts/chain.ts";
import { makePsbt, type Owner, owner, payment, TYPES } from "./made.ts";
import { fromHex } from "./raw.ts";
import { account, MAIN } from "./wallet.ts";

const SEED = new Uint8Array(64).fill(7);
const stranger = owner("wpkh", new Uint8Array(64).fill(8));
const wallets = TYPES.map((type) => ({ type, who: owner(type, SEED), keys: account({ seed: SEED, type, ceilings: [3, 3] }) }));

const ask = (payload: string, keys: AccountKeys): Request => Object.freeze({ chain: MAIN, account: keys.address, kind: "psbt", payload });

const accepted = wallets.flatMap(({ type, who, keys }) => {
  const coins = [{ who, path: [0, 1] as const, value: 90_000n, witnessUtxo: "also" as const }];
  const paid = [
    { script: payment(stranger, [0, 0]).output, value: 50_000n },
    { change: { who, path: [1, 0] as const }, value: 39_000n },
  ];
  const pays = makePsbt({ coins, paid }).toBase64();
  const data = makePsbt({
    coins: coins.map((coin) => ({ ...coin, sighashType: 1 })),
    paid: [{ script: Uint8Array.of(0x6a, 0), value: 0n }, ...paid],
  });
  const joined = makePsbt({ coins: [...coins, { who: stranger, path: [0, 0], value: 70_000n, witnessUtxo: "also" }], paid });
  return [
    { name: `a payment of ${type}`, request: ask(pays, keys), account: keys, kinds: ["transfer", "fee"], refusals: [] },
    ...(type === "pkh" || type === "tr"
      ? [
          {
            name: `data and ALL of ${type}`,
            request: ask(data.toHex(), keys),
            account: keys,
            kinds: ["unknown", "transfer", "fee"],
            refusals: [],
          },
        ]
      : [
          {
            name: `a transaction of ${type} and others`,
            request: ask(joined.toBase64(), keys),
            account: keys,
            kinds: ["transfer", "fee"],
            refusals: [],
          },
        ]),
  ];
});

const bytesOf = ({ payload }: Request): Uint8Array => {
  const text = payload as string;
  return text.startsWith("70736274ff") ? fromHex(text) : base64.decode(text);
};

/** Signs with the keys of whoever has the account of the intent, or of somebody else, without any of our code. */
function signAs(intent: Intent, seed: Uint8Array): readonly Signature[] {
  const type = wallets.find(({ keys }) => keys.address === intent.account)!.type;
  const who: Owner = owner(type, seed);
  return intent.signables.map(({ digest, path }) => {
    const { privateKey, publicKey } = who.key([path[0]!, path[1]!]);
    if (type !== "tr") return { bytes: ecc.sign(digest, privateKey) };
    const even = publicKey[0] === 2 ? privateKey : ecc.privateNegate(privateKey);
    const tweaked = ecc.privateAdd(even, bitcoinCrypto.taggedHash("TapTweak", publicKey.slice(1)))!;
    return { bytes: ecc.signSchnorr(digest, tweaked, new Uint8Array(32)) };
  });
}

const { keys } = wallets[2]!;
const [first] = accepted;
const plain = first!.request.payload as string;

chainContract("bitcoin", {
  chain: bitcoin,
  book: emptyBook,
  accepted,
  malformed: [
    { name: "an empty payload", request: ask("", keys), account: keys, code: "chain/malformed" },
    { name: "no PSBT", request: ask("AAAA", keys), account: keys, code: "chain/malformed" },
    { name: "a transaction alone", request: ask("02000000000000000000", keys), account: keys, code: "chain/malformed" },
    { name: "a line break behind the payload", request: ask(`${plain}\n`, keys), account: keys, code: "chain/malformed" },
    {
      name: "a payload that is an object",
      request: { ...ask("", keys), payload: { psbt: plain } },
      account: keys,
      code: "request/malformed",
    },
    { name: "another kind of request", request: { ...ask(plain, keys), kind: "transaction" }, account: keys, code: "request/unsupported" },
    {
      name: "an account that is not ours",
      request: { ...ask(plain, keys), account: wallets[0]!.keys.address },
      account: keys,
      code: "request/malformed",
    },
    { name: "a chain of nobody", request: { ...ask(plain, keys), chain: "bip122:0" }, account: keys, code: "chain/unknown" },
    { name: "more than a mebibyte", request: ask("70".repeat(2 ** 20 + 8), keys), account: keys, code: "chain/too-large" },
  ],
  sign: (intent) => signAs(intent, SEED),
  signAsStranger: (intent) => signAs(intent, new Uint8Array(64).fill(9)),
  bytesOf,
  withBytes: (request, bytes) => ({ ...request, payload: base64.encode(bytes) }),
  remarks: true,
});
