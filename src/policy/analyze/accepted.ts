import type { Policy } from "../core.ts";
import type { Escalation } from "./authority.ts";
import type { Channel } from "./channel.ts";
import { rehearse } from "./rehearse.ts";
import type { Sequence, Step } from "./sequence.ts";
import type { Witness } from "./witness.ts";

/** What the evaluator that signs says of a sequence: whether it lets all of it pass, or refuses only what it denies when it is asked for. */
export type Replay = (policy: Policy, sequence: Sequence) => Replayed | Promise<Replayed>;

export type Replayed = boolean | "unasked";

/** A request, who answers it beside whoever asks, and how long it waits before it is signed. */
type Claim = Pick<Step, "approvers"> & { readonly witness: Witness; readonly delayMs: number };

/**
 * Lets through to the report what passes as it is said to, with these answers and after this delay: by the plain interpreter, and by
 * the evaluator that signs where there is one. What does not is open, and named as not decided.
 */
export class Accepted {
  readonly #policy: Policy;
  readonly #replay: Replay;
  // Stolen sets share most of what they can get done.
  readonly #known = new Map<Witness, Map<string, boolean>>();

  constructor(policy: Policy, replay: Replay = () => true) {
    this.#policy = policy;
    this.#replay = replay;
  }

  async channel(channel: Channel): Promise<Channel> {
    const { witness, approvers, delayMs } = channel;
    return witness === undefined || (await this.#passes({ witness, approvers, delayMs })) ? channel : withheld(channel);
  }

  /** Each act passes by itself, as an escalation says: what one of them changes is not played. */
  async escalation(escalation: Escalation): Promise<Escalation> {
    for (const act of escalation.acts) {
      if (await this.#passes(act)) continue;
      const text = `${escalation.text}: ${REFUSED}`;
      return { stolen: escalation.stolen, acts: [], afterMs: 0, text, objectors: [], everything: false, undecided: true };
    }
    return escalation;
  }

  async #passes(claim: Claim): Promise<boolean> {
    const { witness, approvers, delayMs } = claim;
    const known = this.#known.get(witness) ?? new Map<string, boolean>();
    this.#known.set(witness, known);
    const how = JSON.stringify([approvers, delayMs]);
    const passes = known.get(how) ?? (await this.#play(sequenceOf(claim)));
    known.set(how, passes);
    return passes;
  }

  async #play(sequence: Sequence): Promise<boolean> {
    const { steps } = rehearse(this.#policy, sequence);
    return steps.every(({ kind }) => kind === "passed") && (await this.#replay(this.#policy, sequence)) === true;
  }
}

const REFUSED = "this could not be decided, the evaluator that signs refuses what the interpreter lets pass";

/** A channel that nobody may take for closed, without the request that was refused. */
export function withheld({ objectors: _, ...channel }: Channel): Channel {
  return { ...channel, text: `${channel.text}: ${REFUSED}`, witness: undefined, approvers: [], delayMs: 0, undecided: true };
}

function sequenceOf({ witness, approvers, delayMs }: Claim): Sequence {
  const from = witness.circumstances.now - delayMs;
  return { from, steps: [{ askedMs: 0, signedMs: delayMs, witness, times: 1n, approvers }] };
}
