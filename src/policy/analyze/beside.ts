import { canonical, type Json } from "../../base/canonical.ts";
import type { Policy } from "../core.ts";

/**
 * What two policies differ in beside what their rules say of requests: who people are, how bytes are read, what names mean. No
 * comparison of rules can tell what comes of it, so neither policy passes for the narrower one.
 */
export interface Beside {
  readonly what: "people" | "book" | "decoding" | "modes" | "immutable" | "semantics";
  /** Which of them; empty where there is only one. */
  readonly names: readonly string[];
}

export function besidesOf(before: Policy, after: Policy): readonly Beside[] {
  const differs = (section: string) => json(before.document[section] ?? {}) !== json(after.document[section] ?? {});
  const tables: Beside[] = [
    { what: "people", names: differing(before.people, after.people, (credentials) => credentials.map(json).sort()) },
    { what: "book", names: meaningMore(before, after) },
    { what: "modes", names: differing(before.modes, after.modes, ({ lastsMs }) => lastsMs ?? null) },
  ];
  return [
    ...tables.filter(({ names }) => names.length > 0),
    ...(before.book.hash === after.book.hash ? [] : [{ what: "decoding", names: ["assets", "contracts"].filter(differs) } as const]),
    ...(before.document.semantics === after.document.semantics ? [] : [{ what: "semantics", names: [] } as const]),
    ...(before.immutable === after.immutable ? [] : [{ what: "immutable", names: [] } as const]),
  ];
}

/** Names that only one of them has, or that stand for something else. */
function differing<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>, told: (value: T) => unknown): readonly string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const text = (value: T | undefined) => (value === undefined ? undefined : json(told(value)));
  return names.filter((name) => text(before.get(name)) !== text(after.get(name)));
}

/**
 * Entries of the book that are new or stand for another address. People read names when they approve, and the age of an address
 * begins with its entry. Taking one away widens nothing: what is not in the book has no age, and no rule is kinder to that.
 */
function meaningMore(before: Policy, after: Policy): readonly string[] {
  return [...after.addresses].flatMap(([name, entry]) => {
    const old = before.addresses.get(name);
    return old !== undefined && old.chain === entry.chain && old.address === entry.address ? [] : [name];
  });
}

function json(value: unknown): string {
  return canonical(value as Json);
}
