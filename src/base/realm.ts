import { CustodyError } from "./errors.ts";

/** What the values that we work with inherit from. */
const PROTOTYPES: readonly object[] = [Object, Array, String, Number, Boolean, BigInt, Uint8Array, Map, Set, Promise, Error].map(
  ({ prototype }) => prototype,
);

/**
 * Refuses to work where somebody has written to the prototypes that every value inherits from. A mistake in an app's own code that
 * merges foreign JSON is enough for that ("prototype pollution"), and from then on every member that is absent is there: a recipient
 * that could not be read, a condition that a rule does not have. The language's own members are not enumerable, and what is assigned
 * is, so what can be enumerated on a prototype is not the language's.
 *
 * Asked at the door, and again in the same breath as everything that is decided: what happens in between is noticed too. Code that
 * *defines* members, or replaces the language's own, is not noticed; nobody could stop it in their own realm.
 *
 * @throws `realm/polluted`
 */
export function checkRealm(): void {
  for (const prototype of PROTOTYPES) {
    for (const name in prototype) throw polluted(name);
    // The loop gives texts alone.
    for (const symbol of Object.getOwnPropertySymbols(prototype)) {
      if (isEnumerable.call(prototype, symbol)) throw polluted(symbol.toString());
    }
  }
}

const isEnumerable = Object.prototype.propertyIsEnumerable;

function polluted(name: string): CustodyError {
  return new CustodyError(
    "realm/polluted",
    `realm: expected nothing that every object inherits but the language's own, got ${JSON.stringify(name.slice(0, 40))}`,
  );
}
