/** Choices that follow from a seed alone. */
export interface Random {
  /** 0 … below `end`. */
  below(end: number): number;
  /** true once in `times`. */
  oneIn(times: number): boolean;
  pick<T>(of: readonly T[]): T;
  weighted<T extends { readonly weight: number }>(of: readonly T[]): T;
  bytes(length: number): Uint8Array;
  /** 0 … below 2^bits, small and huge ones more often than evenly. */
  integer(bits: number): bigint;
}

/** Those of one input of one run: xoshiro128** seeded by splitmix64 of both numbers. Not for keys. */
export function randomOf(seed: number, index: number): Random {
  let mixed = BigInt.asUintN(64, (BigInt(seed) << 32n) ^ BigInt(index));
  const mix = () => {
    mixed = BigInt.asUintN(64, mixed + 0x9e3779b97f4a7c15n);
    let z = mixed;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  };
  const words = new Uint32Array(4);
  for (let word = 0; word < 4; word += 2) {
    const value = mix();
    words[word] = Number(value & 0xffffffffn);
    words[word + 1] = Number(value >> 32n);
  }
  // xoshiro128**, 32 bits at a time.
  const rotate = (value: number, by: number) => (value << by) | (value >>> (32 - by));
  const next = () => {
    const [a = 0, b = 0, c = 0, d = 0] = words;
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    const c2 = c ^ a;
    const d2 = d ^ b;
    words.set([a ^ d2, b ^ c2, c2 ^ t, rotate(d2, 11)]);
    return result;
  };
  const below = (end: number) => (end <= 1 ? 0 : next() % end);
  const bytes = (length: number) => Uint8Array.from({ length }, () => next() & 0xff);
  return {
    below,
    oneIn: (times) => below(times) === 0,
    pick: (of) => {
      const index = below(of.length);
      if (index >= of.length) throw new Error("nothing to pick from");
      return of[index] as (typeof of)[number];
    },
    weighted: (of) => {
      let left = below(of.reduce((sum, { weight }) => sum + weight, 0));
      const found = of.find(({ weight }) => {
        left -= weight;
        return left < 0;
      });
      if (found === undefined) throw new Error("nothing to pick from");
      return found;
    },
    bytes,
    integer: (bits) => {
      const most = (1n << BigInt(bits)) - 1n;
      const kind = below(8);
      if (kind === 0) return BigInt(below(4));
      if (kind === 1) return most - BigInt(below(3));
      const wide = 1 + below(bits);
      let value = 0n;
      for (const byte of bytes(Math.ceil(wide / 8))) value = (value << 8n) | BigInt(byte);
      return BigInt.asUintN(wide, value);
    },
  };
}
