import { existsSync, readFileSync } from "node:fs";

// Usage: tsx scripts/closing-line.ts STATUS REPORT.json… Adds up vitest's JSON reports and prints "N passed, N failed".
// A report that is missing, and a test file that did not load, count as one failure each. So does a STATUS other than 0
// when no test failed: then a step beside the tests did.

interface Report {
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[];
}

const total = { passed: 0, failed: 0, skipped: 0 };
const [status, ...paths] = process.argv.slice(2);
for (const path of paths) {
  if (!existsSync(path)) {
    total.failed++;
    continue;
  }
  const { testResults } = JSON.parse(readFileSync(path, "utf8")) as Report;
  for (const { status: outcome, assertionResults } of testResults) {
    for (const test of assertionResults) total[test.status === "passed" || test.status === "failed" ? test.status : "skipped"]++;
    if (outcome === "failed" && !assertionResults.some((test) => test.status === "failed")) total.failed++;
  }
}
if (status !== "0" && total.failed === 0) total.failed = 1;
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
