/**
 * The number of the decoder's and evaluator's meaning. It is recorded with a policy and with every log entry; a vault whose
 * policy was accepted under another number signs nothing until a `policyEdit` with part `semantics` has passed. Raise it
 * whenever the same bytes or the same document could be judged differently.
 */
export const SEMANTICS = 2;
