import { canonical, type Json } from "../../../src/base/canonical.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { readJson } from "../../../src/base/json.ts";
import { copyPlain, policyText, readOptions, readRequest } from "../../../src/custody/door.ts";
import { REQUEST_KINDS } from "../../../src/intent/intent.ts";
import type { Fate, Target } from "../engine.ts";
import type { Random } from "../random.ts";
import { check, same, shown } from "./check.ts";
import { naiveCanonical, plain } from "./naive.ts";
import { anyValue, type Value } from "./values.ts";

/** Values of every type at the door: refused, or copied into plain data that nobody can change afterwards. */
export const door: Target = {
  name: "door",
  weight: 16,
  run(random) {
    switch (random.below(6)) {
      case 0:
        return asRequest(random);
      case 1:
        return asOptions(random);
      default:
        return asCopy(random, anyValue(random));
    }
  },
};

function asCopy(random: Random, { value, expected, spoil }: Value): Fate {
  let copy: Json;
  try {
    copy = copyPlain(value);
  } catch (cause) {
    if (!(cause instanceof CustodyError)) throw cause;
    same(cause.code, "request/malformed", "refused");
    check(typeof expected === "string", "refused plain data");
    return { refused: cause.code };
  }
  check(expected !== "refused", `copied what is no plain data: ${shown(copy)}`);
  checkPlain(copy);
  const written = canonical(copy);
  if (expected !== "either") same(copy, expected.copy, "the copy");
  same(copyPlain(copy), copy, "the copy of the copy");
  same(plain(copy), plain(readJson(written).value), "the copy, written and read");
  spoil();
  same(canonical(copy), written, "the copy after its original was changed");
  if (random.oneIn(4) && typeof copy !== "string") same(policyText(copy), naiveCanonical(copy), "as a policy's text");
  return "accepted";
}

/** Nothing in it but what JSON has. */
function checkPlain(value: Json): void {
  if (typeof value === "string") check(value.isWellFormed(), "a copy with half of a surrogate pair");
  else if (typeof value === "number") check(Number.isSafeInteger(value) && !Object.is(value, -0), `a copy with the number ${value}`);
  else if (Array.isArray(value)) {
    same(Object.getPrototypeOf(value), Array.prototype, "the prototype of a copied list");
    same(Object.keys(value).length, value.length, "places of a copied list");
    for (const item of value) checkPlain(item);
  } else if (typeof value === "object" && value !== null) {
    check(Object.getPrototypeOf(value) === null, "a copied object with a prototype");
    for (const member of Object.values(Object.getOwnPropertyDescriptors(value))) checkPlain(member.value);
  } else check(value === null || typeof value === "boolean", `a copy with a ${typeof value}`);
}

function asRequest(random: Random): Fate {
  const parts: Record<string, unknown> = { chain: "eip155:1", account: "Main", kind: random.pick(REQUEST_KINDS), payload: "0x02" };
  const payload = anyValue(random);
  if (random.oneIn(2)) parts.payload = payload.value;
  const name = random.pick([...Object.keys(parts), "requester", "now", "__proto__", "extra", "KIND"]);
  if (random.oneIn(3)) Object.defineProperty(parts, name, { value: anyValue(random).value, enumerable: true, configurable: true });
  if (random.oneIn(8)) delete parts[random.pick(Object.keys(parts))];
  const request = readRequest(random.oneIn(4) ? Object.assign(Object.create(null), parts) : parts);
  payload.spoil();
  same(Object.keys(request).sort(), ["account", "chain", "kind", "payload"], "members of a request");
  const { chain, account, kind } = request;
  check(REQUEST_KINDS.includes(kind) && [chain, account].every((text) => typeof text === "string" && text.length <= 200), "a request");
  checkPlain(request.payload);
  same(readRequest(request), request, "a request that is read again");
  return "accepted";
}

/** What is read out of an options object, is read once. */
function asOptions(random: Random): Fate {
  const { value } = anyValue(random);
  const reads = new Map<PropertyKey, number>();
  const isObject = typeof value === "object" && value !== null;
  const counted = isObject
    ? new Proxy(value, {
        get(target, name) {
          reads.set(name, (reads.get(name) ?? 0) + 1);
          return Reflect.get(target, name);
        },
      })
    : value;
  const options = readOptions(counted as object, "options");
  check(isObject, "options that are no object");
  check(
    [...reads.values()].every((times) => times === 1),
    "a member of the options that was read twice",
  );
  const prototype: unknown = Object.getPrototypeOf(options);
  check(prototype === null || prototype === Object.prototype, "options that were read have a prototype of the app's");
  for (const member of Object.values(Object.getOwnPropertyDescriptors(options))) check("value" in member, "a getter that came along");
  return "accepted";
}
