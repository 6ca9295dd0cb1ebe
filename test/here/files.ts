import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What lies beside the project in `../shared`, on a host that has files. */
const root = fileURLToPath(new URL("../../../shared/", import.meta.url));

export const sharedIsHere: boolean = existsSync(root);

/** @throws if there is no such file. */
export function readShared(path: string): string {
  return readFileSync(root + path, "utf8");
}
