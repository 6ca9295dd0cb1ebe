export { type KeychainOptions, type KeychainPlace, type KeychainSlot, keychain } from "./keychain.ts";
