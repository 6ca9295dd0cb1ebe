/**
 * A vault in a browser, with no framework and nothing between it and the page: `npm run demo:browser`. `index.html` has every word
 * that does not depend on the vault; this file asks Keyward and fills in the rest.
 */
import {
  type Account,
  CustodyError,
  type CustodyState,
  keyward,
  passphrase,
  personalWallet,
  type Session,
  type SignOutcome,
  type Slot,
} from "keyward";
import { ENTRY_KINDS, type LoggedEntry, verifyLog } from "keyward/audit";
import { evm } from "keyward/chains/evm";
import { deviceKey, passkey, passkeySupport } from "keyward/slots";
import { indexedDbStore } from "keyward/stores/indexeddb";
import { formatEther, parseEther, parseGwei, serializeTransaction } from "viem";

const CHAIN = "eip155:1";
const ALICE = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
const DAILY = "1";
const DATABASE = "keyward-example";

const template = personalWallet({
  assets: { ETH: { chain: CHAIN, asset: "native", decimals: 18 } },
  payees: { alice: { chain: CHAIN, address: ALICE } },
  daily: { ETH: DAILY },
  fee: { ETH: "0.01" },
});

/** The template lets every change of who may open the vault wait. Here what comes in asks for its owner's presence instead. */
const policy = { ...template, rules: (template.rules as unknown as readonly Rule[]).flatMap(presentFor) };

interface Rule {
  readonly id: string;
  readonly require?: readonly string[];
}

function presentFor(rule: Rule): readonly object[] {
  if (rule.id !== "custody-slow") return [rule];
  return [
    { ...rule, require: rule.require?.filter((kind) => kind !== "slotChange") },
    { ...rule, id: "ways-slow", require: ["slotChange"], when: { what: ["remove", "replace", "rename"] } },
    { id: "ways-present", require: ["slotChange"], confirm: true },
  ];
}

const store = indexedDbStore(DATABASE);
const custody = keyward({ store, chains: [evm] });

/** While the vault is open: who works with it, in which account, and the request that is on the table. */
let me: Session | undefined;
let account: Account | undefined;
let reviewed: EthereumRequest | undefined;
let stop = new AbortController();

// ── Create, unlock, lock ────────────────────────────────────────────────────────────────────────────────────────────────────

onSubmit("create", async () => {
  const phrase = input("new-passphrase").value;
  await custody.create({ slot: passphrase(phrase), policy, ...following() });
  await enter();
});

onSubmit("unlock", async () => {
  const phrase = input("passphrase").value;
  await custody.unlock(passphrase(phrase), following());
  await enter();
});

onClick("with-passkey", async () => {
  await custody.unlock(passkey(), following("Waiting for your passkey"));
  await enter();
});

onClick("unlock-too", async () => shows({ locked: true, open: false }));

onClick("persist", async () => {
  const promised = await store.persist();
  byId("kept").textContent = promised ? "The browser keeps it until you clear this site's data." : "The browser did not promise it.";
});

// These two wait for nothing that is on its way.
byId("lock").addEventListener("click", () => custody.lock());
byId("stop").addEventListener("click", () => stop.abort());

/** Stretching takes a second or more: the page shows how far it is, and can stop it. How long a person takes, nobody knows. */
function following(doing: keyof typeof HINTS = "Stretching the passphrase") {
  stop = new AbortController();
  const bar = progress("progress");
  bar.removeAttribute("value");
  byId("doing").textContent = doing;
  byId("doing-hint").textContent = HINTS[doing];
  const onProgress = (done: number) => {
    bar.value = done;
  };
  return { signal: stop.signal, onProgress };
}

const HINTS = {
  "Stretching the passphrase": "Slow on purpose: whoever steals the vault has to do the same for every guess.",
  "Waiting for your passkey": "The browser asks for it. It belongs to this site, and opens the vault nowhere else.",
} as const;

async function enter(): Promise<void> {
  me = await custody.session({ person: "owner" });
  [account] = await me.accounts.list();
  await refresh();
  byId("pay-title").focus();
}

/** Opens what can be looked at, where this browser has a key for that. Whoever wants to sign unlocks as ever. */
async function look(): Promise<void> {
  const { slots } = await custody.publicHeader();
  if (!slots.some(({ kind }) => kind === "device-key")) return;
  try {
    await custody.unlock(deviceKey(), { access: "view" });
  } catch (cause) {
    // Its key may be gone with the site's data, or the slot be another browser's: then it is unlocked like any other vault.
    if (cause instanceof CustodyError && cause.code === "vault/cannot-open") return;
    throw cause;
  }
  [account] = await custody.accounts();
  await refresh();
  byId("looking-title").focus();
}

// ── Ways in ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

onSubmit("add-way", async (pressed) => {
  const phrase = input("once-more").value;
  const slots = await custody.slots();
  const named = (words: string, kind: string) => `${words} ${1 + slots.filter((slot) => slot.kind === kind).length}`;
  shows({ added: false });
  if (pressed === "passkey")
    await admit("add-sign", named("Passkey", "passkey"), passkey({ rpName: "Keyward", userName: "example" }), phrase);
  else await admit("add-view", named("This browser", "device-key"), deviceKey(), phrase);
  await refresh();
});

/** Enrols first, since that is what somebody may break off. The policy then asks for the owner's presence: the passphrase again. */
async function admit(what: "add-sign" | "add-view", name: string, slot: Slot, phrase: string): Promise<void> {
  const asked = await opened().submit({ act: "slotChange", what, name, slot });
  if (asked.kind === "denied") throw new Error(`The policy denies it: ${asked.reasons[0]?.text}.`);
  if (asked.kind === "pending") {
    try {
      await opened().confirm(asked.id, { slot: passphrase(phrase) });
      await opened().resume(asked.id);
    } catch (cause) {
      await opened().withdraw(asked.id);
      throw cause;
    }
  }
  byId("added").textContent = `${name} opens the vault from now on, ${what === "add-view" ? "to look at" : "to look and to sign"}.`;
  shows({ added: true });
}

const KINDS: { readonly [kind: string]: string } = { passphrase: "Passphrase", passkey: "Passkey", "device-key": "Key of a browser" };

async function showWays(): Promise<void> {
  const slots = await custody.slots();
  byId("ways").replaceChildren(
    ...slots.map(({ name, kind, access }) => {
      const said = make("span", name === kind ? (KINDS[kind] ?? kind) : name);
      said.className = "said";
      const item = make("li");
      item.append(said, make("code", access === "view" ? "to look at" : "to look and to sign"));
      return item;
    }),
  );
}

// ── Ask, see what it would do, sign ─────────────────────────────────────────────────────────────────────────────────────────

type EthereumRequest = ReturnType<typeof payment>;

/** The request that the form describes: an unsigned transaction, as any library makes it. */
function payment(from: Account, { to, wei, nonce }: { readonly to: string; readonly wei: bigint; readonly nonce: number }) {
  const payload = serializeTransaction({
    chainId: 1,
    to: to as `0x${string}`,
    value: wei,
    nonce,
    gas: 21_000n,
    maxFeePerGas: parseGwei(input("fee").value),
    maxPriorityFeePerGas: parseGwei("1"),
  });
  return { chain: CHAIN, account: from.name, kind: "transaction", payload } as const;
}

onClick("derive", async () => {
  account ??= await opened().accounts.derive({ chain: CHAIN, name: "Main" });
  await refresh();
  byId("amount").focus();
});

onSubmit("pay", async () => {
  const to = select("to").value === "alice" ? ALICE : input("address").value;
  reviewed = payment(own(), { to, wei: parseEther(input("amount").value), nonce: Number(input("nonce").value) });
  const { intent, judgement, changes } = await opened().explain(reviewed);
  const { effects } = intent as unknown as { readonly effects: readonly ShownEffect[] };
  byId("effects").replaceChildren(...effects.flatMap(effectRows), ...row("From", own().name, own().address), ...row("Network", "Ethereum"));
  const denied = judgement.reasons.length > 0;
  const verdict = byId("verdict");
  verdict.className = `verdict ${denied ? "bad" : "good"}`;
  verdict.replaceChildren(
    make("p", denied ? "The policy would deny this" : "The policy allows this"),
    ...(denied ? [reasonList(judgement.reasons)] : [make("p", `By its rules ${judgement.hits.join(", ")}.`)]),
    ...changes.map(({ text }) => make("p", sentenceOf(text))),
  );
  byId("sign").textContent = denied ? "Ask all the same" : "Sign";
  byId("sign").className = denied ? "plain" : "";
  shows({ review: true, outcome: false });
  byId("review-title").focus();
});

onClick("sign", async () => {
  if (reviewed === undefined) return;
  const outcome = await opened().sign(reviewed);
  clearTable();
  await refresh();
  shows({ outcome: true });
  byId("outcome-title").textContent = TITLES[outcome.kind];
  byId("outcome-body").replaceChildren(...outcomeOf(outcome));
  byId("outcome-title").focus();
});

onClick("dismiss", async () => {
  clearTable();
  byId("amount").focus();
});

// What is signed is what is shown: another amount has to be looked at anew.
byId("pay").addEventListener("input", clearTable);

function clearTable(): void {
  reviewed = undefined;
  shows({ review: false });
}

const TITLES = { signed: "Signed", pending: "Waiting", denied: "Denied" } as const satisfies Record<SignOutcome["kind"], string>;

function outcomeOf(outcome: SignOutcome): readonly HTMLElement[] {
  switch (outcome.kind) {
    case "signed": {
      const bytes = hex(outcome.bytes);
      const kept = make(
        "p",
        `Verified by a second implementation, and written down as entry ${outcome.entry}. Nothing was sent: hand these bytes to a node.`,
      );
      return [kept, details([...row("Transaction", "", outcome.hash)]), bytesOf(bytes), copier("Copy the bytes", bytes)];
    }
    case "pending":
      return [
        make("p", `It waits until ${new Date(outcome.expires).toLocaleString()} for ${outcome.needs.map(({ kind }) => kind).join(", ")}.`),
      ];
    case "denied": {
      const box = make("div");
      box.className = "verdict bad";
      box.append(make("p", "No key was touched"), reasonList(outcome.reasons));
      return [
        box,
        make("p", outcome.entry === undefined ? "It was counted in the log." : `It was written down as entry ${outcome.entry}.`),
      ];
    }
  }
}

/** An effect as the log and `explain` give it: amounts are decimal strings in the smallest unit. */
interface ShownEffect {
  readonly kind: string;
  readonly amount?: string;
  readonly to?: string;
  readonly why?: string;
}

function effectRows({ kind, amount = "0", to = "", why }: ShownEffect): readonly HTMLElement[] {
  switch (kind) {
    case "transfer":
      return row("Pays", `${eth(amount)} to ${nameOf(to)}`, to);
    case "fee":
      return row("Fee, at most", eth(amount));
    default:
      return row(kind, why ?? "see the raw request");
  }
}

// ── What is there: account, headroom, history ───────────────────────────────────────────────────────────────────────────────

async function refresh(): Promise<void> {
  await showWays();
  const entries: LoggedEntry[] = [];
  for await (const entry of custody.history({ newestFirst: true })) entries.push(entry);
  const nonce = entries.filter(({ kind }) => kind === "signed").length;
  input("nonce").value = String(nonce);
  const has = account !== undefined;
  const signs = me !== undefined;
  shows({ pay: has, account: has, "no-account": !has, looking: !signs, paying: signs, "add-way": signs, headroom: signs, verify: signs });
  if (account !== undefined) {
    byId("account-name").textContent = `${account.name}, on Ethereum`;
    byId("account-address").textContent = account.address;
    if (signs) await showHeadroom(account, nonce);
  }
  const bySeq = new Map(entries.map((entry) => [entry.seq, entry]));
  byId("entries").replaceChildren(...entries.slice(0, SHOWN_ENTRIES).map((entry) => entryItem(entry, bySeq)));
}

const SHOWN_ENTRIES = 12;

/** A payment of the whole limit never passes, for its fee goes beyond: what the vault says against it is how much is used. */
async function showHeadroom(from: Account, nonce: number): Promise<void> {
  const { judgement } = await opened().explain(payment(from, { to: ALICE, wei: parseEther(DAILY), nonce }));
  const params = judgement.reasons.find(({ code }) => code === "limit/exceeded")?.params ?? {};
  const [used, most] = [BigInt(String(params.used ?? 0)), parseEther(DAILY)];
  byId("left").textContent = `${formatEther(most - used)} ETH`;
  byId("used-text").textContent = `${formatEther(used)} of ${DAILY} ETH used in the last 24 hours`;
  progress("used").value = Number(used) / Number(most);
}

function entryItem(entry: LoggedEntry, bySeq: ReadonlyMap<number, LoggedEntry>): HTMLElement {
  const said = make("span", sentence(entry, bySeq));
  said.className = "said";
  const time = make("time", new Date(entry.time).toLocaleTimeString());
  time.dateTime = new Date(entry.time).toISOString();
  time.title = new Date(entry.time).toLocaleString();
  const item = make("li");
  item.className = entry.kind;
  item.append(said, time, make("code", `${entry.seq} ${entry.kind}${codesOf(entry)}`));
  return item;
}

function sentence(entry: LoggedEntry, bySeq: ReadonlyMap<number, LoggedEntry>): string {
  switch (entry.kind) {
    case "created":
      return "The vault was made";
    case "opened":
      return Number(entry.failures) > 0 ? `Unlocked; wrong passphrases before: ${entry.failures}` : "Unlocked";
    case "session":
      return `A session of ${entry.person} ${entry.event}`;
    case "account": {
      const { event, name } = entry.account as { readonly event: string; readonly name?: string };
      return event === "wallet" ? "A fresh wallet was made" : `Account ${name} was ${event}`;
    }
    case "policy":
      return "The policy is in force";
    case "acted":
      return actSentence(entry.effects as unknown as readonly { readonly kind: string; readonly what?: string }[]);
    case "pending":
      return "Another way in waits for its owner";
    case "confirmed":
      return "Its owner was there";
    case "reserved":
      return `Allowed: ${summary(entry)}`;
    case "signed":
      return `Signed: ${summary(bySeq.get(Number(entry.reservation)))}`;
    case "denied":
      return `Denied: ${summary(entry)}`;
    default:
      return ENTRY_KINDS[entry.kind].about;
  }
}

function actSentence([effect]: readonly { readonly kind: string; readonly what?: string }[]): string {
  if (effect?.kind !== "slotChange") return `Done: ${effect?.kind ?? "nothing"}`;
  return effect.what === "add-view" ? "A way in to look at was added" : "A way in was added";
}

function summary(entry: LoggedEntry | undefined): string {
  const effects = (entry?.effects ?? []) as unknown as readonly ShownEffect[];
  const paid = effects.find(({ kind }) => kind === "transfer");
  return paid === undefined ? "what could not be read" : `${eth(paid.amount ?? "0")} to ${nameOf(paid.to ?? "")}`;
}

function codesOf(entry: LoggedEntry): string {
  if (entry.kind !== "denied") return "";
  const reasons = entry.reasons as unknown as readonly { readonly code: string }[];
  return reasons.map(({ code }) => `, ${code}`).join("");
}

// ── Verify the log ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** An auditor would keep the key elsewhere and get only the lines; both are there, and nothing else of the vault is used. */
onClick("verify", async () => {
  const { ok, size, counts, problems } = await verifyLog(custody.exportLog(), { vkey: custody.logKey });
  const said = make(
    "p",
    ok ? `${size} entries, untampered: ${counts.signed ?? 0} signed, ${counts.denied ?? 0} denied.` : "Do not trust this log.",
  );
  said.className = ok ? "note good" : "note bad";
  byId("verified").replaceChildren(said, ...problems.map(({ line, text, code }) => make("p", `Line ${line}: ${text} (${code})`)));
});

// ── Erase ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const sure = byId("sure", HTMLDialogElement);
onClick("erase", async () => {
  sure.returnValue = "";
  sure.showModal();
});
sure.addEventListener("close", async () => {
  if (sure.returnValue !== "erase") return;
  await store.close();
  const request = indexedDB.deleteDatabase(DATABASE);
  indexedDB.deleteDatabase("keyward-device-keys");
  request.onsuccess = () => location.reload();
  request.onerror = () => tell(request.error);
});

// ── The page follows the vault ──────────────────────────────────────────────────────────────────────────────────────────────

const WORDS: { readonly [state in CustodyState]: string } = {
  unknown: "Looking for a vault",
  absent: "No vault",
  locked: "Vault locked",
  opening: "Opening the vault",
  open: "Vault open",
  failed: "Vault cannot be opened",
};

/** Also runs when the vault locks by itself, after ten quiet minutes, or is locked elsewhere. */
function follow(state: CustodyState): void {
  const status = byId("state");
  status.textContent = WORDS[state];
  status.dataset.state = state;
  const waits = state === "locked" || state === "failed";
  shows({ absent: state === "absent", locked: waits, opening: state === "opening", open: state === "open", lock: state === "open" });
  if (state !== "open") forget();
  if (state === "opening") byId("opening").focus();
  if (state === "absent") input("new-passphrase").focus();
  if (waits) {
    input("passphrase").focus();
    offerPasskey().catch(tell);
  }
}

/** The button is there where the vault has a passkey, and this browser could use one. */
async function offerPasskey(): Promise<void> {
  const { slots } = await custody.publicHeader();
  shows({ "by-passkey": (await canPrf()) && slots.some(({ kind }) => kind === "passkey") });
}

/** As far as the browser says: only making one tells whether the user's authenticator can. */
async function canPrf(): Promise<boolean> {
  const { webauthn, prf } = await passkeySupport();
  return webauthn && prf !== false;
}

/** What was shown of an open vault goes with its keys. */
function forget(): void {
  me = undefined;
  account = undefined;
  reviewed = undefined;
  shows({ review: false, outcome: false, pay: false, account: false, "no-account": false, added: false });
  for (const id of [
    "effects",
    "verdict",
    "outcome-body",
    "entries",
    "verified",
    "ways",
    "account-name",
    "account-address",
    "used-text",
    "left",
  ])
    byId(id).replaceChildren();
}

/** What to do next, by the code of what went wrong. */
const NEXT: { readonly [code: string]: string } = {
  "vault/cannot-open": "That does not open this vault. Check capitals and the keyboard's layout, then try again.",
  "slot/no-prf":
    "That passkey gives no secret (WebAuthn PRF), so it could open nothing and was not added. Delete it, and take another device or browser; the passphrase works everywhere.",
  "slot/not-allowed": "The passkey was cancelled, took too long, or is not at hand. Nothing was changed; ask again.",
  "slot/unavailable": "This browser or device cannot use passkeys here. The passphrase works everywhere.",
  "slot/wrong-site": "That passkey was made for another address of this page. Open the vault there, or with the passphrase.",
  "vault/weak-passphrase": "Choose a passphrase of at least eight characters; several words are better.",
  "vault/exists": "Another tab has made a vault meanwhile. Unlock that one.",
  "vault/absent": "The vault is gone: it was erased, or the browser cleared this site's data. Reload to create a new one.",
  "vault/aborted": "Stopped. Nothing was written.",
  "vault/locked": "The vault was locked. Unlock it and ask again.",
  "session/ended": "This session has ended. Lock the vault and unlock it again.",
  "vault/damaged": "What is stored is not what was written. Do not go on with it; keep a copy of the browser's profile and report it.",
  "vault/rolled-back": "The store was put back to an older copy of itself. Do not sign with it: it has forgotten what was spent since.",
  "store/full": "There is no room left; nothing was written. Make room and try again.",
  "store/blocked": "Another tab keeps the database from answering. Close it and try again.",
  "store/foreign": "What lies in this browser under the vault's name is no vault of this version. It was not touched.",
  "store/failed": "The browser refused to store or read. Is site data blocked for this page? Allow it and try again.",
  "chain/malformed": "The transaction cannot be read. Check the address and the amount.",
};

function tell(cause: unknown): void {
  const problem = byId("problem");
  const code = cause instanceof CustodyError ? cause.code : undefined;
  const text = (code && NEXT[code]) ?? (cause instanceof Error ? cause.message.split("\n")[0] : "Something failed. Reload the page.");
  problem.replaceChildren(make("span", text));
  if (code !== undefined) problem.append(" ", make("code", `(${code})`));
  problem.hidden = false;
}

let running: Promise<void> = Promise.resolve();

/** One thing after the other. What goes wrong is told, with the next step. */
function attempt(doing: () => Promise<void>): Promise<void> {
  running = running.then(async () => {
    byId("problem").hidden = true;
    try {
      await doing();
    } catch (cause) {
      tell(cause);
    }
  });
  return running;
}

const again = input("again");
const compare = () => again.setCustomValidity(again.value === input("new-passphrase").value ? "" : "This is not the same passphrase.");
for (const field of [again, input("new-passphrase")]) field.addEventListener("input", compare);
select("to").addEventListener("change", () => shows({ other: select("to").value !== "alice" }));

custody.subscribe(follow);
await attempt(async () => {
  byId("kept").hidden = (await custody.support()).persisted !== false;
  if ((await custody.status()) === "locked") await look();
  const prf = await canPrf();
  shows({ "add-passkey": prf, "no-passkeys": !prf });
});

// ── Small words for the DOM ─────────────────────────────────────────────────────────────────────────────────────────────────

function onClick(id: string, doing: () => Promise<void>): void {
  byId(id).addEventListener("click", () => void attempt(doing));
}

/** @param doing - gets the value of the button that was pressed. */
function onSubmit(id: string, doing: (pressed: string) => Promise<void>): void {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    const { submitter } = event as SubmitEvent;
    void attempt(async () => {
      try {
        await doing(submitter instanceof HTMLButtonElement ? submitter.value : "");
      } finally {
        // A passphrase is in the page for no longer than it takes to use it.
        if (id !== "pay") byId(id, HTMLFormElement).reset();
      }
    });
  });
}

function opened(): Session {
  if (me === undefined) throw new CustodyError("vault/locked", "page: expected an open vault");
  return me;
}

function own(): Account {
  if (account === undefined) throw new CustodyError("vault/no-such-account", "page: expected an account");
  return account;
}

function byId(id: string): HTMLElement;
function byId<T extends HTMLElement>(id: string, type: new () => T): T;
function byId(id: string, type: new () => HTMLElement = HTMLElement): HTMLElement {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`page: expected ${type.name} #${id}`);
}

function input(id: string): HTMLInputElement {
  return byId(id, HTMLInputElement);
}

function select(id: string): HTMLSelectElement {
  return byId(id, HTMLSelectElement);
}

function progress(id: string): HTMLProgressElement {
  return byId(id, HTMLProgressElement);
}

function shows(parts: { readonly [id: string]: boolean }): void {
  for (const [id, visible] of Object.entries(parts)) byId(id).hidden = !visible;
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, text = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

/** A term and what is said of it, with an address or a hash below in full. */
function row(term: string, text: string, mono?: string): readonly HTMLElement[] {
  const said = make("dd");
  if (text !== "") said.append(make("span", text));
  if (mono !== undefined) {
    const full = make("span", mono);
    full.className = "mono";
    said.append(full);
  }
  return [make("dt", term), said];
}

function details(rows: readonly HTMLElement[]): HTMLElement {
  const list = make("dl");
  list.append(...rows);
  return list;
}

function reasonList(reasons: readonly { readonly code: string; readonly text: string }[]): HTMLElement {
  const list = make("ul");
  list.className = "reasons";
  for (const { code, text } of reasons) {
    const item = make("li");
    item.append(make("code", code), make("span", text));
    list.append(item);
  }
  return list;
}

function bytesOf(text: string): HTMLElement {
  const box = make("div", text);
  box.className = "mono bytes";
  box.tabIndex = 0;
  box.role = "textbox";
  box.ariaReadOnly = "true";
  box.ariaLabel = "Signed transaction";
  return box;
}

function copier(label: string, text: string): HTMLElement {
  const button = make("button", label);
  button.type = "button";
  button.className = "plain copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  });
  return button;
}

function sentenceOf(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function eth(wei: string): string {
  return wei === "unlimited" ? "unlimited ETH" : `${formatEther(BigInt(wei))} ETH`;
}

function nameOf(address: string): string {
  return address === ALICE ? "alice" : "an unnamed address";
}

function hex(bytes: Uint8Array): string {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
