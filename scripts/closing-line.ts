import { existsSync, readFileSync } from "node:fs";

// Usage: tsx scripts/closing-line.ts REPORT.json… Adds up vitest's JSON reports and prints "N passed, N failed".
// A report that is missing, and a test file that did not load, count as one failure each.

interface Report {
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[];
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const path of process.argv.slice(2)) {
  if (!existsSync(path)) {
    total.failed++;
    continue;
  }
  const { testResults } = JSON.parse(readFileSync(path, "utf8")) as Report;
  for (const { status, assertionResults } of testResults) {
    for (const test of assertionResults) total[test.status === "passed" || test.status === "failed" ? test.status : "skipped"]++;
    if (status === "failed" && !assertionResults.some((test) => test.status === "failed")) total.failed++;
  }
}
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
