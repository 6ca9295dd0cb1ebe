import { describe, expect, test } from "vitest";
import { affectedBy } from "../../src/custody/affected.ts";
import type { AskedRequest } from "../../src/custody/records.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const together = { id: "together", require: ["policyEdit"], approvals: g.twoOfFinance, delay: "24h" };
const asking = { id: "asking", allow: ["modeChange"], when: { requester: ["role:operators", "owner"] } };
const roles = { finance: ["role:board", "cyd"], board: ["ana", "ben"], operators: ["cyd", "dee"], unused: ["ana", "dee"] };
const rules = [g.edit, together, asking];
const before = g.team(rules, { roles });

/** Whom an edit from the policy above to this one is about, in alphabetical order. */
function about(next: object): readonly string[] {
  const policy = parsePolicy(JSON.stringify(before), { parseAddress: (_chain, text) => text });
  const request = { kind: "act", payload: { act: "policyEdit", policy: next } } as unknown as AskedRequest;
  return [...affectedBy(policy, request)].sort();
}

const people = (change: object) => ({ ...before, people: { ...(before.people as object), ...change } });
const inRoles = (change: object, more: object = {}) => ({ ...before, roles: { ...roles, ...change }, ...more });
const keyOf = ({ publicKey }: f.Person) => ({ kind: "secp256k1", publicKey });

describe("an edit is about", () => {
  test("people who lose a credential, and people who go", () => {
    expect(about(people({ cyd: [keyOf(f.person("new"))] }))).toEqual(["cyd"]);
    expect(about(people({ cyd: [{ ...keyOf(f.cyd), kind: "service" }] }))).toEqual(["cyd"]);
    expect(about({ ...people({ cyd: undefined }), roles: { ...roles, finance: ["role:board"], operators: ["dee"] } })).toEqual(["cyd"]);
  });

  test("people whom it takes out of a role that rules name, for all of the time or a part of it", () => {
    expect(about(inRoles({ finance: ["role:board", "dee"] }))).toEqual(["cyd"]);
    expect(about(inRoles({ board: ["ana"] }))).toEqual(["ben"]);
    expect(about(inRoles({ operators: ["cyd"] }))).toEqual(["dee"]);
    expect(about(inRoles({ finance: ["role:board", { person: "cyd", until: "2030-01-01T00:00:00Z" }] }))).toEqual(["cyd"]);
  });
});

describe("an edit is not about", () => {
  test("people who get a credential more, or have the same written in capitals", () => {
    expect(about(people({ cyd: [keyOf(f.cyd), keyOf(f.person("new"))] }))).toEqual([]);
    const { publicKey } = f.cyd;
    expect(about(people({ cyd: [{ kind: "secp256k1", publicKey: publicKey.toUpperCase() }] }))).toEqual([]);
    expect(about(people({ eve: [keyOf(f.person("eve"))] }))).toEqual([]);
  });

  test("people in roles that no rule names, new or changed, nor people who come into a role", () => {
    expect(about(inRoles({ lunch: ["ana", "ben", "cyd"] }))).toEqual([]);
    expect(about(inRoles({ unused: ["ben"] }))).toEqual([]);
    expect(about(inRoles({ finance: ["role:board", "cyd", "dee"] }))).toEqual([]);
    expect(about(inRoles({ finance: ["ana", "ben", "cyd"] }))).toEqual([]);
  });

  test("people whose role has another name, has changed places with another, or goes with its rules", () => {
    const over = (of: string) => [g.edit, { ...together, approvals: [{ of, atLeast: 1 }] }, asking];
    const { finance, ...others } = roles;
    expect(about({ ...before, roles: { ...others, money: finance }, rules: over("money") })).toEqual([]);
    expect(about(inRoles({ finance: ["owner"], unused: finance }, { rules: over("unused") }))).toEqual([]);
    expect(about({ ...before, roles: others, rules: [g.edit, asking] })).toEqual([]);
    const direct = [g.edit, { ...together, approvals: { any: [[{ of: "ben", atLeast: 1 }], [{ of: "cyd", atLeast: 1 }]] } }, asking];
    expect(about(inRoles({ finance: ["ana"] }, { rules: direct }))).toEqual([]);
  });

  test("anybody where it changes nothing about people", () => {
    expect(about({ ...before, name: "other", rules: [...rules, f.ethLimit("1 ETH")] })).toEqual([]);
  });
});
