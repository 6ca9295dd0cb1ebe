import { CustodyError } from "../base/errors.ts";
import type { Custody } from "../custody/keyward.ts";
import type { Io } from "./io.ts";
import { Progress } from "./progress.ts";

/**
 * Seals anew what still lies under earlier keys, with progress on a terminal.
 *
 * @returns whether there was something to do.
 * @throws `vault/aborted` on Ctrl-C, which loses nothing
 */
export async function finishRotation({ io }: { readonly io: Io }, custody: Custody): Promise<boolean> {
  if (!custody.rotating) return false;
  const progress = new Progress(io);
  try {
    await custody.finishRotation({
      signal: io.signal,
      onProgress: (done, total) => {
        progress.set(done, total, "records sealed under the new keys");
        void progress.show();
      },
    });
    return true;
  } catch (cause) {
    if (!(cause instanceof CustodyError) || cause.code !== "vault/aborted") throw cause;
    const next = "the keys are changed, what they seal is not done yet; keyward rotate --finish goes on";
    throw new CustodyError("vault/aborted", `rotate: stopped; ${next}`, { cause });
  } finally {
    await progress.clear();
  }
}
