import type { Json, JsonObject } from "../base/canonical.ts";
import { formatTime, type Time } from "../base/time.ts";
import type { Reason } from "../intent/intent.ts";
import type { Need } from "../intent/verdict.ts";
import type { Policy } from "../policy/core.ts";
import { plain, type Style } from "./style.ts";

/** `1500000`, 6 decimals: `1.5`. Exact. */
export function decimal(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/** What the policy calls assets and addresses. Without one, everything stands as it is. */
export type Names = Pick<Policy, "book" | "addresses"> | undefined;

/** Effects, one line each: kind, amount in decimals with the smallest units beside it, and to whom. */
export function effectLines(effects: readonly JsonObject[], names: Names, style: Style): string[] {
  return effects.map((effect) => `  ${style.bold(String(effect.kind).padEnd(12))} ${effectText(effect, names)}`);
}

function effectText(effect: JsonObject, names: Names): string {
  const { kind: _kind, at, chain, account: _account, asset, amount, to, why, outlives, ...rest } = effect;
  const said: string[] = [];
  if (amount !== undefined) said.push(amountText(amount, { chain, asset }, names));
  else if (asset !== undefined) said.push(assetText({ chain, asset }, names));
  if (to !== undefined) said.push(`${TOWARDS[String(effect.kind)] ?? "to"} ${addressText(chain, to, names)}`);
  for (const [name, value] of Object.entries(rest)) {
    if (name === "contract" && value === to) continue;
    if (name === "contract") said.push(`contract ${addressText(chain, value, names)}`);
    else if (name === "ownRecipient") said.push(value === true ? "an own account" : "not an own account");
    else if (name === "expiry") said.push(expiryText(value));
    else said.push(`${name} ${valueText(value)}`);
  }
  if (chain === undefined && !ACTS.has(String(effect.kind))) said.push("on any chain");
  if (outlives === true) said.push("stays if the transaction is replaced");
  if (Array.isArray(at) && at.length > 0) said.push(`in call ${at.join(".")}`);
  if (why !== undefined) said.push(`(${plain(String(why))})`);
  return said.join("  ");
}

const TOWARDS: { readonly [kind: string]: string } = {
  allowance: "spender",
  signedAllowance: "spender",
  operatorAllowance: "operator",
  delegation: "delegate",
};
const ACTS: ReadonlySet<string> = new Set([
  "policyEdit",
  "modeChange",
  "import",
  "export",
  "grant",
  "slotChange",
  "restore",
  "rotate",
  "keyState",
  "erase",
]);

interface AssetOn {
  readonly chain: Json | undefined;
  readonly asset: Json | undefined;
}

function amountText(amount: Json, on: AssetOn, names: Names): string {
  const known = names?.book.asset(String(on.chain), String(on.asset));
  if (amount === "unlimited") return `unlimited ${assetText(on, names)}`;
  if (known === undefined || !/^\d+$/.test(String(amount))) return `${plain(String(amount))} units of ${assetText(on, names)}`;
  const units = known.decimals === 0 ? "" : ` (${amount})`;
  return `${decimal(BigInt(String(amount)), known.decimals)} ${plain(known.name)}${units}`;
}

function assetText({ chain, asset }: AssetOn, names: Names): string {
  return plain(names?.book.asset(String(chain), String(asset))?.name ?? String(asset ?? "an unknown asset"));
}

/** The whole address always; a name is only beside it. */
function addressText(chain: Json | undefined, address: Json | undefined, names: Names): string {
  const named = [...(names?.addresses ?? [])].find(([, entry]) => entry.chain === chain && entry.address === address)?.[0];
  const contract = names?.book.contract(String(chain), String(address))?.name;
  const name = named ?? contract;
  return name === undefined ? plain(String(address)) : `${plain(name)} ${plain(String(address))}`;
}

/** Unix seconds. Beyond what a calendar holds they stand as they are. */
function expiryText(expiry: Json | undefined): string {
  if (expiry === "unlimited") return "without end";
  const seconds = Number(expiry);
  return seconds < 253_402_300_800 ? `until ${timeText(1000 * seconds)}` : `until second ${valueText(expiry)}`;
}

function valueText(value: Json | undefined): string {
  return plain(typeof value === "string" ? value : JSON.stringify(value));
}

export function reasonLines(reasons: readonly Reason[], style: Style): string[] {
  return reasons.map(({ code, rule, effect, text }) => {
    const place = [...(effect === undefined ? [] : [`effect ${effect}`]), ...(rule === undefined ? [] : [`rule ${rule}`])].join(", ");
    return `  ${style.bad("✗")} ${plain(text)} ${style.dim(plain(place === "" ? `[${code}]` : `[${code}, ${place}]`))}`;
  });
}

export function needLines(needs: readonly Need[], style: Style): string[] {
  return needs.map((need) => `  ${style.wait("…")} ${plain(needText(need))} ${style.dim(`[${plain(need.rule)}]`)}`);
}

export function needText(need: Need): string {
  switch (need.kind) {
    case "approvals": {
      const sides = need.alternatives.map((clauses) => clauses.map((clause) => clauseText(clause)).join(" and "));
      return `approval of ${sides.join(", or ")}`;
    }
    case "delay":
      return `a delay of ${durationText(need.delayMs)}`;
    case "confirm":
      return "the requester's own confirmation";
  }
}

function clauseText({
  of,
  atLeast,
  members,
}: {
  readonly of: string;
  readonly atLeast: number;
  readonly members: readonly { readonly person: string }[];
}) {
  const people = members.map(({ person }) => person).join(", ");
  return members.length === 1 && members[0]?.person === of ? of : `${atLeast} of ${of} (${people})`;
}

export function durationText(ms: number): string {
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
  ] as const;
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(" ") || "0s";
}

/** To the second, UTC. */
export function timeText(time: Time): string {
  return formatTime(time)
    .replace("T", " ")
    .replace(/\.\d{3}Z$/, "Z");
}

/** Reasons as `--json` has them: what is absent is null. */
export function reasonToJson({ code, rule, effect, params, text }: Reason): JsonObject {
  return { code, rule: rule ?? null, effect: effect ?? null, params, text };
}

export function needToJson(need: Need): JsonObject {
  return need as unknown as JsonObject;
}
