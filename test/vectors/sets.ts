import { BITCOIN_ADDRESSES } from "./bitcoin-addresses.ts";
import { BITCOIN_DESCRIPTORS } from "./bitcoin-descriptors.ts";
import { BITCOIN_PSBTS } from "./bitcoin-psbt.ts";
import { BITCOIN_TRANSACTIONS } from "./bitcoin-transactions.ts";
import { EVM_ACCOUNTS, TREZOR } from "./evm-accounts.ts";
import { EVM_CALLS } from "./evm-calls.ts";
import { EVM_MESSAGES } from "./evm-messages.ts";
import { EVM_TRANSACTIONS } from "./evm-transactions.ts";
import { EVM_TYPED_DATA } from "./evm-typed-data.ts";
import { KEYS } from "./keys.ts";
import { MALICIOUS } from "./malicious.ts";
import { POLICY } from "./policy.ts";
import { PRIMITIVES } from "./primitives.ts";
import { RECOVERY } from "./recovery.ts";
import type { VectorSet } from "./set.ts";
import { SIGNATURES } from "./signatures.ts";
import { TLOG } from "./tlog.ts";

export interface Area {
  readonly name: string;
  readonly sets: readonly VectorSet[];
}

/** Every published set that is run, in the order of the table. `npm test` and `npm run vectors` run these and no others. */
export const AREAS: readonly Area[] = [
  { name: "building blocks", sets: PRIMITIVES },
  { name: "words and keys", sets: KEYS },
  { name: "shares and child seeds", sets: RECOVERY },
  { name: "signatures", sets: SIGNATURES },
  { name: "log", sets: TLOG },
  { name: "EVM: transactions", sets: EVM_TRANSACTIONS },
  { name: "EVM: accounts", sets: EVM_ACCOUNTS },
  { name: "EVM: calls", sets: EVM_CALLS },
  { name: "EVM: messages", sets: EVM_MESSAGES },
  { name: "EVM: typed data", sets: EVM_TYPED_DATA },
  { name: "EVM: a hardware wallet", sets: TREZOR },
  { name: "Bitcoin: addresses", sets: BITCOIN_ADDRESSES },
  { name: "Bitcoin: descriptors", sets: BITCOIN_DESCRIPTORS },
  { name: "Bitcoin: PSBTs", sets: BITCOIN_PSBTS },
  { name: "Bitcoin: transactions", sets: BITCOIN_TRANSACTIONS },
  { name: "policies", sets: POLICY },
  { name: "hostile requests", sets: MALICIOUS },
];

export const SETS: readonly VectorSet[] = AREAS.flatMap(({ sets }) => sets);
