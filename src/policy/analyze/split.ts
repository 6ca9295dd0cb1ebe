/** So many effects of one amount. */
export interface Portion {
  readonly amount: bigint;
  readonly times: bigint;
}

/** What an effect may move, both ends included. */
export interface Size {
  readonly least: bigint;
  readonly most: bigint;
}

/** As many effects, and no more, as it takes to move as much as possible of `room`. */
export function fitting(
  room: bigint,
  count: bigint | undefined,
  { least, most }: Size,
): { readonly amount: bigint; readonly times: bigint } {
  const wanted = count === undefined ? room : smaller(room, count * most);
  const many = (wanted + most - 1n) / most;
  if (many * least <= wanted) return { amount: wanted, times: many };
  const fewer = wanted / least;
  return { amount: smaller(wanted, fewer * most), times: fewer };
}

/**
 * An amount in so many effects: all but one of the roundest amount that leaves a right one for the last, or nearly equal ones.
 *
 * @param amount - between `times` times the least and `times` times the most.
 */
export function split(amount: bigint, times: bigint, { least, most }: Size): readonly Portion[] {
  if (times === 1n) return [{ amount, times }];
  const even = (amount + times - 1n) / times;
  for (let step = 10n ** BigInt(even.toString().length - 1); step > 0n; step /= 10n) {
    const each = ((even + step - 1n) / step) * step;
    const last = amount - (times - 1n) * each;
    if (each > most || last < least || last <= 0n) continue;
    if (last === each) return [{ amount: each, times }];
    return [
      { amount: each, times: times - 1n },
      { amount: last, times: 1n },
    ];
  }
  const rest = amount % times;
  return [
    { amount: even, times: rest },
    { amount: even - 1n, times: times - rest },
  ].filter((portion) => portion.times > 0n);
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
