/** What lies beside the project in `../shared`, which the test server hands out below `/@shared/` (`test/browser/vite.ts`). */
const root = "/@shared/";

// Synchronous, as reading a file is in Node: the tests are the same, and name their suites while they are collected.
function request(path: string): XMLHttpRequest {
  const asked = new XMLHttpRequest();
  asked.open("GET", root + path, false);
  asked.send();
  return asked;
}

export const sharedIsHere: boolean = request("").status === 200;

/** @throws if there is no such file. */
export function readShared(path: string): string {
  const answer = request(path);
  if (answer.status !== 200) throw new Error(`../shared/${path}: the test server says ${answer.status}`);
  return answer.responseText;
}
