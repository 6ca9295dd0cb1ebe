import { concat, fromUtf8 } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { nextOf } from "./chunks.ts";

/** A header is some lines: 32 recipients take 4 KiB. The library would read lines without end. */
const MOST_HEAD = 64 * 1024;
/** Of the kinds that we do not open, hybrid ones have the longest: 1,500 characters. */
const LONGEST_LINE = 4096;
/** Each costs a multiplication on the curve. */
const MOST_STANZAS = 64;
/** Armor is for what is pasted; it is taken off in memory. */
const MOST_ARMORED = 16 * 1024 * 1024;

const ARMOR = "-----BEGIN AGE ENCRYPTED FILE-----";
const LINE_FEED = 0x0a;

/**
 * Reads the beginning of a file up to the end of its header, within bounds: what is not of that form is refused here, before any key is
 * tried. Of an armored file all is read, and the armor taken off.
 *
 * @returns everything that was read, as it comes before the rest of the source.
 * @throws `backup/damaged`
 */
export async function readHead(source: AsyncIterator<Uint8Array>, unarmor: (text: string) => Uint8Array): Promise<readonly Uint8Array[]> {
  const read = new Lines();
  for (;;) {
    const chunk = await nextOf(source);
    if (chunk === undefined) {
      if (read.isArmored) break;
      throw damaged("the file ends within its header");
    }
    if (read.take(chunk)) return read.chunks;
    if (read.isArmored && read.length > MOST_ARMORED) throw damaged("armored files of more than 16 MiB are not read");
  }
  const bare = unarmor(fromUtf8(concat(...read.chunks), "backup/damaged"));
  const inner = new Lines();
  if (!inner.take(bare) || inner.isArmored) throw damaged("the file ends within its header");
  return inner.chunks;
}

/** What was read, looked at line by line; each byte once. */
class Lines {
  readonly chunks: Uint8Array[] = [];
  length = 0;
  isArmored = false;
  private line = "";
  private lines = 0;
  private stanzas = 0;

  /** Whether the header has ended. */
  take(chunk: Uint8Array): boolean {
    // A source may write into its buffer again.
    this.chunks.push(chunk.slice());
    this.length += chunk.length;
    if (this.isArmored) return false;
    for (const byte of chunk) {
      if (byte !== LINE_FEED) {
        this.line += String.fromCharCode(byte);
        if (this.line.length > LONGEST_LINE) throw damaged("expected a header of lines");
      } else if (this.endLine()) return true;
      if (this.isArmored) return false;
    }
    if (this.length > MOST_HEAD) throw damaged(`expected a header of at most ${MOST_HEAD} bytes`);
    return false;
  }

  private endLine(): boolean {
    const line = this.line;
    this.line = "";
    if (this.lines === 0) {
      // The tool lets white space stand before the armor.
      if (line.trim() === "") return false;
      this.isArmored = line.trimStart().replace(/\r$/, "") === ARMOR;
      if (!this.isArmored && line !== "age-encryption.org/v1") throw damaged("expected a file of the age format, version 1");
    }
    this.lines++;
    if (line.startsWith("-> ") && ++this.stanzas > MOST_STANZAS) throw damaged(`expected at most ${MOST_STANZAS} recipients`);
    return line.startsWith("---") && !this.isArmored;
  }
}

export function damaged(what: string): CustodyError {
  return new CustodyError("backup/damaged", `backup: ${what}`);
}
