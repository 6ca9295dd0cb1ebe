import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { CustodyError } from "../../src/index.ts";
import { indexedDbStore } from "../../src/stores/indexeddb/index.ts";

const store = fileURLToPath(new URL("../../src/stores/indexeddb/index.ts", import.meta.url));

// An app that is rendered on a server, or tested under an imitated DOM, has this store in Node.
test("a store of a browser that nobody closes keeps no process of Node alive, and says that there is no database", () => {
  const script = `
    import { indexedDbStore } from ${JSON.stringify(store)};
    const first = indexedDbStore("vault");
    const heard = [];
    const third = indexedDbStore("vault");
    third.join((event) => heard.push("after it was closed: " + event));
    await third.close();
    const peer = first.join((event) => heard.push(event));
    indexedDbStore("vault").join(() => undefined).tell("locked");
    peer.tell("created");
    const code = await first.get("a").catch((error) => error.code);
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.log(JSON.stringify([heard, code, await first.keeping(), (await first.persist()) ?? null]));
  `;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script], {
    timeout: 25_000,
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout)).toEqual([["locked"], "store/failed", {}, null]);
});

test("a patience that is none is refused where the store is made", () => {
  for (const patienceMs of [0, -1, Number.NaN, "1000" as never]) {
    expect(() => indexedDbStore("vault", { patienceMs })).toThrow(expect.objectContaining({ code: "request/malformed" }));
  }
  expect(() => indexedDbStore("vault", null as never)).toThrow(CustodyError);
  expect(indexedDbStore("vault", { patienceMs: Number.POSITIVE_INFINITY })).toBeDefined();
});
