import type { Json, JsonObject } from "../../base/canonical.ts";
import { formatTime } from "../../base/time.ts";
import type { Audit } from "./audit.ts";
import type { Channel } from "./channel.ts";
import type { Finding } from "./finding.ts";
import { durationText } from "./findings/words.ts";
import type { Loss } from "./loss.ts";
import type { Sequence } from "./sequence.ts";
import type { Witness } from "./witness.ts";
import { witnessToJson } from "./witness-json.ts";

export interface AuditJsonOptions {
  /** How a witness is written: with real bytes, where the caller can encode them. Its effects and circumstances where it is absent. */
  readonly witness?: (witness: Witness, approvers: readonly string[]) => JsonObject;
}

/**
 * An audit as `keyward audit --json` prints it: `policy`, `findings`, `unbounded` and `loss` are what scripts rely on. Amounts are
 * decimal texts in smallest units, durations and moments texts. The same audit gives the same JSON.
 */
export function auditToJson(audit: Audit, options: AuditJsonOptions = {}): JsonObject {
  const writer = new Writer(audit, options.witness ?? plainWitness);
  return {
    policy: audit.policy.id,
    name: audit.policy.name,
    options: audit.options,
    findings: audit.findings.map((finding) => writer.finding(finding)),
    unbounded: [...audit.channels, ...audit.losses.flatMap(({ channel }) => channel ?? [])].map((channel) => writer.channel(channel)),
    loss: audit.losses.map((loss) => writer.loss(loss)),
    authority: audit.authority.map(({ mode, text, people, delayMs, confirm, witness, status }) => ({
      ...{ mode, text, people: people === undefined ? null : [...people], delay: durationText(delayMs), confirm, status },
      ...(witness && { witness: writer.witness(witness, people) }),
    })),
    lockOuts: audit.lockOuts.map(({ mode, what, absent, status }) => ({ mode, what, absent: [...absent], status })),
    escalations: audit.escalations.map(({ stolen, acts, afterMs, text, objectors }) => ({
      ...{ stolen: [...stolen], after: durationText(afterMs), text, objectors: [...objectors] },
      acts: acts.map(({ rule, text, delayMs, witness, approvers }) => ({
        rule,
        text,
        delay: durationText(delayMs),
        witness: writer.witness(witness, approvers),
      })),
    })),
    dead: audit.dead.map(({ rule, mode, why }) => ({ rule, mode, why })),
    inconclusive: [...audit.inconclusive],
  };
}

function plainWitness(witness: Witness, approvers: readonly string[]): JsonObject {
  return { ...witnessToJson(witness), approvers: [...approvers] };
}

class Writer {
  readonly #audit: Audit;
  readonly #witness: NonNullable<AuditJsonOptions["witness"]>;
  readonly #assets: ReadonlyMap<string, string>;
  readonly #sets: ReadonlyMap<string, string>;

  constructor(audit: Audit, witness: NonNullable<AuditJsonOptions["witness"]>) {
    this.#audit = audit;
    this.#witness = witness;
    const assets = (audit.policy.document.assets ?? {}) as { readonly [name: string]: { readonly chain: string; readonly asset: string } };
    this.#assets = new Map(Object.entries(assets).map(([name, { chain, asset }]) => [`${chain}/${asset}`, name]));
    this.#sets = new Map(audit.stolen.map(({ name, people }) => [keyOf(people), name]));
  }

  witness(witness: Witness, approvers: readonly string[] = []): JsonObject {
    return this.#witness(witness, approvers);
  }

  finding({ id, severity, mode, rule, text, witness, sequence, suggestion }: Finding): JsonObject {
    return {
      ...{ id, severity, mode, rule: rule ?? null, text },
      witness: witness === undefined ? null : this.witness(witness),
      ...(sequence && { sequence: this.#sequence(sequence) }),
      ...(suggestion && {
        suggestion: {
          text: suggestion.text,
          document: suggestion.document,
          effect: suggestion.effect.map(({ before, after }) => ({ before: this.#figure(before), after: this.#figure(after) })),
        },
      }),
    };
  }

  channel({ kind, stolen, mode, rule, text, witness, approvers, delayMs, objectors, undecided }: Channel): JsonObject {
    return {
      ...{ kind, stolen: this.#stolen(stolen), mode, rule: rule ?? null, text },
      witness: witness === undefined ? null : this.witness(witness, approvers),
      ...{ approvers: [...approvers], delay: durationText(delayMs), ...(objectors && { objectors: [...objectors] }) },
      ...(undecided && { status: "inconclusive" }),
    };
  }

  loss(loss: Loss): JsonObject {
    return { ...this.#figure(loss), sequence: this.#sequence(loss.sequence) };
  }

  /** A loss without the sequence that takes it. */
  #figure({ stolen, mode, horizonMs, what, status, amount, shown, fees, channel, why }: Loss): JsonObject {
    const { copies = 1 } = this.#audit.options;
    const many = BigInt(typeof copies === "number" ? copies : 1);
    const share = "asset" in what ? this.#share(what.asset, amount, many) : undefined;
    return {
      stolen: this.#stolen(stolen),
      ...("asset" in what ? { asset: this.#assets.get(what.asset) ?? what.asset } : { unit: what.unit }),
      ...{ horizon: durationText(horizonMs), mode, amount: amount === undefined ? null : `${amount}`, status },
      ...{ shown: `${shown}`, fees: `${fees}` },
      ...(many > 1n && { copies: Number(many), amountOfCopies: amount === undefined ? null : `${amount * many}` }),
      ...(share !== undefined && { share }),
      ...(channel && { rule: channel.rule ?? null, unbounded: channel.kind }),
      ...(why !== undefined && { why }),
    };
  }

  /** Of what is held, at most all of it: `0.2500`, rounded up. */
  #share(asset: string, amount: bigint | undefined, copies: bigint): string | undefined {
    const { holdings } = this.#audit.options;
    const held = typeof holdings === "object" && holdings !== null ? (holdings as { readonly [asset: string]: Json })[asset] : undefined;
    if (typeof held !== "string") return undefined;
    const all = BigInt(held);
    const lost = amount === undefined || amount * copies > all ? all : amount * copies;
    const parts = all === 0n ? 0n : (lost * 10_000n + all - 1n) / all;
    return `${parts / 10_000n}.${String(parts % 10_000n).padStart(4, "0")}`;
  }

  #sequence({ from, steps }: Sequence): readonly Json[] {
    return steps.map(({ askedMs, signedMs, witness, times, approvers }) => ({
      ...{ asked: formatTime(from + askedMs), signed: formatTime(from + signedMs), times: `${times}`, approvers: [...approvers] },
      witness: this.witness(witness, approvers),
    }));
  }

  /** The names of the set, such as `role:ops`; the people, where they are no set of the report. */
  #stolen(people: readonly string[]): readonly string[] {
    return this.#sets.get(keyOf(people))?.split(" + ") ?? [...people];
  }
}

function keyOf(people: readonly string[]): string {
  return JSON.stringify([...people].sort());
}
