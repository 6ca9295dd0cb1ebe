import type { Account } from "../../custody/accounts.ts";
import type { Command } from "../command.ts";
import { usage } from "../exit.ts";
import { columns, plain } from "../style.ts";
import { PERSON, VAULT, withSession, withVault } from "../vaults.ts";

export const accountDerive: Command = {
  name: "account derive",
  about: "derive an account from a wallet",
  operands: "NAME",
  count: [1, 1],
  options: {
    chain: { value: "CAIP-2", about: "where it is used first; eip155:1 where it is not said" },
    wallet: { value: "NAME", about: "wallet by name or id; the first one where it is not said" },
    index: { value: "N", about: "BIP-44 address index; the lowest free one where it is not said" },
    path: { value: "PATH", about: "another BIP-32 path than m/44'/60'/0'/0/N" },
    ...VAULT,
    ...PERSON,
  },
  example: "keyward account derive Main --chain eip155:1",
  async run(call) {
    const [name = ""] = call.operands;
    const index = call.value("index");
    if (index !== undefined && !/^\d{1,9}$/.test(index)) throw usage("--index: expected a number from 0");
    const wallet = call.value("wallet");
    const path = call.value("path");
    const account = await withSession(call, (me) =>
      me.accounts.derive({
        chain: call.value("chain") ?? "eip155:1",
        name,
        ...(wallet !== undefined && { wallet }),
        ...(index !== undefined && { index: Number(index) }),
        ...(path !== undefined && { path }),
      }),
    );
    return { json: { ...account }, text: (style) => [style.good("derived"), ...rows([account])].join("\n") };
  },
};

export const accountList: Command = {
  name: "account list",
  about: "list the accounts of the vault",
  operands: "",
  count: [0, 0],
  options: { ...VAULT },
  example: "keyward account list --json",
  async run(call) {
    const accounts = await withVault(call, "view", (custody) => custody.accounts());
    return {
      json: { accounts: accounts.map((account) => ({ ...account })) },
      text: () => (accounts.length === 0 ? "no accounts yet\nnext: keyward account derive Main" : rows(accounts).join("\n")),
    };
  },
};

export const address: Command = {
  name: "address",
  about: "print the address of an account, to be paid at",
  operands: "[NAME]",
  count: [0, 1],
  options: { ...VAULT },
  example: "keyward address Main",
  notes: ["Opens only the view side: no key that could sign is in memory."],
  async run(call) {
    const [asked] = call.operands;
    const accounts = await withVault(call, "view", (custody) => custody.accounts());
    const found =
      asked === undefined && accounts.length === 1 ? accounts[0] : accounts.find(({ name, id }) => name === asked || id === asked);
    if (found === undefined) {
      const names = accounts.map(({ name }) => name).join(", ") || "none yet";
      throw usage(`address: expected the name of an account; there are: ${names}`);
    }
    const { name, chain, address } = found;
    return { json: { name, chain, address }, text: () => address };
  },
};

function rows(accounts: readonly Account[]): string[] {
  return columns(accounts.map(({ name, address, chain, path }) => [plain(name), address, chain, path]));
}
