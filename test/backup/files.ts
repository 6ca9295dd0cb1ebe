import { concat } from "../../src/base/bytes.ts";

/** A file in pieces of so many bytes each; the last size is that of all further ones. */
export async function* pieces(file: Uint8Array, ...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let piece = 0; at < file.length; piece++) {
    const size = sizes[Math.min(piece, sizes.length - 1)] ?? file.length;
    yield file.slice(at, at + size);
    at += size;
  }
}

export async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return concat(...all);
}
