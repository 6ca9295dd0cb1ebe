import { afterAll, afterEach, expect } from "vitest";
import { setTrap, takeAttempts } from "./trap.ts";

setTrap();
// A test whose code swallows the error fails all the same.
const none = () => expect(takeAttempts(), "something tried to leave this page").toEqual([]);
afterEach(none);
afterAll(none);
