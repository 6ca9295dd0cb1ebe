import type { JsonObject } from "../../base/canonical.ts";
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
    type: { value: "TYPE", about: "Bitcoin: wpkh, tr, sh-wpkh or pkh; wpkh where it is not said" },
    index: { value: "N", about: "the last step on EVM, the account on Bitcoin; the lowest free one where it is not said" },
    path: { value: "PATH", about: "another BIP-32 path than m/44'/60'/0'/0/N, or m/84'/0'/N' on Bitcoin" },
    ...VAULT,
    ...PERSON,
  },
  example: "keyward account derive Main --chain eip155:1",
  async run(call) {
    const [name = ""] = call.operands;
    const index = call.value("index");
    if (index !== undefined && !/^\d{1,9}$/.test(index)) throw usage("--index: expected a number from 0");
    const wallet = call.value("wallet");
    const type = call.value("type");
    const path = call.value("path");
    const account = await withSession(call, (me) =>
      me.accounts.derive({
        chain: call.value("chain") ?? "eip155:1",
        name,
        ...(wallet !== undefined && { wallet }),
        ...(index !== undefined && { index: Number(index) }),
        ...(type !== undefined && { type }),
        ...(path !== undefined && { path }),
      }),
    );
    return { json: toJson(account), text: (style) => [style.good("derived"), ...rows([account])].join("\n") };
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
      json: { accounts: accounts.map(toJson) },
      text: () => (accounts.length === 0 ? "no accounts yet\nnext: keyward account derive Main" : rows(accounts).join("\n")),
    };
  },
};

export const address: Command = {
  name: "address",
  about: "print the address of an account, to be paid at",
  operands: "[NAME]",
  count: [0, 1],
  options: {
    fresh: { about: "Bitcoin: give out a new address; needs a session, and the key side open" },
    change: { about: "Bitcoin: give out a new change address" },
    ...VAULT,
    ...PERSON,
  },
  example: "keyward address Main",
  notes: [
    "Opens only the view side, unless a new address is given out: no key that could sign is in memory.",
    "An account of Bitcoin has many addresses: this prints the next one that was neither given out nor used.",
  ],
  async run(call) {
    const [asked] = call.operands;
    if (call.flag("fresh") && call.flag("change")) throw usage("address: expected --fresh or --change, not both");
    if (call.flag("fresh") || call.flag("change")) {
      return withSession(call, async (me) => {
        const { name, chain } = named(await me.accounts.list(), asked);
        const { address, index } = await (call.flag("change") ? me.accounts.change(name) : me.accounts.receive(name));
        return { json: { name, chain, address, index }, text: () => address };
      });
    }
    const { name, chain, address, fresh } = named(await withVault(call, "view", (custody) => custody.accounts()), asked);
    const next = fresh?.receive ?? { address };
    return { json: { name, chain, ...next }, text: () => next.address };
  },
};

function named(accounts: readonly Account[], asked: string | undefined): Account {
  const found =
    asked === undefined && accounts.length === 1 ? accounts[0] : accounts.find(({ name, id }) => name === asked || id === asked);
  if (found !== undefined) return found;
  const names = accounts.map(({ name }) => name).join(", ") || "none yet";
  throw usage(`address: expected the name of an account; there are: ${names}`);
}

function toJson(account: Account): JsonObject {
  return account as unknown as JsonObject;
}

function rows(accounts: readonly Account[]): string[] {
  return columns(accounts.map(({ name, address, chain, path }) => [plain(name), address, chain, path]));
}
