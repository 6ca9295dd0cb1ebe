import type { IntentId } from "../../src/intent/intent.ts";
import { type Hold, lapse, reserve, retake, spend } from "../../src/limits/hold.ts";
import { Ledger } from "../../src/limits/ledger.ts";

/**
 * Every interleaving of a few processes that reserve, sign, spend and hand over, with a crash at any point, leases that end
 * and clocks that tick. What they decide is decided by the real functions of `src/limits`; store, signer and world are played.
 */
export interface World {
  /** Which intent each process asks for; each intent draws 1. */
  readonly intents: readonly number[];
  readonly max: bigint;
  readonly windowMs: number;
  readonly leaseMs: number;
  readonly ticks: number;
  /** How many crashes each process survives by starting again. */
  readonly crashes: number;
  /** How long a commit may take: it is recorded as late as it may happen. */
  readonly slack: number;
}

/** Each breaks the protocol in one way. */
export interface Faults {
  readonly outputFirst?: true;
  readonly noFence?: true;
  readonly noLease?: true;
  readonly unwrittenLapse?: true;
  readonly rootNotCompared?: true;
  readonly commitNotFenced?: true;
  readonly countersAskedAhead?: true;
}

interface Draft {
  readonly root: number;
  readonly read: number;
  readonly notAfter: number;
  readonly holds: readonly Hold[];
}

type Step = "idle" | "lapsing" | "reserving" | "signing" | "signed" | "spending" | "recorded" | "done";

interface Process {
  readonly step: Step;
  readonly draft?: Draft;
  readonly crashes: number;
}

interface State {
  readonly time: number;
  readonly root: number;
  /** The store: one record per intent. */
  readonly holds: readonly (Hold | undefined)[];
  readonly processes: readonly Process[];
  /** When the spent record of an intent was really written. */
  readonly written: readonly (number | undefined)[];
}

interface Trace {
  readonly said: string;
  readonly before?: Trace | undefined;
}

export interface Explored {
  readonly states: number;
  readonly handedOver: number;
  readonly violation?: string;
}

const charge = { limit: "l", bucket: "", replaceable: 1n, lasting: 0n };
const intentName = (index: number) => `intent ${index}` as IntentId;

export function explore(world: World, faults: Faults = {}): Explored {
  const seen = new Set<string>();
  let handedOver = 0;
  const idle: Process = { step: "idle", crashes: 0 };
  const nothing = world.intents.map(() => undefined);
  const first: State = { time: 0, root: 0, holds: nothing, processes: world.intents.map(() => idle), written: nothing };
  const stack: { state: State; trace: Trace }[] = [{ state: first, trace: { said: "start" } }];

  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { state, trace } = next;
    const key = keyOf(state);
    if (seen.has(key)) continue;
    seen.add(key);
    const wrong = wrongIn(state);
    if (wrong !== undefined) return { states: seen.size, handedOver, violation: `${wrong}: ${told(trace)}` };

    const go = (to: State, said: string) => stack.push({ state: to, trace: { said, before: trace } });
    if (state.time < world.ticks) go({ ...state, time: state.time + 1 }, "tick");
    for (const [index, process] of state.processes.entries()) {
      const become = (to: Process, rest: Partial<State> = {}) => ({ ...state, ...rest, processes: state.processes.with(index, to) });
      const said = `p${index} ${process.step}`;
      if (process.step === "recorded" || (faults.outputFirst && process.step === "signing")) {
        handedOver++;
        const hold = state.holds[world.intents[index] as number];
        if (hold?.state !== "spent")
          return { states: seen.size, handedOver, violation: `handed over unrecorded: ${told(trace)} > ${said}` };
      }
      const after = step(state, index, process, become);
      if (after !== undefined) go(after, said);
      if (process.step !== "idle" && process.step !== "done" && process.crashes < world.crashes) {
        go(become({ step: "idle", crashes: process.crashes + 1 }), `p${index} CRASH`);
      }
    }
  }
  return { states: seen.size, handedOver };

  function step(state: State, index: number, process: Process, become: (to: Process, rest?: Partial<State>) => State): State | undefined {
    const own = world.intents[index] as number;
    const fence = `${index}.${process.crashes}`;
    const { crashes, draft } = process;
    switch (process.step) {
      case "idle":
        return judge();
      case "lapsing":
        return become({ step: "idle", crashes }, commit(state, draft));
      case "reserving": {
        const committed = commit(state, draft);
        return become({ step: committed ? "signing" : "idle", crashes }, committed);
      }
      case "signing":
        return become({ step: "signed", crashes });
      case "signed": {
        const at = state.time + world.slack;
        const outcome = spendOrBreak(state.holds[own] as Hold, fence, at);
        if (outcome.kind === "refused") return become({ step: "done", crashes });
        return become({ step: "spending", crashes, draft: draftOf(state, [outcome.hold], at) });
      }
      case "spending": {
        const committed = commit(state, draft);
        if (committed === undefined) return become({ step: "signed", crashes });
        return become({ step: "recorded", crashes }, { ...committed, written: state.written.with(own, state.written[own] ?? state.time) });
      }
      case "recorded":
        return become({ step: "done", crashes });
      case "done":
        return undefined;
    }

    function judge(): State | undefined {
      const at = state.time + world.slack;
      const hold = state.holds[own];
      if (hold?.state === "spent") return become({ step: "done", crashes });
      const others = state.holds.filter((other) => other !== undefined && other !== hold) as Hold[];
      const overdue = lapsed(others, state.time);
      if (overdue.length > 0 && !faults.unwrittenLapse) {
        return become({ step: "lapsing", crashes, draft: draftOf(state, overdue, at) });
      }
      const counted = others.map((other) => overdue.find(({ id }) => id === other.id) ?? other);
      const ledger = ledgerOf(hold ? [...counted, hold] : counted);
      const intent = intentName(own);
      const now = faults.countersAskedAhead ? at : state.time;
      if (ledger.after(charge, { intent, now }).after > world.max) return undefined;
      const claim = { fence, leaseUntil: at + world.leaseMs };
      const asked = { id: intent, intent, requester: "ana", facts: null };
      const taken = hold ? retake(hold, asked, claim, at) : { kind: "reserved" as const, hold: reserve(asked, claim, at) };
      return taken.kind === "refused" ? undefined : become({ step: "reserving", crashes, draft: draftOf(state, [taken.hold], at) });
    }
  }

  function ledgerOf(holds: readonly Hold[]): Ledger {
    const ledger = new Ledger({ weigh: () => [charge], window: () => world.windowMs });
    for (const hold of holds) ledger.apply(undefined, hold);
    return ledger;
  }

  function spendOrBreak(hold: Hold, fence: string, at: number): ReturnType<typeof spend<Hold>> {
    if (faults.noFence) return { kind: "spent", hold: { ...hold, state: "spent", at } };
    const outcome = spend(hold, fence, faults.noLease ? hold.leaseUntil - 1 : at);
    return outcome.kind === "spent" ? { kind: "spent", hold: { ...outcome.hold, at } } : outcome;
  }

  function draftOf(state: State, holds: readonly Hold[], notAfter: number): Draft {
    return { root: state.root, read: state.time, notAfter, holds };
  }

  function commit(state: State, draft: Draft | undefined): Partial<State> | undefined {
    if (draft === undefined) throw new Error("nothing to commit");
    if (!faults.rootNotCompared && draft.root !== state.root) return undefined;
    if (!faults.commitNotFenced && state.time > draft.notAfter) return undefined;
    const changed = (hold: Hold | undefined, index: number) => draft.holds.find(({ id }) => id === intentName(index)) ?? hold;
    return { root: state.root + 1, holds: state.holds.map(changed) };
  }

  /** The three promises, asked of every state. */
  function wrongIn({ written, holds, time }: State): string | undefined {
    for (const end of written) {
      const inWindow = written.filter((at) => at !== undefined && end !== undefined && at > end - world.windowMs && at <= end);
      if (BigInt(inWindow.length) > world.max) return "over the limit";
    }
    const there = holds.filter((hold) => hold !== undefined);
    const tidied = lapsed(there, time);
    const counted = there.map((hold) => tidied.find(({ id }) => id === hold.id) ?? hold);
    const { used } = ledgerOf(counted).after({ ...charge, replaceable: 0n }, { now: time });
    const truth = written.filter((at) => at !== undefined && at > time - world.windowMs).length;
    const leased = counted.filter(({ state }) => state === "reserved").length;
    if (used < BigInt(truth)) return "counted less than was committed";
    // With slack a hold is recorded a little late, so it counts that much longer.
    const recorded = there.filter((hold) => hold.state === "spent" && hold.at > time - world.windowMs).length;
    if (used > BigInt(recorded + leased)) return "counted more than is committed or leased";
    return undefined;
  }

  /**
   * What the future depends on. A draft follows from what was read: on the same root it is told by when that was, on an older
   * one it can only be refused. Processes of different intents are alike, so their order does not matter.
   */
  function keyOf({ time, root, holds, processes, written }: State): string {
    const life = (hold: Hold | undefined) => hold && `${hold.state[0]}${hold.fence.split(".")[1]} ${hold.leaseUntil} ${hold.at}`;
    const alike = !faults.rootNotCompared && new Set(world.intents).size === world.intents.length;
    const told = processes.map(({ step, crashes, draft }, index) => {
      const own = world.intents[index] as number;
      const pending = draft && (faults.rootNotCompared ? JSON.stringify(draft) : draft.root === root ? draft.read : "stale");
      const hold = alike ? life(holds[own]) : JSON.stringify(holds[own]);
      return `${step}${crashes} ${pending} ${hold} ${written[own]}`;
    });
    return `${time}|${(alike ? told.sort() : told).join("|")}`;
  }
}

function lapsed(holds: readonly Hold[], now: number): Hold[] {
  return holds.flatMap((hold) => {
    const outcome = lapse(hold, now);
    return outcome.kind === "lapsed" ? [outcome.hold] : [];
  });
}

function told(trace: Trace | undefined): string {
  const steps: string[] = [];
  for (let at = trace; at !== undefined; at = at.before) steps.unshift(at.said);
  return steps.join(" > ");
}
