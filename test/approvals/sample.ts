import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import type { ApprovalsNeed } from "../../src/approvals/quorum.ts";
import { type Approval, type ApprovalStatement, approvalDigest, type SignedApproval } from "../../src/approvals/statement.ts";
import { toHex, utf8 } from "../../src/base/bytes.ts";
import type { Clause, Member } from "../../src/intent/verdict.ts";

export const hash = (text: string): string => toHex(sha256(utf8(text)));

export function statement(changes: Partial<ApprovalStatement> = {}): ApprovalStatement {
  return {
    vault: "vault-1",
    policy: hash("policy"),
    semantics: 1,
    book: hash("book"),
    subject: hash("subject"),
    submitters: ["ana"],
    answer: "yes",
    expiresMs: 2_000,
    nonce: "00112233445566778899aabbccddeeff",
    head: { size: 7, root: hash("head") },
    ...changes,
  };
}

export function approval(person: string, changes: Partial<ApprovalStatement> = {}): Approval {
  return { person, statement: statement(changes) };
}

export const keyOf = (person: string): Uint8Array => sha256(utf8(`key of ${person}`));
export const publicKeyOf = (person: string): string => toHex(secp256k1.getPublicKey(keyOf(person), true));
export const signDigest = (person: string, digest: Uint8Array): string => toHex(secp256k1.sign(digest, keyOf(person), { prehash: false }));

export function signed(person: string, changes: Partial<ApprovalStatement> = {}): SignedApproval {
  const content = statement(changes);
  return { person, statement: content, publicKey: publicKeyOf(person), signature: signDigest(person, approvalDigest(content)) };
}

export const clause = (of: string, people: readonly string[], atLeast: number): Clause => ({
  of,
  members: people.map((person) => ({ person })),
  atLeast,
});
export const need = (...alternatives: (readonly Clause[])[]): ApprovalsNeed => ({ kind: "approvals", rule: "four-eyes", alternatives });

export const PEOPLE = ["a", "b", "c", "d"] as const;
export const MOMENTS = [0, 1, 2, 3] as const;

/** Small random needs: few people, few clauses, now and then dates. */
const member: fc.Arbitrary<Member> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ person: fc.constantFrom(...PEOPLE) }) },
  { weight: 1, arbitrary: fc.record({ person: fc.constantFrom(...PEOPLE), from: fc.constantFrom(1, 2), until: fc.constantFrom(2, 3) }) },
);
const anyClause: fc.Arbitrary<Clause> = fc.record({
  of: fc.constantFrom("x", "y"),
  members: fc.array(member, { minLength: 1, maxLength: 4 }),
  atLeast: fc.integer({ min: 1, max: 3 }),
});
export const anyNeed: fc.Arbitrary<ApprovalsNeed> = fc
  .array(fc.array(anyClause, { maxLength: 3 }), { maxLength: 2 })
  .map((alternatives) => ({ kind: "approvals", rule: "r", alternatives }));
export const anyPeople: fc.Arbitrary<string[]> = fc.array(fc.constantFrom(...PEOPLE), { maxLength: 6 });

/** What a need means, tried out: is there a way to give every seat to another of these people? */
export function meets(need: ApprovalsNeed, approvers: readonly string[], submitters: readonly string[], now: number): boolean {
  const people = [...new Set(approvers)].filter((person) => !submitters.includes(person));
  const member = ({ person, from, until }: Member, who: string) =>
    person === who && (from === undefined || from <= now) && (until === undefined || now < until);
  const sit = (seats: readonly Clause[], free: readonly string[]): boolean => {
    const [seat, ...rest] = seats;
    if (seat === undefined) return true;
    return free.some(
      (who) =>
        seat.members.some((one) => member(one, who)) &&
        sit(
          rest,
          free.filter((other) => other !== who),
        ),
    );
  };
  return need.alternatives.some((clauses) =>
    sit(
      clauses.flatMap((one) => Array.from({ length: one.atLeast }, () => one)),
      people,
    ),
  );
}

export function subsets<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: 2 ** all.length }, (_, chosen) => all.filter((_, at) => (chosen >> at) & 1));
}
