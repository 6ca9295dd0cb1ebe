import type { Json } from "../../base/canonical.ts";
import { isObject } from "../../base/shape.ts";
import type { Loss } from "../analyze/loss.ts";
import { isUnbounded, type Row, whatKey } from "./losses.ts";

/** From nothing to the largest; what has no bound and what was not decided have classes of their own. */
const LEVELS = 5;

/** How dark a cell of the loss table is: as a share of what is held, or of the largest loss of the same asset. */
export class Heat {
  readonly #largest = new Map<string, bigint>();
  readonly #holdings = new Map<string, bigint>();

  /** @param holdings - smallest units by asset as decimal texts, as the options of an audit have them. */
  constructor(rows: readonly Row[], holdings: Json | undefined) {
    for (const { cells } of rows) {
      for (const loss of cells) {
        if (loss?.amount === undefined) continue;
        const key = whatKey(loss.what);
        const largest = this.#largest.get(key) ?? 0n;
        this.#largest.set(key, loss.amount > largest ? loss.amount : largest);
      }
    }
    for (const [asset, amount] of Object.entries(isObject(holdings) ? holdings : {})) {
      if (typeof amount === "string" && /^\d+$/.test(amount)) this.#holdings.set(whatKey({ asset }), BigInt(amount));
    }
  }

  level(loss: Loss): string {
    if (isUnbounded(loss)) return "all";
    if (loss.status === "inconclusive") return "unknown";
    const whole = this.#holdings.get(whatKey(loss.what)) ?? this.#largest.get(whatKey(loss.what)) ?? 0n;
    const amount = loss.amount ?? 0n;
    if (amount === 0n || whole === 0n) return "0";
    const step = (amount * BigInt(LEVELS) + whole - 1n) / whole;
    return `${step > BigInt(LEVELS) ? LEVELS : step}`;
  }

  /** `25%` of what is held, rounded up; nothing where that is not known. */
  share({ what, amount }: Loss): string | undefined {
    const held = this.#holdings.get(whatKey(what));
    if (held === undefined || held === 0n || amount === undefined) return undefined;
    const percent = (amount * 100n + held - 1n) / held;
    return percent > 100n ? "all" : `${percent}%`;
  }
}
