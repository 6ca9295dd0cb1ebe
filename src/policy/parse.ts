import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../base/bytes.ts";
import { canonicalBytes, type Json, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { type JsonText, readJson } from "../base/json.ts";
import { makeBook } from "../intent/book.ts";
import type { Address } from "../intent/effect.ts";
import { isAct } from "../intent/fields.ts";
import { SEMANTICS } from "../intent/semantics.ts";
import type { Mode, ParseAddress, Policy, Rule } from "./core.ts";
import { readPeople } from "./credentials.ts";
import { durationAt } from "./durations.ts";
import { readHours } from "./hours.ts";
import { approversOf, readRoles } from "./people.ts";
import { PolicyError, type ProblemCode, Problems } from "./problems.ts";
import { Budget } from "./references.ts";
import { type RuleList, type RuleReading, rulesAt } from "./rules.ts";
import { countAt, flagAt, type Members, members, oneOf, Spot, table, textLike } from "./surface.ts";
import { readValues } from "./values.ts";
import { calledBy, checkDisjoint, readAssets, readBook, readContracts, readLists, readTable, type Vocabulary } from "./vocabulary.ts";

/** What a document is read with. */
export interface ParseOptions {
  /** The checked form of an address on any chain that the document names. */
  readonly parseAddress: ParseAddress;
  /**
   * The address, with its EIP-55 checksum, of a compressed public key (lowercase hex); nothing for what is no key. With it a key
   * and the wallet of the same key are known to be one credential; without it they pass for two.
   */
  readonly addressOfKey?: (publicKey: string) => Address | undefined;
  /** Keys of the vault's own accounts, each compressed (lowercase hex) and as its address: none of them can be a person's. */
  readonly ownKeys?: ReadonlySet<string>;
  /** 1 MiB where it is not said. */
  readonly maxBytes?: number;
}

export const REQUIRED_KEYS = ["keyward", "name", "rules"] as const;
export const OPTIONAL_KEYS = [
  "semantics",
  "immutable",
  "assets",
  "contracts",
  "book",
  "lists",
  "people",
  "roles",
  "hours",
  "values",
  "modes",
] as const;

/**
 * Reads a policy document into the core that is judged. Pure but for the time-zone data of the platform, which `hours` are
 * compiled with.
 *
 * @throws PolicyError (`policy/invalid`) with every problem found and its place, in bounded work.
 */
export function parsePolicy(text: string | Uint8Array, options: ParseOptions): Policy {
  const json = readText(text, options.maxBytes ?? 2 ** 20);
  const problems = new Problems();
  const parts = members(new Spot(json.value, problems), REQUIRED_KEYS, OPTIONAL_KEYS);
  const policy = parts && documentOf(parts, options);
  problems.check(json);
  if (policy === undefined) throw new Error("unreachable: a policy that is neither right nor wrong");
  const document = json.value as JsonObject;
  return { id: toHex(sha256(canonicalBytes(document))), document, ...policy };
}

function readText(text: string | Uint8Array, maxBytes: number): JsonText {
  try {
    return readJson(text, { maxBytes, maxDepth: 64, maxNodes: 2_000_000 });
  } catch (error) {
    if (!(error instanceof CustodyError) || error.position === undefined) throw error;
    const code = error.code.replace("json/", "policy/") as ProblemCode;
    const message = error.message.replace(/^json \d+:\d+: /, "");
    throw new PolicyError([{ code, path: [], position: error.position, message }], error);
  }
}

/**
 * Reads documents that share all but rules with one that is right, such as what is suggested for it: names are looked up once, and a
 * rule that is the same object is read once.
 *
 * @returns for such a document its policy, or nothing if it is not right.
 */
export function readerOfRules(document: JsonObject, options: ParseOptions): (draft: JsonObject) => Policy | undefined {
  const membersOf = (draft: JsonObject, problems: Problems) => members(new Spot(draft, problems), REQUIRED_KEYS, OPTIONAL_KEYS);
  const own = membersOf(document, new Problems());
  const known = { names: vocabularyOf(own ?? {}, options), read: new Map<Json, Rule>() };
  return (draft) => {
    const problems = new Problems();
    const parts = membersOf(draft, problems);
    const policy = parts && documentOf(parts, options, known);
    if (policy === undefined || !problems.none) return undefined;
    let id: string | undefined;
    return {
      // Of many drafts few are named, and naming one costs more than reading it.
      get id() {
        id ??= toHex(sha256(canonicalBytes(draft)));
        return id;
      },
      document: draft,
      ...policy,
    };
  };
}

function documentOf(parts: Members, options: ParseOptions, known?: Pick<RuleReading, "names" | "read">): Omit<Policy, "id" | "document"> {
  if (parts.keyward) oneOf(parts.keyward, ["policy/1"], "the format");
  const name = parts.name && textLike(parts.name, /^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u, "a name of at most 100 visible characters");
  if (parts.semantics && typeof parts.semantics.value === "number" && parts.semantics.value > SEMANTICS) {
    parts.semantics.wrong(
      "policy/newer-semantics",
      `expected semantics up to ${SEMANTICS}, got ${parts.semantics.value}: it was written for a newer Keyward`,
    );
  } else if (parts.semantics) countAt(parts.semantics, 1, SEMANTICS);
  const immutable = parts.immutable ? flagAt(parts.immutable) : false;
  const { names, read = new Map() } = known ?? { names: vocabularyOf(parts, options) };
  const reading: RuleReading = { names, read, parseAddress: options.parseAddress, budget: new Budget(1_000_000), ids: new Set() };
  const rules = rulesAt(parts.rules, reading);
  const modes = modesAt(parts.modes, reading);
  checkPays(rules);
  if (immutable !== undefined && parts.rules && rules.complete) checkChanges(parts.rules, rules, immutable);
  return {
    name: name ?? "",
    immutable: immutable ?? false,
    book: makeBook(
      defined(names.assets).map(([, asset]) => asset),
      defined(names.contracts).map(([, { named: _named, called: _called, ...contract }]) => contract),
    ),
    addresses: new Map(defined(names.book)),
    people: new Map(defined(names.people)),
    roles: new Map(defined(names.roles)),
    rules: rules.placed.map(({ rule }) => rule),
    modes,
  };
}

function vocabularyOf(parts: Members, { parseAddress, addressOfKey, ownKeys = new Set() }: ParseOptions): Vocabulary {
  const assets = readAssets(parts.assets, parseAddress);
  const contracts = readContracts(parts.contracts, parseAddress);
  const book = readBook(parts.book, parseAddress);
  const people = readPeople(parts.people, { parseAddress, addressOfKey, ownKeys });
  const roles = readRoles(parts.roles, people);
  const values = readValues(parts.values, assets);
  checkDisjoint(parts.contracts, contracts, { table: "book", names: book });
  checkDisjoint(parts.roles, roles, { table: "people", names: people });
  checkDisjoint(parts.values, values, { table: "assets", names: assets });
  const modes = new Set(["normal", "frozen", ...table(parts.modes).map(([mode]) => mode)]);
  return {
    assets,
    contracts,
    called: calledBy([...contracts.values()].flatMap((contract) => contract?.named ?? [])),
    book,
    lists: readLists(parts.lists, book),
    people,
    roles,
    approvers: approversOf(roles, people),
    hours: readHours(parts.hours),
    values,
    modes,
  };
}

/** `frozen` signs nothing, whether or not it is written. */
function modesAt(spot: Spot | undefined, reading: RuleReading): ReadonlyMap<string, Mode> {
  const modes = readTable(spot, 50, (row, name): Mode | undefined => {
    if (name === "normal") return row.wrongKey("policy/bad-name", 'expected another name: "normal" is the mode of the top-level rules');
    const parts = members(row, ["rules"], ["lasts"]);
    const lastsMs = parts?.lasts && durationAt(parts.lasts, "1m", "365d");
    const rules = rulesAt(parts?.rules, reading);
    for (const { rule, spot } of rules.placed) {
      if (rule.kinds.some(isAct))
        spot.wrong(
          "policy/act-in-mode",
          "expected rules about signing: acts on the custody are judged by the top-level rules in every mode",
        );
      else if (name === "frozen" && rule.type === "allow")
        spot.wrong("policy/frozen-allows", 'expected no allow in "frozen": give a mode that signs another name');
    }
    checkPays(rules);
    return { name, rules: rules.placed.map(({ rule }) => rule), ...(lastsMs !== undefined && { lastsMs }) };
  });
  return new Map([["frozen", { name: "frozen", rules: [] }], ...defined(modes)]);
}

// What cannot reach the chain without a fee. Permits, orders and messages can: somebody else pays.
const PAYING: ReadonlySet<string> = new Set([
  "transfer",
  "allowance",
  "operatorAllowance",
  "swap",
  "call",
  "delegatecall",
  "accountControl",
  "deploy",
]);

function checkPays({ placed, complete }: RuleList): void {
  if (!complete || placed.some(({ rule }) => rule.type === "allow" && rule.kinds.includes("fee"))) return;
  const pays = placed.find(({ rule }) => rule.type === "allow" && rule.kinds.some((kind) => PAYING.has(kind)));
  pays?.spot.wrong(
    "policy/pays-without-fee",
    'expected a rule with "allow": ["fee"] beside this one: every transaction pays a fee, and what no rule allows is denied',
  );
}

function checkChanges(spot: Spot, { placed }: RuleList, immutable: boolean): void {
  const edit = placed.find(({ rule }) => rule.type === "allow" && rule.kinds.includes("policyEdit"));
  if (immutable) edit?.spot.wrong("policy/immutable-but-editable", 'expected no allow of policyEdit beside "immutable": true');
  else if (edit === undefined)
    spot.wrong("policy/never-changes", 'expected a rule with "allow": ["policyEdit"], or "immutable": true if it shall never change');
}

function defined<T>(map: ReadonlyMap<string, T | undefined>): (readonly [string, T])[] {
  return [...map].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}
