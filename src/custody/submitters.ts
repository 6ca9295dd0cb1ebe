import { addressOfKey } from "../approvals/address.ts";
import type { Policy } from "../policy/core.ts";
import { nameOf } from "./credentials.ts";

/**
 * Keys and addresses of whoever asked, `null` for unlocking. An edit may give one of them to a person of another name; the same hand
 * would approve then what it asked for itself.
 *
 * @param before - those that are known so far.
 */
export function askedWith(before: readonly (string | null)[], { people }: Policy, person: string): readonly (string | null)[] {
  return [...new Set([...before, ...(people.get(person) ?? []).map(nameOf)])];
}

/** Whether whoever answers with this key, address or by unlocking is known as who asked. */
export function isTheirs(asked: readonly (string | null)[], key: string | null): boolean {
  return asked.some((name) => (name === null || key === null ? name === key : isSameHand(name, key)));
}

/** One private key signs for two public ones, which differ in their first byte alone, and for the wallets of both. */
function isSameHand(one: string, other: string): boolean {
  if (isWallet(one) === isWallet(other)) return one.slice(2) === other.slice(2);
  const [wallet, key] = isWallet(one) ? [one, other] : [other, one];
  return ["02", "03"].some((parity) => addressOfKey(parity + key.slice(2)) === wallet);
}

function isWallet(name: string): boolean {
  return name.startsWith("0x");
}
