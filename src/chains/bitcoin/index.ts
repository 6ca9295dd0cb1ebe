export { bitcoin } from "./bitcoin.ts";
export { CHAIN_IDS } from "./network.ts";
