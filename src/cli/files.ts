import { type FileHandle, open } from "node:fs/promises";
import { fromUtf8, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { usage } from "./exit.ts";

/** Reads a file of at most so many bytes. The bytes are the caller's. @throws `cli/usage` naming the file */
export async function readBytes(path: string, mostBytes: number): Promise<Uint8Array> {
  return reading(path, (file) => readAll(file, path, mostBytes));
}

/** A signed note is small; `audit/note.ts` refuses longer ones. */
const MOST_NOTE_BYTES = 1_000_000;

/** A checkpoint that somebody kept. @throws `cli/usage` naming the file; `log/malformed` for what is no text */
export async function readNote(path: string): Promise<string> {
  return fromUtf8(await readBytes(path, MOST_NOTE_BYTES), "log/malformed");
}

/** A file in pieces, for what may be longer than memory; closed when reading ends, early or not. @throws `cli/usage` naming the file */
export async function openStream(path: string): Promise<AsyncGenerator<Uint8Array>> {
  return pieces(await opening(path, "r"), path);
}

async function* pieces(file: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  try {
    const buffer = new Uint8Array(64 * 1024);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return;
      yield buffer.slice(0, bytesRead);
    }
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    await file.close();
  }
}

/**
 * Reads a file with a secret in it: a key or a passphrase.
 *
 * @returns bytes that the caller wipes.
 * @throws `cli/usage` if others than its owner may open the file, with what to do about it.
 */
export async function readSecret(path: string, mostBytes = 64 * 1024): Promise<Uint8Array> {
  return reading(path, async (file) => {
    const { mode } = await file.stat();
    // Windows keeps no such bits.
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(3, "0");
      throw usage(`${path}: others may open this file (mode ${octal}); run: chmod 600 ${path}`);
    }
    return readAll(file, path, mostBytes);
  });
}

/** Reads an open descriptor to its end. @returns bytes that the caller wipes. */
export async function readDescriptor(fd: number, mostBytes: number): Promise<Uint8Array> {
  return reading(`/dev/fd/${fd}`, (file) => readAll(file, `descriptor ${fd}`, mostBytes));
}

/** Writes a file that nobody else may open, and never over another. @throws `cli/usage` if there is one already */
export async function writeSecret(path: string, bytes: Uint8Array): Promise<void> {
  const file = await opening(path, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function reading<T>(path: string, read: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await opening(path, "r");
  try {
    return await read(file);
  } catch (cause) {
    throw cause instanceof CustodyError ? cause : unreadable(path, cause);
  } finally {
    await file.close();
  }
}

async function opening(path: string, flags: string, mode?: number): Promise<FileHandle> {
  try {
    return await open(path, flags, mode);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

// In pieces: a pipe has no size to ask for.
async function readAll(file: FileHandle, name: string, mostBytes: number): Promise<Uint8Array> {
  let buffer = new Uint8Array(4096);
  let length = 0;
  for (;;) {
    if (length === buffer.length) {
      const larger = new Uint8Array(2 * buffer.length);
      larger.set(buffer);
      wipe(buffer);
      buffer = larger;
    }
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
    if (length > mostBytes) {
      wipe(buffer);
      throw usage(`${name}: expected at most ${mostBytes} bytes`);
    }
  }
  const out = buffer.slice(0, length);
  wipe(buffer);
  return out;
}

const WHY: { readonly [code: string]: string } = {
  ENOENT: "there is no such file",
  EACCES: "no permission",
  EPERM: "no permission",
  EISDIR: "it is a directory",
  EEXIST: "it is there already, and nothing is overwritten",
  EBADF: "it is not open",
  ENOTDIR: "a part of its path is no directory",
};

function unreadable(path: string, cause: unknown): CustodyError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return new CustodyError("cli/usage", `${path}: ${WHY[code] ?? `cannot be opened (${code || "unknown"})`}`, { cause });
}
