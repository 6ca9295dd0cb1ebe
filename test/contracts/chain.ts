import { describe, expect, test } from "vitest";
import { CustodyError } from "../../src/base/errors.ts";
import type { AccountKeys, Chain, Signature } from "../../src/chains/chain.ts";
import type { Book } from "../../src/intent/book.ts";
import { type Effect, UNLIMITED } from "../../src/intent/effect.ts";
import { KIND_FIELDS } from "../../src/intent/fields.ts";
import { effectFromJson, effectToJson, type Intent, intentId, type Request } from "../../src/intent/intent.ts";

/** What a chain must be able to show: requests that it reads, with what they do, and requests that it must not. */
export interface ChainSubject {
  readonly chain: Chain;
  readonly book: Book;
  readonly accepted: readonly {
    readonly name: string;
    readonly request: Request;
    readonly account: AccountKeys;
    /** Kinds of effects that must be among those reported. */
    readonly kinds: readonly string[];
    /** Codes of its refusals, all of them. */
    readonly refusals: readonly string[];
  }[];
  readonly malformed: readonly { readonly name: string; readonly request: Request; readonly account: AccountKeys; readonly code: string }[];
  /** Signs with the account's own key, and with another one. */
  sign(intent: Intent): readonly Signature[];
  signAsStranger(intent: Intent): readonly Signature[];
  /** The bytes that a request's intent must have, and the request of other bytes, if there is one: for every truncation and flip. */
  bytesOf(request: Request): Uint8Array;
  withBytes(request: Request, bytes: Uint8Array): Request | undefined;
  /** The bytes carry remarks that no signature covers: others may then ask for the same digests, if they promise no less harm. */
  readonly remarks?: true;
}

/** The same effects; what was known may be unknown now, and an amount may be higher. */
function expectNoLess(effects: readonly Effect[], than: readonly Effect[]): void {
  expect(effects.map(({ kind }) => kind)).toEqual(than.map(({ kind }) => kind));
  for (const [at, { why: _, amount, ...effect }] of effects.entries()) {
    expect(than[at]).toMatchObject(effect);
    expect(amount === undefined || amount >= (than[at]?.amount ?? UNLIMITED)).toBe(true);
  }
}

export function chainContract(name: string, subject: ChainSubject): void {
  const { chain, book } = subject;
  const decode = (request: Request, account: AccountKeys): Intent => chain.decode(request, account, book);
  const thrown = (run: () => unknown): unknown => {
    try {
      run();
    } catch (error) {
      return error;
    }
    return undefined;
  };

  describe(`${name} keeps the promises of a chain`, () => {
    for (const { name, request, account, kinds, refusals } of subject.accepted) {
      describe(name, () => {
        test("its effects are reported, each with members of its kind, and its refusals are data", () => {
          const intent = decode(request, account);
          expect(intent.effects.map((effect) => effect.kind)).toEqual(expect.arrayContaining([...kinds]));
          expect(intent.refusals.map((reason) => reason.code)).toEqual([...refusals]);
          const beside = new Set(["kind", "at", "why", "outlives"]);
          for (const effect of intent.effects) {
            const members = Object.keys(effect).filter((member) => !beside.has(member));
            expect(members.filter((member) => !(KIND_FIELDS[effect.kind] as readonly string[]).includes(member))).toEqual([]);
            expect(effectFromJson(effectToJson(effect))).toEqual(effect);
          }
        });

        test("the id is made of chain, account, kind and the very bytes", () => {
          const intent = decode(request, account);
          expect(intent.bytes).toEqual(subject.bytesOf(request));
          expect(intent.id).toBe(intentId(request.chain, account.address, request.kind, intent.bytes));
        });

        test("two decodes agree and share nothing that can be changed", () => {
          const first = decode(request, account);
          const second = decode(request, account);
          expect(second).toEqual(first);
          first.bytes.fill(0);
          for (const signable of first.signables) signable.digest.fill(0);
          expect(decode(request, account)).toEqual(second);
        });

        test("what is returned is frozen, and frozen input is read as well", () => {
          const frozen = Object.freeze({ ...request });
          const intent = decode(frozen, Object.freeze({ ...account }));
          for (const part of [
            intent,
            intent.effects,
            intent.signables,
            intent.refusals,
            ...intent.effects,
            ...intent.signables,
            ...intent.refusals,
          ]) {
            expect(Object.isFrozen(part)).toBe(true);
          }
        });

        test("a signature of each digest fits, and only the account's", () => {
          const intent = decode(request, account);
          const signed = chain.assemble(intent, subject.sign(intent), account);
          expect(signed.bytes.length).toBeGreaterThanOrEqual(64);
          expect(signed.bytes).not.toEqual(intent.bytes);
          expect(signed.hash).not.toBe("");
          expect(chain.assemble(intent, subject.sign(intent), account)).toEqual(signed);
          const misfits: (readonly Signature[])[] = [
            [],
            [...subject.sign(intent), ...subject.sign(intent)],
            subject.signAsStranger(intent),
            subject.sign(intent).map((signature) => ({ ...signature, bytes: signature.bytes.subarray(1) })),
            subject.sign(intent).map((signature) => ({ ...signature, bytes: new Uint8Array(64) })),
          ];
          for (const misfit of misfits)
            expect(thrown(() => chain.assemble(intent, misfit, account))).toMatchObject({ code: "chain/malformed" });
        });

        test("an intent whose bytes were changed after the decode is not assembled", () => {
          const intent = decode(request, account);
          const signatures = subject.sign(intent);
          const last = intent.bytes.length - 1;
          intent.bytes[last] = (intent.bytes[last] ?? 0) ^ 1;
          expect(thrown(() => chain.assemble(intent, signatures, account))).toMatchObject({ code: "chain/malformed" });
        });

        test("each truncation and each flipped bit is malformed or another intent, never a crash", { timeout: 60_000 }, () => {
          const bytes = subject.bytesOf(request);
          const { effects, signables } = decode(request, account);
          const digests = new Set(signables.map((signable) => String(signable.digest)));
          const neighbours = Array.from({ length: bytes.length }, (_, length) => bytes.slice(0, length));
          for (let i = 0; i < bytes.length; i++) {
            // One bit per byte keeps long payloads quick; which one varies.
            const flipped = bytes.slice();
            flipped[i] = (flipped[i] ?? 0) ^ (1 << (i % 8));
            neighbours.push(flipped);
          }
          neighbours.push(Uint8Array.of(...bytes, 0));
          for (const neighbour of neighbours) {
            const changed = subject.withBytes(request, neighbour);
            if (changed === undefined) continue;
            const error = thrown(() => {
              const intent = decode(changed, account);
              expect(intent.bytes).toEqual(neighbour);
              expect(intent.effects.length).toBeGreaterThan(0);
              const known = intent.signables.some((signable) => digests.has(String(signable.digest)));
              if (subject.remarks && known) expectNoLess(intent.effects, effects);
              else expect(known).toBe(false);
            });
            if (error !== undefined) {
              if (!(error instanceof CustodyError)) throw error;
              expect(error.code).toBe("chain/malformed");
            }
          }
        });
      });
    }

    for (const { name, request, account, code } of subject.malformed) {
      test(`${name}: ${code}`, () => {
        const error = thrown(() => decode(request, account));
        expect(error).toBeInstanceOf(CustodyError);
        expect((error as CustodyError).code).toBe(code);
      });
    }
  });
}
