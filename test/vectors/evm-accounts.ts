import { keccak_256 } from "@noble/hashes/sha3.js";
import { HDKey } from "@scure/bip32";
import { mnemonicToSeedSync } from "@scure/bip39";
import { RLP } from "micro-eth-signer/core/rlp.js";
import { serializeTransaction } from "viem";
import { concat, fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { extendedPublicKey, parsePath, publicKey } from "../../src/keys/derive.ts";
import { addressOf, assemble, sign } from "../chains/evm/fixtures.ts";
import { readXpub } from "../keys/xprv.ts";
import { sharedText } from "../shared.ts";
import { accountOf, captured, decodeAs, decodeTransaction, eip55Of, evmFile, type Item, integer, shortest } from "./evm-raw.ts";
import { seedOf } from "./keys.ts";
import type { Rows, VectorSet } from "./set.ts";

/** Addresses of keys and contracts. */
export const EVM_ACCOUNTS: readonly VectorSet[] = [
  { file: "evm/account/eip55-eip1191.json", what: "checksums of EIP-55; those of other chains", minimum: 17, run: checksums },
  { file: "evm/account/ethers-accounts.json", what: "keys and their addresses", minimum: 259, run: accounts },
  { file: "evm/account/keyaddr.json", what: "keys of seeds and their addresses", minimum: 2, run: keyAddresses },
  { file: "evm/account/viem-isAddress.json", what: "what viem calls an address, and what not", minimum: 1, run: isAddress },
  { file: "evm/account/ethers-create.json", what: "addresses of created contracts", minimum: 160, run: created },
];

/** What a hardware wallet derives and signs from its words. */
export const TREZOR: readonly VectorSet[] = [
  { file: "evm/trezor/trezor-getaddress.json", what: "addresses at paths", minimum: 6, run: trezorAddresses },
  { file: "evm/trezor/trezor-getpublickey.json", what: "extended public keys at paths", minimum: 4, run: trezorPublicKeys },
  ...(
    [
      ["sign_tx", "transactions", 23],
      ["sign_tx_eip155", "transactions of many chains", 11],
      ["sign_tx_staking", "staking calls", 8],
      ["sign_tx_staking_data_error", "calls that it does not show", 0],
      ["sign_tx_staking_eip1559", "staking calls by EIP-1559", 6],
    ] as const
  ).map(([name, what, minimum]) => ({
    file: `evm/trezor/trezor-${name}.json`,
    what: `${what}: the same signatures`,
    minimum,
    run: (rows: Rows) => trezorTransactions(rows, name),
  })),
  { file: "evm/trezor/trezor-signmessage.json", what: "messages: the same signatures", minimum: 9, run: trezorMessages },
  { file: "evm/trezor/trezor-verifymessage.json", what: "messages: its signatures, and for nothing else", minimum: 8, run: trezorVerify },
];

const parse = (text: string) => evm.parseAddress("eip155:1", text);

async function checksums(rows: Rows): Promise<void> {
  const { eip55, erc1191 } = evmFile<{ eip55: string[]; erc1191: Record<string, string[]> }>("account/eip55-eip1191.json");
  for (const [group, addresses] of Object.entries({ eip55, ...erc1191 })) {
    for (const address of addresses) {
      const lower = address === address.toLowerCase();
      if (group === "eip55" || group === "eth_mainnet" || lower || eip55Of(address) === address)
        await rows.valid(
          `${group} ${address}`,
          () => parse(address) === (lower ? eip55Of(address) : address) && parse(address.toLowerCase()) === eip55Of(address),
        );
      else await rows.declines("erc-1191", `${group} ${address}`, () => parse(address));
    }
  }
}

async function accounts(rows: Rows): Promise<void> {
  type Row = { name: string; privateKey: string; address: string };
  for (const { name, privateKey, address } of evmFile<Row[]>("account/ethers-accounts.json"))
    await rows.valid(name, () => accountOf(fromHex(privateKey)) === address && parse(address) === address);
}

async function keyAddresses(rows: Rows): Promise<void> {
  type Row = { seed: string; key: string; addr: string };
  for (const { seed, key, addr } of evmFile<Row[]>("account/keyaddr.json")) {
    const privateKey = fromHex(key);
    await rows.valid(seed, () => toHex(keccak_256(utf8(seed))) === key && accountOf(privateKey) === parse(`0x${addr}`));
    // What they call the empty string is not what was signed: the signature recovers to other keys, for its Keccak-256 and SHA-256.
    rows.lack("unknown-digests");
  }
}

async function isAddress(rows: Rows): Promise<void> {
  for (const { args, result } of captured<{ args: [string]; result: boolean }>("account/viem-isAddress.json"))
    if (result) await rows.valid(args[0], () => parse(args[0]) !== undefined);
    else await rows.invalid(args[0], () => parse(args[0]));
}

async function created(rows: Rows): Promise<void> {
  type Row = { sender: string; creates: { name: string; nonce: number; address: string }[] };
  for (const { sender, creates } of evmFile<Row[]>("account/ethers-create.json")) {
    for (const { name, nonce, address } of creates) {
      await rows.valid(name, () => {
        const fees = { gas: 100_000n, maxFeePerGas: 1n, maxPriorityFeePerGas: 0n };
        const [deploy] = decodeTransaction(serializeTransaction({ chainId: 1, nonce, ...fees, data: "0x00" }), "eip155:1", sender).effects;
        return (deploy?.kind === "deploy" && deploy.contract === address) || `${deploy?.contract}`;
      });
    }
  }
}

interface Trezor<Parameters, Result> {
  readonly setup: { readonly mnemonic: string; readonly passphrase: string };
  readonly tests: readonly { readonly name?: string; readonly parameters: Parameters; readonly result: Result }[];
}

async function trezorAddresses(rows: Rows): Promise<void> {
  const { setup, tests } = evmFile<Trezor<{ path: string }, { address: string }>>("trezor/trezor-getaddress.json");
  const seed = await seedOf(setup.mnemonic, setup.passphrase);
  for (const { parameters, result } of tests)
    await rows.valid(parameters.path, () => addressOf(publicKey(seed, parsePath(parameters.path))) === result.address);
}

async function trezorPublicKeys(rows: Rows): Promise<void> {
  type Result = { xpub: string; chain_code: string; public_key: string };
  const { setup, tests } = evmFile<Trezor<{ path: string }, Result>>("trezor/trezor-getpublickey.json");
  const seed = await seedOf(setup.mnemonic, setup.passphrase);
  for (const { parameters, result } of tests)
    await rows.valid(parameters.path, () => {
      const xpub = extendedPublicKey(seed, parsePath(parameters.path));
      const { chainCode, publicKey } = readXpub(xpub);
      return xpub === result.xpub && chainCode === result.chain_code && publicKey === result.public_key;
    });
}

async function trezorTransactions(rows: Rows, name: string): Promise<void> {
  type File = Trezor<Record<string, string | number | null>, { sig_v: string; sig_r: string; sig_s: string }>;
  // One chain id, and the v that it makes, are above 2^53.
  const text = sharedText(`vectors/evm/trezor/trezor-${name}.json`).replace(/("(?:chain_id|sig_v)": *)([0-9]+)/g, '$1"$2"');
  const { setup, tests } = JSON.parse(text) as File;
  const root = HDKey.fromMasterSeed(mnemonicToSeedSync(setup.mnemonic, setup.passphrase));
  for (const { name: row = "", parameters: p, result } of tests) {
    // Wanchain puts a type into a legacy transaction, which is then no EVM transaction.
    if (p.tx_type === 1) {
      rows.lack("wanchain");
      continue;
    }
    if (result.sig_r === "0x0") {
      rows.lack("shown-staking-calls");
      continue;
    }
    const q = (key: string) => shortest(p[key] ?? 0);
    const bytes = (key: string) => fromHex(String(p[key] ?? ""));
    const market = p.max_gas_fee !== undefined;
    const call = [q("gas_limit"), bytes("to_address"), q("value"), bytes("data")];
    const unsigned = market
      ? concat(Uint8Array.of(2), RLP.encode([q("chain_id"), q("nonce"), q("max_priority_fee"), q("max_gas_fee"), ...call, []]))
      : RLP.encode([q("nonce"), q("gas_price"), ...call, q("chain_id"), "", ""]);
    await rows.valid(row, () => {
      const key = root.derive(String(p.path)).privateKey ?? new Uint8Array(0);
      const intent = decodeTransaction(`0x${toHex(unsigned)}`, `eip155:${p.chain_id}`, accountOf(key));
      const signed = assemble(intent, sign(intent, key));
      const [v, r, s] = (RLP.decode(market ? signed.bytes.subarray(1) : signed.bytes) as Item[]).slice(-3).map(integer);
      const same = v === BigInt(result.sig_v) && r === BigInt(`0x${result.sig_r}`) && s === BigInt(`0x${result.sig_s}`);
      return same || `v ${v} instead of ${result.sig_v}`;
    });
  }
}

async function trezorMessages(rows: Rows): Promise<void> {
  type File = Trezor<{ msg: string; path: string }, { address: string; sig: string }>;
  const { setup, tests } = evmFile<File>("trezor/trezor-signmessage.json");
  const root = HDKey.fromMasterSeed(mnemonicToSeedSync(setup.mnemonic, setup.passphrase));
  for (const { parameters, result } of tests)
    await rows.valid(parameters.msg.slice(0, 40), () => {
      const intent = decodeAs("message", { text: parameters.msg }, result.address);
      const signed = assemble(intent, sign(intent, root.derive(parameters.path).privateKey ?? new Uint8Array(0)));
      return toHex(signed.bytes) === result.sig && intent.effects[0]?.kind === "statement";
    });
}

async function trezorVerify(rows: Rows): Promise<void> {
  const { tests } = evmFile<Trezor<{ msg: string; address: string; sig: string }, unknown>>("trezor/trezor-verifymessage.json");
  for (const { parameters } of tests) {
    const { msg, address, sig } = parameters;
    const bytes = fromHex(sig);
    const signature = { bytes: bytes.slice(0, 64), recovery: ((bytes[64] ?? 0) - 27) as 0 | 1 };
    const name = msg.slice(0, 40);
    await rows.valid(name, () => toHex(assemble(decodeAs("message", { text: msg }, address), [signature]).bytes) === sig);
    await rows.invalid(`${name}, and a space`, () => assemble(decodeAs("message", { text: `${msg} ` }, address), [signature]));
    await rows.invalid(`${name} of another`, () => assemble(decodeAs("message", { text: msg }, OTHER), [signature]));
  }
}

const OTHER = "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F";
