/**
 * The members of an object of somebody else's, each read once, and none that it inherits: neither from a class nor from an
 * `Object.prototype` that somebody has written to.
 */
export function ownMembers<T extends object>(given: T): T {
  return Object.assign(Object.create(null), given);
}
