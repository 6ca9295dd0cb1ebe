import { addressOfKey } from "../../../src/approvals/address.ts";
import type { Position } from "../../../src/base/errors.ts";
import type { Policy } from "../../../src/policy/core.ts";
import { classifyEdit } from "../../../src/policy/edit.ts";
import { compile } from "../../../src/policy/evaluate.ts";
import { explain } from "../../../src/policy/explain.ts";
import { factsOf } from "../../../src/policy/facts.ts";
import { interpret } from "../../../src/policy/interpret.ts";
import { parsePolicy } from "../../../src/policy/parse.ts";
import { MAX_PROBLEMS, PolicyError, PROBLEM_CODES } from "../../../src/policy/problems.ts";
import { parseAddress } from "../../policy/addresses.ts";
import type { Target } from "../engine.ts";
import { type Random, randomOf } from "../random.ts";
import { check, once, same, shown } from "./check.ts";
import { mutateJson, mutateText, writeJson } from "./mutate.ts";
import { naiveCanonical, naiveSha256, parseJson, plain } from "./naive.ts";
import { type PolicyDocument, policyDocument } from "./policy-document.ts";
import { asked } from "./policy-request.ts";

const parse = (text: string): Policy => parsePolicy(text, { parseAddress, addressOfKey });

/** Policy documents: what they mean when they are accepted, and where it is said that they are wrong when they are not. */
export const policy: Target = {
  name: "policy",
  weight: 20,
  run(random) {
    const document = policyDocument(random);
    const whole = random.oneIn(4);
    const text = whole ? JSON.stringify(document) : mutated(random, document);
    let read: Policy;
    try {
      read = parse(text);
    } catch (cause) {
      if (!(cause instanceof PolicyError)) throw cause;
      check(!whole, `refused a right document: ${cause.message}`);
      checkProblems(text, cause);
      throw cause;
    }
    const again = readAgain(random, text, read);
    for (let left = 2; left > 0; left--) checkJudged(random, read, again);
    if (random.oneIn(8)) checkEdit(before(), read);
    return "accepted";
  },
};

const before = once(() => parse(JSON.stringify(policyDocument(randomOf(1_122, 0)))));

function mutated(random: Random, document: PolicyDocument): string {
  const text = writeJson(
    random,
    random.oneIn(4) ? document : mutateJson(random, document, random.oneIn(8) ? [policyDocument(random)] : []),
  );
  return random.oneIn(3) ? mutateText(random, text) : text;
}

/** The same document in another form is the same policy, and its id is the hash of the plain canonical form. */
function readAgain(random: Random, text: string, read: Policy): Policy {
  const document: unknown = parseJson(text);
  same(plain(read.document), document, "read otherwise than by JSON.parse");
  same(read.id, naiveSha256(naiveCanonical(document)).toString("hex"), "the policy's id");
  const again = parse(random.oneIn(2) ? naiveCanonical(read.document) : JSON.stringify(read.document, null, 3));
  same([again.id, again.book.hash], [read.id, read.book.hash], "read again, it is another policy");
  return again;
}

function checkJudged(random: Random, read: Policy, again: Policy): void {
  const { intent, circumstances, counters } = asked(random, read);
  const evaluator = compile(read);
  const judgement = evaluator.judge(intent, circumstances, counters);
  const plainly = interpret(read, intent, circumstances, counters);
  const what = `evaluator and interpreter of ${shown(intent.effects)} at ${shown(circumstances)}`;
  same(judgement, plainly, what);
  same(compile(again).judge(intent, circumstances, counters), judgement, `the same document in another order: ${what}`);
  check(!judgement.reasons.some(({ code }) => code === "policy/undecidable"), `${what}: undecidable`);
  same(evaluator.weigh(factsOf(intent, circumstances)), plainly.charges, `weighed facts: ${what}`);
  if (!random.oneIn(4)) return;
  const explained = explain(evaluator, intent, circumstances, () => counters);
  same(explained.judgement, judgement, `explained: ${what}`);
}

/** Every change but one of the name touches a part, and no change touches none. */
function checkEdit(from: Policy, to: Policy): void {
  same(classifyEdit(to, to), [], "an edit that changes nothing");
  const without = ({ document: { name: _, keyward: __, ...rest } }: Policy) => naiveCanonical(rest);
  const touched = classifyEdit(from, to).length > 0;
  check(touched || without(from) === without(to), "an edit that changes something touches nothing");
}

function checkProblems(text: string, { problems, message, position }: PolicyError): void {
  check(problems.length > 0 && problems.length <= MAX_PROBLEMS, `${problems.length} problems`);
  same(position, problems[0]?.position, "the place of the first problem");
  let last = 0;
  for (const { code, position, message: what } of problems) {
    check(PROBLEM_CODES.includes(code), `unknown problem ${code}`);
    checkPosition(text, position);
    check(position.offset >= last, "problems out of order");
    last = position.offset;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal.
    check(!/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e]/.test(what + message), "a problem that repaints the terminal");
  }
}

function checkPosition(text: string, { line, column, offset }: Position): void {
  check(offset >= 0 && offset <= text.length, "a place outside of the text");
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  same(column, offset - (offset === 0 ? 0 : start) + 1, "column");
  check(line >= 1 && line <= text.split("\n").length, "line");
}
