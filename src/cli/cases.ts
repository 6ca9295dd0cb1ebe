import { missing } from "../approvals/quorum.ts";
import type { Json, JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { ownMembers } from "../base/own.ts";
import { expectArray, expectBoolean, expectInteger, expectObject, expectOneOf, expectString } from "../base/shape.ts";
import { formatTime, type Time } from "../base/time.ts";
import type { Need } from "../intent/verdict.ts";
import { Tally } from "../policy/analyze/tally.ts";
import { CASES_FORMAT } from "../policy/cases-schema.ts";
import type { Policy } from "../policy/core.ts";
import type { Counters } from "../policy/counters.ts";
import { isService } from "../policy/credentials.ts";
import { milliseconds } from "../policy/durations.ts";
import { compile, type Evaluator } from "../policy/evaluate.ts";
import { explain } from "../policy/explain.ts";
import { factsOf } from "../policy/facts.ts";
import { verdictOf } from "../policy/verdict.ts";
import { ASKED, type AskedOf, CIRCUMSTANCES, malformed, readAsked } from "./asked.ts";
import { modesOf } from "./modes.ts";

/** One case that was tried. Expected and got stand in the same words. */
export interface Tried {
  readonly name: string;
  readonly pass: boolean;
  readonly expected: JsonObject;
  readonly got: { readonly verdict: string; readonly reasons: readonly JsonObject[]; readonly needs: readonly JsonObject[] };
  /** Texts of the reasons and needs, and what would pass. */
  readonly why: readonly string[];
}

/**
 * Tries every case of a document under a policy.
 *
 * @throws `request/malformed` naming the case that cannot be read.
 */
export function tryCases(policy: Policy, json: Json, clock: () => Time): readonly Tried[] {
  const document = expectObject(json, { required: ["keyward", "cases"], optional: ["name", ...CIRCUMSTANCES] }, "cases");
  if (document.keyward !== CASES_FORMAT) throw malformed(`cases: expected "keyward": "${CASES_FORMAT}"`);
  const { keyward: _format, cases, name, ...defaults } = document;
  if (name !== undefined) expectString(name, "name");
  const trying = new Trying(policy, { now: formatTime(clock()), ...(defaults as JsonObject) });
  return expectArray(cases, "cases").map((each, at) => trying.try(each, at));
}

class Trying {
  readonly #policy: Policy;
  readonly #defaults: JsonObject & { readonly now: string };
  readonly #evaluator: Evaluator;

  constructor(policy: Policy, defaults: JsonObject & { readonly now: string }) {
    this.#policy = policy;
    this.#defaults = defaults;
    this.#evaluator = compile(policy);
  }

  try(json: Json, at: number): Tried {
    const name = typeof (json as JsonObject | null)?.name === "string" ? String((json as JsonObject).name) : "";
    try {
      return this.#try(json);
    } catch (cause) {
      if (!(cause instanceof CustodyError)) throw cause;
      throw new CustodyError(cause.code, `cases[${at}]${name === "" ? "" : ` "${name.slice(0, 60)}"`}: ${cause.message}`, { cause });
    }
  }

  #try(json: Json): Tried {
    const optional = [...ASKED, ...CIRCUMSTANCES, "after", "approvedBy", "waited", "confirmed"];
    const given = expectObject(json, { required: ["name", "expect"], optional }, "case");
    const asked = readAsked(given, this.#policy, this.#defaults);
    const { intent, circumstances } = asked;
    // Of a mode that is misspelt everything would be denied, as if it was expected.
    if (!modesOf(this.#policy).includes(circumstances.mode))
      throw malformed(`mode: expected one of ${modesOf(this.#policy).join(", ")}, got ${circumstances.mode.slice(0, 40)}`);
    const expected = readExpected(given.expect);
    const before = this.#before(given, circumstances.now);
    const countersAt = (now: Time) => this.#counters(before, asked, now);
    const { judgement, changes } = explain(this.#evaluator, intent, circumstances, countersAt);
    const verdict = verdictOf(judgement, this.#met(given, asked));
    const reasons = verdict.verdict === "deny" ? verdict.reasons : [];
    const needs = verdict.verdict === "pending" ? verdict.needs : [];
    const got = {
      verdict: verdict.verdict,
      reasons: reasons.map(({ code, rule }) => ({ code, ...(rule !== undefined && { rule }) })),
      needs: needs.map(shortNeed),
    };
    const offered = changes.filter(({ change }) => change !== "approvals").map(({ text }) => `what would pass: ${text}`);
    return {
      name: expectString(given.name, "name"),
      pass: isAsExpected(expected, got),
      expected,
      got,
      why: [...reasons.map(({ text, rule }) => (rule === undefined ? text : `${text} (${rule})`)), ...needs.map(sayNeed), ...offered],
    };
  }

  /** What was signed before, as it draws on the limits. */
  #before({ after }: JsonObject, now: Time): readonly Earlier[] {
    if (after === undefined) return [];
    const earlier = expectArray(after, "after").map((json, at): Earlier => {
      const given = expectObject(json, { optional: [...ASKED, ...CIRCUMSTANCES, "ago", "times"] }, `after[${at}]`);
      if (given.ago !== undefined && given.now !== undefined) throw malformed(`after[${at}]: expected one of now and ago`);
      const ago = given.ago === undefined ? undefined : now - readDuration(given.ago, `after[${at}].ago`);
      const asked = readAsked(given, this.#policy, { ...this.#defaults, now: formatTime(ago ?? now) });
      if (asked.circumstances.now > now) throw malformed(`after[${at}]: expected a moment that is not after the case's own`);
      const times = given.times === undefined ? 1 : expectInteger(given.times, `after[${at}].times`);
      return { asked, times: BigInt(times) };
    });
    return earlier.sort((a, b) => a.asked.circumstances.now - b.asked.circumstances.now);
  }

  #counters(before: readonly Earlier[], { intent }: AskedOf, now: Time): Counters {
    const tally = new Tally(this.#evaluator.limits);
    before.forEach(({ asked, times }, index) => {
      const charges = this.#evaluator.weigh(factsOf(asked.intent, asked.circumstances));
      const drawn = charges.map((charge) => ({ ...charge, replaceable: times * charge.replaceable, lasting: times * charge.lasting }));
      tally.spend({ id: asked.intent.id ?? `after ${index}`, lane: asked.intent.lane }, asked.circumstances.now, drawn);
    });
    return tally.counters({ id: intent.id ?? "asked", lane: intent.lane }, now);
  }

  #met(given: JsonObject, { circumstances: { requester, now } }: AskedOf): (need: Need) => boolean {
    const approvers = expectArray(given.approvedBy === undefined ? [] : given.approvedBy, "approvedBy").map((name) => {
      const person = expectString(name, "approvedBy");
      if (!this.#policy.people.has(person)) throw malformed(`approvedBy: the policy has no person called ${person.slice(0, 40)}`);
      return person;
    });
    const waitedMs = given.waited === undefined ? 0 : readDuration(given.waited, "waited");
    const confirmed =
      given.confirmed !== undefined &&
      expectBoolean(given.confirmed, "confirmed") &&
      requester !== undefined &&
      !isService(this.#policy.people.get(requester) ?? []);
    return (need) => {
      switch (need.kind) {
        case "approvals":
          return missing(need, approvers, requester === undefined ? [] : [requester], now).kind === "met";
        case "delay":
          return waitedMs >= need.delayMs;
        case "confirm":
          return confirmed;
      }
    };
  }
}

interface Earlier {
  readonly asked: AskedOf;
  readonly times: bigint;
}

type Expected = JsonObject & { readonly verdict: string };

/** `"allow"`, or `{"verdict": "deny", "reasons": ["limit/exceeded", {"code", "rule"}]}`, `{"verdict": "pending", "needs": […]}`. */
function readExpected(json: Json | undefined): Expected {
  const given =
    typeof json === "string" ? { verdict: json } : expectObject(json, { required: ["verdict"], optional: ["reasons", "needs"] }, "expect");
  const verdict = expectOneOf(given.verdict, ["allow", "pending", "deny"], "expect.verdict");
  const { reasons, needs } = ownMembers(given as JsonObject);
  return {
    verdict,
    ...(reasons !== undefined && { reasons: expectArray(reasons, "expect.reasons").map(readReason) }),
    ...(needs !== undefined && { needs: expectArray(needs, "expect.needs").map(readNeed) }),
  };
}

function readReason(json: Json): JsonObject {
  if (typeof json === "string") return { code: json };
  const { code, rule } = expectObject(json, { required: ["code"], optional: ["rule"] }, "expect.reasons");
  return { code: expectString(code, "code"), ...(rule !== undefined && { rule: expectString(rule, "rule") }) };
}

/** The id of the rule that asks, or members of a need. */
function readNeed(json: Json): JsonObject {
  if (typeof json === "string") return { rule: json };
  const { kind, rule, delay } = expectObject(json, { optional: ["kind", "rule", "delay"] }, "expect.needs");
  return {
    ...(kind !== undefined && { kind: expectOneOf(kind, ["approvals", "delay", "confirm"], "expect.needs.kind") }),
    ...(rule !== undefined && { rule: expectString(rule, "expect.needs.rule") }),
    ...(delay !== undefined && { delayMs: readDuration(delay, "expect.needs.delay") }),
  };
}

function isAsExpected({ verdict, reasons, needs }: Expected, got: Tried["got"]): boolean {
  if (verdict !== got.verdict) return false;
  return isAll(reasons, got.reasons) && isAll(needs, got.needs);
}

/** Each that was expected is one that came, and none came beside. */
function isAll(expected: Json | undefined, got: readonly JsonObject[]): boolean {
  if (expected === undefined) return true;
  const left = [...got];
  for (const each of expected as readonly JsonObject[]) {
    const found = left.findIndex((one) => Object.entries(each).every(([name, value]) => one[name] === value));
    if (found < 0) return false;
    left.splice(found, 1);
  }
  return left.length === 0;
}

function shortNeed(need: Need): JsonObject {
  const { kind, rule } = need;
  if (need.kind === "delay") return { kind, rule, delayMs: need.delayMs };
  if (need.kind === "confirm") return { kind, rule };
  return { kind, rule, alternatives: need.alternatives.map((clauses) => clauses.map(({ of, atLeast }) => ({ of, atLeast }))) };
}

function sayNeed(need: Need): string {
  switch (need.kind) {
    case "delay":
      return `${need.rule} waits ${need.delayMs / 1000} seconds from the last approval`;
    case "confirm":
      return `${need.rule} asks for the requester's own presence`;
    case "approvals": {
      const sides = need.alternatives.map((clauses) => clauses.map(({ of, atLeast }) => `${atLeast} of ${of}`).join(" and "));
      return `${need.rule} waits for the approval of ${sides.join(", or ")}`;
    }
  }
}

function readDuration(json: Json, where: string): number {
  const ms = milliseconds(expectString(json, where));
  if (ms === undefined) throw malformed(`${where}: expected a duration such as "15m", "24h" or "7d"`);
  return ms;
}
