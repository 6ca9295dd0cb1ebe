import type { Json } from "../../../src/base/canonical.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { formatTime, parseTime } from "../../../src/base/time.ts";
import { Judging } from "../../../src/cli/judging.ts";
import { policyOf } from "../../../src/cli/policies.ts";
import { errorToJson } from "../../../src/cli/report.ts";
import { readRequestText } from "../../../src/cli/requests.ts";
import { styleFor } from "../../../src/cli/style.ts";
import { explainedAnswer } from "../../../src/cli/verdict.ts";
import * as f from "../../custody/fixture.ts";
import type { Target } from "../engine.ts";
import { check, once, same } from "./check.ts";
import { mutateBytes, mutateJson, mutateText, writeJson } from "./mutate.ts";
import { parseJson } from "./naive.ts";

/** Request files of the command line, read, judged and shown: `keyward explain --policy`. */
export const requestFile: Target = {
  name: "request file",
  weight: 8,
  run(random) {
    const written = writeJson(random, mutateJson(random, random.pick(requests()), requests()));
    const text = Buffer.from(random.oneIn(4) ? mutateText(random, written) : written);
    try {
      const json = readRequestText(random.oneIn(8) ? mutateBytes(random, text) : text);
      const explained = judging().explain(json);
      checkAsked(json, explained.assumed);
      const answer = explainedAnswer(explained, policy());
      const shown = answer.text?.(styleFor({ stdout: { isTTY: false, write: async () => undefined }, env: {} })) ?? "";
      check(!UNFIT.test(shown.replaceAll("\n", "")), `repaints the terminal: ${JSON.stringify(shown)}`);
      same(
        parseJson(JSON.stringify(answer.json)).verdict,
        { 0: "allow", 1: "deny", 3: "pending" }[answer.exit as 0 | 1 | 3],
        "exit and verdict",
      );
      return "accepted";
    } catch (cause) {
      if (!(cause instanceof CustodyError)) throw cause;
      same((errorToJson(cause) as { error: { code: string } }).error.code, cause.code, "the error that is shown");
      return { refused: cause.code };
    }
  },
};

/** Control characters, invisible ones, and those that change the direction of writing. */
const UNFIT = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Whose request it is and when is what the file says, and nothing else is. */
function checkAsked(json: Json, assumed: readonly string[]): void {
  const { requester, now } = json as { readonly [name: string]: Json };
  same([assumed.includes("requester-unknown"), assumed.includes("now")], [requester === undefined, now === undefined], "who and when");
  if (now !== undefined) same(parseTime(formatTime(parseTime(String(now)))), parseTime(String(now)), "a time that is written and read");
}

const policy = once(() =>
  policyOf(
    f.payments(
      [
        f.ethLimit("1 ETH"),
        { id: "say", allow: ["statement"] },
        { id: "ask", require: ["transfer"], when: { requester: "ana" }, confirm: true },
      ],
      {
        people: [f.ana, f.ben],
      },
    ) as never,
  ),
);

const judging = once(() => new Judging(policy(), { clock: () => Date.parse("2026-11-22T12:00:00Z") }));

const requests = once((): readonly object[] => [
  {
    effects: [{ kind: "transfer", at: [], chain: "eip155:1", asset: "native", to: f.FRIEND, amount: "5", ownRecipient: false }],
    ...{ requester: "ana", session: "secp256k1", origin: "example.com", now: "2026-11-22T12:00:00.000Z", mode: "normal" },
    ...{ listed: { [`eip155:1:${f.FRIEND}`]: "2026-01-05" }, own: [], approvers: ["ben"], besides: [] },
  },
  { ...f.request(f.transaction({ value: 1n })), requester: "owner", now: "2026-11-22T12:00:00Z" },
  { ...f.request(f.transaction({ value: 3n * f.ETHER, nonce: 7 })), requester: "ana" },
  { ...f.request(f.usdc({ amount: 5n })), now: "2026-11-22" },
  { ...f.request({ text: "hello" }), kind: "message" },
  {
    ...f.request({ domain: { name: "x" }, types: { A: [{ name: "a", type: "string" }] }, primaryType: "A", message: { a: "\u202e" } }),
    kind: "typedData",
  },
  { chain: "keyward:a5c6", kind: "act", payload: { act: "modeChange", mode: "frozen" } },
  {
    chain: "bip122:000000000019d6689c085ae165831e93",
    account: "bc1qhwudxquswckz8td2emg5gh8czdnrkxmkezvw3k",
    kind: "message",
    payload: { text: "hello" },
  },
]);
