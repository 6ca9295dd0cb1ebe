import { describe, expect, test } from "vitest";
import { leftOut, stolenSets } from "../../../src/policy/analyze/stolen.ts";
import { full, parse, person } from "../documents.ts";

const policy = parse(full());
const names = (k?: number) => stolenSets(policy, k === undefined ? {} : { k }).map(({ name }) => name);

describe("stolen sets", () => {
  test("are everybody alone, every role, and roles by two, each of the same people once", () => {
    expect(names()).toEqual([
      ...["ana", "ben", "cyd", "dee", "eve", "fay", "gus", "owner"],
      ...["role:ops", "role:finance", "role:all", "role:cfo", "role:ops + role:cfo", "role:finance + role:cfo", "role:all + role:cfo"],
    ]);
  });

  test("take in every k people, named by roles that lie inside", () => {
    const pairs = names(2);
    expect(pairs).toContain("ana + cyd");
    expect(pairs).not.toContain("ana + ben");
    expect(new Set(pairs).size).toBe(pairs.length);
    expect(pairs.length).toBe(8 + 28 - 2 + 7);
    expect(names(3)).toContain("role:ops + cyd");
    for (const { name, people } of stolenSets(policy, { k: 3 })) {
      const meant = name.split(" + ").flatMap((part) => {
        const role = part.startsWith("role:") ? policy.roles.get(part.slice(5)) : undefined;
        return role?.map((member) => member.person) ?? [part];
      });
      expect([...new Set(meant)].sort()).toEqual([...people].sort());
    }
  });

  test("of a role take in who stands in at some time", () => {
    expect(stolenSets(policy).find(({ name }) => name === "role:cfo")?.people).toEqual(["fay", "gus"]);
  });

  test("are the first of them where there are too many, and that is said", () => {
    const document = full();
    for (let number = 0; number < 600; number++)
      document.people[`p${number}`] = [{ ...person("a")[0], publicKey: `02${String(number).padStart(64, "0")}` }];
    const many = parse(document);
    expect(stolenSets(many, { k: 5, most: 700 })).toHaveLength(700);
    expect(leftOut(many, { k: 5, most: 700 })).toContain("only the first 700");
    expect(leftOut(policy, { k: 2 })).toBeUndefined();
  });
});
