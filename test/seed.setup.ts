import fc from "fast-check";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    readonly seed: number;
  }
}

// Property tests try the same cases in every run, so that a run can be trusted to be repeated; `SEED=N npm test` tries others.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: inject("seed") });
