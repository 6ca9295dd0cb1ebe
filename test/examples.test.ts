import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../src/base/canonical.ts";
import { ERROR_CODES } from "../src/base/errors.ts";
import { bitcoin } from "../src/chains/bitcoin/index.ts";
import type { Chain } from "../src/chains/chain.ts";
import { evm } from "../src/chains/evm/index.ts";
import { readAct } from "../src/custody/acts.ts";
import { emptyBook } from "../src/intent/book.ts";
import { ACT_KINDS, EFFECT_KINDS } from "../src/intent/effect.ts";
import { FIELDS, type Field, KIND_FIELDS, OUTFLOW } from "../src/intent/fields.ts";
import { REQUEST_KINDS, type RequestKind } from "../src/intent/intent.ts";
import { emptyCounters } from "../src/policy/counters.ts";
import { compile } from "../src/policy/evaluate.ts";
import { parsePolicy } from "../src/policy/parse.ts";
import { full } from "./policy/documents.ts";

const project = fileURLToPath(new URL("../", import.meta.url));
const page = (path: string): string => readFileSync(project + path, "utf8");

/** Blocks of a page that are fenced as this language, in order. */
function blocks(text: string, language: string): readonly string[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, fence, body]) => (fence === language ? [body!] : []));
}

/** First cells of all table rows below a heading, without their code marks. */
function rows(text: string, heading: string): readonly string[][] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) => line.slice(2, -2).split(" | "));
}
const names = (table: readonly string[][]): readonly string[] => table.map(([first = ""]) => first.match(/`([^`]*)`/)?.[1] ?? first);

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(file: string, { args = [], cwd = project }: { readonly args?: readonly string[]; readonly cwd?: string } = {}): Promise<Run> {
  const load = file.endsWith(".ts") ? ["--import", import.meta.resolve("tsx")] : [];
  return new Promise((resolve) => {
    execFile(process.execPath, [...load, file, ...args], { cwd }, (error, out, err) =>
      resolve({ code: typeof error?.code === "number" ? error.code : error ? 1 : 0, out, err }),
    );
  });
}

/** A project of somebody else, in which `keyward` is installed, and what makes transactions. */
let consumer = "";
beforeAll(async () => {
  consumer = await mkdtemp(join(tmpdir(), "keyward-examples-"));
  await mkdir(join(consumer, "node_modules"));
  await symlink(project, join(consumer, "node_modules/keyward"), "dir");
  await mkdir(join(consumer, "node_modules/@scure"));
  for (const name of ["viem", "@scure/btc-signer"])
    await symlink(join(project, "node_modules", name), join(consumer, "node_modules", name), "dir");
  await writeFile(join(consumer, "package.json"), '{ "type": "module" }');
});
afterAll(() => rm(consumer, { recursive: true, force: true }));

test("the built package, which examples import, is there and made of this source", () => {
  const built = `${project}dist/index.js`;
  expect(existsSync(built), "there is no dist: run `npm run build`").toBe(true);
  const newer = readdirSync(`${project}src`, { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".ts") && statSync(`${project}src/${path}`).mtimeMs > statSync(built).mtimeMs,
  );
  expect(newer, "dist is older than these files of src: run `npm run build`").toEqual([]);
});

describe("every example runs by itself and says what it promises", () => {
  const SAYS: { readonly [example: string]: readonly RegExp[] } = {
    "quickstart.ts": [/^signed {3}0\.25 ETH to alice: 0x[0-9a-f]{64}$/m, /^denied {3}5 ETH to alice: .*limit\/exceeded\)$/m],
    "evm-payment.ts": [
      /^800 USDC to acme: signed/m,
      /^ {2}instead {2}an amount of 200 USDC would pass$/m,
      /^ {2}because {2}no rule allows this allowance$/m,
    ],
    "limit-and-quorum.ts": [/^8 ETH {2}signed/m, /^5 ETH {2}pending/m, /eve agrees: signed, 0x[0-9a-f]{64}$/m],
    "verify-log.ts": [/^whole log: \d+ entries, 2 signed, 1 denied/m, /^one entry:/m, /^history:/m, /^tampered: .*\(log\/damaged\)$/m],
    "bitcoin-payment.ts": [
      /^effect {3}0: transfer 200000 sat to bc1\w+ \(change verified\)$/m,
      /^signed {3}[0-9a-f]{64}, \d+ vB ready to broadcast$/m,
      /^effect {3}1: transfer 298000 sat to bc1\w+ \(change foreign\)$/m,
      /^denied {3}effect 1: no rule allows this transfer$/m,
    ],
    "bitcoin-fee-bump.ts": [
      /^fee 3500 sat {2}signed under the same agreement: [0-9a-f]{64}$/m,
      /^fee 4500 sat {2}pending/m,
      /^other coins {3}pending/m,
      /^600 000 sat {3}denied: .* 0\.004035 BTC is used and 0\.00602 BTC is asked$/m,
    ],
    "permit.ts": [
      /^permit for 80 USDC: signed, 65 bytes$/m,
      /^unlimited permit: denied\n {2}because {2}no rule allows this signedAllowance$/m,
      /^unlimited Permit2: denied$/m,
      /^another Permit2: denied\n {2}because {2}no rule allows what could not be read$/m,
      /^ {2}because {2}daily is at most 250 USDC: 200 USDC is used and 60 USDC is asked$/m,
    ],
    "approval-by-wallet.ts": [/^ana {4}refuses/m, /^ana {4}agrees in her wallet$/m, /^owner {2}hands it in: signed, 0x[0-9a-f]{64}$/m],
    "ways-in.ts": [
      /^share {5}3 of 3, safe at the bank: /m,
      /^rehearsal Ana alone: good, 1 more needed$/m,
      /^rehearsal Ana and the bank: they would open the vault$/m,
      /^rehearsal a slip of the pen: slot\/share-damaged$/m,
      /^laptop {4}vault\/cannot-open$/m,
      /^absent {4}Ben and the bank: opens$/m,
      /^absent {4}Dora and Emil: opens$/m,
      /^alone {5}Dora: vault\/cannot-open$/m,
      /^log {7}slotChange remove$/m,
      /^log {7}rotate$/m,
    ],
    "spending-agent.ts": [
      /^agent {2}5 USDC to search: signed$/m,
      /^agent {2}1 USDC to hosting: denied, no rule allows this transfer$/m,
      /^agent {2}approves itself: refused \(approval\/not-an-approver\)$/m,
      /^owner {2}agrees: signed$/m,
      /^owner .*\(session\/ended\)$/m,
    ],
    "demo.ts": [
      /^ {4}denied {5}unlimited permit for acme +no rule allows this signedAllowance$/m,
      /^ {4}denied {5}0\.002 BTC with a fake change +no rule allows this transfer$/m,
      /^ {4}signed {5}0\.002 BTC to acme +txid [0-9a-f]{64}$/m,
      /^ {4}signed {5}with a fee of 3500 sat .* no new approval$/m,
      /^ {4}counted .* 0\.032055 BTC is used/m,
      /^10 {2}Verify the log$/m,
      /^ {4}found {6}a forged amount/m,
    ],
  };

  test("none is left out", () => {
    expect(
      readdirSync(`${project}examples`)
        .filter((path) => path.endsWith(".ts"))
        .sort(),
    ).toEqual(Object.keys(SAYS).sort());
  });

  test.each(Object.entries(SAYS))("%s", { timeout: 120_000 }, async (example, says) => {
    const { code, out, err } = await run(`${project}examples/${example}`);
    expect({ code, err }, out).toEqual({ code: 0, err: "" });
    for (const said of says) expect(out).toMatch(said);
    expect(out, "colours are for terminals").not.toContain("\u001b");
  });
});

describe("the demo", () => {
  test("ends with exit code 1 when a step is not as promised", { timeout: 120_000 }, async () => {
    await cp(`${project}examples`, join(consumer, "examples"), { recursive: true });
    const policy = join(consumer, "examples/demo/policy.ts");
    const generous = (await readFile(policy, "utf8")).replace('max: "5000 USDC"', 'max: "50000 USDC"');
    await writeFile(policy, generous);
    const { code, err } = await run(join(consumer, "examples/demo.ts"), { cwd: consumer });
    expect({ code, said: /expected pending, it is signed/.test(err) }, err).toEqual({ code: 1, said: true });
  });

  test("--keep leaves the vault, and never takes a folder that has one", { timeout: 120_000 }, async () => {
    const kept = join(consumer, "kept");
    const first = await run(`${project}examples/demo.ts`, { args: ["--keep", kept] });
    expect({ code: first.code, err: first.err }).toEqual({ code: 0, err: "" });
    expect(first.out).toContain(`npx keyward log verify --vault ${kept}`);
    expect(existsSync(join(kept, "data.mdb"))).toBe(true);
    const second = await run(`${project}examples/demo.ts`, { args: ["--keep", kept] });
    expect(second).toMatchObject({ code: 1, err: expect.stringContaining("has a vault already") });
  });
});

describe("the readme", () => {
  const readme = page("README.md");

  test("its first block signs once and is denied once, in a project of its own", { timeout: 120_000 }, async () => {
    const file = join(consumer, "first.mjs");
    await writeFile(file, blocks(readme, "ts")[0]!);
    const { code, out, err } = await run(file, { cwd: consumer });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const [signed, denied, end] = out.split("\n");
    expect(signed).toMatch(/^0\.25 ETH signed: 0x[0-9a-f]{64}$/);
    expect(readme, "what the page shows").toContain(`\n${denied}\n`);
    expect(denied).toMatch(/^5 ETH denied: /);
    expect(end).toBe("");
  });

  test("its block of ways in opens a vault by shares that were rehearsed", { timeout: 60_000 }, async () => {
    const file = join(consumer, "ways.ts");
    await writeFile(file, blocks(readme, "ts").find((block) => block.includes("rehearseShares"))!);
    expect(await run(file, { cwd: consumer })).toEqual({ code: 0, out: "true\n", err: "" });
  });

  test("its blocks, and those of the page on ways in, fit the types of the package", { timeout: 120_000 }, async () => {
    const files = await Promise.all(
      [...blocks(readme, "ts"), ...blocks(page("docs/slots.md"), "ts")].map(async (block, index) => {
        const file = join(consumer, `block-${index}.ts`);
        await writeFile(file, block);
        return file;
      }),
    );
    expect(files.length).toBeGreaterThan(2);
    const options = {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
    };
    const program = ts.createProgram(files, { ...options, lib: ["lib.es2024.d.ts", "lib.dom.d.ts", "lib.dom.asynciterable.d.ts"] });
    const said = ts
      .getPreEmitDiagnostics(program)
      .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`);
    expect(said).toEqual([]);
  });
});

describe("pages", () => {
  const PAGES = ["README.md", "examples/README.md", "CHANGELOG.md", "docs/requests.md", "docs/policy.md", "docs/slots.md"];

  test.each(PAGES)("every link of %s leads somewhere", (path) => {
    const dead = [...page(path).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
      if (link.startsWith("https://")) return [];
      const [file, anchor] = link.split("#");
      const target = join(dirname(path), file === "" ? path.split("/").at(-1)! : file!);
      if (!existsSync(project + target)) return [link];
      return anchor === undefined || headings(page(target)).includes(anchor) ? [] : [link];
    });
    expect(dead).toEqual([]);
  });

  test.each(["README.md", "docs/policy.md"])("every policy in %s is one that loads", (path) => {
    const texts = blocks(page(path), "json");
    for (const text of texts) expect(() => parsePolicy(document(text), { parseAddress }), text).not.toThrow();
    expect(texts.length).toBeGreaterThan(0);
  });

  test("the policy for permits in docs/policy.md lets pass what ends within the year, and no other", () => {
    const owner = "0x5e174bF70BE4514980464A3086c0E69577968909";
    const text = blocks(page("docs/policy.md"), "json").find((block) => block.includes('"a shop that takes permits"')) ?? "";
    const policy = parsePolicy(text, { parseAddress });
    const evaluator = compile(policy);
    const codes = (payload: Json) => {
      const intent = evm.decode({ chain: "eip155:1", account: owner, kind: "typedData", payload }, { address: owner }, policy.book);
      return evaluator.judge(intent, { now: 0, mode: "normal", requester: "owner" }, emptyCounters).reasons.map(({ code }) => code);
    };
    const newYear = Date.UTC(2027, 0, 1) / 1000;
    expect(codes(permit2("100000000", newYear - 86_400))).toEqual([]);
    expect(codes(permit2("100000001", newYear - 86_400))).toEqual(["policy/not-allowed"]);
    expect(codes(permit2("100000000", newYear))).toEqual(["policy/not-allowed"]);
    expect(codes(permit(owner, newYear - 86_400))).toEqual(["policy/not-allowed"]);
  });

  test("the fields in docs/policy.md are those of the code", async () => {
    const path = "docs/policy.md";
    const made = page(path).replace(
      /(<!-- fields:.*?-->\n)(.*?)(<!-- \/fields -->)/s,
      (_all, begin, _table, end) => `${begin}\n${fieldTable()}\n${end}`,
    );
    await expect(made).toMatchFileSnapshot(`../${path}`);
  });

  describe("docs/requests.md", () => {
    const requests = page("docs/requests.md");

    test("has every kind of request, and says which of them are there", () => {
      const table = rows(requests, "Kinds of request");
      expect([...names(table)].sort()).toEqual([...REQUEST_KINDS].sort());
      const missing = table.filter((row) => row[2] === "not yet").map(([name]) => name!.slice(1, -1));
      expect(missing.sort()).toEqual(
        REQUEST_KINDS.filter((kind) => kind !== "act" && unsupported(evm, kind) && unsupported(bitcoin, kind)).sort(),
      );
    });

    test("has every effect, marks what outflow stands for, and says which acts are there", () => {
      const table = rows(requests, "Effects");
      expect(names(table)).toEqual([...EFFECT_KINDS, ...ACT_KINDS]);
      expect(names(table.filter(([name]) => name!.endsWith("•")))).toEqual([...OUTFLOW]);
      const later = names(table.filter((row) => row[2] === "no act does this yet"));
      expect(later).toEqual(ACT_KINDS.filter((act) => thrownBy(() => readAct({ act })) === "request/unsupported"));
      // Tables of what one act can do stand below that of the acts.
      expect(names(rows(requests, "Acts")).flatMap((text) => text.match(/act: "(\w+)"/)?.[1] ?? [])).toEqual(
        ACT_KINDS.filter((act) => !later.includes(act)),
      );
    });

    test("has every outcome and every need", () => {
      const unions = page("src/custody/outcome.ts") + page("src/intent/verdict.ts");
      const kinds = [...unions.matchAll(/readonly kind: "(\w+)"/g)].map(([, kind]) => kind);
      expect([...names(rows(requests, "Outcomes"))].sort()).toEqual([...new Set(kinds)].sort());
    });

    test("has every reason of a denial", () => {
      const sources = readdirSync(`${project}src`, { recursive: true, encoding: "utf8" }).filter(
        (path) => /^(custody|chains)/.test(path) && path.endsWith(".ts"),
      );
      const given = sources.flatMap((path) => [...page(`src/${path}`).matchAll(/\bcode: "([a-z]+\/[a-z-]+)"/g)].map(([, code]) => code!));
      const bitcoins = [...page("src/chains/bitcoin/refusals.ts").matchAll(/\b(?:reason|at)\(\s*"([a-z0-9-]+)"/g)].map(
        ([, code]) => `bitcoin/${code}`,
      );
      expect(bitcoins.length).toBeGreaterThan(8);
      const judged = [...page("src/policy/reasons.ts").matchAll(/^ {2}"([a-z]+\/[a-z-]+)":/gm)].map(([, code]) => code!);
      expect([...names(rows(requests, "Reasons of a denial"))].sort()).toEqual([...new Set([...given, ...bitcoins, ...judged])].sort());
    });

    test("has every error", () => {
      expect([...names(rows(requests, "Errors"))].sort()).toEqual([...ERROR_CODES].sort());
    });
  });
});

/** Whether no request of this kind is ever read on this chain, whatever is in it. */
function unsupported(chain: Chain, kind: RequestKind): boolean {
  const [id, account] = AT[chain.namespace] as [string, string];
  const request = { chain: id, account, kind, payload: "0x00" };
  return thrownBy(() => chain.decode(request, { address: account }, emptyBook)) === "request/unsupported";
}

const AT: { readonly [namespace: string]: readonly [chain: string, account: string] } = {
  eip155: ["eip155:1", "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"],
  bip122: ["bip122:000000000019d6689c085ae165831e93", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"],
};

function thrownBy(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { readonly code?: string }).code;
  }
}

const parseAddress: Chain["parseAddress"] = (chain, text) => (chain.startsWith("bip122:") ? bitcoin : evm).parseAddress(chain, text);

const SHOP = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
const USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const uint = (name: string, bits = 256) => ({ name, type: `uint${bits}` });
const address = (name: string) => ({ name, type: "address" });

/** Permit2 for the shop. */
function permit2(amount: string, expiration: number): Json {
  return {
    domain: { name: "Permit2", chainId: 1, verifyingContract: "0x000000000022D473030F116dDEE9F6B43aC78BA3" },
    types: {
      PermitDetails: [address("token"), uint("amount", 160), uint("expiration", 48), uint("nonce", 48)],
      PermitSingle: [{ name: "details", type: "PermitDetails" }, address("spender"), uint("sigDeadline")],
    },
    primaryType: "PermitSingle",
    message: { details: { token: USDC, amount, expiration, nonce: 0 }, spender: SHOP, sigDeadline: expiration },
  };
}

/** EIP-2612 for the shop. */
function permit(owner: string, deadline: number): Json {
  return {
    domain: { name: "USD Coin", version: "2", chainId: 1, verifyingContract: USDC },
    types: { Permit: [address("owner"), address("spender"), uint("value"), uint("nonce"), uint("deadline")] },
    primaryType: "Permit",
    message: { owner, spender: SHOP, value: "100000000", nonce: 0, deadline },
  };
}

/** As GitHub makes anchors of headings. */
function headings(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** A block of a page as a whole document: a rule or a condition stands in one that has the names. */
function document(text: string): string {
  const json = JSON.parse(text) as { readonly keyward?: string; readonly id?: string };
  if (json.keyward !== undefined) return text;
  const around = full();
  around.book.alice = { chain: "eip155:1", address: "0x000000000022D473030F116dDEE9F6B43aC78BA3" };
  delete around.contracts;
  const rule = json.id === undefined ? { id: "block", allow: ["transfer"], when: json } : json;
  return JSON.stringify({ ...around, rules: [...around.rules.filter(({ id }: { id: string }) => id !== json.id), rule] });
}

function fieldTable(): string {
  const lines = (Object.keys(FIELDS) as Field[]).map((field) => {
    const info: { readonly type: string; readonly unit?: string; readonly about: string } = FIELDS[field];
    return `| \`${field}\` | ${info.about} | ${info.unit ?? info.type} | ${kindsWith(field)} |\n`;
  });
  return `| field | | is | of |\n|---|---|---|---|\n${lines.join("")}`;
}

function kindsWith(field: Field): string {
  const signing = EFFECT_KINDS.filter((kind) => KIND_FIELDS[kind].includes(field));
  const acts = ACT_KINDS.filter((kind) => KIND_FIELDS[kind].includes(field));
  const said = [
    signing.length === EFFECT_KINDS.length ? "all effects" : signing.join(", "),
    acts.length === ACT_KINDS.length ? "all acts" : acts.join(", "),
  ];
  return said.filter((text) => text !== "").join(", ");
}
