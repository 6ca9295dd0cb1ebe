import { isBytes } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";

/** A file in pieces of any size, in order. */
export type Chunks = AsyncIterable<Uint8Array>;

/** A file that is there as a whole; copied, so that it is what its bytes say and no more. */
export async function* onePiece(file: Uint8Array): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(file);
}

/** What the caller's own source threw, on its way through the streams. */
export class SourceFault {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** Reads the source when somebody reads the stream, and not before. @param first - comes before the rest */
export function streamOf(source: AsyncIterator<Uint8Array>, first: readonly Uint8Array[] = []): ReadableStream<Uint8Array> {
  const waiting = [...first];
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const kept = waiting.shift();
        if (kept !== undefined) return controller.enqueue(kept);
        try {
          const chunk = await nextOf(source);
          if (chunk === undefined) controller.close();
          else controller.enqueue(chunk);
        } catch (cause) {
          controller.error(cause);
        }
      },
      cancel: () => end(source),
    },
    { highWaterMark: 0 },
  );
}

/** The next piece, or nothing at the end. @throws {@link SourceFault} */
export async function nextOf(source: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    const { done, value } = await source.next();
    if (done) return undefined;
    if (!isBytes(value)) throw new CustodyError("request/malformed", `file: expected chunks of bytes, got ${typeof value}`);
    return value;
  } catch (cause) {
    throw new SourceFault(cause);
  }
}

/** The pieces of a stream; who stops reading ends the source. @param fault - what is thrown instead of what the stream throws */
export async function* chunksOf(
  stream: ReadableStream<Uint8Array>,
  fault: (cause: unknown) => unknown,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await interruptible(signal, reader.read());
      if (done) return;
      if (value.length > 0) yield value;
    }
  } catch (cause) {
    throw fault(cause);
  } finally {
    // Not waited for: a source that never answers would hold us up. At the end there is nothing to cancel.
    reader.cancel().catch(() => undefined);
  }
}

/** @throws `backup/aborted`, or the error of ours that it was aborted with, however long the work takes */
export async function interruptible<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(abortedBy(signal));
  });
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    return await Promise.race([stopped, work]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

export function abortedBy({ reason }: AbortSignal): CustodyError {
  return reason instanceof CustodyError ? reason : new CustodyError("backup/aborted", "aborted by its signal", { cause: reason });
}

async function end(source: AsyncIterator<Uint8Array>): Promise<void> {
  await source.return?.();
}
