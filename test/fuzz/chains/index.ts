import type { Target } from "../engine.ts";
import { bitcoinPsbts } from "./bitcoin-psbt.ts";
import { evmCalls } from "./evm-calls.ts";
import { evmAuthorizations, evmMessages, evmSignIns } from "./evm-messages.ts";
import { evmTransactions } from "./evm-transactions.ts";
import { evmPermits, evmTypedData } from "./evm-typed-data.ts";
import { addresses, descriptors, functions } from "./names.ts";
import { worst } from "./worst.ts";

/** Bytes of chains, and texts that name what lies on them. */
export const CHAIN_TARGETS: readonly Target[] = [
  evmTransactions,
  evmCalls,
  evmTypedData,
  evmPermits,
  evmMessages,
  evmSignIns,
  evmAuthorizations,
  bitcoinPsbts,
  addresses,
  descriptors,
  functions,
  worst,
];
