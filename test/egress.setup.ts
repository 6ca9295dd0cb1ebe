import { afterAll, afterEach, expect } from "vitest";
import { takeAttempts } from "./egress.mjs";

// A test whose code, or whose child, swallows the error fails all the same; a child may outlive the test that started it.
const none = () => expect(takeAttempts(), "something tried to leave this machine").toEqual([]);
afterEach(none);
afterAll(none);
