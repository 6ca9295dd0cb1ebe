/**
 * Whether people can call an account or a wallet so: 1–63 letters, digits, spaces, `.`, `_`, `-`, in NFC, and nothing that reads
 * like an address or an id, or somebody could sign with another one than they think.
 */
export function isPlainName(name: unknown): name is string {
  const plain = typeof name === "string" && /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,62}$/u.test(name) && name === name.normalize("NFC");
  return plain && !/^(0x)?[0-9a-f]{16,}$/i.test(name);
}
