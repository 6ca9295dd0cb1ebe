import type { Mutant } from "../mutants.ts";

const wallet = (name: string) => ({ file: "approvals/wallet.test.ts", name });
const people = (name: string) => ({ file: "policy/credentials.test.ts", name });
const mistake = (name: string) => ({ file: "policy/parse-errors.test.ts", name });
const life = (name: string) => ({ file: "custody/credentials.test.ts", name });
const cli = (name: string) => ({ file: "cli/approve-wallet.test.ts", name });

/** Who people are: keys, wallets, services, and whoever unlocks. */
export const CREDENTIALS: readonly Mutant[] = [
  {
    name: "a wallet's approval says nothing of what is approved",
    file: "approvals/typed-data.ts",
    find: '    { name: "subject", type: "bytes32" },\n',
    replace: "",
    test: wallet("has another digest when any one member is another"),
  },
  {
    name: "typed data is hashed in a way of our own",
    file: "approvals/typed-data.ts",
    find: "return [name, ...inside]",
    replace: "return [name]",
    test: wallet("has the digest that viem and ethers compute"),
  },
  {
    name: "a second signature is made out of a wallet's",
    file: "approvals/proof.ts",
    find: "    if (signed.hasHighS()) return undefined;\n",
    replace: "",
    test: wallet("with high s is refused, though the same key is recovered from it"),
  },
  {
    name: "any wallet signs for everybody",
    file: "approvals/credential.ts",
    find: "=== proof.address ? by : undefined",
    replace: "!== undefined ? by : undefined",
    test: wallet("proves nothing for another wallet, statement or address"),
  },
  {
    name: "v is whatever it likes",
    file: "approvals/proof.ts",
    find: "return /1[bc]$/.test(signature) ?",
    replace: "return /./.test(signature) ?",
    test: wallet("in another form is not read"),
  },
  {
    name: "a service proves approvals",
    file: "approvals/credential.ts",
    find: '  if (by.kind === "service") throw',
    replace: "  if (false) throw",
    test: wallet("approves nothing, and a stranger who names its key learns nothing"),
  },
  {
    name: "a service counts where a clause names it",
    file: "approvals/decide.ts",
    find: "given.filter(({ person }) => !pending.isService(person))",
    replace: "given",
    test: { file: "approvals/decide.test.ts", name: "counts for nothing, not even where a clause names it" },
  },
  {
    name: "services fill the seats of their role",
    file: "policy/people.ts",
    find: "all?.filter(({ person }) => !isMachine(person, people))",
    replace: "all",
    test: people("are never services: a clause leaves them out"),
  },
  {
    name: "a quorum of machines passes for one that can be reached",
    file: "policy/people.ts",
    find: "filter((person) => !isMachine(person, people))",
    replace: "filter(() => true)",
    test: mistake("an approver who is a service"),
  },
  {
    name: "a person is a service as well",
    file: "policy/credentials.ts",
    find: 'credentials.some(({ kind }) => kind !== "service")',
    replace: "false",
    test: mistake("a service that is also a person"),
  },
  {
    name: "one key is two people, as a key and as a wallet",
    file: "policy/credentials.ts",
    find: "keys.flatMap((key) => [key, addressOfKey?.(key) ?? []].flat())",
    replace: "keys.flatMap((key) => (addressOfKey === undefined ? [key] : [key]))",
    test: people("with one key under two names are found"),
  },
  {
    name: "keys are compared with wallets only where everybody has one",
    file: "policy/credentials.ts",
    find: "lists.some((list) => list.some(",
    replace: "lists.every((list) => list.some(",
    test: people("with one key under two names are found"),
  },
  {
    name: "an account of the vault is a person's wallet",
    file: "custody/credentials.ts",
    find: "return [key, addressOfPoint(publicKey), negative,",
    replace: "return [key, negative,",
    test: life("neither as a wallet in a later policy"),
  },
  {
    name: "a person's wallet becomes an account of the vault",
    file: "custody/credentials.ts",
    find: "names.includes(nameOf(credential))",
    replace: "names[0] === nameOf(credential)",
    test: life("nor derived where a wallet of a person has its address"),
  },
  {
    name: "another account than the one that was asked signs unnoticed",
    file: "custody/credentials.ts",
    find: "  if (signer === address) return",
    replace: "  if (signer !== undefined) return",
    test: life("are nobody else: another wallet"),
  },
  {
    name: "a careless wallet changes what later ones sign",
    file: "custody/credentials.ts",
    find: "structuredClone(statement.typedData())",
    replace: "statement.typedData()",
    test: life("keep the typed data apart"),
  },
  {
    name: "a session goes on when its wallet is taken away",
    file: "custody/credentials.ts",
    find: "?.find((credential) => nameOf(credential) === key)",
    replace: "?.[0]",
    test: life("stop at the very commit that takes their wallet away"),
  },
  {
    name: "rules cannot tell a wallet's session from another",
    file: "custody/session.ts",
    find: "{ credential: by.kind, key",
    replace: '{ credential: "secp256k1", key',
    test: life("are asked for by the kind of their credential"),
  },
  {
    name: "the command line assembles an answer of any wallet",
    file: "cli/commands/approve.ts",
    find: "if (signer === undefined || hasCredential(policy, person, signer)) return;",
    replace: "return;",
    test: cli("is told at once about another wallet"),
  },
  {
    name: "the wallet of a key's negative may be a person beside the account of the key",
    file: "custody/credentials.ts",
    find: "return [key, addressOfPoint(publicKey), negative, addressOfKey(negative) ?? []].flat();",
    replace: "return [key, addressOfPoint(publicKey), addressOfKey(negative) === undefined ? [] : []].flat();",
    test: life("nor the negative of its key, which the same private key signs for"),
  },
  {
    name: "a key and its negative are two people",
    file: "policy/credentials.ts",
    find: '["02", "03"].map((parity) => parity + credential.publicKey.slice(2))',
    replace: "[credential.publicKey]",
    test: people("with a key under one name and its negative under another are found"),
  },
];
