import { createPublicKey, verify as verifyByNode } from "node:crypto";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { computeAddress, recoverAddress, SigningKey, TypedDataEncoder } from "ethers";
import {
  type ConfirmationStatement,
  confirmationDigest,
  proveConfirmation,
  readConfirmation,
} from "../../../src/approvals/confirmation.ts";
import { type PersonCredential, proveApproval, proveSession } from "../../../src/approvals/credential.ts";
import { walletSignature } from "../../../src/approvals/proof.ts";
import { readSession, type SessionStatement, sessionDigest } from "../../../src/approvals/session.ts";
import { type ApprovalStatement, approvalDigest, approvalId, readApproval } from "../../../src/approvals/statement.ts";
import type { Json } from "../../../src/base/canonical.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { readJson } from "../../../src/base/json.ts";
import type { Fate, Target } from "../engine.ts";
import { type Random, randomOf } from "../random.ts";
import { check, once, same, shown } from "./check.ts";
import { type Draft, mutateJson, mutateText, writeJson } from "./mutate.ts";
import { naiveCanonical, naiveSha256, plain } from "./naive.ts";

/** Approvals, confirmations and beginnings of sessions as they arrive from elsewhere, signed by keys and by wallets. */
export const signed: Target = {
  name: "signed statements",
  weight: 14,
  run(random) {
    const original = random.pick(pool());
    const others = pool().map(({ document }) => document);
    const changed = random.oneIn(6) ? attacked(random, original) : mutateJson(random, original.document, others);
    const text = writeJson(random, changed);
    // Now and then it is handed in as something else than it is.
    const form = random.oneIn(12) ? random.pick(FORMS) : original.form;
    return read(form, readJson(random.oneIn(5) ? mutateText(random, text) : text).value);
  },
};

/** One kind of signed document: how it is read and proven here, and what it means written out by hand. */
interface Form {
  readonly tag: string;
  read(json: Json): { readonly statement: object; readonly signature: string };
  /** @returns whose it is, proven. */
  prove(json: Json): { readonly person: string; readonly statement: object; readonly digest: Uint8Array };
  readonly primaryType: string;
  readonly types: { readonly [type: string]: { name: string; type: string }[] };
  message(statement: Draft): Record<string, unknown>;
  statement(random: Random): object;
}

interface Signed {
  readonly form: Form;
  readonly document: Draft;
}

function read(form: Form, json: Json): Fate {
  const document = plain(json) as Draft;
  let proven: ReturnType<Form["prove"]>;
  try {
    // What is read is what was there, member for member.
    same(plain(form.read(json)), document, "read otherwise than it was written");
    proven = form.prove(json);
  } catch (cause) {
    if (!(cause instanceof CustodyError)) throw cause;
    if (cause.code.endsWith("/bad-signature") || cause.code === "session/bad-proof")
      check(!signedBy(form, document), `refused what is signed by a credential of the person: ${shown(document)}`);
    return { refused: cause.code };
  }
  check(signedBy(form, document), `accepted what no credential of the person has signed: ${shown(document)}`);
  same(plain(proven.statement), document.statement, "the proven statement");
  same(Buffer.from(proven.digest), digestOf(form, document.statement), "the digest of the statement");
  // Nobody has signed anything but what lies in the pool.
  const meaning = naiveCanonical([form.tag, proven.person, document.statement]);
  check(meanings().has(meaning), `accepted a meaning that nobody signed: ${meaning}`);
  return "accepted";
}

const meanings = once(
  () =>
    new Set(
      pool().map(({ form, document }) => naiveCanonical([form.tag, document.person ?? document.statement.person, document.statement])),
    ),
);

/** By Node's OpenSSL for keys, which knows no low s, and by ethers for wallets. */
function signedBy(form: Form, document: Draft): boolean {
  const person: unknown = document.person ?? document.statement.person;
  const own = CREDENTIALS[String(person)] ?? [];
  const { publicKey, address, signature, statement } = document;
  if (!isLow(String(signature).slice(64, 128))) return false;
  if (publicKey !== undefined) {
    // A machine begins sessions, and answers nothing.
    const counts = (kind: string) => kind === "secp256k1" || (kind === "service" && form === SESSION);
    if (!own.some((credential) => "publicKey" in credential && counts(credential.kind) && credential.publicKey === publicKey)) return false;
    const key = createPublicKey({ key: Buffer.from(SPKI + publicKey, "hex"), format: "der", type: "spki" });
    const bytes = Buffer.from(form.tag + naiveCanonical(statement));
    return verifyByNode("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "hex"));
  }
  if (!own.some((credential) => credential.kind === "eip712" && credential.address === address)) return false;
  try {
    return recoverAddress(typedDigest(form, statement), `0x${signature}`) === address;
  } catch {
    // No signature by anybody.
    return false;
  }
}

const HALF = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const ORDER = 2n * HALF + 1n;
const isLow = (s: string): boolean => /^[0-9a-f]{64}$/.test(s) && BigInt(`0x${s}`) <= HALF;
/** SubjectPublicKeyInfo of a compressed point of secp256k1, up to the point (RFC 5480). */
const SPKI = "3036301006072a8648ce3d020106052b8104000a032200";

function digestOf(form: Form, statement: unknown): Buffer {
  return naiveSha256(form.tag, naiveCanonical(statement));
}

function typedDigest(form: Form, statement: Draft): string {
  return TypedDataEncoder.hash({ name: "Keyward", version: "1" }, { ...form.types }, form.message(statement));
}

/** Changes that somebody with a plan would make. */
function attacked(random: Random, { document }: Signed): Draft {
  const other = random.pick(pool()).document;
  const { signature } = document;
  const s = BigInt(`0x${signature.slice(64, 128)}`);
  const high = signature.slice(0, 64) + (ORDER - s).toString(16).padStart(64, "0");
  return random.pick<() => Draft>([
    () => ({ ...document, signature: high + signature.slice(128).replace("1b", "1c") }),
    () => ({ ...document, signature: high + (signature.endsWith("1b") ? "1c" : signature.endsWith("1c") ? "1b" : "") }),
    () => ({ ...document, signature: other.signature }),
    () => ({ ...document, statement: other.statement }),
    () => ({ ...document, person: random.pick(PEOPLE) }),
    () => ({ ...document, statement: { ...document.statement, person: random.pick(PEOPLE) } }),
    () => ({ ...document, statement: { ...document.statement, answer: document.statement.answer === "yes" ? "no" : "yes" } }),
    () => ({ ...document, signature: signature.toUpperCase() }),
    () => ({ ...document, signature: `0x${signature}` }),
    () => ({ ...document, signature: `${"00".repeat(32)}${signature.slice(64)}` }),
    () => ({ ...document, address: other.address ?? document.address, publicKey: other.publicKey }),
    () => ({ ...document, signature: "00".repeat(signature.length / 2) }),
    () => ({ ...other, signature }),
  ])();
}

const PEOPLE = ["ana", "ben", "bot", "cyd"] as const;
const keyOf = (name: string): Uint8Array => naiveSha256(`key of ${name}`);
const publicKeyOf = (name: string): string => Buffer.from(secp256k1.getPublicKey(keyOf(name), true)).toString("hex");
const addressOf = (name: string): string => computeAddress(`0x${Buffer.from(keyOf(name)).toString("hex")}`);

const CREDENTIALS: { readonly [person: string]: readonly PersonCredential[] | undefined } = Object.assign(Object.create(null), {
  ana: [{ kind: "unlock" }, { kind: "secp256k1", publicKey: publicKeyOf("ana") }, { kind: "eip712", address: addressOf("ana's wallet") }],
  ben: [{ kind: "eip712", address: addressOf("ben") }],
  bot: [{ kind: "service", publicKey: publicKeyOf("bot") }],
  cyd: [{ kind: "secp256k1", publicKey: publicKeyOf("cyd") }],
});

const SIGNERS = [
  { person: "ana", by: "ana", wallet: false },
  { person: "ana", by: "ana's wallet", wallet: true },
  { person: "ben", by: "ben", wallet: true },
  { person: "bot", by: "bot", wallet: false },
  { person: "cyd", by: "cyd", wallet: false },
] as const;

const credentialsOf = (person: string): readonly PersonCredential[] => CREDENTIALS[person] ?? [];

const member = (name: string, type: string) => ({ name, type });
const time = (ms: number): string => new Date(ms).toISOString();

const hex = (random: Random, bytes: number): string => Buffer.from(random.bytes(bytes)).toString("hex");
const person = (random: Random): string => random.pick(PEOPLE);
const named = (random: Random): string => random.pick(["a5c6", "vault-1", "Ünïcödé", "x".repeat(200), "__proto__", '"\\\u2028']);
const moment = (random: Random): number => random.pick([0, 1, 1_795_348_800_000, 8_640_000_000_000_000, Number(random.integer(43))]);

const APPROVAL: Form = {
  tag: "keyward/approval/v1\n",
  read: readApproval,
  prove(json) {
    const given = readApproval(json);
    const proven = proveApproval(given, credentialsOf(given.person));
    approvalId(proven);
    return { ...proven, digest: approvalDigest(proven.statement) };
  },
  primaryType: "Approval",
  types: {
    Approval: [
      member("answer", "string"),
      member("submitters", "string[]"),
      member("expires", "string"),
      member("vault", "string"),
      member("subject", "bytes32"),
      member("policy", "bytes32"),
      member("book", "bytes32"),
      member("semantics", "uint256"),
      member("nonce", "bytes16"),
      member("head", "LogHead"),
    ],
    LogHead: [member("size", "uint256"), member("root", "bytes32")],
  },
  message: ({ answer, submitters, expiresMs, vault, subject, policy, book, semantics, nonce, head }) => ({
    ...{ answer, submitters, expires: time(expiresMs), vault, semantics, head: { size: head.size, root: `0x${head.root}` } },
    ...{ subject: `0x${subject}`, policy: `0x${policy}`, book: `0x${book}`, nonce: `0x${nonce}` },
  }),
  statement: (random): ApprovalStatement => ({
    vault: named(random),
    policy: hex(random, 32),
    semantics: random.below(3),
    book: hex(random, 32),
    subject: hex(random, 32),
    submitters: [...new Set([named(random), person(random)])].sort(),
    answer: random.oneIn(2) ? "yes" : "no",
    expiresMs: moment(random),
    nonce: hex(random, 16),
    head: { size: random.pick([0, 7, 2 ** 53 - 1]), root: hex(random, 32) },
  }),
};

const SESSION: Form = {
  tag: "keyward/session/v1\n",
  read: readSession,
  prove(json) {
    const given = readSession(json);
    proveSession(given, credentialsOf(given.statement.person));
    return { person: given.statement.person, statement: given.statement, digest: sessionDigest(given.statement) };
  },
  primaryType: "Session",
  types: {
    Session: [
      member("person", "string"),
      member("expires", "string"),
      member("vault", "string"),
      member("scope", "bytes32"),
      member("nonce", "bytes16"),
    ],
  },
  message: ({ person, expiresMs, vault, scope, nonce }) => ({
    ...{ person, expires: time(expiresMs), vault, scope: `0x${scope}`, nonce: `0x${nonce}` },
  }),
  statement: (random): SessionStatement => ({
    ...{ vault: named(random), person: "", scope: hex(random, 32), expiresMs: moment(random), nonce: hex(random, 16) },
  }),
};

const CONFIRMATION: Form = {
  tag: "keyward/confirm/v1\n",
  read: readConfirmation,
  prove(json) {
    const given = readConfirmation(json);
    const statement = proveConfirmation(given, credentialsOf(given.statement.person));
    return { person: statement.person, statement, digest: confirmationDigest(statement) };
  },
  primaryType: "Confirmation",
  types: {
    Confirmation: [
      member("person", "string"),
      member("expires", "string"),
      member("vault", "string"),
      member("pending", "string"),
      member("subject", "bytes32"),
      member("policy", "bytes32"),
      member("semantics", "uint256"),
      member("nonce", "bytes16"),
    ],
  },
  message: ({ person, expiresMs, vault, pending, subject, policy, semantics, nonce }) => ({
    ...{ person, expires: time(expiresMs), vault, pending, semantics },
    ...{ subject: `0x${subject}`, policy: `0x${policy}`, nonce: `0x${nonce}` },
  }),
  statement: (random): ConfirmationStatement => ({
    ...{ vault: named(random), person: "", policy: hex(random, 32), semantics: random.below(3), pending: named(random) },
    ...{ subject: hex(random, 32), expiresMs: moment(random), nonce: hex(random, 16) },
  }),
};

const FORMS = [APPROVAL, SESSION, CONFIRMATION] as const;

const pool = once((): readonly Signed[] => {
  const random = randomOf(POOL_SEED, 0);
  return Array.from({ length: 8 }, () => FORMS.flatMap((form) => SIGNERS.map((signer) => made(random, form, signer)))).flat();
});

const POOL_SEED = 20_261_122;

function made(random: Random, form: Form, { person, by, wallet }: (typeof SIGNERS)[number]): Signed {
  const drawn = form.statement(random);
  const statement = "person" in drawn ? { ...drawn, person } : drawn;
  const outer = form === APPROVAL ? { person } : {};
  if (wallet) {
    const signature = new SigningKey(keyOf(by)).sign(typedDigest(form, statement)).serialized;
    return { form, document: { ...outer, statement, address: addressOf(by), signature: walletSignature(signature) } };
  }
  const signature = secp256k1.sign(digestOf(form, statement), keyOf(by), { prehash: false });
  return { form, document: { ...outer, statement, publicKey: publicKeyOf(by), signature: Buffer.from(signature).toString("hex") } };
}
