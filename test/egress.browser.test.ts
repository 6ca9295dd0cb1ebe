import { describe, expect, test } from "vitest";
import { takeAttempts } from "./browser/trap.ts";

// Reserved for documentation (RFC 5737): nobody is there, should the trap not bite. The other is another origin of this machine.
const ELSEWHERE = ["http://192.0.2.1/", "http://localhost:9/"];

describe.each(ELSEWHERE)("a page speaks to nobody but its own origin, not to %s", (where) => {
  test.each<[string, () => unknown]>([
    ["fetch", () => fetch(where)],
    ["fetch of a Request", () => fetch(new Request(where))],
    ["XMLHttpRequest", () => new XMLHttpRequest().open("GET", where)],
    ["WebSocket", () => new WebSocket(where.replace("http", "ws"))],
    ["EventSource", () => new EventSource(where)],
    ["sendBeacon", () => navigator.sendBeacon(where, "x")],
    ["WebTransport", () => new WebTransport(where.replace("http", "https"))],
    ["RTCPeerConnection", () => new RTCPeerConnection({ iceServers: [{ urls: "stun:192.0.2.1" }] })],
  ])("%s throws, and is remembered", async (_, attempt) => {
    await expect((async () => attempt())()).rejects.toThrow("own origin");
    expect(takeAttempts()).toHaveLength(1);
  });
});

test("but its own origin answers, and what was made of its own bytes", async () => {
  expect((await fetch(location.href)).ok).toBe(true);
  expect(await (await fetch(URL.createObjectURL(new Blob(["here"])))).text()).toBe("here");
});
