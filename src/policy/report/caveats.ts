/** What somebody has to know who relies on a report; printed by every form that people read. */
export const CAVEATS: readonly string[] = [
  "Limits bound the signatures that are issued. A signed transaction can be held back and sent later, so more may settle on a chain within a time than was signed within it.",
  "The audit is of signing through Keyward. Whoever gets at the keys another way (a slot, a backup, memory) is bound by no rule; slots are looked at only where they were given.",
  "What the document does not say (balances, prices, the age of book entries, where a request comes from) is as it suits the attacker best.",
  "exact: nothing more can leave, and the sequence shown was replayed. upper bound: nothing more can leave, and less may. inconclusive: more may leave than any number here says; it is never to be taken for safe.",
];
