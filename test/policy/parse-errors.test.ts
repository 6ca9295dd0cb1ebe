import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/base/canonical.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import { PolicyError, PROBLEM_CODES } from "../../src/policy/problems.ts";
import { parseAddress } from "./addresses.ts";
import { type Draft, full, key, person, problemsOf, USDC, VITALIK, withRule } from "./documents.ts";

const seen = new Set<string>();

/** One problem, with its code, its path, the text at its position and a part of its message. */
type Row = [name: string, document: Draft, code: string, path: string, at: string, message: string];

const change = (edit: (document: Draft) => void): Draft => {
  const document = full();
  edit(document);
  return document;
};
const rule = (extra: object): Draft => withRule(extra as JsonObject);
const transfer = (when: object): Draft => rule({ forbid: ["transfer"], when });
const call = (when: object): Draft => rule({ forbid: ["call"], when });
const WHEN = "rules.6.when";

// biome-ignore format: one mistake, one line.
const rows: Row[] = [
  ["a key nobody knows", change((d) => { d.rule = []; }), "policy/unknown-key", "rule", '"rule"', 'did you mean "rules"?'],
  ["a key of a rule nobody knows", rule({ limit: ["fee"], maxx: 3, max: 3, per: "1h" }), "policy/unknown-key", "rules.6.maxx", '"maxx"', 'did you mean "max"?'],
  ["a key of another type of rule", rule({ forbid: ["fee"], approvals: [] }), "policy/unknown-key", "rules.6.approvals", '"approvals"', "expected id, forbid, when"],
  ["no rules", change((d) => { delete d.rules; }), "policy/missing-key", "", "{", 'expected the key "rules", got none'],
  ["another format", change((d) => { d.keyward = "policy/2"; }), "policy/bad-value", "keyward", '"policy/2"', 'did you mean "policy/1"?'],
  ["a name of no text", change((d) => { d.name = 5; }), "policy/wrong-type", "name", "5", "got 5"],
  ["semantics of the future", change((d) => { d.semantics = 99; }), "policy/newer-semantics", "semantics", "99", "newer Keyward"],
  ["a rule without a type", rule({ permit: ["fee"] }), "policy/missing-key", "rules.6", "{", "expected one of allow, forbid, require, limit"],
  ["a rule of two types", rule({ allow: ["fee"], forbid: ["fee"] }), "policy/missing-key", "rules.6", "{", "got allow and forbid"],
  ["a rule without kinds", rule({ forbid: [] }), "policy/bad-value", "rules.6.forbid", "[]", "at least one item"],
  ["an id with capitals", rule({ id: "Pay", forbid: ["fee"] }), "policy/bad-value", "rules.6.id", '"Pay"', "an id of lowercase letters"],
  ["an id twice", rule({ id: "pay", forbid: ["fee"] }), "policy/duplicate-rule", "rules.6.id", '"pay"', 'got "pay" again'],
  ["an id that a mode has", rule({ id: "fees-only", forbid: ["fee"] }), "policy/duplicate-rule", "modes.emergency.rules.0.id", '"fees-only"', "again"],
  ["a kind nobody knows", rule({ forbid: ["transfers"] }), "policy/unknown-kind", "rules.6.forbid.0", '"transfers"', 'did you mean "transfer"?'],
  ["a field nobody knows", transfer({ recipient: "acme" }), "policy/unknown-key", `${WHEN}.recipient`, '"recipient"', "unknown key"],
  ["a field that a kind has not", rule({ forbid: ["transfer", "statement"], when: { asset: "ETH" } }), "policy/field-not-of-kind", `${WHEN}.asset`, '"asset"', "got asset, which statement has not"],
  ["a split by what a kind has not", rule({ limit: ["outflow"], max: 3, per: "1h", by: ["to"] }), "policy/field-not-of-kind", "rules.6.by.0", '"to"', "which fee has not"],
  ["an amount of what has none", rule({ limit: ["call"], max: "3 ETH", per: "1h" }), "policy/field-not-of-kind", "rules.6.max", '"3 ETH"', "which call has not"],
  ["an amount without its asset", transfer({ amount: { max: "0.05 ETH" } }), "policy/amount-without-asset", `${WHEN}.amount.max`, '"0.05 ETH"', 'pin "asset" to "ETH", but it pins none'],
  ["an amount of another asset", transfer({ asset: "USDC", amount: { max: "0.05 ETH" } }), "policy/amount-without-asset", `${WHEN}.amount.max`, '"0.05 ETH"', 'it pins "USDC"'],
  ["an amount under several assets", transfer({ asset: ["USDC", "ETH"], amount: { max: "0.05 ETH" } }), "policy/amount-without-asset", `${WHEN}.amount.max`, '"0.05 ETH"', "it pins none"],
  ["an asset pinned only beside", transfer({ all: [{ asset: "ETH" }, { amount: "1 ETH" }] }), "policy/amount-without-asset", `${WHEN}.all.1.amount`, '"1 ETH"', "it pins none"],
  ["a limit whose asset is not pinned", rule({ limit: ["outflow"], max: "1 ETH", per: "1h" }), "policy/amount-without-asset", "rules.6.max", '"1 ETH"', "counts that asset alone"],
  ["too many decimals", transfer({ asset: "USDC", amount: { max: "0.0000001 USDC" } }), "policy/too-many-decimals", `${WHEN}.amount.max`, '"0.0000001 USDC"', "at most 6 decimals of USDC, got 7"],
  ["too many zeros", transfer({ asset: "USDC", amount: { max: "1.0000000 USDC" } }), "policy/too-many-decimals", `${WHEN}.amount.max`, '"1.0000000 USDC"', "got 7"],
  ["an amount with separators", transfer({ asset: "USDC", amount: { max: "1,000 USDC" } }), "policy/bad-amount", `${WHEN}.amount.max`, '"1,000 USDC"', 'such as "0.05 ETH"'],
  ["an amount as a number", transfer({ asset: "USDC", amount: { max: 5 } }), "policy/bad-amount", `${WHEN}.amount.max`, "5", "amounts are texts"],
  ["an amount above all", transfer({ asset: "USDC", amount: { max: `${"9".repeat(78)} USDC` } }), "policy/bad-amount", `${WHEN}.amount.max`, '"999', "less than 2^256"],
  ["a share of the balance", rule({ limit: ["outflow"], max: "10%", per: "1h" }), "policy/bad-amount", "rules.6.max", '"10%"', "depends on a balance"],
  ["an asset nobody named", transfer({ asset: "USDX" }), "policy/unknown-name", `${WHEN}.asset`, '"USDX"', 'did you mean "USDC"?'],
  ["an amount of an asset nobody named", transfer({ asset: "USDC", amount: "5 USDD" }), "policy/unknown-name", `${WHEN}.amount`, '"5 USDD"', 'did you mean "USDC"?'],
  ["a recipient nobody named", transfer({ to: ["acme", "acmee"] }), "policy/unknown-name", `${WHEN}.to.1`, '"acmee"', 'did you mean "acme"?'],
  ["a list nobody named", transfer({ to: "@payee" }), "policy/unknown-name", `${WHEN}.to`, '"@payee"', 'did you mean "@payees"?'],
  ["a role nobody named", transfer({ requester: "role:op" }), "policy/unknown-name", `${WHEN}.requester`, '"role:op"', 'did you mean "role:ops"?'],
  ["a role without its mark", transfer({ requester: "ops" }), "policy/unknown-name", `${WHEN}.requester`, '"ops"', 'a role is written "role:ops"'],
  ["a role inside a role without its mark", change((d) => { d.roles.all = ["ops"]; }), "policy/unknown-name", "roles.all.0", '"ops"', 'is written "role:ops"'],
  ["an approver nobody named", rule({ require: ["fee"], approvals: [{ of: "finanze", atLeast: 1 }] }), "policy/unknown-name", "rules.6.approvals.0.of", '"finanze"', 'did you mean "finance"?'],
  ["hours nobody named", transfer({ hour: "night" }), "policy/unknown-name", `${WHEN}.hour`, '"night"', "a name of hours"],
  ["a mode nobody named", transfer({ mode: "frosen" }), "policy/unknown-name", `${WHEN}.mode`, '"frosen"', 'did you mean "frozen"?'],
  ["a book name nobody named in a list", change((d) => { d.lists.payees = ["acme", "bcme"]; }), "policy/unknown-name", "lists.payees.1", '"bcme"', 'did you mean "acme"?'],
  ["a ceiling of an asset nobody named", change((d) => { d.values.USD.ceiling.BTC = "1"; }), "policy/unknown-name", "values.USD.ceiling.BTC", '"BTC"', "a name of assets"],
  ["the same name twice in a list", change((d) => { d.lists.payees = ["acme", "acme"]; }), "policy/duplicate-entry", "lists.payees.1", '"acme"', "again"],
  ["one asset under two names", change((d) => { d.assets.Gas = d.assets.ETH; }), "policy/duplicate-entry", "assets.Gas", "{", 'beside "ETH"'],
  ["one credential twice", change((d) => { d.people.ana = [...person("a"), ...person("a")]; }), "policy/duplicate-entry", "people.ana.1", "{", "each credential once"],
  ["a name with spaces", change((d) => { d.book["a b"] = d.book.acme; }), "policy/bad-name", "book.a b", '"a b"', "letters, digits"],
  ["a name that is a prototype", change((d) => { d.people = JSON.parse(`{"__proto__":[{"kind":"unlock"}],"ana":[{"kind":"secp256k1","publicKey":"${key("a")}"}]}`); d.roles = {}; d.rules = d.rules.slice(1, 2); d.immutable = true; }), "policy/bad-name", "people.__proto__", '"__proto__"', "begins with a letter"],
  ["an invisible character in a name", change((d) => { d.book["ac\u200bme"] = d.book.acme; }), "policy/bad-name", "book.ac\u200bme", '"ac', "\\u{200b}"],
  ["a name of two scripts", change((d) => { d.book["pаy"] = d.book.acme; }), "policy/look-alike-name", "book.pаy", '"pаy"', "Latin and Cyrillic"],
  ["a name that differs by case", change((d) => { d.book.Acme = d.book.acme; }), "policy/look-alike-name", "book.Acme", '"Acme"', 'beside "acme"'],
  ["a name that looks the same in another script", change((d) => { d.book["асе"] = d.book.acme; d.book.ace = d.book.acme; }), "policy/look-alike-name", "book.ace", '"ace"', "mistaken"],
  ["a name with 0 for o", change((d) => { d.book["0p"] = d.book.acme; }), "policy/look-alike-name", "book.0p", '"0p"', 'beside "op"'],
  ["a name of the book and of contracts", change((d) => { d.book.pool = d.book.acme; }), "policy/ambiguous-name", "contracts.pool", '"pool"', "not in book too"],
  ["a name of a person and of a role", change((d) => { d.roles.ana = ["ben"]; }), "policy/ambiguous-name", "roles.ana", '"ana"', "not in people too"],
  ["a chain without a namespace", change((d) => { d.book.acme.chain = "1"; d.lists = {}; d.rules[0].when = {}; }), "policy/bad-chain", "book.acme.chain", '"1"', "CAIP-2"],
  ["an asset of no kind", change((d) => { d.assets.USDC.asset = USDC; }), "policy/bad-asset", "assets.USDC.asset", '"0xA0b', "erc20:0x"],
  ["an address that is none", change((d) => { d.book.acme.address = "acme.eth"; }), "policy/bad-address", "book.acme.address", '"acme.eth"', "expected an address on eip155:1"],
  ["an address without its checksum", change((d) => { d.book.acme.address = VITALIK.toLowerCase(); }), "policy/bad-address", "book.acme.address", '"0xd8da', "EIP-55"],
  ["an address with a wrong checksum", change((d) => { d.book.acme.address = VITALIK.replace("d8dA", "D8dA"); }), "policy/bad-address", "book.acme.address", '"0xD8dA', "checksum"],
  ["an asset whose address is wrong", change((d) => { d.assets.USDC.asset = "erc20:0x12"; }), "policy/bad-address", "assets.USDC.asset", '"erc20:0x12"', 'got "0x12"'],
  ["an address in a condition without its chain", transfer({ to: VITALIK }), "policy/unknown-name", `${WHEN}.to`, '"0xd8dA', "CAIP-10"],
  ["an address in a condition without its checksum", transfer({ to: `eip155:1:${VITALIK.toLowerCase()}` }), "policy/bad-address", `${WHEN}.to`, '"eip155:1:0x', "EIP-55"],
  ["a function that is none", change((d) => { d.contracts.pool.functions = ["deposit(uint7)"]; }), "policy/bad-function", "contracts.pool.functions.0", '"deposit(uint7)"', "deposit(uint256 amount, address to)"],
  ["a function twice", change((d) => { d.contracts.pool.functions = ["f(uint)", "f(uint256 a)"]; }), "policy/duplicate-entry", "contracts.pool.functions.1", '"f(uint256 a)"', "f(uint256) again"],
  ["arguments of an unnamed function", call({ contract: "pool", args: { amount: 5 } }), "policy/function-not-pinned", `${WHEN}.args`, '"args"', "the function is not"],
  ["arguments of an unnamed contract", call({ function: "deposit", args: { amount: 5 } }), "policy/function-not-pinned", `${WHEN}.args`, '"args"', "the contract is not pinned"],
  ["an argument that is not there", call({ contract: "pool", function: "deposit", args: { amont: 5 } }), "policy/unknown-argument", `${WHEN}.args.amont`, '"amont"', "(amount, to, wrap)"],
  ["an argument of another type", call({ contract: "pool", function: "deposit", args: { wrap: "yes" } }), "policy/wrong-type", `${WHEN}.args.wrap`, '"yes"', "expected true or false"],
  ["an argument on another chain", call({ contract: "pool", function: "deposit", args: { to: "op" } }), "policy/bad-address", `${WHEN}.args.to`, '"op"', "an address on eip155:1, where the contract is"],
  ["a function nobody named", call({ contract: "pool", function: "deposti" }), "policy/unknown-name", `${WHEN}.function`, '"deposti"', 'did you mean "deposit"?'],
  ["a duration without a unit", rule({ require: ["fee"], delay: "24" }), "policy/bad-duration", "rules.6.delay", '"24"', '"15m", "24h" or "7d"'],
  ["a window below a minute", rule({ limit: ["fee"], max: 3, per: "0m" }), "policy/bad-duration", "rules.6.per", '"0m"', "from 1m to 35d"],
  ["a window above 35 days", rule({ limit: ["fee"], max: 3, per: "36d" }), "policy/bad-duration", "rules.6.per", '"36d"', "from 1m to 35d"],
  ["a limit without a window", rule({ limit: ["fee"], max: 3 }), "policy/missing-key", "rules.6", "{", 'either "per"'],
  ["a limit with two windows", rule({ limit: ["fee"], max: 3, per: "1h", ever: true }), "policy/missing-key", "rules.6", "{", 'either "per"'],
  ["a limit of nothing", rule({ limit: ["fee"], per: "1h" }), "policy/missing-key", "rules.6", "{", '"max"'],
  ["a day that is not there", transfer({ date: { from: "2026-02-30" } }), "policy/bad-time", `${WHEN}.date.from`, '"2026-02-30"', "expected UTC"],
  ["a time with an offset", transfer({ date: { from: "2026-02-03T00:00:00+01:00" } }), "policy/bad-time", `${WHEN}.date.from`, '"2026-02-03', "expected UTC"],
  ["a range that is empty", transfer({ asset: "ETH", amount: { min: "2 ETH", max: "1 ETH" } }), "policy/empty-range", `${WHEN}.amount`, "{", 'expected "min" not above "max"'],
  ["a range without bounds", transfer({ feeRate: {} }), "policy/missing-key", `${WHEN}.feeRate`, "{", 'expected "min" or "max"'],
  ["an integer with a fraction", transfer({ inputs: "1.5" }), "policy/bad-value", `${WHEN}.inputs`, '"1.5"', "an integer"],
  ["a zone nobody knows", change((d) => { d.hours.desk.zone = "Europe/Zurik"; }), "policy/bad-hours", "hours.desk.zone", '"Europe/Zurik"', "Europe/Zurich"],
  ["a zone that is an offset", change((d) => { d.hours.desk.zone = "+02:00"; }), "policy/bad-hours", "hours.desk.zone", '"+02:00"', "Europe/Zurich"],
  ["hours over midnight", change((d) => { d.hours.desk.open = ["Fri 22:00-02:00"]; }), "policy/bad-hours", "hours.desk.open.0", '"Fri', "over midnight, write two"],
  ["hours that are none", change((d) => { d.hours.desk.open = ["Fr 9-17"]; }), "policy/bad-hours", "hours.desk.open.0", '"Fr 9-17"', "Mon-Fri 09:00-17:00"],
  ["hours for a hundred years", change((d) => { d.hours.desk.until = "2126-01-01"; }), "policy/bad-time", "hours.desk.until", '"2126', "guesses"],
  ["a ceiling of nothing", change((d) => { d.values.USD.ceiling.ETH = "0.00"; }), "policy/bad-amount", "values.USD.ceiling.ETH", '"0.00"', "above zero"],
  ["a key that is too short", change((d) => { d.people.ana[0].publicKey = "02aa"; }), "policy/bad-credential", "people.ana.0.publicKey", '"02aa"', "33 bytes"],
  ["a key that is not compressed", change((d) => { d.people.ana[0].publicKey = `04${"a".repeat(128)}`; }), "policy/bad-credential", "people.ana.0.publicKey", '"04', "02 or 03"],
  ["a passkey", change((d) => { d.people.ana = [{ kind: "webauthn", id: "x" }]; }), "policy/credential-not-supported", "people.ana.0", "{", 'got "webauthn"'],
  ["a service without a key", change((d) => { d.people.ana = [{ kind: "service" }]; }), "policy/missing-key", "people.ana.0", "{", '"publicKey"'],
  ["a service that is also a person", change((d) => { d.people.ana = [{ kind: "service", publicKey: key("2") }, { kind: "eip712", address: VITALIK }]; }), "policy/mixed-credentials", "people.ana", "[", "a machine"],
  ["a wallet without its checksum", change((d) => { d.people.ana = [{ kind: "eip712", address: VITALIK.toLowerCase() }]; }), "policy/bad-credential", "people.ana.0.address", '"0xd8da', "capital letters of EIP-55"],
  ["a wallet that is no address", change((d) => { d.people.ana = [{ kind: "eip712", address: "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq" }]; }), "policy/bad-credential", "people.ana.0.address", '"bc1q', "expected an EVM address"],
  ["one wallet under two people", change((d) => { for (const name of ["ana", "ben"]) d.people[name] = [{ kind: "eip712", address: VITALIK }]; }), "policy/shared-credential", "people.ben.0", "{", 'that of "ana"'],
  ["a service with the key of a person", change((d) => { d.people.ben = [{ kind: "service", publicKey: key("a") }]; }), "policy/shared-credential", "people.ben.0", "{", 'that of "ana"'],
  ["a person without a credential", change((d) => { d.people.owner = []; }), "policy/bad-value", "people.owner", "[]", "at least one"],
  ["one key under two people", change((d) => { d.people.ben = [{ kind: "secp256k1", publicKey: key("A") }]; }), "policy/shared-credential", "people.ben.0", "{", 'that of "ana"'],
  ["two who unlock", change((d) => { d.people.ben = [{ kind: "unlock" }]; }), "policy/shared-credential", "people.owner.0", "{", "whoever unlocks"],
  ["a role that contains itself", change((d) => { d.roles.ops = ["ana", "role:all"]; }), "policy/role-cycle", "roles.all.0", '"role:ops"', "ops > all > ops"],
  ["an absence that ends before it begins", change((d) => { d.roles.cfo[1].until = "2026-12-01"; }), "policy/empty-range", "roles.cfo.1.until", '"2026-12-01"', "after"],
  ["a stand-in without dates", change((d) => { d.roles.cfo[1] = { person: "gus" }; }), "policy/missing-key", "roles.cfo.1", "{", '"from" or "until"'],
  ["more approvers than there are", rule({ require: ["fee"], approvals: [{ of: "finance", atLeast: 4 }] }), "policy/unreachable-quorum", "rules.6.approvals", "[", '4 of "finance"'],
  ["one person for two clauses", rule({ require: ["fee"], approvals: [{ of: "ana", atLeast: 1 }, { of: "ops", atLeast: 2 }], }), "policy/unreachable-quorum", "rules.6.approvals", "[", "each person fills one clause"],
  ["everybody who may ask is needed", rule({ require: ["fee"], when: { requester: "role:ops" }, approvals: [{ of: "ops", atLeast: 2 }] }), "policy/unreachable-quorum", "rules.6.approvals", "[", "whoever asks does not count"],
  ["an approver who is a service", change((d) => { d.people.fay = [{ kind: "service", publicKey: key("f") }]; d.rules.push({ id: "x", require: ["fee"], approvals: [{ of: "fay", atLeast: 1 }] }); }), "policy/unreachable-quorum", "rules.6.approvals", "[", "neither does a service"],
  ["a role with too few beside its services", change((d) => { d.people.dee = [{ kind: "service", publicKey: key("d") }]; d.rules[2].approvals[0].atLeast = 1; d.rules[3].beyond.approvals[0].atLeast = 1; d.rules.splice(5); d.rules.push({ id: "x", require: ["fee"], approvals: [{ of: "finance", atLeast: 3 }] }); }), "policy/unreachable-quorum", "rules.5.approvals", "[", '3 of "finance"'],
  ["an alternative that cannot be met", rule({ limit: ["fee"], max: 1, per: "1h", beyond: { approvals: { any: [[{ of: "ana", atLeast: 1 }], [{ of: "ben", atLeast: 2 }]] } } }), "policy/unreachable-quorum", "rules.6.beyond.approvals.any.1", "[", '2 of "ben"'],
  ["a delay as long as the wait", rule({ require: ["fee"], delay: "72h" }), "policy/delay-not-below-expiry", "rules.6.delay", '"72h"', "72h, as"],
  ["a delay longer than the wait", rule({ require: ["fee"], delay: "3h", expires: "2h" }), "policy/delay-not-below-expiry", "rules.6.delay", '"3h"', "expire before"],
  ["a require without anything", rule({ require: ["fee"], confirm: false }), "policy/requires-nothing", "rules.6", "{", "got none of them"],
  ["acts in a mode", change((d) => { d.modes.emergency.rules[0] = { id: "x", forbid: ["export"] }; }), "policy/act-in-mode", "modes.emergency.rules.0", "{", "top-level rules in every mode"],
  ["a frozen mode that signs", change((d) => { d.modes.frozen = { rules: [{ id: "x", allow: ["fee"] }] }; }), "policy/frozen-allows", "modes.frozen.rules.0", "{", "another name"],
  ["a mode called normal", change((d) => { d.modes.normal = { rules: [] }; }), "policy/bad-name", "modes.normal", '"normal"', "top-level rules"],
  ["payments without fees", change((d) => { d.rules.splice(1, 1); }), "policy/pays-without-fee", "rules.0", "{", '"allow": ["fee"]'],
  ["payments without fees in a mode", change((d) => { d.modes.emergency.rules[0] = { id: "x", allow: ["transfer"] }; }), "policy/pays-without-fee", "modes.emergency.rules.0", "{", '"allow": ["fee"]'],
  ["no way to change", change((d) => { d.rules.splice(4, 1); }), "policy/never-changes", "rules", "[", '"immutable": true'],
  ["immutable and editable", change((d) => { d.immutable = true; }), "policy/immutable-but-editable", "rules.4", "{", "policyEdit"],
  ["an empty condition in a combination", transfer({ not: {} }), "policy/bad-value", `${WHEN}.not`, "{", "at least one condition"],
];

describe("each mistake is found, and where it is", () => {
  test.each(rows)("%s", (_, document, code, path, at, message) => {
    const problems = problemsOf(document);
    expect(problems.map((problem) => `${problem.code} ${problem.path.join(".")}`)).toEqual([`${code} ${path}`]);
    expect(problems[0]?.at.startsWith(at), `at ${problems[0]?.at.slice(0, 40)}`).toBe(true);
    expect(problems[0]?.message).toContain(message);
    seen.add(code);
  });

  test("a key of an account of the vault", () => {
    const [problem] = problemsOf(full(), { ownKeys: new Set([key("a")]) });
    expect(problem).toMatchObject({ code: "policy/own-account-as-person", path: ["people", "ana", 0] });
    seen.add("policy/own-account-as-person");
  });

  test("what is wrong with the text", () => {
    for (const [text, code, place] of [
      ['{\n "name": 1,\n "name": 2 }', "policy/duplicate-key", [3, 2]],
      ['{ "name": 1.5 }', "policy/malformed", [1, 11]],
      [`{ "name": ${"[".repeat(64)}`, "policy/too-deep", [1, 74]],
      [`"${"x".repeat(2 ** 20)}"`, "policy/too-large", [1, 1]],
    ] as const) {
      const [problem] = problemsOf(text);
      expect(problem).toMatchObject({ code, position: { line: place[0], column: place[1] } });
      seen.add(code);
    }
  });

  test("too many of something", () => {
    const wide = full();
    wide.roles.all = Array.from({ length: 1001 }, () => "ana");
    expect(problemsOf(wide)[0]).toMatchObject({ code: "policy/too-many", path: ["roles", "all"] });
    seen.add("policy/too-many");
  });

  test("every documented code was seen above", () => {
    expect(PROBLEM_CODES.filter((code) => !seen.has(code))).toEqual([]);
  });
});

test("all problems are found at once, in the document's order, and the message is the first", () => {
  const text = `{
  "keyward": "policy/1",
  "name": "two",
  "assets": { "ETH": { "chain": "eip155:1", "asset": "native", "decimals": 18 } },
  "people": { "me": [{ "kind": "unlock" }] },
  "rules": [
    { "id": "pay", "allow": ["transfer"], "when": { "asset": "ETH", "amount": { "max": "1 USDC" } } },
    { "id": "fee", "allow": ["feee"] },
    { "id": "edit", "allow": ["policyEdit"], "when": { "requester": "you" } }
  ]
}`;
  try {
    parsePolicy(text, { parseAddress });
    expect.unreachable();
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    expect(error.code).toBe("policy/invalid");
    expect(error.message).toBe('policy 7:88: rules[0].when.amount.max: expected an amount of a named asset, got "USDC" (and 2 more)');
    expect(error.problems.map(({ code, position }) => `${code} ${position.line}:${position.column}`)).toEqual([
      "policy/unknown-name 7:88",
      "policy/unknown-kind 8:30",
      "policy/unknown-name 9:69",
    ]);
    expect(error.toJSON()).toMatchObject({ code: "policy/invalid", position: { line: 7, column: 88 }, problems: [{}, {}, {}] });
  }
});
