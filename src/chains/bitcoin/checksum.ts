// BIP-380: eight characters that find up to three, and almost all other, mistakes in a descriptor. Error detection, no cryptography.

const INPUT = "0123456789()[],'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#\"\\ ";
const OUTPUT = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0xf5dee51989n, 0xa9fdca3312n, 0x1bab10e32dn, 0x3706b1677an, 0x644d626ffdn];

/** @returns nothing if a character is none that descriptors have. */
export function descriptorChecksum(text: string): string | undefined {
  const symbols = symbolsOf(text);
  if (symbols === undefined) return undefined;
  const sum = polymod([...symbols, 0, 0, 0, 0, 0, 0, 0, 0]) ^ 1n;
  return Array.from({ length: 8 }, (_, at) => OUTPUT[Number((sum >> BigInt(5 * (7 - at))) & 31n)]).join("");
}

/** A character's place in its group of 32 is one symbol; the groups of three characters are another (base 3). */
function symbolsOf(text: string): readonly number[] | undefined {
  const symbols: number[] = [];
  let group = 0;
  let characters = 0;
  for (const character of text) {
    const place = INPUT.indexOf(character);
    if (place < 0) return undefined;
    symbols.push(place & 31);
    group = group * 3 + (place >> 5);
    characters++;
    if (characters % 3 === 0) {
      symbols.push(group);
      group = 0;
    }
  }
  if (characters % 3 > 0) symbols.push(group);
  return symbols;
}

function polymod(symbols: readonly number[]): bigint {
  let sum = 1n;
  for (const symbol of symbols) {
    const top = sum >> 35n;
    sum = ((sum & 0x7ffffffffn) << 5n) ^ BigInt(symbol);
    for (const [bit, generator] of GENERATOR.entries()) if ((top >> BigInt(bit)) & 1n) sum ^= generator;
  }
  return sum;
}
