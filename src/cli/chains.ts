import { bitcoin } from "../chains/bitcoin/bitcoin.ts";
import { evm } from "../chains/evm/evm.ts";
import { Chains } from "../custody/desk.ts";
import { Reading } from "../custody/reading.ts";

/** Every chain that this version reads. */
export const CHAINS = [evm, bitcoin];

export const chains = new Chains(CHAINS);

/** How requests and policies are read without a vault. */
export const reading = new Reading(chains);
