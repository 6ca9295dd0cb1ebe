import type { Address } from "../../intent/effect.ts";

/**
 * The account of examples that name none: the address of the point H of BIP-341, which was made so that nobody can know a
 * private key of it. Nothing that is sent there ever comes back.
 */
export const EXAMPLE_ACCOUNT: Address = "0xe8eA1C57560630a971d9e4E97CB82747b300E6d4";
