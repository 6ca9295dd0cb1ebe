import { type LogReport, verifyLog } from "../../src/audit/index.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { approveOffline, CustodyError, checkApprovalRequest, keyward } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import {
  ACCOUNT,
  ana,
  ben,
  CHAIN,
  document,
  ETHER,
  FRIEND,
  KEY,
  MALLORY,
  payments,
  payRules,
  request,
  slot,
  transaction,
} from "../custody/fixture.ts";

const quorum = {
  id: "two",
  require: ["transfer"],
  when: { asset: "ETH", amount: { min: "0.01 ETH" } },
  approvals: [{ of: "ana", atLeast: 1 }],
};
const governed = { id: "custody", allow: ["policyEdit", "modeChange"], when: { requester: "owner" } };
const POLICY = document([...payRules, quorum, governed], { people: [ana, ben], more: { immutable: false } });
const EDITED = document([...payRules, governed], { people: [ana, ben], more: { immutable: false } });

// Made before anything is polluted: it is the app's own realm that is broken, not what it wants signed.
const PAYLOADS = {
  good: transaction({ value: 1n }),
  stranger: transaction({ nonce: 1, to: MALLORY, value: 1n }),
  call: transaction({ nonce: 1, to: FRIEND, data: "0xdeadbeef" }),
  large: transaction({ nonce: 2, value: ETHER }),
  later: transaction({ nonce: 3, to: MALLORY }),
  frozen: transaction({ nonce: 4, value: 1n }),
};

/** What became of one step: the kind of an outcome and why, or the code of a refusal. */
export type Ends = readonly (readonly [step: string, end: string])[];

/**
 * A small life of a custody, as an app in this realm sees it. A step that is refused does not stop the next ones.
 *
 * @throws what is no CustodyError.
 */
export async function live(): Promise<Ends> {
  const ends: [string, string][] = [];
  const step = async <T>(name: string, run: () => T | Promise<T>, say: (result: T) => string = () => "done"): Promise<T | undefined> => {
    try {
      const result = await run();
      ends.push([name, say(result)]);
      return result;
    } catch (cause) {
      if (!(cause instanceof CustodyError)) throw new Error(`${name}: ${String(cause)}`, { cause });
      ends.push([name, cause.code]);
      if (process.env.DBG) console.log(name, cause.message);
      return undefined;
    }
  };
  const custody = await step("keyward", () => keyward({ store: memoryStore(), chains: [evm], autoLockMs: Number.POSITIVE_INFINITY }));
  await step("create", () => custody?.create({ slot, policy: POLICY, wallet: { from: "privateKey", privateKey: KEY } }));
  await step("lock", () => custody?.lock());
  await step("unlock to view", () => custody?.unlock(slot, { access: "view" }));
  await step("session of a viewer", () => custody?.session({ person: "owner" }));
  await step("unlock", () => custody?.unlock(slot));
  const me = await step("session", () => custody?.session({ person: "owner" }));
  await step("session of somebody without their key", () => custody?.session({ person: "ana" }));
  await step(
    "derive",
    () => me?.accounts.derive({ chain: CHAIN, name: "Main" }),
    (account) => account?.address ?? "none",
  );
  const outcome = (result: { kind: string; reasons?: readonly { code: string }[] } | undefined): string =>
    [result?.kind, ...(result?.reasons ?? []).map(({ code }) => code)].join(" ");
  await step("sign", () => me?.sign(request(PAYLOADS.good)), outcome);
  await step("sign to a stranger", () => me?.sign(request(PAYLOADS.stranger)), outcome);
  await step("sign a call", () => me?.sign(request(PAYLOADS.call)), outcome);
  await step("sign a message", () => me?.sign({ chain: CHAIN, account: ACCOUNT, kind: "message", payload: { text: "hello" } }), outcome);
  await step("sign with a member missing", () => me?.sign({ chain: CHAIN, kind: "transaction", payload: "0x02" }), outcome);
  const big = request(PAYLOADS.large);
  const waiting = await step("sign what waits", () => me?.sign(big), outcome);
  const id = waiting?.kind === "pending" ? waiting.id : "none";
  await step("resume too early", () => me?.resume(id), outcome);
  await step("approve as owner", () => me?.approve(id));
  const asked = await step("approvalRequest", () => custody?.approvalRequest(id));
  const checked = await step("checkApprovalRequest", () => checkApprovalRequest(asked, { chains: [evm] }));
  const approval = await step("approveOffline", () => checked && approveOffline(checked.statement, "ana", ana.credential));
  await step("submitApproval by another", () => approval && custody?.submitApproval(id, { ...approval, person: "ben" }));
  await step("submitApproval", () => approval && custody?.submitApproval(id, approval));
  await step("resume", () => me?.resume(id), outcome);
  await step(
    "explain",
    () => me?.explain(request(PAYLOADS.later)),
    (explained) => explained?.judgement.reasons.map(({ code }) => code).join(" ") ?? "none",
  );
  await step("edit", () => me?.submit({ act: "policyEdit", policy: EDITED }), outcome);
  await step("mode", () => me?.submit({ act: "modeChange", mode: "frozen" }), outcome);
  await step("sign when frozen", () => me?.sign(request(PAYLOADS.frozen)), outcome);
  await step(
    "exportLog",
    async () => {
      const lines: string[] = [];
      for await (const line of custody?.exportLog() ?? []) lines.push(line);
      return verifyLog(lines, { vkey: custody?.logKey ?? "" });
    },
    ({ ok, size }: LogReport) => `${ok} ${size}`,
  );
  await step(
    "history",
    async () => {
      const kinds: string[] = [];
      for await (const entry of custody?.history() ?? []) kinds.push(Object.keys(entry).sort().join(","));
      return kinds;
    },
    (kinds) => kinds.join(" "),
  );
  await step(
    "an agent's policy",
    () => custody?.checkPolicy(payments()),
    (read) => read?.id ?? "none",
  );
  return ends;
}
