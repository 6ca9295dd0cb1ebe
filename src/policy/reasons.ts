import type { Json } from "../base/canonical.ts";
import type { Reason } from "../intent/intent.ts";
import type { Judgement } from "../intent/verdict.ts";
import { writeAmount } from "./amounts.ts";

type Params = Reason["params"];

/** The reasons that evaluation itself gives, with their texts. Apps switch on the code and the params; texts may improve. */
const TEXTS = {
  "policy/no-effects": () => "the request has no effects, so there is nothing that a rule could allow",
  "policy/unknown-mode": ({ mode }: Params) => `the mode ${say(mode)} is not in the policy, so nothing is allowed in it`,
  "policy/mode-holds": ({ mode }: Params) => `the mode ${say(mode)} holds already`,
  "policy/not-allowed": ({ kind, undecided }: Params) =>
    `no rule allows ${sayKind(kind)}${isFilled(undecided) ? `; a field that ${list(undecided)} asks for is unknown` : ""}`,
  "policy/forbidden": ({ kind, certain }: Params) =>
    certain === false ? `a rule forbids ${sayKind(kind)}, if it applies, which is unknown` : `a rule forbids ${sayKind(kind)}`,
  "limit/exceeded": ({ limit, used, asked, max, ...unit }: Params) =>
    `${say(limit)} is at most ${sayAmount(max, unit)}: ${sayAmount(used, unit)} is used and ${sayAmount(asked, unit)} is asked`,
  "policy/undecidable": ({ cause }: Params) => `the request could not be judged (${say(cause)}), so it is denied`,
} as const satisfies Record<string, (params: Params) => string>;

export type ReasonCode = keyof typeof TEXTS;

export function reason(code: ReasonCode, params: Params, where: { readonly rule?: string; readonly effect?: number } = {}): Reason {
  return { code, ...where, params, text: TEXTS[code](params) };
}

/** The judgement on what cannot be judged. Never throws, whatever was thrown. */
export function undecidable(cause: unknown): Judgement {
  return { reasons: [reason("policy/undecidable", { cause: classOf(cause) })], needs: [], charges: [], hits: [] };
}

function classOf(cause: unknown): string {
  try {
    const name = cause instanceof Error ? cause.name : typeof cause;
    return typeof name === "string" && /^\w{1,40}$/.test(name) ? name : "unknown";
  } catch {
    // Even looking at a hostile object can throw; what it is does not matter, that it is denied does.
    return "unknown";
  }
}

function say(value: Json | undefined): string {
  return typeof value === "string" ? value : String(value ?? "");
}

function sayKind(kind: Json | undefined): string {
  return kind === "unknown" ? "what could not be read" : `this ${say(kind)}`;
}

function sayAmount(units: Json | undefined, { unit, decimals }: Params): string {
  if (typeof unit !== "string" || typeof decimals !== "number" || typeof units !== "string" || !/^[0-9]+$/.test(units)) return say(units);
  return writeAmount(BigInt(units), { name: unit, decimals });
}

function isFilled(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value) && value.length > 0;
}

function list(values: readonly Json[]): string {
  return values.map(say).join(", ");
}
