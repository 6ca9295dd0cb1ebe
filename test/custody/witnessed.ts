import { bitcoin } from "../../src/chains/bitcoin/index.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { requestFor } from "../../src/cli/compose.ts";
import { examplesFor } from "../../src/cli/examples.ts";
import { type Custody, CustodyError, keyCredential, keyward, type Session } from "../../src/index.ts";
import type { Need } from "../../src/intent/verdict.ts";
import { type Examples, judged, type Witness } from "../../src/policy/analyze/witness.ts";
import type { Policy } from "../../src/policy/core.ts";
import { freshStore } from "../here/fresh-store.ts";
import { ACCOUNT, KEY, payments, slot } from "./fixture.ts";

/** What an audit says of a request: who answers it, and after which delay it is signed. */
export interface Claim {
  readonly witness: Witness;
  readonly approvers: readonly string[];
  readonly delayMs: number;
}

/** What a custody did with a request, from when it is asked to when it is signed. */
export interface Enacted {
  /** `rule kind` of what it waited for at first, sorted. */
  readonly needs: readonly string[];
  /** What it was before anybody answered, a moment before its delay was over, and in the end. */
  readonly kinds: readonly string[];
  readonly reasons: readonly string[];
}

/** Of people in tests: `01`, `02` and so on. */
export const credentials = Array.from({ length: 9 }, (_, index) => keyCredential(new Uint8Array(32).fill(index + 1, 31)));

/** Accounts of the custody that {@link enact} opens: all that a claim speaks of is its own. */
export function examplesOf(policy: Policy): Examples {
  return { ...examplesFor(policy), account: (chain) => (chain.startsWith("bip122:") ? COINS.address : ACCOUNT) };
}

const COINS = { address: "", descriptor: "" };

/** Derives the account of coins of all custodies here, so that examples can name it. */
export async function deriveCoins(chain: string): Promise<void> {
  const custody = keyward({ store: freshStore(), chains: [evm, bitcoin], autoLockMs: Number.POSITIVE_INFINITY });
  await custody.create({ slot, policy: payments(), wallet: { from: "seed", seed: SEED } });
  const me = await custody.session({ person: "owner" });
  const { address, descriptor = "" } = await me.accounts.derive({ chain, name: "coins", type: "wpkh" });
  Object.assign(COINS, { address, descriptor });
  await custody.lock();
}

const SEED = new Uint8Array(64).fill(5);
type People = { readonly [person: string]: readonly { readonly kind: string; readonly publicKey?: string }[] };
const policyPeople = (document: unknown): People => (document as { readonly people: People }).people;

function sessionOf(
  custody: Custody,
  people: People,
  person: string,
  more: { kind?: string; rules?: readonly object[] } = {},
): Promise<Session> {
  const of = people[person]?.find(({ kind }) => more.kind === undefined || kind === more.kind);
  const credential = credentials.find(({ publicKey }) => publicKey === of?.publicKey);
  const scope = more.rules === undefined ? {} : { scope: { rules: more.rules } };
  return custody.session({ person, lastsMs: 29 * 86_400_000, ...scope, ...(credential !== undefined && { credential }) });
}

/** Asks for everybody's yes as soon as a request is asked, also for what it comes to need later. */
function early(kinds: readonly string[], approvers: readonly string[]): readonly object[] {
  const approvals = approvers.map((of) => ({ of, atLeast: 1 }));
  return [{ id: "any", allow: kinds }, ...(approvals.length > 0 ? [{ id: "early", require: kinds, approvals }] : [])];
}

/**
 * Does what a claim says in a real custody: with the bytes of its request, sessions and approvals that are signed, and a clock that
 * is set. Nothing where the request has no bytes, or holds only in a custody with a past.
 *
 * @param claim.isEarly - whoever asks puts it into the scope of their session that everybody answers at once.
 * @param document - may be of another policy than the claim is of.
 */
export async function enact(
  document: unknown,
  policy: Policy,
  { witness, approvers, delayMs, isEarly = false }: Claim & { readonly isEarly?: boolean },
): Promise<Enacted | undefined> {
  const { requester = "", session: kind, now, mode, addedAt } = witness.circumstances;
  const { chain = "eip155:1" } = witness.effects[0] ?? {};
  const isCoins = chain.startsWith("bip122:");
  const made = requestFor(policy, witness, isCoins ? { account: COINS.descriptor } : {});
  if (made === undefined || mode !== "normal") return undefined;

  const people = policyPeople(document);
  const askedAt = now - delayMs;
  const listed = witness.effects.flatMap((effect) => (effect.to === undefined ? [] : (addedAt?.(chain, effect.to) ?? [])));
  const begins = Math.min(askedAt, ...listed) - 1;
  const clock = { now: begins };
  const custody = keyward({ store: freshStore({ now: () => clock.now }), chains: [evm, bitcoin], autoLockMs: Number.POSITIVE_INFINITY });
  const wallet = isCoins ? { from: "seed" as const, seed: SEED } : { from: "privateKey" as const, privateKey: KEY };
  await custody.create({ slot, policy: document, wallet });
  clock.now = askedAt;
  const rules = isEarly ? { rules: early([...new Set(made.intent.effects.map((effect) => effect.kind))], approvers) } : {};
  const me = await sessionOf(custody, people, requester, { ...(kind !== undefined && { kind }), ...rules });
  await me.accounts.derive(isCoins ? { chain, name: "coins", type: "wpkh" } : { chain, name: "Main" });

  const isAct = made.request.kind === "act";
  const ask = () => (isAct ? me.submit(made.request.payload as never) : me.sign(made.request));
  const first = await ask();
  const kinds: string[] = [first.kind];
  let last = first;
  if (first.kind === "pending") {
    for (const person of approvers) await approve(custody, people, person, first.id);
    if (delayMs > 0) {
      clock.now = now - 1;
      kinds.push((await me.resume(first.id)).kind);
    }
    clock.now = now;
    last = await me.resume(first.id);
    if (last.kind === "pending" && last.needs.every((need) => need.kind === "confirm")) {
      const by = keyOf(people, requester);
      await me.confirm(last.id, by === undefined ? { slot } : { credential: by });
      last = await me.resume(last.id);
    }
  }
  await custody.lock();
  const needs = first.kind === "pending" ? first.needs : [];
  const reasons = last.kind === "denied" ? last.reasons.map(({ code }) => code) : [];
  if (last !== first) kinds.push(last.kind);
  return { needs: textsOf(needs), kinds: kinds.map((each) => (each === "done" ? "signed" : each)), reasons };
}

export function textsOf(needs: readonly Need[]): readonly string[] {
  return needs.map(({ rule, kind }) => `${rule} ${kind}`).sort();
}

/** What the plain interpreter says that a request waits for. */
export function neededBy(policy: Policy, { witness }: Claim): readonly string[] {
  return textsOf(judged(policy, witness).needs);
}

async function approve(custody: Custody, people: People, person: string, id: string): Promise<void> {
  const by = keyOf(people, person);
  const session = await sessionOf(custody, people, person);
  try {
    await (by === undefined ? session.approve(id) : session.approve(id, { credential: by }));
  } catch (cause) {
    // Of an escalation it is said who is there, and not who of them is asked.
    if (!(cause instanceof CustodyError && cause.code === "approval/not-an-approver")) throw cause;
  }
}

function keyOf(people: People, person: string) {
  return credentials.find(({ publicKey }) => people[person]?.some((each) => each.publicKey === publicKey));
}
