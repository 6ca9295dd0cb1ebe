import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { recoverTransactionAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { keyward, passphrase } from "../../src/index.ts";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { ACCOUNT, document, ETHER, KEY, OTHER, request, transaction } from "../custody/fixture.ts";
import { type Draft, PHRASE } from "./shell.ts";

/**
 * The vault's machine and those of three approvers, each a folder of its own and each command a process of its own: nothing but
 * files goes between them. Ana and ben have keys, cyd answers with a wallet; three of them are needed.
 */
const project = fileURLToPath(new URL("../../", import.meta.url));
const built = join(project, "node_modules/.cache", `keyward-cli-machines-${process.pid}`);
const home = mkdtempSync(join(tmpdir(), "keyward-cli-machines-"));
const wallet = privateKeyToAccount(`0x${"c1".repeat(32)}`);
const GWEI = 10n ** 9n;

type Machine = "vault" | "ana" | "ben" | "cyd" | "eve";
const at = (machine: Machine, ...file: readonly string[]) => join(home, machine, ...file);

class Ended {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
  constructor(exit: number | null, out: string, err: string) {
    this.exit = exit;
    this.out = out;
    this.err = err;
  }
  get json(): Draft {
    return JSON.parse(this.out);
  }
  /** Exit code and what it says: an error's code, or the kind of the answer. */
  get said(): readonly [number | null, string] {
    return [this.exit, this.json.error?.code ?? this.json.kind];
  }
}

/** One command in a process of its own, with the machine's folder as its home and working directory. */
function on(machine: Machine, argv: readonly string[]): Promise<Ended> {
  const env = { PATH: process.env.PATH, HOME: at(machine) };
  const child = spawn(process.execPath, [join(built, "cli.js"), ...argv], { stdio: "pipe", cwd: at(machine), env });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  child.stdin.end();
  return new Promise((resolve) => child.on("close", (exit) => resolve(new Ended(exit, out, err))));
}

const here = (...argv: readonly string[]) => on("vault", [...argv, "--vault", "v", "--passphrase-file", "phrase", "--json"]);

beforeAll(async () => {
  mkdirSync(built, { recursive: true });
  for (const machine of ["vault", "ana", "ben", "cyd", "eve"] as const) mkdirSync(at(machine));
  const options = { bundle: true, format: "esm", platform: "node", target: "node20" } as const;
  await build({ ...options, packages: "external", entryPoints: [join(project, "src/cli/main.ts")], outfile: join(built, "cli.js") });
  const people = [];
  for (const name of ["ana", "ben", "eve"] as const) {
    const { json } = await on(name, ["keygen", "key.json", "--json"]);
    people.push([name, [{ kind: "secp256k1", publicKey: json.publicKey as string }]]);
  }
  const rules = [
    { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "@book", requester: "role:ops" } },
    { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.005 ETH" }, requester: "role:ops" } },
    {
      id: "three",
      require: ["transfer"],
      when: { asset: "ETH", total: { min: "1 ETH", max: "4 ETH" } },
      approvals: [{ of: "finance", atLeast: 3 }],
    },
    { id: "present", require: ["transfer"], when: { asset: "ETH", total: { min: "5 ETH" } }, confirm: true },
  ];
  const policy = document(rules, {
    more: {
      people: { owner: [{ kind: "unlock" }], ...Object.fromEntries(people), cyd: [{ kind: "eip712", address: wallet.address }] },
      roles: { ops: ["owner"], finance: ["ana", "ben", "cyd"] },
    },
  });
  writeFileSync(at("vault", "phrase"), `${PHRASE}\n`, { mode: 0o600 });
  const store = lmdbStore(at("vault", "v"));
  const custody = keyward({ store, chains: [evm] });
  // The cheapest cost that a vault may have: the KDF is not the point here.
  const slot = passphrase(PHRASE, { cost: { memoryKiB: 19 * 1024, passes: 2, lanes: 1 } });
  await custody.create({ slot, policy, wallet: { from: "privateKey", privateKey: KEY } });
  await (await custody.session({ person: "owner" })).accounts.derive({ chain: "eip155:1", name: "Main" });
  custody.lock();
  await store.close();
}, 60_000);

afterAll(() => {
  rmSync(built, { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
});

let nonce = 0;

interface Waiting {
  readonly id: string;
  readonly asked: Draft;
  readonly payload: { nonce: number; value: bigint };
}

/** Asks on the vault's machine and carries the approval request to the three others. */
async function waiting(value = 2n * ETHER): Promise<Waiting> {
  const payload = { nonce: nonce++, value };
  const pending = await sign(payload);
  expect(pending.exit).toBe(3);
  const { id } = pending.json;
  const shown = await here("pending", "show", id);
  expect(shown.exit).toBe(0);
  writeFileSync(at("vault", `${id}.json`), shown.out);
  for (const machine of ["ana", "ben", "cyd"] as const) copyFileSync(at("vault", `${id}.json`), at(machine, `${id}.json`));
  return { id, asked: shown.json, payload };
}

function sign(fields: Parameters<typeof transaction>[0]): Promise<Ended> {
  writeFileSync(at("vault", "request.json"), JSON.stringify({ ...request(transaction(fields)), account: "Main" }));
  return here("sign", "request.json");
}

/** What an approver's machine makes of the request file. */
async function answered(
  who: "ana" | "ben" | "cyd" | "eve",
  file: string,
  more: readonly string[] = [],
  person: string = who,
): Promise<Ended> {
  const argv = ["approve", "--request", file, "--person", person, "--json", ...more];
  if (who !== "cyd") return on(who, [...argv, "--key-file", "key.json"]);
  const typed = await on(who, [...argv, "--typed-data"]);
  if (typed.exit !== 0) return typed;
  return on(who, [...argv, "--signature", await wallet.signTypedData(typed.json)]);
}

/** Hands an answer in on the vault's machine. */
function handIn(id: string, answer: string | object): Promise<Ended> {
  writeFileSync(at("vault", "answer.json"), typeof answer === "string" ? answer : JSON.stringify(answer));
  return here("approve", id, "--approval", "answer.json");
}

async function approvedBy(id: string, people: readonly ("ana" | "ben" | "cyd")[]): Promise<void> {
  for (const who of people) {
    const answer = await answered(who, `${id}.json`);
    expect([who, answer.exit]).toEqual([who, 0]);
    expect((await handIn(id, answer.out)).said).toEqual([0, "done"]);
  }
}

describe("three approvers on machines of their own", () => {
  test("two keys and a wallet agree, then it is signed; a fee bump needs nobody again, up to the ceiling", async () => {
    const { id, payload } = await waiting();
    expect(readdirSync(at("ana")).sort()).toEqual([`${id}.json`, "key.json"].sort());
    expect(readdirSync(at("cyd"))).toEqual([`${id}.json`]);
    await approvedBy(id, ["ana", "cyd"]);
    expect((await here("pending", "resume", id)).said).toEqual([3, "pending"]);
    await approvedBy(id, ["ben"]);
    const signed = await here("pending", "resume", id);
    expect(signed.said).toEqual([0, "signed"]);
    expect(await recoverTransactionAddress({ serializedTransaction: signed.json.bytes })).toBe(ACCOUNT);

    expect((await sign({ ...payload, feePerGas: 2n * GWEI })).said).toEqual([0, "signed"]);
    const above = await sign({ ...payload, feePerGas: 2n * GWEI + 1n });
    expect(above.said).toEqual([3, "pending"]);
    expect(above.json.id).not.toBe(id);
    expect((await here("pending", "withdraw", above.json.id)).exit).toBe(0);
    const log = await here("log", "verify");
    expect([log.exit, log.json.counts]).toEqual([0, expect.objectContaining({ signed: 2, approved: 3 })]);
  }, 120_000);

  test("one no, by the wallet, ends it, and later answers find nothing", async () => {
    const { id } = await waiting();
    await approvedBy(id, ["ana"]);
    const late = await answered("ben", `${id}.json`);
    const no = await answered("cyd", `${id}.json`, ["--no"]);
    expect([no.exit, no.json.statement.answer, no.json.address]).toEqual([0, "no", wallet.address]);
    expect((await handIn(id, no.out)).json).toMatchObject({ kind: "done", answer: "no" });
    const yes = await answered("cyd", `${id}.json`);
    for (const answer of [late, yes]) expect((await handIn(id, answer.out)).said).toEqual([2, "pending/no-such-request"]);
    expect((await here("pending", "resume", id)).said).toEqual([2, "pending/no-such-request"]);
  }, 120_000);

  test("beyond 5 ETH the requester confirms on the vault's machine, which is nobody else's to do", async () => {
    const { id } = await waiting(6n * ETHER);
    const missing = await here("pending", "resume", id);
    expect([missing.exit, missing.json.needs]).toEqual([3, [{ kind: "confirm", rule: "present" }]]);
    copyFileSync(at("eve", "key.json"), at("vault", "eve.json"));
    expect((await here("confirm", id, "--person", "eve", "--key-file", "eve.json")).said).toEqual([2, "pending/not-yours"]);
    expect((await here("confirm", id)).said).toEqual([0, "done"]);
    expect((await here("pending", "resume", id)).said).toEqual([0, "signed"]);
  }, 120_000);
});

describe("on the approver's side", () => {
  let good: Waiting;
  let other: Waiting;
  beforeAll(async () => {
    good = await waiting();
    other = await waiting(3n * ETHER);
  }, 120_000);

  let files = 0;
  const changed = (who: "ana" | "cyd", change: (draft: Draft) => void): string => {
    const draft = structuredClone(good.asked);
    change(draft);
    const file = `changed-${files++}.json`;
    writeFileSync(at(who, file), JSON.stringify(draft));
    return file;
  };

  const TAMPERED: readonly (readonly [what: string, change: (draft: Draft) => void])[] = [
    ["another amount in the effects", (draft) => Object.assign(draft.effects[0], { amount: "1" })],
    [
      "another amount in bytes and effects",
      (draft) => {
        draft.request.payload = transaction({ nonce: good.payload.nonce, value: 1n });
        draft.effects[0].amount = "1";
      },
    ],
    ["another recipient in the effects", (draft) => Object.assign(draft.effects[0], { to: OTHER })],
    ["other bytes", (draft) => Object.assign(draft.request, { payload: transaction({ nonce: 77, value: 9n * ETHER }) })],
    [
      "the bytes and effects of another request",
      (draft) => Object.assign(draft, { request: other.asked.request, effects: other.asked.effects }),
    ],
    ["no effects", (draft) => Object.assign(draft, { effects: [] })],
    ["another account", (draft) => Object.assign(draft.request, { account: OTHER })],
    ["another policy", (draft) => Object.assign(draft.policy, { rules: draft.policy.rules.slice(0, 2) })],
    ["another book", (draft) => Object.assign(draft.policy.book, { friend: { chain: "eip155:1", address: OTHER } })],
    ["another policy in the statement", (draft) => Object.assign(draft.statement, { policy: "0".repeat(64) })],
    ["another book in the statement", (draft) => Object.assign(draft.statement, { book: "0".repeat(64) })],
    ["other semantics", (draft) => Object.assign(draft.statement, { semantics: 99 })],
    ["another subject", (draft) => Object.assign(draft.statement, { subject: other.asked.statement.subject })],
    ["a higher fee ceiling", (draft) => Object.assign(draft.subject, { feeCeiling: `${draft.subject.feeCeiling}0` })],
    ["a submitter whom the policy lets ask for nothing", (draft) => Object.assign(draft.statement, { submitters: ["eve"] })],
    ["a submitter whom nobody knows", (draft) => Object.assign(draft.statement, { submitters: ["mallory"] })],
    ["a second submitter", (draft) => Object.assign(draft.statement, { submitters: ["eve", "owner"] })],
  ];

  test("every change of the request file is a mismatch, and nothing is signed", async () => {
    const all = await Promise.all(TAMPERED.map(async ([what, change]) => ({ what, ...(await told("ana", changed("ana", change))) })));
    expect(all).toEqual(TAMPERED.map(([what]) => ({ what, said: [2, "approval/mismatch"], signed: false })));
  }, 120_000);

  test("nor is the wallet asked to sign anything", async () => {
    const some = await Promise.all(TAMPERED.slice(0, 3).map(([, change]) => told("cyd", changed("cyd", change))));
    for (const one of some) expect(one).toEqual({ said: [2, "approval/mismatch"], signed: false });
  }, 120_000);

  const told = async (who: "ana" | "cyd", file: string) => {
    const { said, out } = await answered(who, file);
    return { said, signed: /"signature"|primaryType/.test(out) };
  };

  test("what is not of the form is malformed, and what is no JSON is said to be none", async () => {
    const more = changed("ana", (draft) => Object.assign(draft, { more: 1 }));
    expect((await answered("ana", more)).said).toEqual([2, "approval/malformed"]);
    writeFileSync(at("ana", more), "{");
    expect((await answered("ana", more)).said).toEqual([2, "json/malformed"]);
  });

  test("a stranger's key, another person's name or another wallet signs nothing", async () => {
    copyFileSync(at("vault", `${good.id}.json`), at("eve", "req.json"));
    expect((await answered("eve", "req.json")).exit).toBe(0);
    expect((await answered("eve", "req.json", [], "ana")).said).toEqual([2, "approval/bad-signature"]);
    expect((await answered("eve", "req.json", [], "owner")).said).toEqual([2, "approval/not-an-approver"]);
    const argv = ["approve", "--request", `${good.id}.json`, "--person", "cyd", "--json"];
    const typed = await on("cyd", [...argv, "--typed-data"]);
    const stranger = privateKeyToAccount(`0x${"c2".repeat(32)}`);
    expect((await on("cyd", [...argv, "--signature", await stranger.signTypedData(typed.json)])).said).toEqual([
      2,
      "approval/bad-signature",
    ]);
    const yes = await wallet.signTypedData(typed.json);
    expect((await on("cyd", [...argv, "--no", "--signature", yes])).said).toEqual([2, "approval/bad-signature"]);
    expect((await on("cyd", [...argv, "--signature", "0x00"])).said).toEqual([2, "approval/malformed"]);
  });
});

describe("on the vault's side", () => {
  test("answers that are crossed, renamed, turned round, of another wallet or replayed are refused", async () => {
    const [first, second] = [await waiting(), await waiting(3n * ETHER)];
    const yes = (await answered("ana", `${first.id}.json`)).json;
    const byWallet = (await answered("cyd", `${first.id}.json`)).json;
    for (const [id, answer, code] of [
      [second.id, yes, "approval/mismatch"],
      [second.id, byWallet, "approval/mismatch"],
      [first.id, { ...yes, person: "ben" }, "approval/bad-signature"],
      [first.id, { ...yes, statement: { ...yes.statement, answer: "no" } }, "approval/bad-signature"],
      [first.id, { ...yes, statement: { ...yes.statement, submitters: ["ben"] } }, "approval/mismatch"],
      [first.id, { ...byWallet, address: ACCOUNT }, "approval/bad-signature"],
    ] as const) {
      expect((await handIn(id, answer)).said).toEqual([2, code]);
    }
    expect((await handIn(first.id, yes)).said).toEqual([0, "done"]);
    expect((await handIn(first.id, yes)).said).toEqual([2, "approval/mismatch"]);
    const listed = (await here("pending", "list")).json.pending as Draft[];
    expect(listed.find(({ id }) => id === first.id).answers).toMatchObject([{ person: "ana", answer: "yes" }]);
    expect(listed.find(({ id }) => id === second.id).answers).toEqual([]);
    expect((await here("pending", "resume", first.id)).said).toEqual([3, "pending"]);
  }, 120_000);
});
