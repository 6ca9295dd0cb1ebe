import { shared } from "./shared.ts";

/** Said once before the tests run, where the published vectors and hostile cases are not beside the clone. */
export default function notice(): void {
  if (shared) return;
  console.log(
    "\nLEFT OUT: ../shared with the published vectors and hostile cases is not here. The suites that read them are skipped and counted.\n",
  );
}
