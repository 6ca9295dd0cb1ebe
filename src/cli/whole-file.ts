import { randomBytes } from "node:crypto";
import { access, type FileHandle, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CustodyError } from "../base/errors.ts";
import { usage } from "./exit.ts";

/** A file on its way. */
export interface Writing {
  write(chunk: Uint8Array): Promise<void>;
  /** Makes it durable, and gives it its name. */
  complete(): Promise<void>;
}

/**
 * Writes a file that nobody else may open. Until it is complete it lies beside under another name, so what bears the name is whole; where
 * `use` fails nothing stays. Nothing is written over.
 *
 * @throws `cli/usage` where there is such a file, or none can be made; `cli/failed` where it cannot be written; what `use` throws
 */
export async function writeWhole<T>(path: string, use: (file: Writing) => Promise<T>): Promise<T> {
  if (await exists(path)) throw usage(`${path}: it is there already, and nothing is overwritten`);
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString("hex")}.part`);
  let file: FileHandle | undefined = await opening(beside, path);
  const close = async () => {
    await file?.close();
    file = undefined;
  };
  try {
    return await use({
      write: (chunk) => asked(path, async () => void (await file?.writeFile(chunk))),
      complete: () =>
        asked(path, async () => {
          await file?.sync();
          await close();
          if (await exists(path)) throw usage(`${path}: it is there by now, and nothing is overwritten`);
          await rename(beside, path);
          await syncDirectory(dirname(path));
        }),
    });
  } finally {
    await close();
    // Where it was completed there is none by this name any more.
    await unlink(beside).catch(() => undefined);
  }
}

async function opening(beside: string, path: string): Promise<FileHandle> {
  try {
    return await open(beside, "wx", 0o600);
  } catch (cause) {
    throw new CustodyError("cli/usage", `${path}: cannot be made (${codeOf(cause)})`, { cause });
  }
}

async function asked(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw cause instanceof CustodyError
      ? cause
      : new CustodyError("cli/failed", `${path}: cannot be written (${codeOf(cause)})`, { cause });
  }
}

/** A name is durable when its directory is. Windows opens no directories, and needs none of it. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    // Where it is there and cannot be looked at, making one fails and says why.
    return false;
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
}
