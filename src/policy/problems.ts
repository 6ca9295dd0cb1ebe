import { CustodyError, type Position } from "../base/errors.ts";
import type { JsonText, Path } from "../base/json.ts";

/** What can be wrong with a policy document. Stable, like error codes; `docs` and messages may improve. */
export const PROBLEM_CODES = [
  // The text.
  "policy/malformed",
  "policy/duplicate-key",
  "policy/too-large",
  "policy/too-deep",
  "policy/too-many",
  // Shape.
  "policy/unknown-key",
  "policy/missing-key",
  "policy/wrong-type",
  "policy/bad-value",
  "policy/newer-semantics",
  // Names.
  "policy/bad-name",
  "policy/look-alike-name",
  "policy/ambiguous-name",
  "policy/unknown-name",
  "policy/duplicate-entry",
  "policy/duplicate-rule",
  // Assets, contracts, addresses.
  "policy/bad-chain",
  "policy/bad-asset",
  "policy/bad-address",
  "policy/bad-function",
  // Conditions.
  "policy/unknown-kind",
  "policy/field-not-of-kind",
  "policy/bad-amount",
  "policy/amount-without-asset",
  "policy/too-many-decimals",
  "policy/bad-duration",
  "policy/bad-time",
  "policy/bad-hours",
  "policy/empty-range",
  "policy/function-not-pinned",
  "policy/unknown-argument",
  // People.
  "policy/bad-credential",
  "policy/credential-not-supported",
  "policy/shared-credential",
  "policy/mixed-credentials",
  "policy/own-account-as-person",
  "policy/role-cycle",
  "policy/unreachable-quorum",
  // Rules as a whole.
  "policy/delay-not-below-expiry",
  "policy/requires-nothing",
  "policy/act-in-mode",
  "policy/frozen-allows",
  "policy/pays-without-fee",
  "policy/never-changes",
  "policy/immutable-but-editable",
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** One thing that is wrong with a document, and where. */
export interface Problem {
  readonly code: ProblemCode;
  /** Steps from the top to the value or key that is wrong; for a missing key, to the object that misses it. */
  readonly path: Path;
  readonly position: Position;
  readonly message: string;
}

/** `policy/invalid` with everything that is wrong, in the document's order; its message is the first problem's. */
export class PolicyError extends CustodyError {
  /** At least one, at most {@link MAX_PROBLEMS}. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], cause?: unknown) {
    const [first] = problems;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    const text = first ? `policy ${first.position.line}:${first.position.column}: ${inPlace(first)}${more}` : "policy: invalid";
    super("policy/invalid", text, { cause, position: first?.position });
    this.problems = problems;
  }

  override toJSON(): ReturnType<CustodyError["toJSON"]> & { problems: readonly Problem[] } {
    return { ...super.toJSON(), problems: this.problems };
  }
}

/** More problems than anybody reads; a hostile document must not make us write a million of them. */
export const MAX_PROBLEMS = 200;

/** Collects problems while a document is read; places are looked up only when it is refused. */
export class Problems {
  readonly #found: { code: ProblemCode; path: Path; on: "key" | "value"; message: string }[] = [];

  /** @param on - whether the place is the value at `path` or the name it stands under. */
  add(code: ProblemCode, path: Path, message: string, on: "key" | "value" = "value"): undefined {
    // One value may be read twice, for what it says and for what it means to another; it is wrong once.
    const known = this.#found.some((problem) => problem.code === code && problem.message === message && samePath(problem.path, path));
    if (!known && !this.full) this.#found.push({ code, path, on, message });
    return undefined;
  }

  get full(): boolean {
    return this.#found.length >= MAX_PROBLEMS;
  }

  get none(): boolean {
    return this.#found.length === 0;
  }

  /** @throws PolicyError if anything was found. */
  check(text: JsonText): void {
    if (this.#found.length === 0) return;
    const placed = this.#found.map(({ code, path, on, message }) => ({
      code,
      path,
      position: on === "key" ? text.keyAt(path) : text.at(path),
      message,
    }));
    throw new PolicyError(placed.sort((a, b) => a.position.offset - b.position.offset));
  }
}

function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index]);
}

function inPlace({ path, message }: Problem): string {
  const steps = path
    .map((step) => (typeof step === "number" ? `[${step}]` : /^\w{1,30}$/.test(step) ? `.${step}` : `[${quote(step)}]`))
    .join("");
  return steps === "" ? message : `${steps.replace(/^\./, "")}: ${message}`;
}

/** Longer than names are; keys and phrases are longer. */
const LONGEST_QUOTED = 30;
/** Of an EVM chain, in CAIP-10 or behind the standard of a token as well. */
const ADDRESS = /^[\w:-]{0,20}0x[0-9a-fA-F]{40}$/;

/**
 * Text of the document for a message, with every invisible or direction-changing character written out. What is longer than a name, and no
 * address, is not repeated: it may be a private key or a phrase that stands in the wrong place.
 */
export function quote(text: string): string {
  if (text.length > LONGEST_QUOTED && !ADDRESS.test(text)) return `(${text.length} characters)`;
  return JSON.stringify(text.toWellFormed()).replace(/[\p{C}\p{Z}\u115f\u1160\u3164\uffa0]/gu, (character) =>
    character === " " ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
