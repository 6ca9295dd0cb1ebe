/** A function that the policy names: its canonical form (`deposit(uint256,address)`) and what its arguments are called. */
export interface NamedFunction {
  readonly name: string;
  readonly signature: string;
  /** Canonical types by argument name, or by position where it has none. */
  readonly inputs: ReadonlyMap<string, string>;
}

const ELEMENTARY = /(?:address|bool|string|bytes(?:3[0-2]|[12][0-9]|[1-9])?|u?int(?:[1-9][0-9]{0,2})?)(?![A-Za-z0-9_$])/y;
const WORD = /[A-Za-z_$][A-Za-z0-9_$]*/y;

/**
 * Reads a function as Solidity writes it: `deposit(uint256 amount, address to)`. Names are optional, tuples are
 * `(uint256 a, bytes b) order`; `uint` and `int` mean 256 bits; no data locations, no return values.
 *
 * @returns nothing if it is anything else.
 */
export function readFunction(text: string): NamedFunction | undefined {
  if (text.length > 1000) return undefined;
  const scan = new Scan(text);
  const name = scan.take(WORD);
  const inputs = name === undefined ? undefined : tuple(scan, 0);
  if (name === undefined || inputs === undefined || !scan.done) return undefined;
  const byName = new Map(inputs.map((input, index) => [input.name ?? String(index), input.type]));
  if (byName.size !== inputs.length) return undefined;
  return { name, signature: `${name}${typeOf(inputs)}`, inputs: byName };
}

interface Input {
  readonly name: string | undefined;
  readonly type: string;
}

class Scan {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  get done(): boolean {
    return this.#at === this.#text.length;
  }
}

function tuple(scan: Scan, depth: number): readonly Input[] | undefined {
  if (depth > 4 || scan.take(/\( */y) === undefined) return undefined;
  if (scan.take(/\)/y)) return depth === 0 ? [] : undefined;
  const inputs: Input[] = [];
  do {
    const type = typeAt(scan, depth);
    if (type === undefined) return undefined;
    const name = scan.take(/ +[A-Za-z_$][A-Za-z0-9_$]*/y)?.trim();
    inputs.push({ name, type });
  } while (scan.take(/ *, */y));
  return scan.take(/ *\)/y) ? inputs : undefined;
}

function typeAt(scan: Scan, depth: number): string | undefined {
  const word = scan.take(ELEMENTARY);
  const inner = word === undefined ? tuple(scan, depth + 1) : undefined;
  if (word === undefined && inner === undefined) return undefined;
  const type = word === undefined ? typeOf(inner ?? []) : canonicalWord(word);
  const dimensions = scan.take(/(?:\[(?:[1-9][0-9]{0,3})?\]){1,4}/y) ?? "";
  return type === undefined ? undefined : type + dimensions;
}

function canonicalWord(word: string): string | undefined {
  const bits = /^u?int([0-9]*)$/.exec(word)?.[1];
  if (bits === undefined) return word;
  if (bits === "") return `${word}256`;
  return Number(bits) % 8 === 0 && Number(bits) <= 256 ? word : undefined;
}

function typeOf(inputs: readonly Input[]): string {
  return `(${inputs.map((input) => input.type).join(",")})`;
}
