import { wipe } from "../../base/bytes.ts";
import { CustodyError } from "../../base/errors.ts";
import type { Command } from "../command.ts";
import { usage } from "../exit.ts";
import { readPolicyFile } from "../policies.ts";
import { PASSPHRASE, readNewPassphrase } from "../secrets.ts";
import { hasStore, PLACE, stretching, vaultDirectory, withStore } from "../vaults.ts";
import { namesWallet, WALLET, withWallet } from "../wallets.ts";

export const init: Command = {
  name: "init",
  about: "make a vault with its first policy and wallet",
  operands: "",
  count: [0, 0],
  options: {
    policy: { value: "FILE", about: "the policy that holds from the first moment (keyward policy new makes one)" },
    ...WALLET,
    "no-wallet": { about: "begin without a wallet" },
    ...PLACE,
    ...PASSPHRASE,
  },
  example: "keyward init --vault ./vault --policy policy.json",
  notes: [
    "A generated wallet lives in this vault alone. If you want its words on paper, import a phrase that you have made and kept yourself.",
    "Keep the log key that is printed where the vault is not: later it shows whether history was changed.",
  ],
  async run(call) {
    const path = call.value("policy");
    if (path === undefined) throw usage("init: expected --policy FILE; keyward policy new personal > policy.json makes one");
    if (call.flag("no-wallet") && namesWallet(call)) throw usage("init: expected --no-wallet or a wallet, got both");
    const { document } = await readPolicyFile(path);
    const directory = vaultDirectory(call);
    return withStore(directory, async (custody) => {
      // A new place is not touched before the passphrase is there.
      if (hasStore(directory) && (await custody.status()) !== "absent")
        throw new CustodyError("vault/exists", `vault: there is one in ${directory} already`);
      const phrase = await readNewPassphrase(call);
      try {
        await withWallet(call, { otherwise: call.flag("no-wallet") ? null : ({ from: "generate" } as const) }, (wallet) =>
          stretching(call.io, (onProgress) =>
            custody.create({ slot: call.io.slot(phrase), policy: document, wallet, signal: call.io.signal, onProgress }),
          ),
        );
      } finally {
        wipe(phrase);
      }
      const { id: vault, logKey } = custody;
      const { id: policy } = await custody.policy();
      return {
        json: { vault, directory, policy, logKey },
        text: (style) =>
          [
            `${style.good("made")} the vault ${vault} in ${directory}`,
            `  policy   ${policy}`,
            `  log key  ${logKey}`,
            "Write the log key down where the vault is not.",
            "next: keyward account derive Main",
          ].join("\n"),
      };
    });
  },
};
