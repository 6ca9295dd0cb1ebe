import { existsSync, readFileSync } from "node:fs";

// Usage: tsx scripts/closing-line.ts STEPS REPORT.json… Adds up vitest's JSON reports, says again what failed, and prints
// "N passed, N failed". A report that is missing, and a test file that did not load, count as one failure each. STEPS are the names of the
// steps that failed; where no test did, they count as one.

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Of a failure's text, its stack included. */
const LINES = 12;

const total = { passed: 0, failed: 0, skipped: 0 };
const [steps = "", ...paths] = process.argv.slice(2);
for (const path of paths) {
  if (!existsSync(path)) {
    total.failed++;
    console.log(`failed: ${path} was not written`);
    continue;
  }
  const { testResults } = JSON.parse(readFileSync(path, "utf8")) as Report;
  for (const { name, message, status: outcome, assertionResults } of testResults) {
    for (const test of assertionResults) total[test.status === "passed" || test.status === "failed" ? test.status : "skipped"]++;
    const failed = assertionResults.filter((test) => test.status === "failed");
    for (const test of failed) say(`${name}: ${test.fullName}`, test.failureMessages.join("\n"));
    if (outcome !== "failed" || failed.length > 0) continue;
    total.failed++;
    say(name, message);
  }
}
if (steps !== "") {
  console.log(`failed steps:${steps}`);
  total.failed ||= 1;
}
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);

function say(what: string, why: string): void {
  console.log([`failed: ${what}`, ...why.split("\n").slice(0, LINES)].join("\n    "));
}
