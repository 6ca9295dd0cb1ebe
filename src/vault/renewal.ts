import type { Enrolment, SlotContext } from "./slot.ts";

/** What a slot offers while it opens: to enrol anew with what opens it now, with parameters as it would choose them today. */
export interface Renewal {
  /** Once at most, for the very slot that was opened. */
  enrol(context: SlotContext): Promise<Enrolment>;
  /** Wipes what was kept for it. Whoever heard the offer calls it, whatever came of it; twice is once. */
  end(): void;
}

/** Hears what is offered during one opening, of which the last offer counts. What nobody takes is ended. */
export class Offers {
  #renewal: Renewal | undefined;
  #over = false;

  readonly hear = (renewal: Renewal): void => {
    this.drop();
    if (this.#over) renewal.end();
    else this.#renewal = renewal;
  };

  /** What was offered, the caller's from here on. */
  take(): Renewal | undefined {
    const renewal = this.#renewal;
    this.#renewal = undefined;
    return renewal;
  }

  /** What opened nothing is not to be kept. */
  drop(): void {
    this.take()?.end();
  }

  /** Whoever offers something now comes too late. */
  end(): void {
    this.#over = true;
    this.drop();
  }
}
