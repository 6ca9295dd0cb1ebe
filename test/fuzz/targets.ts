import { CHAIN_TARGETS } from "./chains/index.ts";
import { DOCUMENT_TARGETS } from "./documents/index.ts";
import type { Target } from "./engine.ts";

/** All that the fuzzer knows how to make. Each in proportion to what can go wrong in it, and to what it costs. */
export const TARGETS: readonly Target[] = [...CHAIN_TARGETS, ...DOCUMENT_TARGETS];
