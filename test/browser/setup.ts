import { findChromium } from "./chromium.ts";

/** Runs before the browser project: without a browser it fails, with the words that say how to get one. */
export default function setup(): void {
  findChromium();
}
