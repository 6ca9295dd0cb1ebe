import type { Command } from "../command.ts";
import { usage } from "../exit.ts";
import { outcomeAnswer } from "../outcomes.ts";
import { columns, plain } from "../style.ts";
import { PERSON, VAULT, withSession, withVault } from "../vaults.ts";
import { WALLET, withWallet } from "../wallets.ts";

export const walletList: Command = {
  name: "wallet list",
  about: "list the wallets of the vault",
  operands: "",
  count: [0, 0],
  options: { ...VAULT },
  example: "keyward wallet list",
  async run(call) {
    const wallets = await withVault(call, "view", (custody) => custody.wallets());
    return {
      json: { wallets: wallets.map((wallet) => ({ ...wallet })) },
      text: () =>
        wallets.length === 0 ? "no wallets yet" : columns(wallets.map(({ name, kind, id }) => [plain(name), kind, id])).join("\n"),
    };
  },
};

export const importWallet: Command = {
  name: "import",
  about: "ask to bring a wallet into the vault",
  operands: "NAME",
  count: [1, 1],
  options: { ...WALLET, generate: { about: "make a fresh one of 24 words" }, ...VAULT, ...PERSON },
  example: "keyward import Savings --mnemonic-file phrase.txt",
  notes: ["An act that the policy judges, like every other. Where it has to wait, bring the same file again to keyward pending resume."],
  async run(call) {
    const [name = ""] = call.operands;
    const otherwise = call.flag("generate") ? ({ from: "generate" } as const) : undefined;
    return withWallet(call, { otherwise }, (wallet) => {
      if (wallet === undefined) throw usage("import: expected --mnemonic-file, --private-key-file, --slip39-share or --generate");
      return withSession(call, async (me) => outcomeAnswer(await me.submit({ act: "import", name, wallet })));
    });
  },
};
