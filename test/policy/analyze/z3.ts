import { init, killThreads } from "z3-solver";

/** z3, asked in its own language. */
export interface Z3 {
  /** Everything that it prints. A context of its own each time: one that was reset has answered with errors of before. */
  run(script: string): Promise<string>;
  isSatisfiable(script: string): Promise<boolean>;
  /** Asked more and more in one context. */
  session(): Session;
  /** Ends its threads, which keep a process alive. */
  close(): Promise<void>;
}

export interface Session {
  run(script: string): Promise<string>;
  end(): void;
}

export async function openZ3(): Promise<Z3> {
  const { Z3, em } = await init();
  const memory = em as Memory;
  const session = (): Session => {
    const config = Z3.mk_config();
    const context = Z3.mk_context(config);
    return {
      async run(script) {
        // Its own wrapper passes texts on a stack that is gone before the thread has read them.
        const bytes = new TextEncoder().encode(`${script}\0`);
        const at = memory._malloc(bytes.length);
        memory.HEAPU8.set(bytes, at);
        try {
          return (await memory.async_call(memory._async_Z3_eval_smtlib2_string, context, at)).trim();
        } finally {
          memory._free(at);
        }
      },
      end() {
        Z3.del_context(context);
        Z3.del_config(config);
      },
    };
  };
  const run = async (script: string) => {
    const own = session();
    try {
      return await own.run(script);
    } finally {
      own.end();
    }
  };
  return {
    run,
    async isSatisfiable(script) {
      // Asked as one of many to come it takes half as long: it prepares less.
      const said = await run(`(push)\n${script}\n(check-sat)`);
      if (said !== "sat" && said !== "unsat") throw new Error(`z3: expected sat or unsat, got ${said.slice(0, 300)}`);
      return said === "sat";
    },
    session,
    close: () => killThreads(em),
  };
}

/** What of the module underneath is used. */
interface Memory {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(at: number): void;
  _async_Z3_eval_smtlib2_string(context: unknown, text: number): void;
  async_call(call: Memory["_async_Z3_eval_smtlib2_string"], context: unknown, text: number): Promise<string>;
}
