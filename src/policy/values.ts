import type { Time } from "../base/time.ts";
import type { BookAsset } from "../intent/book.ts";
import { readDecimal } from "./amounts.ts";
import { timeAt } from "./durations.ts";
import { quote } from "./problems.ts";
import { countAt, members, type Spot, table, textAt } from "./surface.ts";
import { readTable } from "./vocabulary.ts";

/** A unit of account: what one smallest unit of an asset is worth at most, in smallest units of it, as an exact ratio. */
export interface Unit {
  readonly name: string;
  readonly decimals: number;
  readonly until: Time;
  /** By qualified asset. */
  readonly worth: ReadonlyMap<string, { readonly numerator: bigint; readonly denominator: bigint }>;
}

/** Reads `values`: `{"USD": {"decimals": 2, "ceiling": {"ETH": "8000.00"}, "until": "2026-12-31"}}`. */
export function readValues(spot: Spot | undefined, assets: ReadonlyMap<string, BookAsset | undefined>): Map<string, Unit | undefined> {
  return readTable(spot, 100, (row, name) => {
    const parts = members(row, ["decimals", "ceiling", "until"]);
    const decimals = parts?.decimals && countAt(parts.decimals, 0, 18);
    const until = parts?.until && timeAt(parts.until);
    const worth = new Map<string, { numerator: bigint; denominator: bigint }>();
    for (const [asset, ceiling] of table(parts?.ceiling)) {
      if (!assets.has(asset)) {
        ceiling.wrongKey("policy/unknown-name", `expected a name of assets, got ${quote(asset)}`);
        continue;
      }
      const price = priceAt(ceiling);
      const known = assets.get(asset);
      if (!price || !known || decimals === undefined) continue;
      // units = amount / 10^assetDecimals * price * 10^decimals
      worth.set(
        `${known.chain}/${known.asset}`,
        reduced(price.scaled * 10n ** BigInt(decimals), 10n ** BigInt(known.decimals + price.decimals)),
      );
    }
    return decimals === undefined || until === undefined ? undefined : { name, decimals, until, worth };
  });
}

function priceAt(spot: Spot): { scaled: bigint; decimals: number } | undefined {
  const text = textAt(spot, 'a price such as "8000.00"');
  const digits = text === undefined ? undefined : readDecimal(text);
  if (text === undefined) return undefined;
  if (digits === undefined || digits.fraction.length > 18 || digits.whole.length > 30)
    return spot.wrong("policy/bad-amount", `expected a price such as "8000.00", got ${quote(text)}`);
  const scaled = BigInt(digits.whole + digits.fraction);
  // A ceiling of nothing would make an asset free to send.
  if (scaled === 0n) return spot.wrong("policy/bad-amount", "expected a ceiling above zero, got zero: no limit would count the asset");
  return { scaled, decimals: digits.fraction.length };
}

function reduced(numerator: bigint, denominator: bigint): { numerator: bigint; denominator: bigint } {
  let [a, b] = [numerator, denominator];
  while (b !== 0n) [a, b] = [b, a % b];
  return { numerator: numerator / a, denominator: denominator / a };
}
