import { fromUtf8, secretCopy, toHex, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { type ChildSeed, wifInPlainText, xprvInPlainText } from "../keys/bip85.ts";
import { entropyToMnemonic, mnemonicWord } from "../keys/mnemonic.ts";
import type { Language, Wordlist } from "../keys/wordlist.ts";
import type { Slip39Group } from "../recovery/groups.ts";

// What leaves the vault by an export, in the hands of whoever asked: theirs to end.

/** Keeps what has left only for as long as the custody is open. */
export interface Lease {
  /** Aborted when the custody is locked. */
  readonly locked: AbortSignal;
  /** Somebody is still reading: it does not lock by itself now. @throws `vault/locked` */
  readonly stay: () => void;
}

/** Bytes that are wiped by `end`, or by a lock if that is sooner. */
class Lent {
  #bytes: Uint8Array | undefined;
  readonly #lease: Lease;

  /** @param bytes - copied. */
  constructor(bytes: Uint8Array, lease: Lease) {
    lease.locked.throwIfAborted();
    this.#bytes = secretCopy(bytes);
    this.#lease = lease;
    lease.locked.addEventListener("abort", this.#end);
  }

  read<T>(use: (bytes: Uint8Array) => T): T {
    if (this.#bytes === undefined) throw new CustodyError("vault/locked", "secret: it was wiped; ask for it again");
    this.#lease.stay();
    return use(this.#bytes);
  }

  end(): void {
    this.#end();
  }

  readonly #end = (): void => {
    wipe(this.#bytes);
    this.#bytes = undefined;
    this.#lease.locked.removeEventListener("abort", this.#end);
  };
}

/**
 * A phrase that has left the vault, shown word by word. Yours to {@link end} as soon as it is written down; a lock of the custody ends it
 * too. Each word that is read keeps the custody from locking by itself. Words are texts, which nobody can wipe: show one, and let go of it.
 */
export class Phrase {
  /** Of the list that its words are from. */
  readonly language: Language;
  /** How many words it has: 12, 15, 18, 21 or 24. */
  readonly count: number;
  /** Whether a BIP-39 passphrase goes with it: without that the words are another wallet. */
  readonly hasPassphrase: boolean;
  readonly #wordlist: Wordlist;
  readonly #entropy: Lent;
  readonly #passphrase: Lent;

  /** @param secret - copied; stays the caller's. */
  constructor(secret: { readonly entropy: Uint8Array; readonly passphrase: Uint8Array; readonly wordlist: Wordlist }, lease: Lease) {
    const { entropy, passphrase, wordlist } = secret;
    this.language = wordlist.language;
    this.count = (entropy.length / 4) * 3;
    this.hasPassphrase = passphrase.length > 0;
    this.#wordlist = wordlist;
    this.#entropy = new Lent(entropy, lease);
    this.#passphrase = new Lent(passphrase, lease);
  }

  /**
   * One word, in NFC as people write it.
   *
   * @param position - from 0.
   * @throws `vault/locked` once it is ended, or the custody locked; `request/malformed` for a position that it does not have
   */
  word(position: number): string {
    if (!Number.isInteger(position) || position < 0 || position >= this.count)
      throw new CustodyError("request/malformed", `word: expected a position from 0 to ${this.count - 1}`);
    return this.#entropy.read((entropy) => mnemonicWord(entropy, this.#wordlist, position)).normalize("NFC");
  }

  /** The words in their order, each made when it is asked for. @throws as {@link word} */
  *words(): Generator<string, void, undefined> {
    for (let position = 0; position < this.count; position++) yield this.word(position);
  }

  /** All of it as one text, which nobody can wipe. @throws `vault/locked` */
  inPlainText(): string {
    return this.#entropy.read((entropy) => entropyToMnemonic(entropy, this.#wordlist)).normalize("NFC");
  }

  /** The BIP-39 passphrase that goes with the words, NFKD; empty where there is none. A text, which nobody can wipe. @throws `vault/locked` */
  passphraseInPlainText(): string {
    return this.#passphrase.read((bytes) => fromUtf8(bytes, "vault/damaged"));
  }

  /** Wipes it. Twice is once. */
  end(): void {
    this.#entropy.end();
    this.#passphrase.end();
  }

  toString(): string {
    return `Phrase(${this.count} words)`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** A child of a wallet's seed that has left the vault (BIP-85). Yours to {@link end}; a lock of the custody ends it too. */
export class ReleasedChild {
  /** Where BIP-85 has it: with the path, the wallet's phrase gives it again. */
  readonly path: string;
  /** `bip39` only: the words. */
  readonly phrase?: Phrase;
  readonly #application: ChildSeed["application"];
  readonly #bytes: Lent;

  /** @param child - its bytes are copied, and stay the caller's; a word list for `bip39`. */
  constructor(
    child: {
      readonly application: ChildSeed["application"];
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly wordlist: Wordlist | undefined;
    },
    lease: Lease,
  ) {
    const { application, path, bytes, wordlist } = child;
    this.path = path;
    this.#application = application;
    this.#bytes = new Lent(bytes, lease);
    if (wordlist !== undefined) this.phrase = new Phrase({ entropy: bytes, passphrase: new Uint8Array(0), wordlist }, lease);
  }

  /** The bytes that {@link ChildSeed} says, in a copy that is yours to wipe. @throws `vault/locked` once it is ended */
  bytes(): Uint8Array {
    return this.#bytes.read((bytes) => secretCopy(bytes));
  }

  /** As others read it: words, WIF, `xprv…` or hexadecimal. A text, which nobody can wipe. @throws `vault/locked` */
  inPlainText(): string {
    if (this.phrase !== undefined) return this.phrase.inPlainText();
    return this.#bytes.read((bytes) => {
      switch (this.#application) {
        case "wif":
          return wifInPlainText(bytes);
        case "xprv":
          return xprvInPlainText(bytes);
        case "bip39":
        case "hex":
          return toHex(bytes);
      }
    });
  }

  /** Wipes it. Twice is once. */
  end(): void {
    this.#bytes.end();
    this.phrase?.end();
  }

  toString(): string {
    return `ReleasedChild(${this.path})`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** Shares that have left the vault: texts, which nobody can wipe. Give each to its holder, and keep none of them together. */
export interface ReleasedShares {
  /** The shares of each group, in the order asked for. */
  readonly shares: readonly (readonly string[])[];
  readonly groups: readonly Slip39Group[];
  readonly groupThreshold: number;
  /** What the shares give together: `holds` of an import. Wallets elsewhere take it for a seed, and would show another wallet for `entropy`. */
  readonly holds: "entropy" | "seed";
  /** A BIP-39 passphrase goes with the wallet, and is not in the shares. */
  readonly needsMnemonicPassphrase: boolean;
}
