import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/base/canonical.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { type ActRequest, type Custody, keyward, type Slot } from "../../src/index.ts";
import { audit } from "../../src/policy/analyze/report.ts";
import { coldStorage, personalWallet, spendingAgent, teamTreasury } from "../../src/policy/templates.ts";
import { ana, ben, codeOf, cyd, dee, FRIEND, type Person, slot } from "../custody/fixture.ts";
import { asked, DAY, HOUR, timed } from "../custody/governance.ts";
import { keyOf, rawSlot } from "../vault/setting.ts";
import { parse } from "./documents.ts";

// Who may open the vault, changed under the policies that people begin with.

const spending = {
  assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 } },
  payees: { acme: { chain: "eip155:1", address: FRIEND } },
  daily: { ETH: "0.5" },
  fee: { ETH: "0.01" },
} as const;
const keys = Object.fromEntries([ana, ben, cyd].map(({ name, publicKey }) => [name, publicKey]));
const second: Slot = rawSlot(keyOf(5));
const add: ActRequest = { act: "slotChange", what: "add-sign", name: "laptop", slot: second };

interface Template {
  readonly policy: JsonObject;
  /** Who changes the custody; nobody named is whoever unlocks. */
  readonly by?: Person;
  readonly signed: readonly Person[];
  readonly delayMs: number;
}
const TEMPLATES: readonly [string, Template][] = [
  ["personalWallet", { policy: personalWallet(spending), signed: [], delayMs: DAY }],
  ["spendingAgent", { policy: spendingAgent({ ...spending, agentKey: dee.publicKey }), signed: [], delayMs: DAY }],
  [
    "teamTreasury",
    {
      policy: teamTreasury({ ...spending, operators: { dee: dee.publicKey }, approvers: keys, large: { ETH: "0.1" } }),
      by: ana,
      signed: [ben, cyd],
      delayMs: DAY,
    },
  ],
  ["coldStorage", { policy: coldStorage({ ...spending, keyholders: keys, quorum: 2 }), by: ana, signed: [ben, cyd], delayMs: 2 * DAY }],
];

async function opens(custody: Custody, way: Slot): Promise<string> {
  custody.lock();
  const code = await codeOf(custody.unlock(way));
  if (custody.state !== "open") await custody.unlock(slot);
  return code;
}

describe.each(TEMPLATES)("under %s", (_, { policy, by, signed, delayMs }) => {
  const begin = (custody: Custody, person: Person | undefined = by) =>
    custody.session({
      lastsMs: 30 * DAY,
      ...(person === undefined ? { person: "owner" } : { person: person.name, credential: person.credential }),
    });

  test("a way in comes and goes after its delay, by whom the policy names, and the keys change at once", async () => {
    const clock = timed();
    const custody = keyward({ store: clock.store, chains: [evm], autoLockMs: Number.POSITIVE_INFINITY });
    await custody.create({ slot, policy });
    const act = async (request: ActRequest) => {
      const me = await begin(custody);
      const id = asked(await me.submit(request));
      for (const person of signed) await (await begin(custody, person)).approve(id, { credential: person.credential, lastsMs: 7 * DAY });
      clock.pass(delayMs - HOUR);
      expect((await me.resume(id)).kind).toBe("pending");
      clock.pass(HOUR);
      return me.resume(id);
    };
    expect((await act(add)).kind).toBe("done");
    expect(await opens(custody, second)).toBe("nothing was thrown");
    expect(await (await begin(custody)).submit({ act: "rotate" })).toMatchObject({ kind: "done", result: { keyEpoch: 2 } });
    expect(await opens(custody, second)).toBe("nothing was thrown");
    const of = (await custody.slots()).find(({ name }) => name === "laptop")?.id ?? "";
    expect((await act({ act: "slotChange", what: "remove", of })).kind).toBe("done");
    expect(await opens(custody, second)).toBe("vault/cannot-open");
    expect((await custody.slots()).map(({ name }) => name)).toEqual(["raw"]);
  });

  test("an audit names whoever can let somebody in, and nobody for new keys", async () => {
    const { findings, channels } = await audit(parse(policy), { from: Date.UTC(2026, 10, 23, 12) });
    const ways = channels.filter(({ kind, witness }) => kind === "key" && witness?.effects.some((effect) => effect.kind === "slotChange"));
    expect(ways.length).toBeGreaterThan(0);
    for (const { delayMs: waited } of ways) expect(waited).toBe(delayMs);
    expect(findings.filter(({ severity }) => severity === "error").map(({ id, text }) => `${id} ${text}`)).toEqual([]);
    expect(channels.some(({ witness }) => witness?.effects.some((effect) => effect.kind === "rotate"))).toBe(false);
  });
});
