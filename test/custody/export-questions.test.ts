import { describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import type { ExportRequest } from "../../src/index.ts";
import { answer, escalationsOf } from "../../src/policy/analyze/index.ts";
import { parsePolicy } from "../../src/policy/index.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const ASKED: readonly ExportRequest[] = [
  { what: "phrase", wallet: "Main" },
  { what: "slip39", wallet: "Main", groups: [{ threshold: 2, shares: 2 }], iterationExponent: 0 },
  { what: "childSeed", wallet: "Main", application: "hex", bytes: 32, index: 0 },
];
const wallet = { from: "mnemonic", mnemonic: `${"abandon ".repeat(11)}about` } as const;

const read = (document: object) => parsePolicy(JSON.stringify(document), { parseAddress: evm.parseAddress });
const isOf = (what: string) => ({ op: "in", field: "what", values: new Set([what]) }) as const;

/** Who may have what, under rules that tell them apart. */
const POLICIES: readonly (readonly object[])[] = [
  [],
  [{ id: "out", allow: ["export"], when: { requester: "owner" } }],
  [
    { id: "out", allow: ["export"], when: { requester: ["owner", "ana"] } },
    { id: "whole", require: ["export"], when: { what: ["phrase", "slip39"] }, approvals: g.twoOfFinance },
  ],
  [
    { id: "out", allow: ["export"] },
    { id: "never", forbid: ["export"], when: { what: "phrase" } },
    { id: "slow", require: ["export"], when: { requester: "ana" }, delay: "24h", expires: "7d" },
    { id: "one", require: ["export"], when: { what: "slip39" }, approvals: [{ of: "finance", atLeast: 1 }] },
  ],
  [{ id: "out", allow: ["export"], when: { all: [{ not: { what: "phrase" } }, { requester: "role:finance" }] } }],
];

describe("who could export what alone", () => {
  test.each(POLICIES.map((rules, at) => [at, rules] as const))(
    "is answered by the audit as the custody does it (policy %i)",
    async (_, rules) => {
      const document = g.team([...rules, g.edit]);
      const policy = read(document);
      const clock = g.timed();
      const { custody } = await f.openCustody({ policy: document, wallet, store: clock.store });
      for (const person of ["owner", f.ana, f.ben] as const) {
        const name = typeof person === "string" ? person : person.name;
        for (const request of ASKED) {
          const session = () => (typeof person === "string" ? custody.session({ person }) : g.sessionOf(custody, person));
          let outcome = await (await session()).export(request);
          // A delay passes; approvals that nobody gives do not come.
          if (outcome.kind === "pending") {
            clock.pass(g.DAY);
            outcome = await (await session()).export(request);
          }
          const said = answer(policy, { kinds: ["export"], when: isOf(request.what), by: new Set([name]), fewerThan: 1 });
          expect([name, request.what, said.kind]).toEqual([name, request.what, outcome.kind === "exported" ? "yes" : "no"]);
          if (said.kind === "yes") expect(said.witness.effects).toMatchObject([{ kind: "export", what: request.what }]);
        }
      }
    },
  );

  test("is an escalation to everything for whoever can", () => {
    const texts = (rules: readonly object[], person: string) =>
      escalationsOf(read(f.payments(rules)), { people: [person] }).map(({ text, everything }) => [everything, text] as const);
    const out = { id: "out", allow: ["export"], when: { what: "phrase" } };
    expect(texts([out], "owner")).toEqual([[true, expect.stringContaining("can take a key out of the vault")]]);
    expect(texts([], "owner")).toEqual([]);
  });
});
