import type { Mutant } from "../mutants.ts";

const accounts = (name: string) => ({ file: "custody/bitcoin-accounts.test.ts", name });
const line = (name: string) => ({ file: "custody/bitcoin.test.ts", name });

/** Accounts with many addresses, as the vault keeps them and hands them to a chain. */
export const ACCOUNTS: readonly Mutant[] = [
  {
    name: "an address is given out twice",
    file: "custody/addresses.ts",
    find: "    advance(tx, record, [[branch, issued.index]]);\n",
    replace: "",
    test: accounts("gives out each receive and each change address once, and says so in the log"),
  },
  {
    name: "an ended session gives out addresses",
    file: "custody/addresses.ts",
    find: "    liveSession(tx, desk.judge, person.session);\n",
    replace: "",
    test: accounts("gives out no address to a session that has ended"),
  },
  {
    name: "what a transaction uses is given out as fresh",
    file: "custody/reserve.ts",
    find: "  if (intent.uses !== undefined) spendFresh(tx, chains, intent.chain, intent.uses);\n",
    replace: "",
    test: line("what it uses is no fresh address any more"),
  },
  {
    name: "change far beyond the gap is ours",
    file: "custody/public-keys.ts",
    find: "export const GAP = 20;",
    replace: "export const GAP = 200;",
    test: line("to an address that is not in the book is denied, and so is change that is not the account's"),
  },
  {
    name: "each account is judged as if it were alone",
    file: "custody/public-keys.ts",
    find: "    if (others.length === 0) return alone;\n",
    replace: "    if (others.length >= 0) return alone;\n",
    test: line("are judged together: each request shows all that leaves, and signs its own account's inputs"),
  },
  {
    name: "what others still have to sign is called complete",
    file: "custody/reserve.ts",
    find: "hash: signed.hash, complete: signed.complete, entry };",
    replace: "hash: signed.hash, complete: true, entry };",
    test: line("are judged together: each request shows all that leaves, and signs its own account's inputs"),
  },
  {
    name: "an account of one Bitcoin network signs on another",
    file: "custody/desk.ts",
    find: "many === undefined ? chains.of(own) === chains.of(chain) : own === chain",
    replace: "many === undefined || chains.of(own) === chains.of(chain)",
    test: line("a PSBT that spends nothing of it, and requests of other kinds, sign nothing"),
  },
  {
    name: "an approval request decides how long its reader derives keys",
    file: "custody/watched.ts",
    find: "if (addresses > MOST_ADDRESSES)",
    replace: "if (false)",
    test: { file: "cli/bitcoin.test.ts", name: "a lie about how the account's addresses are made gives no approval that the vault takes" },
  },
  {
    name: "a yes to exact bytes stands when they would do something else",
    file: "approvals/subject.ts",
    find: '{ subject: "bytes", intent: intent.id, effects: intent.effects.map(effectToJson) }',
    replace: '{ subject: "bytes", intent: intent.id }',
    test: line("an approval of exact bytes is void once the same bytes would cost more"),
  },
];
