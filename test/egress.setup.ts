import { afterEach, expect } from "vitest";
import { takeAttempts } from "./egress.ts";

// A test whose code swallows the error fails all the same.
afterEach(() => expect(takeAttempts(), "something tried to leave this machine").toEqual([]));
