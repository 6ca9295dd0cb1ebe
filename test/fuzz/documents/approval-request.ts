import type { Json } from "../../../src/base/canonical.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { readJson } from "../../../src/base/json.ts";
import { bitcoin } from "../../../src/chains/bitcoin/index.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { type CheckedRequest, checkApprovalRequest } from "../../../src/custody/approval-request.ts";
import { keyward, type SignOutcome } from "../../../src/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { MAINNET, makePsbt, owner, payment } from "../../chains/bitcoin/made.ts";
import * as f from "../../custody/fixture.ts";
import * as g from "../../custody/governance.ts";
import type { Fate, Target } from "../engine.ts";
import type { Random } from "../random.ts";
import { check, once, same, shown } from "./check.ts";
import { type Draft, mutateJson, mutateText, writeJson } from "./mutate.ts";
import { naiveCanonical, naiveSha256, plain } from "./naive.ts";

/** Requests for approval as they come to an approver, with lies in them: what is taken in is what its statement is about. */
export const approvalRequest: Target = {
  name: "approval request",
  weight: 5,
  async run(random): Promise<Fate> {
    const requests = await pool();
    const original = random.pick(requests);
    const changed = random.oneIn(4) ? lying(random, original, requests) : mutateJson(random, original, random.oneIn(3) ? requests : []);
    const text = writeJson(random, changed);
    const json = readJson(random.oneIn(6) ? mutateText(random, text) : text).value;
    const document = plain(json) as Draft;
    let checked: CheckedRequest;
    try {
      checked = checkApprovalRequest(json, { chains: [evm, bitcoin] });
    } catch (cause) {
      if (!(cause instanceof CustodyError)) throw cause;
      check(naiveCanonical(document) !== naiveCanonical(original), `refused a right request: ${cause.message}`);
      throw cause;
    }
    checkTaken(document, checked, requests);
    return "accepted";
  },
};

/** What was taken in is what some vault asked, but for what the approver's own signature is about. */
function checkTaken(document: Draft, checked: CheckedRequest, requests: readonly Draft[]): void {
  const { statement, effects, policy, request, subject, intent } = checked;
  same(plain(statement), document.statement, "the statement that is shown");
  same(plain(effects), document.effects, "the effects that are shown");
  same(statement.policy, naiveSha256(naiveCanonical(document.policy)).toString("hex"), "the policy of the statement");
  same(policy.id, statement.policy, "the policy that it was read with");
  same([subject.digest, String(subject.feeCeiling)], [statement.subject, String(BigInt(document.subject.feeCeiling))], "the subject");
  same(typeof checked.id, "string", "the id");
  const asked = requests.find((known) => known.statement.subject === statement.subject);
  check(asked !== undefined, `a subject that nobody asked for: ${shown(document.request)}`);
  const paying = (list: readonly { kind?: unknown }[]) => naiveCanonical(list.filter(({ kind }) => kind !== "fee"));
  same(paying(plain(effects) as never), paying(asked.effects), "the effects of what was asked");
  const fees = intent.effects.filter(({ kind }) => kind === "fee").reduce((sum, { amount }) => sum + (amount ?? 0n), 0n);
  if (subject.kind === "effects") check(fees <= BigInt(asked.subject.feeCeiling), "a fee above the ceiling that was asked");
  else same(plain(request.payload), asked.request.payload, "the bytes of what was asked");
}

/** Lies of somebody with a plan: another payload, other effects, a subject or a policy that goes with them. */
function lying(random: Random, original: Draft, requests: readonly Draft[]): Draft {
  const other = random.pick(requests);
  const payload = f.transaction({
    value: random.pick([0n, 2n, 3n]) * f.ETHER,
    nonce: random.below(3),
    feePerGas: random.pick([1n, 2n, 9n]) * 10n ** 9n,
  });
  return random.pick<() => Draft>([
    () => ({ ...original, request: { ...original.request, payload } }),
    () => ({ ...original, request: other.request, effects: other.effects }),
    () => ({ ...original, request: other.request, effects: other.effects, subject: other.subject }),
    () => ({ ...original, statement: other.statement }),
    () => ({ ...original, statement: { ...original.statement, subject: other.statement.subject } }),
    () => ({ ...original, policy: other.policy, statement: { ...original.statement, policy: other.statement.policy } }),
    () => ({ ...original, policy: mutateJson(random, original.policy) }),
    () => relabelled(random, original),
    () => ({ ...original, subject: { ...original.subject, feeCeiling: random.pick(["0", "999999999999999999", "01", "-1"]) } }),
    () => ({ ...original, statement: mutateJson(random, original.statement, [other.statement]) }),
    () => ({
      ...original,
      mode: random.pick<Json>([{ name: "normal" }, { name: "emergency", since: 1 }, null]),
      accepted: random.below(4),
    }),
    () => ({ ...original, account: other.account ?? { descriptor: "", ceilings: [1, 1], others: [] } }),
    () => ({ ...original, effects: mutateJson(random, original.effects, [other.effects]) }),
    () => ({ ...original, id: random.pick<Json>([{}, [], 1, null, ["x"], { toString: 1 }]) }),
  ])();
}

/** A policy under which the same names mean something else, with its own id and book in the statement. */
function relabelled(random: Random, original: Draft): Draft {
  const policy = mutateJson(random, original.policy);
  const id = naiveSha256(naiveCanonical(policy)).toString("hex");
  return { ...original, policy, statement: { ...original.statement, policy: id } };
}

/** What vaults ask for: a payment by its effects, a call and a message by their bytes, an edit, a change of mode, and coins. */
const pool = once(async (): Promise<readonly Draft[]> => [...(await ofPeople()), ...(await ofCoins())].map((request) => plain(request)));

async function ofPeople(): Promise<readonly unknown[]> {
  const approvals = [{ of: "finance", atLeast: 1 }];
  const policy = g.team(
    [
      g.large(approvals),
      { id: "say", allow: ["statement"] },
      { id: "say-together", require: ["statement"], approvals },
      g.edit,
      { id: "edit-together", require: ["policyEdit"], approvals },
      { id: "mode", allow: ["modeChange"], when: { requester: "owner" } },
      { id: "mode-together", require: ["modeChange"], approvals },
    ],
    { modes: { emergency: { lasts: "6h", rules: [] } } },
  );
  const { custody, me } = await f.openCustody({ policy });
  const ids = [
    g.asked(await me.sign(g.payment())),
    g.asked(await me.sign(g.payment(1, { value: 5n * f.ETHER }))),
    g.asked(await me.sign({ ...f.request({ text: "hello" }), kind: "message" })),
    g.asked(await me.submit({ act: "policyEdit", policy: { ...policy, name: "another" } })),
    g.asked(await me.submit({ act: "modeChange", mode: "emergency" })),
  ];
  const requests = await Promise.all(ids.map((id) => custody.approvalRequest(id)));
  custody.lock();
  return requests;
}

async function ofCoins(): Promise<readonly unknown[]> {
  const seed = new Uint8Array(64).fill(11);
  const [who, stranger] = [owner("wpkh", seed), owner("wpkh", new Uint8Array(32).fill(77))];
  const rules = [
    { id: "pay", allow: ["transfer"], when: { asset: "BTC" } },
    { id: "fees", allow: ["fee"], when: { asset: "BTC" } },
    { id: "together", require: ["transfer"], approvals: [{ of: "ana", atLeast: 1 }] },
  ];
  const policy = f.document(rules, {
    people: [f.ana, f.ben],
    more: { assets: { BTC: { chain: MAINNET, asset: "native", decimals: 8 } }, book: {}, lists: {} },
  });
  const custody = keyward({ store: memoryStore(), chains: [evm, bitcoin], autoLockMs: Number.POSITIVE_INFINITY });
  await custody.create({ slot: f.slot, policy, wallet: { from: "seed", seed: seed.slice() } });
  const me = await custody.session({ person: "owner" });
  const account = await me.accounts.derive({ chain: MAINNET, name: "Coins", type: "wpkh" });
  const psbt = makePsbt({
    coins: [{ who, path: [0, 0], value: 100_000_000n, sequence: 0xfffffffd }],
    paid: [
      { script: payment(stranger, [0, 0]).output, value: 1_000_000n },
      { change: { who, path: [1, 0] }, value: 98_998_000n },
    ],
    salt: 0,
  });
  const outcome: SignOutcome = await me.sign({ chain: MAINNET, account: account.id, kind: "psbt", payload: psbt.toBase64() });
  const request = await custody.approvalRequest(g.asked(outcome));
  custody.lock();
  return [request];
}
