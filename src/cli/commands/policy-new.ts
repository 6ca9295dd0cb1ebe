import type { JsonObject } from "../../base/canonical.ts";
import { coldStorage, denyAll, personalWallet, spendingAgent, teamTreasury } from "../../policy/templates.ts";
import { suggest } from "../args.ts";
import type { Call, Command } from "../command.ts";
import { usage } from "../exit.ts";
import { policyOf } from "../policies.ts";

export const policyNew: Command = {
  name: "policy new",
  about: "print a policy made from a template",
  operands: "deny-all|personal|agent|treasury|cold",
  count: [1, 1],
  options: {
    name: { value: "TEXT", about: "what the policy is called" },
    chain: { value: "CAIP-2", about: "the chain of assets and payees; eip155:1 where it is not said" },
    asset: { value: "NAME=ID:DECIMALS", many: true, about: "a further asset: USDC=erc20:0x…:6; ETH is there, with 18" },
    payee: { value: "NAME=ADDRESS", many: true, about: "who may be paid" },
    daily: { value: '"AMOUNT ASSET"', many: true, about: "the most that leaves within 24 hours; 0.1 ETH where it is not said" },
    fee: { value: '"AMOUNT ASSET"', many: true, about: "the most that one fee may cost; 0.01 ETH where it is not said" },
    each: { value: '"AMOUNT ASSET"', many: true, about: "agent: the most that one payment may be" },
    large: { value: '"AMOUNT ASSET"', many: true, about: "treasury: from where on approvers must sign" },
    agent: { value: "KEY", about: "agent: its public key, as keygen --service prints it" },
    operator: { value: "NAME=KEY", many: true, about: "treasury: who may ask, with a key or the address of a wallet" },
    approver: { value: "NAME=KEY", many: true, about: "treasury: who signs for large payments; a key or an address" },
    keyholder: { value: "NAME=KEY", many: true, about: "cold: who asks and signs; a key or an address" },
    quorum: { value: "N", about: "treasury, cold: how many others must sign; 2 where it is not said" },
    delay: { value: "DURATION", about: "how long changes of the custody wait: 24h, 7d" },
  },
  example: 'keyward policy new personal --payee acme=0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045 --daily "0.5 ETH" > policy.json',
  notes: ["The document is checked before it is printed. Read it, change it, and put it in force with init or policy set."],
  async run(call) {
    const [template = ""] = call.operands;
    const make = Object.hasOwn(TEMPLATES, template) ? TEMPLATES[template] : undefined;
    if (make === undefined) throw usage(`policy new: unknown template ${template}${suggest(template, Object.keys(TEMPLATES))}`);
    const document = make(call);
    const { id } = policyOf(document);
    return { json: { policy: id, document }, text: () => JSON.stringify(document, null, 2) };
  },
};

const TEMPLATES: { readonly [name: string]: (call: Call) => JsonObject } = {
  "deny-all": (call) => denyAll(named(call)),
  personal: (call) => personalWallet({ ...spending(call), ...slow(call) }),
  agent: (call) => spendingAgent({ ...spending(call), ...slow(call), agentKey: needed(call, "agent"), each: amounts(call, "each") }),
  treasury: (call) =>
    teamTreasury({
      ...spending(call),
      ...slow(call),
      operators: pairs(call, "operator"),
      approvers: pairs(call, "approver"),
      large: amounts(call, "large"),
      quorum: quorum(call),
    }),
  cold: (call) => coldStorage({ ...spending(call), ...slow(call), keyholders: pairs(call, "keyholder"), quorum: quorum(call) }),
};

function spending(call: Call) {
  const chain = call.value("chain") ?? "eip155:1";
  const payees = Object.entries(pairs(call, "payee")).map(([name, address]) => [name, { chain, address }] as const);
  return {
    ...named(call),
    assets: { ETH: { chain, asset: "native", decimals: 18 }, ...assets(call, chain) },
    payees: Object.fromEntries(payees),
    daily: amounts(call, "daily", { ETH: "0.1" }),
    fee: amounts(call, "fee", { ETH: "0.01" }),
  };
}

function named(call: Call) {
  const name = call.value("name");
  return name === undefined ? {} : { name };
}

function slow(call: Call) {
  const delay = call.value("delay");
  return delay === undefined ? {} : { delay };
}

function assets(call: Call, chain: string) {
  const rows = Object.entries(pairs(call, "asset")).map(([name, text]) => {
    const [, asset, decimals] = /^(.+):(\d{1,2})$/.exec(text) ?? [];
    if (asset === undefined) throw usage(`--asset ${name}: expected ID:DECIMALS such as erc20:0x…:6`);
    return [name, { chain, asset, decimals: Number(decimals) }] as const;
  });
  return Object.fromEntries(rows);
}

function pairs(call: Call, option: string): { readonly [name: string]: string } {
  const rows = call.values(option).map((text) => {
    const at = text.indexOf("=");
    if (at < 1 || at === text.length - 1) throw usage(`--${option}: expected NAME=VALUE, got ${JSON.stringify(text.slice(0, 40))}`);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  return unique(option, rows);
}

/** `"0.5 ETH"` as a row of the template's tables. */
function amounts(call: Call, option: string, otherwise: { readonly [asset: string]: string } = {}): { readonly [asset: string]: string } {
  const given = call.values(option).map((text) => {
    const [, amount, asset] = /^(\d[\d.]*) (\S+)$/.exec(text) ?? [];
    if (amount === undefined || asset === undefined) throw usage(`--${option}: expected an amount with its asset, such as "0.5 ETH"`);
    return [asset, amount] as const;
  });
  return given.length === 0 ? otherwise : unique(option, given);
}

function unique(option: string, rows: readonly (readonly [string, string])[]): { readonly [name: string]: string } {
  const names = rows.map(([name]) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw usage(`--${option}: ${twice} was given twice`);
  return Object.fromEntries(rows);
}

function quorum(call: Call): number {
  const text = call.value("quorum") ?? "2";
  if (!/^[1-9]\d{0,2}$/.test(text)) throw usage("--quorum: expected a number from 1");
  return Number(text);
}

function needed(call: Call, option: string): string {
  const value = call.value(option);
  if (value === undefined) throw usage(`policy new: expected --${option}`);
  return value;
}
