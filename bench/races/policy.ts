import { evm } from "../../dist/chains/evm/index.js";
import { compile, type Evaluator, parsePolicy } from "../../dist/policy/index.js";
import { payment } from "../payments.ts";
import { race } from "../race.ts";
import { ADDRESS, FRIEND } from "../vault.ts";

/** One decision over a payment and its fee, by policies of more and more rules that all speak of transfers. */
export async function run(options: { readonly rounds: number }): Promise<void> {
  const contenders = Object.fromEntries([20, 200, 2000].map((count) => [`${count} rules`, decision(evaluatorOf(count))]));
  await race("one policy decision", contenders, options);
}

function decision(evaluator: Evaluator): () => string {
  const request = { chain: "eip155:1", account: ADDRESS, kind: "transaction" as const, payload: payment(0) };
  const intent = evm.decode(request, { address: ADDRESS }, evaluator.policy.book);
  const circumstances = { requester: "owner", now: Date.UTC(2026, 10, 22), mode: "normal" };
  const counters = {
    after: (charge: { replaceable: bigint; lasting: bigint }) => ({ used: 0n, after: charge.replaceable + charge.lasting }),
  };
  return () => {
    const { reasons } = evaluator.judge(intent, circumstances, counters);
    return reasons.length === 0 ? "allow" : "deny";
  };
}

/** Half allows to other recipients, a quarter forbids, the rest tiers and limits that apply. */
function evaluatorOf(count: number): Evaluator {
  const book: Record<string, { chain: string; address: string }> = { friend: { chain: "eip155:1", address: FRIEND } };
  const rules: object[] = [
    { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "friend" } },
    { id: "fees", allow: ["fee"], when: { asset: "ETH" } },
    { id: "edit", allow: ["policyEdit"] },
  ];
  for (let i = rules.length; i < count; i++) {
    book[`other${i}`] = { chain: "eip155:1", address: evm.parseAddress("eip155:1", `0x${i.toString(16).padStart(40, "0")}`) };
    const when = { asset: "ETH", to: `other${i}` };
    rules.push(
      i % 4 === 0
        ? { id: `no${i}`, forbid: ["transfer"], when }
        : i % 4 === 1
          ? { id: `limit${i}`, limit: ["transfer"], when, max: "10 ETH", per: "24h" }
          : { id: `allow${i}`, allow: ["transfer"], when },
    );
  }
  const document = {
    keyward: "policy/1",
    name: "bench",
    assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 } },
    book,
    people: { owner: [{ kind: "unlock" }] },
    rules,
  };
  return compile(parsePolicy(JSON.stringify(document), { parseAddress: evm.parseAddress }));
}
