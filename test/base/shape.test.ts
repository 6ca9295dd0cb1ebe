import { expect, test } from "vitest";
import { readJson } from "../../src/base/json.ts";
import { expectArray, expectBigint, expectBoolean, expectInteger, expectObject, expectOneOf, expectString } from "../../src/base/shape.ts";

test("an object has all required members, some optional ones, and nothing else", () => {
  const keys = { required: ["a"], optional: ["b"] };
  expect(expectObject({ a: 1 }, keys, "request")).toEqual({ a: 1 });
  expect(() => expectObject({ a: 1, c: 2 }, keys, "request")).toThrow("request: expected only the members a, b, got another");
  expect(() => expectObject({ b: 1 }, keys, "request")).toThrow("request: expected the member a, got none");
  expect(() => expectObject([], keys, "request")).toThrow("request: expected an object, got a list");
  expect(() => expectObject(null, {}, "request")).toThrow("request: expected an object, got null");
  expect(() => expectObject(readJson('{"a":1,"__proto__":{}}').value, keys, "request")).toThrow("got another");
  expect(() => expectObject({}, { required: ["toString"] }, "request")).toThrow("expected the member toString");
});

test("leaves are read by type, under the reader's own code", () => {
  expect(expectArray([1], "x")).toEqual([1]);
  expect(expectString("a", "x")).toBe("a");
  expect(expectBoolean(false, "x")).toBe(false);
  expect(expectInteger(0, "x")).toBe(0);
  expect(expectBigint("25000000", "x")).toBe(25000000n);
  expect(expectOneOf("b", ["a", "b"], "x")).toBe("b");
  expect(() => expectArray({}, "x")).toThrow("x: expected a list, got object");
  expect(() => expectString("abc", "x", "log/malformed", 2)).toThrow("x: expected at most 2 characters, got 3");
  expect(() => expectInteger(-1, "x")).toThrow("expected an integer from 0");
  for (const text of ["01", "-1", "1.0", "0x1", "", " 1", "9".repeat(78), 5]) expect(() => expectBigint(text, "x")).toThrow("x: expected");
  expect(() => expectOneOf("c", ["a", "b"], "x", "log/malformed")).toThrow(
    expect.objectContaining({ code: "log/malformed", message: "x: expected one of a, b, got a text" }),
  );
});
