import type { Json } from "../../base/canonical.ts";
import { formatTime, SECOND_MS } from "../../base/time.ts";
import { UNLIMITED } from "../../intent/effect.ts";
import type { Plan } from "./compose.ts";

/** Of a chain, or of a domain, is only a sign-in (ERC-4361); of neither is any text, and bytes that could be a digest. */
export function composeMessage({ effects: [effect, ...others], account, chainId, now }: Plan): Json | undefined {
  if (effect === undefined || others.length > 0) return undefined;
  const { kind, chain, domain = "example.com", expiry = UNLIMITED } = effect;
  if (kind === "unknown" && chain === undefined && effect.class !== "U3" && effect.contract === undefined && effect.selector === undefined)
    return { hex: `0x${"5a".repeat(32)}` };
  if (kind !== "statement") return undefined;
  if (chain === undefined) return { text: "An example of a statement." };
  const ends = expiry * BigInt(SECOND_MS);
  if (expiry < UNLIMITED && ends > LAST_MS) return undefined;
  const lines = [
    `${domain} wants you to sign in with your Ethereum account:`,
    account,
    "",
    "",
    `URI: https://${domain}/`,
    "Version: 1",
    `Chain ID: ${chainId}`,
    "Nonce: example0",
    `Issued At: ${formatTime(now)}`,
    ...(expiry < UNLIMITED ? [`Expiration Time: ${formatTime(Number(ends))}`] : []),
  ];
  return { text: lines.join("\n") };
}

/** The end of the year 9999: RFC 3339 has four digits. */
const LAST_MS = 253_402_300_799_000n;
