import type { OutOfScope } from "./set.ts";

const because = (why: string, ...files: readonly string[]): readonly OutOfScope[] => files.map((file) => ({ file, why }));

/** Published files that no code of ours has anything to do with, and why. */
export const OUT_OF_SCOPE: readonly OutOfScope[] = [
  ...because("no Bitcoin messages are signed", "bitcoin/message/bip322-basic.json"),
  ...because("a contract's own contracts are named by nobody", "evm/account/ethers-create2.json"),
  ...because("no user operations are signed", "evm/erc4337/viem-getUserOperationHash.json"),
  ...because("a schema, no rows", "evm/erc7730/erc7730-tests.schema.json", "evm/erc7730/erc7730-v2.schema.json"),
  ...because(
    "no keystores of others are opened",
    "evm/keystore/eip2335.json",
    "evm/keystore/eip2386.json",
    "evm/keystore/ethers-wallets.json",
    "evm/keystore/ethtests-keystore.json",
    "evm/keystore/geth-v1.json",
    "evm/keystore/geth-v3.json",
    "evm/keystore/metamask-vault.json",
  ),
  ...because("no scrypt", "kdf/botan-scrypt.json"),
  ...because("no warning about look-alike addresses", "malicious/poisoning/poison-hunter-sample.csv"),
  ...because("another policy language", "policy/cedar-handwritten.json"),
  ...because("rules without decisions", "policy/turnkey-policies.json"),
  ...because("no keys of several holders", "sig/bip327-musig2.json"),
  ...because(
    "no Chinese standards",
    "sm/botan-sm2-enc.json",
    "sm/botan-sm2-sig.json",
    "sm/botan-sm3.json",
    "sm/botan-sm4.json",
    "sm/rfc8998-sm4-aead.json",
  ),
  ...because("no AES-GCM-SIV", "wycheproof/aes_gcm_siv.json"),
  ...because("no AES key wrap", "wycheproof/aes_wrap.json"),
  ...because("no key agreement on secp256k1", "wycheproof/ecdh_secp256k1.json", "wycheproof/ecdh_secp256k1_webcrypto.json"),
  ...because("no signatures on P-256", "wycheproof/ecdsa_secp256r1_sha256.json", "wycheproof/ecdsa_secp256r1_sha256_p1363.json"),
  ...because("PBKDF2 with SHA-512 alone (BIP-39)", "wycheproof/pbkdf2_hmacsha256.json"),
  ...because("no keys as JWK", "wycheproof/x25519_jwk.json"),
];
