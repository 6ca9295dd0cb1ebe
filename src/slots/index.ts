export { allOf } from "./all-of.ts";
export { deviceKey } from "./device-key.ts";
export { type PasskeyOptions, type PasskeySlot, passkey } from "./passkey.ts";
export { type RehearsedShare, type RehearsedVault, rehearseShares, type ShareRehearsal } from "./rehearse-shares.ts";
export { type CollectedShares, type NewShares, type RecoveryShare, shares } from "./shares.ts";
export { type PasskeySupport, passkeySupport } from "./webauthn.ts";
