import * as audit from "../../src/audit/index.ts";
import * as bitcoin from "../../src/chains/bitcoin/index.ts";
import * as evm from "../../src/chains/evm/index.ts";
import * as root from "../../src/index.ts";
import * as analyze from "../../src/policy/analyze/index.ts";
import * as policy from "../../src/policy/index.ts";
import * as report from "../../src/policy/report/index.ts";
import * as recovery from "../../src/recovery/index.ts";
import * as slots from "../../src/slots/index.ts";
import * as keychain from "../../src/slots/keychain/index.ts";
import * as indexeddb from "../../src/stores/indexeddb/index.ts";
import * as memory from "../../src/stores/memory/index.ts";
import { ana, ben, CHAIN, ETHER, FRIEND, KEY, openCustody, payments, request, slot, transaction } from "../custody/fixture.ts";

/** A custody in which everything that methods speak of is there. */
export interface World {
  readonly custody: root.Custody;
  readonly me: root.Session;
  readonly pending: string;
  readonly statement: root.ApprovalStatement;
  readonly approval: root.SignedApproval;
  readonly asked: root.ApprovalRequest;
  readonly lines: readonly string[];
  readonly note: string;
  readonly proofs: { readonly entry: string; readonly consistency: string };
}

const quorum = {
  id: "two",
  require: ["transfer"],
  when: { asset: "ETH", amount: { min: "0.01 ETH" } },
  approvals: [{ of: "ana", atLeast: 1 }],
};

export async function makeWorld(): Promise<World> {
  const { custody, me } = await openCustody({ policy: payments([quorum], { people: [ana, ben] }) });
  const waiting = await me.sign(request(transaction({ value: ETHER })));
  if (waiting.kind !== "pending") throw new Error(waiting.kind);
  const asked = await custody.approvalRequest(waiting.id);
  const { statement } = asked;
  const lines: string[] = [];
  for await (const line of custody.exportLog()) lines.push(line);
  const note = await custody.checkpoint();
  const proofs = { entry: await custody.proveEntry(0), consistency: await custody.proveConsistency(note) };
  const approval = await root.approveOffline(statement, "ana", ana.credential);
  return { custody, me, pending: waiting.id, statement, approval, asked, lines, note, proofs };
}

/** One public function: what it is given where all is well, and whether what it does to a custody is for good. */
export interface Row {
  readonly name: string;
  readonly args: (world: World) => readonly unknown[];
  readonly call: (world: World, args: never) => unknown;
  /** Each call gets a world of its own. */
  readonly alone?: true;
}

const GOOD = transaction({ value: 1n });
const spending = {
  assets: { ETH: { chain: CHAIN, asset: "native", decimals: 18 } },
  payees: { friend: { chain: CHAIN, address: FRIEND } },
  daily: { ETH: "1" },
  fee: { ETH: "0.01" },
};
const keys = { ana: ana.publicKey, ben: ben.publicKey };
/** The first of SLIP-39's published vectors: one share that is enough. */
const SHARE =
  "duckling enlarge academic academic agency result length solution fridge kidney coal piece deal husband erode duke ajar critical decision keyboard";
const wallet: root.WalletSigner = { address: FRIEND, signTypedData: async () => "0x" };

function custody<K extends keyof root.Custody>(name: K, args: Row["args"], alone?: true): Row {
  const call = (world: World, given: never) => (world.custody[name] as (...args: unknown[]) => unknown)(...(given as unknown[]));
  return { name: `Custody.${name}`, args, call, ...(alone && { alone }) };
}

function session<K extends keyof root.Session>(name: K, args: Row["args"], alone?: true): Row {
  const call = (world: World, given: never) => (world.me[name] as (...args: unknown[]) => unknown)(...(given as unknown[]));
  return { name: `Session.${name}`, args, call, ...(alone && { alone }) };
}

function value(subpath: string, module: object, name: string, args: Row["args"]): Row {
  const call = (_: World, given: never) => (module as Record<string, (...args: unknown[]) => unknown>)[name]?.(...(given as unknown[]));
  return { name: `${subpath} ${name}`, args, call };
}

function account(name: "derive" | "list" | "receive" | "change", args: Row["args"]): Row {
  const call = (world: World, given: never) => (world.me.accounts[name] as (...args: unknown[]) => unknown)(...(given as unknown[]));
  return { name: `Session.accounts.${name}`, args, call };
}

function store(name: keyof root.Store, args: Row["args"]): Row {
  const call = (_: World, given: never) => (memory.memoryStore()[name] as (...args: unknown[]) => unknown)(...(given as unknown[]));
  return { name: `Store.${name}`, args, call };
}

/** Locked first, or there would be nothing to do. */
function reopened({ custody }: World, given: never): Promise<void> {
  custody.lock();
  return (custody.unlock as (...args: unknown[]) => Promise<void>)(...(given as unknown[]));
}

const parseAddress = (_: string, text: string) => evm.evm.parseAddress(CHAIN, text);

/** A key and options; the file is the app's own code, as a store is. */
const verifying = (note: string) => [
  { passphrase: "x" },
  { checkpoint: note, signal: new AbortController().signal, onProgress: () => undefined },
];

/** Every public function that is given data, which may be anything. */
export const ROWS: readonly Row[] = [
  // Ended at once: a watcher that throws is meant to be seen by whoever runs the page.
  { name: "Custody.subscribe", args: () => [() => undefined], call: ({ custody }, given) => custody.subscribe(...(given as [never]))() },
  custody("status", () => []),
  custody("create", () => [
    {
      slot,
      policy: payments(),
      wallet: { from: "privateKey", privateKey: KEY.slice() },
      signal: new AbortController().signal,
      onProgress: () => undefined,
    },
  ]),
  custody("restored", () => []),
  custody("backups", () => []),
  {
    ...custody("verifyBackup", ({ note }) => verifying(note)),
    call: ({ custody }, [key, options]: readonly never[]) => custody.verifyBackup(new Uint8Array(9), key as never, options),
  },
  {
    ...custody("restore", () => [
      { key: { passphrase: "x" }, slot, atLeast: "x", signal: new AbortController().signal, onProgress: () => undefined },
    ]),
    // The file is the app's own code, as a store is.
    call: (_, [options]: readonly root.RestoreOptions[]) =>
      root.keyward({ chains: [evm.evm], store: memory.memoryStore() }).restore(new Uint8Array(9), options as root.RestoreOptions),
  },
  {
    ...custody(
      "unlock",
      ({ note }) => [slot, { access: "sign", atLeast: note, signal: new AbortController().signal, onProgress: () => undefined }],
      true,
    ),
    call: reopened,
  },
  custody("lock", () => [], true),
  custody("session", () => [{ person: "ana", credential: { ...ana.credential }, scope: { rules: [] }, lastsMs: 1000 }]),
  custody("decode", () => [request(GOOD)]),
  custody("watched", () => ["Main"]),
  custody("wallets", () => []),
  custody("policy" as never, () => []),
  custody("mode" as never, () => []),
  custody("accounts" as never, () => []),
  custody("pending", () => []),
  custody("checkPolicy", () => [payments()]),
  custody("approvalStatement", ({ pending }) => [pending, { answer: "yes", lastsMs: 1000 }]),
  custody("approvalRequest", ({ pending }) => [pending, { answer: "yes", lastsMs: 1000 }]),
  custody("submitApproval", ({ pending, approval }) => [pending, { ...approval, person: "ben" }]),
  custody("history", () => [{ newestFirst: true, from: 1, limit: 1 }]),
  custody("checkpoint", () => []),
  custody("exportLog", () => []),
  custody("proveEntry", () => [0]),
  custody("proveConsistency", ({ note }) => [note]),
  custody("support", () => []),
  custody("publicHeader", () => []),
  custody("finishRetuning", () => []),
  custody("slots", () => []),
  custody("finishRotation", () => [{ signal: new AbortController().signal, onProgress: () => undefined }]),
  custody("veto", ({ pending }) => [pending, slot, { signal: new AbortController().signal, onProgress: () => undefined }]),
  custody("diagnose", () => []),
  custody("toString", () => []),
  custody("toJSON" as never, () => []),
  session("sign", () => [request(GOOD)]),
  session("submit", () => [{ act: "modeChange", mode: "normal" }]),
  { ...session("submit", () => [{ act: "policyEdit", policy: payments() }]), name: "Session.submit (policyEdit)" },
  { ...session("submit", () => [{ act: "import", name: "x", wallet: { from: "generate", words: 12 } }]), name: "Session.submit (import)" },
  session("export", () => [{ what: "phrase", wallet: "Main" }]),
  {
    ...session("export", () => [{ what: "slip39", wallet: "Main", groups: [{ threshold: 2, shares: 3 }], passphrase: "x", timeoutMs: 9 }]),
    name: "Session.export (slip39)",
  },
  {
    ...session("export", () => [{ what: "childSeed", wallet: "Main", application: "hex", bytes: 16, index: 0 }]),
    name: "Session.export (childSeed)",
  },
  {
    ...session("submit", () => [
      { act: "import", name: "x", wallet: { from: "slip39", holds: "entropy", shares: ["x"], passphrase: "x", mnemonicPassphrase: "x" } },
    ]),
    name: "Session.submit (slip39)",
  },
  session("explain", () => [request(GOOD)]),
  session("pending", () => []),
  session("resume", ({ pending }) => [pending, { request: request(GOOD) }]),
  session("withdraw", ({ pending }) => [pending], true),
  session("approve", ({ pending, statement }) => [pending, { credential: { ...ana.credential }, statement }]),
  {
    ...session("approve", ({ pending }) => [pending, { answer: "yes", credential: { ...ana.credential }, lastsMs: 1000 }]),
    name: "Session.approve (answer)",
  },
  session("confirm", ({ pending }) => [pending, { slot, signal: new AbortController().signal, onProgress: () => undefined }]),
  session("confirmationStatement", ({ pending }) => [pending]),
  session("end", () => [], true),
  session("toString" as never, () => []),
  account("derive", () => [{ chain: CHAIN, name: "Second", wallet: "Main", index: 1, type: "x", path: "m" }]),
  account("list", () => []),
  account("receive", () => ["Main"]),
  account("change", () => ["Main"]),
  { name: "Session.wallets.list", args: () => [], call: ({ me }) => me.wallets.list() },
  value(".", root, "keyward", () => [{ store: memory.memoryStore(), chains: [evm.evm], autoLockMs: 1000, leaseMs: 1000 }]),
  value(".", root, "CustodyError", () => []),
  value(".", root, "approveOffline", ({ statement }) => [{ ...statement }, "ana", { ...ana.credential }]),
  value(".", root, "checkApprovalRequest", ({ asked }) => [{ ...asked }, { chains: [evm.evm] }]),
  value(".", root, "confirmOffline", ({ statement: { head: _, answer: _answer, book: _book, submitters: _by, ...rest } }) => [
    { ...rest, person: "ana", pending: "x" },
    { ...ana.credential },
  ]),
  value(".", root, "keyCredential", () => [KEY.slice()]),
  value(".", root, "walletCredential", () => [{ ...wallet }]),
  value(".", root, "passphrase", () => [
    "correct horse",
    { cost: { memoryKiB: 19 * 1024, passes: 2, lanes: 1 }, kdf: async () => new Uint8Array(32) },
  ]),
  {
    ...value(".", root, "verifyBackup", ({ note }) => verifying(note)),
    call: (_, [key, options]: readonly never[]) => root.verifyBackup(new Uint8Array(9), key as never, options),
  },
  value(".", root, "watchAccount", () => [evm.evm, CHAIN, FRIEND, [20, 20]]),
  value(".", root, "coldStorage", () => [{ ...spending, keyholders: keys, quorum: 1, delay: "24h", name: "x" }]),
  value(".", root, "denyAll", () => [{ name: "x" }]),
  value(".", root, "personalWallet", () => [{ ...spending, delay: "24h", name: "x" }]),
  value(".", root, "spendingAgent", () => [
    { ...spending, agentKey: ana.publicKey, each: { ETH: "0.1" }, paymentsPerHour: 3, delay: "24h" },
  ]),
  value(".", root, "teamTreasury", () => [{ ...spending, operators: keys, approvers: keys, large: { ETH: "1" }, quorum: 1, delay: "24h" }]),
  {
    // What its lines throw is the caller's own: a file that cannot be read, a stream that broke.
    name: "./audit verifyLog",
    args: ({ note, custody }) => [{ vkey: custody.logKey, checkpoints: [note] }],
    call: ({ lines }, [options]: readonly object[]) => audit.verifyLog(lines, options),
  },
  value("./audit", audit, "textLines", ({ lines }) => [lines.join("\n")]),
  {
    name: "./audit openCheckpoint",
    args: ({ note }) => [note],
    call: ({ custody }, [note]: readonly string[]) => audit.openCheckpoint(note as string, audit.parseVerifier(custody.logKey)),
  },
  {
    name: "./audit openNote",
    args: ({ note }) => [note],
    call: ({ custody }, [note]: readonly string[]) => audit.openNote(note as string, [audit.parseVerifier(custody.logKey)]),
  },
  value("./audit", audit, "parseVerifier", ({ custody }) => [custody.logKey]),
  value("./audit", audit, "vkeyOf", () => ["name", new Uint8Array(32)]),
  value("./audit", audit, "verifyEntryProof", ({ proofs, custody }) => [proofs.entry, custody.logKey]),
  value("./audit", audit, "verifyConsistencyProof", ({ proofs, custody, note }) => [proofs.consistency, custody.logKey, note]),
  value("./chains/evm", evm, "parseFunction", () => ["deposit(uint256 amount)"]),
  {
    name: "./policy parsePolicy",
    args: () => [JSON.stringify(payments())],
    call: (_, [text]: readonly string[]) => policy.parsePolicy(text as string, { parseAddress }),
  },
  value("./policy", policy, "coldStorage", () => [{ ...spending, keyholders: keys }]),
  value("./policy", policy, "denyAll", () => [{ name: "x" }]),
  value("./policy", policy, "personalWallet", () => [{ ...spending }]),
  value("./policy", policy, "spendingAgent", () => [{ ...spending, agentKey: ana.publicKey }]),
  value("./policy", policy, "teamTreasury", () => [{ ...spending, operators: keys, approvers: keys, large: {} }]),
  value("./recovery", recovery, "splitSlip39", () => [
    new Uint8Array(16).fill(1),
    {
      groups: [{ threshold: 1, shares: 1 }],
      groupThreshold: 1,
      passphrase: "x",
      iterationExponent: 0,
      extendable: true,
      timeoutMs: 30_000,
      signal: new AbortController().signal,
    },
  ]),
  value("./recovery", recovery, "combineSlip39", () => [
    [SHARE],
    { passphrase: "TREZOR", timeoutMs: 30_000, signal: new AbortController().signal },
  ]),
  value("./slots", slots, "allOf", () => [[root.passphrase("correct horse"), slot]]),
  value("./slots", slots, "shares", () => [{ threshold: 2, holders: ["Ana", "Ben"], give: () => undefined }]),
  { ...value("./slots", slots, "shares", () => [{ collected: ["kwshare1"] }]), name: "./slots shares (collected)" },
  value("./slots", slots, "passkey", () => [{ rpId: "example.com", rpName: "Example", userName: "Main" }]),
  value("./slots", slots, "passkeySupport", () => []),
  value("./slots", slots, "deviceKey", () => [{ name: "keys" }]),
  value("./slots", slots, "rehearseShares", () => [
    ["kwshare1"],
    {
      id: "00".repeat(16),
      slots: [
        {
          id: "00".repeat(8),
          kind: "shares",
          parameters: { threshold: 2, shares: ["00".repeat(16), "11".repeat(16)] },
          publicKey: "00".repeat(32),
        },
      ],
    },
  ]),
  value("./slots/keychain", keychain, "keychain", () => [{ service: "keyward", account: "main" }]),
  value("./stores/memory", memory, "memoryStore", () => [{ now: () => 5 }]),
  store("get", () => ["key"]),
  store("commit", () => [[{ key: "key", from: null, to: new Uint8Array(2) }], { notAfter: 2 ** 50 }]),
  store("keys", () => []),
  store("now", () => []),
  store("close", () => []),
];

/** Public values that are given only what another function of ours has made, or nothing at all. */
export const TYPED: { readonly [name: string]: string } = {
  ". ERROR_CODES": "a list",
  ". rehearseInCustody": "takes what parsePolicy and maximumLoss give",
  "./audit ENTRY_KINDS": "a table",
  "./chains/bitcoin CHAIN_IDS": "a list",
  "./chains/bitcoin bitcoin": "a chain: given only what the custody has read at its door",
  "./chains/evm evm": "a chain: given only what the custody has read at its door",
  "./policy PolicyError": "an error",
  "./policy casesSchema": "takes nothing",
  "./policy compile": "takes what parsePolicy gives: whoever makes such an object makes the policy",
  "./policy classifyEdit": "takes what parsePolicy gives",
  "./policy emptyCounters": "a value",
  "./policy explain": "takes what compile and a chain's decode give",
  "./policy policySchema": "takes nothing",
  "./policy verdictOf": "takes what an evaluator gives",
  "./policy/analyze answer": "takes what parsePolicy gives",
  "./policy/analyze audit": "takes what parsePolicy gives",
  "./policy/analyze auditToJson": "takes what audit gives",
  "./policy/analyze authorityOf": "takes what parsePolicy gives",
  "./policy/analyze CATALOGUE": "a list",
  "./policy/analyze channelsOf": "takes what parsePolicy gives",
  "./policy/analyze deadRules": "takes what parsePolicy gives",
  "./policy/analyze diffPolicies": "takes what parsePolicy gives",
  "./policy/analyze escalationsOf": "takes what parsePolicy gives",
  "./policy/analyze findingsOf": "takes what parsePolicy gives",
  "./policy/analyze History": "takes what parsePolicy gives",
  "./policy/analyze isProvenNarrower": "takes what parsePolicy gives",
  "./policy/analyze lockOutsOf": "takes what parsePolicy gives",
  "./policy/analyze maximumLoss": "takes what parsePolicy gives",
  "./policy/analyze reachableOf": "takes what parsePolicy gives",
  "./policy/analyze rehearse": "takes what parsePolicy and maximumLoss give",
  "./policy/analyze replayHistory": "takes what parsePolicy gives",
  "./policy/analyze stolenSets": "takes what parsePolicy gives",
  "./policy/report placesIn": "takes a policy's text, of which it finds lines",
  "./policy/report reportHtml": "takes what audit gives",
  "./policy/report reportSarif": "takes what audit gives",
  "./policy/report reportText": "takes what audit gives",
  "./policy/report ruleSentence": "takes a rule of a document that parsePolicy has read",
  "./policy/report rulesOf": "takes a document that parsePolicy has read",
  "./policy/report verdictOf": "takes what audit gives",
  "./stores/indexeddb indexedDbStore": "browsers only: stores.test.ts, and test/browser/store.test.ts",
  "./stores/lmdb lmdbStore": "Node only: stores.test.ts, and test/stores/lmdb.test.ts",
};

export const MODULES: { readonly [subpath: string]: object } = {
  ".": root,
  "./audit": audit,
  "./chains/bitcoin": bitcoin,
  "./chains/evm": evm,
  "./policy": policy,
  "./policy/analyze": analyze,
  "./policy/report": report,
  "./recovery": recovery,
  "./slots": slots,
  "./slots/keychain": keychain,
  "./stores/indexeddb": indexeddb,
  "./stores/memory": memory,
};
