import type { Json } from "../../src/base/canonical.ts";
import type { Time } from "../../src/base/time.ts";
import { evm } from "../../src/chains/evm/index.ts";
import type { Effect } from "../../src/intent/effect.ts";
import { emptyCounters } from "../../src/policy/counters.ts";
import { compile } from "../../src/policy/evaluate.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import { ACCOUNT } from "../chains/evm/fixtures.ts";
import { sharedFile, sharedText } from "../shared.ts";
import { decodeAs, eip55Of } from "./evm-raw.ts";
import { declinesTyped, digestOfTyped } from "./evm-typed-data.ts";
import type { Declined } from "./refusals.ts";
import type { Rows, VectorSet } from "./set.ts";

/** What attackers and careless pages ask for. It ends in a refusal or in an effect that says what it is. */
export const MALICIOUS: readonly VectorSet[] = [
  { file: "malicious/metamask-test-dapp-requests.json", what: "requests of MetaMask's test page", minimum: 8, run: testPage },
  {
    file: "malicious/forta-phishing-scams.csv",
    what: "swindlers: each address is read, and on a list of a policy refused",
    minimum: 6725,
    run: swindlers,
  },
  { file: "malicious/poisoning/poison-hunter-benign.txt", what: "addresses of others: each is read", minimum: 1154, run: others },
];

interface Captured {
  readonly button: string;
  readonly method: string;
  readonly class: string;
  readonly params: readonly Json[];
}

/** Typed data that is read by wallets and refused by us. */
const DECLINED: { readonly [button: string]: { readonly reason: Declined; readonly words: string } } = {
  signPermitBatch: { reason: "members-without-a-type", words: "domain: expected only the members" },
  signSeaportBulkOrder: { reason: "members-without-a-type", words: "message.tree[0][0]: expected only the members" },
  signTypedDataV4: { reason: "types-that-nothing-needs", words: "types.Group: expected only what the primary type needs" },
  signTypedData: { reason: "typed-data-v1", words: "typed data: expected an object or its JSON text" },
  // An address of the page's own deployment, which is none where there was no deployment.
  sign721Permit: { reason: "no-address", words: "message.spender: expected an address" },
};

/** Who the page's sign-ins are for. */
const SIGNER = "0x4af1bceebf7f3634ec3cff8a2c38e51178d5d4ce";
const SIGN_INS: { readonly [button: string]: string } = {
  siwe: "metamask.github.io",
  siweResources: "metamask.github.io",
  // Another domain than that of the page: the policy knows the page, the message does not.
  siweBadDomain: "metamask.badactor.io",
};

const BAD_SIGN_INS: { readonly [button: string]: string } = {
  siweBadAccount: "evm/sign-in-mismatch",
  siweMalformed: "evm/sign-in-malformed",
};

async function testPage(rows: Rows): Promise<void> {
  for (const row of sharedFile<Captured[]>("vectors/malicious/metamask-test-dapp-requests.json")) {
    const { method } = row;
    if (method.startsWith("eth_signTypedData")) await typedData(rows, row);
    else if (method === "personal_sign") await message(rows, row);
    else if (method === "eth_sendTransaction") await transaction(rows, row);
    else if (method === "eth_sign") rows.lack("eth-sign");
    else if (method === "wallet_sendCalls") rows.lack("batches-of-calls");
    else rows.lack("nothing-to-sign");
  }
}

async function typedData(rows: Rows, { button, class: kind, params }: Captured): Promise<void> {
  const found = params.find((each) => typeof each !== "string" || each.includes("{"));
  const payload = typeof found === "string" ? found.replaceAll("<ACCOUNT>", ACCOUNT) : found;
  const declined = DECLINED[button];
  if (kind === "malformed") await rows.invalid(button, () => digestOfTyped(payload));
  else if (declined !== undefined) await declinesTyped(rows, { name: button, ...declined, payload });
  else await rows.valid(button, () => decodeAs("typedData", payload ?? null, ACCOUNT).effects.length > 0);
}

async function message(rows: Rows, { button, params: [hex = ""] }: Captured): Promise<void> {
  const decode = () => decodeAs("message", { hex }, SIGNER);
  const domain = SIGN_INS[button];
  if (domain !== undefined)
    await rows.valid(button, () => {
      const { effects, refusals } = decode();
      return effects[0]?.domain === domain && refusals.length === 0;
    });
  else if (button.startsWith("siwe"))
    await rows.invalid(button, () => !decode().refusals.some(({ code }) => code === BAD_SIGN_INS[button]));
  else await rows.valid(button, () => decode().effects[0]?.kind === "statement");
}

/** Fields of a transaction, which the page leaves to the wallet to fill in: what is signed here is bytes. */
async function transaction(rows: Rows, { button, class: kind, params: [fields = null] }: Captured): Promise<void> {
  const asked = JSON.parse(JSON.stringify(fields).replaceAll("<ACCOUNT>", ACCOUNT)) as Json;
  const decode = () => decodeAs("transaction", asked, ACCOUNT);
  if (kind === "malformed") await rows.invalid(button, decode);
  else await rows.declines("transactions-as-fields", button, decode);
}

async function swindlers(rows: Rows): Promise<void> {
  const [, ...lines] = sharedText("vectors/malicious/forta-phishing-scams.csv").trim().split(/\r?\n/);
  for (const line of lines) await address(rows, line.split(",")[0] ?? "");
  await judged(rows, [...new Set(lines.map((line) => eip55Of((line.split(",")[0] ?? "").toLowerCase())))]);
}

async function others(rows: Rows): Promise<void> {
  for (const line of sharedText("vectors/malicious/poisoning/poison-hunter-benign.txt").trim().split(/\r?\n/))
    await address(rows, line.trim());
}

async function address(rows: Rows, text: string): Promise<void> {
  const checked = text === text.toLowerCase() || text === eip55Of(text);
  if (!checked) return rows.declines("wrong-checksums", text, () => evm.parseAddress("eip155:1", text));
  await rows.valid(text, () => evm.parseAddress("eip155:1", text).toLowerCase() === text.toLowerCase());
}

/** A policy that forbids what goes to the swindlers, as its owner would write it, and judges a payment to each of them and to each other. */
async function judged(rows: Rows, swindlers: readonly string[]): Promise<void> {
  const named = swindlers.map((address, at) => [`scam-${at}`, { chain: "eip155:1", address }] as const);
  const document = {
    keyward: "policy/1",
    name: "no swindlers",
    immutable: true,
    people: { owner: [{ kind: "unlock" }] },
    assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 } },
    book: Object.fromEntries(named),
    lists: { swindlers: named.map(([name]) => name) },
    rules: [
      { id: "pay", allow: ["transfer", "fee"], when: { asset: "ETH" } },
      { id: "scams", forbid: ["transfer"], when: { to: "@swindlers" } },
    ],
  };
  const evaluator = compile(parsePolicy(JSON.stringify(document), { parseAddress: evm.parseAddress, maxBytes: 2 ** 21 }));
  const paid = (to: string): string => {
    const effect: Effect = { kind: "transfer", at: [], chain: "eip155:1", account: ACCOUNT, asset: "native", to, amount: 1n };
    const circumstances = { now: 0 as Time, mode: "normal", requester: "owner" };
    return evaluator
      .judge({ effects: [effect], refusals: [] }, circumstances, emptyCounters)
      .reasons.map(({ code }) => code)
      .join();
  };
  for (const to of swindlers) await rows.invalid(`a payment to ${to}`, () => paid(to) !== "policy/forbidden");
  await rows.valid(`a payment to ${ACCOUNT}`, () => paid(ACCOUNT) === "" || paid(ACCOUNT));
}
