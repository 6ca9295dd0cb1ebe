import type { Witness } from "./witness.ts";

/** Requests of an attack, at their moments: each is signed, and what is signed then counts against those that follow. */
export interface Step {
  /** When it is submitted, and when it is signed: milliseconds since the first moment of the sequence. They differ by a delay. */
  readonly askedMs: number;
  readonly signedMs: number;
  /** What is asked; its circumstances are those of the moment at which it is signed. */
  readonly witness: Witness;
  /** The same request so many times, one after the other, each with a nonce of its own. */
  readonly times: bigint;
  /** Who answers, beside whoever asks. */
  readonly approvers: readonly string[];
}

export interface Sequence {
  /** The first moment, of which the steps count. */
  readonly from: number;
  /** In the order in which they are signed. */
  readonly steps: readonly Step[];
}

/** The same requests, asked and approved by others: each by whoever stands in the place of who did. */
export function sequenceBy({ from, steps }: Sequence, places: ReadonlyMap<string, string>): Sequence {
  const others = new Map<readonly string[], readonly string[]>();
  const other = (person: string) => places.get(person) ?? person;
  return {
    from,
    steps: steps.map((step) => {
      const { circumstances } = step.witness;
      const { requester } = circumstances;
      const approvers = others.get(step.approvers) ?? step.approvers.map(other);
      others.set(step.approvers, approvers);
      const asked = requester === undefined ? circumstances : { ...circumstances, requester: other(requester) };
      return { ...step, witness: { ...step.witness, circumstances: asked }, approvers };
    }),
  };
}
