import { CustodyError, keyward, passphrase, personalWallet, type SignOutcome, type Store } from "keyward";
import { verifyLog } from "keyward/audit";
import { evm } from "keyward/chains/evm";

const alice = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";

/** What an app has to sign: unsigned transactions of nonce 0 and 1, the first within the policy and the second beyond it. */
export interface Payments {
  readonly small: string;
  readonly large: string;
}

/** What any app does first, wherever it runs: one payment is signed, another denied, and the log holds together. */
export async function first(store: Store, { small, large }: Payments): Promise<string> {
  const custody = keyward({ store, chains: [evm] });
  await custody.create({
    slot: passphrase("correct horse battery staple", { cost: { memoryKiB: 19 * 1024, passes: 2, lanes: 1 } }),
    wallet: { from: "privateKey", privateKey: new Uint8Array(32).fill(7) },
    policy: personalWallet({
      assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 } },
      payees: { alice: { chain: "eip155:1", address: alice } },
      daily: { ETH: "1" },
      fee: { ETH: "0.01" },
    }),
  });
  const me = await custody.session({ person: "owner" });
  const account = await me.accounts.derive({ chain: "eip155:1", name: "Main" });
  const sign = (payload: string) => me.sign({ chain: "eip155:1", account: account.name, kind: "transaction", payload });
  const said = [told(await sign(small)), told(await sign(large))];
  const report = await verifyLog(custody.exportLog(), { vkey: custody.logKey });
  custody.lock();
  try {
    await sign(small);
  } catch (cause) {
    said.push(cause instanceof CustodyError ? cause.code : "another class of error");
  }
  return [...said, report.ok ? "log holds" : "log does not hold"].join(", ");
}

function told(outcome: SignOutcome): string {
  switch (outcome.kind) {
    case "signed":
      return `signed ${outcome.hash}`;
    case "pending":
      return "pending";
    case "denied":
      return `denied ${outcome.reasons.map(({ code }) => code).join(" ")}`;
  }
}
