import type { DeadRule } from "../analyze/dead.ts";

/** Why a rule changes nothing, in words. */
export const DEAD: { readonly [W in DeadRule["why"]]: string } = {
  redundant: "whatever it allows, other rules allow too",
  forbidden: "other rules forbid everything that it allows",
  guard: "a guard: nothing that it forbids is allowed now, but an allow that comes later would meet it",
  covered: "others make up for it wherever it speaks",
  idle: "it asks for something where nothing is allowed",
  unsatisfiable: "its conditions exclude each other",
};
